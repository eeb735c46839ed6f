"""An order is served from one warehouse, and from another one once somebody says so."""

from __future__ import annotations

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, OrderStatus, Tab
from orders.intake.allocation import change_stock
from orders.intake.plans import CANCEL, HISTORY, HOLD
from orders.work import crediting, lifecycle, rerouting, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Reservation, StockLevel, Warehouse
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.work.desk import order_of, standing, told, units

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


@pytest.fixture
def brno(project: Project) -> Warehouse:
    return warehouses.add(project.pk, "Brno")


def receive(project: Project, product_id: int, quantity: int, place: int | None = None) -> None:
    change_stock(project.pk, [Change(product_id, quantity, MovementReason.RECEIPT, "Delivery", place=place)])


def stock() -> list[tuple[str, int, int]]:
    return list(StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand", "reserved"))


def test_its_reservations_move_with_it_and_back(project: Project, brno: Warehouse) -> None:
    ids = give_stock(project, A_17=3)
    receive(project, ids["A-17"], 5, brno.pk)
    order = order_of(project, line("A-17", 3))
    rerouting.serve_from(order.pk, brno.pk, seen=0, reason="Closer to the buyer")
    assert stock() == [("Main warehouse", 3, 0), ("Brno", 5, 3)]
    assert standing(order) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert told(order) == ["Warehouse changed from Main warehouse to Brno: Closer to the buyer"]
    event = order.events.get(kind=EventKind.REROUTED)
    assert event.changes == [{"field": "warehouse", "old": "Main warehouse", "new": "Brno"}]
    assert broken() == {}
    rerouting.serve_from(order.pk, warehouses.first_of(project.pk))
    order.refresh_from_db()
    assert order.warehouse_id is None
    assert stock() == [("Main warehouse", 3, 3), ("Brno", 5, 0)]
    assert broken() == {}


def test_where_it_comes_to_older_orders_go_first_and_what_it_leaves_serves_others(
    project: Project, brno: Warehouse
) -> None:
    ids = give_stock(project, A_17=2)
    first, waits = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 2))
    there = order_of(project, line("A-17", 3))
    rerouting.serve_from(there.pk, brno.pk)
    assert standing(waits) == standing(there) == (OrderStatus.PROCESSING, Tab.BACKORDER)
    rerouting.serve_from(first.pk, brno.pk)
    assert units(waits) == [("A-17", 2, 0, 0, 0, 0)]
    receive(project, ids["A-17"], 3, brno.pk)
    assert units(first) == [("A-17", 2, 0, 0, 0, 0)], "placed before the other one that waits there"
    assert units(there) == [("A-17", 1, 2, 0, 0, 0)]
    assert broken() == {}


def test_goods_that_come_to_one_warehouse_serve_nobody_who_waits_in_another(project: Project, brno: Warehouse) -> None:
    ids = give_stock(project, A_17=0)
    here, there = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 2))
    rerouting.serve_from(there.pk, brno.pk)
    receive(project, ids["A-17"], 9, brno.pk)
    assert (standing(here)[1], standing(there)[1]) == (Tab.BACKORDER, Tab.IN_STOCK)
    receive(project, ids["A-17"], 9)
    assert standing(here)[1] == Tab.IN_STOCK
    assert broken() == {}


def test_what_it_ships_and_gets_back_is_of_its_warehouse(project: Project, brno: Warehouse) -> None:
    ids = give_stock(project, A_17=5)
    receive(project, ids["A-17"], 5, brno.pk)
    order = order_of(project, line("A-17", 2))
    rerouting.serve_from(order.pk, brno.pk)
    shipment = shipping.ship(order.pk)
    assert stock() == [("Main warehouse", 5, 0), ("Brno", 3, 0)]
    shipping.take_shipment_back(shipment.pk)
    assert stock() == [("Main warehouse", 5, 0), ("Brno", 5, 2)]
    assert broken() == {}


def test_goods_of_history_come_back_to_a_warehouse_that_never_had_any(project: Project, brno: Warehouse) -> None:
    """No level is there before; the ledger makes it."""
    order = order_of(project, line("A-17", 2), plan=HISTORY)
    StockLevel.objects.all().delete()
    crediting.credit_lines(order.invoices.get().pk, {0: 1}, return_stock=True, reason="")
    assert stock() == [("Main warehouse", 1, 0)]
    assert broken() == {}


def test_a_line_that_gets_another_product_looks_for_it_where_the_order_is(project: Project, brno: Warehouse) -> None:
    from orders.work import editing

    ids = give_stock(project, A_17=5, B_2=0)
    order = order_of(project, line("A-17", 2))
    rerouting.serve_from(order.pk, brno.pk)
    receive(project, ids["B-2"], 4, brno.pk)
    editing.edit_items(order.pk, cancel={}, skus={order.lines.get().pk: "B-2"})
    assert units(order) == [("B-2", 2, 0, 0, 0, 0)]
    assert Reservation.objects.get().level.warehouse == brno
    assert broken() == {}


def test_an_order_on_hold_may_go_elsewhere(project: Project, brno: Warehouse) -> None:
    order = order_of(project, line("A-17"), plan=HOLD)
    rerouting.serve_from(order.pk, brno.pk)
    order.refresh_from_db()
    assert (order.warehouse_id, order.tab) == (brno.pk, Tab.ON_HOLD)


def test_what_is_refused_changes_nothing(project: Project, brno: Warehouse) -> None:
    give_stock(project, A_17=9)
    order, other = order_of(project, line("A-17", 2)), warehouses.add(ProjectFactory.create().pk, "Elsewhere")

    def refused(warehouse_id: int, sentence: str) -> None:
        with pytest.raises(ChangeRefused, match=sentence):
            rerouting.serve_from(order.pk, warehouse_id)
        assert order.events.filter(kind=EventKind.REROUTED).count() == 0

    refused(warehouses.first_of(project.pk), "from Main warehouse already")
    refused(other.pk, "no such warehouse")
    warehouses.switch_off(brno)
    refused(brno.pk, "Brno is switched off")
    warehouses.switch_on(brno)
    shipping.ship(order.pk, {order.lines.get().pk: 1})
    refused(brno.pk, "shipped already")
    order = order_of(project, line("A-17"), plan=CANCEL)
    refused(brno.pk, "The order is cancelled")
    order = order_of(project, line("A-17"))
    lifecycle.hold(order.pk)
    with pytest.raises(ChangedMeanwhile):
        rerouting.serve_from(order.pk, brno.pk, seen=0)
