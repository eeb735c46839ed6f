"""Orders that failed for goods are tried again once a stock file brings them."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.choices import RemoteState, RunKind
from integrations.importing import retry
from integrations.models import Integration, RemoteOrder
from integrations.review import waking
from integrations.simulator.file_server import SimulatedFileServer
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from tests.admin.conftest import remote
from tests.factories import give_stock
from tests.integrations.warehouses.conftest import put, set_feed, work

KIND = RunKind.STOCK_FILES


@pytest.fixture(autouse=True)
def feed(warehouse: Integration) -> None:
    set_feed(warehouse, KIND, {"sku": "sku", "quantity": "quantity"}, folder="out", pattern="stock*.csv")


def short(warehouse: Integration, number: str, sku: str) -> RemoteOrder:
    """An order that failed because it wants units of a product that there are not."""
    return remote(
        warehouse, number, RemoteState.FAILED, reason_code=waking.SHORT, subject=sku, attempts=1, action="valid"
    )


@pytest.mark.usefixtures("commits")
def test_orders_that_failed_for_goods_are_tried_again_once_they_are_there(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for a portion of the file, and none of those that were short of what went or stayed."""
    give_stock(warehouse.project, A_17=3, B_2=5, C_3=4)
    rows = [short(warehouse, str(number), sku) for number, sku in enumerate(["A-17", "A-17", "B-2", "C-3", "D-4"])]
    asked: list[set[int]] = []
    monkeypatch.setattr(retry, "start", lambda ids, user_id=None: asked.append(set(ids)))
    put(server, "stock_1.csv", "sku,quantity\nA-17,8\nB-2,5\nC-3,0\n")
    work(warehouse, KIND)
    due = set(RemoteOrder.objects.filter(next_attempt_at__isnull=False, retry=True).values_list("pk", flat=True))
    assert due == {rows[0].pk, rows[1].pk}
    assert asked == [{warehouse.pk}]
    put(server, "stock_2.csv", "sku,quantity\nA-17,7\n")
    work(warehouse, KIND)
    assert len(asked) == 1


def test_what_wakes_them_takes_two_statements_however_many_rows(
    warehouse: Integration, django_assert_num_queries: Any
) -> None:
    give_stock(warehouse.project, **{f"S_{number}": 1 for number in range(30)})
    changes = [Change(pk, 1, MovementReason.ADJUSTMENT) for pk in Product.objects.values_list("pk", flat=True)]
    for number in range(30):
        short(warehouse, str(number), f"S-{number}")
    with django_assert_num_queries(2):
        waking.wake_for(warehouse.project_id, changes)
    with django_assert_num_queries(0):
        waking.wake_for(warehouse.project_id, [Change(changes[0].product_id, -1, MovementReason.ADJUSTMENT)])
