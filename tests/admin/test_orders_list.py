"""The orders list: tabs, filters, search, counts that stop, few queries, a CSV that is safe to open."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.templatetags import admin_list
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from config.kit.admin import change_lists
from config.kit.admin.quick_rows import QuickRows
from integrations.choices import Role
from integrations.models import Integration, Project, StatusRule
from orders import counting, seldom_words
from orders.admin.order_columns import NO_BREAK
from orders.models import Order
from tests.admin.conftest import Login, imported
from tests.factories import give_stock, incoming, line

LIST = "/orders/order/"


def numbers(answer: Any) -> list[str]:
    return [order.number for order in answer.context["cl"].result_list]


@pytest.fixture
def book(project: Project, shop: Integration) -> None:
    give_stock(project, A_17=3)
    imported(shop, [incoming(line("A-17", 2), number="N-1"), incoming(line("A-17", 2), number="N-2")])
    imported(shop, [incoming(line("A-17", 2), number="N-3")])
    imported(shop, [incoming(line("A-17"), number="N-4")], "hold")
    imported(shop, [incoming(line("A-17"), number="N-5")], "history")
    imported(shop, [incoming(line("A-17"), number="N-6")], "cancel")


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("in_stock", ["N-1"]),
        ("partial", ["N-2"]),
        ("backorder", ["N-3"]),
        ("on_hold", ["N-4"]),
        ("complete", ["N-5"]),
        ("cancelled", ["N-6"]),
        ("all", ["N-6", "N-5", "N-4", "N-3", "N-2", "N-1"]),
    ],
)
def test_each_tab_shows_its_orders_newest_first(book: None, admin: Client, tab: str, expected: list[str]) -> None:
    assert numbers(admin.get(f"{LIST}?tab={tab}")) == expected


def test_tabs_carry_their_counts_and_stop_counting(book: None, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tabs = {tab["key"]: tab["count"] for tab in admin.get(LIST).context["cl"].tabs}
    assert tabs["in_stock"] == tabs["partial"] == tabs["backorder"] == tabs["on_hold"] == "1"
    assert change_lists.capped(999) == "999"
    assert change_lists.capped(counting.MOST) == "999+"


def test_filters_narrow_the_list(book: None, admin: Client, shop: Integration) -> None:
    assert numbers(admin.get(f"{LIST}?status=on_hold")) == ["N-4"]
    assert numbers(admin.get(f"{LIST}?rule=history")) == ["N-5"]
    assert len(numbers(admin.get(f"{LIST}?integration={shop.pk}"))) == 6
    assert numbers(admin.get(f"{LIST}?from=2999-01-01")) == []
    assert len(numbers(admin.get(f"{LIST}?from=2026-01-01&to=2026-12-31"))) == 6


def test_a_day_is_one_of_the_projects_zone(project: Project, shop: Integration, admin: Client) -> None:
    late = timezone.now().replace(year=2025, month=3, day=4, hour=23, minute=30)  # 5 March, 0:30 in Prague
    imported(shop, [incoming(line(), number="N-7", placed_at=late, modified_at=late)])
    assert numbers(admin.get(f"{LIST}?from=2025-03-05&to=2025-03-05")) == ["N-7"]
    assert numbers(admin.get(f"{LIST}?from=2025-03-04&to=2025-03-04")) == []
    assert "5 Mar 2025, 00:30".replace(" ", NO_BREAK) in admin.get(LIST).content.decode()


def test_the_year_is_left_out_while_it_is_this_one(project: Project, shop: Integration, admin: Client) -> None:
    at = timezone.now()
    imported(shop, [incoming(line(), number="N-7", placed_at=at, modified_at=at)])
    shown = admin.get(LIST).content.decode()
    assert date_format(at.astimezone(project.zone), "j M, H:i").replace(" ", NO_BREAK) in shown
    assert f"{at.year}," not in shown


def test_search_finds_the_beginning_of_words(book: None, admin: Client) -> None:
    assert numbers(admin.get(f"{LIST}?q=n3")) == ["N-3"]
    assert len(numbers(admin.get(f"{LIST}?q=novakova"))) == 6
    assert numbers(admin.get(f"{LIST}?q=nobody")) == []


def test_a_count_stops_and_says_so(book: None, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_lists, "MOST_COUNTED", 4)
    page = admin.get(LIST).content.decode()
    assert "4+" in page and "the first 4 can be paged" in page


def test_pages_far_down_show_the_same_rows(book: None, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = numbers(admin.get(f"{LIST}?q=novakova"))
    monkeypatch.setattr(change_lists, "DEEP", 0)
    assert len(plain) == 6 and numbers(admin.get(f"{LIST}?q=novakova")) == plain


def test_of_words_that_many_orders_have_few_are_counted(
    book: None, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seldom_words, "SAMPLE", 3)
    monkeypatch.setattr(change_lists, "MOST_WALKED", 4)
    assert "4+" not in admin.get(f"{LIST}?q=novakova").content.decode()  # the index knows them all
    monkeypatch.setattr(seldom_words, "COUNTED", 0)
    assert "4+" in admin.get(f"{LIST}?q=novakova").content.decode()


@pytest.mark.parametrize("orders", [1, 40])
def test_the_list_takes_twelve_queries_however_many_orders(
    project: Project, shop: Integration, login: Login, orders: int
) -> None:
    imported(shop, [incoming(line("A-17"), line("B-2")) for _ in range(orders)])
    browser = login(project, Role.IMPORT_ADMIN)
    browser.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(LIST)
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= 12, "\n".join(statements)


def test_the_page_of_an_order_takes_few_queries_however_many_lines(shop: Integration, admin: Client) -> None:
    [small] = imported(shop, [incoming(line("A-1"))])
    [large] = imported(shop, [incoming(*[line(f"A-{n}") for n in range(30)])])
    counts = []
    for order in (small, large):
        with CaptureQueriesContext(connection) as queries:
            answer = admin.get(f"{LIST}{order.pk}/change/")
        assert answer.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_csv_is_what_the_list_shows_and_no_formula(shop: Integration, admin: Client) -> None:
    evil = incoming(line(), number="=HYPERLINK(1)", email="+a@mail.example")
    imported(shop, [evil, incoming(line(), number="N-9")])
    answer = admin.get(f"{LIST}export/?q=hyperlink")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    header, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    cells = dict(zip(header, row, strict=True))
    assert cells["number"] == "'=HYPERLINK(1)"
    assert cells["e-mail"] == "'+a@mail.example"
    assert cells["total"] == "10.00"
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(("currency", "total", "written"), [("JPY", "1234", "1234"), ("KWD", "1.5", "1.500")])
def test_the_csv_writes_amounts_in_digits_of_their_currency(
    shop: Integration, admin: Client, currency: str, total: str, written: str
) -> None:
    imported(shop, [incoming(line(), currency=currency, total=Decimal(total))])
    text = b"".join(admin.get(f"{LIST}export/").streaming_content).decode()  # type: ignore[attr-defined]
    header, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert dict(zip(header, row, strict=True))["total"] == written


def test_the_page_of_an_order_says_what_came_of_it(project: Project, shop: Integration, admin: Client) -> None:
    give_stock(project, A_17=1)
    note = "<script>alert(1)</script>"
    order = incoming(line("A-17", 3), number="N-8", note=note, metadata={"gift": {"wrap": "red"}})
    [made] = imported(shop, [order], "invoice")
    page = admin.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "Import and invoice" in page
    assert made.invoices.get().code in page
    assert "Garden shop" in page
    assert note not in page
    assert "&lt;script&gt;" in page
    assert admin.post(f"{LIST}{made.pk}/change/", {"number": "X"}).status_code == 405
    assert timezone.now() - made.created_at < timedelta(minutes=5)


def test_a_status_of_the_shop_is_shown_by_its_name(shop: Integration, admin: Client) -> None:
    imported(shop, [incoming(line("A-17"), status="11")])
    StatusRule.objects.create(integration=shop, status="11", label="Awaiting Fulfillment")
    order = Order.objects.get()
    assert "Awaiting Fulfillment" in admin.get(LIST).content.decode()
    page = admin.get(f"/orders/order/{order.pk}/change/").content.decode()
    assert "Awaiting Fulfillment <code>11</code>" in page


def test_pages_are_as_long_as_a_person_likes(project: Project, shop: Integration, admin: Client, login: Login) -> None:
    give_stock(project, A_17=3)
    imported(shop, [incoming(line("A-17"), number=f"N-{n}") for n in range(60)])
    assert len(numbers(admin.get(LIST))) == 50
    first = admin.get(LIST, {"p": "2"})
    [long] = [one for one in first.context["cl"].lengths if one["rows"] == 100]
    assert "p=" not in long["query_string"]
    assert len(numbers(admin.get(f"{LIST}{long['query_string']}"))) == 60
    # Kept for other lists and tabs, and for this person alone.
    assert len(numbers(admin.get(LIST))) == 60
    assert admin.get("/stock/product/").context["cl"].list_per_page == 100
    assert len(numbers(login(project).get(LIST))) == 50


@pytest.mark.parametrize("rows", ["0", "1000000", "-1", "x", ""])
def test_other_lengths_are_refused(rows: str, book: None, admin: Client) -> None:
    assert admin.get(LIST, {"rows": rows}).headers["Location"] == f"{LIST}?e=1"
    assert admin.get(LIST).context["cl"].list_per_page == 50


def test_a_short_list_offers_no_lengths(book: None, admin: Client) -> None:
    assert admin.get(LIST).context["cl"].lengths == []


def test_every_row_is_made_once(shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's own tag makes them all, whether or not the page shows what it has made."""
    monkeypatch.setattr(QuickRows, "of", lambda shown: None)
    imported(shop, [incoming(line()) for _ in range(3)])
    made: list[object] = []
    make = admin_list.items_for_result

    def noted(cl: Any, result: Any, form: Any) -> Any:
        made.append(result)
        return make(cl, result, form)

    monkeypatch.setattr(admin_list, "items_for_result", noted)
    admin.get("/orders/order/")
    assert len(made) == 3


def test_django_makes_no_row_that_is_written_by_our_own_function(
    shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, [incoming(line()) for _ in range(3)])
    made: list[object] = []

    def noted(cl: Any, result: Any, form: Any) -> list[Any]:
        made.append(result)
        return []

    monkeypatch.setattr(admin_list, "items_for_result", noted)
    shown = admin.get("/orders/order/").content.decode()
    assert (made, shown.count("action-select")) == ([], 3)
