"""Hold, release, cancel, reopen: what each does, and that no other step is possible from anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, OrderStatus, Tab
from orders.intake.plans import CANCEL, COMPLETE, HOLD, VALID, Plan
from orders.models import Order
from orders.work import invoicing, lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_new_orders import levels
from tests.orders.work.desk import order_of, standing, told, units

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_a_held_order_keeps_its_stock_and_goes_back_to_its_tab(project: Project) -> None:
    give_stock(project, A_17=2)
    order = order_of(project, line("A-17", 3))
    lifecycle.hold(order.pk, reason="Address unclear")
    assert standing(order) == (OrderStatus.ON_HOLD, Tab.ON_HOLD)
    assert units(order) == [("A-17", 2, 1, 0, 0, 0)]
    lifecycle.release(order.pk)
    assert standing(order) == (OrderStatus.PROCESSING, Tab.PARTIAL)
    assert told(order) == ["Put on hold: Address unclear", "Released from hold."]
    event = order.events.get(kind=EventKind.HELD)
    assert event.changes == [{"field": "status", "old": "processing", "new": "on_hold"}]
    assert broken() == {}


def test_a_cancelled_order_gives_its_stock_to_the_one_that_waits(project: Project) -> None:
    give_stock(project, A_17=3)
    first, second = order_of(project, line("A-17", 3), line("", stocked=False)), order_of(project, line("A-17", 2))
    lifecycle.cancel(first.pk)
    assert standing(first) == (OrderStatus.CANCELLED, Tab.NONE)
    assert units(first) == [("A-17", 0, 0, 0, 3, 0), ("", 0, 0, 0, 1, 0)]
    assert standing(second) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    assert levels(project) == {"A-17": (3, 2)}
    assert broken() == {}


def test_a_reopened_order_queues_by_its_age_and_takes_nothing_away(project: Project) -> None:
    give_stock(project, A_17=3)
    first, second = order_of(project, line("A-17", 3)), order_of(project, line("A-17", 2))
    lifecycle.cancel(first.pk)
    lifecycle.reopen(first.pk)
    assert standing(first) == (OrderStatus.PROCESSING, Tab.PARTIAL)
    assert units(first) == [("A-17", 1, 2, 0, 0, 0)]
    assert units(second) == [("A-17", 2, 0, 0, 0, 0)]
    assert broken() == {}


def test_an_order_partly_shipped_is_not_cancelled_as_a_whole(project: Project) -> None:
    give_stock(project, A_17=1)
    order = order_of(project, line("A-17", 3))
    shipping.ship(order.pk)
    with pytest.raises(ChangeRefused, match="Some of it is shipped already"):
        lifecycle.cancel(order.pk)
    assert units(order) == [("A-17", 0, 2, 1, 0, 0)]


STEPS: dict[str, Callable[[Order], object]] = {
    "hold": lambda order: lifecycle.hold(order.pk),
    "release": lambda order: lifecycle.release(order.pk),
    "cancel": lambda order: lifecycle.cancel(order.pk),
    "reopen": lambda order: lifecycle.reopen(order.pk),
    "ship": lambda order: shipping.ship(order.pk),
    "invoice": lambda order: invoicing.issue(order.pk),
}
# Every step that is possible; all others are refused and write nothing.
AFTER: dict[tuple[Plan, str], OrderStatus] = {
    (VALID, "hold"): OrderStatus.ON_HOLD,
    (VALID, "cancel"): OrderStatus.CANCELLED,
    (VALID, "ship"): OrderStatus.COMPLETE,
    (VALID, "invoice"): OrderStatus.PROCESSING,
    (HOLD, "release"): OrderStatus.PROCESSING,
    (HOLD, "cancel"): OrderStatus.CANCELLED,
    (HOLD, "invoice"): OrderStatus.ON_HOLD,
    (CANCEL, "reopen"): OrderStatus.PROCESSING,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("plan", [VALID, HOLD, CANCEL, COMPLETE], ids=lambda plan: plan.action)
def test_only_legal_steps_are_taken(project: Project, plan: Plan, step: str) -> None:
    give_stock(project, A_17=5)
    order = order_of(project, line("A-17", 2), plan=plan)
    before = (standing(order), units(order), order.version, order.events.count(), levels(project))
    expected = AFTER.get((plan, step))
    if expected is None:
        with pytest.raises(ChangeRefused):
            STEPS[step](order)
        assert (standing(order), units(order), order.version, order.events.count(), levels(project)) == before
    else:
        STEPS[step](order)
        assert standing(order)[0] == expected
        assert order.version == 1
    assert broken() == {}


@pytest.mark.parametrize("step", ["hold", "cancel"])
def test_a_second_click_does_nothing(project: Project, step: str) -> None:
    order = order_of(project, line("A-17", 2))
    act = getattr(lifecycle, step)
    act(order.pk, seen=0)
    with pytest.raises(ChangedMeanwhile, match="changed since you opened this page"):
        act(order.pk, seen=0)
    assert order.events.count() == 2
