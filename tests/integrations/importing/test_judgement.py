"""One judgement: import, the rule preview, the look before accepting and Accept Buyer say the same of an order."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from integrations.choices import BuyerListing, ImportAction, RemoteState, Role, RunKind, UnknownCodes, UnknownProducts
from integrations.importing import mapping
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.importing.preview import RuleOutcome, preview
from integrations.models import BuyerEntry, Integration, RemoteOrder, SkuMapping, StatusRule
from integrations.review import decisions
from integrations.review.assessment import assess
from integrations.runs import claims, control, pages
from integrations.shops.connection import set_up
from orders.models import Invoice, Order
from stock.choices import MovementReason
from stock.models import Reservation, StockMovement
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, give_stock, member

pytestmark = pytest.mark.django_db

BODIES = [json.loads(body) for body in payloads()[:12]]
BLOCKED = "blocked@mail.example"


def body(number: int, status: str, sku: str = "A-17", quantity: int = 2, **changes: object) -> bytes:
    """An order of one line and 10.00 altogether, placed `number` days ago."""
    stamp = f"{timezone.now() - timedelta(days=number + 1):%Y-%m-%dT%H:%M:%S}"
    line = BODIES[number]["line_items"][0] | {
        "sku": sku, "quantity": quantity, "total": "10.00", "total_tax": "0.00", "subtotal": "10.00"
    }  # fmt: skip
    amounts = {"total": "10.00", "total_tax": "0.00", "shipping_total": "0.00", "shipping_tax": "0.00"}
    stamps = {"date_created_gmt": stamp, "date_modified_gmt": stamp}
    whole = BODIES[number] | {"status": status, "line_items": [line], "payment_method": "card"} | amounts | stamps
    return json.dumps(whole | changes).encode()


def blocked(number: int) -> dict[str, Any]:
    return {"billing": BODIES[number]["billing"] | {"email": BLOCKED}}


def documents() -> list[bytes]:
    """Every fate an order can have, the oldest last."""
    return [
        body(0, "processing"),  # 1 of 2 units left
        body(1, "processing", "MAPPED", 3),  # a SKU of the shop that is ours under another name
        body(2, "processing", **blocked(2)),
        body(3, "processing", payment_method="barter"),  # a payment nobody has named
        body(4, "processing", "NOBODY-KNOWS"),
        body(5, "on-hold", quantity=1),
        body(6, "completed", "B-2", 4),
        body(7, "completed", "B-2", 9),  # more than there is
        body(8, "cancelled"),
        body(9, "pending"),
        body(10, "history"),
        body(11, "invoice", "B-2", 1),
    ]


RULES = {
    "processing": ImportAction.VALID,
    "on-hold": ImportAction.HOLD,
    "completed": ImportAction.COMPLETE,
    "cancelled": ImportAction.CANCEL,
    "pending": ImportAction.SKIP,
    "history": ImportAction.HISTORY,
    "invoice": ImportAction.INVOICE,
}


def shop(unknown_products: str) -> Integration:
    integration = IntegrationFactory.create(unknown_products=unknown_products, unknown_payments=UnknownCodes.FAIL)
    set_up(integration)
    give_stock(integration.project, A_17=5, B_2=6)
    for status, action in RULES.items():
        StatusRule.objects.update_or_create(
            integration=integration, status=status, defaults={"action": action, "retry": False}
        )
    SkuMapping.objects.create(integration=integration, shop_sku="MAPPED", sku="A-17")
    integration.code_list.create(kind="payment", code="card", label="Card", name="Card")
    BuyerEntry.objects.create(project=integration.project, pattern=BLOCKED, listing=BuyerListing.BLOCK)
    return integration


def store(integration: Integration) -> None:
    """The documents as remote orders that nothing was decided about."""
    for seen in read_page(integration.connector, integration.reader(), documents()):
        assert seen.order is not None
        RemoteOrder.objects.create(
            project=integration.project,
            integration=integration,
            external_id=seen.external_id,
            status=seen.status,
            payload=seen.payload,
            digest=seen.digest,
            placed_at=seen.order.placed_at,
            state=RemoteState.PENDING,
            reason_code="review",
            reason="Fetched by Import Orders.",
            first_seen_at=timezone.now(),
            changed_at=timezone.now(),
        )


def imported(integration: Integration) -> list[RuleOutcome]:
    """What an import has really done with the same documents, told as the preview tells it."""
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    seen = read_page(integration.connector, integration.reader(), documents())
    pages.write(held, import_page(integration, seen, None))
    outcomes = {action: RuleOutcome(action) for action in ImportAction}
    orders = {order.remote_order_id: order for order in Order.objects.filter(integration=integration)}
    for row in integration.remote_orders.all():
        outcome = outcomes[ImportAction(row.action)]
        if row.state in (RemoteState.PENDING, RemoteState.FAILED):
            name = "pending" if row.state == RemoteState.PENDING else "failed"
            setattr(outcome, name, getattr(outcome, name) + 1)
            continue
        outcome.orders += 1
        outcome.amounts[row.currency] = outcome.amounts.get(row.currency, Decimal(0)) + (row.total or 0)
        order = orders.get(row.pk)
        if order is None:
            continue
        lines = list(order.lines.all())
        outcome.reserved += sum(line.reserved for line in lines)
        outcome.waiting += sum(line.waiting for line in lines)
        outcome.invoices += Invoice.objects.filter(order=order).count()
    moved = StockMovement.objects.filter(project=integration.project, reason=MovementReason.SHIPMENT)
    outcomes[ImportAction.COMPLETE].issued = -sum(moved.values_list("quantity", flat=True))
    return [outcome for outcome in outcomes.values() if outcome.orders or outcome.pending or outcome.failed]


@pytest.mark.parametrize("unknown_products", UnknownProducts.values)
def test_the_preview_says_what_an_import_does(unknown_products: str) -> None:
    tried = shop(unknown_products)
    store(tried)
    said = preview(tried, [], 30)
    assert (said.orders, said.unreadable, said.differs) == (12, 0, False)
    tried.remote_orders.all().delete()
    assert said.now == imported(tried)


def test_nothing_that_keeps_an_order_out_is_counted_as_imported() -> None:
    integration = shop(UnknownProducts.FAIL)
    store(integration)
    found = {outcome.action: outcome for outcome in preview(integration, [], 30).now}
    assert (found[ImportAction.VALID].orders, found[ImportAction.VALID].pending, found[ImportAction.VALID].failed) == (
        2, 1, 2
    )  # fmt: skip
    assert (found[ImportAction.COMPLETE].orders, found[ImportAction.COMPLETE].failed) == (1, 1)


def test_control_a_preview_that_does_not_ask_the_mapping_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    integration = shop(UnknownProducts.FAIL)
    store(integration)
    monkeypatch.setattr(mapping.Mapping, "apply", lambda self, order: order)
    said = preview(integration, [], 30)
    monkeypatch.undo()
    integration.remote_orders.all().delete()
    assert said.now != imported(integration)


def test_the_look_before_accepting_says_what_accepting_does() -> None:
    integration = shop(UnknownProducts.FAIL)
    store(integration)
    person = member(integration.project.account, Role.ORDER_STAFF)
    fates: Counter[str] = Counter()
    for row in RemoteOrder.objects.order_by("placed_at"):
        looked = assess(row)
        [done] = decisions.accept(integration.project_id, [row.pk], actor_id=person.pk, actor="ann")
        row.refresh_from_db()
        if looked.problem:
            assert (done.done, looked.problem in done.sentence) == (False, True)
            fates["problem"] += 1
        elif looked.blocked_by:
            assert (done.done, row.reason_code) == (False, "review")
            [anyway] = decisions.accept(
                integration.project_id, [row.pk], actor_id=person.pk, actor="ann", blocked_too=True
            )
            assert anyway.done
            fates["blocked"] += 1
        elif looked.becomes == ImportAction.COMPLETE and any(need.short for need in looked.needs):
            assert (done.done, row.reason_code) == (False, "insufficient_stock")
            fates["short"] += 1
        else:
            assert (done.done, row.action) == (True, looked.becomes)
            fates["taken" if looked.by_rule else "taken as valid"] += 1
    assert fates == {"problem": 2, "blocked": 1, "short": 1, "taken": 7, "taken as valid": 1}
    assert Reservation.objects.exists()


def test_a_lost_encryption_key_keeps_nobody_from_deciding(settings: Any) -> None:
    """Stored documents are read without credentials: only asking the shop needs them."""
    integration = shop(UnknownProducts.CREATE)
    store(integration)
    person = member(integration.project.account, Role.ORDER_STAFF)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    integration = Integration.objects.select_related("project").get(pk=integration.pk)
    assert not integration.credentials.readable
    row = RemoteOrder.objects.get(status="on-hold")
    assert assess(row).order is not None
    assert preview(integration, [], 30).orders == 12
    [done] = decisions.accept(integration.project_id, [row.pk], actor_id=person.pk, actor="ann")
    assert done.done
