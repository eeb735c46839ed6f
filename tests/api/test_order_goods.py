"""Goods in orders: which SKU or product an item means, what override writes, and what an order remembers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.models import Order, OrderLine
from stock.models import ParentProduct, Product, StockLevel
from tests.api.conftest import Partner, told
from tests.api.test_products import ASSAM, SKU, ok
from tests.factories import give_stock

pytestmark = pytest.mark.django_db(transaction=True)

W_1001: dict[str, Any] = {
    "source_id": "W-1001",
    "status": "PAID",
    "items": [
        {
            "source_id": "TEA-ASSAM-250",
            "related_object": "sku",
            "quantity": 3,
            "product": {"source_id": "TEA-ASSAM", "name": "Assam", "price": 900, "override": True},
            "sku": {"sku": "Assam 250 g", "price": 850, "metadata": {"grade": "A"}, "override": True},
        },
        {"source_id": "CUP", "related_object": "product", "price": 1200, "product": {"name": "Cup"}},
    ],
}


@pytest.fixture
def assam(partner: Partner) -> dict[str, Any]:
    """As the examples before have left it."""
    ok(partner.post("/v1/products", ASSAM))
    ok(partner.post("/v1/products", {"source_id": "TEA-ASSAM", "price": 950, "metadata": {"bio": True}}))
    ok(partner.post("/v1/products/TEA-ASSAM/skus", SKU))
    ok(partner.put("/v1/products/TEA-ASSAM/skus/TEA-ASSAM-250", {"price": None}))
    return ok(partner.get("/v1/skus/TEA-ASSAM-250"))


def printed(whole: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Of an answer, the fields that the printed example shows; inner objects as they are."""
    return {name: whole[name] for name in expected}


def tea(assam: dict[str, Any], line: str, **values: Any) -> dict[str, Any]:
    return {
        "id": line,
        "object": "order_item",
        "source_id": "TEA-ASSAM-250",
        "related_object": "sku",
        "product_id": assam["product_id"],
        "sku_id": assam["id"],
        "quantity": 3,
        "price": 850,
        "amount": 2550,
        "subtotal_amount": 2550,
        "product": {
            "id": assam["product_id"],
            "source_id": "TEA-ASSAM",
            "name": "Assam",
            "price": 900,
            "metadata": {"origin": "IN", "bio": True},
        },
        "sku": {
            "id": assam["id"],
            "source_id": "TEA-ASSAM-250",
            "sku": "Assam 250 g",
            "price": 850,
            "metadata": {"grade": "A"},
        },
    } | values


def test_examples_5_and_6_an_order_writes_both_levels_and_keeps_its_own_copy(
    partner: Partner, assam: dict[str, Any]
) -> None:
    order = ok(partner.post("/v1/orders", W_1001))
    assert (order["amount"], order["total_amount"]) == (3750, 3750)
    first, second = order["items"]
    expected = tea(assam, first["id"])
    assert printed(first, expected) == expected
    cup = {
        "object": "order_item", "source_id": "CUP", "related_object": "product", "quantity": 1, "price": 1200,
        "amount": 1200, "subtotal_amount": 1200, "product": {"name": "Cup"},
    }  # fmt: skip
    assert printed(second, cup) == cup
    assert not {"product_id", "sku_id", "sku"} & second.keys()
    sku = ok(partner.get("/v1/skus/TEA-ASSAM-250"))
    assert (sku["id"], sku["price"], sku["metadata"], sku["attributes"]) == (
        assam["id"], 850, {"grade": "A"}, {"weight": "250"},
    )  # fmt: skip
    assert ok(partner.get("/v1/products/TEA-ASSAM"))["price"] == 900
    assert partner.get("/v1/products/CUP").status_code == 404

    fulfilled = ok(partner.post("/v1/orders", {"source_id": "W-1001", "status": "FULFILLED"}))
    assert (fulfilled["status"], fulfilled["items"]) == ("FULFILLED", order["items"])
    change = {"sku": "Assam quarter", "price": 800, "override": True}
    body = {"items": [{"source_id": "TEA-ASSAM-250", "related_object": "sku", "quantity": 2, "sku": change}]}
    after = ok(partner.put("/v1/orders/W-1001", body))
    assert (after["id"], after["status"], after["amount"], after["total_amount"]) == (
        order["id"], "FULFILLED", 1600, 1600,
    )  # fmt: skip
    copy = expected["sku"] | {"sku": "Assam quarter", "price": 800}
    expected = tea(assam, first["id"], quantity=2, price=800, amount=1600, subtotal_amount=1600, sku=copy)
    [item] = after["items"]
    assert printed(item, expected) == expected
    sku = ok(partner.get("/v1/skus/TEA-ASSAM-250"))
    assert (sku["price"], sku["sku"]) == (850, "Assam 250 g")
    assert broken() == {}


def test_example_7_an_import_with_a_partial_row_one_by_id_and_one_that_cannot_be(
    partner: Partner, assam: dict[str, Any]
) -> None:
    ok(partner.post("/v1/orders", W_1001))
    partner.imported([{"source_id": "H-1", "amount": 5}])
    rows: list[dict[str, Any]] = [
        {"source_id": "H-1", "status": "CANCELED"},
        {"source_id": "H-2", "status": "PAID", "items": [{"sku_id": assam["id"], "quantity": 2}]},
        {"source_id": "H-9", "status": "PAID"},
    ]
    assert partner.imported(rows)["result"] == {
        "message": "2 order(s) imported successfully, 1 failed.",
        "failed": [
            {
                "source_id": "H-9", "index": 2, "key": "missing_amount",
                "reason": "H-9 is new: send an amount or items",
            }
        ],
        "done_count": 2,
        "failed_count": 1,
        "created_count": 1,
        "updated_count": 1,
        "skipped_count": 0,
    }  # fmt: skip
    order = ok(partner.get("/v1/orders/H-2"))
    assert (order["amount"], order["items"][0]["sku_id"]) == (1700, assam["id"])


def test_example_5_sent_twice_changes_nothing(partner: Partner, assam: dict[str, Any]) -> None:
    first = ok(partner.post("/v1/orders", W_1001))
    goods = list(Product.objects.values()), list(ParentProduct.objects.values())
    again = ok(partner.post("/v1/orders", W_1001))
    assert [item["id"] for item in again["items"]] == [item["id"] for item in first["items"]]
    assert (list(Product.objects.values()), list(ParentProduct.objects.values())) == goods
    assert OrderLine.objects.count() == 2
    for answer in (partner.put("/v1/orders/W-1001", again), partner.post("/v1/orders", again)):
        assert ok(answer) == again  # an answer sent back: the same time, too
    assert broken() == {}


PRECEDENCE: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "pair of a SKU before product_id": (
        {"source_id": "BOTH", "related_object": "sku", "product_id": "OTHER"}, ("sku", "BOTH", "HOME"),
    ),
    "pair of a product": ({"source_id": "BOTH", "related_object": "product"}, ("product", "BOTH", "BOTH")),
    "sku_id before product_id": ({"sku_id": "BOTH", "product_id": "OTHER"}, ("sku", "BOTH", "HOME")),
    "product_id": ({"product_id": "OTHER", "source_id": "BOTH"}, ("product", "OTHER", "OTHER")),
    "source_id alone: the SKU first": ({"source_id": "BOTH"}, ("sku", "BOTH", "HOME")),
    "source_id alone: else the product": ({"source_id": "OTHER"}, ("product", "OTHER", "OTHER")),
    "source_id alone, unknown: as the inner product says": (
        {"source_id": "NEW", "product": {"name": "New"}}, ("product", "NEW", ""),
    ),
    "source_id alone, unknown: else a SKU": ({"source_id": "NEW"}, ("sku", "NEW", "")),
    "inner sku.id": ({"sku": {"id": "BOTH"}, "product": {"source_id": "OTHER"}}, ("sku", "BOTH", "HOME")),
    "inner sku.source_id": ({"sku": {"source_id": "BOTH"}}, ("sku", "BOTH", "HOME")),
    "inner product.id": ({"product": {"id": "OTHER"}}, ("product", "OTHER", "OTHER")),
    "inner product.source_id": ({"product": {"source_id": "BOTH"}}, ("product", "BOTH", "BOTH")),
}  # fmt: skip


@pytest.mark.parametrize("how", ["live", "history"])
@pytest.mark.parametrize("case", PRECEDENCE)
def test_the_first_that_is_given_decides(partner: Partner, case: str, how: str) -> None:
    for key in ("HOME", "BOTH", "OTHER"):
        ok(partner.post("/v1/products", {"source_id": key}))
    sku = ok(partner.post("/v1/products/HOME/skus", {"source_id": "BOTH"}))
    other = ok(partner.get("/v1/products/OTHER"))
    sent, (kind, code, parent) = PRECEDENCE[case]
    item: dict[str, Any] = {"price": 5, "quantity": 2, **sent}
    ids = {"sku_id": sku["id"], "product_id": other["id"]}
    item |= {name: ids[name] for name in ids if name in item}
    for name, given in (("sku", sku["id"]), ("product", other["id"])):
        if "id" in item.get(name, {}):
            item[name] = item[name] | {"id": given}
    if how == "live":
        answer = ok(partner.post("/v1/orders", {"source_id": "w", "items": [item]}))
    else:
        partner.imported([{"source_id": "w", "items": [item]}])
        answer = ok(partner.get("/v1/orders/w"))
    [shown] = answer["items"]
    assert (shown["related_object"], shown["source_id"]) == (kind, code)
    assert shown.get("product", {}).get("source_id", "") == parent
    assert ("sku_id" in shown) == (kind == "sku" and bool(parent))
    line = OrderLine.objects.get()
    stocked = how == "live" and bool(parent) and (kind == "sku" or parent == "OTHER")  # BOTH is a SKU of HOME
    assert (line.product is not None, line.waiting) == (stocked, 2 if stocked else 0)
    if stocked and kind == "product":
        assert Product.objects.get(own=True).parent == ParentProduct.objects.get(source_id="OTHER")
        assert "OTHER" not in [each["source_id"] for each in ok(partner.get("/v1/products/OTHER"))["skus"]["data"]]
    before = answer["updated_at"]
    assert ok(partner.put("/v1/orders/w", answer))["updated_at"] == before
    assert broken() == {}


def test_a_free_line_has_no_goods(partner: Partner) -> None:
    [item] = ok(partner.post("/v1/orders", {"items": [{"amount": 5}]}))["items"]
    assert not {"product", "sku", "source_id", "related_object", "product_id"} & item.keys()


@pytest.mark.parametrize(
    ("item", "key", "path"),
    [
        ({"sku_id": "sku_" + "0" * 32}, "invalid_sku", ".items[1].sku_id"),
        ({"product_id": "prod_" + "0" * 32}, "invalid_product", ".items[1].product_id"),
        ({"sku": {"id": "sku_1"}}, "invalid_sku", ".items[1].sku.id"),
        (
            {"source_id": "X", "related_object": "sku", "sku": {"override": True}, "product": {"id": "prod_1"}},
            "invalid_product", ".items[1].product.id",
        ),
    ],
)  # fmt: skip
def test_ids_that_are_not_here_refuse_the_order(partner: Partner, item: dict[str, Any], key: str, path: str) -> None:
    refused = partner.post("/v1/orders", {"items": [{"amount": 5}, item]})
    assert (refused.status_code, told(refused)["key"]) == (400, key)
    assert path in told(refused)["details"]
    assert not Product.objects.exists()


def test_a_row_that_fails_leaves_nothing_in_the_catalogue(partner: Partner) -> None:
    def row(key: str, **values: Any) -> dict[str, Any]:
        item = {"source_id": key, "sku": {"sku": f"Name of {key}", "override": True}, "price": 5}
        return {"source_id": f"H-{key}", "items": [item]} | values

    rows = [
        row("A"),
        row("B", discount_amount=10),  # more than it comes to
        row("C", items=[*row("C")["items"], {"sku_id": "sku_1"}]),
        row("A", source_id="H-D", items=[{"source_id": "A", "sku": {"sku": "The last wins", "override": True}}]),
        row("E", customer={"id": "cust_1"}),
    ]
    result = partner.imported(rows)["result"]
    assert [(each["index"], each["key"]) for each in result["failed"]] == [
        (1, "invalid_amount"), (2, "invalid_sku"), (4, "invalid_customer"),
    ]  # fmt: skip
    assert [(sku.sku, sku.name) for sku in Product.objects.all()] == [("A", "The last wins")]
    assert broken() == {}


def test_control_without_the_way_back_it_would_stay(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from orders.partners import store

    monkeypatch.setattr(store, "_spoils", lambda entry, outcome: False)
    item = {"source_id": "B", "sku": {"sku": "B", "override": True}, "price": 5}
    partner.imported([{"source_id": "H", "items": [item], "discount_amount": 10}])
    assert Product.objects.filter(sku="B").exists()


def test_a_sku_of_a_lone_parent_moves_by_override_and_no_other(partner: Partner, project: Project) -> None:
    article = give_stock(project, MUG=5)["MUG"]
    override = {"source_id": "MUG", "related_object": "sku", "price": 5, "sku": {"override": True}}
    ok(partner.post("/v1/orders", {"source_id": "w-0", "items": [{"source_id": "MUG", "quantity": 2, "price": 5}]}))
    ok(partner.post("/v1/orders", {"items": [override | {"product": {"source_id": "MUGS", "name": "Mugs"}}]}))
    mug = ok(partner.get("/v1/skus/MUG"))
    mugs = ok(partner.get("/v1/products/MUGS"))
    assert (mug["product_id"], mugs["name"], Product.objects.get().pk) == (mugs["id"], "Mugs", article)
    assert partner.get("/v1/products/MUG").status_code == 404  # the lone parent is gone
    assert ok(partner.get("/v1/orders/w-0"))["items"][0]["product_id"] == mugs["id"]
    assert StockLevel.objects.get().reserved == 3
    cups = {"source_id": "CUPS", "name": "Cups", "override": True}
    result = partner.imported([{"source_id": "H", "items": [override | {"product": cups}]}])["result"]
    assert (result["done_count"], result["failed_count"]) == (1, 0)
    assert ok(partner.get("/v1/skus/MUG"))["product_id"] == mugs["id"]
    assert ok(partner.get("/v1/products/CUPS"))["name"] == "Cups"  # the product part is written by itself
    assert broken() == {}


def test_override_writes_what_is_present_and_leaves_the_rest(partner: Partner, assam: dict[str, Any]) -> None:
    part = {"price": 700, "sku": None, "metadata": {"only": 1}, "override": True}
    item = {"source_id": "TEA-ASSAM-250", "related_object": "sku", "sku": part}
    ok(partner.post("/v1/orders", {"items": [item]}))
    sku = ok(partner.get("/v1/skus/TEA-ASSAM-250"))
    assert (sku["price"], sku["sku"], sku["metadata"], sku["attributes"]) == (
        700, "Assam 250 g", {"only": 1}, {"weight": "250"},
    )  # fmt: skip
    new = {"source_id": "LOOSE", "related_object": "sku", "sku": {"sku": "Loose", "override": True}}
    [shown] = ok(partner.post("/v1/orders", {"items": [new]}))["items"]
    parent = ParentProduct.objects.get(articles__sku="LOOSE")
    assert (parent.source_id, parent.name, parent.lone) == ("", "", False)
    assert shown["product"] == {"id": shown["product_id"]}


@pytest.mark.parametrize(
    ("item", "price"),
    [
        ({"price": 0}, 0),
        ({"price": 1, "sku": {"price": 2}, "product": {"price": 3}}, 1),
        ({"sku": {"price": 2}, "product": {"price": 3}}, 2),
        ({"sku": {"price": 0}, "product": {"price": 3}}, 0),
        ({"product": {"price": 3}}, 3),
        ({}, 950),
    ],
)
def test_prices_fall_back_from_the_item_to_the_catalogue(
    partner: Partner, assam: dict[str, Any], item: dict[str, Any], price: int
) -> None:
    """The SKU has no price of its own there."""
    sent = {"source_id": "TEA-ASSAM-250", "related_object": "sku", "quantity": 2} | item
    [shown] = ok(partner.post("/v1/orders", {"items": [sent]}))["items"]
    assert (shown["price"], shown["amount"]) == (price, 2 * price)


def test_a_line_meets_its_item_by_sku_then_by_product(partner: Partner, project: Project) -> None:
    ok(partner.post("/v1/products", {"source_id": "MUG"}))
    items: list[dict[str, Any]] = [
        {"source_id": "MUG", "related_object": "product", "quantity": 2, "price": 5}, {"amount": 1},
    ]  # fmt: skip
    before = ok(partner.post("/v1/orders", {"source_id": "w", "items": items}))
    give_stock(project, MUG=5)  # its own article
    assert Product.objects.get().own
    product = ok(partner.get("/v1/products/MUG"))["id"]
    after = ok(partner.put("/v1/orders/w", {"items": [{"product_id": product, "quantity": 3, "price": 5}]}))
    assert [item["id"] for item in after["items"]] == [before["items"][0]["id"]]
    assert (StockLevel.objects.get().reserved, OrderLine.objects.get().quantity) == (3, 3)
    assert broken() == {}


def test_names_of_staff_are_what_partners_read(partner: Partner, assam: dict[str, Any]) -> None:
    ok(partner.post("/v1/orders", W_1001))
    assert [line.name for line in OrderLine.objects.all()] == ["Assam, Assam 250 g", "Cup"]
    OrderLine.objects.filter(sku="TEA-ASSAM-250").update(name="Tea of the house")
    item = ok(partner.get("/v1/orders/W-1001"))["items"][0]
    assert (item["product"]["name"], item["sku"]["sku"]) == ("Tea of the house", "Tea of the house")
    assert "price" not in item["product"]  # whose it was, nobody knows any more


def test_orders_of_before_are_answered_as_they_were_and_with_their_keys(partner: Partner, project: Project) -> None:
    """Extras as earlier releases wrote them."""
    give_stock(project, MUG=5)
    ok(partner.post("/v1/orders", {"source_id": "w", "items": [{"source_id": "MUG", "price": 5}]}))
    extras = {
        "product": {"source_id": "MUGS", "override": True, "name": "Mug", "price": 12.0},
        "sku": {"sku": "white", "id": "sku_1"},
        "sku_id": "sku_1",
    }
    Order.objects.update(partner={"items": {"1": extras}})
    OrderLine.objects.update(name="Mug, white")
    [item] = ok(partner.get("/v1/orders/w"))["items"]
    keys = {"id": item["product_id"], "source_id": "MUG"}
    assert item["product"] == keys | {"name": "Mug", "price": 12}
    assert item["sku"] == {"id": item["sku_id"], "source_id": "MUG", "sku": "white"}
    assert Decimal(OrderLine.objects.get().unit_price) == Decimal("0.05")


def test_an_import_warns_of_goods_that_say_nothing(partner: Partner, assam: dict[str, Any]) -> None:
    override = {"override": True}
    rows: list[dict[str, Any]] = [
        {"source_id": "H-0", "items": [{"sku_id": assam["id"]}, {"source_id": "CUP", "related_object": "product"}]},
        {"source_id": "H-1", "items": [{"amount": 5, "product": {"name": "Cup"} | override}]},
        {"source_id": "H-2", "items": [{"sku_id": assam["id"], "sku": override, "product": {"source_id": "CUPS"}}]},
    ]
    result = partner.imported(rows)["result"]
    assert result["done_count"] == 3
    assert [(each["index"], each["source_id"], each["key"]) for each in result["warnings"]] == [
        (0, "H-0", "unknown_goods"), (1, "H-1", "override_without_key"), (2, "H-2", "sku_of_another_product"),
    ]  # fmt: skip
    assert result["warnings"][0]["details"] == "Item 1: there is no product CUP here; its line takes no part in stock"
    many = [{"source_id": f"M-{number}", "items": [{"source_id": "X"}]} for number in range(130)]
    assert len(partner.imported(many)["result"]["warnings"]) == 100
    assert ParentProduct.objects.count() == 1
