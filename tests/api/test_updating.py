"""POST, PUT and imports change orders: what is absent stays, what comes back unchanged is left alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from config.kit import sql
from config.kit.public_ids import PublicIds
from integrations.invariants import broken
from integrations.models import Project
from orders.models import Announcement, Customer, Order, OrderEvent
from orders.partners import sent_back, updates
from orders.work import changing
from stock.models import ParentProduct, Product, StockLevel
from tests.api.conftest import Partner, told
from tests.factories import give_stock

pytestmark = pytest.mark.django_db(transaction=True)

# As sent; `TEA` is no product here until somebody overrides it, and the SKU stands alone.
GOODS: dict[str, Any] = {
    "product": {"source_id": "TEA", "name": "Tea", "price": 900, "metadata": {"origin": "IN"}},
    "sku": {"sku": "250 g", "price": 850.0},
}


def copied(part: dict[str, Any]) -> dict[str, Any]:
    """An inner object of an answer without the keys, which are the catalogue's."""
    return {name: value for name, value in part.items() if name not in {"id", "source_id"}}


SENT = {kind: copied(part) for kind, part in GOODS.items()}
TEA: dict[str, Any] = {"source_id": "TEA-250", "related_object": "sku", "quantity": 3, "price": 850} | GOODS
ORDER: dict[str, Any] = {
    "source_id": "W-1",
    "status": "PAID",
    "items": [TEA, {"amount": 1_000, "quantity": 3, "metadata": {"gift": True}}, {"product": {"name": "Cup"}}],
    "discount_amount": 100,
    "customer": {"source_id": "c-1", "name": "Ana", "email": "ana@mail.example", "address": {"city": "Lund"}},
    "referrer": {"source_id": "c-2"},
    "metadata": {"channel": "app"},
}


@pytest.fixture
def tea(project: Project) -> StockLevel:
    give_stock(project, **{"TEA-250": 10})
    return StockLevel.objects.get()


def posted(partner: Partner, **values: Any) -> dict[str, Any]:
    answer = partner.post("/v1/orders", ORDER | values)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = told(answer)
    return found


def state() -> tuple[Any, ...]:
    rows = (Order.objects.all(), OrderEvent.objects.all(), Announcement.objects.all(), Customer.objects.all())
    return tuple(list(found.order_by("pk").values()) for found in rows)


def with_goods(partner: Partner, how: str) -> Any:
    """The order, sent again with goods by one of three ways."""
    items = [TEA | {"quantity": 2}]
    if how == "import":
        partner.imported([ORDER])
        return partner.post("/v1/orders/import", [{"source_id": "W-1", "items": items}])
    posted(partner)
    if how == "POST":
        return partner.post("/v1/orders", {"source_id": "W-1", "items": items})
    return partner.put("/v1/orders/W-1", {"items": items})


@pytest.mark.parametrize("how", ["POST", "PUT", "import"])
def test_items_with_goods_are_updated(partner: Partner, tea: StockLevel, how: str) -> None:
    from tests.api.conftest import work_off

    assert with_goods(partner, how).status_code == 200
    work_off()
    [item] = told(partner.get("/v1/orders/W-1"))["items"]
    assert (item["quantity"], item["amount"], copied(item["product"]), copied(item["sku"])) == (
        2, 1_700, SENT["product"], SENT["sku"],
    )  # fmt: skip
    assert (item["product"]["source_id"], item["sku"]["source_id"]) == ("TEA-250", "TEA-250")
    assert broken() == {}


def test_control_structs_reach_no_column(partner: Partner, tea: StockLevel, monkeypatch: pytest.MonkeyPatch) -> None:
    def saved_by_django(model: Any, names: Any, rows: Any) -> tuple[str, list[Any]]:
        for row in rows:
            row.save(update_fields=list(names))
        return "SELECT", []

    for place in (changing, sql):
        monkeypatch.setattr(place, "updating", saved_by_django)
    assert with_goods(partner, "PUT").status_code == 200
    monkeypatch.setattr(updates, "extras_of", lambda item: {"product": item.product})
    assert partner.put("/v1/orders/W-1", {"items": [TEA | {"quantity": 4}]}).status_code == 500


def test_an_answer_sent_back_changes_nothing(partner: Partner, tea: StockLevel) -> None:
    published = posted(partner)
    assert published["items"][1]["price"] == 333  # of 333.33: sent back it is not taken for a price
    before = state()
    for answer in (partner.put("/v1/orders/W-1", published), partner.post("/v1/orders", published)):
        assert (answer.status_code, told(answer)) == (200, published)
    assert state() == before
    partner.imported([ORDER | {"source_id": "H-1"}])
    history = told(partner.get("/v1/orders/H-1"))
    before = state()
    assert partner.imported([history])["result"]["skipped_count"] == 1
    assert partner.put("/v1/orders/H-1", history).status_code == 200
    assert state()[1:] == before[1:]
    assert told(partner.get("/v1/orders/H-1")) == history
    assert broken() == {}


def test_control_taken_for_news_it_would_round(
    partner: Partner, tea: StockLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = posted(partner)
    before = state()
    monkeypatch.setattr(sent_back, "news", lambda ids, order, lines, sent, answered: sent)
    monkeypatch.setattr(sent_back, "answered_items", lambda *given: {})
    assert partner.put("/v1/orders/W-1", published).status_code == 200
    assert state() != before


def test_one_item_changed_in_an_answer_leaves_the_others(partner: Partner, tea: StockLevel) -> None:
    published = posted(partner)
    lines = {line.pk: line.unit_price for line in Order.objects.get().lines.all()}
    published["items"][0] |= {"quantity": 5, "amount": 4_250}
    after = told(partner.put("/v1/orders/W-1", published | {"amount": None}))
    assert [item["id"] for item in after["items"]] == [item["id"] for item in published["items"]]
    assert (after["items"][0]["quantity"], after["amount"]) == (5, 4_250 + 1_000 + 0)
    assert {line.pk: line.unit_price for line in Order.objects.get().lines.all()} == lines
    tea.refresh_from_db()
    assert tea.reserved == 5
    assert broken() == {}


def test_an_item_keeps_its_line_by_id_also_with_other_goods(
    partner: Partner, project: Project, tea: StockLevel
) -> None:
    give_stock(project, CUP=4)
    published = posted(partner)
    body = {"items": [{"id": published["items"][0]["id"], "source_id": "CUP", "quantity": 2, "price": 100}]}
    after = told(partner.put("/v1/orders/W-1", body))
    assert [(item["id"], item["source_id"]) for item in after["items"]] == [(published["items"][0]["id"], "CUP")]
    tea.refresh_from_db()
    assert (tea.reserved, StockLevel.objects.get(product__sku="CUP").reserved) == (0, 2)
    foreign = {"items": [{"id": "ordli_" + "0" * 32, "amount": 500}]}
    assert told(partner.put("/v1/orders/W-1", foreign))["items"][0]["id"] != foreign["items"][0]["id"]
    assert broken() == {}


def test_what_is_absent_stays(partner: Partner, tea: StockLevel) -> None:
    before = posted(partner)
    after = told(partner.post("/v1/orders", {"source_id": "W-1", "status": "FULFILLED"}))
    assert {name for name in before if before[name] != after[name]} == {"status", "updated_at"}
    Order.objects.update(total=Decimal("20.00"))  # as staff may
    after = told(partner.put("/v1/orders/W-1", {"metadata": {"a": 1}}))
    assert after["total_amount"] == 2_000
    after = told(partner.put("/v1/orders/W-1", {"customer": {"phone": "+46 1"}}))
    order = Order.objects.get()
    assert (order.phone, order.billing["city"], order.customer) == ("+46 1", "Lund", Customer.objects.get(name="Ana"))
    assert Customer.objects.get(name="Ana").phone == "+46 1"


def test_a_new_order_needs_an_amount_which_only_the_look_up_tells(partner: Partner) -> None:
    refused = partner.post("/v1/orders", {"source_id": "H-9", "status": "PAID"})
    assert (refused.status_code, told(refused)["key"]) == (400, "missing_amount")
    assert told(refused)["details"] == "H-9 is new: send an amount or items"
    partner.imported([{"source_id": "H-1", "amount": 5}])
    result = partner.imported(
        [{"source_id": "H-1", "status": "CANCELED"}, {"source_id": "H-9", "status": "PAID"}, {"amount": 7}]
    )["result"]
    assert (result["updated_count"], result["created_count"]) == (1, 1)
    assert result["failed"] == [
        {"source_id": "H-9", "index": 1, "key": "missing_amount", "reason": "H-9 is new: send an amount or items"}
    ]
    assert told(partner.get("/v1/orders/H-1"))["status"] == "CANCELED"
    shape = partner.post("/v1/orders/import", [{"source_id": "H-1", "amount": 1}, {"status": "PAID"}])
    assert (shape.status_code, told(shape)["errors"][0]["index"]) == (400, 1)


def test_override_writes_by_post_alone_and_is_never_answered(partner: Partner, tea: StockLevel) -> None:
    written = TEA | {"product": GOODS["product"] | {"override": True}}
    published = posted(partner, items=[written])
    assert copied(published["items"][0]["product"]) == SENT["product"]
    made = ParentProduct.objects.get(source_id="TEA")
    assert (made.name, made.price, made.metadata, made.lone) == ("Tea", Decimal("9.00"), {"origin": "IN"}, False)
    assert Product.objects.get(sku="TEA-250").name == "Product TEA-250"
    other = written | {"product": {"name": "Coffee", "override": True}}
    after = told(partner.put("/v1/orders/W-1", {"items": [other]}))
    assert copied(after["items"][0]["product"]) == {"name": "Coffee"}
    assert not ParentProduct.objects.filter(name="Coffee").exists()


def test_an_order_named_in_two_ways_is_changed_twice(partner: Partner, project: Project) -> None:
    partner.imported([{"source_id": "H-1", "items": [{"amount": 5}]}])
    given = PublicIds(bytes(project.id_key)).give("ord", Order.objects.get().pk)
    rows: list[dict[str, Any]] = [
        {"source_id": "H-1", "items": [{"amount": 7}, {"amount": 8}]},
        {"id": given, "status": "CANCELED", "metadata": {"a": 1}},
    ]
    assert partner.imported(rows)["result"]["updated_count"] == 2
    published = told(partner.get("/v1/orders/H-1"))
    assert (published["amount"], published["status"], published["metadata"]) == (15, "CANCELED", {"a": 1})
    assert OrderEvent.objects.filter(kind="edited").count() == 2


@pytest.mark.parametrize("many", [30, 31])
def test_many_orders_are_changed_in_the_statements_of_one(
    partner: Partner, project: Project, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Of `many` orders on, what changes them runs while their history is made."""
    monkeypatch.setattr(sql, "MANY", many)
    rows: list[dict[str, Any]] = [
        ORDER | {"source_id": f"H-{number}", "customer": {"source_id": f"c-{number}"}} for number in range(30)
    ]
    partner.imported(rows)
    new = [TEA | {"quantity": 1}, *ORDER["items"][1:], {"amount": 2}]
    changed: list[dict[str, Any]] = [row | {"status": "FULFILLED", "items": new} for row in rows]
    with django_assert_max_num_queries(70):
        assert partner.imported(changed)["result"]["updated_count"] == 30
    assert Order.objects.filter(remote_status="FULFILLED", lines__quantity=1, lines__sku="TEA-250").count() == 30
    assert OrderEvent.objects.exclude(changes=[]).count() == 30
    assert broken() == {}
