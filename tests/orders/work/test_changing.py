"""An order is changed in one go: stock, tab, history and other waiting orders follow; double clicks do nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, OrderStatus, Tab
from orders.intake.plans import COMPLETE, VALID
from orders.models import Order, OrderEvent, OrderLine
from orders.search import search
from orders.work import changing
from orders.work.changing import ChangedMeanwhile, ChangeRefused, opened
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import levels, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def order_of(project: Project, *lines: tuple[str, int]) -> Order:
    order = incoming(*(line(sku, quantity) for sku, quantity in lines))
    take(project, (order, VALID))
    return Order.objects.get(number=order.number)


def units(order: Order) -> list[tuple[str, int, int, int, int]]:
    return [(row.sku, row.quantity, row.reserved, row.waiting, row.cancelled) for row in order.lines.all()]


def test_cancelled_units_serve_the_order_that_waits(project: Project) -> None:
    give_stock(project, A_17=3)
    first, second = order_of(project, ("A-17", 3)), order_of(project, ("A-17", 2))
    with opened(first.pk, seen=0) as change:
        changing.cancel_units(change.lines[0], 2)
        change.note(EventKind.EDITED, "2 × A-17 cancelled.")
    assert units(first) == [("A-17", 3, 1, 0, 2)]
    assert units(second) == [("A-17", 2, 2, 0, 0)]
    second.refresh_from_db()
    assert second.tab == Tab.IN_STOCK
    assert broken() == {}


def test_units_that_wait_are_cancelled_before_reserved_ones(project: Project) -> None:
    give_stock(project, A_17=2)
    order = order_of(project, ("A-17", 5))
    with opened(order.pk) as change:
        changing.cancel_units(change.lines[0], 3)
        change.note(EventKind.EDITED, "x")
    assert units(order) == [("A-17", 5, 2, 0, 3)]
    order.refresh_from_db()
    assert order.tab == Tab.IN_STOCK


def test_more_units_are_reserved_when_they_are_free(project: Project) -> None:
    give_stock(project, A_17=4)
    order = order_of(project, ("A-17", 1))
    with opened(order.pk) as change:
        changing.resize(change.lines[0], 6)
        change.note(EventKind.EDITED, "x")
    assert units(order) == [("A-17", 6, 4, 2, 0)]
    assert not order.events.filter(kind=EventKind.STOCK_SERVED).exists()
    order.refresh_from_db()
    assert order.tab == Tab.PARTIAL
    assert broken() == {}


def test_another_product_frees_the_first_ones_stock(project: Project) -> None:
    ids = give_stock(project, A_17=3, B_2=1)
    order, other = order_of(project, ("A-17", 3)), order_of(project, ("A-17", 1))
    with opened(order.pk) as change:
        change.lock_products([ids["B-2"]])
        changing.exchange(change.lines[0], ids["B-2"])
        change.note(EventKind.EDITED, "x")
    assert levels(project) == {"A-17": (3, 1), "B-2": (1, 1)}
    assert units(other) == [("A-17", 1, 1, 0, 0)]
    assert broken() == {}


def test_a_line_can_be_added_and_another_removed(project: Project) -> None:
    ids = give_stock(project, A_17=3, B_2=5)
    order = order_of(project, ("A-17", 3))
    with opened(order.pk) as change:
        change.lock_products([ids["B-2"]])
        change.remove(change.lines[0])
        new = OrderLine(
            order=order, position=1, sku="B-2", name="B", product_id=ids["B-2"], quantity=2, waiting=2,
            unit_price=1, total=2,
        )  # fmt: skip
        change.lines.append(new)
        change.set("total", Decimal(2))
        change.note(EventKind.EDITED, "x")
    assert units(order) == [("B-2", 2, 2, 0, 0)]
    assert levels(project) == {"A-17": (3, 0), "B-2": (5, 2)}
    assert search(Order.objects.all(), "b2").get() == order
    assert broken() == {}


def test_the_history_tells_old_and_new_and_cannot_be_rewritten(project: Project) -> None:
    order = order_of(project, ("A-17", 1))
    with opened(order.pk) as change:
        assert change.set("payment_title", "Cash")
        assert not change.set("payment_title", "Cash")
        change.mark_edited("payment")
        change.note(EventKind.EDITED, "Payment changed.")
    event = order.events.first()
    assert event is not None
    assert event.changes == [{"field": "payment_title", "old": "", "new": "Cash"}]
    order.refresh_from_db()
    assert (order.version, order.edited, order.payment_title) == (1, ["payment"], "Cash")
    with pytest.raises(DatabaseError), transaction.atomic():
        OrderEvent.objects.filter(pk=event.pk).update(changes=[])


def test_a_second_click_is_refused(project: Project) -> None:
    order = order_of(project, ("A-17", 1))
    with opened(order.pk, seen=0) as change:
        change.set("status", OrderStatus.ON_HOLD)
        change.note(EventKind.HELD, "Put on hold.")
    with pytest.raises(ChangedMeanwhile), opened(order.pk, seen=0):
        raise AssertionError("never opened")
    order.refresh_from_db()
    assert (order.tab, order.version) == (Tab.ON_HOLD, 1)


def test_without_a_note_nothing_is_written(project: Project) -> None:
    order = order_of(project, ("A-17", 1))
    with opened(order.pk) as change:
        change.set("payment_title", "Cash")
    order.refresh_from_db()
    assert (order.payment_title, order.version) == ("", 0)


def test_an_error_leaves_everything_as_it_was(project: Project) -> None:
    give_stock(project, A_17=1)
    order = order_of(project, ("A-17", 1))
    with pytest.raises(ChangeRefused, match="Only 1 × A-17 can be cancelled"), opened(order.pk) as change:
        change.set("payment_title", "Cash")
        changing.cancel_units(change.lines[0], 2)
    assert units(order) == [("A-17", 1, 1, 0, 0)]
    assert levels(project) == {"A-17": (1, 1)}


def test_what_is_shipped_stays(project: Project) -> None:
    give_stock(project, A_17=2)
    order = incoming(line("A-17", 2))
    take(project, (order, COMPLETE))
    with opened(Order.objects.get().pk) as change:
        with pytest.raises(ChangeRefused, match="shipped already"):
            change.remove(change.lines[0])
        with pytest.raises(ChangeRefused, match="shipped already"):
            changing.exchange(change.lines[0], None)
        changing.resize(change.lines[0], 1)
    assert units(Order.objects.get()) == [("A-17", 2, 0, 0, 0)]


def test_a_cancellation_can_be_taken_back(project: Project) -> None:
    give_stock(project, A_17=2)
    order = order_of(project, ("A-17", 2))
    for act in (changing.cancel_units, changing.reopen_units):
        with opened(order.pk) as change:
            act(change.lines[0], 2)
            change.note(EventKind.EDITED, "x")
    assert units(order) == [("A-17", 2, 2, 0, 0)]
    assert broken() == {}


def test_words_of_the_search_are_written_where_they_are_others_alone(project: Project) -> None:
    """Their index is the dearest of all: a change of status leaves it alone."""

    def found(text: str) -> bool:
        return search(Order.objects.filter(project=project), text).exists()

    order = order_of(project, ("A-17", 1), ("B-2", 1))
    with CaptureQueriesContext(connection) as asked, opened(order.pk) as change:
        change.set("status", OrderStatus.ON_HOLD)
        change.note(EventKind.EDITED, "x")
    assert '"search" = ' not in " ".join(query["sql"] for query in asked)
    for change_it in (
        lambda change: change.set("email", "novakova@mail.example"),
        lambda change: change.set("billing", change.order.billing | {"city": "Brno"}),
        lambda change: change.remove(change.lines[1]),
        lambda change: setattr(change.lines[0], "sku", "Zebra"),
    ):
        with opened(order.pk) as change:
            change_it(change)
            change.note(EventKind.EDITED, "x")
    assert [text for text in ("novakova", "brno", "zebra", "A-17", "B-2") if found(text)] == [
        "novakova",
        "brno",
        "zebra",
    ]
