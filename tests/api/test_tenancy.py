"""A key of one project can do nothing with the rows of another: every address with every foreign id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from config.kit.public_ids import PublicIds
from integrations.choices import RemoteState
from integrations.follow_up import fan_out
from integrations.models import (
    ApiKey,
    BulkImport,
    Distribution,
    Export,
    Integration,
    Message,
    Project,
    RemoteOrder,
    Run,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.webhooks import endpoints
from orders.choices import SegmentKind
from orders.exported.all_rows import EXPORTED
from orders.models import Customer, Invoice, Order, PointsMovement, Segment, SegmentMember, Shipment
from orders.points import movements
from orders.segments import definitions
from orders.work import invoicing, shipping
from stock import catalogue
from stock.models import ParentProduct, Product, StockLevel, Warehouse
from tests.admin.conftest import remote
from tests.api.conftest import Partner, told, work_off
from tests.factories import IntegrationFactory, ProjectFactory, give_stock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, route)
        elif isinstance(each, URLPattern) and route.startswith(("v1/", "back-office/v1/")) and each.name:
            yield route, each.callback


def takes(view: Any, method: str) -> bool:
    """Whether a view of Django's resolver answers a method, GET or another."""
    actions = getattr(view, "actions", None)
    return hasattr(view.cls, method.lower()) if actions is None else method.lower() in actions


ROUTES = dict(patterns(get_resolver()))
OF_ONE = [route for route in ROUTES if "<" in route]
METHODS = ("GET", "POST", "PUT", "DELETE")
# Published: whoever is not here is in the segments that somebody without any data would be in.
OF_NOBODY = ("v1/customers/<id:customer_id>/segments", "GET")
BODY = {"status": "CANCELED", "amount": 1}


def test_the_addresses_of_the_api_are_these() -> None:
    office = {route.removeprefix("back-office/v1/") for route in ROUTES if route.startswith("back-office/v1/")}
    one = "/<str:public_id>"
    both = (
        "integrations", "remote-orders", "runs", "invoices", "shipments", "products", "customers", "segments", "orders",
        "distributions", "messages", "webhooks", "deliveries",
    )  # fmt: skip
    assert office == {
        *both, *(name + one for name in both), "movements", f"invoices{one}/pdf", f"shipments{one}/packing-slip",
        *(f"orders{one}/{step}" for step in ("hold", "release", "cancel", "shipments")),
        f"customers{one}/points", f"segments{one}/members", f"segments{one}/members/<str:customer_id>",
        f"deliveries{one}/send-again", "where-is-my-order", "warehouses",
    }  # fmt: skip
    assert sorted(route for route in ROUTES if route.startswith("v1/")) == [
        "v1/async-actions",
        "v1/async-actions/<id:action_id>",
        "v1/async-actions/<id:action_id>/report",
        "v1/customers",
        "v1/customers/<id:customer_id>",
        "v1/customers/<id:customer_id>/permanent-deletion",
        "v1/customers/<id:customer_id>/segments",
        "v1/customers/bulk/async",
        "v1/customers/metadata/async",
        "v1/exports",
        "v1/exports/<id:export_id>",
        "v1/openapi.json",
        "v1/orders",
        "v1/orders/<rest:order_id>",
        "v1/orders/export",
        "v1/orders/import",
        "v1/products",
        "v1/products/<id:product_id>",
        "v1/products/<id:product_id>/skus",
        "v1/products/<id:product_id>/skus/<id:sku_id>",
        "v1/products/bulk/async",
        "v1/products/metadata/async",
        "v1/segments",
        "v1/segments/<id:segment_id>",
        "v1/skus/<id:sku_id>",
    ]


@pytest.fixture
def theirs() -> Partner:
    """Another project with a row of every kind."""
    other = Partner(ProjectFactory.create())
    give_stock(other.project, MUG=5)
    customer = {"source_id": "jana", "name": "Secret Jana"}
    other.post("/v1/orders", {"source_id": "their-order", "items": [{"source_id": "MUG"}], "customer": customer})
    other.imported([{"source_id": "their-history", "amount": 5}])
    other.post("/v1/orders/export", {})
    work_off()
    endpoints.create(other.project, "https://secret.example/Secret", ["customer.order.created"])
    fan_out.pass_on(other.project.pk)
    live = Order.objects.get(project=other.project, source_id="their-order")
    shipping.ship(live.pk)
    invoicing.issue(live.pk)
    remote(IntegrationFactory.create(project=other.project, title="Secret shop"), "1", RemoteState.FAILED)
    person = Customer.objects.get(project=other.project)
    definitions.create(other.project.pk, definitions.SegmentWish("Secret segment", SegmentKind.STATIC), [person.pk])
    distribution = Distribution.objects.create(
        project=other.project, name="Secret letter", trigger="order_paid", channel="email"
    )
    Message.objects.create(
        distribution=distribution, cause="order-1", customer_id=person.pk, reason="Secret reason",
        created_at=live.created_at, next_attempt_at=live.created_at,
    )  # fmt: skip
    movements.adjust(person.pk, 5, "Secret points", seen=None, actor_id=None)
    return other


# The kinds of rows that only the back office shows.
OFFICE: tuple[tuple[str, Any], ...] = (
    ("int", Integration),
    ("rem", RemoteOrder),
    ("run", Run),
    ("inv", Invoice),
    ("shp", Shipment),
    ("seg", Segment),
    ("pts", PointsMovement),
    ("dist", Distribution),
    ("wh", WebhookEndpoint),
    ("del", WebhookDelivery),
    ("whs", Warehouse),
)


def _last(model: Any, project: Project) -> int:
    return int(model.objects.filter(project=project).latest("pk").pk)


def foreign_ids(project: Project) -> dict[str, str]:
    ids = PublicIds(bytes(project.id_key))
    return {
        "order": ids.give("ord", Order.objects.get(project=project, source_id="their-order").pk),
        "history": ids.give("ord", Order.objects.get(project=project, source_id="their-history").pk),
        "source id": "their-order",
        "customer": ids.give("cust", Customer.objects.get(project=project).pk),
        "product": ids.give("prod", Product.objects.get(project=project).pk),
        "sku": ids.give("sku", Product.objects.get(project=project).pk),
        "action": ids.give("aa", BulkImport.objects.get(project=project).pk),
        "export": ids.give("exp", Export.objects.get(project=project).pk),
        **{kind: ids.give(kind, _last(model, project)) for kind, model in OFFICE},
        "msg": ids.give("msg", Message.objects.filter(distribution__project=project).latest("pk").pk),
        "primary key": str(Order.objects.filter(project=project).latest("pk").pk),
    }


def guessed_ids(mine: Project, theirs: Project) -> dict[str, str]:
    """Their primary keys, dressed with my own project's key: what a thief with all numbers could send."""
    ids = PublicIds(bytes(mine.id_key))
    return {
        "order of mine": ids.give("ord", Order.objects.filter(project=theirs).latest("pk").pk),
        "customer of mine": ids.give("cust", Customer.objects.get(project=theirs).pk),
        "product of mine": ids.give("prod", Product.objects.get(project=theirs).pk),
        "sku of mine": ids.give("sku", Product.objects.get(project=theirs).pk),
        "action of mine": ids.give("aa", BulkImport.objects.get(project=theirs).pk),
        **{f"{kind} of mine": ids.give(kind, _last(model, theirs)) for kind, model in OFFICE},
        "export of mine": ids.give("exp", Export.objects.get(project=theirs).pk),
    }


def state(project: Project) -> list[Any]:
    return [
        list(model.objects.filter(project=project).order_by("pk").values())
        for model in (
            Order,
            Customer,
            Product,
            ParentProduct,
            Run,
            Export,
            Segment,
            PointsMovement,
            WebhookEndpoint,
            WebhookDelivery,
        )
    ] + [list(SegmentMember.objects.filter(segment__project=project).values())]


@pytest.mark.parametrize("route", OF_ONE)
def test_a03_foreign_ids_in_the_path_are_not_there(partner: Partner, theirs: Partner, route: str) -> None:
    before = state(theirs.project)
    ids = foreign_ids(theirs.project) | guessed_ids(partner.project, theirs.project)
    absent = "/" + re.sub("<.*>", "nobody", route)
    refusals = {method: partner.call(method, absent, BODY) for method in METHODS}
    for name, foreign in ids.items():
        path = "/" + re.sub("<.*>", foreign, route)
        for method, missing in refusals.items():
            answer = partner.call(method, path, BODY)
            assert answer.status_code == missing.status_code, (name, method)
            if (route, method) == OF_NOBODY:
                assert answer.content == missing.content
                continue
            assert answer.status_code in {404, 405}, (name, method)
            assert told(answer)["message"] == told(missing)["message"]
            assert "Secret" not in answer.content.decode()
    assert state(theirs.project) == before


def test_a03_foreign_ids_in_bodies_are_not_there(partner: Partner, theirs: Partner) -> None:
    before = state(theirs.project)
    ids = foreign_ids(theirs.project) | guessed_ids(partner.project, theirs.project)
    bodies: list[dict[str, Any]] = []
    for foreign in ids.values():
        bodies += [
            {"id": foreign, "amount": 1},
            {"amount": 1, "customer": {"id": foreign, "name": "Mallory"}},
            {"amount": 1, "customer_id": foreign},
            {"amount": 1, "referrer_id": foreign},
            {"amount": 1, "items": [{"product_id": foreign}]},
            {"amount": 1, "items": [{"sku_id": foreign}]},
            {"amount": 1, "items": [{"product": {"id": foreign, "override": True, "name": "Mine"}}]},
            {"amount": 1, "items": [{"source_id": "X", "sku": {"override": True}, "product": {"id": foreign}}]},
        ]
    for body in bodies:
        assert partner.post("/v1/orders", body).status_code in {400, 404}, body
    action = partner.imported(bodies)
    assert action["result"]["failed_count"] == len(bodies)
    assert not Order.objects.filter(project=partner.project).exists()
    assert state(theirs.project) == before


def test_a03_foreign_ids_in_steps_of_the_back_office_are_not_there(partner: Partner, theirs: Partner) -> None:
    own_product = catalogue.create(partner.project.pk, {"MINE": "Mine"})["MINE"]
    mine = PublicIds(bytes(partner.project.id_key)).give("prod", own_product)
    before, levels = state(theirs.project), list(StockLevel.objects.values())
    own = told(partner.post("/v1/orders", {"amount": 1}))["id"]
    for foreign in (foreign_ids(theirs.project) | guessed_ids(partner.project, theirs.project)).values():
        for path, body in (
            ("movements", {"reason": "receipt", "product_id": foreign, "quantity": 1}),
            ("movements", {"reason": "receipt", "product_id": mine, "quantity": 1, "warehouse_id": foreign}),
            (f"orders/{own}/shipments", {"lines": [{"line_id": foreign, "quantity": 1}]}),
            ("runs", {"kind": "load", "integration_id": foreign}),
        ):
            assert partner.post(f"/back-office/v1/{path}", body).status_code == 404, (path, foreign)
    assert (state(theirs.project), list(StockLevel.objects.values())) == (before, levels)


@pytest.mark.parametrize("kind", EXPORTED)
def test_a03_a_file_holds_nothing_of_another_project(partner: Partner, theirs: Partner, kind: str) -> None:
    ids = foreign_ids(theirs.project) | guessed_ids(partner.project, theirs.project)
    for filters in ({}, *({"id": {"conditions": {"$in": [*ids.values()]}}} for _ in "." if kind == "order")):
        parameters = {"fields": [*EXPORTED[kind].fields], "filters": filters}
        assert partner.post("/v1/exports", {"exported_object": kind, "parameters": parameters}).status_code == 200
        work_off()
        export = Export.objects.filter(project=partner.project).latest("pk")
        assert [bytes(part.content).count(b"\r\n") for part in export.parts.all()] == [1]
    # Control: asked by their own key it holds something.
    theirs.post("/v1/exports", {"exported_object": kind})
    work_off()
    assert b"\r\n" in bytes(Export.objects.latest("pk").parts.get().content).split(b"\r\n", 1)[1]


def test_a03_the_same_source_ids_are_two_worlds(partner: Partner, theirs: Partner) -> None:
    before = state(theirs.project)
    body = {"source_id": "their-order", "amount": 7, "customer": {"source_id": "jana", "name": "Mine"}}
    published = told(partner.post("/v1/orders", body))
    assert Order.objects.filter(source_id="their-order").count() == 2
    assert told(partner.get("/v1/orders"))["total"] == 1
    assert told(partner.get("/v1/orders/their-order"))["id"] == published["id"]
    assert told(partner.get("/v1/async-actions"))["async_actions"] == []
    assert told(partner.get("/v1/exports"))["total"] == 0
    assert state(theirs.project) == before


def test_control_without_the_project_a_foreign_row_is_found(
    partner: Partner, theirs: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question with the guard off: `find` asked in the other project answers."""
    from orders.partners import known_orders

    find = known_orders.find
    monkeypatch.setattr(known_orders, "find", lambda project_id, ids, key: find(theirs.project.pk, ids, key))
    assert partner.get("/v1/orders/their-order").status_code == 200


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_every_address_asks_for_a_key_and_its_scope(partner: Partner, route: str) -> None:
    path = "/" + re.sub("<.*>", "x", route)
    allowed = [method for method in ("GET", "POST", "PUT", "DELETE") if takes(ROUTES[route], method)]
    assert allowed
    stranger = Partner(partner.project)
    stranger.headers = {}
    ApiKey.objects.update(scopes=[])
    for method in allowed:
        assert stranger.call(method, path, BODY).status_code == 401
        assert partner.call(method, path, BODY).status_code == 403
