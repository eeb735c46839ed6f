"""Stock arrives: waiting orders are served oldest first and change tab by themselves."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, Tab
from orders.intake.allocation import change_stock
from orders.intake.plans import HOLD, VALID
from orders.models import Order
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import StockLevel, StockMovement
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import levels, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def receive(project: Project, product_id: int, units: int, reason: MovementReason = MovementReason.RECEIPT) -> object:
    return change_stock(project.pk, [Change(product_id, units, reason, "Delivery 7")])


def tabs() -> list[str]:
    return list(Order.objects.order_by("placed_at").values_list("tab", flat=True))


def test_waiting_orders_are_served_oldest_first(project: Project) -> None:
    ids = give_stock(project, A_17=1)
    first, second, third = (incoming(line("A-17", 2)) for _ in range(3))
    take(project, (first, VALID), (second, VALID), (third, VALID))
    assert tabs() == [Tab.PARTIAL, Tab.BACKORDER, Tab.BACKORDER]
    served = change_stock(project.pk, [Change(ids["A-17"], 2, MovementReason.RECEIPT, "Delivery 7")])
    assert tabs() == [Tab.IN_STOCK, Tab.PARTIAL, Tab.BACKORDER]
    assert (served.units, served.orders, served.moved) == (2, 2, {"in_stock": 1, "partial": 1})
    receive(project, ids["A-17"], 10)
    assert tabs() == [Tab.IN_STOCK] * 3
    assert levels(project) == {"A-17": (13, 6)}
    oldest = Order.objects.get(number=first.number)
    assert oldest.events.filter(kind=EventKind.STOCK_SERVED).count() == 1
    assert broken() == {}


def test_an_order_on_hold_is_served_and_stays_on_hold(project: Project) -> None:
    ids = give_stock(project, A_17=0)
    take(project, (incoming(line("A-17", 2)), HOLD))
    receive(project, ids["A-17"], 5)
    assert tabs() == [Tab.ON_HOLD]
    assert levels(project) == {"A-17": (5, 2)}


def test_an_order_needs_all_its_products_to_be_in_stock(project: Project) -> None:
    ids = give_stock(project, A_17=0, B_2=0)
    take(project, (incoming(line("A-17"), line("B-2")), VALID))
    receive(project, ids["A-17"], 1)
    assert tabs() == [Tab.PARTIAL]
    receive(project, ids["B-2"], 1)
    assert tabs() == [Tab.IN_STOCK]


def test_reserved_units_cannot_be_taken_away(project: Project) -> None:
    ids = give_stock(project, A_17=5)
    take(project, (incoming(line("A-17", 4)), VALID))
    with pytest.raises(StockError, match=r"Only 1 unit is free \(5 on hand, 4 reserved\)"):
        receive(project, ids["A-17"], -2, MovementReason.ADJUSTMENT)
    assert levels(project) == {"A-17": (5, 4)}
    assert StockMovement.objects.count() == 1


def test_more_lines_than_one_batch_are_served(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.intake.allocation.SERVE_AT_ONCE", 3)
    ids = give_stock(project, A_17=0)
    moment = timezone.now()
    take(project, *[(incoming(line("A-17"), placed_at=moment), VALID) for _ in range(8)])
    receive(project, ids["A-17"], 7)
    assert sorted(tabs()) == ["backorder", *["in_stock"] * 7]
    assert StockLevel.objects.get().reserved == 7
