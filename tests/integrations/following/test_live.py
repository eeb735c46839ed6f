"""Shops of every platform that change, refund and delete what was read: nothing is stale or gone unmarked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from integrations.choices import AfterImport, ImportAction, RunKind
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Feed, Integration, RemoteOrder
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.sales import Amended, Sale
from integrations.simulator.server import SimulatedServer
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory
from tests.integrations.following.shop import work
from tests.integrations.shop_webhooks.shops import PLATFORMS, selling

pytestmark = pytest.mark.django_db
GOODS = {"MUG-WHITE": 4}
# Platforms whose documents say of which units the money went back.
TELL_UNITS = {"bigcommerce", "magento1", "magento2", "prestashop", "woocommerce"}


@pytest.fixture(params=PLATFORMS)
def server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[SimulatedServer]:
    with selling(request.param, SimulatedShop("Moody", seed=5)) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.fixture
def integration(server: SimulatedServer, request: pytest.FixtureRequest) -> Integration:
    platform = request.node.callspec.params["server"]
    integration = IntegrationFactory.create(
        platform=platform, base_url=server.url, credentials=Secrets(dialects.get(platform).keys(server.site.shop)),
        start_at=datetime.now(UTC) - timedelta(days=3),
    )  # fmt: skip
    set_up(integration)
    Feed.objects.update(enabled=False)
    integration.rules.exclude(action=ImportAction.SKIP).update(action=ImportAction.VALID)
    return integration


def order_of(integration: Integration, sale: Sale, server: SimulatedServer) -> Order:
    name = dialects.get(integration.platform).external_id(server.site.shop, sale)
    return Order.objects.get(remote_order__external_id=name)


def look_around(integration: Integration) -> None:
    work(request_load(integration))
    work(control.request(RunKind.OPEN_ORDERS, integration))


def unmarked() -> int:
    """Orders that are older than what is known of their shop, and do not say so."""
    return Order.objects.filter(remote_order__stamp__gt=F("remote_modified_at"), shop_changed_at=None).count()


@pytest.mark.parametrize("setting", [AfterImport.FOLLOW, AfterImport.NOTHING])
def test_nothing_is_stale_or_gone_unmarked(server: SimulatedServer, integration: Integration, setting: str) -> None:
    Integration.objects.update(after_import=setting)
    shop = server.site.shop
    changed, refunded, deleted, left = [shop.place("processing", GOODS, age=36_000) for _ in range(4)]
    look_around(integration)
    assert Order.objects.count() == 4
    yesterday = datetime.now(UTC) - timedelta(days=1)
    Order.objects.update(created_at=yesterday)
    RemoteOrder.objects.update(first_seen_at=yesterday)  # PayPal may list a payment hours late
    other = (left.id + 1) % 5
    shop.change(changed.id, amended=Amended(skus=(("MUG-WHITE", 1), ("KETTLE-1L", 2)), buyer=other, note="Ring twice"))
    shop.change(refunded.id, refund=0.5, stamped=False)
    shop.delete(deleted.id)
    look_around(integration)
    assert unmarked() == 0
    gone = Order.objects.filter(shop_gone_at__isnull=False).values_list("pk", flat=True)
    names = {row.external_id for row in RemoteOrder.objects.all()}
    assert len(gone) == len(names) - sum(
        dialects.get(integration.platform).external_id(shop, sale) in names for sale in (changed, refunded, left)
    )
    assert broken() == {}
    for sale in (changed, refunded):
        order = order_of(integration, sale, server)
        assert (order.shop_changed_at is None) == (setting == AfterImport.FOLLOW), sale
    assert order_of(integration, left, server).shop_changed_at is None
    if setting == AfterImport.FOLLOW:
        skus = order_of(integration, changed, server).lines.values_list("sku", "quantity")
        assert set(skus) == {("MUG-WHITE", 1), ("KETTLE-1L", 2)}
        [line] = order_of(integration, refunded, server).lines.all()
        off = 2 if integration.platform in TELL_UNITS else 0
        assert (line.cancelled, line.waiting) == (off, line.quantity - off)


def test_an_order_saved_in_steps_is_read_until_it_stands_still(
    server: SimulatedServer, integration: Integration
) -> None:
    if integration.platform in {"paypal", "ebay"}:
        pytest.skip("A sale is listed here once it is whole: it is paid or bought before.")
    shop = server.site.shop
    sale = shop.place("processing", GOODS)
    shop.change(sale.id, amended=Amended(half=True))
    work(request_load(integration))
    assert order_of(integration, sale, server).lines.count() == 0
    shop.change(sale.id, amended=Amended(half=False))
    integration.hints.update(look_at=datetime.now(UTC))
    work(control.request(RunKind.WEBHOOK_ORDERS, integration))
    [line] = order_of(integration, sale, server).lines.all()
    assert (line.sku, line.quantity) == ("MUG-WHITE", 4)
    assert broken() == {}
