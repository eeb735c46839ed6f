"""Letters of distributions: one for each cause, handed over once, and every way it can end is on its row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.choices import DistributionTrigger, MessageState
from integrations.distributions import dispatch, opt_outs
from integrations.distributions.authoring import save_server, switch
from integrations.distributions.dispatch import RETRY_AFTER, send_again, send_letters
from integrations.distributions.letters import compose
from integrations.distributions.triggers import Occasion, start
from integrations.models import MailServer, Message, Project
from integrations.simulator.mailbox import SimulatedMailServer
from orders.choices import OrderStatus
from orders.models import Customer, CustomerSummary, Order
from tests.factories import ProjectFactory
from tests.integrations.distributions.conftest import Distributing, customer, server_at

PAID, ENTERED = DistributionTrigger.ORDER_PAID, DistributionTrigger.SEGMENT_ENTERED


def order_of(person: Customer, number: str = "1001") -> Order:
    now = timezone.now()
    return Order.objects.create(
        project=person.project, customer=person, number=number, status=OrderStatus.COMPLETE, placed_at=now,
        currency="EUR", total=Decimal("12.50"), created_at=now, updated_at=now,
    )  # fmt: skip


def paid(person: Customer, number: str = "1001") -> Occasion:
    return Occasion(PAID, order_of(person, number).pk, person.pk)


def entered(person: Customer, entry: int = 7, segment: int = 3) -> Occasion:
    return Occasion(ENTERED, entry, person.pk, segment)


def only() -> Message:
    return Message.objects.get()


def test_a_paid_order_is_answered_with_a_letter(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    assert send_letters(project.pk) is False
    (letter,) = mail.letters
    assert (letter["From"], letter["To"]) == ("Tea House <shop@tea.example>", "jana@mail.example")
    assert letter["Subject"] == "Thank you, Jana Nováková"
    assert letter.get_content().strip() == "Your order 1001 of €12.50 is paid."
    assert letter["List-Unsubscribe"] is None
    sent = only()
    assert (sent.state, sent.reason, sent.tries) == (MessageState.SENT, "", 1)
    assert sent.sent_at is not None


def test_what_is_known_of_the_customer_can_be_told(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    words = "{{ customer.points }} {{ customer.order_count }} {{ customer.total_spent }} {{ customer.metadata.tier }}"
    distributing(text=words)
    known, new = customer(project, metadata={"tier": "gold"}), customer(project, "new@mail.example")
    CustomerSummary.objects.create(
        customer=known, project=project, points=1200, total_count=7, total_amount=Decimal("84.5")
    )
    start(project.pk, [paid(known), paid(new)], timezone.now())
    send_letters(project.pk)
    assert [letter.get_content().strip() for letter in mail.letters] == ["1,200 7 €84.50 gold", "0 0 €0.00"]


def test_one_cause_is_answered_once(project: Project, mail: SimulatedMailServer, distributing: Distributing) -> None:
    distributing()
    cause = paid(customer(project))
    for _ in range(3):
        start(project.pk, [cause, cause], timezone.now())
        send_letters(project.pk)
    assert len(mail.letters) == 1


def test_entering_again_is_another_cause(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing(trigger=ENTERED, segment_id=3, text="Hello")
    person = customer(project)
    start(project.pk, [entered(person, 7)], timezone.now())
    start(project.pk, [entered(person, 8)], timezone.now())
    send_letters(project.pk)
    assert len(mail.letters) == 2


@pytest.mark.parametrize("values", [{"on": False}, {"trigger": DistributionTrigger.ORDER_CREATED}])
def test_only_distributions_that_are_on_and_mean_it_answer(
    project: Project, distributing: Distributing, values: dict[str, object]
) -> None:
    distributing(**values)
    assert start(project.pk, [paid(customer(project))], timezone.now()) == 0


def test_another_segment_or_project_is_not_answered(project: Project, distributing: Distributing) -> None:
    distributing(trigger=ENTERED, segment_id=3, text="Hello")
    person = customer(project)
    assert start(project.pk, [entered(person, segment=4)], timezone.now()) == 0
    assert start(ProjectFactory.create().pk, [entered(person)], timezone.now()) == 0


def test_writing_down_takes_two_statements_for_any_number(project: Project, distributing: Distributing) -> None:
    distributing(trigger=ENTERED, segment_id=3, text="Hello")
    person = customer(project)
    counts = []
    for causes in ([entered(person, 1)], [entered(person, entry) for entry in range(2, 300)]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            start(project.pk, causes, timezone.now())
        counts.append(len(queries))
    assert counts == [2, 2]


def test_what_waits_while_a_distribution_is_off_goes_out_when_it_is_on_again(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distribution = distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    switch(distribution, on=False)
    send_letters(project.pk)
    assert (mail.letters, only().state) == ([], MessageState.WAITING)
    switch(distribution, on=True)
    send_letters(project.pk)
    assert len(mail.letters) == 1


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("", "The customer has no e-mail address."),
        ("jana", "The customer's e-mail address is not one that e-mails can be sent to."),
        ("jaňa@mail.example", "The customer's e-mail address is not one that e-mails can be sent to."),
        ("a@b.example, c@d.example", "The customer's e-mail address is not one that e-mails can be sent to."),
        ("a@b.example\nBcc: all@d.example", "The customer's e-mail address is not one that e-mails can be sent to."),
    ],
)
def test_a_customer_nobody_can_write_to_is_left_out(
    project: Project, mail: SimulatedMailServer, distributing: Distributing, email: str, reason: str
) -> None:
    distributing()
    start(project.pk, [paid(customer(project, email)), paid(customer(project, "petr@mail.example"))], timezone.now())
    send_letters(project.pk)
    assert [letter["To"] for letter in mail.letters] == ["petr@mail.example"]
    skipped = Message.objects.get(state=MessageState.SKIPPED)
    assert (skipped.reason, skipped.tries) == (reason, 0)


def test_a_name_with_line_breaks_writes_no_headers(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    person = customer(project, name="Jana\r\nBcc: all@d.example")
    start(project.pk, [paid(person)], timezone.now())
    send_letters(project.pk)
    (letter,) = mail.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Thank you, Jana Bcc: all@d.example"


def test_a_refused_address_fails_and_the_next_one_goes_out(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    mail.refusals["jana@mail.example"] = 550
    start(project.pk, [paid(customer(project)), paid(customer(project, "petr@mail.example"))], timezone.now())
    send_letters(project.pk)
    assert [letter["To"] for letter in mail.letters] == ["petr@mail.example"]
    failed = Message.objects.get(state=MessageState.FAILED)
    assert failed.reason == "The mail server refuses the address (code 550)."


def test_what_is_refused_for_now_is_tried_again_and_given_up_in_the_end(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    mail.refusals["jana@mail.example"] = 450
    start(project.pk, [paid(customer(project))], timezone.now())
    waits = []
    for _ in RETRY_AFTER:
        send_letters(project.pk)
        message = only()
        assert message.state == MessageState.WAITING
        waits.append(round((message.next_attempt_at - timezone.now()) / timedelta(minutes=1)))
        assert dispatch.due(project.pk, timezone.now()).count() == 0
        Message.objects.update(next_attempt_at=timezone.now())
    assert waits == [1, 5, 30, 120, 480, 1440]
    send_letters(project.pk)
    assert only().state == MessageState.FAILED
    del mail.refusals["jana@mail.example"]
    assert send_again(Message.objects.all()) == 1
    send_letters(project.pk)
    assert (only().state, len(mail.letters)) == (MessageState.SENT, 1)


def test_without_a_mail_server_letters_wait_and_say_so(project: Project, distributing: Distributing) -> None:
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    send_letters(project.pk)
    assert (only().state, only().reason) == (MessageState.WAITING, dispatch.NO_SERVER)


def test_entering_a_mail_server_lets_what_waits_go_out(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    MailServer.objects.all().delete()
    start(project.pk, [paid(customer(project))], timezone.now())
    send_letters(project.pk)
    save_server(project.pk, server_at(mail.port), "")
    send_letters(project.pk)
    assert len(mail.letters) == 1


def test_a_server_that_refuses_us_stops_everything_with_one_notice(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    people = [customer(project, f"c{number}@mail.example") for number in range(5)]
    start(project.pk, [paid(person) for person in people], timezone.now())
    MailServer.objects.update(username="shop", security="starttls")
    send_letters(project.pk)
    assert MailServer.objects.get().problem.startswith("The mail server does not offer")
    assert {message.state for message in Message.objects.all()} == {MessageState.WAITING}
    assert set(Message.objects.values_list("tries", flat=True)) == {0}
    assert dispatch.due(project.pk, timezone.now()).count() == 0
    save_server(project.pk, server_at(mail.port), "")
    send_letters(project.pk)
    assert (MailServer.objects.get().problem, len(mail.letters)) == ("", 5)


def test_a_letter_that_a_dead_worker_was_handing_over_is_left_to_a_person(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    Message.objects.update(state=MessageState.SENDING, next_attempt_at=timezone.now() + timedelta(minutes=1))
    send_letters(project.pk)
    assert only().state == MessageState.SENDING, "its worker may still be at it"
    Message.objects.update(next_attempt_at=timezone.now())
    send_letters(project.pk)
    assert (only().state, only().reason, mail.letters) == (MessageState.UNSURE, dispatch.DIED, [])


def test_two_workers_hand_a_letter_over_once(
    project: Project, mail: SimulatedMailServer, distributing: Distributing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second worker looks while the first is about to hand over; without the mark both would."""
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    assert _both(project, mail, monkeypatch) == 1


def test_without_the_mark_two_workers_hand_it_over_twice(
    project: Project, mail: SimulatedMailServer, distributing: Distributing, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    monkeypatch.setattr(dispatch, "_mark", lambda message: True)
    assert _both(project, mail, monkeypatch) == 2


def _both(project: Project, mail: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch) -> int:
    inside: list[bool] = []

    def meanwhile(*args: object, **values: object) -> object:
        if not inside:
            inside.append(True)
            send_letters(project.pk)
        return compose(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatch, "compose", meanwhile)
    send_letters(project.pk)
    return len(mail.letters)


def test_a_batch_is_read_in_the_same_number_of_statements(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    counts = []
    for amount in (1, 15):
        people = [customer(project, f"{amount}-{number}@mail.example") for number in range(amount)]
        start(project.pk, [paid(person) for person in people], timezone.now())
        with CaptureQueriesContext(connection) as queries:
            send_letters(project.pk)
        counts.append(len(queries) - 2 * amount)  # marked and settled one by one, on purpose
    assert counts[0] == counts[1]
    assert len(mail.letters) == 16


def test_a_slow_mail_server_is_left_for_a_while(
    project: Project, mail: SimulatedMailServer, distributing: Distributing, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributing()
    people = [customer(project, f"c{number}@mail.example") for number in range(3)]
    start(project.pk, [paid(person) for person in people], timezone.now())
    times = iter([0.0, 0.0, 1.0, 6.0])
    monkeypatch.setattr(dispatch, "monotonic", lambda: next(times))
    assert send_letters(project.pk) is True
    assert len(mail.letters) == 2
    monkeypatch.undo()


def test_letters_of_segments_can_be_unsubscribed_from(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing(trigger=ENTERED, segment_id=3, text="Hello. No more: {{ unsubscribe_url }}")
    distributing(name="Of orders")
    person = customer(project)
    start(project.pk, [entered(person)], timezone.now())
    send_letters(project.pk)
    (letter,) = mail.letters
    link = opt_outs.link(only().pk)
    assert link.startswith("https://office.example/letters/")
    assert letter.get_content().strip() == f"Hello. No more: {link}"
    assert (letter["List-Unsubscribe"], letter["List-Unsubscribe-Post"]) == (
        f"<{link}>",
        "List-Unsubscribe=One-Click",
    )
    opt_outs.opt_out(project.pk, ["Jana@Mail.example"])
    start(project.pk, [entered(person, 8), paid(person)], timezone.now())
    send_letters(project.pk)
    assert Message.objects.get(cause="entry-8").reason == "The customer wants no e-mails."
    assert len(mail.letters) == 2, "what was ordered is still told"


def test_projects_do_not_send_each_other_s_letters(
    project: Project, mail: SimulatedMailServer, distributing: Distributing
) -> None:
    distributing()
    start(project.pk, [paid(customer(project))], timezone.now())
    other = ProjectFactory.create()
    assert send_letters(other.pk) is False
    assert mail.letters == []
