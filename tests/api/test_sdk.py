"""The published Voucherify SDK, unchanged, against a running server of ours: every call of its orders API."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.access import api_keys
from integrations.models import Project
from orders.models import Order
from tests.api.conftest import work_off
from tests.factories import ProjectFactory, give_stock
from tests.orders.segments.book import automatic, settle

voucherify: Any = None
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module", autouse=True)
def imported_sdk() -> None:
    """Not at the head of the file: it takes seconds, and every process that runs tests collects this file."""
    global voucherify
    voucherify = pytest.importorskip("voucherify", reason="the SDK is a development dependency")


@pytest.fixture
def sdk(live_server: LiveServer) -> Iterator[Any]:
    project = ProjectFactory.create()
    give_stock(project, MUG=10)
    made = api_keys.make(project.pk, "SDK")
    configuration = voucherify.Configuration(
        host=live_server.url,
        api_key={"X-App-Id": made.key.app_id, "X-App-Token": made.token},
    )
    with warnings.catch_warnings(), voucherify.ApiClient(configuration) as client:
        warnings.simplefilter("ignore", DeprecationWarning)  # of the SDK's own models
        yield client


def order(**values: Any) -> Any:
    body: dict[str, Any] = {
        "source_id": "web-1",
        "status": "PAID",
        "items": [{"source_id": "MUG", "quantity": 2, "price": 1_000, "amount": 2_000}],
        "customer": {"source_id": "jana", "name": "Jana", "email": "jana@mail.example"},
        "metadata": {"channel": "app"},
    }
    return body | values


def test_create_get_update_list(sdk: Any) -> None:
    orders = voucherify.OrdersApi(sdk)
    created = orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(order()))
    assert (created.source_id, created.status, created.total_amount) == ("web-1", "PAID", 2_000)
    assert created.id.startswith("ord_")
    assert created.customer_id.startswith("cust_")
    assert created.items[0].sku_id.startswith("sku_")

    for key in (created.id, "web-1"):
        read = orders.get_order(key)
        assert (read.id, read.items[0].quantity, read.metadata) == (created.id, 2, {"channel": "app"})
        assert read.created_at == created.created_at

    change = voucherify.OrdersUpdateRequestBody.from_dict({"status": "FULFILLED"})
    updated = orders.update_order(created.id, change)
    assert (updated.id, updated.status, updated.items[0].amount) == (created.id, "FULFILLED", 2_000)

    again = orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(order(status="CANCELED")))
    assert (again.id, again.status) == (created.id, "CANCELED")

    listed = orders.list_orders(limit=5, page=1, order="-created_at")
    assert (listed.total, [each.id for each in listed.orders]) == (1, [created.id])


def test_import_and_its_async_action(sdk: Any) -> None:
    orders, actions = voucherify.OrdersApi(sdk), voucherify.AsyncActionsApi(sdk)
    body = voucherify.OrdersImportCreateRequestBodyItem
    rows = [order(source_id=f"old-{number}") for number in range(3)] + [order(id="ord_1", source_id="bad")]
    answer = orders.import_orders([body.from_dict(row) for row in rows])
    waiting = actions.get_async_action(answer.async_action_id)
    assert (waiting.status, waiting.type, waiting.progress) == ("IN_PROGRESS", "ORDERS.IMPORT", 0)
    work_off()
    done = actions.get_async_action(answer.async_action_id)
    assert (done.status, done.operation_status, done.progress) == ("DONE", "SUCCESS", 100)
    assert done.result["message"] == "3 order(s) imported successfully, 1 failed."
    assert done.result["failed"][0]["reason"] == "Cannot find order with id ord_1"
    assert Order.objects.count() == 3

    listed = actions.list_async_actions(limit=10, end_date=datetime.now(UTC) + timedelta(minutes=1))
    assert [each.id for each in listed.async_actions] == [answer.async_action_id]
    assert listed.has_more is False
    assert actions.list_async_actions(end_date=done.created_at).async_actions == []


def test_export_and_its_file(sdk: Any) -> None:
    orders, exports = voucherify.OrdersApi(sdk), voucherify.ExportsApi(sdk)
    orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(order()))
    parameters = {
        "parameters": {
            "order": "-created_at",
            "fields": ["source_id", "total_amount", "metadata"],
            "filters": {"status": {"conditions": {"$is": ["PAID"]}}},
        }
    }
    asked = orders.create_order_export(voucherify.OrdersExportCreateRequestBody.from_dict(parameters))
    assert (asked.status, asked.exported_object) == ("SCHEDULED", "order")
    work_off()
    done = exports.get_export(asked.id)
    assert done.status == "DONE"
    token = done.result.url.partition("token=")[2]
    text = exports.download_export(asked.id, token=token)
    assert list(csv.reader(io.StringIO(text)))[1] == ["web-1", "2000", "app"]
    assert exports.delete_export(asked.id) is None
    with pytest.raises(voucherify.exceptions.NotFoundException):
        exports.get_export(asked.id)


def test_exports_of_other_rows(sdk: Any) -> None:
    orders, exports = voucherify.OrdersApi(sdk), voucherify.ExportsApi(sdk)
    orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(order()))
    wish = {"exported_object": "customer", "parameters": {"fields": ["source_id", "orders_total_amount"]}}
    asked = exports.create_export(voucherify.ExportsCreateRequestBody.from_dict(wish))
    assert (asked.status, asked.exported_object, asked.result) == ("SCHEDULED", "customer", None)
    # Nothing but the kind: what the SDK leaves out is not echoed as null or "".
    least = exports.create_export(voucherify.ExportsCreateRequestBody.from_dict({"exported_object": "order"}))
    work_off()
    listed = exports.list_exports(limit=10, page=1, order="created_at")
    assert (listed.total, [each.id for each in listed.exports]) == (2, [asked.id, least.id])
    assert [each.status for each in listed.exports] == ["DONE", "DONE"]
    token = exports.get_export(asked.id).result.url.partition("token=")[2]
    text = exports.download_export(asked.id, token=token)
    assert list(csv.reader(io.StringIO(text))) == [["source_id", "orders_total_amount"], ["jana", "0"]]


def test_bulk_calls_and_their_async_actions(sdk: Any) -> None:
    customers, products = voucherify.CustomersApi(sdk), voucherify.ProductsApi(sdk)
    actions = voucherify.AsyncActionsApi(sdk)
    people = voucherify.CustomersUpdateInBulkRequestBody
    goods = voucherify.ProductsUpdateInBulkRequestBody
    asked = [
        customers.update_customers_in_bulk([people.from_dict({"source_id": "jana", "name": "Jana"})]),
        customers.update_customers_metadata_in_bulk(
            voucherify.CustomersMetadataUpdateInBulkRequestBody.from_dict(
                {"source_ids": ["jana", "ivo"], "metadata": {"tier": "gold"}}
            )
        ),
        products.update_products_in_bulk([goods.from_dict({"source_id": "TEA", "name": "Assam", "price": 900})]),
        products.update_products_metadata_in_bulk(
            voucherify.ProductsMetadataUpdateInBulkRequestBody.from_dict(
                {"source_ids": ["TEA"], "metadata": {"origin": "IN"}}
            )
        ),
    ]
    work_off()
    done = [actions.get_async_action(each.async_action_id) for each in asked]
    assert [(each.type, each.status, each.result["done_count"]) for each in done] == [
        ("CUSTOMERS.BULK_UPDATE", "DONE", 1), ("CUSTOMERS.METADATA_UPDATE", "DONE", 2),
        ("PRODUCTS.BULK_UPDATE", "DONE", 1), ("PRODUCTS.METADATA_UPDATE", "DONE", 1),
    ]  # fmt: skip
    assert len(actions.list_async_actions(limit=10).async_actions) == 4


def test_segments_made_read_and_deleted(sdk: Any) -> None:
    segments = voucherify.SegmentsApi(sdk)
    wish = {
        "name": "Gold",
        "type": "auto-update",
        "filter": {"junction": "and", "metadata.tier": {"conditions": {"$is": ["gold"]}}},
    }
    made = segments.create_segment(voucherify.SegmentsCreateRequestBody.from_dict(wish))
    assert (made.name, made.type, made.id[:4]) == ("Gold", "auto-update", "seg_")
    read = segments.get_segment(made.id)
    assert (read.id, read.name, read.created_at) == (made.id, "Gold", made.created_at)
    assert segments.delete_segment(made.id) is None
    with pytest.raises(voucherify.exceptions.NotFoundException):
        segments.get_segment(made.id)


def test_errors_are_the_exceptions_of_the_sdk(sdk: Any) -> None:
    orders = voucherify.OrdersApi(sdk)
    with pytest.raises(voucherify.exceptions.NotFoundException) as missing:
        orders.get_order("nobody")
    assert '"message":"Resource not found"' in missing.value.body
    with pytest.raises(voucherify.exceptions.BadRequestException) as bad:
        orders.create_order(voucherify.OrdersCreateRequestBody.from_dict({"source_id": "empty"}))
    assert "empty is new: send an amount or items" in bad.value.body
    sdk.configuration.api_key["X-App-Token"] = "wrong"
    with pytest.raises(voucherify.exceptions.UnauthorizedException):
        orders.list_orders()


def test_customers_are_written_listed_to_the_end_and_deleted(sdk: Any) -> None:
    customers = voucherify.CustomersApi(sdk)
    body = voucherify.CustomersCreateRequestBody.from_dict(
        {"source_id": "a b", "name": "Ana", "address": {"city": "Lund", "line_1": None}, "phone": None}
    )
    created = customers.create_customer(body)
    assert (created.source_id, created.name, created.address.city) == ("a b", "Ana", "Lund")
    change = voucherify.CustomersUpdateRequestBody(name=None, metadata={"tier": None})
    changed = customers.update_customer("a b", change)
    assert (changed.id, changed.name, changed.metadata) == (created.id, None, {"tier": None})
    for number in range(3):
        customers.create_customer(voucherify.CustomersCreateRequestBody(source_id=f"c-{number}"))
    found, moment = [], datetime(1970, 1, 1, tzinfo=UTC)
    for _ in range(10):
        page = customers.list_customers(limit=1, order="created_at", starting_after=moment)
        found += [each.source_id for each in page.customers]
        if len(found) == page.total:
            break
        moment = page.customers[-1].created_at
    assert found == ["a b", "c-0", "c-1", "c-2"]
    assert customers.list_customers(city="lund", order="-updated_at").total == 1
    done = customers.customer_permanently_deletion("a b")
    assert (done.related_object_id, done.status, done.data_json.customer) == (created.id, "DONE", 1)
    customers.delete_customer("c-0")
    assert customers.list_customers().total == 2
    for key in ("a b", "c-0"):
        with pytest.raises(voucherify.exceptions.NotFoundException):
            customers.get_customer(key)


def test_a_customer_with_summary_and_segments(sdk: Any) -> None:
    orders, customers = voucherify.OrdersApi(sdk), voucherify.CustomersApi(sdk)
    created = orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(order()))
    project = Project.objects.get()
    segment = automatic(project, ("total_count", "at_least", 1), name="Buyers")
    settle(project)
    for key in (created.customer_id, "jana"):
        read = customers.get_customer(key)
        assert (read.id, read.source_id, read.email) == (created.customer_id, "jana", "jana@mail.example")
        assert (read.summary.orders.total_amount, read.summary.orders.total_count) == (2_000, 1)
        assert read.summary.orders.last_order_date == created.created_at
        assert read.loyalty.points == 0
    listed = customers.list_customer_segments("jana")
    assert [(each.name, each.id[:4]) for each in listed.data] == [(segment.name, "seg_")]
    with pytest.raises(voucherify.exceptions.NotFoundException):
        customers.get_customer("nobody")


def test_products_and_their_skus(sdk: Any) -> None:
    products = voucherify.ProductsApi(sdk)
    body = {"source_id": "TEA-ASSAM", "name": "Assam", "price": 900, "attributes": ["weight"]}
    created = products.create_product(voucherify.ProductsCreateRequestBody.from_dict(body))
    assert (created.source_id, created.price, created.attributes) == ("TEA-ASSAM", 900, ["weight"])
    # Not by from_dict, which sets what is missing to None: that is sent as null, and null empties a field.
    change = voucherify.ProductsUpdateRequestBody(price=950, metadata={"bio": True})
    for key in (created.id, "TEA-ASSAM"):
        updated = products.update_product(key, change)
        assert (updated.id, updated.name, updated.price) == (created.id, "Assam", 950)

    wish = {"source_id": "ASSAM-250", "sku": "Assam 250 g", "price": 850, "attributes": {"weight": "250"}}
    sku = products.create_sku("TEA-ASSAM", voucherify.ProductsSkusCreateRequestBody.from_dict(wish))
    assert (sku.product_id, sku.sku, sku.price) == (created.id, "Assam 250 g", 850)
    assert products.get_sku("ASSAM-250").id == sku.id
    emptied = products.update_sku("TEA-ASSAM", "ASSAM-250", voucherify.ProductsSkusUpdateRequestBody(price=None))
    assert (emptied.id, emptied.price) == (sku.id, None)
    listed = products.list_skus_in_product("TEA-ASSAM", limit=5, order="-created_at")
    assert (listed.total, [each.id for each in listed.skus]) == (1, [sku.id])
    read = products.get_product("TEA-ASSAM")
    assert (read.metadata, [each.id for each in read.skus.data]) == ({"bio": True}, [sku.id])
    everything = products.list_products(limit=5, page=1, order="-updated_at")
    assert everything.total == 2  # the mugs of a shop as well
    assert everything.products[0].id == created.id

    assert products.delete_sku("TEA-ASSAM", "ASSAM-250") is None
    assert products.delete_product("TEA-ASSAM", force=True) is None
    with pytest.raises(voucherify.exceptions.NotFoundException):
        products.get_product("TEA-ASSAM")
