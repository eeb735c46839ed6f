"""A shop's quantities taken over: once, by what its open orders still hold, and back again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations import jobs
from integrations.choices import RemoteState, Role, RunKind, RunState
from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.invariants import INVARIANTS
from integrations.models import Integration, RemoteOrder, Run, ShopQuantity, SkuMapping, TakeOver
from integrations.review import waking
from integrations.runs import claims, pages
from integrations.shop_stock import adjusting, comparison, taking_over
from integrations.shop_stock.taking_over import TakeOverRefused
from orders.choices import Tab
from orders.models import Order, OrderLine
from orders.work import rerouting
from stock import warehouses
from stock.choices import MovementReason
from stock.models import StockLevel, StockMovement
from tests.admin.conftest import imported, remote
from tests.factories import START, IntegrationFactory, give_stock, incoming, line, member
from tests.fake_connector import exchange

Sells = Callable[..., None]


@pytest.fixture
def shop(db: None) -> Integration:
    return IntegrationFactory.create(title="Garden shop")


@pytest.fixture
def person(shop: Integration) -> int:
    return member(shop.project.account, Role.IMPORT_ADMIN).pk


@pytest.fixture
def sells(monkeypatch: pytest.MonkeyPatch) -> Sells:
    """What the shop lists from now on: units by SKU, on pages of two products."""

    def listing(*products: RemoteProduct, **units: int | None) -> None:
        given = [
            RemoteProduct(sku, sku.replace("_", "-"), f"Product {sku}", count is not None, count)
            for sku, count in units.items()
        ]
        listed = [*products, *given]

        def operation(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
            yield from ()
            first = (cursor or {}).get("first", 0)
            following = {"first": first + 2} if first + 2 < len(listed) else None
            return ProductPage(tuple(listed[first : first + 2]), following, len(listed))

        exchange(monkeypatch, "woocommerce", products=operation)

    return listing


def work(take_over: TakeOver) -> Run:
    assert take_over.run_id is not None
    jobs.work(take_over.run_id)
    return Run.objects.get(pk=take_over.run_id)


def compared(shop: Integration, person: int) -> TakeOver:
    take_over = taking_over.compare(shop, user_id=person)
    assert work(take_over).state == RunState.SUCCEEDED
    return TakeOver.objects.select_related("integration").get(pk=take_over.pk)


def taken(shop: Integration, person: int) -> TakeOver:
    take_over = compared(shop, person)
    assert work(taking_over.confirm(shop, take_over.pk, user_id=person)).state == RunState.SUCCEEDED
    return TakeOver.objects.select_related("integration").get(pk=take_over.pk)


def levels(shop: Integration) -> dict[str, tuple[int, int]]:
    found = StockLevel.objects.filter(product__project=shop.project)
    return {
        sku: (on_hand, reserved) for sku, on_hand, reserved in found.values_list("product__sku", "on_hand", "reserved")
    }


def holds() -> None:
    assert [broken for each in INVARIANTS for broken in each.violations()] == []


def test_nothing_is_booked_before_it_is_confirmed(shop: Integration, person: int, sells: Sells) -> None:
    sells(A_17=8, B_2=0, C_3=None)
    give_stock(shop.project, A_17=3)
    seen = compared(shop, person)
    rows = [(row.sku, row.in_shop, row.on_hand, row.difference) for row in comparison.whole(seen).differing]
    assert rows == [("A-17", 8, 3, 5)]
    counts = comparison.whole(seen)
    assert (counts.not_counted, counts.coming, counts.going, counts.same) == (1, 5, 0, 1)
    assert levels(shop) == {"A-17": (3, 0)}


def test_units_of_the_shops_open_orders_are_still_on_the_shelf(shop: Integration, person: int, sells: Sells) -> None:
    """The shop had ten and took two off; here the order waits. It is served, and what is free is the shop's number."""
    order = imported(shop, [incoming(line("A-17", 2))])[0]
    sells(A_17=8, B_2=4)
    taken(shop, person)
    assert levels(shop) == {"A-17": (10, 2), "B-2": (4, 0)}
    order.refresh_from_db()
    assert order.tab == Tab.IN_STOCK
    moved = StockMovement.objects.get(level__product__sku="A-17")
    assert (moved.quantity, moved.reason, moved.actor_id) == (10, MovementReason.TAKE_OVER, person)
    assert moved.note == "Garden shop: 8 in the shop and 2 in its open orders."
    holds()


def test_a_reserved_unit_counts_like_a_waiting_one(shop: Integration, person: int, sells: Sells) -> None:
    give_stock(shop.project, A_17=3)
    imported(shop, [incoming(line("A-17", 2)), incoming(line("A-17", 4))])  # two reserved, one reserved and three wait
    sells(A_17=-1)  # sold one more than it had: six are owed, five are there
    taken(shop, person)
    assert levels(shop) == {"A-17": (5, 5)}
    assert list(OrderLine.objects.order_by("id").values_list("reserved", "waiting")) == [(2, 0), (3, 1)]
    holds()


def test_orders_of_others_and_those_placed_since_do_not_count(shop: Integration, person: int, sells: Sells) -> None:
    other = IntegrationFactory.create(project=shop.project)
    give_stock(shop.project, A_17=7)
    imported(other, [incoming(line("A-17", 5))])
    sells(A_17=1)
    seen = compared(shop, person)
    imported(shop, [incoming(line("A-17", 1), placed_at=timezone.now() + timedelta(seconds=1))])
    [row] = comparison.whole(seen).differing
    assert (row.in_open_orders, row.wanted) == (0, 6)  # never fewer than are reserved
    Order.objects.update(placed_at=START)  # the control: placed before, the same order counts
    [row] = comparison.whole(seen).differing
    assert (row.in_open_orders, row.wanted) == (1, 6)


def test_a_second_click_and_a_second_look_book_nothing_more(shop: Integration, person: int, sells: Sells) -> None:
    sells(A_17=8, B_2=4, C_3=1)
    take_over = compared(shop, person)
    taking_over.confirm(shop, take_over.pk, user_id=person)
    with pytest.raises(TakeOverRefused, match="at this moment"):
        taking_over.confirm(shop, take_over.pk, user_id=person)
    run = Run.objects.get(kind=RunKind.STOCK_TAKE_OVER)
    jobs.work(run.pk)
    with pytest.raises(TakeOverRefused, match="taken over already"):
        taking_over.confirm(shop, take_over.pk, user_id=person)
    jobs.work(run.pk)
    again = compared(shop, person)
    assert comparison.whole(again).differing == []
    work(taking_over.confirm(shop, again.pk, user_id=person))
    assert levels(shop) == {"A-17": (8, 0), "B-2": (4, 0), "C-3": (1, 0)}
    assert StockMovement.objects.count() == 3


def test_a_run_that_is_killed_goes_on_and_books_nothing_twice(
    shop: Integration, person: int, sells: Sells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed inside of a portion's transaction, and between two portions; every portion has one product."""
    monkeypatch.setattr(adjusting, "PORTION", 1)
    sells(A_17=8, B_2=4, C_3=1)
    imported(shop, [incoming(line("B-2", 1))])
    take_over = compared(shop, person)
    run = taking_over.confirm(shop, take_over.pk, user_id=person).run
    assert run is not None

    class Killed(BaseException):
        pass

    write, advance = pages._write, claims.advance
    deaths = iter(range(1, 20))

    def inside(*args: Any, **kwargs: Any) -> None:
        advance(*args, **kwargs)
        if next(deaths) % 2:
            raise Killed

    def between(*args: Any, **kwargs: Any) -> Any:
        outcome = write(*args, **kwargs)
        if next(deaths) % 3 == 0:
            raise Killed
        return outcome

    monkeypatch.setattr(claims, "advance", inside)
    monkeypatch.setattr(pages, "_write", between)
    killed = 0
    while Run.objects.filter(pk=run.pk, finished_at=None).exists():
        try:
            jobs.work(run.pk)
        except Killed:
            killed += 1
            Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    assert killed >= 3
    assert levels(shop) == {"A-17": (8, 0), "B-2": (5, 1), "C-3": (1, 0)}
    assert StockMovement.objects.count() == 3
    holds()


def test_without_the_marks_a_second_run_would_book_again(
    shop: Integration, person: int, sells: Sells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: differences that were counted at the look, and no marks, book twice."""
    sells(A_17=8)
    take_over = taken(shop, person)
    looked = [comparison.Compared(row.pk, row.sku, row.name, 8, None, 0, 0, 8) for row in ShopQuantity.objects.all()]
    monkeypatch.setattr(comparison, "some", lambda take_over, ids: looked)
    ShopQuantity.objects.update(booked=None)
    adjusting._book(Run(), take_over).write(0)  # type: ignore[misc]
    assert levels(shop) == {"A-17": (16, 0)}


def test_a_take_over_that_was_stopped_goes_on(
    shop: Integration, person: int, sells: Sells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adjusting, "PORTION", 1)
    sells(A_17=8, B_2=4)
    take_over = compared(shop, person)
    run = taking_over.confirm(shop, take_over.pk, user_id=person).run
    assert run is not None
    book = adjusting.book_portion

    def cancelled(run: Run) -> Any:
        Run.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now())
        return book(run)

    monkeypatch.setitem(jobs.PORTIONERS, RunKind.STOCK_TAKE_OVER, cancelled)
    jobs.work(run.pk)
    monkeypatch.undo()
    assert (Run.objects.get(pk=run.pk).state, len(levels(shop))) == (RunState.CANCELLED, 1)
    assert work(taking_over.confirm(shop, take_over.pk, user_id=person)).state == RunState.SUCCEEDED
    assert levels(shop) == {"A-17": (8, 0), "B-2": (4, 0)}


def test_it_is_taken_back_but_for_what_orders_hold(shop: Integration, person: int, sells: Sells) -> None:
    give_stock(shop.project, B_2=9)
    order = imported(shop, [incoming(line("A-17", 2))])[0]
    sells(A_17=8, B_2=4)
    take_over = taken(shop, person)
    assert levels(shop) == {"A-17": (10, 2), "B-2": (4, 0)}
    for _ in range(2):  # a second time it finds nothing that is free
        work(taking_over.take_back(shop, take_over.pk, user_id=person))
        assert levels(shop) == {"A-17": (2, 2), "B-2": (9, 0)}
        assert taking_over.left(take_over) == 2
    OrderLine.objects.filter(order=order).update(reserved=0, cancelled=2)
    StockLevel.objects.filter(product__sku="A-17").update(reserved=0)
    work(taking_over.take_back(shop, take_over.pk, user_id=person))
    assert levels(shop) == {"A-17": (0, 0), "B-2": (9, 0)}
    with pytest.raises(TakeOverRefused, match="taken back already"):
        taking_over.take_back(shop, take_over.pk, user_id=person)
    with pytest.raises(TakeOverRefused, match="taken over already"):
        taking_over.confirm(shop, take_over.pk, user_id=person)


def test_a_sku_that_several_products_have_is_left_out(shop: Integration, person: int, sells: Sells) -> None:
    SkuMapping.objects.create(integration=shop, shop_sku="OLD", sku="A-17")
    SkuMapping.objects.create(integration=shop, shop_sku="RED", sku="RED-1")
    sells(RemoteProduct("1", "", "Gift wrapping", True, 5), A_17=8, OLD=2, RED=3)
    taken(shop, person)
    assert levels(shop) == {"RED-1": (3, 0)}
    assert comparison.whole(TakeOver.objects.select_related("integration").get()).twice == 2


def test_an_old_look_and_an_unfinished_one_are_not_booked(shop: Integration, person: int, sells: Sells) -> None:
    sells(A_17=8)
    take_over = taking_over.compare(shop, user_id=person)
    with pytest.raises(TakeOverRefused, match="at this moment"):
        taking_over.compare(shop, user_id=person)
    Run.objects.update(state=RunState.CANCELLED, finished_at=timezone.now())
    with pytest.raises(TakeOverRefused, match="not read to their end"):
        taking_over.confirm(shop, take_over.pk, user_id=person)
    newer = compared(shop, person)
    with pytest.raises(TakeOverRefused, match="read again since"):
        taking_over.confirm(shop, take_over.pk, user_id=person)
    TakeOver.objects.update(read_at=timezone.now() - taking_over.FRESH_FOR - timedelta(minutes=1))
    with pytest.raises(TakeOverRefused, match="sold on"):
        taking_over.confirm(shop, newer.pk, user_id=person)
    assert not StockMovement.objects.exists()


def test_a_platform_without_products_and_a_shop_that_is_off_are_refused(shop: Integration, person: int) -> None:
    paypal = IntegrationFactory.create(project=shop.project, platform="paypal")
    with pytest.raises(TakeOverRefused, match="does not list its products"):
        taking_over.compare(paypal, user_id=person)
    shop.enabled = False
    with pytest.raises(TakeOverRefused, match="switched off"):
        taking_over.compare(shop, user_id=person)


def test_more_units_than_a_level_can_hold_say_nothing(shop: Integration, person: int, sells: Sells) -> None:
    sells(A_17=comparison.MOST_UNITS + 1, B_2=comparison.MOST_UNITS)
    taken(shop, person)
    assert levels(shop) == {"B-2": (comparison.MOST_UNITS, 0)}


def test_quantities_are_taken_over_into_the_warehouse_where_the_goods_lie(
    shop: Integration, person: int, sells: Sells
) -> None:
    """What other warehouses have, and what is open there, is neither compared nor touched."""
    brno = warehouses.add(shop.project_id, "Brno")
    give_stock(shop.project, A_17=5)
    [_here, there] = imported(shop, [incoming(line("A-17", 2)), incoming(line("A-17", 3))])
    rerouting.serve_from(there.pk, brno.pk)
    sells(A_17=4)
    take_over = taking_over.compare(shop, user_id=person, place=brno.pk)
    work(take_over)
    [row] = comparison.whole(TakeOver.objects.get(pk=take_over.pk)).differing
    assert (row.on_hand, row.in_open_orders, row.wanted) == (0, 3, 7)
    assert work(taking_over.confirm(shop, take_over.pk, user_id=person)).state == RunState.SUCCEEDED
    found = StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand", "reserved")
    assert list(found) == [("Main warehouse", 5, 2), ("Brno", 7, 3)]
    work(taking_over.take_back(shop, take_over.pk, user_id=person))
    assert list(found.all()) == [("Main warehouse", 5, 2), ("Brno", 3, 3)]
    holds()


def test_what_is_taken_over_and_taken_back_wakes_orders_that_failed_for_it(
    shop: Integration, person: int, sells: Sells
) -> None:
    def due() -> set[str]:
        rows = RemoteOrder.objects.filter(state=RemoteState.FAILED, next_attempt_at__isnull=False)
        return set(rows.values_list("external_id", flat=True))

    give_stock(shop.project, B_2=9)
    for sku in ("A-17", "B-2"):
        remote(shop, sku, RemoteState.FAILED, reason_code=waking.SHORT, subject=sku)
    sells(A_17=8, B_2=4)
    take_over = taken(shop, person)
    assert due() == {"A-17"}
    assert work(taking_over.take_back(shop, take_over.pk, user_id=person)).state == RunState.SUCCEEDED
    assert due() == {"A-17", "B-2"}
