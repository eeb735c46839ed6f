"""Distributions in the admin: written, looked at, tried, switched on; what became of each letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from integrations.choices import MessageState, Role
from integrations.distributions.dispatch import send_letters
from integrations.models import Distribution, MailOptOut, MailServer, Message, Project
from integrations.simulator.mailbox import SimulatedMailServer
from integrations.webhooks import endpoints
from orders.choices import SegmentKind
from orders.models import Customer, Segment
from tests.admin.conftest import Login
from tests.factories import ProjectFactory

NEW = reverse("admin:integrations_distribution_create")
SERVER = reverse("admin:integrations_distribution_mail_server")
PAID = {
    "name": "Thanks",
    "trigger": "order_paid",
    "channel": "email",
    "subject": "Thank you",
    "text": "Order {{ order.number }}\r\nBye",
}


@pytest.fixture
def mail(settings: Settings) -> Iterator[SimulatedMailServer]:
    with SimulatedMailServer() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {f"127.0.0.1:{running.port}"}
        yield running


def server_form(mail: SimulatedMailServer, **values: object) -> dict[str, Any]:
    fields = {"host": "127.0.0.1", "port": mail.port, "security": "plain", "from_address": "shop@tea.example"}
    return fields | values


def page(name: str, *args: object) -> str:
    return reverse(f"admin:integrations_{name}", args=args)


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def segment(project: Project, name: str = "Regulars") -> Segment:
    now = timezone.now()
    return Segment.objects.create(project=project, name=name, kind=SegmentKind.STATIC, created_at=now, updated_at=now)


def message(project: Project, state: MessageState = MessageState.FAILED, **values: object) -> Message:
    now = timezone.now()
    distribution, _ = Distribution.objects.get_or_create(
        project=project, name="Thanks", trigger="order_paid", channel="email", subject="Hello", text="Hello",
        enabled=True,
    )  # fmt: skip
    person = Customer.objects.create(project=project, email="jana@mail.example", name="Jana", created_at=now)
    return Message.objects.create(
        distribution=distribution, cause=f"order-{person.pk}", customer_id=person.pk, state=state,
        next_attempt_at=now, created_at=now, **values,
    )  # fmt: skip


def test_from_a_mail_server_to_a_letter_in_the_box(project: Project, admin: Client, mail: SimulatedMailServer) -> None:
    assert admin.post(SERVER, server_form(mail)).status_code == 302
    made = admin.post(NEW, PAID, follow=True)
    distribution = Distribution.objects.get()
    assert distribution.text == "Order {{ order.number }}\nBye"
    shown = made.content.decode()
    assert "Order 1001" in shown, "the letter is shown with example values"
    assert "Switch on" in shown
    tried = admin.post(page("distribution_test", distribution.pk), {"to": "me@tea.example"})
    assert said(tried) == ["The mail server has taken the e-mail. Look into the mailbox."]
    assert [letter["To"] for letter in mail.letters] == ["me@tea.example"]
    on = admin.post(page("distribution_switch_on", distribution.pk), follow=True)
    assert "Thanks is on: what happens from now on is answered." in on.content.decode()
    off = admin.post(page("distribution_switch_off", distribution.pk), follow=True)
    assert "Switch on" in off.content.decode()


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(admin: Client, project: Project) -> None:
    answer = admin.post(NEW, PAID | {"text": "{{ segment.name }}"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no field segment.name here." in text
    assert "Thank you" in text
    assert Distribution.objects.count() == 0
    assert "Choose the segment" in admin.post(NEW, PAID | {"trigger": "segment_entered", "text": "Hi"}).content.decode()


def test_only_segments_of_the_project_can_be_chosen(admin: Client, project: Project) -> None:
    mine, other = segment(project), segment(ProjectFactory.create(), "Theirs")
    values = {**PAID, "trigger": "segment_entered", "text": "Hi"}
    refused = admin.post(NEW, values | {"segment_id": other.pk})
    assert (refused.status_code, "Theirs" in refused.content.decode()) == (422, False)
    assert admin.post(NEW, values | {"segment_id": mine.pk}).status_code == 302
    listed = admin.get(page("distribution_changelist")).content.decode()
    assert "A customer enters Regulars" in listed


def test_the_page_of_a_segment_names_what_is_written_for_entering_it(admin: Client, project: Project) -> None:
    regulars = segment(project)
    address = reverse("admin:orders_segment_change", args=[regulars.pk])
    assert "No distribution." in admin.get(address).content.decode()
    admin.post(NEW, PAID | {"trigger": "segment_entered", "segment_id": regulars.pk, "text": "Hello"})
    made = page("distribution_change", Distribution.objects.get().pk)
    assert f'<a href="{made}">Thanks</a> (off)' in admin.get(address).content.decode()


def test_only_endpoints_of_the_project_can_be_told(admin: Client, project: Project, settings: Settings) -> None:
    settings.ALLOWED_SHOP_ADDRESSES = {"127.0.0.1:9"}
    mine = endpoints.create(project, "http://127.0.0.1:9/mine", ["customer.order.paid"]).endpoint
    theirs = endpoints.create(ProjectFactory.create(), "http://127.0.0.1:9/theirs", ["customer.order.paid"]).endpoint
    regulars = segment(project)
    values = {
        "name": "Tell", "trigger": "segment_entered", "segment_id": regulars.pk, "channel": "webhook",
        "subject": "not kept", "text": "",
    }  # fmt: skip
    refused = admin.post(NEW, values | {"endpoint_id": theirs.pk})
    assert (refused.status_code, "9/theirs" in refused.content.decode()) == (422, False)
    shown = admin.post(NEW, values | {"endpoint_id": mine.pk}, follow=True).content.decode()
    assert "Webhook: http://127.0.0.1:9/mine" in shown
    made = Distribution.objects.get()
    assert (made.endpoint, made.subject) == (mine, "")
    edited = admin.get(page("distribution_edit", made.pk)).content.decode()
    assert f'<option value="{mine.pk}" selected>' in edited


def test_the_password_of_the_mail_server_never_comes_out(
    project: Project, admin: Client, mail: SimulatedMailServer
) -> None:
    admin.post(SERVER, server_form(mail, username="shop", password="pw-canary"))
    assert MailServer.objects.get().secrets["password"] == "pw-canary"
    assert "pw-canary" not in admin.get(SERVER).content.decode()
    answer = admin.post(SERVER, server_form(mail, username="shop", password="pw-canary", host="10.0.0.9"))
    text = answer.content.decode()
    assert (answer.status_code, "pw-canary" in text) == (422, False)
    assert "10.0.0.9 is not a public address." in text


def test_a_mail_server_that_does_not_work_is_told_on_every_page(
    project: Project, admin: Client, mail: SimulatedMailServer
) -> None:
    admin.post(SERVER, server_form(mail))
    message(project, MessageState.WAITING)
    MailServer.objects.update(security="starttls")
    send_letters(project.pk)
    notice = "E-mails do not go out: see why, and mend the mail server."
    assert notice in admin.get(reverse("admin:index")).content.decode()
    assert "does not offer what the settings ask for" in admin.get(SERVER).content.decode()
    admin.post(SERVER, server_form(mail))
    assert notice not in admin.get(reverse("admin:index")).content.decode()


def test_a_failed_letter_is_sent_again(project: Project, admin: Client, mail: SimulatedMailServer) -> None:
    admin.post(SERVER, server_form(mail))
    failed = message(project, reason="The mail server refuses the address (code 550).")
    shown = admin.get(page("message_change", failed.pk)).content.decode()
    assert "refuses the address (code 550)" in shown
    assert "Send again" in shown
    assert said(admin.post(page("message_resend", failed.pk))) == ["1 message goes out again now."]
    send_letters(project.pk)
    failed.refresh_from_db()
    assert (failed.state, len(mail.letters)) == (MessageState.SENT, 1)
    again = admin.post(page("message_resend", failed.pk))
    assert said(again)[-1:] == ["Nothing was sent again: only what failed, is unsure or was not sent can be."]
    send_letters(project.pk)
    assert len(mail.letters) == 1


def test_the_page_of_a_customer_shows_what_was_written_to_them(project: Project, admin: Client) -> None:
    row = message(project, MessageState.SENT)
    other = Customer.objects.create(project=project, email="petr@mail.example", created_at=timezone.now())
    address = page("message_change", row.pk)
    shown = admin.get(reverse("admin:orders_customer_change", args=[row.customer_id])).content.decode()
    assert f'<a href="{address}">Thanks</a> <span class="badge badge-good">Sent</span>' in shown
    assert address not in admin.get(reverse("admin:orders_customer_change", args=[other.pk])).content.decode()


def test_messages_are_filtered_and_exported(project: Project, admin: Client) -> None:
    row = message(project, reason="=cmd()")
    listed = admin.get(page("message_changelist"), {"state": "failed", "distribution": str(row.distribution_id)})
    assert "Jana" in listed.content.decode()
    assert "Jana" not in admin.get(page("message_changelist"), {"state": "sent"}).content.decode()
    export = admin.get(page("message_export"), {"state": "failed"})
    lines = b"".join(export).decode().splitlines()
    assert lines[0].lstrip("\ufeff") == "distribution,customer,state,reason,written,sent"
    assert lines[1].startswith("Thanks,Jana,Failed,'=cmd(),")


def test_addresses_are_unsubscribed_and_let_in_again(project: Project, admin: Client) -> None:
    listed = page("mailoptout_changelist")
    bad = admin.post(page("mailoptout_enter"), {"addresses": "jana@mail.example\nnobody"})
    assert (said(bad), MailOptOut.objects.count()) == (["nobody is not an e-mail address."], 0)
    admin.post(page("mailoptout_enter"), {"addresses": "Jana@mail.example\n petr@mail.example"})
    assert set(MailOptOut.objects.values_list("email", flat=True)) == {"jana@mail.example", "petr@mail.example"}
    row = MailOptOut.objects.get(email="jana@mail.example")
    admin.post(listed, {"action": "let_in", "_selected_action": [row.pk]})
    assert list(MailOptOut.objects.values_list("email", flat=True)) == ["petr@mail.example"]


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.WAREHOUSE])
def test_who_may_only_read_changes_nothing(project: Project, login: Login, role: Role) -> None:
    row = message(project)
    client = login(project, role)
    assert client.get(page("distribution_change", row.distribution_id)).status_code == 200
    for address in (
        NEW,
        SERVER,
        page("distribution_switch_off", row.distribution_id),
        page("distribution_test", row.distribution_id),
        page("message_resend", row.pk),
        page("mailoptout_enter"),
    ):
        assert client.post(address, {}).status_code == 403, address
    shown = client.get(page("distribution_change", row.distribution_id)).content.decode()
    assert "Switch off" not in shown


def test_order_staff_write_letters_but_leave_the_mail_server_alone(project: Project, login: Login) -> None:
    client = login(project, Role.ORDER_STAFF)
    assert client.post(NEW, PAID).status_code == 302
    assert client.get(SERVER).status_code == 403
