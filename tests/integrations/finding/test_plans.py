"""The search of every page asks indexes: among 20,000 orders of each kind nothing is read from end to end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit.sql import execute
from integrations.choices import RemoteState
from integrations.finding import everywhere
from integrations.models import Integration
from integrations.shops.connection import set_up
from orders.customers.customer_search import first_found
from orders.models import Customer, Order
from orders.search import search
from stock.models import Product
from tests.admin.conftest import imported, remote
from tests.factories import IntegrationFactory, give_stock, incoming, line

pytestmark = pytest.mark.django_db
MANY = 20_000
# What may be read in one go is bounded; more filtered away than this has been scanned for.
FEW = 500


def copy(row: Any, **changed: str) -> None:
    """Many copies of a row; `changed` are expressions of SQL in which `n` numbers them."""
    model: type[models.Model] = type(row)
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, %s) AS n WHERE id = %s",
        [MANY, row.pk],
    )
    execute(f"ANALYZE {table}")


@pytest.fixture
def shop() -> Integration:
    """Many orders in the book and outside of it, many customers and products, all of one project."""
    shop = IntegrationFactory.create()
    set_up(shop)
    give_stock(shop.project, MUG=5)
    [order] = imported(shop, [incoming(line("MUG"), number="B-1", external_id="b1")])
    failed = remote(shop, "F-1", RemoteState.FAILED, search="f1 ann lee")
    words = "to_tsvector('simple', 'f' || n || ' person' || n %% 5000 || ' mail example')"
    unique = {"external_id": "'x' || n", "number": "'N' || n", "search": words}
    copy(failed, **unique)
    if order.remote_order:
        copy(order.remote_order, **(unique | {"external_id": "'y' || n", "search": "''"}))
    copy(order, number="'B' || n", source_id="'s' || n", remote_order_id="NULL", search=words)
    customer = Customer.objects.create(
        project=shop.project, email="ada@x.example", name="Ada", created_at=timezone.now()
    )
    copy(customer, email="'person' || n || '@mail.example'", source_id="'c' || n")
    copy(Product.objects.get(sku="MUG"), sku="'SKU-' || n", ean="''")
    return shop


def scanned(ask: Callable[[], object]) -> list[str]:
    """The plans of those statements that read far more than they give."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    found = []
    for query in queries:
        sql = query["sql"].replace("%", "%%")
        rows = execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {sql}", [])
        plan = "\n".join([query["sql"], *(row[0] for row in rows)])
        removed = [int(count) for count in re.findall(r"Rows Removed by [\w ]+: (\d+)", plan)]
        if sum(removed) >= FEW:
            found.append(plan)
    return found


def test_beginnings_are_looked_for_in_an_order_that_finds_them(shop: Integration) -> None:
    """The database's own order may be a language's, which an index for beginnings needs another one beside."""
    with CaptureQueriesContext(connection) as queries:
        first_found(shop.project_id, "person777", 5)
    [asked] = queries
    assert len(re.findall(r"LIKE '", asked["sql"])) == 2
    assert len(re.findall(r""" COLLATE "C"(?:::text)? LIKE '""", asked["sql"])) == 2


TEXTS = ["f777", "N777", "#N777", "x777", "s777", "person777", "nobody", "person777@mail.example", "SKU-777", "777"]


def test_nothing_scans(shop: Integration) -> None:
    for text in TEXTS:
        assert scanned(lambda text=text: everywhere.find([shop.project], text)) == []  # type: ignore[misc]
    # The controls: told to go by id, and by the plain beginning of a SKU, it would.
    book = search(Order.objects.filter(project=shop.project), "nobody").order_by("-id")
    assert scanned(lambda: list(book.values_list("pk")[:21]))
    assert scanned(lambda: list(Product.objects.filter(project=shop.project, sku__istartswith="SKU-777")))
