"""Live orders are answered with letters, history is not."""

from __future__ import annotations

import msgspec
import pytest

from integrations.announcements import pass_on
from integrations.choices import DistributionTrigger
from integrations.follow_up import follow_up, ring_due
from integrations.models import Message, Project
from integrations.simulator.mailbox import SimulatedMailServer
from orders.models import Customer
from orders.partners import Book, save, store
from orders.public_ids import PublicIds
from orders.published import CustomerObject, PublishedOrder
from tests.factories import START
from tests.integrations.distributions.conftest import Distributing

JANA = CustomerObject(source_id="c-1", email="jana@mail.example", name="Jana")
CREATED, PAID = DistributionTrigger.ORDER_CREATED, DistributionTrigger.ORDER_PAID


def book(project: Project) -> Book:
    return Book(project.pk, project.currency, project.zone, PublicIds(bytes(project.id_key)), START)


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
    project.distributions.update(enabled=False)
    assert ring_due() == set()
