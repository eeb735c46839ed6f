"""The overview's figures of imports and of stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client

from config.kit import true_time
from config.site.trading import imports_plot, stock_figures
from integrations.choices import RemoteState, RunKind, RunState
from integrations.models import BulkAction, BulkImport, Integration, Run
from integrations.runs.daily_imports import counted_imports
from orders.work import shipping
from stock.models import ParentProduct, Product
from stock.worth import counted_worth
from tests.admin.conftest import imported, remote
from tests.factories import IntegrationFactory, give_stock, incoming, line

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def run_of(shop: Integration, created: int, at: datetime, kind: RunKind = RunKind.LOAD) -> Run:
    shopless = kind == RunKind.BULK_BY_API
    return Run.objects.create(
        project=shop.project, integration=None if shopless else shop, kind=kind, state=RunState.SUCCEEDED,
        created=created, created_at=at, finished_at=at,
    )  # fmt: skip


def call_of(shop: Integration, created: int, action: BulkAction) -> None:
    run = run_of(shop, created, NOON, RunKind.BULK_BY_API)
    BulkImport.objects.create(run=run, project=shop.project, request_id="", action=action)


def test_orders_are_counted_by_the_day_of_the_zone_and_by_their_way(shop: Integration) -> None:
    run_of(shop, 100, datetime(2026, 10, 26, 12, 0, tzinfo=UTC))
    run_of(shop, 7, datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    run_of(shop, 2, NOON, RunKind.RETRY)
    run_of(shop, 50, NOON, RunKind.PRODUCTS)
    run_of(IntegrationFactory.create(), 9, NOON)
    call_of(shop, 2_000, BulkAction.ORDERS)
    call_of(shop, 300, BulkAction.CUSTOMERS)
    for number, (state, reason, at) in enumerate(
        [
            (RemoteState.IMPORTED, "accepted", NOON),
            (RemoteState.IMPORTED, "imported", NOON),
            (RemoteState.PENDING, "accepted", NOON),
            (RemoteState.IMPORTED, "accepted", NOON - timedelta(days=40)),
        ]
    ):
        remote(shop, str(number), state, reason_code=reason, changed_at=at)
    found = counted_imports(shop.project_id, ZoneInfo("Europe/Prague"), NOON)
    assert (len(found.days), found.from_shops[-1], sum(found.from_shops)) == (30, 9, 9)
    assert (found.in_bulk[-1], sum(found.in_bulk)) == (2_000, 2_000)
    assert (found.accepted[-1], sum(found.accepted)) == (1, 1)
    assert counted_imports(shop.project_id, ZoneInfo("UTC"), NOON).from_shops[-2:] == (7, 2)
    plot = imports_plot(found)
    assert plot is not None and [one.name for one in plot.series] == [
        "From shops", "In bulk by API", "Accepted by hand",
    ]  # fmt: skip


def test_nothing_is_drawn_of_nothing(shop: Integration) -> None:
    assert imports_plot(counted_imports(shop.project_id, ZoneInfo("UTC"), NOON)) is None
    assert stock_figures("EUR", counted_worth(shop.project_id, "EUR", NOON)) is None


def test_stock_is_worth_its_sales_prices_in_the_currency_of_the_project(shop: Integration) -> None:
    give_stock(shop.project, A_1=10, B_2=4, C_3=5, D_4=0)
    Product.objects.filter(sku="A-1").update(price="2.50")
    ParentProduct.objects.filter(articles__sku="B-2").update(price="100")
    Product.objects.filter(sku="C-3").update(price="9", currency="USD")
    found = counted_worth(shop.project_id, "EUR", true_time.now())
    assert (found.on_hand, found.worth, found.unpriced) == (19, Decimal(425), 1)
    assert counted_worth(shop.project_id, "USD", true_time.now()).worth == Decimal(470)


def test_sold_is_what_left_in_30_days_less_what_came_back(shop: Integration) -> None:
    give_stock(shop.project, MUG=10)
    for _ in range(2):
        [order] = imported(shop, [incoming(line("MUG", 2))])
        shipment = shipping.ship(order.pk)
    shipping.take_shipment_back(shipment.pk)
    now = true_time.now()
    found = counted_worth(shop.project_id, "EUR", now)
    assert (found.sold, found.on_hand, found.sell_through) == (2, 8, Decimal("0.2"))
    assert counted_worth(shop.project_id, "EUR", now + timedelta(days=31)).sold == 0


def test_the_overview_shows_both(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, MUG=10)
    run_of(shop, 3, true_time.now())
    page = admin.get("/").content.decode()
    assert "Orders imported per day" in page and "1 article on stock has no price in EUR" in page
    assert "<dt>Sell-through</dt><dd>0 %</dd>" in page
