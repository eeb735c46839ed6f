"""POST and GET /v1/exports: each kind of row by its description, asked for and listed as published."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.kit.public_ids import PublicIds
from integrations.models import ExportPart, Run
from integrations.partner_runs import exports
from orders.exported import file_wishes
from orders.exported.all_rows import EXPORTED
from orders.exported.file_wishes import FileRows
from orders.models import Customer, CustomerSummary
from stock.models import ParentProduct, Product
from tests.api.conftest import Partner, told, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


def customer(partner: Partner, source_id: str, **values: Any) -> Customer:
    """Made a day after the one before."""
    day = Customer.objects.filter(project=partner.project).count() + 1
    row = {"created_at": f"2026-01-{day:02d}T08:00:00Z"} | values
    return Customer.objects.create(project=partner.project, source_id=source_id, **row)


def text(partner: Partner, kind: str, **parameters: Any) -> str:
    asked = partner.post("/v1/exports", {"exported_object": kind, "parameters": parameters})
    assert asked.status_code == 200, asked.content
    work_off()
    done = told(partner.get(f"/v1/exports/{told(asked)['id']}"))
    assert done["status"] == "DONE"
    answer: Any = partner.get(done["result"]["url"].removeprefix("http://testserver"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{kind}s.csv"'
    content: bytes = answer.getvalue()
    return content.decode()


def rows(partner: Partner, kind: str, **parameters: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(partner, kind, **parameters))))[1:]


def test_example_12_exactly(partner: Partner) -> None:
    customer(partner, "c-77", metadata={"tier": "gold", "news": True}, address={"city": "Lund"})
    customer(partner, "c-78", metadata={"shoe": 42}, address={"city": "Malmö"})
    body = {
        "exported_object": "customer",
        "parameters": {
            "order": "-created_at",
            "fields": ["source_id", "orders_total_amount", "metadata"],
            "filters": {"junction": "AND", "city": {"conditions": {"$is": "Lund"}}},
        },
    }
    asked = told(partner.post("/v1/exports", body))
    assert asked == {
        "id": asked["id"],
        "object": "export",
        "created_at": asked["created_at"],
        "status": "SCHEDULED",
        "channel": "API",
        "exported_object": "customer",
        "parameters": {
            "order": "-created_at",
            "fields": ["source_id", "orders_total_amount", "metadata"],
            "filters": {"junction": "and", "city": {"conditions": {"$is": "Lund"}}},
        },
        "result": None,
        "user_id": None,
    }
    work_off()
    url = told(partner.get(f"/v1/exports/{asked['id']}"))["result"]["url"].removeprefix("http://testserver")
    content: Any = partner.get(url)
    assert content.getvalue() == b"source_id,orders_total_amount,metadata.news,metadata.tier\r\nc-77,0,true,gold\r\n"


@pytest.mark.parametrize(
    ("parameters", "echo"),
    [
        (None, {}),
        ({}, {}),
        ({"order": None, "fields": ["id"], "campaign_id": None}, {"fields": ["id"]}),
        ({"fields": [], "filters": []}, {"fields": [], "filters": {}}),
        ({"filters": {"junction": "OR"}}, {"filters": {"junction": "or"}}),
    ],
)
def test_parameters_are_echoed_as_sent(partner: Partner, parameters: Any, echo: Any) -> None:
    sent = {} if parameters is None else {"parameters": parameters}
    for kind in EXPORTED:
        assert told(partner.post("/v1/exports", {"exported_object": kind, **sent}))["parameters"] == echo


def test_what_is_not_asked_for_is_filled_in(partner: Partner) -> None:
    customer(partner, "=1+1", name="-A")
    partner.imported([{"source_id": "o-1", "status": "PAID", "amount": 5}])
    assert text(partner, "customer") == "name,source_id\r\n'-A,'=1+1\r\n"
    assert text(partner, "order").startswith("id,source_id,status\r\nord_")
    assert text(partner, "order", filters={"status": {"conditions": {"$is": "CANCELED"}}}) == "id,source_id,status\r\n"


def test_every_field_of_a_customer(partner: Partner) -> None:
    person = customer(
        partner, "c-1", name="Ana", email="Ana@Mail.example", phone="+46 70", description="=x", birthdate="1990-04-04",
        address={"city": "Lund", "line_1": "Nygatan 9"}, metadata={"tier": "gold", "sizes": [1, 2]},
    )  # fmt: skip
    CustomerSummary.objects.create(
        customer=person, project=partner.project, total_amount="25.5", total_count=2, average_amount="12.75",
        last_order_amount="10", last_order_at="2026-03-01T10:00:00.123Z", points=7,
    )  # fmt: skip
    content = text(partner, "customer", fields=[*EXPORTED["customer"].fields, "metadata.tier"])
    header, row = list(csv.reader(io.StringIO(content)))
    found = dict(zip(header, row, strict=True))
    assert found.pop("id").startswith("cust_")
    assert {name: value for name, value in found.items() if value and not name.startswith("redemptions_")} == {
        "name": "Ana",
        "description": "'=x",
        "email": "Ana@Mail.example",
        "source_id": "c-1",
        "created_at": "2026-01-01T08:00:00.000Z",
        "phone": "'+46 70",
        "birthday": "1990-04-04",
        "birthdate": "1990-04-04",
        "address_city": "Lund",
        "address_line_1": "Nygatan 9",
        "orders_total_amount": "2550",
        "orders_total_count": "2",
        "orders_average_amount": "1275",
        "orders_last_order_amount": "1000",
        "orders_last_order_date": "2026-03-01T10:00:00.123Z",
        "loyalty_points": "7",
        "loyalty_referred_customers": "0",
        "metadata.sizes": "[1, 2]",
        "metadata.tier": "gold",
    }
    assert {found[name] for name in found if name.startswith("redemptions_total_")} == {"0"}
    # One who never ordered.
    customer(partner, "c-2")
    fields = ["source_id", "orders_total_amount", "orders_total_count", "loyalty_points", "orders_last_order_date"]
    assert rows(partner, "customer", fields=fields)[0] == ["c-2", "0", "0", "0", ""]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"email": {"conditions": {"$is": "ANA@mail.example"}}}, "a"),
        ({"city": {"conditions": {"$in": ["lund", "Oslo"]}}}, "ac"),
        ({"address.city": {"conditions": {"$is": ["lund"]}}}, ""),
        ({"address.country": {"conditions": {"$has_value": []}}}, "c"),
        ({"birthday": {"conditions": {"$before": "1990-01-01"}}}, "b"),
        ({"birthday": {"conditions": {"$is_unknown": []}}}, "c"),
        ({"created_at": {"conditions": {"$after": "2026-01-01T08:00:00.000+0000"}}}, "bc"),
        ({"summary.orders.total_amount": {"conditions": {"$more_than": [2_549]}}}, "a"),
        ({"summary.orders.total_amount": {"conditions": {"$less_than": [1]}}}, "bc"),
        ({"summary.orders.total_count": {"conditions": {"$is": 2}}}, "a"),
        ({"loyalty.points": {"conditions": {"$more_than_equal": [7]}}}, "a"),
        ({"metadata.tier": {"conditions": {"$is": "gold"}}}, "b"),
        ({"junction": "or", "name": {"conditions": {"$is": "Ana"}}, "phone": {"conditions": {"$is": "1"}}}, "ac"),
    ],
)
def test_filters_of_customers(partner: Partner, filters: dict[str, Any], expected: str) -> None:
    person = customer(
        partner, "a", name="Ana", email="Ana@Mail.example", address={"city": "Lund"}, birthdate="1990-01-01"
    )
    customer(partner, "b", birthdate="1989-12-31", metadata={"tier": "gold"})
    customer(partner, "c", phone="1", address={"city": "OSLO", "country": "NO"})
    CustomerSummary.objects.create(
        customer=person, project=partner.project, total_amount="25.5", total_count=2, points=7
    )
    found = rows(partner, "customer", fields=["source_id"], filters=filters, order="created_at")
    assert "".join(row[0] for row in found) == expected


def test_every_field_of_products_and_skus(partner: Partner) -> None:
    tea = ParentProduct.objects.create(
        project=partner.project, source_id="TEA", name="Assam", price="9.5", attributes=["weight", "size"],
        metadata={"origin": "IN"}, image_url="https://tea.example/a.png", created_at="2026-01-01T08:00:00Z",
        updated_at="2026-01-02T08:00:00Z",
    )  # fmt: skip
    common = {"project": partner.project, "created_at": "2026-01-01T09:00:00Z"}
    ParentProduct.objects.create(**common, source_id="GONE", deleted_at="2026-01-02T08:00:00Z")
    Product.objects.create(
        **common, parent=tea, sku="TEA-250", name="Assam 250 g", price="0", currency="SEK",
        attributes={"weight": "250"}, metadata={"grade": "A"}, updated_at="2026-01-02T08:00:00Z",
    )  # fmt: skip
    # Stock of the product itself, and one in the bin: no SKUs to partners.
    Product.objects.create(**common, parent=tea, sku="TEA", own=True)
    Product.objects.create(**common, parent=tea, sku="OLD", deleted_at="2026-01-02T08:00:00Z")
    [product] = rows(partner, "product", fields=[*EXPORTED["product"].fields])
    assert product[0].startswith("prod_")
    assert product[1:] == [
        "TEA", "Assam", "950", "weight,size", "https://tea.example/a.png", "IN", "2026-01-01T08:00:00.000Z",
        "2026-01-02T08:00:00.000Z",
    ]  # fmt: skip
    [sku] = rows(partner, "sku", fields=[*EXPORTED["sku"].fields, "attributes.weight"])
    assert (sku[0][:4], sku[4]) == ("sku_", product[0])
    assert [*sku[1:4], *sku[5:]] == [
        "TEA-250", "Assam 250 g", "Assam 250 g", "SEK", "0", '{"weight": "250"}', "", "A",
        "2026-01-01T09:00:00.000Z", "2026-01-02T08:00:00.000Z", "250",
    ]  # fmt: skip
    for filters, found in (
        ({"attributes.weight": {"conditions": {"$is": "250"}}}, 1),
        ({"attributes.weight": {"conditions": {"$is": "500"}}}, 0),
        ({"product_id": {"conditions": {"$is": product[0]}}}, 1),
        ({"price": {"conditions": {"$more_than": 0}}}, 0),
    ):
        assert len(rows(partner, "sku", filters=filters)) == found, filters
    assert len(rows(partner, "product", filters={"price": {"conditions": {"$is": [950]}}})) == 1
    assert text(partner, "product").startswith("id,name,price,image_url,source_id,attributes,created_at\r\n")


def test_a_sku_without_a_source_id_says_none(partner: Partner) -> None:
    made = Product.objects.create(
        project=partner.project, sku="x", parent=ParentProduct.objects.create(project=partner.project)
    )
    code = PublicIds(bytes(partner.project.id_key)).give("sku", made.pk)
    Product.objects.update(sku=code)
    assert rows(partner, "sku", fields=["id", "source_id"]) == [[code, ""]]


@pytest.mark.parametrize("kind", EXPORTED)
def test_a_file_in_parts_is_the_file_in_one(partner: Partner, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is sorted by, with rows that are equal in it on both sides of each end of a part."""
    same = {"created_at": "2026-01-01T00:00:00.123456Z", "customer": {"source_id": "c", "name": "Same"}}
    partner.imported(
        [{"source_id": f"o-{number}", "amount": 5, "metadata": {"n": number}, **same} for number in range(7)]
    )
    for number in range(7):
        customer(partner, f"c-{number}", name="Same", created_at="2026-01-02T00:00:00.123456Z")
        goods: dict[str, Any] = {"project": partner.project, "name": "Same", "created_at": "2026-01-02T00:00:00.123Z"}
        parent = ParentProduct.objects.create(**goods, source_id=f"p-{number}")
        Product.objects.create(**goods, parent=parent, sku=f"s-{number}")
    for order in EXPORTED[kind].orders:
        monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10_000)
        whole = text(partner, kind, fields=["id", "source_id", "metadata"], order=order)
        assert ExportPart.objects.count() == 1
        monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
        assert text(partner, kind, fields=["id", "source_id", "metadata"], order=order) == whole, order
        assert 8 <= len(whole.splitlines()) == 1 + Run.objects.latest("pk").fetched
        ExportPart.objects.all().delete()


def test_a_part_ends_where_it_is_large(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BYTES_AT_ONCE", 30)
    for number in range(5):
        customer(partner, f"c-{number}", name="A name of twenty let")
    assert len(rows(partner, "customer")) == 5
    assert ExportPart.objects.count() == 3  # the head with one row, and two rows each


def test_control_places_without_the_primary_key_lose_rows(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        customer(partner, f"c-{number}", name="Same")
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
    place = FileRows.place
    monkeypatch.setattr(FileRows, "place", lambda rows, row: [place(row)[0], 10**9])
    assert len(rows(partner, "customer", order="name")) < 7


def test_more_keys_than_columns_stand_in_one(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_wishes, "MOST_KEYS", 2)
    customer(partner, "c-1", metadata={"b": 1, "=a": None})
    assert text(partner, "customer", fields=["metadata"]) == "metadata.=a,metadata.b\r\n,1\r\n"
    customer(partner, "c-2", metadata={"c": {"d": [1]}})
    assert rows(partner, "customer", fields=["metadata"]) == [['{"c": {"d": [1]}}'], ['{"b": 1, "=a": null}']]


def test_only_what_is_asked_for_is_read(partner: Partner) -> None:
    partner.imported([{"source_id": "o-1", "items": [{"source_id": "M", "amount": 500, "discount_amount": 100}]}])

    def statements(*fields: str) -> str:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            rows(partner, "order", fields=[*fields])
        return " ".join(each["sql"] for each in caught if 'FROM "orders_order"' in each["sql"])

    lean = statements("source_id", "status", "total_amount")
    assert '"orders_order"."source_id"' in lean
    assert "orders_orderline" not in lean
    assert '"orders_order"."billing"' not in lean
    # Control: a field that needs the lines reads them.
    assert "orders_orderline" in statements("amount")


def test_both_addresses_make_the_same_file(partner: Partner) -> None:
    partner.imported([{"source_id": f"o-{number}", "amount": number + 1} for number in range(3)])
    parameters = {"order": "created_at", "fields": ["source_id", "amount"]}
    texts = []
    for path, body in (("exports", {"exported_object": "order"}), ("orders/export", {})):
        partner.post(f"/v1/{path}", body | {"parameters": parameters})
        work_off()
        texts.append(b"".join(map(bytes, ExportPart.objects.values_list("content", flat=True))))
        ExportPart.objects.all().delete()
    assert texts[0] == texts[1] == b"source_id,amount\r\no-0,1\r\no-1,2\r\no-2,3\r\n"


def test_the_list(partner: Partner) -> None:
    ids = [told(partner.post("/v1/exports", {"exported_object": kind}))["id"] for kind in ("order", "customer")]
    work_off()
    ids.append(told(partner.post("/v1/orders/export", {}))["id"])
    listed = told(partner.get("/v1/exports"))
    assert {name: value for name, value in listed.items() if name != "exports"} == {
        "object": "list", "data_ref": "exports", "total": 3,
    }  # fmt: skip
    assert [each["id"] for each in listed["exports"]] == ids[::-1]
    assert listed["exports"][1] == told(partner.get(f"/v1/exports/{ids[1]}"))
    by_status = [each["status"] for each in told(partner.get("/v1/exports?order=status"))["exports"]]
    assert by_status == ["DONE", "DONE", "SCHEDULED"]
    page = told(partner.get("/v1/exports?order=created_at&limit=1&page=2"))
    assert ([each["id"] for each in page["exports"]], page["total"]) == ([ids[1]], 3)
    for query in ("order=name", "limit=101", "page=0", "after=x"):
        assert told(partner.get(f"/v1/exports?{query}"))["key"] == "invalid_query_params"


def test_an_answer_says_scheduled_though_a_worker_has_begun(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    real = exports.request_export

    def begun(*given: Any, **named: Any) -> Run:
        run = real(*given, **named)
        work_off()
        return run

    monkeypatch.setattr(exports, "request_export", begun)
    asked = told(partner.post("/v1/exports", {"exported_object": "order"}))
    assert (asked["status"], asked["result"]) == ("SCHEDULED", None)
    assert told(partner.get(f"/v1/exports/{asked['id']}"))["status"] == "DONE"


@pytest.mark.parametrize(
    ("body", "key", "message", "details"),
    [
        ({}, "invalid_payload", "Invalid payload", "Property .exported_object is missing"),
        ({"exported_object": "voucher"}, "invalid_payload", "Invalid payload", "Property .exported_object must be"),
        ({"fields": ["publications"]}, "invalid_export_fields", "Invalid Export", "Property .parameters.fields must"),
        ({"fields": ["metadata."]}, "invalid_export_fields", "Invalid Export", "Property .parameters.fields must"),
        ({"order": ""}, "invalid_payload", "Invalid payload", "Property .parameters.order must be one of -name, name,"),
        ({"order": "-status"}, "invalid_payload", "Invalid payload", "Property .parameters.order must be one of -name"),
        (
            {"filters": {"publications.x": {"conditions": {"$is": 1}}}},
            "invalid_payload", "Invalid payload",
            "Property .parameters.filters.publications.x cannot be filtered by; these can: created_at, ",
        ),
        (
            {"filters": {"created_at": {"conditions": {"$is": "2026-01-01"}}}},
            "invalid_payload", "Invalid payload",
            "Property .parameters.filters.created_at.conditions.$is is not allowed; these are: $after, $before",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_exported(partner: Partner, body: dict[str, Any], key: str, message: str, details: str) -> None:
    if body and "exported_object" not in body:
        body = {"exported_object": "customer", "parameters": body}
    refused = partner.post("/v1/exports", body)
    answer = told(refused)
    assert (refused.status_code, answer["key"], answer["message"]) == (400, key, message)
    assert answer["details"].startswith(details)
    assert Run.objects.count() == 0
