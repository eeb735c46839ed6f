"""Answers of the API held against what Voucherify publishes of them: by no model of an SDK, to the last field.

Three things are looked for: what is not as published, what is beside it (ours alone, which SDKs pass over), and what is
published and never answered. Each of them is listed here, with its reason, and there is nothing else.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from django.utils import timezone
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from integrations.access import api_keys
from integrations.choices import ApiScope, RunState
from integrations.models import Project, Run
from orders.exported.all_rows import EXPORTED
from orders.intake.incoming import IncomingAddress
from orders.models import Segment
from tests.admin.conftest import imported
from tests.api import published_schemas as published
from tests.api.conftest import Partner, told, work_off
from tests.api.published_schemas import Schema
from tests.api.test_import import FULL, JANA
from tests.api.test_products import ASSAM, SKU, ok
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.orders.segments.book import settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ADDRESS = {
    "city": "Lund", "state": "Skåne", "line_1": "Nygatan 9", "line_2": "2 tr", "country": "SE", "postal_code": "22229",
}  # fmt: skip
FILTERS: Any = {"junction": "or", "status": {"conditions": {"$is": "PAID", "$in": ["PAID"]}}}


@dataclass(frozen=True)
class Held:
    """What some answers are, beside as published; places as in `items[].price`."""

    wrong: set[str] = field(default_factory=set)
    """Place and value of what is not as published."""
    beside: set[str] = field(default_factory=set)
    """Places that are not published."""
    never: set[str] = field(default_factory=set)
    """Places that are published and not answered."""


def held(schema: Schema, answers: Iterable[Any]) -> Held:
    validator = Draft202012Validator(schema, validate_formats=True)
    wrong: set[str] = set()
    there: set[str] = set()
    for answer in answers:
        wrong |= {_told_of(error) for error in validator.iter_errors(answer)}
        there |= set(_places(schema, answer))
    known = set(_published_places(schema))
    return Held(wrong, there - known, known - there)


def _told_of(error: ValidationError) -> str:
    parts = ["[]" if isinstance(each, int) else f".{each}" for each in error.instance_path]
    if isinstance(error.kind, ValidationErrorKind.Required):
        return f"{''.join([*parts, '.', error.kind.property])[1:]} is missing"
    return f"{''.join(parts)[1:]} = {json.dumps(error.instance)}"


def _parts(schema: Schema) -> dict[str, Schema]:
    """The fields of an object; none where it may have any."""
    names_are_free = "additionalProperties" in schema
    return {} if names_are_free else dict(schema.get("properties", {}))


def _places(schema: Schema, value: Any, place: str = "") -> Iterator[str]:
    """Where an answer holds something, as far as it is published what there may be."""
    if isinstance(value, list):
        for each in value:
            yield from _places(schema.get("items", {}), each, f"{place}[]")
    parts = _parts(schema)
    if isinstance(value, dict) and parts:
        for name, each in value.items():
            inner = f"{place}.{name}".removeprefix(".")
            yield inner
            yield from _places(parts.get(name, {}), each, inner)


def _published_places(schema: Schema, place: str = "") -> Iterator[str]:
    if "items" in schema:
        yield from _published_places(schema["items"], f"{place}[]")
    for name, part in _parts(schema).items():
        inner = f"{place}.{name}".removeprefix(".")
        yield inner
        yield from _published_places(part, inner)


def rows(schema: Schema, answer: Any, *beside: str) -> list[Any]:
    """The rows of a list, which itself is as published."""
    page = ok(answer)
    assert held(schema, [page]) == Held(beside=set(beside))
    found: list[Any] = page[page["data_ref"]]
    assert found
    return found


FULL_ORDER = FULL | {
    "source_id": "full",
    "items": [
        FULL["items"][0] | {"discount_quantity": 1},
        {
            "source_id": "CUP",
            "related_object": "sku",
            "quantity": 2,
            "product": {"name": "Cup", "price": 900},
            "sku": {"sku": "white", "price": 950, "metadata": {"grade": "A"}},
        },
        {"source_id": "TEA", "related_object": "product", "amount": 9},
    ],
}


def test_orders(partner: Partner, project: Project) -> None:
    give_stock(project, CUP=3)
    nameless = incoming(line("A-17", 2, price="10.505"), line("", 1), email="", billing=IncomingAddress())
    imported(IntegrationFactory.create(project=project), [nameless], action="history")
    partner.imported([FULL_ORDER | {"source_id": "old"}, {"amount": 7, "status": "CANCELED"}])
    made = [ok(partner.post("/v1/orders", each)) for each in (FULL_ORDER, {"amount": 0}, {"items": [{"amount": 5}]})]
    changed = ok(partner.put("/v1/orders/full", {"status": "FULFILLED", "discount_amount": 100}))
    listed = rows(published.ORDERS, partner.get("/v1/orders?limit=100"), "next")
    assert len(listed) == 6
    read = [ok(partner.get(f"/v1/orders/{each['id']}")) for each in listed]
    assert held(published.ORDER, [*made, changed, *listed, *read]) == Held(
        never={
            # What vouchers gave: there are none here.
            "items[].applied_quantity", "items[].applied_quantity_amount", "items[].applied_discount_quantity",
            # A wish, which no example answers.
            "items[].product.override", "items[].sku.override",
        }
    )  # fmt: skip


def test_customers(partner: Partner) -> None:
    bare = ok(partner.post("/v1/customers", {"name": "Bare"}))
    full = ok(partner.post("/v1/customers", JANA | {"description": "Regular", "address": ADDRESS}))
    paid = {"source_id": "1", "status": "PAID", "amount": 5, "customer": {"source_id": "cust-1"}}
    partner.imported([paid])
    settle(partner.project)
    changed = ok(partner.put("/v1/customers/cust-1", {"name": "Jana N."}))
    listed = rows(published.CUSTOMERS, partner.get("/v1/customers"))
    read = [ok(partner.get(f"/v1/customers/{each['id']}")) for each in listed]
    assert held(published.CUSTOMER, [bare, full, changed, *listed, *read]) == Held(
        never={"assets"}  # addresses of pages of theirs
    )
    gone = ok(partner.post(f"/v1/customers/{bare['id']}/permanent-deletion", {}))
    assert held(published.PERMANENT_DELETION, [gone]) == Held()


def test_products_and_skus(partner: Partner, project: Project) -> None:
    give_stock(project, CUP=1)
    picture: dict[str, Any] = {"image_url": "https://shop.example/tea.png"}
    made = [
        ok(partner.post("/v1/products", each)) for each in (ASSAM | picture, {"name": "No key"}, {"source_id": "X"})
    ]
    skus = [ok(partner.post("/v1/products/TEA-ASSAM/skus", each)) for each in (SKU | {"currency": "EUR"}, {"price": 5})]
    changed = ok(partner.put("/v1/products/TEA-ASSAM", {"price": None, "metadata": {"bio": None}}))
    skus.append(ok(partner.put("/v1/products/TEA-ASSAM/skus/TEA-ASSAM-250", {"price": None, **picture})))
    listed = rows(published.PRODUCTS, partner.get("/v1/products"))
    read = [ok(partner.get(f"/v1/products/{each['id']}")) for each in listed]
    assert held(published.PRODUCT, [*made, changed, *listed, *read]) == Held()
    skus += rows(published.SKUS, partner.get("/v1/products/TEA-ASSAM/skus"))
    skus += [ok(partner.get(f"/v1/skus/{each['id']}")) for each in skus]
    assert held(published.SKU, skus) == Held()


def test_segments(partner: Partner) -> None:
    partner.post("/v1/customers", JANA)
    wish = {"junction": "and", "name": {"conditions": {"$starts_with": "Jana"}}}
    wishes: list[dict[str, Any]] = [{}, {"filter": wish}, {"filter": wish, "type": "auto-update"}]
    made = [ok(partner.post("/v1/segments", {"name": str(at), **values})) for at, values in enumerate(wishes)]
    Segment.objects.filter(name="1").update(updated_at=timezone.now())
    listed = rows(published.SEGMENTS, partner.get("/v1/segments"), "has_more")
    read = [ok(partner.get(f"/v1/segments/{each['id']}")) for each in listed]
    # As in their own list: nothing has changed yet.
    assert held(published.SEGMENT, [*made, *listed, *read]) == Held(wrong={"updated_at = null"})
    settle(partner.project)
    theirs = rows(
        published.page("data", "object data_ref data total", total=published.WHOLE),
        partner.get("/v1/customers/cust-1/segments"),
    )
    assert held(published.SEGMENT_OF_CUSTOMER, theirs) == Held()


def exports(partner: Partner) -> list[Any]:
    """The answers to wishes for every kind of row."""
    wishes: list[dict[str, Any]] = [{"exported_object": kind} for kind in EXPORTED]
    for kind, order, filters in (("order", "-status", FILTERS), ("customer", "name", {"junction": "AND"})):
        fields = [*EXPORTED[kind].fields, "metadata", "metadata.tier"]
        wishes.append({"exported_object": kind, "parameters": {"order": order, "fields": fields, "filters": filters}})
    asked = [ok(partner.post("/v1/exports", wish)) for wish in wishes]
    return [*asked, ok(partner.post("/v1/orders/export", {}))]


# As it was sent, which their own examples are, too; and kinds that only their SDKs know.
NOT_AS_PUBLISHED = {
    "order": {'parameters.fields[] = "metadata.tier"', 'parameters.filters.status.conditions.$is = "PAID"'},
    "customer": {'parameters.fields[] = "metadata.tier"'},
    "product": {'exported_object = "product"'},
    "sku": {'exported_object = "sku"'},
}


def test_exports(partner: Partner) -> None:
    asked = exports(partner)
    seen = rows(published.EXPORTS, partner.get("/v1/exports"))
    Run.objects.update(started_at=timezone.now())
    seen += rows(published.EXPORTS, partner.get("/v1/exports"))
    work_off()
    seen += [ok(partner.get(f"/v1/exports/{each['id']}")) for each in asked]
    Run.objects.update(state=RunState.FAILED)
    seen += rows(published.EXPORTS, partner.get("/v1/exports"))
    assert [*NOT_AS_PUBLISHED] == [*EXPORTED]
    for kind, wrong in NOT_AS_PUBLISHED.items():
        of_kind = [each for each in seen if each["exported_object"] == kind]
        assert {each["status"] for each in of_kind} == {"SCHEDULED", "IN_PROGRESS", "DONE", "ERROR"}
        assert held(published.export(kind), of_kind) == Held(wrong=wrong)
        # Nobody has asked but a key, as in their own example.
        first = [each for each in asked if each["exported_object"] == kind]
        assert held(published.export(kind, asked=True), first) == Held(wrong=wrong | {"user_id = null"})


def bulk_calls(partner: Partner) -> list[Any]:
    """The answers to bulk calls of every type, each with a row that fails."""
    people = [JANA, {"source_id": "c-79", "email": "no address"}]
    goods = [ASSAM, {"source_id": "MATE", "price": -1}]
    metadata = {"source_ids": ["cust-1", "x" * 256], "metadata": {"tier": "gold"}}
    bodies = {
        "orders/import": [FULL, {"source_id": "H-9"}, {"items": [{"price": 10**12, "quantity": 10**6}]}],
        "customers/bulk/async": people,
        "customers/metadata/async": metadata,
        "products/bulk/async": goods,
        "products/metadata/async": metadata,
    }
    answers = {path: partner.post(f"/v1/{path}", body) for path, body in bodies.items()}
    assert {path: each.status_code for path, each in answers.items()} == {
        path: 200 if path == "orders/import" else 202 for path in bodies
    }
    return [told(each) for each in answers.values()]


OF_THE_QUEUE = {"queue_position", "estimated_seconds"}
OF_METADATA = Held(beside=OF_THE_QUEUE | {"result.errors[].source_id"})
OWN_WAY = {
    "ORDERS.IMPORT": Held(
        # An order that was sent without one, as in their own example.
        wrong={"result.failed[].source_id = null"},
        beside=OF_THE_QUEUE | {
            "result.created_count", "result.updated_count", "result.skipped_count", "result.warnings",
            "result.failed[].index", "result.failed[].key",
        },
    ),
    "CUSTOMERS.BULK_UPDATE": Held(beside=OF_THE_QUEUE),
    "CUSTOMERS.METADATA_UPDATE": OF_METADATA,
    "PRODUCTS.BULK_UPDATE": Held(beside=OF_THE_QUEUE),
    "PRODUCTS.METADATA_UPDATE": OF_METADATA,
}  # fmt: skip


def test_async_actions(partner: Partner) -> None:
    asked = bulk_calls(partner)
    assert held(published.ASKED_ACTION, asked) == Held()
    listed: list[Any] = []
    read: list[Any] = []

    def look() -> None:
        listed.extend(rows(published.ACTIONS, partner.get("/v1/async-actions")))
        read.extend(ok(partner.get(f"/v1/async-actions/{each['async_action_id']}")) for each in asked)

    Run.objects.update(started_at=None)
    look()
    Run.objects.update(started_at=timezone.now())
    look()
    work_off()
    look()
    assert all(each["result"]["failed_count"] for each in read[-len(asked) :])
    Run.objects.update(state=RunState.ERRORED, reason="A fault of ours.")
    look()
    assert held(published.LISTED_ACTION, listed) == Held()
    for kind, schema in published.ACTION.items():
        of_kind = [each for each in read if each["type"] == kind]
        assert [each["status"] for each in of_kind] == ["ENQUEUED", "IN_PROGRESS", "DONE", "FAILED"]
        assert held(schema, of_kind) == OWN_WAY[kind]


KINDS = ("orders", "customers", "products", "skus", "segments", "exports", "async-actions")


def test_refusals(partner: Partner, project: Project, settings: Any) -> None:
    give_stock(project, CUP=1)
    narrow = Partner(project, api_keys.make(project.pk, "Narrow", [ApiScope.ORDERS]))
    stranger = Partner(project, partner.made)
    stranger.headers = {}
    partner.post("/v1/products", ASSAM)
    partner.post("/v1/products/TEA-ASSAM/skus", SKU)
    partner.post("/v1/products", {"source_id": "OTHER"})
    answers = [partner.get(f"/v1/{kind}/nobody") for kind in KINDS]
    answers += [
        partner.post("/v1/orders", {"amount": "1"}),
        partner.post("/v1/orders/import", [{"amount": -1}]),
        partner.get("/v1/async-actions?end_date=soon"),
        partner.post("/v1/exports", {"exported_object": "order", "parameters": {"fields": ["colour"]}}),
        stranger.get("/v1/orders"),
        narrow.get("/v1/customers"),
        partner.call("PATCH", "/v1/orders"),
        partner.get("/v1/orders", Accept="text/html"),
        partner.post("/v1/products/OTHER/skus", SKU),
        partner.post("/v1/orders", b" " * (32 * 1024 * 1024 + 1)),
        partner.call("POST", "/v1/orders", {"amount": 1}, **{"Content-Type": "text/plain"}),
        partner.call("DELETE", "/v1/products/CUP"),
    ]
    too_large = partner.post("/v1/customers/bulk/async", b" " * (10 * 1024 * 1024 + 1))
    settings.API_RATE_LIMIT = 1
    answers += [partner.get("/v1/orders") for _ in range(2)][1:]
    assert {each.status_code for each in answers} == {400, 401, 403, 404, 405, 406, 409, 413, 415, 423, 429}
    told_of = [told(each) for each in (*answers, too_large)]
    # The rows of a bulk call that are wrong; and what a bulk call that is too large is answered beside.
    assert held(published.PROBLEM, told_of) == Held(
        wrong={'error = "Request Entity Too Large"'}, beside={"errors", "statusCode"}, never={"error.message"}
    )
    assert all(each["code"] == answer.status_code for each, answer in zip(told_of, answers, strict=False))
    assert held(published.TOO_LARGE, [told(too_large)]) == Held(beside={"code", "key", "request_id"})


def spoilt(answer: Any, places: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """For each place the answer without it, and with something else there; before it what is to be found."""
    for place in places:
        *path, name = place.split(".")
        without, other = copy.deepcopy(answer), copy.deepcopy(answer)
        del reduce(getitem, path, without)[name]
        yield f"{place} is missing", without
        reduce(getitem, path, other)[name] = [True]
        yield f"{place} = [true]", other


@pytest.mark.parametrize(
    ("path", "body", "schema", "places"),
    [
        ("customers", JANA, published.CUSTOMER, ("object", "summary.orders.total_count", "loyalty.points")),
        ("products", ASSAM, published.PRODUCT, ("id", "price", "metadata")),
        ("exports", {"exported_object": "order"}, published.export("order"), ("result", "status", "user_id")),
    ],
)
def test_control_what_is_missing_or_of_another_type_is_found(
    partner: Partner, path: str, body: Any, schema: Schema, places: tuple[str, ...]
) -> None:
    answer = ok(partner.post(f"/v1/{path}", body))
    assert held(schema, [answer]).wrong == set()
    for wrong, other in spoilt(answer, places):
        assert held(schema, [other]).wrong == {wrong}


def test_control_of_orders_the_types_are_found(partner: Partner) -> None:
    answer = ok(partner.post("/v1/orders", FULL_ORDER))
    for name, value in (("amount", 1.5), ("created_at", "today"), ("status", "OPEN"), ("customer", {}), ("items", {})):
        assert held(published.ORDER, [answer | {name: value}]).wrong
    [item, *others] = answer["items"]
    for change in ({"object": "item"}, {"price": "1"}, {"product": None}, {"sku": {"price": "1"}}):
        assert held(published.ORDER, [answer | {"items": [item | change, *others]}]).wrong
    assert held(published.ORDER, [answer | {"colour": "red"}]).beside == {"colour"}
    assert "referrer" in held(published.ORDER, [{}]).never
