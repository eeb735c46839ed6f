"""/v1/products and /v1/skus, as published: upserts, partial changes, the bin, and lists."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from integrations.access import api_keys
from integrations.choices import ApiScope
from integrations.invariants import broken
from integrations.models import Project
from orders.models import OrderLine
from stock import catalogue
from stock.models import ParentProduct, Product, StockLevel
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory, give_stock

pytestmark = pytest.mark.django_db

ASSAM: dict[str, Any] = {
    "source_id": "TEA-ASSAM",
    "name": "Assam",
    "price": 900,
    "attributes": ["weight"],
    "metadata": {"origin": "IN"},
}
SKU: dict[str, Any] = {
    "source_id": "TEA-ASSAM-250",
    "sku": "Assam 250 g",
    "price": 850,
    "attributes": {"weight": "250"},
}


def ok(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = told(answer)
    return found


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


def refused(answer: Any) -> tuple[int, str, str]:
    body = told(answer)
    return answer.status_code, body["key"], body["details"]


@pytest.fixture
def assam(partner: Partner) -> dict[str, Any]:
    return ok(partner.post("/v1/products", ASSAM))


def test_example_1_a_product_is_created(partner: Partner, assam: dict[str, Any]) -> None:
    assert without(assam, "id", "created_at") == {
        "source_id": "TEA-ASSAM",
        "name": "Assam",
        "price": 900,
        "attributes": ["weight"],
        "metadata": {"origin": "IN"},
        "image_url": None,
        "updated_at": None,
        "object": "product",
    }
    assert assam["id"].startswith("prod_") and len(assam["created_at"]) == 24


def test_example_2_one_field_and_one_metadata_key_are_upserted(partner: Partner, assam: dict[str, Any]) -> None:
    body = {"source_id": "TEA-ASSAM", "price": 950, "metadata": {"bio": True}}
    after = ok(partner.post("/v1/products", body))
    assert without(after, "updated_at") == without(assam, "updated_at") | {
        "price": 950,
        "metadata": {"origin": "IN", "bio": True},
    }
    assert after["updated_at"] >= assam["created_at"]
    assert ok(partner.post("/v1/products", body)) == after  # nothing new: the time stays


def test_example_3_a_sku_below_it_and_its_price_emptied(partner: Partner, assam: dict[str, Any]) -> None:
    made = ok(partner.post("/v1/products/TEA-ASSAM/skus", SKU))
    body = {"price": None, "product_id": "prod_zz", "source_id": "OTHER"}
    after = ok(partner.put("/v1/products/TEA-ASSAM/skus/TEA-ASSAM-250", body))
    assert without(after, "id", "created_at", "updated_at") == {
        "source_id": "TEA-ASSAM-250",
        "product_id": assam["id"],
        "sku": "Assam 250 g",
        "price": None,
        "currency": None,
        "attributes": {"weight": "250"},
        "image_url": None,
        "metadata": {},
        "object": "sku",
    }
    assert (after["id"], made["price"], made["updated_at"]) == (made["id"], 850, None)
    assert ok(partner.get("/v1/skus/TEA-ASSAM-250")) == after == ok(partner.get(f"/v1/skus/{made['id']}"))
    whole = ok(partner.get("/v1/products/TEA-ASSAM"))
    assert whole == assam | {"skus": {"object": "list", "data_ref": "data", "data": [after], "total": 1}}
    assert ok(partner.get("/v1/products/TEA-ASSAM?hide=sku")) == assam


def test_example_4_the_same_sku_below_another_product(partner: Partner, assam: dict[str, Any]) -> None:
    sku = ok(partner.post("/v1/products/TEA-ASSAM/skus", SKU))
    partner.post("/v1/products", {"source_id": "TEA-DARJEELING"})
    answer = partner.post("/v1/products/TEA-DARJEELING/skus", {"source_id": "TEA-ASSAM-250"})
    assert without(told(answer), "request_id") == {
        "code": 409,
        "key": "duplicate_resource_key",
        "message": "Duplicate resource key",
        "details": "The SKU TEA-ASSAM-250 belongs to the product TEA-ASSAM",
        "resource_type": "sku",
        "resource_id": sku["id"],
    }
    for call in (partner.put, lambda path, body: partner.call("DELETE", path)):
        assert refused(call("/v1/products/TEA-DARJEELING/skus/TEA-ASSAM-250", {}))[0] == 404


def test_example_11_the_bin(partner: Partner, project: Project) -> None:
    old = ok(partner.post("/v1/products", {"source_id": "TEA-MATE", "name": "Mate"}))
    ok(partner.post("/v1/products/TEA-MATE/skus", {"source_id": "TEA-MATE-1"}))
    give_stock(project, **{"TEA-MATE-1": 5})
    in_use = partner.call("DELETE", "/v1/products/TEA-MATE")
    assert refused(in_use)[:2] == (423, "resource_in_use")
    assert told(in_use)["details"].startswith("TEA-MATE-1: 5 on hand, 0 reserved, orders wait for 0.")
    assert refused(partner.call("DELETE", "/v1/products/TEA-MATE/skus/TEA-MATE-1"))[0] == 423
    StockLevel.objects.update(on_hand=0)
    assert partner.call("DELETE", "/v1/products/TEA-MATE").status_code == 204
    for path in ("/v1/products/TEA-MATE", "/v1/skus/TEA-MATE-1", "/v1/products/TEA-MATE/skus"):
        assert partner.get(path).status_code == 404
    assert partner.call("DELETE", "/v1/products/TEA-MATE").status_code == 404
    answer = partner.post("/v1/products", {"source_id": "TEA-MATE", "name": "New"})
    assert without(told(answer), "request_id") == {
        "code": 409,
        "key": "duplicate_resource_key",
        "message": "Duplicate resource key",
        "details": "TEA-MATE is the source id of a deleted product: DELETE it with force=true first",
        "resource_type": "product",
        "resource_id": old["id"],
    }
    assert partner.call("DELETE", "/v1/products/TEA-MATE?force=true").status_code == 204
    assert partner.call("DELETE", "/v1/products/TEA-MATE?force=true").status_code == 404
    new = ok(partner.post("/v1/products", {"source_id": "TEA-MATE", "name": "New"}))
    assert new["id"] != old["id"]


def test_what_orders_wait_for_is_in_use(partner: Partner, project: Project) -> None:
    give_stock(project, MUG=0)
    ok(partner.post("/v1/orders", {"source_id": "w-1", "items": [{"source_id": "MUG", "quantity": 2, "price": 5}]}))
    assert refused(partner.call("DELETE", "/v1/products/MUG?force=true"))[0] == 423
    partner.put("/v1/orders/w-1", {"status": "CANCELED"})
    assert partner.call("DELETE", "/v1/products/MUG?force=true").status_code == 204
    order = ok(partner.get("/v1/orders/w-1"))
    assert order["items"][0]["source_id"] == "MUG" and "sku_id" not in order["items"][0]
    assert OrderLine.objects.get().product == Product.objects.get(parent=None)
    assert broken() == {}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"{}", "Property .name is missing: the product is new, send at least one field"),
        (b'{"price": 5}', "Property .name is missing: the product is new, send a name or a source_id"),
        (b'{"name": "x", "price": 1.5}', "Property .price must be a whole number, not a fraction"),
        (b'{"name": "x", "price": -1}', "Property .price cannot be lower than 0"),
        (b'{"name": "x", "image_url": "ftp://x"}', "Property .image_url must match"),
        (b'{"name": "x", "name": "y"}', "Property .name is given twice: give it once"),
        (b'{"name": "x\\u0000"}', "Property .name holds a NUL character: take it out"),
    ],
)
def test_a_product_that_cannot_be(partner: Partner, body: bytes, details: str) -> None:
    status, key, said = refused(partner.post("/v1/products", body))
    assert (status, key, said[: len(details)]) == (400, "invalid_payload", details)
    assert not ParentProduct.objects.exists()


def test_whole_numbers_with_a_point_are_whole_and_answers_are_integers(partner: Partner) -> None:
    assert b'"price":100,' in partner.post("/v1/products", b'{"name": "x", "price": 100.0}').content


def test_a_currency_is_one_of_iso_4217_and_another_one_never_counts(partner: Partner, assam: dict[str, Any]) -> None:
    assert refused(partner.post("/v1/products/TEA-ASSAM/skus", {"currency": "XXY"}))[0] == 400
    sku = ok(partner.post("/v1/products/TEA-ASSAM/skus", SKU | {"currency": "USD"}))
    assert (sku["price"], sku["currency"]) == (850, "USD")
    order = ok(partner.post("/v1/orders", {"items": [{"sku_id": sku["id"], "quantity": 2}]}))
    assert order["amount"] == 1_800  # twice what the product costs


def test_ids_and_keys_with_slashes(partner: Partner) -> None:
    key = "a/skus b%é"
    ok(partner.post("/v1/products", {"source_id": key}))
    path = "/v1/products/a%2Fskus%20b%25%C3%A9"
    assert ok(partner.get(path))["source_id"] == key
    assert ok(partner.post(f"{path}/skus", {"source_id": "x/y"}))["source_id"] == "x/y"
    assert ok(partner.get("/v1/skus/x%2Fy"))["source_id"] == "x/y"
    assert refused(partner.post("/v1/products", {"id": "prod_" + "0" * 32, "name": "x"}))[0] == 404
    assert refused(partner.post("/v1/products/nobody/skus", {"sku": "x"}))[:2] == (404, "not_found")


def test_lists_in_every_order_with_filters(partner: Partner, project: Project) -> None:
    for number in range(12):
        ok(partner.post("/v1/products", {"source_id": f"P-{number:02}", "metadata": {"even": number % 2 == 0}}))
    days = ParentProduct.objects.order_by("pk")
    for day, row in enumerate(days, 1):
        ParentProduct.objects.filter(pk=row.pk).update(created_at=f"2026-03-{day:02}T10:00:00Z")
    ok(partner.put("/v1/products/P-03", {"price": 5}))

    def keys(query: str) -> list[str]:
        return [each["source_id"] for each in ok(partner.get(f"/v1/products?{query}"))["products"]]

    first = ok(partner.get("/v1/products"))
    assert (first["object"], first["data_ref"], first["total"], len(first["products"])) == ("list", "products", 12, 10)
    assert first["products"][0]["skus"] == {"object": "list", "data_ref": "data", "data": [], "total": 0}
    assert keys("order=-created_at&limit=2") == ["P-11", "P-10"]
    assert keys("order=-updated_at&limit=2") == ["P-03", "P-11"]
    assert keys("order=&limit=3&page=2") == ["P-03", "P-04", "P-05"]
    assert keys("start_date=2026-03-02T10:00:00Z&end_date=2026-03-04T10:00:00Z") == ["P-01", "P-02"]
    assert keys("filters[source_id][conditions][$in][0]=P-01&filters[source_id][conditions][$in][1]=P-07") == [
        "P-01", "P-07",
    ]  # fmt: skip
    assert keys("filters[created_at][conditions][$after]=2026-03-11T10:00:00Z") == ["P-11"]
    for query in ("order=name", "filters[size][conditions][$is]=1", "wrong=1", "start_date=x"):
        assert refused(partner.get(f"/v1/products?{query}"))[:2] == (400, "invalid_query_params")
    for number in range(12):
        ok(partner.post("/v1/products/P-00/skus", {"source_id": f"S-{number:02}"}))
    listed = ok(partner.get("/v1/products/P-00/skus?limit=5&order=-created_at"))
    assert (listed["data_ref"], listed["total"], listed["skus"][0]["source_id"]) == ("skus", 12, "S-11")
    assert ok(partner.get("/v1/products?limit=1"))["products"][0]["skus"]["total"] == 12


def test_a_list_is_a_handful_of_statements(partner: Partner, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        ok(partner.post("/v1/products", {"source_id": f"P-{number}"}))
        for size in range(3):
            ok(partner.post(f"/v1/products/P-{number}/skus", {"source_id": f"P-{number}-{size}"}))
    with django_assert_max_num_queries(6):
        found = ok(partner.get("/v1/products"))["products"]
    assert [each["skus"]["total"] for each in found] == [3] * 5


def test_keys_need_their_scopes(partner: Partner, assam: dict[str, Any]) -> None:
    ok(partner.post("/v1/products/TEA-ASSAM/skus", SKU))
    only = Partner(partner.project, api_keys.make(partner.project.pk, "SKUs", [ApiScope.SKUS]))
    assert only.get("/v1/skus/TEA-ASSAM-250").status_code == 200
    for path in ("/v1/products", "/v1/products/TEA-ASSAM", "/v1/products/TEA-ASSAM/skus"):
        assert only.get(path).status_code == 403
    other = Partner(partner.project, api_keys.make(partner.project.pk, "Products", [ApiScope.PRODUCTS]))
    assert other.get("/v1/products/TEA-ASSAM/skus").status_code == 200
    assert other.get("/v1/skus/TEA-ASSAM-250").status_code == 403


def test_a03_the_goods_of_another_project_are_not_there(partner: Partner) -> None:
    other = Partner(ProjectFactory.create())
    theirs = ok(other.post("/v1/products", ASSAM | {"name": "Secret"}))
    sku = ok(other.post("/v1/products/TEA-ASSAM/skus", SKU))
    mine = ok(partner.post("/v1/products", {"source_id": "MINE"}))
    before = (list(ParentProduct.objects.values()), list(Product.objects.values()))
    for key in (theirs["id"], "TEA-ASSAM"):
        for method, path in (
            ("GET", f"/v1/products/{key}"),
            ("PUT", f"/v1/products/{key}"),
            ("DELETE", f"/v1/products/{key}?force=true"),
            ("GET", f"/v1/products/{key}/skus"),
            ("POST", f"/v1/products/{key}/skus"),
            ("PUT", f"/v1/products/{key}/skus/{sku['id']}"),
            ("DELETE", f"/v1/products/{key}/skus/{sku['id']}?force=true"),
        ):
            answer = partner.call(method, path, {"name": "x", "price": 1})
            assert (answer.status_code, b"Secret" in answer.content) == (404, False), (method, path)
    for key in (sku["id"], "TEA-ASSAM-250"):
        assert partner.get(f"/v1/skus/{key}").status_code == 404
        assert partner.put(f"/v1/products/MINE/skus/{key}", {"price": 1}).status_code == 404
        assert partner.call("DELETE", f"/v1/products/MINE/skus/{key}").status_code == 404
    assert partner.post("/v1/products", {"id": theirs["id"], "price": 1}).status_code == 404
    assert partner.post("/v1/products/MINE/skus", {"id": sku["id"], "price": 1}).status_code == 404
    assert (list(ParentProduct.objects.values()), list(Product.objects.values())) == before
    own = ok(partner.post("/v1/products/MINE/skus", SKU))  # the same source id, another world
    assert (own["product_id"], own["id"] != sku["id"]) == (mine["id"], True)


def test_an_article_of_a_shop_is_a_product_with_one_sku(partner: Partner, project: Project) -> None:
    article = give_stock(project, MUG=5)["MUG"]
    found = ok(partner.get("/v1/products/MUG"))
    [sku] = found["skus"]["data"]
    assert (found["name"], sku["sku"], sku["source_id"], sku["product_id"]) == (
        "Product MUG", "Product MUG", "MUG", found["id"],
    )  # fmt: skip
    assert catalogue.find(project.pk, ["MUG"]) == {"MUG": article}


@pytest.mark.django_db(transaction=True)
def test_two_spellings_of_one_key_in_24_threads_are_one_row(partner: Partner, settings: Any) -> None:
    settings.API_RATE_LIMIT = 10_000
    gate = threading.Barrier(24)
    answers: list[int] = []

    def post(number: int) -> None:
        gate.wait()
        try:
            key = ("TEA", " TEA ")[number % 2]
            answers.append(partner.post("/v1/products", {"source_id": key, "price": number}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, ParentProduct.objects.get().source_id) == ([200] * 24, "TEA")
