"""Two people, or one who clicks twice, at the same order at the same time: one effect, no deadlock, nothing torn.

Each guard has a control with the guard off.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db.models import QuerySet

from integrations.invariants import broken
from integrations.models import Project
from orders.intake.allocation import change_stock
from orders.models import Invoice, Order, Shipment
from orders.work import attachments, changing, crediting, editing, invoicing, lifecycle, notes, shipping
from orders.work.changing import ChangeRefused
from stock import ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import StockLevel
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_races import at_once
from tests.orders.work.desk import order_of

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
ROUNDS = 5
STEPS = ["ship", "cancel", "reopen", "edit", "hold", "release", "invoice", "stock", "back"]


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def outcomes(*jobs: Callable[[], object]) -> int:
    """Run the jobs together; how many were not refused."""
    done: list[int] = []
    lock = threading.Lock()

    def tried(job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with suppress(ChangeRefused):
                job()
                with lock:
                    done.append(1)

        return run

    assert at_once(*map(tried, jobs)) == []
    return len(done)


def test_of_two_people_with_the_same_page_one_is_first(project: Project) -> None:
    give_stock(project, A_17=ROUNDS)
    for _ in range(ROUNDS):
        order = order_of(project, line("A-17"))
        steps: list[Callable[[], object]] = [
            lambda pk=order.pk: lifecycle.hold(pk, seen=0),  # type: ignore[misc]
            lambda pk=order.pk: lifecycle.cancel(pk, seen=0),  # type: ignore[misc]
            lambda pk=order.pk: shipping.ship(pk, seen=0),  # type: ignore[misc]
            lambda pk=order.pk: invoicing.issue(pk, seen=0),  # type: ignore[misc]
            lambda pk=order.pk: editing.edit_note(pk, "x", seen=0),  # type: ignore[misc]
        ]
        assert outcomes(*steps) == 1
        assert Order.objects.get(pk=order.pk).version == 1
    assert broken() == {}


def test_without_a_page_each_service_still_does_it_once(project: Project) -> None:
    give_stock(project, A_17=3)
    order = order_of(project, line("A-17", 3, price="10"))
    assert outcomes(*[lambda: invoicing.issue(order.pk)] * THREADS) == 1
    invoice = order.invoices.get()
    assert outcomes(*[lambda: crediting.credit_amount(invoice.pk, Decimal(7), reason="")] * THREADS) == 4
    assert outcomes(*[lambda: shipping.ship(order.pk, {order.lines.get().pk: 1})] * THREADS) == 3
    assert outcomes(*[lambda: shipping.take_shipment_back(Shipment.objects.order_by("pk")[0].pk)] * THREADS) == 1
    assert outcomes(*[lambda: notes.add_note(order.pk, "x", seen=0, author_id=None)] * THREADS) == 1
    assert outcomes(*[lambda: attachments.attach(order.pk, "x", b"x", author_id=None)] * THREADS) == 1
    assert broken() == {}


def unguarded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "lock_project", lambda project_id: None)
    patch.setattr(changing, "ORDERS", changing.ORDERS.replace(" FOR UPDATE", ""))
    patch.setattr(QuerySet, "select_for_update", lambda rows, **_named: rows.all())


def test_control_without_the_locks_it_is_done_twice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    order = order_of(project, line("A-17", 3))
    gate = threading.Barrier(THREADS)
    write = changing._write

    def meet(changes: Sequence[changing.Opened], marked: Collection[int]) -> None:
        with suppress(threading.BrokenBarrierError):
            gate.wait(1)
        write(changes, marked)

    with monkeypatch.context() as off:
        unguarded(off)
        off.setattr(changing, "_write", meet)
        at_once(*[lambda: lifecycle.hold(order.pk, seen=0)] * THREADS)
    assert order.events.filter(kind="held").count() > 1


def test_all_kinds_of_work_at_once_neither_tear_nor_deadlock(project: Project) -> None:
    skus = ["A-1", "A-2", "A-3"]
    ids = give_stock(project, **{sku.replace("-", "_"): 20 for sku in skus})
    orders = [order_of(project, *(line(sku, 2) for sku in skus)).pk for _ in range(12)]

    def worker(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def work() -> None:
            for _ in range(12):
                pk = chance.choice(orders)
                row = Order.objects.get(pk=pk)
                lines = list(row.lines.all())
                step = chance.choice(
                    ["ship", "cancel", "reopen", "edit", "hold", "release", "invoice", "stock", "back"]
                )
                with suppress(ChangeRefused, ledger.StockError):
                    if step == "ship":
                        shipping.ship(pk)
                    elif step == "edit":
                        editing.edit_items(pk, cancel={lines[0].pk: 1}, skus={lines[1].pk: chance.choice(skus)})
                    elif step == "invoice":
                        invoice = invoicing.issue(pk)
                        crediting.credit_lines(invoice.pk, {0: 1}, return_stock=True, reason="")
                    elif step == "stock":
                        amount = chance.choice([-3, 5])
                        change = Change(ids[chance.choice(skus)], amount, MovementReason.ADJUSTMENT, "race")
                        change_stock(project.pk, [change])
                    elif step == "back":
                        for shipment in row.shipments.filter(cancelled_at=None):
                            shipping.take_shipment_back(shipment.pk)
                    else:
                        getattr(lifecycle, step)(pk)

        return work

    assert at_once(*(worker(seed) for seed in range(THREADS))) == []
    assert Shipment.objects.exists() and Invoice.objects.exists()
    assert StockLevel.objects.filter(reserved__lt=0).count() == 0
    assert broken() == {}
