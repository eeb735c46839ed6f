"""Every form takes what can be imported: orders of 1,000 lines, shops of 500 statuses and 500 codes."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.conf import LazySettings
from django.test import Client

from integrations.choices import ListKind
from integrations.connectors.kit.order_reading import MAX_LINES
from integrations.models import CodeListEntry, Integration, StatusRule
from integrations.shops.rule_settings import MOST_RULES
from orders.models import Invoice, Order
from tests.admin.conftest import imported
from tests.factories import give_stock, incoming, line

LARGE = 400


class Forms(HTMLParser):
    """What a browser would post: the fields of every form of a page, by its address."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[tuple[str, str]]] = {}
        self._inside = ""
        self._named: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = values.get("action", "").partition("#")[0]
            self._named[values.get("id", "")] = self._inside
            self.found.setdefault(self._inside, [])
        elif tag in {"input", "select", "textarea"} and values.get("name"):
            owner = self._named.get(values["form"], "") if "form" in values else self._inside
            self.found.setdefault(owner, []).append((values["name"], values.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = ""


def large_forms(browser: Client, page: str) -> dict[str, int]:
    """Each form of many fields, posted as it is: its address, and the status of the answer."""
    answer = browser.get(page)
    assert answer.status_code == 200
    found = Forms(answer.content.decode()).found
    return {
        action: browser.post(action or page, dict(fields)).status_code
        for action, fields in found.items()
        if len(fields) >= LARGE
    }


@pytest.fixture
def largest(shop: Integration) -> Order:
    give_stock(shop.project, A_17=2 * MAX_LINES)
    [order] = imported(shop, [incoming(*[line("A-17", 2) for _ in range(MAX_LINES)])], "invoice")
    return order


@pytest.fixture
def busy_shop(shop: Integration) -> Integration:
    there = shop.rules.count()
    StatusRule.objects.bulk_create(
        StatusRule(integration=shop, status=f"s-{number}", label="x", action="skip")
        for number in range(MOST_RULES - there)
    )
    CodeListEntry.objects.bulk_create(
        CodeListEntry(integration=shop, kind=ListKind.PAYMENT, code=f"c-{number}", label="x") for number in range(500)
    )
    return shop


@pytest.mark.timeout(300)
def test_an_order_of_1000_lines_is_edited_shipped_and_credited(admin: Client, largest: Order) -> None:
    answers = large_forms(admin, f"/orders/order/{largest.pk}/change/")
    answers |= large_forms(admin, f"/orders/invoice/{Invoice.objects.get().pk}/change/")
    assert {action.rstrip("/").rsplit("/", 1)[-1] for action in answers} >= {"items", "ship", "credit"}
    assert 400 not in answers.values(), answers


@pytest.mark.timeout(300)
def test_a_shop_of_500_statuses_is_set(admin: Client, busy_shop: Integration) -> None:
    answers = large_forms(admin, f"/integrations/integration/{busy_shop.pk}/change/")
    assert len(answers) >= 1
    assert 400 not in answers.values(), answers


@pytest.mark.timeout(300)
def test_control_a_lower_limit_refuses_them(admin: Client, largest: Order, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2 * MAX_LINES
    assert 400 in large_forms(admin, f"/orders/order/{largest.pk}/change/").values()
