"""What staff enter for letters: refused with the field and the way out, kept without ever showing the password."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity
from integrations.connectors.errors import MailError
from integrations.distributions.authoring import (
    DistributionSettings,
    ServerSettings,
    SettingsRefused,
    save_distribution,
    save_server,
    send_test,
    switch,
)
from integrations.models import MailServer, Project
from integrations.simulator.mailbox import SimulatedMailServer
from tests.factories import ProjectFactory
from tests.integrations.distributions.conftest import Distributing

GOOD = ServerSettings("mail.example.com", 587, MailSecurity.STARTTLS, "shop", "Tea House", "shop@tea.example")
LETTER = DistributionSettings(
    "Thanks", DistributionTrigger.ORDER_PAID, DistributionChannel.EMAIL, "Thank you", "Order {{ order.number }}"
)


def test_a_mail_server_is_kept_with_its_password_encrypted(project: Project) -> None:
    save_server(project.pk, replace(GOOD, host=" Mail.Example.com "), "pw-canary")
    server = MailServer.objects.get()
    assert (server.host, server.secrets["password"]) == ("mail.example.com", "pw-canary")
    save_server(project.pk, replace(GOOD, from_name="Coffee"), "")
    server.refresh_from_db()
    assert (server.from_name, server.secrets["password"]) == ("Coffee", "pw-canary")


@pytest.mark.parametrize("change", [{"host": "evil.example.com"}, {"username": "other"}])
def test_a_password_is_not_carried_to_another_server_or_name(project: Project, change: dict[str, Any]) -> None:
    save_server(project.pk, GOOD, "pw-canary")
    with pytest.raises(SettingsRefused) as refused:
        save_server(project.pk, replace(GOOD, **change), "")
    assert refused.value.problems == {"password": ["Enter the password for this server and user name."]}
    assert MailServer.objects.get().host == "mail.example.com"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": "localhost"}, "host"),
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "127.1"}, "host"),
        ({"host": "0x7f000001"}, "host"),
        ({"host": "[::1]"}, "host"),
        ({"host": "10.0.0.25"}, "host"),
        ({"host": "100.100.100.200"}, "host"),
        ({"host": "mail.internal"}, "host"),
        ({"host": "mail"}, "host"),
        ({"host": "mail example.com"}, "host"),
        ({"host": ""}, "host"),
        ({"host": "https://mail.example.com"}, "host"),
        ({"port": 6379}, "port"),
        ({"port": 443}, "port"),
        ({"security": MailSecurity.PLAIN}, "security"),
        ({"from_address": "shop"}, "from_address"),
        ({"from_address": "a@b.example\nBcc: c@d.example"}, "from_address"),
        ({"from_name": "Tea\nBcc: c@d.example"}, "from_name"),
    ],
)
def test_a_mail_server_that_cannot_be(project: Project, change: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        save_server(project.pk, replace(GOOD, **change), "pw")
    assert list(refused.value.problems) == [field]
    assert MailServer.objects.count() == 0


def test_the_operator_may_open_a_local_server(project: Project, settings: Settings) -> None:
    settings.ALLOWED_SHOP_ADDRESSES = {"10.0.0.25:2500"}
    save_server(project.pk, replace(GOOD, host="10.0.0.25", port=2500, security=MailSecurity.PLAIN), "pw")
    assert MailServer.objects.get().port == 2500


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trigger": DistributionTrigger.SEGMENT_ENTERED, "text": "Hello"}, "segment_id"),
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "{{ segment.name }}"}, "subject"),
        ({"text": ""}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "{{ unsubscribe_url }}"}, "text"),
    ],
)
def test_a_distribution_that_cannot_be(project: Project, change: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        save_distribution(project, replace(LETTER, **change))
    assert list(refused.value.problems) == [field]
    assert project.distributions.count() == 0


def test_a_link_to_unsubscribe_needs_a_public_address(project: Project, settings: Settings) -> None:
    values = replace(LETTER, trigger=DistributionTrigger.SEGMENT_ENTERED, segment_id=1, text="{{ unsubscribe_url }}")
    with pytest.raises(SettingsRefused) as refused:
        save_distribution(project, values)
    assert "PUBLIC_URL" in refused.value.problems["text"][0]
    settings.PUBLIC_URL = "https://office.example"
    save_distribution(project, values)


def test_a_new_distribution_is_off_and_its_name_is_its_own(project: Project) -> None:
    made = save_distribution(project, LETTER)
    assert made.enabled is False
    with pytest.raises(SettingsRefused) as refused:
        save_distribution(project, LETTER)
    assert list(refused.value.problems) == ["name"]
    save_distribution(ProjectFactory.create(), LETTER)
    save_distribution(project, replace(LETTER, subject="Thanks!"), pk=made.pk)
    made.refresh_from_db()
    assert made.subject == "Thanks!"


def test_switching_twice_is_said(project: Project) -> None:
    made = save_distribution(project, LETTER)
    assert [switch(made, on=True), switch(made, on=True), switch(made, on=False)] == [True, False, True]


def test_a_test_letter_goes_out_with_example_values(mail: SimulatedMailServer, distributing: Distributing) -> None:
    send_test(distributing(text="{{ customer.name }}: {{ order.number }}, {{ order.total }}"), "me@tea.example")
    (letter,) = mail.letters
    assert (letter["To"], letter.get_content().strip()) == ("me@tea.example", "Jana Nováková: 1001, 1,234.50 EUR")


def test_a_test_without_a_server_says_what_is_missing(distributing: Distributing) -> None:
    with pytest.raises(MailError, match="No mail server is entered for this project"):
        send_test(distributing(), "me@tea.example")
