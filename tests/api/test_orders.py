"""Live orders of partners: created once, read and changed by id or source id, with their stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from config.kit.public_ids import PublicIds
from integrations.invariants import broken
from integrations.models import Project
from orders.models import Customer, Order
from stock.models import StockLevel
from tests.admin.conftest import imported
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, give_stock, incoming, line

pytestmark = pytest.mark.django_db

MUGS: dict[str, Any] = {"source_id": "MUG", "quantity": 3, "price": 1_000}
LIVE: dict[str, Any] = {
    "source_id": "web-1",
    "status": "CREATED",
    "items": [MUGS],
    "discount_amount": 500,
    "customer": {"source_id": "jana", "name": "Jana", "email": "jana@mail.example"},
    "metadata": {"channel": "app"},
}


@pytest.fixture
def mugs(project: Project) -> StockLevel:
    give_stock(project, MUG=10, CUP=10)
    return StockLevel.objects.get(product__sku="MUG")


def saved(partner: Partner, **values: Any) -> dict[str, Any]:
    answer = partner.post("/v1/orders", LIVE | values)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = told(answer)
    return found


def reserved(level: StockLevel) -> int:
    level.refresh_from_db()
    return level.reserved


def test_a_live_order_reserves_and_is_answered_as_published(
    partner: Partner, project: Project, mugs: StockLevel
) -> None:
    published = saved(partner)
    order = Order.objects.get()
    ids = PublicIds(bytes(project.id_key))
    assert (order.status, order.tab, order.remote_status) == ("processing", "in_stock", "CREATED")
    assert reserved(mugs) == 3
    product = ids.give("prod", mugs.product_id)
    customer = ids.give("cust", Customer.objects.get().pk)
    stamps = {name: published.pop(name) for name in ("created_at", "updated_at")}
    assert all(stamp.endswith("Z") and len(stamp) == 24 for stamp in stamps.values())
    assert published == {
        "id": ids.give("ord", order.pk),
        "source_id": "web-1",
        "status": "CREATED",
        "amount": 3_000,
        "initial_amount": 3_000,
        "discount_amount": 500,
        "items_discount_amount": 0,
        "total_discount_amount": 500,
        "total_amount": 2_500,
        "applied_discount_amount": 500,
        "items_applied_discount_amount": 0,
        "total_applied_discount_amount": 500,
        "items": [
            {
                "id": ids.give("ordli", order.lines.get().pk),
                "product_id": product,
                "sku_id": ids.give("sku", mugs.product_id),
                "related_object": "sku",
                "source_id": "MUG",
                "quantity": 3,
                "initial_quantity": 3,
                "amount": 3_000,
                "initial_amount": 3_000,
                "discount_amount": 0,
                "applied_discount_amount": 0,
                "subtotal_amount": 3_000,
                "price": 1_000,
                "product": {"id": product, "source_id": "MUG", "name": "Product MUG"},
                "sku": {"id": ids.give("sku", mugs.product_id), "source_id": "MUG", "sku": "Product MUG"},
                "metadata": {},
                "object": "order_item",
            }
        ],
        "metadata": {"channel": "app"},
        "customer_id": customer,
        "customer": {"id": customer, "object": "customer"},
        "referrer_id": None,
        "redemptions": {},
        "object": "order",
    }
    assert broken() == {}


def test_an_order_is_read_by_id_and_by_source_id(partner: Partner, mugs: StockLevel) -> None:
    published = saved(partner)
    assert told(partner.get(f"/v1/orders/{published['id']}")) == published
    assert told(partner.get("/v1/orders/web-1")) == published
    odd = saved(partner, source_id="a/b?c d%é")
    assert told(partner.get("/v1/orders/a%2Fb%3Fc%20d%25%C3%A9")) == odd


@pytest.mark.parametrize("key", ["0", "-1", "abc", "1.0", "9" * 22, "%00", "ord_" + "0" * 32, "x" * 1_000])
def test_a04_an_order_that_there_is_not(partner: Partner, key: str) -> None:
    for answer in (partner.get(f"/v1/orders/{key}"), partner.put(f"/v1/orders/{key}", {"status": "PAID"})):
        body = told(answer)
        assert (answer.status_code, body["key"], body["message"]) == (404, "not_found", "Resource not found")
        assert body["details"].startswith("Cannot find order with id ")
        assert body["resource_type"] == "order"


def test_posting_again_updates(partner: Partner, mugs: StockLevel) -> None:
    first = saved(partner)
    again = saved(partner, status="PAID", metadata={"channel": "web"})
    assert (again["id"], again["status"], again["metadata"]) == (first["id"], "PAID", {"channel": "web"})
    by_id = told(partner.post("/v1/orders", {"id": first["id"], "status": "FULFILLED"}))
    assert (by_id["id"], by_id["status"], by_id["items"]) == (first["id"], "FULFILLED", again["items"])
    order = Order.objects.get()
    assert (order.status, order.tab, order.paid_at is not None) == ("processing", "in_stock", True)
    assert reserved(mugs) == 3
    assert broken() == {}


def test_put_changes_what_is_sent_and_leaves_the_rest(partner: Partner, mugs: StockLevel) -> None:
    before = saved(partner)
    after = told(partner.put("/v1/orders/web-1", {"status": "PAID"}))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"status", "updated_at"}
    order = Order.objects.get()
    assert order.events.filter(message="Changed by API (status PAID).").count() == 1


def test_cancelling_gives_the_stock_back_and_reopening_takes_it(partner: Partner, mugs: StockLevel) -> None:
    saved(partner)
    assert told(partner.put("/v1/orders/web-1", {"status": "CANCELED"}))["status"] == "CANCELED"
    order = Order.objects.get()
    assert (order.status, order.tab, reserved(mugs)) == ("cancelled", "", 0)
    assert told(partner.put("/v1/orders/web-1", {"status": "PAID"}))["status"] == "PAID"
    order.refresh_from_db()
    assert (order.status, order.tab, reserved(mugs)) == ("processing", "in_stock", 3)
    assert broken() == {}


def test_a_cancelled_order_reserves_nothing(partner: Partner, mugs: StockLevel) -> None:
    saved(partner, status="CANCELED")
    assert (Order.objects.get().status, reserved(mugs)) == ("cancelled", 0)
    assert broken() == {}


def test_other_items_move_the_reservations(partner: Partner, mugs: StockLevel) -> None:
    saved(partner)
    body = {"items": [MUGS | {"quantity": 1}, {"source_id": "CUP", "quantity": 12, "price": 100}, {"amount": 50}]}
    after = told(partner.put("/v1/orders/web-1", body))
    assert (after["amount"], after["total_amount"], after["discount_amount"]) == (2_250, 1_750, 500)
    assert reserved(mugs) == 1
    assert reserved(StockLevel.objects.get(product__sku="CUP")) == 10
    assert Order.objects.get().tab == "partial"
    emptied = told(partner.put("/v1/orders/web-1", {"items": [], "amount": 700}))
    assert (emptied["items"], emptied["total_amount"], reserved(mugs)) == ([], 200, 0)
    assert broken() == {}


def test_an_unknown_sku_takes_no_part_in_stock(partner: Partner, mugs: StockLevel) -> None:
    saved(partner, items=[{"source_id": "NEW", "quantity": 2, "price": 300}])
    assert (Order.objects.get().tab, Order.objects.get().lines.get().product) == ("in_stock", None)
    saved(partner, source_id="web-2", items=[{"source_id": "NEW", "amount": 900, "product": {"override": True}}])
    assert Order.objects.get(source_id="web-2").tab == "backorder"


def test_more_than_there_is_waits(partner: Partner, mugs: StockLevel) -> None:
    saved(partner, items=[MUGS | {"quantity": 11}])
    assert (Order.objects.get().tab, reserved(mugs)) == ("partial", 10)


@pytest.mark.parametrize(
    ("body", "key", "details"),
    [
        ({"id": "ord_" + "0" * 32, "amount": 1}, "not_found", "Cannot find order with id ord_" + "0" * 32),
        ({"amount": 5, "discount_amount": 6}, "invalid_amount", "the discounts are higher than the amount"),
        ({"amount": 5, "customer": {"id": "cust_1"}}, "invalid_customer", "Cannot find customer with id cust_1"),
        ({"items": [{"sku_id": "sku_1"}]}, "invalid_sku", "Cannot find sku with id sku_1"),
        ({"items": [{"amount": 5, "discount_amount": 9}]}, "invalid_amount", "Property .items[0].discount_amount"),
        ({}, "invalid_payload", "Property .amount is missing"),
    ],
)
def test_an_order_that_cannot_be_is_refused_whole(
    partner: Partner, mugs: StockLevel, body: dict[str, Any], key: str, details: str
) -> None:
    refused = partner.post("/v1/orders", {"customer": {"source_id": "new"}} | body)
    assert refused.status_code == (404 if key == "not_found" else 400)
    assert told(refused)["key"] == key
    assert details in told(refused)["details"]
    assert (Order.objects.count(), Customer.objects.count()) == (0, 0)


def test_the_ids_of_an_order_stay(partner: Partner, mugs: StockLevel) -> None:
    first, second = saved(partner), saved(partner, source_id="web-2")
    for body in ({"source_id": "web-3"}, {"id": second["id"]}):
        refused = partner.put("/v1/orders/web-1", body)
        assert (refused.status_code, told(refused)["key"]) == (400, "invalid_order")
    assert partner.put("/v1/orders/web-1", {"id": first["id"], "source_id": "web-1"}).status_code == 200
    bare = told(partner.post("/v1/orders", {"amount": 1}))
    assert told(partner.put(f"/v1/orders/{bare['id']}", {"source_id": "late"}))["source_id"] == "late"


def test_orders_of_shops_are_read_and_not_changed(partner: Partner, project: Project) -> None:
    shop = IntegrationFactory.create(project=project)
    [order] = imported(shop, [incoming(line("A-17", 2, price="10.50"))], action="history")
    given = PublicIds(bytes(project.id_key)).give("ord", order.pk)
    published = told(partner.get(f"/v1/orders/{given}"))
    assert (published["source_id"], published["status"], published["total_amount"]) == (None, "FULFILLED", 2_100)
    assert published["items"][0]["price"] == 1_050
    refused = partner.put(f"/v1/orders/{given}", {"status": "CANCELED"})
    assert (refused.status_code, told(refused)["details"]) == (
        400,
        "The order came from a shop: change it in that shop",
    )


def test_pages_of_orders_in_every_order(partner: Partner, mugs: StockLevel) -> None:
    for number in range(12):
        placed_at = f"2026-01-{20 - number:02d}T08:00:00Z"
        saved(partner, source_id=f"web-{number}", items=[], amount=600 + number, created_at=placed_at)
    partner.put("/v1/orders/web-3", {"status": "PAID"})
    first = told(partner.get("/v1/orders"))
    assert (first["object"], first["data_ref"], first["total"], len(first["orders"])) == ("list", "orders", 12, 10)
    assert first["orders"][0]["source_id"] == "web-11"
    rest = told(partner.get("/v1/orders?page=2"))["orders"]
    assert [order["source_id"] for order in rest] == ["web-1", "web-0"]
    newest = told(partner.get("/v1/orders?order=-created_at&limit=1"))["orders"]
    assert newest[0]["source_id"] == "web-0"
    changed = told(partner.get("/v1/orders?order=-updated_at&limit=2"))["orders"]
    assert [order["source_id"] for order in changed] == ["web-3", "web-11"]
    assert told(partner.get("/v1/orders?page=100&limit=100"))["orders"] == []


def test_a_list_is_read_on_beyond_its_last_page(partner: Partner, mugs: StockLevel) -> None:
    for number in range(12):  # always three of one time
        placed_at = f"2026-01-{1 + number // 3:02d}T08:00:00.123456Z"
        saved(partner, source_id=f"web-{number}", items=[], amount=600 + number, created_at=placed_at)
    for order in ("created_at", "-created_at", "updated_at", "-updated_at"):
        whole = [each["source_id"] for each in told(partner.get(f"/v1/orders?limit=100&order={order}"))["orders"]]
        found: list[str] = []
        following = None
        while following is not None or not found:
            after = f"&after={quote(following)}&page=7" if following else ""
            answer = told(partner.get(f"/v1/orders?limit=5&order={order}{after}"))
            found += [each["source_id"] for each in answer["orders"]]
            following = answer["next"]
            assert answer["total"] == 12
        assert (len(whole), found) == (12, whole)
    first = told(partner.get("/v1/orders?limit=5"))
    saved(partner, source_id="older", items=[], amount=600, created_at="2025-01-01T00:00:00Z")  # moves nothing
    then = told(partner.get(f"/v1/orders?limit=5&after={quote(first['next'])}"))
    assert [each["source_id"] for each in then["orders"]] == [f"web-{number}" for number in range(5, 10)]
    for wrong in ("x", "2026-01-01T00:00:00Z~ord_x", "~", first["next"].replace("ord_", "cust_")):
        refused = partner.get(f"/v1/orders?after={quote(wrong)}")
        assert (refused.status_code, told(refused)["details"]) == (
            400,
            "Property .after is no cursor of this list: take `next` of the answer before",
        )


def test_a_list_is_a_handful_of_statements(
    partner: Partner, mugs: StockLevel, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        saved(partner, source_id=f"web-{number}")
    with django_assert_max_num_queries(6):
        assert len(told(partner.get("/v1/orders?limit=100"))["orders"]) == 30


def test_a_change_of_history_stays_history(partner: Partner, mugs: StockLevel, commits: None) -> None:
    partner.imported([LIVE | {"source_id": "old"}])
    assert told(partner.put("/v1/orders/old", {"status": "CANCELED"}))["status"] == "CANCELED"
    after = told(partner.put("/v1/orders/old", {"status": "PAID", "items": [MUGS | {"quantity": 5}]}))
    order = Order.objects.get()
    assert (order.status, order.tab, after["total_amount"]) == ("complete", "", 4_500)
    assert reserved(mugs) == 0
    assert broken() == {}


def test_amounts_of_staff_edits_are_published(partner: Partner, mugs: StockLevel) -> None:
    """The book is the truth: what staff change in the admin is what partners read."""
    saved(partner)
    Order.objects.update(total=Decimal("20.00"))
    Order.objects.get().lines.update(name="Mug, blue")
    published = told(partner.get("/v1/orders/web-1"))
    assert (published["total_amount"], published["items"][0]["product"]["name"]) == (2_000, "Mug, blue")
