"""Spans of days by their words, and the CSV that every list offers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.test import Client

from config.kit import true_time
from config.kit.admin import csv_files
from config.kit.admin.day_spans import SPANS
from config.kit.admin.model_admins import TenantAdmin
from integrations.choices import RemoteState, Role
from integrations.models import Integration, Project
from orders.models import Invoice
from tests.admin.conftest import Login, imported, remote
from tests.admin.planted import CANARY, rows_of
from tests.factories import ProjectFactory, give_stock, incoming, line

LIST = "/orders/order/"
TENANT_ADMINS = [each for each in django_admin.site._registry.values() if isinstance(each, TenantAdmin)]


def rows(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


# --- days ---


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("today", "2026-03-01", "2026-03-01"),
        ("yesterday", "2026-02-28", "2026-02-28"),
        ("7days", "2026-02-23", "2026-03-01"),
        ("30days", "2026-01-31", "2026-03-01"),
        ("month", "2026-03-01", "2026-03-01"),
        ("last_month", "2026-02-01", "2026-02-28"),
    ],
)
def test_spans_of_days(word: str, first: str, last: str) -> None:
    days = SPANS[word][1](date(2026, 3, 1))
    assert tuple(day.isoformat() for day in days) == (first, last)


def test_a_span_is_of_the_projects_days(
    project: Project, shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 23:30 UTC the new day has begun in Prague."""
    now = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    early = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)
    imported(shop, [incoming(line(), number=n, placed_at=at, modified_at=at) for n, at in (("N", now), ("O", early))])
    monkeypatch.setattr(true_time, "now", lambda: now)
    page = admin.get(f"{LIST}?from=today")
    assert [order.number for order in page.context["cl"].result_list] == ["N"]
    [spec] = [each for each in page.context["cl"].dropdowns if each.chosen]
    assert (spec.chosen, spec.first, spec.last) == ("Today", "2026-03-05", "2026-03-05")
    assert [order.number for order in admin.get(f"{LIST}?from=yesterday").context["cl"].result_list] == ["O"]
    assert 'href="?from=last_month"' in page.content.decode()


def test_other_words_are_refused(admin: Client) -> None:
    assert admin.get(f"{LIST}?from=tomorrow").headers["Location"] == f"{LIST}?e=1"


# --- files ---


def test_every_list_is_a_file_of_its_project(project: Project, login: Login) -> None:
    """Beside the guard its control: who may open the project finds the rows in the file."""
    theirs = ProjectFactory.create()
    planted = rows_of(theirs)
    ours, their_own = login(project), login(theirs)
    for each in TENANT_ADMINS:
        if each.model in planted:
            answers = [browser.get(each.url("export")) for browser in (ours, their_own)]
            assert {answer.headers["Content-Type"] for answer in answers} == {"text/csv; charset=utf-8"}
            found, control = (b"".join(answer.streaming_content).decode() for answer in answers)  # type: ignore[attr-defined]
            assert CANARY not in found, f"{each} tells of another project"
            assert control.count("\n") > 1, f"{each} has no rows"


def test_a_file_has_the_columns_that_are_shown(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, MUG=9)
    imported(shop, [incoming(line("MUG", 2), line("=CUP"), number="N-1", note="!")])
    [row] = rows(admin.get(f"{LIST}export/"))
    assert (row["number"], row["items"], row["currency"], row["total"]) == ("N-1", "2 × MUG +1", "EUR", "30.00")
    assert "<" not in "".join(row.values())
    admin.post(f"{LIST}columns/", {"column": ["country", "amount"]})
    [row] = rows(admin.get(f"{LIST}export/"))
    assert row == {"number": "N-1", "country": "CZ", "currency": "EUR", "total": "30.00"}


def test_files_of_customers_products_and_remote_orders_follow_their_columns(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, MUG=9)
    imported(shop, [incoming(line("MUG", 2), number="N-1")])
    remote(shop, "77", RemoteState.FAILED, subject="CUP", buyer="Jan", total=Decimal(5), currency="EUR")
    remote(shop, "78", RemoteState.PENDING, buyer="Eva")
    [row] = rows(admin.get("/orders/customer/export/"))
    assert {"customer", "e-mail", "total spent", "orders"} <= set(row) and "phone" not in row
    assert "@" in row["e-mail"]
    admin.post("/orders/customer/columns/", {"column": ["average", "country"]})
    [row] = rows(admin.get("/orders/customer/export/"))
    assert list(row) == ["customer", "country", "average order"]
    [row] = rows(admin.get("/stock/product/export/"))
    assert (row["SKU"], row["on hand"], row["reserved"], row["available"]) == ("MUG", "9", "2", "7")
    admin.post("/stock/product/columns/", {"column": ["available", "price_shown"]})
    [row] = rows(admin.get("/stock/product/export/"))
    assert row == {"SKU": "MUG", "price": "", "currency": "", "available": "7"}
    [row] = rows(admin.get("/integrations/remoteorder/export/?tab=failed"))
    assert (row["reference"], row["currency"], row["total"], row["retry"]) == ("77", "EUR", "5.00", "no")
    admin.post("/integrations/remoteorder/columns/", {"column": ["about", "bought_by"], "query": "tab=failed"})
    [row] = rows(admin.get("/integrations/remoteorder/export/?tab=failed"))
    assert row == {"reference": "77", "buyer": "Jan", "subject": "CUP"}


def test_no_column_is_hidden_behind_a_field_of_its_name() -> None:
    """Of two with one name Django heads the list with the field's and files have the field's value."""
    for each in TENANT_ADMINS:
        fields = {field.name for field in each.model._meta.get_fields()}
        ours = {
            name for name in each.list_display if hasattr(getattr(type(each), str(name), None), "short_description")
        }
        assert not ours & fields, each


def test_a_file_is_filtered_and_sorted_as_the_list(shop: Integration, admin: Client) -> None:
    imported(shop, [incoming(line(quantity=n), number=f"N-{n}") for n in (2, 1, 3)])
    place = admin.get(LIST).context["cl"].list_display.index("amount")
    assert [row["number"] for row in rows(admin.get(f"{LIST}export/?o=-{place}"))] == ["N-3", "N-2", "N-1"]
    assert [row["number"] for row in rows(admin.get(f"{LIST}export/?q=n2"))] == ["N-2"]
    assert admin.get(f"{LIST}export/?tab=nonsense").headers["Location"] == f"{LIST}?e=1"


def test_texts_of_others_are_no_markup_and_no_formula(project: Project, shop: Integration, admin: Client) -> None:
    shop.title = "=1+1 <b>& co"
    shop.save()
    [row] = rows(admin.get("/integrations/integration/export/"))
    assert row["title"] == "'=1+1 <b>& co"


def test_control_a_formula_is_seen(shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.title = "=1+1"
    shop.save()
    monkeypatch.setattr(csv_files, "plain", lambda text: text)
    [row] = rows(admin.get("/integrations/integration/export/"))
    assert row["title"] == "=1+1"


def test_invoices_have_their_taxes_by_rate(project: Project, shop: Integration, admin: Client, login: Login) -> None:
    whole = line("A", price="100.00", tax=Decimal("21.00"))
    less = line("B", price="50.00", tax=Decimal("6.00"))
    imported(shop, [incoming(whole, less, number="N-1"), incoming(whole, number="N-2")], "invoice")
    page = "/orders/invoice/export/"
    found = {row["order"]: row for row in rows(admin.get(page))}
    first, second = found["N-1"], found["N-2"]
    assert (first["net"], first["tax"], first["total"]) == ("150.00", "27.00", "177.00")
    assert (first["net 21 %"], first["tax 21 %"], first["net 12 %"], first["tax 12 %"]) == (
        "100.00", "21.00", "50.00", "6.00",
    )  # fmt: skip
    assert (second["net 12 %"], second["tax 12 %"]) == ("", "")
    day = Invoice.objects.first().issue_date  # type: ignore[union-attr]
    assert len(rows(admin.get(f"{page}?from={day}&to={day}"))) == 2
    assert rows(login(ProjectFactory.create()).get(page)) == []


def test_last_months_invoices_are_two_clicks_away(
    shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, [incoming(line(), number="N-1")], "invoice")
    page = admin.get("/orders/invoice/").content.decode()
    assert 'href="/orders/invoice/export/?from=last_month"' in page
    address = "/orders/invoice/export/?from=last_month"
    assert rows(admin.get(address)) == []
    issued = Invoice.objects.get().issued_at.astimezone(shop.project.zone)  # a month begins there before UTC
    monkeypatch.setattr(true_time, "now", lambda: issued.replace(day=1) + timedelta(days=32))
    assert [row["order"] for row in rows(admin.get(address))] == ["N-1"]


def test_who_may_see_a_list_may_take_it_along(project: Project, shop: Integration, login: Login) -> None:
    assert login(project, Role.READ_ONLY).get(f"{LIST}export/").status_code == 200
    assert login(project, Role.WAREHOUSE).get("/integrations/accessevent/export/").status_code == 403
