"""Every list takes at most twelve queries, however many rows it shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.kit.admin.model_admins import TenantAdmin
from integrations.choices import RemoteState, RunKind, RunState
from integrations.models import Distribution, Integration, Run
from orders.models import Customer, Order
from stock.models import Product
from tests.admin.conftest import imported, remote
from tests.factories import give_stock, incoming, line

TENANT_ADMINS = [each for each in django_admin.site._registry.values() if isinstance(each, TenantAdmin)]
MOST = 12


@pytest.fixture
def busy(shop: Integration) -> None:
    give_stock(shop.project, **{f"A_{number}": 5 for number in range(20)})
    imported(shop, [incoming(line(f"A-{number}")) for number in range(20)], "complete")
    imported(shop, [incoming(line(f"A-{number}", 9)) for number in range(20)])
    for number in range(20):
        remote(shop, f"f{number}", RemoteState.FAILED)
    for kind in RunKind:
        if kind != RunKind.LOAD:
            Run.objects.create(project=shop.project, integration=shop, kind=kind, state=RunState.WAITING)


def queries_of(browser: Client, address: str) -> list[str]:
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_every_list_takes_few_queries(each: TenantAdmin[Any], busy: None, admin: Client) -> None:
    statements = queries_of(admin, each.url("changelist"))
    assert len(statements) <= MOST, "\n".join(statements)


def test_the_overview_takes_few_queries(busy: None, admin: Client) -> None:
    statements = queries_of(admin, "/")
    assert len(statements) <= MOST, "\n".join(statements)


def test_no_list_reads_credentials(busy: None, admin: Client) -> None:
    for each in TENANT_ADMINS:
        for statement in queries_of(admin, each.url("changelist")):
            assert "credentials" not in statement or "integrations_run" in statement


@pytest.mark.parametrize("model", [Customer, Distribution, Order, Product])
def test_a_page_asks_for_the_open_project_once(
    model: type[Model], busy: None, shop: Integration, admin: Client
) -> None:
    Distribution.objects.create(project=shop.project, name="Thanks", trigger="order_paid", channel="email")
    row = model._default_manager.earliest("pk")
    address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    asked = [each for each in queries_of(admin, address) if 'FROM "integrations_project"' in each]
    assert len(asked) == 1, "\n".join(asked)
