"""Causes above the items in error: their forms, who sees them, second clicks, odd values, strangers."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.choices import IntegrationHealth, RemoteState, Role
from integrations.connectors.contract import ConnectionReport
from integrations.connectors.errors import Failure
from integrations.models import CodeListEntry, Fix, Integration, Project, RemoteOrder, Run, SkuMapping
from integrations.shops import connection as connecting
from orders.models import Order
from stock import catalogue
from stock.models import Product, StockLevel
from tests.admin.broken_shop import LIST, BrokenShop, cards, cause, fix, work
from tests.admin.conftest import Login, remote
from tests.factories import IntegrationFactory, ProjectFactory, give_stock

EVERY_FIX: dict[str, dict[str, str]] = {
    "product": {"name": "Tea", "units": ""},
    "map": {"sku": "A-17"},
    "code": {"name": "Cash"},
    "stock": {"quantity": "1", "note": "x", "seen": "0"},
    "status": {"action": "valid", "seen": ""},
    "connection": {},
    "dismiss": {"reason": "Tests"},
    "retry": {},
}


@pytest.fixture
def broken_shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> BrokenShop:
    give_stock(project, A_17=0)
    shop = BrokenShop(project, monkeypatch)
    for _ in range(37):
        shop.sell("a17")
    shop.sell("A-17", payment_method="cod", payment_method_title="Cash on delivery")
    shop.sell("A-17", status="completed")
    shop.sell("A-17", status="awaiting-pickup")
    shop.load()
    return shop


def test_each_cause_is_shown_with_what_it_holds_up_and_its_form(broken_shop: BrokenShop, admin: Client) -> None:
    shown = {card.cause.code: card for card in cards(admin)}
    sku = shown["unknown_sku"]
    assert (sku.title, sku.count, sku.amounts) == ("SKU a17 is unknown", "37 orders", "€1,119.25")
    assert sku.forms["product"].initial == {"name": "Name of a17"}
    assert sku.suggestions == [("A-17", "Product A-17")]
    assert shown["unmapped_payment"].forms["code"].initial == {"name": "Cash on delivery"}
    assert shown["insufficient_stock"].facts == "0 free now: 0 on hand, 0 reserved."
    assert shown["rule_retry"].title == "New status “awaiting-pickup”: nobody has decided about it"
    page = admin.get(LIST).content.decode()
    assert all(
        text in page for text in ("SKU a17 is unknown", "next attempt", "since a moment ago", "Retry all of them")
    )
    ignored = admin.get(f"{LIST}?tab=ignored").context["cards"]
    assert [card.cause.code for card in ignored] == ["rule_retry"]


def test_an_ean_of_two_products_is_settled_by_choosing_one(broken_shop: BrokenShop, admin: Client) -> None:
    shop = broken_shop.integration
    Integration.objects.filter(pk=shop.pk).update(articles_by="sku_ean")
    shop.refresh_from_db()
    give_stock(shop.project, B_2=1, C_3=1)
    catalogue.add_eans(shop.project_id, {"B-2": "4006381333931", "C-3": "4006381333931"})
    broken_shop.sell("b2", ean="4006381333931")
    broken_shop.load()
    [card] = [card for card in cards(admin) if card.cause.code == "ambiguous_ean"]
    assert (card.title, card.count) == ("EAN 4006381333931 belongs to several products", "1 order")
    assert card.suggestions == [("B-2", "Product B-2"), ("C-3", "Product C-3")]
    assert set(card.forms) == {"map", "dismiss"}
    page = admin.get(LIST).content.decode()
    assert "Which of your products is it?" in page and "Map EAN" in page
    fix(admin, "map", cause(shop, "ambiguous_ean", "4006381333931"), suggested="C-3")
    work()
    assert Order.objects.get(lines__sku="C-3").status == "processing"
    assert not [card for card in cards(admin) if card.cause.code == "ambiguous_ean"]


def test_a_cause_says_how_old_it_is_and_what_happens_next(broken_shop: BrokenShop, admin: Client) -> None:
    rows = RemoteOrder.objects.filter(subject="a17")
    rows.update(first_seen_at=timezone.now() - timedelta(hours=3, minutes=5))
    [card] = [card for card in cards(admin) if card.cause.subject == "a17"]
    assert card.age.replace("\xa0", " ") == "oldest 3 hours ago"
    assert card.next_attempt.startswith("next attempt ")
    rows.update(next_attempt_at=timezone.now())
    assert [card.next_attempt for card in cards(admin) if card.cause.subject == "a17"] == ["being looked at again"]
    rows.update(next_attempt_at=None)
    assert "no further automatic attempt" in admin.get(LIST).content.decode()


def test_after_a_fix_the_page_counts_down_to_the_end(broken_shop: BrokenShop, admin: Client) -> None:
    of = cause(broken_shop.integration, "unknown_sku", "a17")
    shown = fix(admin, "map", of, sku="A-17").content.decode()
    assert "SKU a17 of Broken shop stands for A-17. 37 orders are being looked at again." in shown
    assert "0 of 37 orders imported · 37 still to be looked at" in shown
    told = admin.get(f"{LIST}fixes/").json()
    key = f"{broken_shop.integration.pk}:unknown_sku:a17"
    assert (told["causes"][key], told["failed"], told["fixes"][0]["finished"]) == (37, 39, False)
    work()
    told = admin.get(f"{LIST}fixes/").json()
    assert told["fixes"][0]["line"] == "37 of 37 orders imported"
    assert (key in told["causes"], told["failed"], told["fixes"][0]["finished"]) == (False, 2, True)
    assert "37 of 37 orders imported" in admin.get(LIST).content.decode()
    history = admin.get(f"/integrations/integration/{broken_shop.integration.pk}/history/").content.decode()
    assert "stands for A-17" in history


def test_only_the_orders_of_the_cause_are_looked_at_again(broken_shop: BrokenShop, admin: Client) -> None:
    others = RemoteOrder.objects.exclude(subject="a17")
    before = list(others.order_by("pk").values())
    fix(admin, "map", cause(broken_shop.integration, "unknown_sku", "a17"), sku="A-17")
    work()
    assert list(others.exclude(state=RemoteState.IMPORTED).order_by("pk").values()) == before


def test_a_second_click_and_a_second_person_change_nothing_more(
    project: Project, broken_shop: BrokenShop, admin: Client, login: Login
) -> None:
    of = cause(broken_shop.integration, "unknown_sku", "a17")
    fix(admin, "product", of, name="Tea", units="3")
    fix(admin, "product", of, name="Tea", units="3")
    second = login(project)
    assert "a17 was there already" in fix(second, "product", of, name="Tee", units="9").content.decode()
    work()
    assert "No order waits for this any more." in fix(admin, "product", of, name="Tea", units="3").content.decode()
    assert StockLevel.objects.get(product__sku="a17").on_hand == 3
    assert Order.objects.count() == 37
    short = cause(broken_shop.integration, "insufficient_stock", "A-17")
    assert fix(admin, "stock", short, quantity="4", note="Delivery", seen="0").status_code == 200
    answer = fix(second, "stock", short, quantity="4", note="Delivery", seen="0")
    assert answer.status_code == 422
    assert "was booked since you opened the page" in answer.content.decode()
    assert StockLevel.objects.get(product__sku="A-17").on_hand == 4


@pytest.mark.parametrize(
    ("what", "code", "subject", "values", "sentence"),
    [
        ("product", "unknown_sku", "a17", {"name": "", "units": "1"}, "This field is required."),
        ("product", "unknown_sku", "a17", {"name": "x" * 301}, "at most 300 characters"),
        ("product", "unknown_sku", "a17", {"name": "Tea", "units": "-1"}, "greater than or equal to 0"),
        ("product", "unknown_sku", "a17", {"name": "Tea", "units": "9" * 30}, "less than or equal to"),
        ("product", "unknown_sku", "a17", {"name": "a\x00b"}, "Null characters are not allowed"),
        ("map", "unknown_sku", "a17", {"sku": ""}, "choose a suggestion"),
        ("map", "unknown_sku", "a17", {"sku": "NO-1"}, "There is no product with the SKU NO-1"),
        ("map", "unknown_sku", "a17", {"sku": "a17"}, "Both SKUs are the same"),
        ("code", "unmapped_payment", "cod", {"name": " "}, "This field is required."),
        ("dismiss", "unknown_sku", "a17", {"reason": " "}, "This field is required."),
        ("code", "gone", "", {"name": "Cash"}, "There is no payment, shipping method or tax to name."),
        ("stock", "insufficient_stock", "A-17", {"quantity": "0", "note": "x"}, "Enter one unit or more"),
        ("stock", "insufficient_stock", "NO-1", {"quantity": "1", "note": "x"}, "There is no product NO-1"),
        ("status", "rule_retry", "awaiting-pickup", {"action": "import"}, "Select a valid choice"),
        ("status", "rule_retry", "awaiting-pickup", {"action": "valid", "seen": "x"}, "Changed meanwhile"),
        ("status", "rule_retry", "no-such", {"action": "valid", "seen": ""}, "There is no rule for the status"),
    ],
)  # fmt: skip
def test_odd_values_are_refused_with_a_way_out(
    broken_shop: BrokenShop, admin: Client, what: str, code: str, subject: str, values: dict[str, str], sentence: str
) -> None:
    answer = fix(admin, what, cause(broken_shop.integration, code, subject), **values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Fix.objects.exists() and not Run.objects.filter(kind="retry").exists()
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"shop": "0"},
        {"shop": "9" * 30},
        {"shop": "x"},
        {"code": ""},
        {"code": "c" * 51},
        {"subject": "s" * 256},
        {"subject": "a\x00b"},
    ],
)
def test_a_cause_that_cannot_be_is_not_found(broken_shop: BrokenShop, admin: Client, changed: dict[str, str]) -> None:
    of = cause(broken_shop.integration, "unknown_sku", "a17") | changed
    assert admin.get(f"{LIST}cause/", of).status_code == 404
    for what, values in EVERY_FIX.items():
        assert fix(admin, what, of, **values).status_code == 404


def test_hostile_names_are_shown_as_text(project: Project, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = "<svg onload=alert(1)>"
    shop = BrokenShop(project, monkeypatch)
    shop.sell(nasty, names={nasty: "<b>Eve</b>"})
    shop.load()
    page = admin.get(LIST).content.decode()
    assert "<svg onload" not in page and "&lt;svg onload=alert(1)&gt;" in page and "<b>Eve" not in page
    of = cause(shop.integration, "unknown_sku", nasty)
    assert "&lt;svg onload" in admin.get(f"{LIST}cause/", of).content.decode()
    fix(admin, "product", of, name="=1+1")
    work()
    assert Order.objects.count() == 1


def test_a_cause_is_dismissed_and_taken_back_from_the_page(
    project: Project, broken_shop: BrokenShop, admin: Client, login: Login
) -> None:
    shown = fix(admin, "dismiss", cause(broken_shop.integration, "unknown_sku", "a17"), reason="Only tests").content
    assert "37 orders dismissed: Only tests" in shown.decode() and "Take back" in shown.decode()
    assert RemoteOrder.objects.filter(state=RemoteState.DISMISSED).count() == 37
    assert "37 dismissed" in admin.get(f"{LIST}fixes/").json()["fixes"][0]["line"]
    back = f"{LIST}fix/{Fix.objects.get().pk}/take-back/"
    assert login(ProjectFactory.create()).post(back).status_code == 404
    assert login(project, Role.WAREHOUSE).post(back).status_code == 403
    assert "37 orders taken back" in admin.post(back, follow=True).content.decode()
    assert "0 orders taken back" in admin.post(back, follow=True).content.decode()
    assert RemoteOrder.objects.filter(state=RemoteState.PENDING).count() == 37
    assert not Order.objects.exists()


FORMS = {
    Role.IMPORT_ADMIN: {"product", "map", "code", "stock", "status", "dismiss"},
    Role.ORDER_STAFF: {"map", "code", "dismiss"},
    Role.WAREHOUSE: {"product", "stock"},
    Role.READ_ONLY: set[str](),
}


@pytest.mark.parametrize("role", FORMS)
def test_each_role_sees_every_cause_and_the_forms_it_may_use(
    project: Project, broken_shop: BrokenShop, login: Login, role: Role
) -> None:
    browser = login(project, role)
    shown = cards(browser)
    assert len(shown) == 4
    assert {name for card in shown for name in card.forms} == FORMS[role]
    page = browser.get(LIST).content.decode()
    assert ("Retry all of them" in page) is (role in {Role.IMPORT_ADMIN, Role.ORDER_STAFF})
    assert ("Somebody with the right to do so" in page) is (role in {Role.READ_ONLY, Role.WAREHOUSE})
    assert ("/fix/" in page) is bool(FORMS[role])
    of = cause(broken_shop.integration, "unknown_sku", "a17")
    for what in FORMS[Role.IMPORT_ADMIN] - FORMS[role]:
        assert fix(browser, what, of, **EVERY_FIX[what]).status_code == 403
    assert browser.get(f"{LIST}cause/", of).status_code == 200


def test_nothing_of_another_project_can_be_seen_or_fixed(
    broken_shop: BrokenShop, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = BrokenShop(ProjectFactory.create(), monkeypatch, "Zanzibar")
    theirs.sell("Zanzibar-1")
    theirs.load()
    before = list(RemoteOrder.objects.order_by("pk").values())
    assert "Zanzibar" not in admin.get(LIST).content.decode()
    assert "Zanzibar" not in admin.get(f"{LIST}fixes/").content.decode()
    of = cause(theirs.integration, "unknown_sku", "Zanzibar-1")
    assert admin.get(f"{LIST}cause/", of).status_code == 404
    for what, values in EVERY_FIX.items():
        assert fix(admin, what, of, **values).status_code == 404
    ours = cause(broken_shop.integration, "unknown_sku", "Zanzibar-1")
    fix(admin, "product", ours, name="Mine")
    assert list(RemoteOrder.objects.order_by("pk").values()) == before
    assert not SkuMapping.objects.exists() and not CodeListEntry.objects.exclude(name="").exists()


@pytest.mark.parametrize(
    ("health", "ok", "retried"),
    [
        (IntegrationHealth.CREDENTIALS, True, 1),
        (IntegrationHealth.CREDENTIALS, False, 0),
        (IntegrationHealth.UNREACHABLE, True, 1),
    ],
)
def test_a_shop_that_cannot_be_read_is_mended_in_place(
    shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch, health: IntegrationHealth, ok: bool, retried: int
) -> None:
    remote(shop, "1", RemoteState.FAILED)
    Integration.objects.update(health=health, health_note="It says no.")
    failure = None if ok else Failure.CREDENTIALS
    report = ConnectionReport(ok=ok, summary="Its answer.", failure=failure)
    monkeypatch.setattr(connecting, "test_connection", lambda _: report)
    card = cards(admin)[0]
    assert "It says no." in admin.get(LIST).content.decode()
    assert ("credentials" in card.forms) is (health == IntegrationHealth.CREDENTIALS)
    typed = {"credential_consumer_secret": "cs_NEW"} if card.forms else {}
    shown = fix(admin, "connection", cause(shop, "connection"), **typed).content.decode()
    assert "Its answer." in shown and "cs_NEW" not in shown
    assert Fix.objects.count() == retried
    shop.refresh_from_db()
    assert shop.credentials["consumer_secret"] == ("cs_NEW" if typed else "cs_1")
    assert shop.credentials["consumer_key"] == "ck_1"


def test_odd_credentials_are_refused_at_their_field_and_not_shown(shop: Integration, admin: Client) -> None:
    Integration.objects.update(health=IntegrationHealth.CREDENTIALS)
    answer = fix(admin, "connection", cause(shop, "connection"), credential_consumer_secret="cs_NEW\nx")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a line break or a tab inside" in page and "Save and test" in page and "cs_NEW" not in page
    shop.refresh_from_db()
    assert shop.credentials["consumer_secret"] == "cs_1"


def test_the_page_of_an_order_says_what_happens_next_and_has_the_form(broken_shop: BrokenShop, admin: Client) -> None:
    row = RemoteOrder.objects.filter(subject="a17").earliest("pk")
    page = admin.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "It is checked again automatically at" in page and "fix/map/" in page and row.reason in page
    RemoteOrder.objects.filter(pk=row.pk).update(retry=False, next_attempt_at=None)
    assert "Nothing happens automatically" in admin.get(f"{LIST}{row.pk}/change/").content.decode()
    RemoteOrder.objects.filter(pk=row.pk).update(state=RemoteState.PENDING, reason_code="pending")
    page = admin.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "What happens next" not in page and "fix/" not in page


def test_many_causes_take_no_more_queries(project: Project, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = BrokenShop(project, monkeypatch)
    counts = []
    for number in range(3, 30, 13):
        for each in range(number):
            shop.sell(f"N-{each}")
            shop.sell("X", payment_method=f"pay-{each}", status="processing")
            shop.sell("X", status=f"status-{each}")
        shop.load()
        admin.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            page = admin.get(LIST)
        assert page.status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 20, counts


def test_more_causes_than_fit_are_a_click_away(
    project: Project, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = BrokenShop(project, monkeypatch)
    for number in range(15):
        shop.sell(f"N-{number}")
    shop.load()
    page = admin.get(LIST)
    assert (len(page.context["cards"]), page.context["more_causes"]) == (12, 3)
    assert "3 more causes" in page.content.decode()
    everything = admin.get(f"{LIST}causes/")
    assert (len(everything.context["cards"]), everything.context["more_causes"]) == (15, 0)


def test_a_shop_that_is_switched_off_says_so(broken_shop: BrokenShop, admin: Client) -> None:
    Integration.objects.update(enabled=False)
    assert "This shop is switched off" in admin.get(LIST).content.decode()
    assert IntegrationFactory.create(project=broken_shop.integration.project).enabled


def test_the_list_is_exported_with_its_causes_and_without_formulas(broken_shop: BrokenShop, admin: Client) -> None:
    RemoteOrder.objects.filter(reason_code="unmapped_payment").update(buyer="=HYPERLINK(1)", subject="-1")
    assert "export/?" in admin.get(f"{LIST}?tab=failed").content.decode()
    chosen = ["severity", "bought_by", "amount", "cause_code", "about", "message"]
    admin.post(f"{LIST}columns/", {"column": chosen, "query": "tab=failed"})
    answer: Any = admin.get(f"{LIST}export/?tab=failed")
    assert "items-in-error-" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert len(rows) == 39
    by_cause = {row["cause"]: row for row in rows}
    assert by_cause["unknown_sku"]["message"].startswith("SKU a17 is not among the products")
    assert (by_cause["unknown_sku"]["total"], by_cause["unknown_sku"]["severity"]) == ("30.25", "High")
    odd = by_cause["unmapped_payment"]
    assert (odd["buyer"], odd["subject"]) == ("'=HYPERLINK(1)", "-1")
    ignored: Any = admin.get(f"{LIST}export/?tab=ignored")
    assert len(b"".join(ignored.streaming_content).splitlines()) == 2
    assert admin.get(f"{LIST}export/?tab=nonsense").headers["Location"].endswith("?e=1")
