"""Two people put the same cause right at the same moment, while a retry is at work: nothing doubles, nothing hangs."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from integrations.choices import RunKind
from integrations.invariants import broken
from integrations.models import Fix, Integration, RemoteOrder, Run
from integrations.review import fixes
from integrations.review.causes import Cause
from integrations.shops.mapping_settings import MappingRefused
from orders.intake.receipts import BookedMeanwhile
from orders.models import Order
from stock import catalogue, ledger
from stock.models import Product, StockLevel
from tests.admin.broken_shop import BrokenShop, work
from tests.factories import ProjectFactory, give_stock
from tests.orders.intake.test_races import at_once
from tests.waiting import GENEROUS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> BrokenShop:
    shop = BrokenShop(ProjectFactory.create(), monkeypatch)
    for _ in range(30):
        shop.sell("A")
    shop.load()
    return shop


def cause_of(shop: BrokenShop) -> Cause:
    return Cause(shop.integration.pk, "unknown_sku", "A")


def look_together(monkeypatch: pytest.MonkeyPatch, patience: float = GENEROUS) -> None:
    """Both look whether the product is there before either goes on - where nothing makes one of them wait.

    `patience` is how long one waits for the other: briefly where a lock is to keep the other away.
    """
    find, gate, looked = catalogue.find, threading.Barrier(2), set[int]()

    def found(project_id: int, skus: list[str]) -> dict[str, int]:
        ids = find(project_id, skus)
        if threading.get_ident() not in looked:  # later looks meet nobody
            looked.add(threading.get_ident())
            with contextlib.suppress(threading.BrokenBarrierError):
                gate.wait(timeout=patience)
        return ids

    monkeypatch.setattr(catalogue, "find", found)


def add(shop: BrokenShop) -> None:
    fixes.add_product(shop.integration, cause_of(shop), "Tea", 5, None)


def test_two_people_add_the_same_product_once(shop: BrokenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        look_together(patch, patience=1)
        assert at_once(lambda: add(shop), lambda: add(shop)) == []
    assert (Product.objects.count(), StockLevel.objects.get().on_hand) == (1, 5)
    assert Run.objects.filter(kind=RunKind.RETRY).count() == 1
    work()
    assert Order.objects.count() == 30
    assert broken() == {}


def test_control_without_the_lock_the_units_are_booked_twice(shop: BrokenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        look_together(patch)
        patch.setattr(ledger, "lock_project", lambda project_id: None)
        at_once(lambda: add(shop), lambda: add(shop))
    assert StockLevel.objects.get().on_hand == 10


def test_of_two_people_who_map_it_differently_one_is_told(shop: BrokenShop) -> None:
    give_stock(shop.integration.project, TEA=1, COFFEE=1)
    refused: list[Any] = []

    def map_to(sku: str) -> None:
        try:
            fixes.map_sku(shop.integration, cause_of(shop), sku, None)
        except MappingRefused as refusal:
            refused.append(str(refusal))

    assert at_once(lambda: map_to("TEA"), lambda: map_to("COFFEE")) == []
    stands_for = shop.integration.sku_mappings.get().sku
    assert refused == [f"A stands for {stands_for} already: remove that mapping first."]


def test_of_two_people_who_receive_the_same_delivery_one_is_told(shop: BrokenShop) -> None:
    give_stock(shop.integration.project, A=0)
    cause, refused = Cause(shop.integration.pk, "insufficient_stock", "A"), []

    def receive() -> None:
        try:
            fixes.receive(shop.integration, cause, 5, "Delivery", seen=0, user_id=None)
        except BookedMeanwhile as refusal:
            refused.append(refusal)

    assert at_once(receive, receive) == []
    assert (StockLevel.objects.get(product__sku="A").on_hand, len(refused)) == (5, 1)


def test_fixes_and_a_retry_at_work_do_not_block_each_other(shop: BrokenShop) -> None:
    """Round after round: one person fixes, another retries, a worker is at it."""
    for _ in range(5):
        again = [
            lambda: add(shop),
            lambda: fixes.look_again(shop.integration, cause_of(shop), "Again.", None),
            work,
            work,
        ]
        assert at_once(*again) == []
    work()
    assert Order.objects.count() == RemoteOrder.objects.count() == 30
    assert StockLevel.objects.get().on_hand == 5
    assert Fix.objects.count() == 10
    assert Integration.objects.get(pk=shop.integration.pk).remote_orders.filter(state="failed").count() == 0
    assert broken() == {}
