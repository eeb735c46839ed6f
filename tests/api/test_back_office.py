"""The back office as resources: lists in cursor pages, filters, tags, and runs that are started and cancelled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from config.kit.public_ids import PublicIds
from integrations.access import api_keys
from integrations.choices import ApiScope, RemoteState, RunKind, RunState
from integrations.models import Integration, Run
from integrations.shops.connection import set_up
from orders.models import Order
from orders.work import invoicing, shipping
from tests.admin.conftest import imported, remote
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1"


@pytest.fixture
def partner() -> Partner:
    return Partner(ProjectFactory.create())


@pytest.fixture
def shop(partner: Partner) -> Integration:
    made = IntegrationFactory.create(project=partner.project, title="Garden shop")
    set_up(made)
    return made


@pytest.fixture
def order(shop: Integration) -> Order:
    """An order that is shipped and invoiced."""
    give_stock(shop.project, A_17=5)
    [made] = imported(shop, [incoming(line("A-17", 2), total=Decimal("20.50"))])
    shipping.ship(made.pk)
    invoicing.issue(made.pk)
    return made


def ids(partner: Partner) -> PublicIds:
    return PublicIds(bytes(partner.project.id_key))


def listed(partner: Partner, path: str) -> list[dict[str, Any]]:
    answer = partner.get(f"{ROOT}/{path}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = told(answer)["data"]
    return found


def test_each_resource_is_listed_and_read(partner: Partner, order: Order) -> None:
    for path, kind in {
        "integrations": "integration", "remote-orders": "remote_order", "invoices": "invoice", "shipments": "shipment",
        "products": "product", "movements": "stock_movement", "warehouses": "warehouse",
    }.items():  # fmt: skip
        [row, *_] = listed(partner, path)
        assert row["object"] == kind
        if path not in {"movements", "warehouses"}:
            assert told(partner.get(f"{ROOT}/{path}/{row['id']}")) == row
    [product] = listed(partner, "products")
    assert (product["on_hand"], product["reserved"], product["available"]) == (3, 0, 3)
    [invoice], [shipment] = listed(partner, "invoices"), listed(partner, "shipments")
    assert invoice["order_id"] == shipment["order_id"] == ids(partner).give("ord", order.pk)
    assert (invoice["total"], shipment["lines"][0]["quantity"]) == ("20.5000", 2)
    rates = [(printed["name"], printed["tax_rate"]) for printed in invoice["lines"]]
    assert rates == [("Product A-17", "0"), ("Rounding and other", None)]


def test_no_secret_is_told(partner: Partner, shop: Integration) -> None:
    for path in ("integrations", f"integrations/{ids(partner).give('int', shop.pk)}"):
        text = partner.get(f"{ROOT}/{path}").content.decode()
        assert not any(secret in text for secret in shop.credentials.values())
        assert "credentials" not in text


def test_papers_are_the_ones_that_were_issued(partner: Partner, order: Order) -> None:
    [invoice], [shipment] = listed(partner, "invoices"), listed(partner, "shipments")
    for path in (f"invoices/{invoice['id']}/pdf", f"shipments/{shipment['id']}/packing-slip"):
        first, again = (partner.get(f"{ROOT}/{path}") for _ in range(2))
        assert (first.status_code, first["Content-Type"]) == (200, "application/pdf")
        assert first.content == again.content
        assert first.content.startswith(b"%PDF-")


def test_pages_go_on_where_they_were_whatever_comes_meanwhile(partner: Partner, shop: Integration) -> None:
    rows = [remote(shop, str(number), RemoteState.PENDING) for number in range(7)]
    seen: list[str] = []
    path = f"{ROOT}/remote-orders?limit=3"
    while path:
        answer = told(partner.get(path))
        seen += [row["external_id"] for row in answer["data"]]
        remote(shop, f"new-{len(seen)}", RemoteState.PENDING)
        path = f"{ROOT}/remote-orders?limit=3&after={answer['next']}" if answer["next"] else ""
    assert seen == [row.external_id for row in reversed(rows)]


def test_filters_narrow_a_list(partner: Partner, shop: Integration, order: Order) -> None:
    other = IntegrationFactory.create(project=partner.project)
    remote(shop, "1", RemoteState.FAILED)
    remote(other, "2", RemoteState.PENDING)
    shop_id = ids(partner).give("int", shop.pk)
    assert [row["external_id"] for row in listed(partner, "remote-orders?state=failed")] == ["1"]
    assert len(listed(partner, f"remote-orders?integration={shop_id}")) == 2
    assert listed(partner, f"remote-orders?integration={shop_id}&state=pending") == []
    assert listed(partner, "remote-orders?changed_before=2020-01-01") == []
    assert len(listed(partner, "products?sku_prefix=A-")) == 1
    assert listed(partner, "products?sku=a-17") == []
    assert len(listed(partner, "movements?reason=shipment")) == 1
    assert len(listed(partner, f"invoices?order={ids(partner).give('ord', order.pk)}&type=invoice")) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("remote-orders?state=lost", ".state"),
        ("remote-orders?changed_from=yesterday", ".changed_from"),
        ("remote-orders?limit=0", ".limit"),
        ("remote-orders?limit=201", ".limit"),
        ("remote-orders?after=x", ".after"),
        ("remote-orders?payload__contains=x", ".payload__contains"),
        ("remote-orders?state=failed&state=pending", ".state"),
        ("integrations?credentials__startswith=a", ".credentials__startswith"),
        ("movements?reason=theft", ".reason"),
        ("remote-orders?number=%00", ".number"),
        ("remote-orders?state=", ".state is empty"),
        ("remote-orders?changed_from=", ".changed_from is empty"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(partner: Partner, query: str, named: str) -> None:
    answer = partner.get(f"{ROOT}/{query}")
    assert answer.status_code == 400
    assert named in told(answer)["details"]


def test_who_has_it_already_is_told_so(partner: Partner, shop: Integration) -> None:
    first = partner.get(f"{ROOT}/integrations")
    again = partner.get(f"{ROOT}/integrations", If_None_Match=f'"other", {first["ETag"]}')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Integration.objects.update(title="Another title")
    assert partner.get(f"{ROOT}/integrations", If_None_Match=first["ETag"]).status_code == 200


def test_runs_are_started_watched_and_cancelled(partner: Partner, shop: Integration, order: Order) -> None:
    shop_id, order_id = ids(partner).give("int", shop.pk), ids(partner).give("ord", order.pk)
    for asked in (
        {"kind": "load", "integration_id": shop_id},
        {"kind": "fetch", "integration_id": shop_id, "order": "4711"},
        {"kind": "synchronize", "order_ids": [order_id]},
    ):
        answer = partner.post(f"{ROOT}/runs", asked)
        assert answer.status_code == 202, answer.content
        [run] = told(answer)["data"]
        assert (run["kind"], run["state"], run["integration_id"]) == (asked["kind"], "waiting", shop_id)
        again = partner.post(f"{ROOT}/runs", asked)
        assert (again.status_code, "already running" in told(again)["details"]) == (409, True)
        ended = told(partner.call("DELETE", f"{ROOT}/runs/{run['id']}"))
        assert ended["state"] == "cancelled"
        assert partner.call("DELETE", f"{ROOT}/runs/{run['id']}").status_code == 409
    assert set(Run.objects.values_list("kind", "state")) == {
        (kind, RunState.CANCELLED) for kind in (RunKind.LOAD, RunKind.IMPORT_ORDERS, RunKind.SYNCHRONIZE)
    }


@pytest.mark.parametrize(
    ("asked", "status", "sentence"),
    [
        ({}, 400, "kind"),
        ({"kind": "retry"}, 400, ".kind must be one of "),
        ({"kind": "load"}, 400, "Property .integration_id is missing"),
        ({"kind": "load", "integration_id": "int_" + "0" * 32}, 404, "Cannot find integration with id int_000"),
        ({"kind": "load", "integration_id": "SHOP", "date_from": "2020-01-01"}, 409, "at most one year back"),
        ({"kind": "load", "integration_id": "SHOP", "date_from": "soon"}, 400, ".date_from"),
        (
            {"kind": "load", "integration_id": "SHOP", "order": "1"},
            400,
            "Property .order is not known here; these are: date_from",
        ),
        ({"kind": "fetch", "integration_id": "SHOP"}, 409, "between 1 and 6 hours"),
        ({"kind": "fetch", "integration_id": "SHOP", "hours": 7}, 409, "between 1 and 6 hours"),
        ({"kind": "fetch", "integration_id": "SHOP", "order": "x" * 101}, 409, "no order number"),
        ({"kind": "synchronize", "order_ids": []}, 400, ".order_ids length cannot be lower than 1"),
        ({"kind": "synchronize", "order_ids": ["x"]}, 404, "Cannot find order with id x"),
        ({"kind": "load", "nonsense": 1}, 400, "nonsense"),
    ],
)
def test_what_cannot_be_started_is_said(
    partner: Partner, shop: Integration, asked: dict[str, Any], status: int, sentence: str
) -> None:
    if asked.get("integration_id") == "SHOP":
        asked = asked | {"integration_id": ids(partner).give("int", shop.pk)}
    answer = partner.post(f"{ROOT}/runs", asked)
    assert (answer.status_code, sentence in told(answer)["details"]) == (status, True), answer.content
    assert not Run.objects.exists()


def test_101_orders_are_refused_and_nothing_is_started(partner: Partner, shop: Integration) -> None:
    orders = [ids(partner).give("ord", pk) for pk in range(1, 102)]
    answer = partner.post(f"{ROOT}/runs", {"kind": "synchronize", "order_ids": orders})
    assert (answer.status_code, "At most 100 orders" in told(answer)["details"]) == (409, True)
    assert not Run.objects.exists()


def test_reading_does_not_allow_to_start(partner: Partner, shop: Integration) -> None:
    reader = Partner(partner.project, api_keys.make(partner.project.pk, "Reader", [ApiScope.BACK_OFFICE]))
    assert reader.get(f"{ROOT}/runs").status_code == 200
    asked = {"kind": "load", "integration_id": ids(partner).give("int", shop.pk)}
    assert reader.post(f"{ROOT}/runs", asked).status_code == 403
    assert not Run.objects.exists()


def test_a_foreign_shop_or_order_cannot_be_asked_for(partner: Partner, shop: Integration, order: Order) -> None:
    stranger = Partner(ProjectFactory.create())
    for key in (partner, stranger):  # ids of one project mean nothing in another, however they are made
        shop_id, order_id = ids(key).give("int", shop.pk), ids(key).give("ord", order.pk)
        assert stranger.post(f"{ROOT}/runs", {"kind": "load", "integration_id": shop_id}).status_code == 404
        answer = stranger.post(f"{ROOT}/runs", {"kind": "synchronize", "order_ids": [order_id]})
        assert answer.status_code in {404, 409}
    assert not Run.objects.exists()


def test_an_unknown_address_is_not_there(partner: Partner) -> None:
    assert partner.get(f"{ROOT}/nonsense").status_code == 404
