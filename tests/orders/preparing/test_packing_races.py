"""Two packers, or one who clicks twice, at the same order at once: each unit counts once, each parcel leaves once.

Each guard has a control with the guard off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db.models import QuerySet

from config.kit.refusals import Refused
from integrations.invariants import broken
from integrations.models import Project
from orders.models import Order, PreparedLine, PreparedOrder, Shipment
from orders.preparing import gathering, leaving, packing
from stock import ledger
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_races import at_once
from tests.orders.work.desk import order_of

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6


@pytest.fixture
def order() -> Order:
    project: Project = ProjectFactory.create()
    give_stock(project, A_17=THREADS, B_2=THREADS)
    return order_of(project, line("A-17", 2), line("B-2", 8))


@pytest.fixture
def row(order: Order) -> PreparedOrder:
    gathering.gather(order.project_id, [order.pk], actor_id=None)
    return PreparedOrder.objects.get()


def together(job: Callable[[], object]) -> int:
    """Run the job in all threads at once; how many were not refused."""
    done: list[int] = []
    lock = threading.Lock()

    def tried() -> None:
        with suppress(Refused):
            job()
            with lock:
                done.append(1)

    assert at_once(*[tried] * THREADS) == []
    return len(done)


def test_no_unit_is_packed_twice(row: PreparedOrder) -> None:
    assert together(lambda: packing.scan(row.pk, "A-17")) == 2
    assert PreparedLine.objects.get(order_line__sku="A-17").packed == 2
    assert together(lambda: packing.scan(row.pk, "B-2", seen=2)) == 1, "one double click, one unit"


def test_a_parcel_leaves_once(row: PreparedOrder) -> None:
    assert together(lambda: leaving.ship_prepared(row.pk, seen=0, actor_id=None)) == 1
    assert Shipment.objects.count() == 1
    assert broken() == {}


def test_an_order_is_in_one_preparation(order: Order) -> None:
    together(lambda: gathering.gather(order.project_id, [order.pk], actor_id=None))
    assert PreparedOrder.objects.count() == 1


def unlocked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(QuerySet, "select_for_update", lambda rows, **_named: rows.all())


def test_control_without_the_lock_scans_get_lost(row: PreparedOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Barrier(THREADS)
    meant = packing._meant

    def meet(*given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            gate.wait(1)
        return meant(*given)

    with monkeypatch.context() as off:
        unlocked(off)
        off.setattr(packing, "_meant", meet)
        assert together(lambda: packing.scan(row.pk, "B-2")) == THREADS
    assert PreparedLine.objects.get(order_line__sku="B-2").packed < THREADS


def test_control_without_the_lock_of_the_project_a_second_gathering_fails(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The constraint is the last net: with an error, where the lock gives a sentence."""
    gate = threading.Barrier(2)
    to_leave = gathering.to_leave

    def meet(*given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            gate.wait(1)
        return to_leave(*given)

    with monkeypatch.context() as off:
        off.setattr(ledger, "lock_project", lambda project_id: None)
        off.setattr(gathering, "to_leave", meet)
        errors = at_once(*[lambda: gathering.gather(order.project_id, [order.pk], actor_id=None)] * 2)
    assert len(errors) == 1
    assert PreparedOrder.objects.count() == 1
