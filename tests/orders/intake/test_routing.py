"""From which warehouse new orders are served: rules one by one, by what is in stock, and for a page at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.kit.sql import execute
from integrations.invariants import broken
from integrations.models import Project
from orders.choices import Tab
from orders.intake import routing_rules
from orders.intake.allocation import change_stock
from orders.intake.choosing import Route, facts_of
from orders.intake.closing import close
from orders.intake.incoming import IncomingAddress, IncomingOrder
from orders.intake.plans import COMPLETE, VALID
from orders.intake.routing_rules import RoutingRefused, RoutingWish
from orders.models import Order, OrderEvent, RoutingRule
from stock import ledger, warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Reservation, StockLevel, Warehouse
from stock.warehouses import WarehouseRefused
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import take
from tests.orders.intake.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


@pytest.fixture
def brno(project: Project) -> Warehouse:
    return warehouses.add(project.pk, "Brno")


def rule(project: Project, *wishes: RoutingWish) -> None:
    routing_rules.save(project.pk, wishes, routing_rules.saved(project.pk)[1])


def served(project: Project, *orders: IncomingOrder) -> list[int | None]:
    take(project, *[(order, VALID) for order in orders])
    by_number = dict(Order.objects.values_list("number", "warehouse_id"))
    return [by_number[order.number] for order in orders]


def to(country: str = "CZ", postcode: str = "602 00", **more: Any) -> IncomingOrder:
    address = IncomingAddress(first_name="Jana", country=country, postal_code=postcode)
    return incoming(line("A-17"), **({"shipping": address} | more))


ORDER = to(shipping_code="dhl_express", shipping_title="DHL [Express]", total=Decimal(100))
MATCHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"integration_id": 7}, True),
    ({"integration_id": 8}, False),
    ({"countries": ("SK", "CZ")}, True),
    ({"countries": ("SK",)}, False),
    ({"postcodes": ("61", "6020")}, True),
    ({"postcodes": ("61",)}, False),
    ({"shipping": "dhl*"}, True),
    ({"shipping": "DHL [express]"}, True),
    ({"shipping": "DHL"}, False),
    ({"shipping": "dhl?express"}, False),
    ({"shipping": "DHL [E]xpress"}, False),
    ({"currency": "EUR"}, True),
    ({"currency": "CZK"}, False),
    ({"total_from": Decimal(100), "total_to": Decimal(100)}, True),
    ({"total_from": Decimal("100.01")}, False),
    ({"total_to": Decimal("99.99")}, False),
    ({"sku_prefix": "a-"}, True),
    ({"sku_prefix": "17"}, False),
    ({"countries": ("CZ",), "currency": "CZK"}, False),
]


@pytest.mark.parametrize(("conditions", "expected"), MATCHES)
def test_a_rule_holds_when_all_its_conditions_do(conditions: dict[str, Any], expected: bool) -> None:
    assert Route(**conditions).matches(facts_of(ORDER, 7)) == expected


def test_without_a_shipping_address_the_billing_address_says_where_it_goes() -> None:
    assert facts_of(incoming(line()), None).country == "CZ"


def test_the_first_rule_that_matches_decides_and_the_default_takes_the_rest(project: Project, brno: Warehouse) -> None:
    plzen = warehouses.add(project.pk, "Plzeň")
    rule(project, RoutingWish(brno.pk, countries="SK"), RoutingWish(plzen.pk, countries="SK, PL"))
    assert served(project, to("SK"), to("PL"), to("CZ")) == [brno.pk, plzen.pk, None]
    warehouses.make_default(brno)
    assert served(project, to("CZ")) == [brno.pk]
    assert broken() == {}


def test_a_rule_of_a_shop_is_for_its_orders_alone(project: Project, brno: Warehouse) -> None:
    shop = IntegrationFactory.create(project=project)
    rule(project, RoutingWish(brno.pk, integration_id=shop.pk))
    assert served(project, to()) == [None]


def test_reservations_and_goods_are_taken_where_the_order_is_served(project: Project, brno: Warehouse) -> None:
    ids = give_stock(project, A_17=9)
    change_stock(project.pk, [Change(ids["A-17"], 3, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    rule(project, RoutingWish(brno.pk, countries="SK"))
    served(project, to("SK"), to("CZ"))
    take(project, (to("SK"), COMPLETE))
    found = StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand", "reserved")
    assert list(found) == [("Main warehouse", 9, 1), ("Brno", 2, 1)]
    assert broken() == {}


def test_an_order_waits_where_it_is_sent_though_another_warehouse_has_the_goods(
    project: Project, brno: Warehouse
) -> None:
    give_stock(project, A_17=9)
    rule(project, RoutingWish(brno.pk))
    assert served(project, to()) == [brno.pk]
    assert Order.objects.get().tab == Tab.BACKORDER
    assert broken() == {}


def test_the_first_by_priority_that_has_everything_is_chosen(project: Project, brno: Warehouse) -> None:
    """Order by order: what one takes, the next one does not find any more."""
    ids = give_stock(project, A_17=2, B_2=5)
    for sku, units in (("A-17", 1), ("B-2", 1)):
        change_stock(project.pk, [Change(ids[sku], units, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    warehouses.change(brno, "Brno", 0)
    plzen = warehouses.add(project.pk, "Plzeň")
    rule(project, RoutingWish(None), RoutingWish(plzen.pk, countries="SK"))
    both = [incoming(line("A-17"), line("B-2")) for _ in range(2)]
    assert served(project, *both) == [brno.pk, None]
    short = incoming(line("A-17", 3), shipping=IncomingAddress(country="SK"))
    nothing = incoming(line("", stocked=False))
    assert served(project, short, nothing) == [plzen.pk, None], "where none has it, the next rules decide"
    assert broken() == {}


def test_rules_are_refused_with_a_sentence(project: Project, brno: Warehouse) -> None:
    _, seen = routing_rules.saved(project.pk)
    rule(project, RoutingWish(brno.pk, total_from=Decimal(5)))
    with pytest.raises(RoutingRefused, match="changed since"):
        routing_rules.save(project.pk, [], seen)
    with pytest.raises(WarehouseRefused, match="A routing rule sends orders to Brno"):
        close(brno)
    rule(project)
    close(brno)
    other = warehouses.add(ProjectFactory.create().pk, "Elsewhere")
    for warehouse in (brno, other):
        with pytest.raises(RoutingRefused, match="Rule 1: its warehouse is switched off"):
            rule(project, RoutingWish(warehouse.pk))
    with pytest.raises(RoutingRefused, match="at most 50"):
        rule(project, *[RoutingWish(None)] * 51)
    assert not RoutingRule.objects.exists()


def test_a_try_says_where_existing_orders_would_go_and_writes_nothing(project: Project, brno: Warehouse) -> None:
    ids = give_stock(project, A_17=1)
    served(project, to("SK"), to("SK"), to("CZ"))
    change_stock(project.pk, [Change(ids["A-17"], 1, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    here = warehouses.of(project.pk)
    with CaptureQueriesContext(connection) as asked:
        tried = routing_rules.try_on(project.pk, here, [RoutingWish(brno.pk, countries="SK")])
    assert all(query["sql"].startswith("SELECT") and "FOR UPDATE" not in query["sql"] for query in asked)
    assert (tried.orders, tried.cut, tried.now, tried.then, tried.elsewhere) == (
        3,
        False,
        {None: 3},
        {brno.pk: 2, None: 1},
        2,
    )
    tried = routing_rules.try_on(project.pk, here, [RoutingWish(None)])
    assert tried.then == {brno.pk: 1, None: 2}, "one unit is free in Brno, and the first order takes it"


def statements(project: Project, orders: int) -> int:
    page = [(to("SK" if number % 2 else "CZ"), VALID) for number in range(orders)]
    with CaptureQueriesContext(connection) as asked:
        take(project, *page)
    return len(asked)


def test_rules_cost_a_fixed_number_of_statements_a_page(project: Project) -> None:
    ids = give_stock(project, A_17=500)
    before = statements(project, 3)
    assert statements(project, 40) == before
    brno = warehouses.add(project.pk, "Brno")
    change_stock(project.pk, [Change(ids["A-17"], 500, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    rule(project, RoutingWish(brno.pk, countries="SK"), RoutingWish(None))
    assert statements(project, 40) == statements(project, 3) == before + 1


@pytest.mark.django_db(transaction=True)
def test_rules_changed_while_a_page_is_on_its_way_lose_and_double_nothing(project: Project, brno: Warehouse) -> None:
    """Each order, its reservation and its history agree about where it is served from, whichever rules it met."""
    ids = give_stock(project, A_17=200)
    change_stock(project.pk, [Change(ids["A-17"], 200, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    pages = [[to("SK") for _ in range(5)] for _ in range(20)]

    def buyer(mine: list[list[IncomingOrder]]) -> Callable[[], None]:
        def buy() -> None:
            for page in mine:
                take(project, *[(order, VALID) for order in page])

        return buy

    def admin() -> None:
        for number in range(20):
            rule(project, *([RoutingWish(brno.pk)] if number % 2 else [RoutingWish(None), RoutingWish(brno.pk)]))

    assert at_once(buyer(pages[:10]), buyer(pages[10:]), admin) == []
    assert (Order.objects.count(), Reservation.objects.count()) == (100, 100)
    assert OrderEvent.objects.count() == 100
    for page in pages:
        there = Order.objects.filter(number__in=[order.number for order in page]).values_list("warehouse_id", flat=True)
        assert len(set(there)) == 1, "one reading of the rules for a page"
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_a_warehouse_is_not_switched_off_under_a_page_that_goes_there(project: Project, brno: Warehouse) -> None:
    """The control beside it: without the project's lock the page comes to a warehouse that is off."""
    assert _switched_off_under_a_page(project, brno) is False


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_a_page_comes_to_a_warehouse_that_is_off(
    project: Project, brno: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as off:
        off.setattr(ledger, "lock_project", lambda project_id: None)
        off.setattr(warehouses, "_lock", lambda project_id: None)
        assert _switched_off_under_a_page(project, brno) is True


def _switched_off_under_a_page(project: Project, brno: Warehouse) -> bool:
    """Whether a warehouse ends switched off with an open order: somebody switches it off while a page is written."""
    give_stock(project, A_17=1)
    rule(project, RoutingWish(brno.pk))
    written, refused = threading.Event(), []

    def page() -> None:
        with transaction.atomic():
            take(project, (to(), VALID))
            written.set()
            execute("SELECT pg_sleep(0.3)")

    def admin() -> None:
        written.wait(10)
        rule(project)
        try:
            close(brno)
        except WarehouseRefused as refusal:
            refused.append(refusal)

    assert at_once(page, admin) == []
    off = not Warehouse.objects.get(pk=brno.pk).active
    return off and Order.objects.filter(warehouse=brno).exclude(tab="").exists()
