"""The rule preview: the same stored orders under the saved rules and the typed ones, with zero writes."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.choices import ImportAction, RunKind
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.importing.preview import RuleOutcome, preview
from integrations.models import Integration
from integrations.runs import claims, control, pages
from integrations.shops.connection import set_up
from integrations.shops.rule_settings import WantedRule
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, give_stock

pytestmark = pytest.mark.django_db

BODIES = [json.loads(body) for body in payloads()[:6]]


def body(number: int, status: str, days_ago: float, sku: str = "A-17", quantity: int = 2) -> bytes:
    """An order of one line and 10.00 altogether."""
    stamp = f"{timezone.now() - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%S}"
    line = BODIES[number]["line_items"][0] | {
        "sku": sku, "quantity": quantity, "total": "10.00", "total_tax": "0.00", "subtotal": "10.00"
    }  # fmt: skip
    changed = {
        "status": status, "line_items": [line], "total": "10.00", "total_tax": "0.00", "shipping_total": "0.00",
        "shipping_tax": "0.00", "date_created_gmt": stamp, "date_modified_gmt": stamp,
    }  # fmt: skip
    return json.dumps(BODIES[number] | changed).encode()


@pytest.fixture
def integration() -> Integration:
    """Stored: two unpaid orders of A-17, of which 5 are on hand, two completed ones, and one of 60 days ago."""
    integration = IntegrationFactory.create()
    set_up(integration)
    give_stock(integration.project, A_17=5)
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    page = [
        body(0, "pending", 5),
        body(1, "pending", 4, quantity=4),
        body(2, "completed", 3, quantity=3),
        body(3, "completed", 2, sku="OTHER-1", quantity=1),
        body(4, "pending", 60),
    ]
    pages.write(held, import_page(integration, read_page(integration.connector, integration.shop(), page), None))
    return integration


def rule(integration: Integration, status: str, action: ImportAction) -> WantedRule:
    found = integration.rules.get(status=status)
    return WantedRule(status, found.label, action, found.retry, found.pk)


def by_action(outcomes: list[RuleOutcome]) -> dict[ImportAction, RuleOutcome]:
    return {outcome.action: outcome for outcome in outcomes}


def test_what_the_typed_rules_would_have_done(integration: Integration) -> None:
    typed = [rule(integration, "pending", ImportAction.VALID), rule(integration, "completed", ImportAction.COMPLETE)]
    seen = preview(integration, typed, 30)
    assert (seen.orders, seen.cut, seen.unreadable, seen.differs) == (4, False, 0, True)
    now, then = by_action(seen.now), by_action(seen.then)
    assert set(now) == {ImportAction.SKIP, ImportAction.HISTORY}
    assert (now[ImportAction.SKIP].orders, now[ImportAction.HISTORY].invoices) == (2, 2)
    assert then[ImportAction.VALID] == RuleOutcome(
        ImportAction.VALID, orders=2, amounts={"EUR": Decimal("20.00")}, reserved=5, waiting=1
    )
    complete = then[ImportAction.COMPLETE]
    assert (complete.orders, complete.failed, complete.issued) == (0, 2, 0)  # the older orders took all there was


def test_the_longer_look_reaches_further(integration: Integration) -> None:
    assert preview(integration, [], 90).orders == 5
    assert not preview(integration, [], 90).differs


def test_a_new_status_row_is_tried_too(integration: Integration) -> None:
    integration.remote_orders.filter(status="pending").delete()
    integration.rules.filter(status="completed").delete()
    typed = [WantedRule("completed", "", ImportAction.HOLD, True)]
    assert by_action(preview(integration, typed, 30).then)[ImportAction.HOLD].orders == 2


def test_nothing_is_written(integration: Integration) -> None:
    typed = [rule(integration, "pending", ImportAction.COMPLETE)]
    with CaptureQueriesContext(connection) as captured:
        preview(integration, typed, 90)
    assert {query["sql"].split()[0] for query in captured} == {"SELECT"}


def test_orders_that_cannot_be_read_are_counted(integration: Integration) -> None:
    integration.remote_orders.filter(status="completed").update(payload="{")
    assert preview(integration, [], 30).unreadable == 2
