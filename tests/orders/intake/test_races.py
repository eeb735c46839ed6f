"""Many at once on the same few products: nothing oversold, no deadlock, no gap in the numbers.

Each guard has a control with the guard off.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from config.kit.sql import execute
from integrations.invariants import broken
from integrations.models import Project
from orders.choices import DocumentType
from orders.documents import numbering
from orders.intake.allocation import change_stock
from orders.intake.drafts import Intake, Source
from orders.intake.incoming import IncomingOrder
from orders.intake.new_orders import take_in
from orders.intake.plans import COMPLETE, VALID, Plan
from orders.models import NumberSeries, Order
from stock import ledger
from stock.availability import Level, Shelves
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import StockLevel
from tests.factories import ProjectFactory, give_stock, incoming, line

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
SKUS = [f"P-{number}" for number in range(8)]


def at_once(*jobs: Callable[[], Any]) -> list[DatabaseError]:
    """Run every job in a thread of its own, started together; the database errors they met."""
    errors: list[DatabaseError] = []
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> None:
        try:
            gate.wait()
            job()
        except DatabaseError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def take(project: Project, orders: list[IncomingOrder], plan: Plan) -> None:
    source = Source(project.pk, None, None, project.zone, timezone.now())
    with transaction.atomic():
        take_in(source, [Intake(order, plan, None) for order in orders])


def basket(seed: int) -> list[IncomingOrder]:
    """Ten orders of four of the eight products, in random order."""
    chance = random.Random(seed)
    return [incoming(*(line(sku, 1) for sku in chance.sample(SKUS, 4))) for _ in range(10)]


def buyers(project: Project, plan: Plan = VALID) -> list[Callable[[], None]]:
    def buyer(seed: int) -> Callable[[], None]:
        baskets = [basket(seed * 100 + number) for number in range(5)]

        def buy() -> None:
            for orders in baskets:
                take(project, orders, plan)

        return buy

    return [buyer(seed) for seed in range(THREADS)]


def test_hot_products_are_neither_oversold_nor_deadlocked(project: Project) -> None:
    ids = give_stock(project, **{sku.replace("-", "_"): 30 for sku in SKUS})

    def supplier() -> None:
        for sku in SKUS:
            change_stock(project.pk, [Change(ids[sku], 5, MovementReason.RECEIPT, "race")])

    assert at_once(*buyers(project), supplier) == []
    assert Order.objects.count() == THREADS * 50
    assert {(level.on_hand, level.reserved) for level in StockLevel.objects.all()} == {(35, 35)}
    assert broken() == {}


@contextmanager
def unlocked(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stock read without any lock, as a plain SELECT would."""

    def read(project_id: int, wanted: Any, first_id: int = 0) -> Shelves:
        [(place, product_ids)] = wanted.items()
        rows = execute(
            "SELECT product_id, id, on_hand, reserved FROM stock_stocklevel WHERE product_id = ANY(%s)",
            [list(product_ids)],
        )
        return {place: {row[0]: Level(row[1], row[2], row[3]) for row in rows}}

    with patch.context() as off:
        off.setattr(ledger, "lock_project", lambda project_id: None)
        off.setattr(ledger, "lock_levels", read)
        yield


def test_control_without_the_locks_units_are_promised_twice_or_writers_fail(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stock(project, **{sku.replace("-", "_"): 30 for sku in SKUS})
    with unlocked(monkeypatch):
        errors = at_once(*buyers(project))
    assert errors, "the CHECK or a deadlock stops what the locks would have ordered"


def test_the_last_unit_is_shipped_once(project: Project) -> None:
    give_stock(project, A_17=1)
    orders = [incoming(line("A-17")) for _ in range(THREADS)]
    assert at_once(*[lambda order=order: take(project, [order], COMPLETE) for order in orders]) == []
    assert Order.objects.count() == 1
    assert StockLevel.objects.get().on_hand == 0
    assert broken() == {}


def test_numbers_stay_gapless_under_contention_and_rollbacks(project: Project) -> None:
    def give(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def work() -> None:
            for _ in range(10):
                with transaction.atomic():
                    numbers = numbering.take_range(project.pk, DocumentType.INVOICE, 2026, 2)
                    given.extend(numbers)
                    if chance.random() < 0.3:
                        for number in numbers:
                            given.remove(number)
                        transaction.set_rollback(True)

        return work

    given: list[int] = []
    assert at_once(*[give(seed) for seed in range(THREADS)]) == []
    assert sorted(given) == list(range(1, len(given) + 1))
    assert NumberSeries.objects.get().last == len(given)


def test_control_numbers_from_a_sequence_have_gaps(project: Project) -> None:
    execute("CREATE SEQUENCE numbers_of_the_control")
    kept = []
    for turn in range(10):
        with transaction.atomic():
            number = execute("SELECT nextval('numbers_of_the_control')")[0][0]
            if turn % 3 == 1:
                transaction.set_rollback(True)
            else:
                kept.append(number)
    execute("DROP SEQUENCE numbers_of_the_control")
    assert kept != list(range(1, len(kept) + 1))


def test_two_pages_with_the_same_new_customer_and_product_make_one_of_each(project: Project) -> None:
    pages = [[incoming(line("NEW-1"), email="jana@mail.example")] for _ in range(THREADS)]
    assert at_once(*[lambda page=page: take(project, page, VALID) for page in pages]) == []
    assert project.customers.count() == 1
    assert project.products.count() == 1
