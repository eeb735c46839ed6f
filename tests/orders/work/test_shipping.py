"""Shipping: what leaves, what stays, when an order is complete, and how a shipment is taken back."""

from __future__ import annotations

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import OrderStatus, Tab
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.intake.allocation import change_stock
from orders.intake.incoming import IncomingAddress
from orders.intake.plans import COMPLETE, HISTORY, VALID, Plan
from orders.models import Shipment
from orders.work import lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import StockMovement
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_new_orders import levels
from tests.orders.work.desk import order_of, standing, told, units
from tests.reading_pdf import pages_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_an_order_is_complete_when_all_of_it_left_and_not_before(project: Project) -> None:
    ids = give_stock(project, A_17=2, B_2=5)
    order = order_of(project, line("A-17", 3), line("B-2", 1), shipping_title="DHL")
    first = shipping.ship(order.pk, carrier="PPL", tracking_number="T1")
    assert standing(order) == (OrderStatus.PROCESSING, Tab.BACKORDER)
    assert units(order) == [("A-17", 0, 1, 2, 0, 0), ("B-2", 0, 0, 1, 0, 0)]
    assert (first.carrier, first.tracking_number, first.historical) == ("PPL", "T1", False)
    moved = StockMovement.objects.filter(reason="shipment").order_by("id").values_list("quantity", "note", "reference")
    parts = list(first.lines.order_by("id").values_list("pk", flat=True))
    note = f"Order {order.number}"
    assert list(moved) == [(-2, note, parts[0]), (-1, note, parts[1])]
    change_stock(project.pk, [Change(ids["A-17"], 1, MovementReason.RECEIPT, "Delivery 7")])
    second = shipping.ship(order.pk)
    assert standing(order) == (OrderStatus.COMPLETE, Tab.NONE)
    assert second.carrier == "DHL"
    assert levels(project) == {"A-17": (0, 0), "B-2": (4, 0)}
    assert told(order)[0] == f"Shipment {first.code}: 2 × A-17, 1 × B-2"
    assert broken() == {}


def test_some_units_are_shipped_and_the_shipment_keeps_address_and_names(project: Project) -> None:
    give_stock(project, A_17=5)
    to = IncomingAddress(first_name="Petr", city="Brno")
    order = order_of(project, line("A-17", 4, name="Tea"), shipping=to)
    shipment = shipping.ship(order.pk, {order.lines.get().pk: 3})
    assert units(order) == [("A-17", 1, 0, 3, 0, 0)]
    assert standing(order) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert shipment.address == {"first_name": "Petr", "city": "Brno"}
    assert list(shipment.lines.values_list("sku", "name", "quantity")) == [("A-17", "Tea", 3)]


@pytest.mark.parametrize(
    ("wanted", "sentence"), [(3, "Only 2 × A-17 can be shipped"), (-1, "Only 2 × A-17"), (0, "Enter what is shipped")]
)
def test_more_than_is_reserved_cannot_leave(project: Project, wanted: int, sentence: str) -> None:
    give_stock(project, A_17=2)
    order = order_of(project, line("A-17", 3))
    with pytest.raises(ChangeRefused, match=sentence):
        shipping.ship(order.pk, {order.lines.get().pk: wanted})
    assert not Shipment.objects.exists()
    assert units(order) == [("A-17", 2, 1, 0, 0, 0)]


def test_lines_of_another_order_are_refused(project: Project) -> None:
    give_stock(project, A_17=5)
    order, other = order_of(project, line("A-17")), order_of(project, line("A-17"))
    with pytest.raises(ChangeRefused, match="not part of the order"):
        shipping.ship(order.pk, {other.lines.get().pk: 1})


def test_services_go_along_with_goods_and_never_alone_before_them(project: Project) -> None:
    give_stock(project, A_17=1)
    waiting = order_of(project, line("B-2"), line("", name="Gift wrap", stocked=False))
    with pytest.raises(ChangeRefused, match="none of it is in stock"):
        shipping.ship(waiting.pk)
    order = order_of(project, line("A-17"), line("", name="Gift wrap", stocked=False))
    shipping.ship(order.pk)
    assert standing(order)[0] == OrderStatus.COMPLETE
    only = order_of(project, line("", name="Consulting", stocked=False))
    shipping.ship(only.pk)
    assert standing(only)[0] == OrderStatus.COMPLETE
    assert broken() == {}


def test_an_order_on_hold_is_not_shipped(project: Project) -> None:
    give_stock(project, A_17=1)
    order = order_of(project, line("A-17"))
    lifecycle.hold(order.pk)
    with pytest.raises(ChangeRefused, match="on hold; this can be done while it is processing"):
        shipping.ship(order.pk)


def test_a_double_click_ships_once(project: Project) -> None:
    give_stock(project, A_17=5)
    order = order_of(project, line("A-17", 4))
    line_id = order.lines.get().pk
    shipping.ship(order.pk, {line_id: 1}, seen=0)
    with pytest.raises(ChangedMeanwhile):
        shipping.ship(order.pk, {line_id: 1}, seen=0)
    assert levels(project) == {"A-17": (4, 3)}


def test_a_shipment_taken_back_is_on_hand_again_and_serves_who_waits_longest(project: Project) -> None:
    give_stock(project, A_17=2)
    order, later = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 1))
    shipment = shipping.ship(order.pk)
    shipping.take_shipment_back(shipment.pk, reason="Wrong parcel")
    assert standing(order) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert units(order) == [("A-17", 2, 0, 0, 0, 0)]
    assert standing(later)[1] == Tab.BACKORDER
    assert levels(project) == {"A-17": (2, 2)}
    with pytest.raises(ChangeRefused, match="cancelled already"):
        shipping.take_shipment_back(shipment.pk)
    again = shipping.ship(order.pk)
    assert again.number == shipment.number + 1
    assert "This shipment was cancelled." in pages_of(render(contents.of_shipments([shipment.pk])))[0]
    assert "cancelled" not in pages_of(render(contents.of_shipments([again.pk])))[0]
    assert told(order)[1] == f"Shipment {shipment.code} cancelled: Wrong parcel"
    assert broken() == {}


@pytest.mark.parametrize("plan", [COMPLETE, HISTORY], ids=lambda plan: plan.action)
def test_a_shipment_made_at_import_can_be_taken_back_too(project: Project, plan: Plan) -> None:
    give_stock(project, A_17=3)
    order = order_of(project, line("A-17", 2), plan=plan)
    shipping.take_shipment_back(order.shipments.get().pk)
    assert standing(order) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert levels(project) == {"A-17": (3, 2)}
    assert broken() == {}


def test_tracking_is_written_later_and_told(project: Project) -> None:
    give_stock(project, A_17=1)
    order = order_of(project, line("A-17"), plan=VALID)
    shipment = shipping.ship(order.pk)
    shipping.set_tracking(shipment.pk, "GLS", "Z 1")
    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.tracking_number) == ("GLS", "Z 1")
    assert told(order)[-1] == f"Tracking of shipment {shipment.code} changed."
    shipping.set_tracking(shipment.pk, "GLS", "Z 1")
    assert len(told(order)) == 2


BRNO, PRAGUE = (IncomingAddress(first_name="Petr", line_1="Street 1", city=city) for city in ("Brno", "Prague"))


def test_each_address_is_a_shipment_of_its_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stock(project, A_17=5, B_2=5)
    service = line("", 1, name="Wrapping", stocked=False)
    order = order_of(project, line("A-17"), line("B-2", shipping=PRAGUE), service, shipping=BRNO)
    with pytest.raises(ChangeRefused, match=r"go to 2 addresses .*Brno; .*Prague.*one address at a time"):
        shipping.ship(order.pk)
    first, second, along = order.lines.order_by("position")
    with pytest.raises(ChangeRefused, match="2 addresses"):
        shipping.ship(order.pk, {first.pk: 1, second.pk: 1})
    assert not Shipment.objects.exists()
    one = shipping.ship(order.pk, {second.pk: 1, along.pk: 1})
    assert (one.address["city"], standing(order)[0]) == ("Prague", OrderStatus.PROCESSING)
    two = shipping.ship(order.pk)
    assert (two.address["city"], standing(order)[0]) == ("Brno", OrderStatus.COMPLETE)
    assert broken() == {}
    # The control: without the look at the addresses all of it would go to the first.
    monkeypatch.setattr(shipping, "destinations", lambda lines: [])
    other = order_of(project, line("A-17"), line("B-2", shipping=PRAGUE), shipping=BRNO)
    assert shipping.ship(other.pk).address["city"] == "Brno"
    assert standing(other)[0] == OrderStatus.COMPLETE
