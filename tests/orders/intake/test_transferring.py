"""Goods go to another warehouse as a pair, never those that orders hold, and serve who waits there."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from config.kit.sql import execute
from integrations.invariants import broken
from integrations.models import Project
from orders.choices import Tab
from orders.intake import receipts, transferring
from orders.intake.allocation import change_stock
from orders.intake.plans import VALID
from orders.intake.receipts import BookedMeanwhile
from orders.intake.transferring import transfer
from orders.work import rerouting
from stock import ledger, warehouses
from stock.availability import Level, Shelves
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import Product, StockLevel, StockMovement, StockTransfer, Warehouse
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import take
from tests.orders.intake.test_races import at_once
from tests.orders.work.desk import order_of, standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


@pytest.fixture
def brno(project: Project) -> Warehouse:
    return warehouses.add(project.pk, "Brno")


@pytest.fixture
def product(project: Project) -> Product:
    give_stock(project, A_17=5)
    return Product.objects.get()


def send(product: Product, source: int | None, target: int | None, units: int, note: str = "") -> None:
    transfer(product, source, target, units, note, seen=receipts.last_booking(product.pk), actor_id=None)


def levels() -> list[tuple[str, int, int]]:
    return list(StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand", "reserved"))


def test_a_transfer_is_two_movements_and_a_row_that_names_both(product: Product, brno: Warehouse) -> None:
    send(product, None, brno.pk, 2, "Van 3")
    assert levels() == [("Main warehouse", 3, 0), ("Brno", 2, 0)]
    row = StockTransfer.objects.get()
    found = StockMovement.objects.filter(reference=row.pk).order_by("pk").values_list("quantity", "reason", "note")
    assert list(found) == [(-2, "transfer_out", "To Brno: Van 3"), (2, "transfer_in", "From Main warehouse: Van 3")]
    assert broken() == {}


def test_what_orders_hold_stays_and_nothing_is_written(product: Product, brno: Warehouse) -> None:
    order_of(product.project, line("A-17", 4))
    with pytest.raises(StockError, match=r"Only 1 unit is free"):
        send(product, None, brno.pk, 2)
    assert levels() == [("Main warehouse", 5, 4)]
    assert not StockTransfer.objects.exists()
    assert broken() == {}


def test_it_serves_the_orders_that_wait_there(product: Product, brno: Warehouse) -> None:
    order = order_of(product.project, line("A-17", 2))
    rerouting.serve_from(order.pk, brno.pk)
    assert standing(order)[1] == Tab.BACKORDER
    send(product, None, brno.pk, 3)
    assert standing(order)[1] == Tab.IN_STOCK
    assert levels() == [("Main warehouse", 2, 0), ("Brno", 3, 2)]
    assert broken() == {}


def test_it_is_taken_back_once_and_only_what_is_free(product: Product, brno: Warehouse) -> None:
    send(product, None, brno.pk, 3, "Van 3")
    sent = StockTransfer.objects.get()
    order = order_of(product.project, line("A-17", 1))
    rerouting.serve_from(order.pk, brno.pk)
    with pytest.raises(StockError, match=r"Only 2 units are free"):
        transferring.take_back(sent.pk, actor_id=None)
    rerouting.serve_from(order.pk, warehouses.first_of(product.project_id))
    transferring.take_back(sent.pk, actor_id=None)
    assert levels() == [("Main warehouse", 5, 1), ("Brno", 0, 0)]
    with pytest.raises(StockError, match="taken back already"):
        transferring.take_back(sent.pk, actor_id=None)
    with pytest.raises(StockError, match="took another one back"):
        transferring.take_back(sent.taken_back_by.pk, actor_id=None)
    assert broken() == {}


def test_a_second_click_and_places_that_are_none_are_refused(product: Product, brno: Warehouse) -> None:
    other = warehouses.add(ProjectFactory.create().pk, "Elsewhere")
    for target in (None, other.pk):
        with pytest.raises(StockError, match="two different warehouses"):
            send(product, None, target, 1)
    with pytest.raises(StockError, match="one unit or more"):
        send(product, None, brno.pk, -1)
    seen = receipts.last_booking(product.pk)
    transfer(product, None, brno.pk, 1, "", seen=seen, actor_id=None)
    with pytest.raises(BookedMeanwhile):
        transfer(product, None, brno.pk, 1, "", seen=seen, actor_id=None)
    assert levels() == [("Main warehouse", 4, 0), ("Brno", 1, 0)]


ROUNDS, UNITS = 8, 40
SKUS = ["P-0", "P-1", "P-2"]


def jobs(project: Project, brno: Warehouse) -> list[Callable[[], None]]:
    """Two pages after pages of orders, receipts in both warehouses, and transfers to and fro."""
    ids = give_stock(project, **{sku.replace("-", "_"): UNITS for sku in SKUS})
    for product_id in ids.values():
        change_stock(project.pk, [Change(product_id, UNITS, MovementReason.RECEIPT, "race", place=brno.pk)])
    products = list(Product.objects.filter(project=project))

    def buyer(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)
        pages = [[incoming(*(line(sku, 2) for sku in chance.sample(SKUS, 2))) for _ in range(5)] for _ in range(ROUNDS)]

        def buy() -> None:
            for page in pages:
                take(project, *[(order, VALID) for order in page])

        return buy

    def supplier() -> None:
        for number in range(ROUNDS):
            place = brno.pk if number % 2 else None
            change_stock(
                project.pk, [Change(each.pk, 1, MovementReason.RECEIPT, "race", place=place) for each in products]
            )

    def driver(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def drive() -> None:
            for _ in range(ROUNDS * 2):
                source, target = chance.sample([None, brno.pk], 2)
                with suppress(StockError, BookedMeanwhile):
                    send(chance.choice(products), source, target, chance.randint(1, 9))

        return drive

    return [buyer(1), buyer(2), supplier, supplier, driver(3), driver(4)]


@pytest.mark.django_db(transaction=True)
def test_transfers_receipts_and_pages_at_once_lose_nothing(project: Project, brno: Warehouse) -> None:
    assert at_once(*jobs(project, brno)) == []
    units = sum(level.on_hand for level in StockLevel.objects.all())
    assert units == len(SKUS) * (2 * UNITS + 2 * ROUNDS)
    assert StockTransfer.objects.exists()
    assert broken() == {}


@contextmanager
def unlocked(patch: pytest.MonkeyPatch, first: int) -> Iterator[None]:
    """Levels read without any lock, and looked at for a moment, as a plain SELECT would allow."""
    gate = threading.Event()

    def read(project_id: int, wanted: Any, first_id: int = 0) -> Shelves:
        rows = execute("SELECT warehouse_id, product_id, id, on_hand, reserved FROM stock_stocklevel")
        gate.wait(0.01)
        shelves: Shelves = {place: {} for place in wanted}
        for warehouse_id, product_id, *level in rows:
            place = None if warehouse_id == first else warehouse_id
            if place in shelves:
                shelves[place][product_id] = Level(*level)
        return shelves

    with patch.context() as off:
        off.setattr(ledger, "lock_project", lambda project_id: None)
        off.setattr(ledger, "lock_levels", read)
        yield


@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_units_are_promised_twice_or_writers_fail(
    project: Project, brno: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = jobs(project, brno)
    with unlocked(monkeypatch, warehouses.first_of(project.pk)):
        errors = at_once(*work)
    assert errors, "the CHECK or a deadlock stops what the locks would have ordered"
