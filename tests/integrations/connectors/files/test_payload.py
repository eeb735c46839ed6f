"""Orders out of files: their document is read as every shop's is, and nobody is asked for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations import client, jobs
from integrations.choices import FeedKind, RemoteState, RunKind, RunState
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.files import CONNECTOR
from integrations.connectors.http import Operation
from integrations.finding.asking_shops import ask_shops
from integrations.importing import fetch_missing, load, retry
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.importing.synchronize import SyncRefused, look
from integrations.models import Integration, OrderHint, RemoteOrder
from integrations.runs import control
from integrations.runs.control import RunRefused
from integrations.shops.connection import set_up
from orders.models import Order
from tests.factories import IntegrationFactory, give_stock

SHOP = Shop("sftp://files.example", {}, settings={"currency": "EUR"})
DOCUMENT: dict[str, Any] = {
    "number": "0001001",
    "placed_at": "2026-09-01T10:15:00+02:00",
    "email": "zofie@mail.example",
    "shipping": {"name": "Žofie Nováková", "line_1": "Příčná 1892/4", "city": "Praha 1", "postal_code": "110 00"},
    "shipping_method": "Standard",
    "lines": [
        {"sku": "MUG-1", "name": 'Hrnek "Říp"', "quantity": "2", "price": "10.00"},
        {"sku": "000123", "quantity": "1", "price": "1.50"},
    ],
}


def written(**values: Any) -> bytes:
    return json.dumps({**DOCUMENT, **values}).encode()


def test_an_order_is_read_with_its_zeros() -> None:
    order = CONNECTOR.parse(written(), SHOP)
    assert (order.external_id, order.number, order.status) == ("0001001", "0001001", "new")
    assert [(line.sku, line.quantity, line.total, line.stocked) for line in order.lines] == [
        ("MUG-1", 2, Decimal("20.00"), True),
        ("000123", 1, Decimal("1.50"), True),
    ]
    assert (order.total, order.residual, order.currency) == (Decimal("21.50"), Decimal(0), "EUR")
    assert (order.shipping.first_name, order.shipping.last_name) == ("Žofie", "Nováková")
    assert order.modified_at == order.placed_at


def test_a_total_that_differs_is_kept_and_named() -> None:
    order = CONNECTOR.parse(written(total="20.00", shipping_total="3.00"), SHOP)
    assert (order.total, order.shipping_total, order.residual) == (Decimal("20.00"), Decimal("3.00"), Decimal("-4.50"))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"number": ""}, "no_id"),
        ({"placed_at": "yesterday"}, "bad_date"),
        ({"placed_at": "1999-01-01T00:00:00Z"}, "date_out_of_range"),
        ({"lines": []}, "no_lines"),
        ({"lines": [{"sku": "A", "quantity": "1.5"}]}, "fractional_quantity"),
        ({"lines": [{"sku": "A", "quantity": "1", "price": "1,50"}]}, "bad_amount"),
        ({"lines": [{"sku": "A", "quantity": "2000000000", "price": "9000000000"}]}, "bad_amount"),
        ({"total": "-1"}, "negative_total"),
        ({"currency": "XXX"}, "unknown_currency"),
        ({"lines": "many"}, "wrong_type"),
    ],
)
def test_what_is_no_order_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        CONNECTOR.parse(written(**values), SHOP)
    assert caught.value.code == code


def test_refused_ones_are_known_by_their_number() -> None:
    assert CONNECTOR.identify(written(lines=[]), SHOP).external_id == "0001001"
    assert CONNECTOR.identify(b'{"number": "7", "lines": [', SHOP).external_id == "7"


@pytest.fixture
def warehouse(db: None) -> Integration:
    made = IntegrationFactory.create(platform="files", base_url="sftp://files.example", unknown_products="fail")
    set_up(made)
    return made


def taken_in(warehouse: Integration, *documents: bytes) -> None:
    run = control.request(RunKind.RETRY, warehouse)
    page = import_page(warehouse, read_page(CONNECTOR, warehouse.reader(), documents), None)
    assert page.write is not None and page.after is not None
    page.write(run.pk)
    page.after()
    run.delete()


def test_it_has_only_feeds_that_ask_nobody(warehouse: Integration) -> None:
    """And those of its files, which somebody switches on."""
    on = warehouse.feeds.filter(enabled=True).values_list("kind", flat=True)
    off = warehouse.feeds.filter(enabled=False).values_list("kind", flat=True)
    assert set(on) == {FeedKind.RETRY}
    assert set(off) == {FeedKind.STOCK_FILES, FeedKind.SHIPMENT_FILES, FeedKind.ORDER_FILES, FeedKind.ORDERS_OUT}


def test_failed_orders_are_retried_from_their_documents(warehouse: Integration) -> None:
    taken_in(warehouse, written())
    failed = RemoteOrder.objects.get()
    assert (failed.state, failed.reason_code) == (RemoteState.FAILED, "unknown_sku")
    give_stock(warehouse.project, **{"MUG_1": 5, "000123": 1})
    retry.retry_now(RemoteOrder.objects.all())
    run = warehouse.runs.get(kind=RunKind.RETRY)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created) == (RunState.SUCCEEDED, 1)
    assert Order.objects.get().tab == "in_stock"
    assert not OrderHint.objects.exists()  # nobody would read them


def test_nobody_is_asked(warehouse: Integration) -> None:
    asks: list[Callable[[], object]] = [
        lambda: load.request_load(warehouse),
        lambda: fetch_missing.request_order(warehouse, "1"),
        lambda: fetch_missing.request_hours(warehouse, 1),
    ]
    for ask in asks:
        with pytest.raises(RunRefused, match="come in files"):
            ask()
    assert ask_shops([warehouse], "0001001") == []
    give_stock(warehouse.project, **{"MUG_1": 5, "000123": 1})
    taken_in(warehouse, written())
    with pytest.raises(SyncRefused, match="comes in files"):
        look(Order.objects.get())


def test_its_operations_say_so() -> None:
    operations: list[Operation[Any]] = [
        CONNECTOR.check(SHOP),
        CONNECTOR.orders.by_ids(SHOP, ("1",)),
        CONNECTOR.code_lists(SHOP),
    ]
    for operation in operations:
        with pytest.raises(ShopError) as caught:
            client.drive(operation)
        assert caught.value.kind == Failure.REFUSED
