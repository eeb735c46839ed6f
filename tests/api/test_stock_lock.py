"""What waits while somebody else changes the project's stock, and what happens to two who write the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from config.kit.public_ids import PublicIds
from config.kit.sql import execute
from config.kit.true_time import now
from integrations import jobs
from integrations.invariants import broken
from integrations.models import Run
from orders.choices import Tab
from orders.customers import ending
from orders.intake.allocation import change_stock
from orders.intake.new_orders import Ahead
from orders.models import Customer, Order, OrderEvent, OrderLine
from orders.partners import store
from orders.partners.published import PublishedOrder
from orders.partners.sent_page import Book
from orders.segments import due
from stock import ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from tests.api.conftest import Partner
from tests.factories import give_stock
from tests.waiting import GENEROUS, somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)

HISTORY = {"source_id": "h-1", "status": "PAID", "items": [{"source_id": "TEA", "quantity": 2, "price": 300}]}


def beside(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start it in a thread of its own, with what it gives."""
    given: list[Any] = []

    def run() -> None:
        try:
            given.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, given


def imported(partner: Partner) -> Run:
    assert partner.post("/v1/orders/import", [HISTORY]).status_code == 200
    run = Run.objects.latest("pk")
    jobs.work(run.pk)
    return Run.objects.get(pk=run.pk)


@pytest.mark.parametrize(
    "order",
    [
        {"source_id": "l-1", "amount": 500},
        {"source_id": "l-1", "items": [{"amount": 500}], "customer": {"source_id": "c-1", "name": "Ana"}},
        {"source_id": "l-1", "items": [{"source_id": "NOBODY-KEEPS", "amount": 500}], "customer": {"name": "Ana"}},
    ],
    ids=["no items", "no goods", "goods that are not kept here"],
)
def test_an_order_without_goods_waits_for_nobody(partner: Partner, order: dict[str, Any]) -> None:
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.post("/v1/orders", order))
        thread.join(GENEROUS)
        assert given[0].status_code == 200


def test_an_import_waits_for_nobody(partner: Partner) -> None:
    give_stock(partner.project, TEA=5)
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: imported(partner))
        thread.join(GENEROUS)
        assert (given[0].created, given[0].failed) == (1, 0)
        thread, given = beside(lambda: partner.imported([HISTORY | {"status": "FULFILLED"}]))
        thread.join(GENEROUS)
        assert given[0]["result"]["updated_count"] == 1


@pytest.mark.parametrize(
    "order",
    [
        {"source_id": "l-2", "items": [{"source_id": "TEA", "quantity": 1, "price": 5}]},
        {"source_id": "l-2", "items": [{"product": {"source_id": "NEW", "override": True}, "price": 5}]},
        {"source_id": "l-1", "status": "CANCELED"},
        {"source_id": "l-1", "items": [{"source_id": "TEA", "quantity": 2, "price": 5}]},
    ],
    ids=["reserves", "writes a product", "cancels one that reserves", "asks for more"],
)
def test_control_what_touches_the_stock_waits(partner: Partner, order: dict[str, Any]) -> None:
    give_stock(partner.project, TEA=5)
    first = {"source_id": "l-1", "items": [{"source_id": "TEA", "quantity": 1, "price": 5}]}
    assert partner.post("/v1/orders", first).status_code == 200
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.post("/v1/orders", order))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert given[0].status_code == 200


WAITING = {"source_id": "l-1", "items": [{"source_id": "TEA", "quantity": 3, "price": 5}]}


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"gift": True}},
        {"status": "FULFILLED"},
        {"amount": 900},
        {"customer": {"source_id": "c-2", "name": "Bo"}},
    ],
    ids=["metadata", "status", "amount", "customer"],
)
def test_a_change_that_leaves_the_goods_alone_waits_for_nobody(partner: Partner, change: dict[str, Any]) -> None:
    give_stock(partner.project, TEA=2)
    assert partner.post("/v1/orders", WAITING).status_code == 200
    lines = list(OrderLine.objects.values())
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.call("PUT", "/v1/orders/l-1", change))
        thread.join(GENEROUS)
        assert given[0].status_code == 200
    assert [(each["reserved"], each["waiting"]) for each in lines] == [(2, 1)]
    assert list(OrderLine.objects.values()) == lines
    assert OrderEvent.objects.latest("pk").message.startswith("Changed by API")
    assert given[0].json()["items"][0]["sku"]["source_id"] == "TEA"
    assert broken() == {}


def test_a_cancelled_order_is_taken_up_again_under_the_lock(partner: Partner) -> None:
    give_stock(partner.project, TEA=2)
    assert partner.post("/v1/orders", WAITING | {"status": "CANCELED"}).status_code == 200
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.call("PUT", "/v1/orders/l-1", {"status": "PAID"}))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert given[0].status_code == 200
    assert OrderLine.objects.values_list("reserved", "waiting", "cancelled").get() == (2, 1, 0)
    assert broken() == {}


def test_units_that_come_while_an_order_is_changed(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are booked for it under the lock, and wait for the change to end."""
    articles = give_stock(partner.project, TEA=2)
    assert partner.post("/v1/orders", WAITING).status_code == 200
    update, coming = store._update, []

    def update_meanwhile(page: Any, customers: Any) -> None:
        coming.append(beside(lambda: moved(partner, articles["TEA"], 5)))
        assert until(somebody_waits_for_a_lock)
        update(page, customers)

    monkeypatch.setattr(store, "_update", update_meanwhile)
    assert partner.call("PUT", "/v1/orders/l-1", {"metadata": {"gift": True}}).status_code == 200
    for thread, _ in coming:
        thread.join(GENEROUS)
    order = Order.objects.get()
    assert (order.tab, order.metadata) == (Tab.IN_STOCK, {"gift": True})
    assert OrderLine.objects.values_list("reserved", "waiting").get() == (3, 0)
    assert broken() == {}


ONE = {
    "source_id": "l-1",
    "items": [{"source_id": "TEA", "quantity": 3, "price": 5}],
    "customer": {"source_id": "c-1", "name": "Ana", "email": "ana@mail.example"},
}


def before_the_lock(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> list[bool]:
    """Do this in a transaction of its own once the order is written, and has not taken the lock yet.

    What came of each order that was written so: whether it could stay.
    """
    settle, stayed, todo = Ahead.settle, [], [work]

    def settling(ahead: Ahead) -> bool:
        assert Order.objects.filter(source_id="l-1").exists(), "it is written"
        while todo:
            thread, given = beside(todo.pop())
            thread.join(GENEROUS)
            assert given, "it waits for nobody"
        stayed.append(settle(ahead))
        return stayed[-1]

    monkeypatch.setattr(Ahead, "settle", settling)
    return stayed


def test_an_order_is_written_before_it_takes_the_lock(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = give_stock(partner.project, TEA=5)
    stayed = before_the_lock(monkeypatch, lambda: moved(partner, articles["TEA"], -1))
    assert partner.post("/v1/orders", ONE).status_code == 200
    assert stayed == [True]
    assert OrderLine.objects.values_list("reserved", "waiting").get() == (3, 0)
    assert Order.objects.get().customer == Customer.objects.get(source_id="c-1")
    assert broken() == {}


def moved(partner: Partner, product_id: int, units: int) -> bool:
    change_stock(partner.project.pk, [Change(product_id, units, MovementReason.ADJUSTMENT, "meanwhile")])
    return True


def test_units_that_went_meanwhile_are_not_promised(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = give_stock(partner.project, TEA=5)
    stayed = before_the_lock(monkeypatch, lambda: moved(partner, articles["TEA"], -4))
    assert partner.post("/v1/orders", ONE).status_code == 200
    assert stayed == [False]
    assert OrderLine.objects.values_list("reserved", "waiting").get() == (1, 2)
    assert (Order.objects.count(), Customer.objects.count()) == (1, 1)
    assert broken() == {}


def test_goods_that_were_deleted_meanwhile_are_not_sold(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stock(partner.project, TEA=5)
    stayed = before_the_lock(monkeypatch, lambda: Product.objects.update(deleted_at=now()))
    assert partner.post("/v1/orders", ONE).status_code == 200
    assert stayed == [False]
    assert OrderLine.objects.filter(product=None, reserved=0).count() == 1
    assert broken() == {}


@pytest.mark.parametrize("same", [{"source_id": "c-1"}, {"email": "ANA@mail.example"}], ids=["source id", "e-mail"])
def test_a_customer_who_was_made_meanwhile_is_the_one(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, same: dict[str, Any]
) -> None:
    give_stock(partner.project, TEA=5)
    stayed = before_the_lock(monkeypatch, lambda: partner.post("/v1/customers", {"name": "Anna", **same}).json()["id"])
    assert partner.post("/v1/orders", ONE).status_code == 200
    assert stayed == [False]
    assert Customer.objects.values_list("source_id", "name").get() == ("c-1", "Ana")
    assert Order.objects.values_list("customer__source_id", flat=True).get() == "c-1"
    assert broken() == {}


def test_a_customer_who_was_deleted_meanwhile_is_not_brought_back(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stock(partner.project, TEA=5)
    assert partner.post("/v1/customers", ONE["customer"]).status_code == 200
    before = Customer.objects.get().pk
    stayed = before_the_lock(monkeypatch, lambda: partner.call("DELETE", "/v1/customers/c-1").status_code)
    assert partner.post("/v1/orders", ONE).status_code == 200
    assert stayed == [False]
    assert Order.objects.get().customer_id not in {None, before}
    assert broken() == {}


def test_a_customer_who_is_not_here_is_told_before_anything_is_written(partner: Partner) -> None:
    give_stock(partner.project, TEA=5)
    refused = partner.post(
        "/v1/orders", ONE | {"customer": {"id": PublicIds(bytes(partner.project.id_key)).give("cust", 999)}}
    )
    assert (refused.status_code, refused.json()["key"]) == (400, "invalid_customer")
    assert (Order.objects.count(), Customer.objects.count()) == (0, 0)


def test_control_an_import_that_writes_products_waits(partner: Partner) -> None:
    row = {"source_id": "h-2", "items": [{"product": {"source_id": "NEW", "override": True}, "price": 5}]}
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.imported([row]))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert given[0]["result"]["created_count"] == 1


def test_a_deletion_waits_for_who_is_writing_the_customer(partner: Partner) -> None:
    """Otherwise it would look for the orders to be erased before the last one is there."""
    buyer = {"source_id": "c-1", "name": "Canary", "email": "canary@mail.example"}
    assert partner.post("/v1/customers", buyer).status_code == 200
    with transaction.atomic():
        book = Book(partner.project.pk, "EUR", partner.project.zone, PublicIds(bytes(partner.project.id_key)), now())
        row = msgspec.convert({"source_id": "h-9", "amount": 5, "customer": buyer}, PublishedOrder)
        store.store(book, [row], live=False)
        thread, given = beside(lambda: partner.post("/v1/customers/c-1/permanent-deletion", {}))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert given[0].status_code == 200
    assert "Canary" not in str(list(Order.objects.values()))


def deleted_while_an_order_changes(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> int:
    """The deletion has marked the customer, and an import holds an order of theirs: each waits for the other."""
    buyer = {"source_id": "c-1", "name": "Ana"}
    partner.imported([HISTORY | {"customer": buyer}])
    order, marked, tries = Order.objects.get(), threading.Event(), []

    def mark(*args: Any) -> None:
        due.mark(*args)
        tries.append(1)
        if len(tries) == 1:
            marked.set()
            assert until(somebody_waits_for_a_lock)

    monkeypatch.setattr(ending, "due", SimpleNamespace(mark=mark))
    with transaction.atomic():
        execute("SET LOCAL deadlock_timeout = '1min'")  # so that the deletion is who finds it, and is broken off
        Order.objects.select_for_update().get(pk=order.pk)
        thread, given = beside(lambda: partner.call("DELETE", "/v1/customers/c-1"))
        assert marked.wait(GENEROUS)
        due.mark(partner.project.pk, [order.customer_id], now())
    thread.join(GENEROUS)
    return int(given[0].status_code)


def test_a_deletion_and_an_import_that_wait_for_each_other_both_end(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deleted_while_an_order_changes(partner, monkeypatch) == 204
    assert Order.objects.get().customer_id is None


def test_control_without_a_second_try_the_deletion_is_broken_off(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(work: Callable[[], Any]) -> Any:
        with transaction.atomic():
            return work()

    monkeypatch.setattr(ending, "once_more", once)
    assert deleted_while_an_order_changes(partner, monkeypatch) == 503


def test_eight_who_create_the_same_order_make_one(partner: Partner) -> None:
    order = {"source_id": "same", "amount": 500, "customer": {"source_id": "c-1", "email": "ana@mail.example"}}
    gate = threading.Barrier(8)

    def call() -> Any:
        gate.wait()
        return partner.post("/v1/orders", order)

    started = [beside(call) for _ in range(8)]
    for thread, _ in started:
        thread.join(GENEROUS)
    assert [given[0].status_code for _, given in started] == [200] * 8
    assert (Order.objects.count(), Customer.objects.count()) == (1, 1)


def test_an_order_that_an_import_is_just_writing_is_met_the_second_time(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call looks the order up before the import has committed it, and finds it written when it writes itself."""
    find, tries = store._find, []

    def find_too_early(page: Any, on_conflict: str) -> None:
        find(page, on_conflict)
        tries.append(page.entries[0].known is None)
        if len(tries) == 1:
            thread, _ = beside(lambda: Partner(partner.project).imported([HISTORY | {"source_id": "both"}]))
            thread.join(GENEROUS)

    monkeypatch.setattr(store, "_find", find_too_early)
    answer = partner.post("/v1/orders", {"source_id": "both", "amount": 500})
    # It is history by now, which a live call may change.
    assert (answer.status_code, Order.objects.count(), tries[:1]) == (200, 1, [True])
    assert False in tries
