"""Addresses that are not offered are 404 by name: no word of theirs is read as an id."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.models import Project
from orders.models import Customer
from tests.api.conftest import Partner, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "kind", "details"),
    [
        ("GET", "publications", "publication", "There are no publications here. Offered: customers, orders"),
        ("POST", "vouchers/qualification", "voucher", "There are no vouchers here."),
        ("GET", "loyalties/x/members", "loyalty", "There are no loyalties here."),
        (
            "POST",
            "products/importCSV",
            "product",
            "There is no POST /v1/products/importCSV here. Offered: /v1/products",
        ),
        ("GET", "skus/import", "sku", "There is no GET /v1/skus/import here. Offered: /v1/skus/{id}"),
        ("GET", "skus", "sku", "There is no GET /v1/skus here. Offered: /v1/skus/{id}"),
        ("GET", "segments/seg_1/x", "segment", "There is no GET /v1/segments/seg_1/x here."),
        ("POST", "events", "event", "There are no events here."),
        (
            "GET",
            "customers/import",
            "customer",
            "There is no GET /v1/customers/import here. Offered: /v1/customers, /v1/customers/",
        ),
        ("POST", "customers/importCSV", "customer", "There is no POST /v1/customers/importCSV here."),
        ("GET", "customers/c-1/activity", "customer", "There is no GET /v1/customers/c-1/activity here."),
        ("PUT", "customers/c-1/consents", "customer", "There is no PUT /v1/customers/c-1/consents here."),
        ("GET", "exports/export", "export", "There is no GET /v1/exports/export here. Offered: /v1/exports, /v1/exp"),
        ("GET", "async-actions/import", "async_action", "There is no GET /v1/async-actions/import here."),
        ("DELETE", "", "", "There are no such things here."),
    ],
)
def test_an_address_that_is_not_offered(partner: Partner, method: str, path: str, kind: str, details: str) -> None:
    Customer.objects.create(project=partner.project, source_id="c-1", created_at="2026-01-01T00:00:00Z")
    answer = partner.call(method, f"/v1/{path}")
    shown = told(answer)
    assert (answer.status_code, shown["key"], shown["message"]) == (404, "not_found", "Resource not found")
    assert shown["details"].startswith(details)
    assert shown.get("resource_type", "") == kind
    assert "X-Rate-Limit-Limit" in answer.headers


def test_who_has_no_key_is_told_nothing(project: Project) -> None:
    assert Client().get("/v1/publications").status_code == 401


def test_an_address_that_is_there_names_its_methods(partner: Partner) -> None:
    for path in ("/v1/orders/export", "/v1/orders/import"):
        for method in ("GET", "PUT", "DELETE"):
            refused = partner.call(method, path)
            assert (refused.status_code, told(refused)["details"][:25]) == (405, "This address takes POST, ")
    assert told(partner.get("/v1/customers/c-9"))["details"] == "Cannot find customer with id c-9"
