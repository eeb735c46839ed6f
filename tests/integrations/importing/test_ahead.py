"""A page of new orders is written before the project's lock is taken, and decided anew where the stock has moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit import sql
from integrations.choices import ImportAction, RunKind, RunState, UnknownProducts
from integrations.importing import judgement, orders_page
from integrations.importing.orders_page import import_page
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run, StatusRule
from integrations.runs import claims, control, pages
from orders.choices import Tab
from orders.customers import ending
from orders.intake import new_orders, routing_rules
from orders.intake.allocation import change_stock
from orders.intake.drafts import Intake, Obstacle, Source, Taken
from orders.intake.incoming import IncomingOrder
from orders.intake.new_orders import Ahead
from orders.intake.plans import COMPLETE, VALID, Plan
from orders.models import Customer, Order, OrderLine
from stock import ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import StockLevel
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.importing.test_orders_page import seen
from tests.orders.intake.test_races import at_once
from tests.waiting import somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Integration:
    return ready(IntegrationFactory.create())


def ready(shop: Integration) -> Integration:
    for status, action in (("processing", ImportAction.VALID), ("completed", ImportAction.COMPLETE)):
        StatusRule.objects.create(integration=shop, status=status, action=action)
    return shop


def beside(work: Callable[[], object]) -> None:
    """In a transaction of another connection, and over when this returns."""
    done: list[object] = []
    assert at_once(lambda: done.append(work())) == []
    assert done, "it came to its end"


def put(shop: Integration, *orders: IncomingOrder) -> Run:
    held = claims.claim(control.request(RunKind.LOAD, shop).pk)
    assert held is not None
    pages.write(held, import_page(shop, [seen(order) for order in orders], {"page": 1}))
    claims.finish(held, RunState.SUCCEEDED)
    return Run.objects.get(pk=held.run_id)


def ahead(shop: Integration, *orders: IncomingOrder, plan: Plan = VALID) -> Ahead:
    source = Source(shop.project_id, shop.pk, None, shop.project.zone, timezone.now())
    written = Ahead.write(source, [Intake(order, plan, None) for order in orders])
    assert written is not None
    return written


def take(shop: Integration, product_id: int, units: int) -> None:
    change_stock(shop.project_id, [Change(product_id, units, MovementReason.ADJUSTMENT, "meanwhile")])


def before_the_lock(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Do this once, when a page is written and has not taken the lock yet."""
    todo = [work]

    def checked(*args: Any) -> None:
        sql.check_references(*args)
        while todo:
            beside(todo.pop())

    monkeypatch.setattr(orders_page, "check_references", checked)


def test_it_is_written_while_somebody_holds_the_lock(shop: Integration) -> None:
    give_stock(shop.project, A_17=5)
    written, settled = threading.Event(), threading.Event()

    def page() -> None:
        with transaction.atomic():
            one = ahead(shop, incoming(line("A-17", 2)))
            written.set()
            assert one.settle()
            settled.set()

    def loading() -> None:
        try:
            page()
        finally:
            connection.close()

    thread = threading.Thread(target=loading)
    with transaction.atomic():
        ledger.lock_project(shop.project_id)
        thread.start()
        assert written.wait(20)
        assert not settled.wait(0.3)
    thread.join()
    assert settled.is_set()
    assert [(row.reserved, row.waiting) for row in OrderLine.objects.all()] == [(2, 0)]
    assert broken() == {}


def test_units_that_went_meanwhile_are_not_promised(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = give_stock(shop.project, A_17=5, B_2=5)
    before_the_lock(monkeypatch, lambda: take(shop, ids["A-17"], -4))
    run = put(shop, incoming(line("A-17", 2)), incoming(line("B-2", 2)))
    assert run.created == 2
    assert [(row.sku, row.reserved, row.waiting) for row in OrderLine.objects.order_by("sku")] == [
        ("A-17", 1, 1),
        ("B-2", 2, 0),
    ]
    assert set(Order.objects.values_list("tab", flat=True)) == {Tab.PARTIAL, Tab.IN_STOCK}
    assert (RemoteOrder.objects.count(), Customer.objects.count()) == (2, 2)
    assert broken() == {}


def test_goods_that_came_meanwhile_let_a_complete_order_in(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stay failed: whoever received them has looked for failed orders already."""
    ids = give_stock(shop.project, A_17=1)
    before_the_lock(monkeypatch, lambda: take(shop, ids["A-17"], 4))
    assert put(shop, incoming(line("A-17", 3), status="completed")).created == 1
    assert StockLevel.objects.get().on_hand == 2
    assert broken() == {}


def test_what_makes_no_difference_is_written_as_it_is(shop: Integration) -> None:
    ids = give_stock(shop.project, A_17=50)
    with transaction.atomic():
        one = ahead(shop, incoming(line("A-17", 2)))
        beside(lambda: take(shop, ids["A-17"], -10))
        assert one.settle()
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (40, 2)


def test_control_without_the_second_look_too_many_are_promised(
    shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = give_stock(shop.project, A_17=5)
    monkeypatch.setattr(new_orders.Seen, "is_as", lambda one, other: True)
    with pytest.raises(IntegrityError), transaction.atomic():
        one = ahead(shop, incoming(line("A-17", 5)))
        beside(lambda: take(shop, ids["A-17"], -4))
        one.settle()


def test_a_warehouse_is_chosen_by_the_rules_of_the_moment(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stock(shop.project, A_17=5)
    with transaction.atomic():
        one = ahead(shop, incoming(line("A-17")))
        rules = routing_rules.of(shop.project_id)
        elsewhere = type(rules)(rules.routes, 7, (7,), rules.first)
        monkeypatch.setattr(routing_rules, "among", lambda project_id, here: elsewhere)
        assert not one.settle()
        transaction.set_rollback(True)


def test_a_buyer_who_came_meanwhile_is_one_customer(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stock(shop.project, A_17=5)
    other = ready(IntegrationFactory.create(project=shop.project))
    email = "eva@mail.example"
    before_the_lock(monkeypatch, lambda: put(other, incoming(line("A-17"), email=email)))
    put(shop, incoming(line("A-17"), email=email.upper()))
    assert Customer.objects.get().orders.count() == 2
    assert broken() == {}


@pytest.mark.parametrize("early", [True, False], ids=["before the lock", "under the lock"])
def test_a_buyer_who_is_being_deleted_gets_no_more_orders(shop: Integration, early: bool) -> None:
    """The deletion has looked for their orders already, and does not see the one that is being written."""
    give_stock(shop.project, A_17=5)
    email = "eva@mail.example"
    put(shop, incoming(line("A-17"), email=email))
    buyer, deleted = Customer.objects.get(), threading.Event()

    def deleting() -> None:
        with transaction.atomic():
            ending.delete(shop.project_id, buyer.pk, timezone.now())
            deleted.set()
            assert until(somebody_waits_for_a_lock)

    orders = [incoming(line("A-17" if early else "NEW-1"), email=email)]  # a new product is made under the lock
    assert at_once(deleting, lambda: (deleted.wait(20), put(shop, *orders))) == []
    assert Order.objects.filter(customer=buyer).count() == 0
    assert Order.objects.latest("pk").customer == Customer.objects.get(email=email)
    assert broken() == {}


def test_products_that_are_yet_to_be_made_are_made_under_the_lock(shop: Integration) -> None:
    source = Source(shop.project_id, shop.pk, None, shop.project.zone, timezone.now())
    assert Ahead.write(source, [Intake(incoming(line("NEW-1")), VALID, None)]) is None
    assert put(shop, incoming(line("NEW-1"))).created == 1
    assert OrderLine.objects.get().waiting == 1


def test_what_cannot_be_completed_is_told(shop: Integration) -> None:
    give_stock(shop.project, A_17=5)
    with transaction.atomic():
        one = ahead(shop, incoming(line("A-17", 9)), incoming(line("A-17", 2)), plan=COMPLETE)
        assert one.settle()
    short, whole = one.outcomes
    assert isinstance(short, Obstacle) and short.code == "insufficient_stock"
    assert isinstance(whole, Taken)
    assert StockLevel.objects.get().on_hand == 3
    assert broken() == {}


def test_shops_of_a_project_and_runs_of_a_shop_meet(shop: Integration) -> None:
    """Scarce goods, the same buyers, and each order seen by two runs at once: in once, and nothing promised twice."""
    give_stock(shop.project, A_17=30, B_2=30)
    shops = [shop, *(ready(IntegrationFactory.create(project=shop.project)) for _ in range(2))]
    jobs = []
    for each in shops:
        orders = [incoming(line(("A-17", "B-2")[number % 2]), email=f"b{number}@mail.example") for number in range(40)]
        for kind in (RunKind.LOAD, RunKind.RETRY):
            jobs.append(lambda each=each, orders=orders, kind=kind: twice(each, orders, kind))
    assert at_once(*jobs) == []
    assert Order.objects.count() == RemoteOrder.objects.count() == 120
    assert Customer.objects.count() == 40
    assert sorted(StockLevel.objects.values_list("on_hand", "reserved")) == [(30, 30), (30, 30)]
    assert broken() == {}


def twice(shop: Integration, orders: list[IncomingOrder], kind: RunKind) -> None:
    held = claims.claim(control.request(kind, shop).pk)
    assert held is not None
    for start in range(0, len(orders), 10):
        pages.write(held, import_page(shop, [seen(order) for order in orders[start : start + 10]], {"page": start}))


def test_little_is_done_under_the_lock(shop: Integration) -> None:
    """The rows of orders, lines and remote orders are there before it is asked for."""
    give_stock(shop.project, A_17=5)
    with CaptureQueriesContext(connection) as queries:
        put(shop, incoming(line("A-17")))
    said = [query["sql"] for query in queries]
    locked = next(place for place, each in enumerate(said) if "pg_advisory_xact_lock(7001" in each)
    written = next(place for place, each in enumerate(said) if "nextval" in each and "orders_orderline" in each)
    assert written < locked


def test_what_is_in_an_orders_way_is_judged_under_the_lock(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds the product meanwhile has looked for the orders that failed for it before this one is there."""
    Integration.objects.filter(pk=shop.pk).update(unknown_products=UnknownProducts.FAIL)
    shop.refresh_from_db()
    judge, todo = judgement.judge_page, [lambda: give_stock(shop.project, NEW_1=3)]

    def judged(*args: Any, **more: Any) -> Any:
        found = judge(*args, **more)
        while todo:
            beside(todo.pop())
        return found

    monkeypatch.setattr(orders_page, "judge_page", judged)
    assert put(shop, incoming(line("NEW-1"))).created == 1
    assert OrderLine.objects.get().reserved == 1
