"""The record of a remote order shows the newest document seen, whoever has seen it; an older one never wins."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations import jobs
from integrations.choices import ImportAction, RunKind
from integrations.importing import fetch_missing, remote_orders, synchronize
from integrations.importing.load import request_load
from integrations.models import Integration, OrderHint, RemoteOrder, Run
from integrations.runs import control
from integrations.shops.connection import set_up
from orders.in_shop import newest_status
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:3]}
KEY = next(iter(BODIES))
WAYS = ("load", "webhook", "open orders", "Import Orders", "Synchronize", "look")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    shop = FakeConnector(dict(BODIES))
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(shop: FakeConnector) -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.update(action=ImportAction.VALID)
    jobs.work(request_load(integration).pk)
    assert Order.objects.count() == 3
    return integration


def edit(shop: FakeConnector, hours: float = 1, **values: Any) -> None:
    """Change the order in the shop, so many hours after its last change that is on record."""
    stamp = RemoteOrder.objects.get(external_id=KEY).stamp or timezone.now()
    stamped = {"date_modified_gmt": f"{stamp + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}"}
    shop.bodies[KEY] = json.dumps(json.loads(shop.bodies[KEY]) | values | stamped).encode()


def see(integration: Integration, way: str) -> None:
    order = Order.objects.get(remote_order__external_id=KEY)
    if way == "look":
        synchronize.look(order)
        return
    run: Run
    if way == "load":
        run = request_load(integration)
    elif way == "webhook":
        now = timezone.now()
        OrderHint.objects.create(integration=integration, external_id=KEY, first_at=now, last_at=now, look_at=now)
        run = control.request(RunKind.WEBHOOK_ORDERS, integration)
    elif way == "open orders":
        run = control.request(RunKind.OPEN_ORDERS, integration)
    elif way == "Import Orders":
        run = fetch_missing.request_order(integration, KEY)
    else:
        [run] = synchronize.request(integration.project_id, [order.pk]).runs
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == "succeeded"


def shown() -> tuple[Any, ...]:
    row = RemoteOrder.objects.get(external_id=KEY)
    return row.status, row.currency, row.total, row.buyer


@pytest.mark.parametrize("way", WAYS)
def test_whoever_sees_a_newer_document_keeps_the_record_up(
    integration: Integration, shop: FakeConnector, way: str
) -> None:
    billing = json.loads(shop.bodies[KEY])["billing"] | {"first_name": "Eva", "last_name": "Nová"}
    edit(shop, status="on-hold", currency="CHF", total="4711.00", billing=billing)
    see(integration, way)
    assert shown() == ("on-hold", "CHF", Decimal(4711), "Eva Nová")
    order = Order.objects.annotate(shop_status=newest_status()).get(remote_order__external_id=KEY)
    assert order.shop_status == "on-hold"


@pytest.mark.parametrize("way", WAYS)
def test_an_older_document_never_wins(integration: Integration, shop: FakeConnector, way: str) -> None:
    before = shown()
    edit(shop, hours=-1, status="on-hold", total="4711.00")
    see(integration, way)
    assert shown() == before


def test_control_a_record_of_which_only_the_status_is_kept_up(
    integration: Integration, shop: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_orders, "_told", lambda seen: (None, None, None, None, None))
    edit(shop, total="4711.00")
    see(integration, "load")
    assert shown()[2] != Decimal(4711)


def test_a_document_that_cannot_be_read_takes_nothing_away(integration: Integration, shop: FakeConnector) -> None:
    before = shown()
    edit(shop, status="on-hold", line_items=7)
    see(integration, "load")
    assert shown() == ("on-hold", *before[1:])
