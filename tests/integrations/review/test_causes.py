"""Root causes: every failure names its subject, and what has one cause is one group."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.choices import ImportAction, RemoteState, RunKind, UnknownProducts
from integrations.importing.orders_page import GIVE_UP_AFTER, import_page
from integrations.importing.payloads import Candidate, digest_of, read_page
from integrations.importing.rules import Mode
from integrations.models import Integration, Project, RemoteOrder, StatusRule
from integrations.review import causes
from integrations.review.causes import Cause
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim
from orders.intake.incoming import IncomingOrder
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line
from tests.integrations.connectors.woocommerce.orders import payload

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    integration = IntegrationFactory.create(unknown_products=UnknownProducts.FAIL)
    rules = [("processing", ImportAction.VALID), ("completed", ImportAction.COMPLETE), ("pending", ImportAction.SKIP)]
    for status, action in rules:
        StatusRule.objects.create(integration=integration, status=status, action=action)
    return integration


@pytest.fixture
def claim(integration: Integration) -> Claim:
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    return held


def put(claim: Claim, integration: Integration, order: IncomingOrder, **changes: Any) -> RemoteOrder:
    digest = digest_of(order.external_id.encode())
    seen = Candidate(
        order.external_id, order.number, order.status, order.modified_at, "{}", digest, **{"order": order, **changes}
    )
    pages.write(claim, import_page(integration, [seen], None, mode=Mode.LOOK_AGAIN))
    return RemoteOrder.objects.get(external_id=order.external_id)


def cause(row: RemoteOrder) -> tuple[str, str]:
    return row.reason_code, row.subject


def test_the_first_missing_sku_is_the_cause_and_after_it_the_next(integration: Integration, claim: Claim) -> None:
    order = incoming(line("A"), line("B"))
    assert cause(put(claim, integration, order)) == ("unknown_sku", "A")
    give_stock(integration.project, A=0)
    row = put(claim, integration, order)
    assert cause(row) == ("unknown_sku", "B")
    assert row.reason == "SKU B is not among the products: create the product, or map the SKU to one of yours."
    give_stock(integration.project, B=0)
    row = put(claim, integration, order)
    assert (row.state, row.subject) == (RemoteState.IMPORTED, "")


def test_missing_stock_names_the_sku_and_an_ignored_order_its_status(integration: Integration, claim: Claim) -> None:
    give_stock(integration.project, A=9, B=1)
    short = put(claim, integration, incoming(line("A"), line("B", 3), status="completed"))
    assert cause(short) == ("insufficient_stock", "B")
    assert "missing: 2 × B" in short.reason
    assert cause(put(claim, integration, incoming(line("A"), status="pending"))) == ("rule_retry", "pending")


def test_unreadable_orders_are_one_cause_wherever_the_line_is(integration: Integration, claim: Claim) -> None:
    line_of: Any = {"id": 1, "name": "Tea", "quantity": "many", "sku": "A", "total": "1.00"}
    bodies = [payload(id=7, line_items=[line_of]), payload(id=8, line_items=[{**line_of, "quantity": 1}, line_of])]
    found = read_page(integration.connector, integration.shop(), bodies)
    assert len({(seen.error_code, seen.subject) for seen in found}) == 1
    pages.write(claim, import_page(integration, found, None))
    [group] = causes.groups(integration.project_id)
    assert group.count == 2 and "[]" in group.cause.subject


def test_giving_up_is_said(integration: Integration, claim: Claim) -> None:
    order = incoming(line("A"))
    put(claim, integration, order)
    RemoteOrder.objects.update(attempts=GIVE_UP_AFTER - 2)
    assert "Given up" not in put(claim, integration, order).reason
    row = put(claim, integration, order)
    assert row.reason.endswith("Given up after 336 attempts: it is looked at again only when somebody asks for it.")
    assert (row.retry, row.next_attempt_at) == (False, None)


def rows(integration: Integration, count: int, code: str, subject: str, **values: Any) -> None:
    now = timezone.now()
    fields = {"state": RemoteState.FAILED, "currency": "EUR", "total": Decimal(10), "first_seen_at": now} | values
    RemoteOrder.objects.bulk_create(
        RemoteOrder(
            project_id=integration.project_id, integration=integration, external_id=f"{code}-{subject}-{number}-{now}",
            digest=b"", reason_code=code, reason="Because.", subject=subject, changed_at=now, attempts=1,
            action="skip", **fields,
        )
        for number in range(count)
    )  # fmt: skip


def test_groups_have_count_amounts_age_and_next_attempt(integration: Integration) -> None:
    now = timezone.now()
    rows(integration, 3, "unknown_sku", "A", first_seen_at=now - timedelta(hours=3))
    rows(integration, 2, "unknown_sku", "A", currency="JPY", total=Decimal(500), next_attempt_at=now)
    rows(integration, 1, "gone", "", currency="", total=None)
    rows(integration, 9, "rule", "pending", state=RemoteState.IGNORED)
    rows(integration, 9, "imported", "", state=RemoteState.IMPORTED)
    other = IntegrationFactory.create(project=integration.project)
    rows(other, 4, "unknown_sku", "A")
    rows(IntegrationFactory.create(), 50, "unknown_sku", "A")
    found = causes.groups(integration.project_id)
    assert [(group.cause, group.count) for group in found] == [
        (Cause(integration.pk, "unknown_sku", "A"), 5),
        (Cause(other.pk, "unknown_sku", "A"), 4),
        (Cause(integration.pk, "gone", ""), 1),
    ]
    assert found[0].amounts == {"EUR": 30, "JPY": 1000}
    assert (found[0].oldest, found[0].next_attempt) == (now - timedelta(hours=3), now)
    assert (found[2].amounts, found[2].next_attempt) == ({}, None)
    [ignored] = causes.groups(integration.project_id, RemoteState.IGNORED)
    assert (ignored.cause.subject, ignored.count) == ("pending", 9)
    samples = causes.samples(integration.project_id, [group.cause for group in found], RemoteState.FAILED)
    assert samples[found[0].cause].first_seen_at == found[0].oldest
    assert set(samples) == {group.cause for group in found}
    assert causes.orders_of(integration.project_id, found[1].cause).count() == 4
    assert causes.orders_of(ProjectFactory.create().pk, found[1].cause).count() == 0


def test_nothing_in_error_has_no_causes(integration: Integration) -> None:
    assert causes.groups(integration.project_id) == []
    assert causes.samples(integration.project_id, [], RemoteState.FAILED) == {}


def test_causes_are_read_from_their_index_and_counting_is_bounded(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imported orders by the thousand beside them must not be read."""
    rows(integration, 3000, "imported", "", state=RemoteState.IMPORTED)
    rows(integration, 60, "unknown_sku", "A")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integrations_remoteorder")
    plans: list[str] = []

    def explained(statement: str, params: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement, params)
            plans.extend(row[0] for row in cursor.fetchall())
        return []

    with monkeypatch.context() as patch:
        patch.setattr(causes, "execute", explained)
        causes.groups(integration.project_id)
    plan = "\n".join(plans)
    assert plan.count("remote_order_cause") == 3 and "Seq Scan" not in plan
    monkeypatch.setattr(causes, "MOST_COUNTED", 50)
    assert [group.count for group in causes.groups(integration.project_id)] == [50]


def test_projects_do_not_see_each_others_causes(integration: Integration) -> None:
    rows(integration, 1, "unknown_sku", "A")
    stranger: Project = ProjectFactory.create()
    assert causes.groups(stranger.pk) == []
    assert causes.samples(stranger.pk, [Cause(integration.pk, "unknown_sku", "A")], RemoteState.FAILED) == {}
