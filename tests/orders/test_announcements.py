"""What is announced of live orders: with the change, once where it can be once, and nothing of history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from config.kit.public_ids import PublicIds
from integrations.invariants import broken
from integrations.models import Project
from orders import announcements
from orders.choices import OrderStatus, Part
from orders.intake.allocation import change_stock
from orders.intake.incoming import IncomingAddress, IncomingOrder
from orders.intake.plans import CANCEL, COMPLETE, HISTORY, INVOICE, VALID, Plan
from orders.models import Announcement, Order
from orders.partners import store
from orders.partners.published import Item, PublishedOrder
from orders.partners.sent_page import Book
from orders.work import editing, invoicing, lifecycle, paying, shipping
from orders.work.changing import ChangeRefused
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import ShopAnswer
from stock.choices import MovementReason
from stock.ledger import Change
from tests.factories import START, ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = ProjectFactory.create()
    give_stock(project, A_17=10)
    return project


def put(project: Project, plan: Plan = VALID, **values: Any) -> tuple[Order, IncomingOrder]:
    order = incoming(line("A-17", 2, key="1"), **values)
    take(project, (order, plan))
    return Order.objects.get(number=order.number), order


def told(order: Order | None = None, begins: str = "customer.order.") -> list[str]:
    """The kinds announced that begin so, oldest first, without that beginning."""
    rows = Announcement.objects.filter(kind__startswith=begins, **({"order": order} if order else {})).order_by("id")
    return [kind.removeprefix(begins) for kind in rows.values_list("kind", flat=True)]


def told_to_shops(order: Order) -> list[str]:
    return told(order, "order.")


@pytest.mark.parametrize(
    ("plan", "paid", "kinds"),
    [
        (VALID, False, ["created"]),
        (VALID, True, ["created", "paid"]),
        (COMPLETE, True, ["created", "paid"]),
        (CANCEL, True, ["created", "canceled"]),
        (HISTORY, True, []),
    ],
)
def test_a_new_order(project: Project, plan: Plan, paid: bool, kinds: list[str]) -> None:
    order, _ = put(project, plan, paid_at=START if paid else None)
    assert told(order) == kinds
    assert broken() == {}


def test_a_page_is_announced_in_one_statement(project: Project) -> None:
    from django.db import connection

    page = [(incoming(line("A-17", 1), paid_at=START), VALID) for _ in range(20)]
    with CaptureQueriesContext(connection) as captured:
        take(project, *page)
    assert sum("orders_announcement" in query["sql"] for query in captured) <= 1  # COPY is not among them
    assert told() == ["created", "paid"] * 20
    assert len(captured) < 20


def test_a_page_that_is_rolled_back_announces_nothing(project: Project) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        put(project)
        raise RuntimeError
    assert told() == []


@pytest.mark.parametrize(
    ("plan", "kinds"), [(VALID, []), (INVOICE, ["paper_issued"]), (COMPLETE, ["paper_issued"]), (HISTORY, [])]
)
def test_what_the_shop_of_a_new_order_should_know(project: Project, plan: Plan, kinds: list[str]) -> None:
    give_stock(project, A_17=5)
    order, _ = put(project, plan)
    assert told_to_shops(order) == kinds


def test_what_the_shop_should_know_of_a_step_here(project: Project) -> None:
    give_stock(project, A_17=5)
    order, _ = put(project)
    shipment = shipping.ship(order.pk)
    shipping.set_tracking(shipment.pk, "DHL", "1")
    shipping.set_tracking(shipment.pk, "DHL", "1")  # nothing new
    invoicing.issue(order.pk)
    paying.mark_paid(order.pk)
    shipping.take_shipment_back(shipment.pk)
    assert told_to_shops(order) == ["shipped", "shipped", "paper_issued", "marked_paid", "shipped"]


def test_what_is_marked_as_paid_here_can_be_taken_back_here(project: Project) -> None:
    order, _ = put(project)
    paying.mark_paid(order.pk)
    with pytest.raises(ChangeRefused, match="paid already"):
        paying.mark_paid(order.pk)
    paying.unmark_paid(order.pk)
    order.refresh_from_db()
    assert order.paid_at is None
    other, _ = put(project, paid_at=START)
    with pytest.raises(ChangeRefused, match="only the shop can take that back"):
        paying.unmark_paid(other.pk)


STEPS: dict[str, tuple[Callable[[Order], Any], list[str]]] = {
    "cancelled": (lambda order: lifecycle.cancel(order.pk), ["canceled"]),
    "held, which partners do not see": (lambda order: lifecycle.hold(order.pk), []),
    "invoiced": (lambda order: invoicing.issue(order.pk), []),
    "shipped as a whole: fulfilled": (lambda order: shipping.ship(order.pk), ["updated"]),
    "billed to another address": (
        lambda order: editing.edit_address(order.pk, Part.BILLING, IncomingAddress(first_name="Petr")),
        [],
    ),
    "with fewer units, which partners see as ordered": (
        lambda order: editing.edit_items(order.pk, cancel={order.lines.get().pk: 1}, skus={}),
        [],
    ),
    "with another product": (
        lambda order: editing.edit_items(order.pk, cancel={}, skus={order.lines.get().pk: "B-2"}),
        ["updated"],
    ),
}


@pytest.mark.parametrize("what", STEPS)
def test_a_step_here(project: Project, what: str) -> None:
    give_stock(project, B_2=1)
    order, _ = put(project)
    step, kinds = STEPS[what]
    step(order)
    assert told(order) == ["created", *kinds]


@pytest.mark.parametrize("what", STEPS)
def test_history_says_nothing_whatever_happens_to_it(project: Project, what: str) -> None:
    """The control is the test before: the same steps, the same order, another rule."""
    give_stock(project, B_2=1)
    order, _ = put(project)
    Announcement.objects.all().delete()
    Order.objects.filter(pk=order.pk).update(import_action=HISTORY.action)
    STEPS[what][0](order)
    assert told(order) == []


def test_cancelled_again_is_told_again(project: Project) -> None:
    order, _ = put(project)
    lifecycle.cancel(order.pk)
    lifecycle.reopen(order.pk)
    lifecycle.cancel(order.pk)
    assert told(order) == ["created", "canceled", "updated", "canceled"]


def sync(order: Order, answer: IncomingOrder, follow: OrderStatus | None = None, **values: Any) -> None:
    later = msgspec.structs.replace(answer, modified_at=answer.modified_at + timedelta(minutes=5), **values)
    overwrite.refresh(order.pk, ShopAnswer(later, follow))


def test_an_answer_of_the_shop(project: Project) -> None:
    order, answer = put(project)
    sync(order, answer)
    assert told(order) == ["created"]
    sync(order, answer, note="Ring twice")
    assert told(order) == ["created"]
    sync(order, answer, paid_at=START)
    assert told(order) == ["created", "paid"]
    sync(order, answer, paid_at=START, metadata={"gift": "yes"})
    assert told(order) == ["created", "paid", "updated"]
    sync(order, answer, OrderStatus.CANCELLED, paid_at=START, metadata={"gift": "yes"}, status="cancelled")
    assert told(order) == ["created", "paid", "updated", "canceled"]
    sync(order, answer, OrderStatus.PROCESSING, paid_at=START, metadata={"gift": "yes"}, status="processing")
    assert told(order) == ["created", "paid", "updated", "canceled", "updated"]


def test_paid_and_more_at_once_is_both(project: Project) -> None:
    order, answer = put(project)
    sync(order, answer, paid_at=START, metadata={"gift": "yes"})
    assert told(order) == ["created", "paid", "updated"]


def test_a_preview_announces_nothing(project: Project) -> None:
    order, answer = put(project)
    overwrite.preview(order.pk, ShopAnswer(msgspec.structs.replace(answer, paid_at=START), None))
    assert told(order) == ["created"]


def test_paid_twice_is_told_once(project: Project) -> None:
    order, answer = put(project, paid_at=START)
    sync(order, answer, paid_at=None)
    sync(order, answer, paid_at=START)
    assert told(order) == ["created", "paid", "updated", "updated"]


@pytest.mark.parametrize("kind", ["customer.order.created", "customer.order.paid"])
def test_the_database_keeps_what_can_be_once(project: Project, kind: str) -> None:
    order, _ = put(project, paid_at=START)
    with pytest.raises(IntegrityError, match="announced_once"), transaction.atomic():
        Announcement.objects.create(project=project, order=order, kind=kind, at=START)
    Announcement.objects.create(project=project, order=order, kind="customer.order.updated", at=START)


def test_stock_that_arrives_for_waiting_orders_is_no_news(project: Project) -> None:
    order = incoming(line("A-17", 12))
    take(project, (order, VALID))
    row = Order.objects.get(number=order.number)
    assert row.tab == "partial"
    change_stock(project.pk, [Change(row.lines.get().product_id or 0, 5, MovementReason.RECEIPT, "test")])
    row.refresh_from_db()
    assert (row.tab, told(row)) == ("in_stock", ["created"])


# --- orders of partners ---


def save(project: Project, *, live: bool = True, **values: Any) -> Order:
    book = Book(project.pk, "EUR", project.zone, PublicIds(bytes(project.id_key)), START)
    sent = PublishedOrder(source_id="web-1", **values)
    if live:
        stored = store.save(book, sent)
        return Order.objects.get(pk=stored.order_id)
    with transaction.atomic():
        store.store(book, [sent], live=False)
    return Order.objects.get(source_id="web-1")


def test_an_order_of_a_partner(project: Project) -> None:
    mugs = [Item(source_id="A-17", quantity=2, price=1000)]
    order = save(project, status="CREATED", items=mugs)
    assert told(order) == ["created"]
    save(project, status="CREATED", items=mugs)
    assert told(order) == ["created"]
    save(project, status="PAID")
    assert told(order) == ["created", "paid"]
    save(project, metadata={"gift": "yes"})
    assert told(order) == ["created", "paid", "updated"]
    save(project, status="FULFILLED")
    assert told(order) == ["created", "paid", "updated", "updated"]
    save(project, status="CANCELED")
    assert told(order) == ["created", "paid", "updated", "updated", "canceled"]


def test_a_refused_change_announces_nothing(project: Project) -> None:
    order = save(project, status="CREATED", items=[Item(source_id="A-17", quantity=2, price=1000)])
    shipping.ship(order.pk, {order.lines.get().pk: 1})
    with pytest.raises(store.NotWritten):
        save(project, status="CANCELED")
    with pytest.raises(ChangeRefused):
        lifecycle.release(order.pk)
    assert told(order) == ["created"]


def test_imports_of_partners_are_history(project: Project) -> None:
    order = save(project, live=False, status="CREATED", amount=1000)
    save(project, live=False, status="PAID", amount=1000)
    save(project, live=False, status="CANCELED", amount=1000)
    assert (order.import_action, told()) == ("api_history", [])
    save(project, status="PAID", amount=1000)
    assert told() == []


# --- taking ---


def test_announcements_are_taken_oldest_first_and_once(project: Project) -> None:
    orders = [put(project, paid_at=START)[0] for _ in range(3)]
    stranger = put(ProjectFactory.create())[0]
    with transaction.atomic():
        first = announcements.take(project.pk, 4)
    with transaction.atomic():
        rest = announcements.take(project.pk, 4)
        assert announcements.take(project.pk, 4) == []
    expected = [(order.pk, kind) for order in orders for kind in ("customer.order.created", "customer.order.paid")]
    assert [(row.order_id, row.kind) for row in (*first, *rest)] == expected
    assert announcements.waiting_projects() == [stranger.project_id]


def test_what_is_taken_in_a_transaction_that_fails_waits_again(project: Project) -> None:
    put(project)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert len(announcements.take(project.pk, 4)) == 1
        raise RuntimeError
    assert announcements.waiting_projects() == [project.pk]
