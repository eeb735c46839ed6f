"""Synchronize: the shop's answer overwrites the order, stock follows, documents stay, and all of it can be undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, OrderStatus, Part, Tab
from orders.intake.allocation import change_stock
from orders.intake.incoming import IncomingAddress, IncomingOrder
from orders.intake.plans import CANCEL, COMPLETE, HISTORY, HOLD, INVOICE, VALID, Plan
from orders.models import Invoice, Order, OrderEvent
from orders.work import shipping
from orders.work.changing import ChangedMeanwhile, opened
from orders.work.refresh.overwrite import Refreshed, RefreshOutcome, ShopAnswer, follow_status, preview, refresh, revert
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import StockMovement
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import levels, take

pytestmark = pytest.mark.django_db

TWO = (line("A-17", 2, key="1"), line("B-2", 1, key="2"))


@pytest.fixture
def project() -> Project:
    project = ProjectFactory.create()
    give_stock(project, A_17=10, B_2=10)
    return project


def put(project: Project, plan: Plan = VALID, **values: Any) -> tuple[Order, IncomingOrder]:
    order = incoming(*TWO, **values)
    take(project, (order, plan))
    return Order.objects.get(number=order.number), order


def newer(order: IncomingOrder, **values: Any) -> IncomingOrder:
    return msgspec.structs.replace(order, modified_at=order.modified_at + timedelta(minutes=5), **values)


def sync(order: Order, answer: IncomingOrder, follow: OrderStatus | None = None, **options: Any) -> Refreshed:
    return refresh(order.pk, ShopAnswer(answer, follow, **options))


def units(order: Order) -> dict[str, tuple[int, ...]]:
    rows = order.lines.values_list("sku", "quantity", "reserved", "waiting", "cancelled")
    return {sku: tuple(rest) for sku, *rest in rows}


def snapshot(order: Order) -> dict[str, Any]:
    """All that a synchronisation may touch, without what it writes down about itself."""
    row = Order.objects.filter(pk=order.pk).values().get()
    rows = [
        {name: value for name, value in line.items() if name != "id"}
        for line in order.lines.order_by("position", "key").values()
    ]
    own = {"version", "updated_at", "edited", "remote_modified_at"}
    return {name: value for name, value in row.items() if name not in own} | {"lines": rows}


def test_what_is_the_same_writes_nothing(project: Project) -> None:
    order, answer = put(project)
    before = snapshot(order)
    assert sync(order, newer(answer)).outcome == RefreshOutcome.SAME
    order.refresh_from_db()
    assert (snapshot(order), order.version) == (before, 0)
    assert order.remote_modified_at == newer(answer).modified_at
    assert not order.events.filter(kind=EventKind.SYNCHRONIZED).exists()


def test_every_field_is_overwritten_and_told(project: Project) -> None:
    order, answer = put(project)
    changed = newer(
        answer,
        status="on-hold",
        payment_code="cod",
        payment_title="Cash",
        shipping_code="ppl",
        shipping_title="Courier",
        billing=IncomingAddress(first_name="Eva", city="Praha"),
        shipping=IncomingAddress(first_name="Eva", city="Plzeň"),
        email="eva@mail.example",
        note="Ring twice",
        metadata={"vat": "CZ1", "nested": [1, {"a": "b"}]},
        total=Decimal("31.50"),
        shipping_total=Decimal("1.50"),
    )
    done = sync(order, changed, OrderStatus.ON_HOLD)
    assert done.outcome == RefreshOutcome.CHANGED
    order.refresh_from_db()
    assert (order.status, order.tab, order.remote_status) == (OrderStatus.ON_HOLD, Tab.ON_HOLD, "on-hold")
    assert (order.payment_title, order.shipping_title, order.note) == ("Cash", "Courier", "Ring twice")
    assert (order.billing["city"], order.shipping["city"], order.buyer) == ("Praha", "Plzeň", "Eva")
    assert order.customer is not None
    assert (order.email, order.customer.email) == ("eva@mail.example", "eva@mail.example")
    assert (order.total, order.metadata) == (Decimal("31.50"), {"vat": "CZ1", "nested": [1, {"a": "b"}]})
    event = order.events.filter(kind=EventKind.SYNCHRONIZED).get()
    told = {change["field"]: (change["old"], change["new"]) for change in event.changes}
    assert told["total"] == ("30.0000", "31.5000")
    assert told["status"] == ("processing", "on_hold")
    assert set(told) >= {"billing", "shipping", "metadata", "email", "buyer", "note", "shipping_total"}
    assert broken() == {}


def test_stock_follows_the_items(project: Project) -> None:
    order, answer = put(project)
    lines = (line("A-17", 5, key="1"), line("C-3", 2, key="3"))
    done = sync(order, newer(answer, lines=lines))
    assert units(order) == {"A-17": (5, 5, 0, 0), "C-3": (2, 0, 2, 0)}
    assert levels(project) == {"A-17": (10, 5), "B-2": (10, 0), "C-3": (0, 0)}
    effects = {effect.sku: (effect.reserved, effect.waiting) for effect in done.stock}
    assert effects == {"A-17": ((2, 5), (0, 0)), "C-3": ((0, 0), (0, 2)), "B-2": ((1, 0), (0, 0))}
    order.refresh_from_db()
    assert order.tab == Tab.PARTIAL
    assert broken() == {}


def test_units_that_come_free_serve_others(project: Project) -> None:
    order, answer = put(project)
    other = incoming(line("A-17", 9))
    take(project, (other, VALID))
    sync(order, newer(answer, lines=(line("A-17", 1, key="1"),)))
    assert units(Order.objects.get(number=other.number)) == {"A-17": (9, 9, 0, 0)}
    assert broken() == {}


def test_a_stale_answer_is_ignored(project: Project) -> None:
    order, answer = put(project)
    sync(order, newer(newer(answer), note="new"))
    before = snapshot(order)
    assert sync(order, newer(answer, note="old")).outcome == RefreshOutcome.STALE
    assert snapshot(order) == before


def test_a_preview_writes_nothing_and_is_what_happens(project: Project) -> None:
    order, answer = put(project)
    changed = newer(answer, lines=(line("A-17", 12, key="1"), line("NEW-1", 1, key="9")), note="x", status="on-hold")
    before = snapshot(order)
    seen = preview(order.pk, ShopAnswer(changed, OrderStatus.ON_HOLD))
    assert (snapshot(order), levels(project)) == (before, {"A-17": (10, 2), "B-2": (10, 1)})
    assert not OrderEvent.objects.filter(kind=EventKind.SYNCHRONIZED).exists()
    done = sync(order, changed, OrderStatus.ON_HOLD)
    assert [change["field"] for change in done.changes] == [change["field"] for change in seen.changes]
    assert (done.sentence, done.reports, done.stock) == (seen.sentence, seen.reports, seen.stock)


def test_an_unknown_product_refuses_the_whole(project: Project) -> None:
    order, answer = put(project)
    before = snapshot(order)
    changed = newer(answer, note="x", lines=(line("NEW-1", 1, key="9"),))
    done = sync(order, changed, create_unknown_products=False)
    assert (done.outcome, snapshot(order)) == (RefreshOutcome.REFUSED, before)
    assert "SKU NEW-1 is not among the products" in done.sentence


def test_cancelled_in_the_shop_releases_the_stock(project: Project) -> None:
    order, answer = put(project)
    sync(order, newer(answer, status="cancelled"), OrderStatus.CANCELLED)
    order.refresh_from_db()
    assert (order.status, order.tab, levels(project)["A-17"]) == (OrderStatus.CANCELLED, Tab.NONE, (10, 0))
    again = sync(order, newer(newer(answer, status="processing")), OrderStatus.PROCESSING)
    order.refresh_from_db()
    assert (again.outcome, order.tab, levels(project)["A-17"]) == (RefreshOutcome.CHANGED, Tab.IN_STOCK, (10, 2))
    assert broken() == {}


def test_hold_and_release_move_the_tab(project: Project) -> None:
    order, answer = put(project, HOLD)
    sync(order, newer(answer, status="x"), OrderStatus.PROCESSING)
    order.refresh_from_db()
    assert (order.status, order.tab) == (OrderStatus.PROCESSING, Tab.IN_STOCK)


def test_nothing_is_invoiced_shipped_or_moved(project: Project) -> None:
    order, answer = put(project)
    done = sync(order, newer(answer, status="completed"), OrderStatus.COMPLETE)
    order.refresh_from_db()
    assert (order.status, order.remote_status) == (OrderStatus.PROCESSING, "completed")
    assert done.reports == ("The order is complete in the shop, but 3 units are not shipped here.",)
    assert (order.invoices.count(), order.shipments.count()) == (0, 0)
    assert not StockMovement.objects.filter(reason=MovementReason.SHIPMENT).exists()


def test_an_invoice_stays_and_is_reported(project: Project) -> None:
    order, answer = put(project, INVOICE)
    before = list(Invoice.objects.values())
    cancelled = sync(order, newer(answer, status="cancelled"), OrderStatus.CANCELLED)
    assert "stands: issue a credit note" in cancelled.reports[0]
    edited = sync(order, newer(newer(answer, status="processing", lines=TWO[:1])), OrderStatus.PROCESSING)
    assert "was issued before: it stays as it is." in edited.reports[0]
    assert list(Invoice.objects.values()) == before
    assert broken() == {}


@pytest.mark.parametrize("plan", [COMPLETE, HISTORY])
def test_what_is_shipped_stays_and_is_reported(project: Project, plan: Plan) -> None:
    order, answer = put(project, plan)
    before = units(order)
    cancelled = sync(order, newer(answer, status="cancelled"), OrderStatus.CANCELLED)
    order.refresh_from_db()
    assert (order.status, units(order)) == (OrderStatus.COMPLETE, before)
    assert cancelled.reports == ("The order is cancelled in the shop, but 3 units are shipped here: it stays.",)
    fewer = sync(order, newer(newer(answer, lines=TWO[:1])), OrderStatus.COMPLETE)
    assert units(order) == before
    assert fewer.reports[0] == (
        "1 × B-2 are shipped: the line stays, without an amount, though the shop has dropped it."
    )
    more = sync(order, newer(newer(newer(answer, lines=(*TWO, line("C-3", 2, key="3"))))), OrderStatus.COMPLETE)
    assert (more.outcome, units(order)) == (RefreshOutcome.REFUSED, before)
    assert "the shop has 2 × C-3 more than was shipped: nothing was taken over" in more.sentence
    assert broken() == {}


def test_ours_wins_only_where_it_was_edited_here(project: Project) -> None:
    order, answer = put(project)
    with opened(order.pk) as change:
        change.set("note", "ours")
        change.set("payment_title", "ours")
        change.mark_edited(Part.NOTE, Part.PAYMENT)
        change.note(EventKind.EDITED, "x")
    changed = newer(answer, note="shop's", payment_title="shop's", shipping_title="shop's")
    done = sync(order, changed, ours=frozenset({Part.NOTE, Part.SHIPPING_METHOD}))
    order.refresh_from_db()
    assert (order.note, order.payment_title, order.shipping_title) == ("ours", "shop's", "shop's")
    assert done.reports == ("Note of the buyer stays as it was edited here.",)
    assert order.edited == [Part.NOTE]


def test_a_synchronisation_can_be_taken_back(project: Project) -> None:
    order, answer = put(project)
    before = snapshot(order)
    changed = newer(
        answer, status="cancelled", note="x", email="eva@mail.example", total=Decimal(7),
        lines=(line("A-17", 1, key="1"), line("C-3", 4, key="3")),
    )  # fmt: skip
    sync(order, changed, OrderStatus.CANCELLED)
    event = order.events.get(kind=EventKind.SYNCHRONIZED)
    done = revert(order.pk, event.pk)
    assert (done.outcome, done.reports) == (RefreshOutcome.CHANGED, ())
    assert snapshot(order) == before
    assert levels(project)["A-17"] == (10, 2)
    order.refresh_from_db()
    assert set(order.edited) == {"note", "billing", "items"}
    assert revert(order.pk, event.pk).outcome == RefreshOutcome.SAME
    assert broken() == {}


def test_what_changed_since_stays(project: Project) -> None:
    order, answer = put(project)
    sync(order, newer(answer, note="shop's", lines=(line("A-17", 4, key="1"), TWO[1])))
    event = order.events.get(kind=EventKind.SYNCHRONIZED)
    sync(order, newer(newer(answer, note="later", lines=(line("A-17", 6, key="1"), TWO[1]))))
    done = revert(order.pk, event.pk)
    assert done.outcome == RefreshOutcome.SAME
    assert set(done.reports) == {
        "A-17 was changed since: it stays.",
        "Note of the buyer was changed since: it stays.",
        "Rounding and other was changed since: it stays.",
    }
    assert units(order)["A-17"] == (6, 6, 0, 0)


def test_a_revert_after_shipping_leaves_the_goods(project: Project) -> None:
    order, answer = put(project)
    sync(order, newer(answer, lines=(line("A-17", 4, key="1"), TWO[1])))
    event = order.events.get(kind=EventKind.SYNCHRONIZED)
    with opened(order.pk) as change:
        for each in change.lines:
            each.shipped, each.reserved = each.quantity, 0
            assert each.product_id is not None
            change.level(each.product_id).issued += each.quantity
        change.set("status", OrderStatus.COMPLETE)
        change.note(EventKind.SHIPPED, "x")
    assert "stays: the order is complete here" in revert(order.pk, event.pk).reports[0]


def test_two_people_at_once_synchronise_once(project: Project) -> None:
    order, answer = put(project)
    refresh(order.pk, ShopAnswer(newer(answer, note="x"), None), seen=0)
    with pytest.raises(ChangedMeanwhile):
        refresh(order.pk, ShopAnswer(newer(newer(answer, note="y")), None), seen=0)
    with pytest.raises(ChangedMeanwhile):
        revert(order.pk, order.events.get(kind=EventKind.SYNCHRONIZED).pk, seen=0)


def test_the_status_alone_can_be_carried_over(project: Project) -> None:
    order, _ = put(project)
    done = follow_status(order.pk, "cancelled", OrderStatus.CANCELLED)
    order.refresh_from_db()
    assert (done.outcome, order.status, order.remote_status) == (
        RefreshOutcome.CHANGED,
        OrderStatus.CANCELLED,
        "cancelled",
    )
    assert levels(project)["A-17"] == (10, 0)
    assert follow_status(order.pk, "cancelled", OrderStatus.CANCELLED).outcome == RefreshOutcome.SAME


def test_a_cancelled_order_stays_closed_when_its_items_change(project: Project) -> None:
    order, answer = put(project, CANCEL)
    sync(order, newer(answer, lines=(line("A-17", 7, key="1"),)), OrderStatus.CANCELLED)
    assert units(order) == {"A-17": (7, 0, 0, 7)}


def test_what_was_held_or_cancelled_here_stays_so_while_the_shops_status_is_the_same(project: Project) -> None:
    order, answer = put(project)
    with opened(order.pk) as change:
        change.set("status", OrderStatus.ON_HOLD)
        change.note(EventKind.HELD, "x")
    sync(order, newer(answer, note="x"), OrderStatus.PROCESSING)
    order.refresh_from_db()
    assert (order.status, order.note) == (OrderStatus.ON_HOLD, "x")
    sync(order, newer(newer(answer, status="packed")), OrderStatus.PROCESSING)
    order.refresh_from_db()
    assert order.status == OrderStatus.PROCESSING
    assert broken() == {}


def test_more_digits_than_are_kept_are_no_difference(project: Project) -> None:
    lines = (line("A-17", 3, key="1", unit_price=Decimal("3.33333333333"), total=Decimal("9.99995")),)
    order = incoming(*lines, total=Decimal("9.99995"))
    take(project, (order, VALID))
    assert sync(Order.objects.get(number=order.number), newer(order)).outcome == RefreshOutcome.SAME


def test_stock_that_arrived_between_stays_counted(project: Project) -> None:
    ids = give_stock(project, D_4=1)
    order = incoming(line("D-4", 3, key="1"))
    take(project, (order, VALID))
    mine = Order.objects.get(number=order.number)
    change_stock(project.pk, [Change(ids["D-4"], 5, MovementReason.RECEIPT, "x")])
    sync(mine, newer(order, note=timezone.now().isoformat()))
    assert units(mine) == {"D-4": (3, 3, 0, 0)}
    assert broken() == {}


def test_an_order_of_which_the_shop_leaves_only_what_is_shipped_is_complete(project: Project) -> None:
    order, answer = put(project)
    first, _second = order.lines.all()
    shipping.ship(order.pk, {first.pk: 1})
    found = sync(order, newer(answer, lines=(line("A-17", 1, key="1"),)))
    order.refresh_from_db()
    assert (order.status, order.tab) == (OrderStatus.COMPLETE, Tab.NONE)
    assert {"field": "status", "old": "processing", "new": "complete"} in found.changes
    event = order.events.get(kind=EventKind.SYNCHRONIZED)
    revert(order.pk, event.pk)
    order.refresh_from_db()
    assert (order.status, order.tab) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert broken() == {}
