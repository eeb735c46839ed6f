"""The link that stops letters: it asks first, works in one click for mail programs, and cannot be guessed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations.choices import DistributionTrigger
from integrations.distributions import opt_outs
from integrations.distributions.triggers import Occasion, start
from integrations.models import MailOptOut, Message, Project
from tests.integrations.distributions.conftest import Distributing, customer


@pytest.fixture
def link(project: Project, settings: Settings, distributing: Distributing) -> str:
    settings.PUBLIC_URL = "https://office.example"
    distributing(trigger=DistributionTrigger.SEGMENT_ENTERED, segment_id=3, text="Hello")
    person = customer(project)
    start(project.pk, [Occasion(DistributionTrigger.SEGMENT_ENTERED, 1, person.pk, 3)], timezone.now())
    return opt_outs.link(Message.objects.get().pk).removeprefix("https://office.example")


def test_looking_asks_and_stops_nothing(client: Client, link: str) -> None:
    page = client.get(link)
    assert (page.status_code, MailOptOut.objects.count()) == (200, 0)
    text = page.content.decode()
    assert "No more e-mails?" in text
    assert "j…@mail.example" in text
    assert "jana" not in text.lower()


def test_one_click_stops_the_letters_and_a_second_changes_nothing(project: Project, link: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        page = client.post(link, {"List-Unsubscribe": "One-Click"})
        assert (page.status_code, "You will get no more e-mails" in page.content.decode()) == (200, True)
    row = MailOptOut.objects.get()
    assert (row.project, row.email, row.by) == (project, "jana@mail.example", None)


@pytest.mark.parametrize("change", ["x", "0", ""])
def test_a_link_that_is_not_ours_is_nothing(client: Client, link: str, change: str) -> None:
    token = link.rstrip("/")
    for address in (f"{token}{change or 'A'}/", "/letters/1/", "/letters/1:abc/"):
        assert client.post(address).status_code == 404
    assert MailOptOut.objects.count() == 0


def test_a_customer_who_is_gone_or_has_no_address_any_more(client: Client, project: Project, link: str) -> None:
    project.customers.update(email="", source_id="c-1")
    assert client.get(link).status_code == 404


def test_other_methods_are_refused(client: Client, link: str) -> None:
    assert client.put(link).status_code == 405


def test_addresses_entered_by_hand_are_compared_in_lower_case(project: Project) -> None:
    assert opt_outs.opt_out(project.pk, [" Jana@Mail.example ", "jana@mail.example", ""]) == 1
    assert opt_outs.opted_out(project.pk, ["JANA@mail.example", "petr@mail.example"]) == {"jana@mail.example"}
    opt_outs.opt_in(MailOptOut.objects.all())
    assert opt_outs.opted_out(project.pk, ["jana@mail.example"]) == set()
