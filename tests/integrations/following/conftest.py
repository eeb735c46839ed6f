"""A shop with six orders in the book."""

from __future__ import annotations

import pytest

from integrations.choices import ImportAction
from integrations.models import Integration
from integrations.shops.connection import set_up
from orders.models import Order
from tests.factories import IntegrationFactory, give_stock
from tests.integrations.following.shop import BODIES, EditedShop, load


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> EditedShop:
    shop = EditedShop(dict(BODIES))
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(db: None, shop: EditedShop) -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.exclude(status__in=["cancelled", "on-hold"]).update(action=ImportAction.VALID)
    skus = {item["sku"] for key in BODIES for item in shop.document(key)["line_items"]}
    give_stock(integration.project, **{sku.replace("-", "_"): 100 for sku in skus})
    load(integration)
    assert Order.objects.count() == 6
    return integration
