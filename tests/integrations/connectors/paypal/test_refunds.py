"""Refunds and chargebacks are transactions of their own: each finds its payment, whenever it is listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from integrations.choices import RunKind
from integrations.connectors.listings import Touched, Window
from integrations.connectors.paypal import refunds
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Feed, OrderHint
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.sales import Change
from integrations.simulator.server import SimulatedServer
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory
from tests.integrations.connectors.paypal.payments import ID, NOON, Account, info, money, paypal, shop, transaction
from tests.integrations.connectors.paypal.test_search import BAD_DATE, listing
from tests.integrations.following.shop import work
from tests.integrations.shop_webhooks.shops import selling
from tests.recorded import play, serve

PAYMENT = "9AB00000000000001"


def back(value: str = "-10.00", code: str = "T1107", /, **changes: Any) -> dict[str, Any]:
    """A refund of the recorded payment, a day later."""
    found = {
        "transaction_id": "9AB00000000000002",
        "transaction_event_code": code,
        "transaction_initiation_date": "2026-10-31T10:00:00+0000",
        "transaction_amount": money(value),
        "transaction_status": "S",
        "paypal_reference_id": PAYMENT,
        "paypal_reference_id_type": "TXN",
    }
    return {"transaction_info": {**found, **changes}}


def payment_with(*rows: dict[str, Any], charged_back: tuple[dict[str, Any], ...] = ()) -> Any:
    answers = [listing(transaction()), BAD_DATE, listing(*rows), listing(*charged_back)]
    page, _ = play(paypal.orders.by_ids(shop(), (ID,)), answers)
    [document] = page.payloads
    return paypal.parse(document, shop())


def test_a_partial_refund_belongs_to_its_payment() -> None:
    order = payment_with(back(), back(paypal_reference_id="9AB00000000000009"))
    assert (order.total, order.refunded_total) == (Decimal("47.60"), Decimal("10.00"))
    assert order.modified_at == datetime(2026, 10, 31, 10, 0, 1, tzinfo=UTC)
    assert payment_with().refunded_total == 0


def test_refunds_and_chargebacks_add_up_and_never_to_more_than_was_paid() -> None:
    second = back("-5.10", transaction_id="9AB00000000000003")
    charged = back("-7.50", "T1201", transaction_id="9AB00000000000004")
    assert payment_with(back(), second, charged_back=(charged,)).refunded_total == Decimal("22.60")
    order = payment_with(back("-60.00"))
    assert order.refunded_total == order.total
    assert order.warnings == ("More went back (60.00 EUR) than was paid: the payment counts as refunded.",)


@pytest.mark.parametrize(
    "row",
    [
        back(transaction_status="D"),
        back("10.00"),
        back(paypal_reference_id=None),
        back(paypal_reference_id_type="SUB"),
        {"transaction_info": None},
        {"transaction_info": info()},
        {},
    ],
)
def test_what_is_no_refund_of_a_payment(row: dict[str, Any]) -> None:
    assert refunds.refunded(json.dumps(row).encode()) is None
    assert refunds.refunded(json.dumps(back()).encode()) is not None
    assert payment_with(row).refunded_total == 0


def test_a_refund_in_another_currency_is_noted() -> None:
    order = payment_with(back(transaction_amount=money("-10.00", "USD")))
    assert order.refunded_total == 0
    assert "another currency" in order.warnings[0]


def test_a_page_names_the_payments_that_it_touches() -> None:
    a_fee = back("-1.00", "T0106", transaction_id="9AB00000000000005")
    answers = [listing(), listing(transaction(), back(), a_fee)]
    page, _ = play(paypal.orders.in_window(shop(), Window(NOON - timedelta(days=2)), None), answers)
    assert page.touched == (Touched(f"{PAYMENT}.", "9AB00000000000002"),)


def test_refunds_of_months_are_looked_through_a_month_at_a_time() -> None:
    account = Account(0)
    sale = account.shop.place(age=100 * 86400)
    sale.changes.append(Change(NOON - timedelta(days=3), "processing", 0.25))
    sale.changes.append(Change(NOON - timedelta(days=2), "processing", 0.5))
    external_id = dialects.get("paypal").external_id(account.shop, sale)
    assert external_id is not None
    page, requests = serve(paypal.orders.by_ids(account.remote, (external_id,)), account.serve)
    order = paypal.parse(page.payloads[0], account.remote)
    assert order.refunded_total == round(order.total / 4, 2) + round(order.total / 2, 2)
    assert [dict(each.params).get("transaction_type") for each in requests[-8:]] == ["T1107", "T1201"] * 4


@pytest.fixture
def server(settings: Settings) -> Iterator[SimulatedServer]:
    with selling("paypal", SimulatedShop("Paid", seed=5)) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.mark.django_db
@pytest.mark.parametrize("guarded", [True, False])
def test_a_load_has_refunded_payments_read_again(
    server: SimulatedServer, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(refunds, "touched", lambda page: ())
    keys = Secrets(dialects.get("paypal").keys(server.site.shop))
    since = datetime.now(UTC) - timedelta(days=3)
    integration = IntegrationFactory.create(platform="paypal", base_url=server.url, credentials=keys, start_at=since)
    set_up(integration)
    Feed.objects.update(enabled=False)
    sale = server.site.shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
    work(request_load(integration))
    assert Order.objects.get().refunded_total == 0
    OrderHint.objects.all().delete()
    sale.changes.append(Change(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2), "processing", 0.5))
    work(request_load(integration))
    assert OrderHint.objects.count() == guarded
    OrderHint.objects.update(look_at=datetime.now(UTC))
    if guarded:
        work(control.request(RunKind.WEBHOOK_ORDERS, integration))
    order = Order.objects.get()
    assert order.refunded_total == (round(order.total / 2, 2) if guarded else 0)
    OrderHint.objects.all().delete()
    work(request_load(integration))
    assert not OrderHint.objects.exists(), "its document says it by now"
    assert Order.objects.get().refunded_total == order.refunded_total
    assert broken() == {}
