"""An order that was read while its shop was still writing it heals by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.choices import AfterImport, ImportAction, RunKind
from integrations.following import settling
from integrations.invariants import broken
from integrations.models import Integration, OrderHint
from integrations.runs import control
from orders.choices import Tab
from orders.models import Invoice, Order
from orders.work import editing, invoicing
from orders.work.refresh import renewing
from tests.integrations.following.shop import A, B, EditedShop, load, order_of, work

pytestmark = pytest.mark.django_db
KEY = "990001"


def halfwritten(shop: EditedShop) -> dict[str, Any]:
    """An order of a moment ago, as its shop saves it first; the whole order."""
    now = datetime.now(UTC)
    whole = shop.document(A) | {"id": int(KEY), "number": KEY, "date_created_gmt": f"{now:%Y-%m-%dT%H:%M:%S}"}
    shop.bodies[KEY] = shop.bodies[A]
    shop.edit(KEY, at=now, **whole | {"line_items": [], "total": "0.00", "currency": "USD", "shipping_lines": []})
    return whole


def read_hints(integration: Integration) -> None:
    OrderHint.objects.update(look_at=datetime.now(UTC))
    work(control.request(RunKind.WEBHOOK_ORDERS, integration))


@pytest.mark.parametrize("setting", AfterImport.values)
def test_an_order_saved_in_steps_becomes_whole(integration: Integration, shop: EditedShop, setting: str) -> None:
    Integration.objects.update(after_import=setting)
    whole = halfwritten(shop)
    load(integration)
    assert (order_of(KEY).total, order_of(KEY).currency, order_of(KEY).lines.count()) == (Decimal(0), "USD", 0)
    hint = OrderHint.objects.get()
    assert hint.look_at > datetime.now(UTC) + timedelta(minutes=1)
    shop.edit(KEY, at=datetime.now(UTC), **whole)
    before = len(shop.asked)
    read_hints(integration)
    order = order_of(KEY)
    assert (order.total, order.currency, order.lines.count()) == (
        Decimal(whole["total"]), whole["currency"], len(whole["line_items"])
    )  # fmt: skip
    assert (order.shop_changed_at, order.tab) == (None, Tab.IN_STOCK)
    assert OrderHint.objects.count() == 1, "it may go on"
    read_hints(integration)
    assert not OrderHint.objects.exists(), "two equal readings"
    assert len(shop.asked) - before == 2
    assert broken() == {}


def test_once_somebody_works_on_it_it_is_marked(integration: Integration, shop: EditedShop) -> None:
    whole = halfwritten(shop)
    load(integration)
    editing.edit_note(order_of(KEY).pk, "ours")
    shop.edit(KEY, at=datetime.now(UTC), **whole)
    read_hints(integration)
    assert (order_of(KEY).lines.count(), order_of(KEY).shop_changed_at is None) == (0, False)


def invoicing_rules(integration: Integration) -> None:
    integration.rules.update(action=ImportAction.INVOICE)


def papers(order: Order) -> list[tuple[str, Decimal]]:
    found = Invoice.objects.filter(order=order).order_by("pk")
    return [(paper.document_type, paper.total) for paper in found]


@pytest.mark.parametrize("first", ["0.00", "7.00"])
def test_its_invoice_is_issued_anew(integration: Integration, shop: EditedShop, first: str) -> None:
    load(integration)
    invoicing_rules(integration)
    whole = halfwritten(shop)
    shop.edit(KEY, at=datetime.now(UTC), total=first)
    load(integration)
    order = order_of(KEY)
    assert papers(order) == [("invoice", Decimal(first))]
    shop.edit(KEY, at=datetime.now(UTC), **whole | {"line_items": whole["line_items"][:1]})
    read_hints(integration)
    shop.edit(KEY, at=datetime.now(UTC), **whole)
    read_hints(integration)
    order = order_of(KEY)
    assert (order.total, order.shop_changed_at) == (Decimal(whole["total"]), None)
    taken_back = [paper.total for paper in Invoice.objects.filter(order=order, document_type="credit_note")]
    standing = invoicing.standing_invoice(order.pk)
    assert standing is not None
    assert (standing.total, standing.currency) == (order.total, order.currency)
    charged = sum(total for kind, total in papers(order) if kind == "invoice")
    assert charged - sum(taken_back) == order.total
    assert {line["name"] for line in standing.lines} >= {line["name"] for line in whole["line_items"]}
    assert broken() == {}
    before = papers(order)
    read_hints(integration)
    assert papers(order_of(KEY)) == before, "it stands still"


def test_the_invoice_stays_where_only_the_rest_changed(integration: Integration, shop: EditedShop) -> None:
    load(integration)
    invoicing_rules(integration)
    whole = halfwritten(shop)
    shop.edit(KEY, at=datetime.now(UTC), **whole)
    load(integration)
    shop.edit(KEY, at=datetime.now(UTC), customer_note="Ring twice")
    read_hints(integration)
    assert order_of(KEY).note == "Ring twice"
    assert len(papers(order_of(KEY))) == 1


def test_an_invoice_of_an_order_that_has_settled_stays(integration: Integration, shop: EditedShop) -> None:
    load(integration)
    invoicing_rules(integration)
    halfwritten(shop)
    shop.edit(KEY, at=datetime.now(UTC), total="7.00")
    load(integration)
    Order.objects.update(created_at=datetime.now(UTC) - settling.SETTLES_WITHIN)
    shop.edit(KEY, at=datetime.now(UTC), total="8.00")
    read_hints(integration)
    assert papers(order_of(KEY)) == [("invoice", Decimal("7.00"))]


def test_control_without_it_the_wrong_invoice_stands(
    integration: Integration, shop: EditedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "renew_invoice", lambda order_id: None)
    load(integration)
    invoicing_rules(integration)
    whole = halfwritten(shop)
    load(integration)
    shop.edit(KEY, at=datetime.now(UTC), **whole)
    read_hints(integration)
    standing = invoicing.standing_invoice(order_of(KEY).pk)
    assert standing is not None
    assert standing.total != order_of(KEY).total


def test_control_without_another_reading(
    integration: Integration, shop: EditedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "is_young", lambda stamp, at: False)
    halfwritten(shop)
    load(integration)
    assert not OrderHint.objects.exists()


def test_orders_of_before_are_not_read_again(integration: Integration, shop: EditedShop) -> None:
    assert not OrderHint.objects.exists()
    shop.edit(B, customer_note="new")
    load(integration)
    assert not OrderHint.objects.exists()
