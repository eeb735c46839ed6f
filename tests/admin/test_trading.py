"""Plots of the overview: what was placed per day, shop and currency, and today against a week ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from config.kit.admin.plots import Plot, Series, ceiling
from config.site.trading import trading
from integrations.models import Integration
from orders import daily_figures
from orders.choices import OrderStatus, Tab
from orders.models import Order
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, incoming, line

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def placed(shop: Integration, *at: datetime, currency: str = "EUR", price: str = "10.00") -> list[Order]:
    return imported(shop, [incoming(line(price=price), placed_at=one, currency=currency) for one in at])


def counted(shop: Integration, zone: str = "UTC", now: datetime = NOON) -> daily_figures.Figures:
    return daily_figures.counted(shop.project_id, ZoneInfo(zone), now)


def test_days_are_those_of_the_zone_and_currencies_stay_apart(shop: Integration) -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    placed(shop, late, NOON)
    placed(shop, NOON, currency="CZK", price="250.00")
    rows = [(one.day.day, one.currency, one.orders, one.total) for one in counted(shop).placed]
    assert rows == [(24, "EUR", 1, Decimal(10)), (25, "CZK", 1, Decimal(250)), (25, "EUR", 1, Decimal(10))]
    rows = [(one.day.day, one.currency, one.orders, one.total) for one in counted(shop, "Europe/Prague").placed]
    assert rows == [(25, "CZK", 1, Decimal(250)), (25, "EUR", 2, Decimal(20))]


def test_thirty_days_are_read_and_cancelled_orders_left_out(shop: Integration) -> None:
    first = datetime(2026, 10, 27, 0, 0, tzinfo=UTC)
    [_, _, gone] = placed(shop, first - timedelta(seconds=1), first, NOON)
    Order.objects.filter(pk=gone.pk).update(status=OrderStatus.CANCELLED, tab="")
    found = counted(shop)
    assert (len(found.days), found.days[0], found.days[-1]) == (30, first.date(), NOON.date())
    assert [(one.day, one.orders) for one in found.placed] == [(first.date(), 1)]


def test_today_is_compared_with_the_same_hours_a_week_ago(shop: Integration) -> None:
    week_ago = NOON - timedelta(days=7)
    placed(shop, week_ago - timedelta(hours=1), week_ago + timedelta(hours=1), NOON, NOON, NOON)
    found = trading(shop.project, [shop], counted(shop))
    orders, revenue = found["comparisons"]
    assert (orders.today, orders.before, orders.tone, orders.change) == ("3", "1", "up", "+200 %")
    assert (revenue.today, revenue.before) == ("€30", "€10")


def test_orders_of_two_shops_are_two_series_and_another_project_is_not_seen(shop: Integration) -> None:
    other = IntegrationFactory.create(project=shop.project, title="Tea shop")
    placed(shop, NOON, NOON)
    placed(other, NOON - timedelta(days=1))
    placed(IntegrationFactory.create(), NOON)
    plot = trading(shop.project, [shop, other], counted(shop))["plots"][0]
    assert [(one.name, one.total) for one in plot.series] == [("Garden shop", 2), ("Tea shop", 1)]
    assert plot.rows[:2] == [("25 Nov", ["2", "0"], "2"), ("24 Nov", ["0", "1"], "1")]


def test_figures_are_kept_for_a_minute(shop: Integration) -> None:
    zone, now = ZoneInfo("UTC"), timezone.now()
    assert not daily_figures.figures(shop.project_id, zone, now).placed
    placed(shop, now)
    assert not daily_figures.figures(shop.project_id, zone, now).placed
    tomorrow = now + timedelta(days=1)
    assert daily_figures.figures(shop.project_id, zone, tomorrow).days[-1] == tomorrow.date()
    cache.clear()
    assert len(daily_figures.figures(shop.project_id, zone, now).placed) == 1


def test_the_page_has_the_drawing_the_numbers_and_the_oldest_order(shop: Integration, admin: Client) -> None:
    [order] = placed(shop, timezone.now())
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.PROCESSING, tab=Tab.IN_STOCK)
    page = admin.get("/").content.decode()
    assert "Orders per day" in page and "Revenue per day in EUR" in page
    assert '<svg class="plot"' in page and "Show numbers" in page
    assert "The oldest order in stock:" in page and f"/orders/order/{order.pk}/change/" in page


def test_an_empty_book_says_what_to_do(shop: Integration, admin: Client) -> None:
    page = admin.get("/").content.decode()
    assert "No orders were placed in the last 30 days." in page
    assert '<svg class="plot"' not in page


def test_names_of_shops_cannot_draw() -> None:
    evil = Series('</title><script>alert("x")</script>', (1, 2))
    plot = Plot("orders", "Orders", ("1 Nov", "2 Nov"), (evil,), str)
    assert "<script" not in plot.drawing
    assert plot.drawing.count("<rect") == 2


def test_bars_stand_on_each_other_and_reach_the_top_at_most() -> None:
    plot = Plot("orders", "Orders", ("1 Nov",), (Series("a", (3,)), Series("b", (1,))), str)
    assert plot.top == 4
    assert 'y="25.00"' in plot.drawing and 'height="75.00"' in plot.drawing
    assert 'y="0.00"' in plot.drawing and 'height="25.00"' in plot.drawing


def test_refunds_are_in_the_table_and_not_drawn() -> None:
    plot = Plot("sum", "Sums", ("1 Nov", "2 Nov"), (Series("a", (Decimal(-5), Decimal(5))),), str)
    assert plot.drawing.count("<rect") == 1
    assert plot.rows == [("2 Nov", ["5"], "5"), ("1 Nov", ["-5"], "-5")]


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (3, 4), (7, 8), (9, 10), (11, 20), (61, 80), (Decimal("0.3"), Decimal("0.4"))]
)
def test_the_top_is_round(value: Decimal | int, top: Decimal | int) -> None:
    assert ceiling(value) == top


def test_a_shop_has_one_colour_in_all_plots_and_the_last_is_shared(shop: Integration) -> None:
    shops = [IntegrationFactory.create(project=shop.project, title=f"Shop {n}") for n in range(6)]
    for count, one in enumerate(reversed(shops), start=1):
        placed(one, *[NOON] * count, currency="EUR" if count % 2 else "CZK")
    [orders, euros, crowns] = trading(shop.project, shops, counted(shop))["plots"]
    assert [(one.colour, one.name, one.total) for one in orders.series] == [
        (1, "Shop 0", 6), (2, "Shop 1", 5), (3, "Shop 2", 4), (4, "Shop 3", 3), (5, "Other shops", 3),
    ]  # fmt: skip
    assert [(one.colour, one.total) for one in euros.series] == [(2, 50), (4, 30), (5, 10)]
    assert [(one.colour, one.total) for one in crowns.series] == [(1, 60), (3, 40), (5, 20)]
