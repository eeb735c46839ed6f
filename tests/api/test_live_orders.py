"""Live orders as a resource: listed, read, held, released, cancelled and shipped; stock booked."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.kit.public_ids import PublicIds
from integrations.access import api_keys
from integrations.choices import ApiScope
from integrations.models import Integration
from integrations.shops.connection import set_up
from orders.models import Order, Shipment
from orders.work import rerouting
from stock import warehouses
from stock.models import Product, StockMovement
from tests.admin.conftest import imported
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1"
LIST = f"{ROOT}/orders"


@pytest.fixture
def partner() -> Partner:
    return Partner(ProjectFactory.create())


@pytest.fixture
def shop(partner: Partner) -> Integration:
    made = IntegrationFactory.create(project=partner.project, title="Garden shop")
    set_up(made)
    give_stock(partner.project, A_17=5)
    return made


@pytest.fixture
def order(shop: Integration) -> Order:
    [made] = imported(shop, [incoming(line("A-17", 2), line("B-2", 3), number="N-1", email="jana@mail.example")])
    return made


def give(partner: Partner, kind: str, pk: int) -> str:
    return PublicIds(bytes(partner.project.id_key)).give(kind, pk)


def address(partner: Partner, order: Order) -> str:
    return f"{LIST}/{give(partner, 'ord', order.pk)}"


def test_an_order_tells_its_lines_and_stock(partner: Partner, order: Order) -> None:
    shown = told(partner.get(address(partner, order)))
    assert (shown["number"], shown["status"], shown["tab"]) == ("N-1", "processing", "partial")
    assert (shown["email"], shown["currency"], shown["total"]) == ("jana@mail.example", "EUR", f"{order.total:f}")
    lines = [(each["sku"], each["quantity"], each["reserved"], each["waiting"]) for each in shown["lines"]]
    assert lines == [("A-17", 2, 2, 0), ("B-2", 3, 0, 3)]
    assert [each["shipping"] for each in shown["lines"]] == [None, None]
    order.lines.filter(sku="B-2").update(shipping={"city": "Prague"})
    sent_apart = told(partner.get(address(partner, order)))["lines"]
    assert [each["shipping"] for each in sent_apart] == [None, {"city": "Prague"}]
    order.lines.update(shipping={})
    assert shown["history"][-1]["kind"] == "imported"
    [listed] = told(partner.get(LIST))["data"]
    assert listed == {name: value for name, value in shown.items() if name != "history"}


def test_who_has_it_already_is_told_so(partner: Partner, order: Order) -> None:
    for path in (LIST, address(partner, order)):
        first = partner.get(path)
        assert partner.get(path, If_None_Match=first["ETag"]).status_code == 304


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["N-3", "N-2", "N-1"]),
        ("?status=on_hold", ["N-2"]),
        ("?tab=partial", ["N-1"]),
        ("?tab=in_stock", ["N-3"]),
        ("?rule=hold", ["N-2"]),
        ("?number=N-3", ["N-3"]),
        ("?number=N", []),
        ("?q=n3", ["N-3"]),
        ("?q=jana%20n1", ["N-1"]),
        ("?placed_from=2100-01-01", []),
        ("?placed_before=2100-01-01&changed_from=2020-01-01", ["N-3", "N-2", "N-1"]),
        ("?integration=SHOP", ["N-3", "N-2", "N-1"]),
        ("?integration=int_00000000000000000000000000000000", []),
        ("?customer=CUSTOMER", ["N-1"]),
    ],
)
def test_filters_narrow_the_list(
    partner: Partner, shop: Integration, order: Order, query: str, found: list[str]
) -> None:
    imported(shop, [incoming(line("A-17"), number="N-2", email="b@mail.example")], "hold")
    imported(shop, [incoming(line("A-17"), number="N-3", email="c@mail.example")])
    order.refresh_from_db()
    query = query.replace("SHOP", give(partner, "int", shop.pk))
    query = query.replace("CUSTOMER", give(partner, "cust", order.customer_id or 0))
    assert [row["number"] for row in told(partner.get(LIST + query))["data"]] == found


def test_pages_go_on_and_take_no_query_more_for_more_orders(partner: Partner, shop: Integration) -> None:
    imported(shop, [incoming(line("A-17"), line("B-2"), number=f"N-{number}") for number in range(7)])
    seen, path, counts = [], f"{LIST}?limit=1", []
    while path:
        with CaptureQueriesContext(connection) as queries:
            page = told(partner.get(path))
        counts.append(len(queries))
        seen += [row["number"] for row in page["data"]]
        path = f"{LIST}?limit=3&after={page['next']}" if page["next"] else ""
    assert seen == [f"N-{number}" for number in reversed(range(7))]
    assert max(counts[1:]) <= min(counts[1:]) <= 8


def test_an_order_is_held_released_and_cancelled(partner: Partner, order: Order) -> None:
    for step, status, tab in (
        ("hold", "on_hold", "on_hold"),
        ("release", "processing", "partial"),
        ("cancel", "cancelled", None),
    ):
        shown = told(partner.post(f"{address(partner, order)}/{step}", {"reason": "The buyer rang."}))
        assert (shown["status"], shown["tab"]) == (status, tab)
        assert "The buyer rang." in shown["history"][0]["message"]
        again = partner.post(f"{address(partner, order)}/{step}", {})
        assert (again.status_code, told(again)["key"]) == (409, "order_refused")
    assert Product.objects.get(sku="A-17").levels.get().reserved == 0


def test_a_step_for_another_version_is_refused(partner: Partner, order: Order) -> None:
    version = told(partner.get(address(partner, order)))["version"]
    assert partner.post(f"{address(partner, order)}/hold", {"version": version}).status_code == 200
    refused = partner.post(f"{address(partner, order)}/release", {"version": version})
    assert (refused.status_code, "was changed since" in told(refused)["details"]) == (409, True)
    order.refresh_from_db()
    assert order.status == "on_hold"


def test_reserved_units_are_shipped_with_tracking_once_per_key(partner: Partner, order: Order) -> None:
    body = {"carrier": "PPL", "tracking_number": "4711"}
    first, again = (
        partner.post(f"{address(partner, order)}/shipments", body, Idempotency_Key="parcel") for _ in range(2)
    )
    assert (first.status_code, again.content) == (201, first.content)
    shipment = told(first)
    assert (shipment["carrier"], shipment["tracking_number"]) == ("PPL", "4711")
    assert [(each["sku"], each["quantity"]) for each in shipment["lines"]] == [("A-17", 2)]
    assert told(partner.get(f"{ROOT}/shipments/{shipment['id']}")) == shipment
    shown = told(partner.get(address(partner, order)))
    assert (shown["shipment_ids"], shown["lines"][0]["shipped"]) == ([shipment["id"]], 2)
    assert Shipment.objects.count() == 1
    refused = partner.post(f"{address(partner, order)}/shipments", {})
    assert (refused.status_code, "none of it is in stock" in told(refused)["details"]) == (409, True)


def test_some_units_of_a_line_are_shipped(partner: Partner, order: Order) -> None:
    line_id = told(partner.get(address(partner, order)))["lines"][0]["id"]
    shipped = partner.post(f"{address(partner, order)}/shipments", {"lines": [{"line_id": line_id, "quantity": 1}]})
    assert [each["quantity"] for each in told(shipped)["lines"]] == [1]
    for lines, status in (
        ([{"line_id": line_id, "quantity": 9}], 409),
        ([{"line_id": "ordli_1", "quantity": 1}], 404),
        ([{"line_id": line_id, "quantity": 0}], 400),
        ([], 409),
    ):
        assert partner.post(f"{address(partner, order)}/shipments", {"lines": lines}).status_code == status, lines
    assert Shipment.objects.count() == 1


def test_stock_that_comes_serves_orders_that_wait(partner: Partner, order: Order) -> None:
    product = Product.objects.get(sku="B-2")
    body = {"reason": "receipt", "product_id": give(partner, "prod", product.pk), "quantity": 10, "note": "Lorry 7"}
    first, again = (partner.post(f"{ROOT}/movements", body, Idempotency_Key="lorry") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    booked = told(first)
    assert (booked["served_units"], booked["served_orders"]) == (3, 1)
    assert (booked["product"]["on_hand"], booked["product"]["available"]) == (10, 7)
    [moved] = told(partner.get(f"{ROOT}/movements?product={body['product_id']}"))["data"]
    assert (moved["quantity"], moved["note"]) == (10, "Lorry 7")
    order.refresh_from_db()
    assert order.tab == "in_stock"


def test_goods_come_to_the_warehouse_that_is_named(partner: Partner, order: Order) -> None:
    project = partner.project
    brno, product = warehouses.add(project.pk, "Brno"), Product.objects.get(sku="B-2")
    rerouting.serve_from(order.pk, brno.pk)
    there = give(partner, "whs", brno.pk)
    body = {"reason": "receipt", "product_id": give(partner, "prod", product.pk), "quantity": 10}
    assert told(partner.post(f"{ROOT}/movements", body))["served_units"] == 0, "the default has it, where none waits"
    booked = told(partner.post(f"{ROOT}/movements", body | {"warehouse_id": there}))
    assert (booked["served_units"], booked["product"]["on_hand"]) == (3, 20)
    assert booked["product"]["warehouses"][1] == {
        "warehouse_id": there,
        "on_hand": 10,
        "reserved": 3,
        "available": 7,
    }
    [moved] = told(partner.get(f"{ROOT}/movements?warehouse={there}"))["data"]
    assert (moved["warehouse_id"], moved["quantity"]) == (there, 10)
    assert [row["number"] for row in told(partner.get(f"{LIST}?warehouse={there}"))["data"]] == [order.number]
    assert told(partner.get(address(partner, order)))["warehouse_id"] == there
    assert told(partner.get(f"{ROOT}/warehouses?active=true"))["data"][0] == {
        "id": there,
        "name": "Brno",
        "default": False,
        "active": True,
        "priority": 2,
        "object": "warehouse",
    }
    missing = partner.post(f"{ROOT}/movements", body | {"warehouse_id": "whs_1"})
    assert (missing.status_code, "Cannot find warehouse" in told(missing)["details"]) == (404, True)


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"quantity": 0}, 400, ".quantity cannot be lower than 1"),
        ({"quantity": -1}, 400, ".quantity cannot be lower than 1"),
        ({"reason": "adjustment", "quantity": -6}, 409, "Only 5 units are free"),
        ({"reason": "shipment"}, 400, ".reason"),
        ({"product_id": "prod_1"}, 404, "Cannot find product with id prod_1"),
        ({"note": "a\0"}, 400, ".note holds a NUL character"),
        ({"warehouse": 1}, 400, "warehouse"),
    ],
)
def test_what_cannot_be_booked_is_said(
    partner: Partner, shop: Integration, change: dict[str, Any], status: int, sentence: str
) -> None:
    product = Product.objects.get(sku="A-17")
    body = {"reason": "receipt", "product_id": give(partner, "prod", product.pk), "quantity": 1} | change
    before = StockMovement.objects.count()
    refused = partner.post(f"{ROOT}/movements", body)
    assert (refused.status_code, sentence in told(refused)["details"]) == (status, True), refused.content
    assert StockMovement.objects.count() == before


def test_reading_does_not_allow_to_work(partner: Partner, order: Order) -> None:
    reader = Partner(partner.project, api_keys.make(partner.project.pk, "Reader", [ApiScope.BACK_OFFICE]))
    assert reader.get(LIST).status_code == 200
    for path in (
        *(f"{address(partner, order)}/{step}" for step in ("hold", "cancel", "shipments")),
        f"{ROOT}/movements",
    ):
        assert reader.post(path, {}).status_code == 403
    order.refresh_from_db()
    assert order.status == "processing"
