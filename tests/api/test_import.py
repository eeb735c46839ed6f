"""POST /v1/orders/import: the published shapes become history, and every row is accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.kit.public_ids import PublicIds
from integrations.invariants import broken
from integrations.models import BulkPortion, Project
from integrations.tick import tick
from orders.intake import rows
from orders.intake.drafts import Draft, Source
from orders.intake.rows import write_orders
from orders.models import Customer, Invoice, Order, OrderEvent, OrderLine, Shipment
from stock.models import ParentProduct, Product, Reservation, StockMovement
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, give_stock

pytestmark = pytest.mark.django_db(transaction=True)

JANA: dict[str, Any] = {
    "source_id": "cust-1",
    "name": "Jana Nováková",
    "email": "Jana@Mail.example",
    "phone": "+420 777 000 001",
    "birthdate": "1990-02-28",
    "address": {"line_1": "Dlouhá 1", "city": "Brno", "postal_code": "602 00", "country": "CZ"},
    "metadata": {"club": "gold"},
}
FULL: dict[str, Any] = {
    "source_id": "order-1",
    "status": "PAID",
    "amount": 5_000,
    "discount_amount": 300,
    "items": [
        {
            "source_id": "MUG",
            "related_object": "sku",
            "quantity": 2,
            "price": 1_500,
            "amount": 3_000,
            "discount_amount": 200,
            "product": {"source_id": "MUGS", "override": True, "name": "Mug", "metadata": {"shelf": "A"}},
            "sku": {"source_id": "MUG", "override": True, "sku": "white", "price": 1_500},
            "metadata": {"engraved": "yes"},
        },
        {"source_id": "UNKNOWN", "quantity": 1, "amount": 2_000},
    ],
    "customer": JANA,
    "referrer": {"source_id": "cust-2", "name": "Petr"},
    "metadata": {"channel": "fair"},
    "created_at": "2025-03-01T10:00:00.000Z",
}


def ids(project: Project) -> PublicIds:
    return PublicIds(bytes(project.id_key))


def test_a_full_order_is_kept_as_it_was_sent(partner: Partner, project: Project) -> None:
    action = partner.imported([FULL])
    assert action["status"] == "DONE"
    assert action["operation_status"] == "SUCCESS"
    assert action["type"] == "ORDERS.IMPORT"
    assert action["progress"] == 100
    assert action["result"] == {
        "message": "1 order(s) imported successfully, 0 failed.",
        "failed": [],
        "done_count": 1,
        "failed_count": 0,
        "created_count": 1,
        "updated_count": 0,
        "skipped_count": 0,
        "warnings": [
            {
                "index": 0,
                "source_id": "order-1",
                "key": "unknown_goods",
                "details": "Item 1: there is no SKU UNKNOWN here; its line takes no part in stock",
            }
        ],
    }
    order = Order.objects.get()
    assert (order.number, order.source_id, order.currency) == ("order-1", "order-1", "EUR")
    assert (order.status, order.tab, order.remote_status) == ("complete", "", "PAID")
    assert (order.total, order.discount_total) == (Decimal("45.00"), Decimal("5.00"))
    assert order.placed_at.isoformat() == "2025-03-01T10:00:00+00:00"
    assert (order.email, order.buyer, order.metadata) == ("jana@mail.example", "Jana Nováková", {"channel": "fair"})
    assert order.billing["city"] == "Brno"
    lines = [(line.sku, line.name, line.quantity, line.total, line.metadata) for line in order.lines.all()]
    assert lines == [
        ("MUG", "Mug, white", 2, Decimal("28.00"), {"engraved": "yes"}),
        ("UNKNOWN", "UNKNOWN", 1, Decimal("20.00"), {}),
    ]


def test_what_no_partner_sends_is_as_it_would_be_written(
    partner: Partner, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns that are left to the database's defaults are none that an order of a partner fills."""
    taken: list[tuple[Source, Sequence[Draft]]] = []

    def noting(source: Source, drafts: Sequence[Draft], customers: Mapping[str, int]) -> None:
        taken.append((source, drafts))
        write_orders(source, drafts, customers)

    monkeypatch.setattr(rows, "write_orders", noting)
    partner.imported([FULL])
    [(source, [draft])] = taken
    [kept] = Order.objects.values_list(*rows.SHOP_ORDER_COLUMNS)
    assert tuple(map(_written, kept)) == rows.shop_order(source, draft.intake)
    lines = OrderLine.objects.order_by("position").values_list(*rows.SHOP_LINE_COLUMNS)
    assert [tuple(map(_written, line)) for line in lines] == [rows.shop_line(line.incoming) for line in draft.lines]


def _written(value: Any) -> Any:
    return rows.as_json(value) if isinstance(value, dict | list) else value


def test_customers_are_created_and_updated(partner: Partner, project: Project) -> None:
    partner.imported([FULL])
    jana = Customer.objects.get(source_id="cust-1")
    assert (jana.name, jana.email, jana.birthdate) == ("Jana Nováková", "Jana@Mail.example", date(1990, 2, 28))
    assert (jana.address["city"], jana.metadata) == ("Brno", {"club": "gold"})
    assert Order.objects.get().referrer == Customer.objects.get(source_id="cust-2")

    by_id = {"id": ids(project).give("cust", jana.pk), "name": "Jana Dvořáková", "metadata": {"since": 2020}}
    partner.imported([{"source_id": "order-2", "amount": 100, "customer": by_id}])
    jana.refresh_from_db()
    assert (jana.name, jana.email) == ("Jana Dvořáková", "Jana@Mail.example")
    assert jana.metadata == {"club": "gold", "since": 2020}
    assert Order.objects.get(source_id="order-2").customer == jana


def test_a_customer_of_a_shop_gets_the_source_id_of_the_partner(partner: Partner, project: Project) -> None:
    known = Customer.objects.create(project=project, email="jana@mail.example", created_at="2025-01-01T00:00:00Z")
    partner.imported([FULL])
    known.refresh_from_db()
    assert (known.source_id, known.name) == ("cust-1", "Jana Nováková")
    twin = {"source_id": "cust-3", "email": "jana@mail.example"}
    partner.imported([{"amount": 1, "customer": twin}])
    assert Customer.objects.filter(email__iexact="jana@mail.example").count() == 2


def test_products_are_stored_only_on_override(partner: Partner, project: Project) -> None:
    partner.imported([FULL])
    sku = Product.objects.get()
    assert (sku.sku, sku.name, sku.price, sku.metadata) == ("MUG", "white", Decimal("15.00"), {})
    product = ParentProduct.objects.get(articles=sku)
    assert (product.source_id, product.name, product.price) == ("MUGS", "Mug", None)
    assert product.metadata == {"shelf": "A"}
    again = {"source_id": "MUG", "quantity": 1, "product": {"override": True, "name": "Big mug"}}
    partner.imported([{"source_id": "order-2", "items": [again]}])
    product.refresh_from_db()
    assert (product.name, product.price, product.metadata) == ("Big mug", None, {"shelf": "A"})
    assert Order.objects.get(source_id="order-2").total == Decimal("15.00")  # the price of the SKU


def test_history_moves_no_stock_and_makes_no_documents(partner: Partner, project: Project) -> None:
    give_stock(project, MUG=10)
    before = StockMovement.objects.count()
    states = ["CREATED", "PAID", "FULFILLED", "CANCELED"]
    partner.imported(
        [{"source_id": s, "status": s, "items": [{"source_id": "MUG", "quantity": 3, "price": 100}]} for s in states]
    )
    assert list(Order.objects.order_by("id").values_list("remote_status", "status", "tab")) == [
        ("CREATED", "complete", ""),
        ("PAID", "complete", ""),
        ("FULFILLED", "complete", ""),
        ("CANCELED", "cancelled", ""),
    ]
    assert (Reservation.objects.count(), StockMovement.objects.count()) == (0, before)
    assert (Invoice.objects.count(), Shipment.objects.count()) == (0, 0)
    assert not OrderLine.objects.exclude(product=None).exists()
    assert OrderEvent.objects.filter(message="Imported as history, stock untouched, by API (status PAID).").count() == 1
    assert broken() == {}


def test_the_seven_shapes_of_the_published_example(partner: Partner, project: Project) -> None:
    partner.imported([FULL])
    known = Order.objects.get()
    customer = ids(project).give("cust", Customer.objects.get(source_id="cust-1").pk)
    product = ids(project).give("prod", ParentProduct.objects.get().pk)
    sku = ids(project).give("sku", Product.objects.get().pk)
    shapes: list[dict[str, Any]] = [
        FULL | {"source_id": "shape-1"},
        {"source_id": "shape-2", "items": [{"source_id": "MUG", "quantity": 2}], "customer": {"source_id": "cust-1"}},
        {"id": ids(project).give("ord", known.pk), "status": "FULFILLED", "customer": {"id": customer}},
        {"source_id": "shape-4", "status": "CANCELED", "amount": 700},
        {"source_id": "shape-5", "items": [{"source_id": "MUG", "amount": 900}]},
        {"source_id": "shape-6", "items": [{"amount": 800}]},
        {"source_id": "shape-7", "items": [{"product_id": product, "price": 250, "quantity": 4}, {"sku_id": sku}]},
    ]
    action = partner.imported(shapes)
    assert (action["result"]["created_count"], action["result"]["updated_count"]) == (6, 1)
    totals = dict(Order.objects.values_list("source_id", "total"))
    assert {name: int(total * 100) for name, total in totals.items()} == {
        "order-1": 4500, "shape-1": 4500, "shape-2": 3000, "shape-4": 700, "shape-5": 900, "shape-6": 800,
        "shape-7": 2500,
    }  # fmt: skip
    known.refresh_from_db()
    assert (known.remote_status, known.total) == ("FULFILLED", Decimal("45.00"))


def test_rows_that_fail_later_say_why_and_the_others_land(partner: Partner, project: Project) -> None:
    shop = IntegrationFactory.create(project=project)
    live = Order.objects.create(
        project=project, number="live", status="on_hold", tab="on_hold", placed_at="2025-01-01T00:00:00Z",
        currency="EUR", total=1, residual=1, source_id="live", search="", created_at="2025-01-01T00:00:00Z",
        updated_at="2025-01-01T00:00:00Z", partner={},
    )  # fmt: skip
    of_shop = Order.objects.create(
        project=project, integration=shop, number="shop", status="complete", placed_at="2025-01-01T00:00:00Z",
        currency="EUR", total=1, residual=1, search="", created_at="2025-01-01T00:00:00Z",
        updated_at="2025-01-01T00:00:00Z",
    )  # fmt: skip
    foreign = "cust_" + "0" * 32
    action = partner.imported(
        [
            {"source_id": "good", "amount": 1},
            {"source_id": "live", "amount": 2},
            {"id": ids(project).give("ord", of_shop.pk), "amount": 2},
            {"id": "ord_" + "0" * 32, "source_id": "x", "amount": 2},
            {"source_id": "c", "amount": 2, "customer": {"id": foreign}},
            {"source_id": "p", "items": [{"product_id": "prod_1"}]},
            {"source_id": "big", "items": [{"price": 10**12, "quantity": 10**6}]},
            {"source_id": "discount", "amount": 5, "discount_amount": 6},
            {"source_id": "good", "amount": 3},
            {"source_id": "last", "amount": 1},
        ]
    )
    assert action["status"] == "DONE"
    failed = [(row["index"], row["source_id"], row["key"], row["reason"]) for row in action["result"]["failed"]]
    assert failed == [
        (1, "live", "invalid_order", "The order is a live one, and imports write history only: use PUT /v1/orders"),
        (2, None, "invalid_order", "The order came from a shop: change it in that shop"),
        (3, "x", "not_found", "Cannot find order with id ord_" + "0" * 32),
        (4, "c", "invalid_customer", f"Cannot find customer with id {foreign}"),
        (5, "p", "invalid_product", "Cannot find product with id prod_1 (.items[0].product_id)"),
        (6, "big", "invalid_amount", f"Property .items[0] comes to more than can be kept: {10**18}"),
        (7, "discount", "invalid_amount", "Property .discount_amount: the discounts are higher than the amount"),
        (8, "good", "duplicate_found", "The source_id is that of row 0 of the same import"),
    ]
    assert action["result"]["message"] == "2 order(s) imported successfully, 8 failed."
    assert Order.objects.get(source_id="good").total == Decimal("0.01")
    live.refresh_from_db()
    assert live.total == 1
    assert broken() == {}


def test_an_order_the_database_refuses_does_not_stop_its_portion(
    partner: Partner, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name no check of ours foresees: here one that only the database finds too long."""
    from orders.partners import store

    plan = store._plan

    def too_long(order: Any, *, live: bool) -> Any:
        found = plan(order, live=live)
        return type(found)(action="x" * 30, status=found.status) if order.source_id == "odd" else found

    monkeypatch.setattr(store, "_plan", too_long)
    rows = [{"source_id": name, "amount": 1} for name in ("a", "odd", "b")]
    action = partner.imported(rows)
    assert [(row["source_id"], row["key"]) for row in action["result"]["failed"]] == [("odd", "invalid_order")]
    assert action["result"]["failed"][0]["reason"].startswith("The order cannot be stored: value too long")
    assert sorted(Order.objects.values_list("source_id", flat=True)) == ["a", "b"]


@pytest.mark.parametrize(
    ("on_conflict", "counts", "total"),
    [("update", (0, 1, 0, 0), 900), ("skip", (0, 0, 1, 0), 500), ("error", (0, 0, 0, 1), 500)],
)
def test_an_order_that_is_here_is_updated_left_or_refused(
    partner: Partner, on_conflict: str, counts: tuple[int, ...], total: int
) -> None:
    partner.imported([{"source_id": "twice", "amount": 500, "metadata": {"a": 1}}])
    result = partner.imported([{"source_id": "twice", "amount": 900}], f"?on_conflict={on_conflict}")["result"]
    names = ("created_count", "updated_count", "skipped_count", "failed_count")
    assert tuple(result[name] for name in names) == counts
    order = Order.objects.get()
    assert (order.total * 100, order.metadata) == (total, {"a": 1})


def test_the_same_import_again_changes_nothing(partner: Partner) -> None:
    partner.imported([FULL])
    before = Order.objects.values().get()
    result = partner.imported([FULL])["result"]
    assert (result["updated_count"], result["skipped_count"], result["done_count"]) == (0, 1, 1)
    assert Order.objects.values().get() == before
    assert OrderEvent.objects.count() == 1


def test_items_of_an_update_replace_those_that_were_here(partner: Partner) -> None:
    partner.imported([FULL])
    partner.imported([{"source_id": "order-1", "items": [{"source_id": "MUG", "quantity": 1, "amount": 1_000}]}])
    order = Order.objects.get()
    assert [(line.sku, line.quantity, line.total) for line in order.lines.all()] == [("MUG", 1, Decimal("10.00"))]
    assert order.total == Decimal("7.00")  # the items' 10.00 less the order's own discount of 3.00
    assert broken() == {}


def test_what_was_sent_is_gone_when_the_import_is_over(partner: Partner) -> None:
    answer = partner.post("/v1/orders/import", [FULL])
    tick()
    assert BulkPortion.objects.count() == 1
    from tests.api.conftest import work_off

    work_off()
    tick()
    assert BulkPortion.objects.count() == 0
    assert told(partner.get(f"/v1/async-actions/{told(answer)['async_action_id']}"))["status"] == "DONE"


def test_currencies_have_their_own_smallest_unit(partner: Partner, project: Project) -> None:
    for currency, total in (("JPY", "1234"), ("KWD", "1.234"), ("EUR", "12.34")):
        Project.objects.filter(pk=project.pk).update(currency=currency)
        partner.imported([{"source_id": currency, "amount": 1234}])
        order = Order.objects.get(source_id=currency)
        assert (order.currency, order.total) == (currency, Decimal(total))
