"""Live orders are answered with letters, history is not."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit.public_ids import PublicIds
from integrations.choices import DistributionTrigger
from integrations.distributions import dispatch, triggers
from integrations.distributions.authoring import switch
from integrations.follow_up.fan_out import pass_on
from integrations.follow_up.steps import follow_up, ring_due
from integrations.models import Message, Project
from integrations.simulator.mailbox import SimulatedMailServer
from orders.choices import SegmentKind
from orders.customers.customer_objects import CustomerObject
from orders.models import Customer, Segment, SegmentEntry, SegmentMember
from orders.partners.published import PublishedOrder
from orders.partners.sent_page import Book
from orders.partners.store import save, store
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, incoming, line
from tests.integrations.distributions.conftest import Distributing, customer

JANA = CustomerObject(source_id="c-1", email="jana@mail.example", name="Jana")
CREATED, PAID, ENTERED = (
    DistributionTrigger.ORDER_CREATED,
    DistributionTrigger.ORDER_PAID,
    DistributionTrigger.SEGMENT_ENTERED,
)


def book(project: Project) -> Book:
    return Book(project.pk, project.currency, project.zone, PublicIds(bytes(project.id_key)), timezone.now())


def order(status: str, customer: CustomerObject | None = JANA) -> PublishedOrder:
    return msgspec.convert({"source_id": "o-1", "status": status, "amount": 1250, "customer": customer}, PublishedOrder)


@pytest.fixture
def both(distributing: Distributing) -> None:
    distributing(name="Created", trigger=CREATED, subject="We have it", text="Order {{ order.number }}")
    distributing(name="Paid", trigger=PAID, subject="Thank you", text="Order {{ order.number }}")


@pytest.mark.usefixtures("both")
def test_created_and_paid_are_answered_once_each(project: Project, mail: SimulatedMailServer) -> None:
    for status in ("CREATED", "PAID", "PAID", "FULFILLED"):
        save(book(project), order(status))
        follow_up(project.pk)
    assert [letter["Subject"] for letter in mail.letters] == ["We have it", "Thank you"]


@pytest.mark.usefixtures("both")
def test_history_is_not_answered(project: Project, mail: SimulatedMailServer) -> None:
    store(book(project), [order("PAID")], live=False)
    follow_up(project.pk)
    assert (Customer.objects.count(), Message.objects.count(), mail.letters) == (1, 0, [])


@pytest.mark.usefixtures("both")
def test_an_order_of_nobody_is_not_answered(project: Project, mail: SimulatedMailServer) -> None:
    save(book(project), order("PAID", customer=None))
    follow_up(project.pk)
    assert Message.objects.count() == 0


@pytest.mark.usefixtures("both")
def test_the_tick_rings_while_letters_are_due(project: Project, mail: SimulatedMailServer) -> None:
    save(book(project), order("PAID"))
    pass_on(project.pk)
    assert ring_due() == {project.pk}
    follow_up(project.pk)
    assert ring_due() == set()
    assert len(mail.letters) == 2


@pytest.mark.usefixtures("both")
def test_letters_of_a_distribution_that_is_off_ring_nobody(project: Project) -> None:
    save(book(project), order("PAID"))
    pass_on(project.pk)
    assert dispatch.waiting_projects() == [project.pk]
    project.distributions.update(enabled=False)
    assert dispatch.waiting_projects() == []


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(("age", "letters"), [(timedelta(days=2), 2), (timedelta(days=30), 0)])
def test_a_back_import_thanks_nobody_for_orders_of_long_ago(
    project: Project, mail: SimulatedMailServer, age: timedelta, letters: int
) -> None:
    shop = IntegrationFactory.create(project=project)
    placed = timezone.now() - age
    imported(shop, [incoming(line(), placed_at=placed, paid_at=placed)])
    follow_up(project.pk)
    assert len(mail.letters) == letters


def stay(project: Project, segment: Segment, person: Customer) -> SegmentEntry:
    now = timezone.now()
    member = SegmentMember.objects.create(segment=segment, customer=person, since=now)
    return SegmentEntry.objects.create(project=project, member=member, segment=segment, customer=person, at=now)


@pytest.fixture
def regulars(project: Project) -> Segment:
    now = timezone.now()
    return Segment.objects.create(
        project=project, name="Regulars", kind=SegmentKind.STATIC, created_at=now, updated_at=now
    )


def test_entering_a_segment_is_answered_once(
    project: Project, mail: SimulatedMailServer, distributing: Distributing, regulars: Segment
) -> None:
    distributing(trigger=ENTERED, segment_id=regulars.pk, subject="Welcome to {{ segment.name }}", text="Hello")
    stay(project, regulars, customer(project))
    assert ring_due() == {project.pk}
    for _ in range(2):
        follow_up(project.pk)
    assert [letter["Subject"] for letter in mail.letters] == ["Welcome to Regulars"]
    assert (SegmentEntry.objects.filter(told_at=None).count(), ring_due()) == (0, set())


def test_what_a_crash_leaves_half_answered_is_answered_once(
    project: Project, distributing: Distributing, regulars: Segment
) -> None:
    """Messages and the mark on the entry come together; a mark lost with the messages kept would still make none."""
    distributing(trigger=ENTERED, segment_id=regulars.pk, text="Hello")
    stay(project, regulars, customer(project))
    triggers.answer_entries(project.pk)
    SegmentEntry.objects.update(told_at=None)
    triggers.answer_entries(project.pk)
    assert Message.objects.count() == 1


def test_entries_while_a_distribution_is_off_are_not_answered_later(
    project: Project, distributing: Distributing, regulars: Segment
) -> None:
    distribution = distributing(on=False, trigger=ENTERED, segment_id=regulars.pk, text="Hello")
    stay(project, regulars, customer(project))
    follow_up(project.pk)
    switch(distribution, on=True)
    follow_up(project.pk)
    assert Message.objects.count() == 0


def test_entries_are_answered_in_as_many_statements_for_one_as_for_many(
    project: Project, distributing: Distributing, regulars: Segment
) -> None:
    distributing(trigger=ENTERED, segment_id=regulars.pk, text="Hello")
    counts = []
    for amount in (1, 60):
        for number in range(amount):
            stay(project, regulars, customer(project, f"{amount}-{number}@mail.example"))
        with CaptureQueriesContext(connection) as queries:
            triggers.answer_entries(project.pk)
        counts.append(len(queries))
    assert counts == [8, 8]
    assert Message.objects.count() == 61
