"""A shop whose zone is changed: orders kept with times of its old zone are still found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.choices import UnknownProducts
from integrations.connectors.listings import Window
from integrations.models import Integration
from integrations.shops import settings
from tests.factories import IntegrationFactory
from tests.integrations.connectors.woocommerce.test_paging import NOON, Street

pytestmark = pytest.mark.django_db
UNTIL = NOON - timedelta(minutes=10)


def with_zone(integration: Integration, zone: str) -> settings.ShopSettings:
    kept = {name: getattr(integration, name) for name in settings.ShopSettings.__dataclass_fields__}
    return settings.ShopSettings(**kept | {"time_zone": zone, "unknown_products": UnknownProducts.CREATE})


@pytest.fixture
def integration() -> Integration:
    found: Integration = IntegrationFactory.create(time_zone="America/New_York", complete_until=UNTIL)
    return found


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Prague", 6), ("America/Chicago", 1), ("Australia/Sydney", 16)])
def test_the_next_load_reaches_back_as_far_as_the_clock_was_moved(
    integration: Integration, zone: str, hours: int
) -> None:
    settings.change(integration, with_zone(integration, zone), {})
    integration.refresh_from_db()
    old, new = (datetime.now(ZoneInfo(name)).utcoffset() for name in ("America/New_York", zone))
    assert old is not None and new is not None
    assert integration.complete_until == UNTIL - abs(new - old)
    assert abs(abs(new - old) - timedelta(hours=hours)) <= timedelta(hours=2), "by the season"


def test_another_setting_moves_nothing(integration: Integration) -> None:
    settings.change(integration, with_zone(integration, "America/New_York"), {"consumer_key": "ck_new"})
    integration.refresh_from_db()
    assert integration.complete_until == UNTIL


@pytest.mark.parametrize("reaching_back", [True, False])
def test_an_order_from_before_is_found_only_so(reaching_back: bool) -> None:
    street = Street(0, version="6.7.0")
    street.shop.zone = ZoneInfo("America/New_York")
    street.now = NOON - timedelta(minutes=5)
    order = street.shop.place()
    kept = street.now.astimezone(street.shop.zone).replace(tzinfo=None)
    street.shop.zone = ZoneInfo("Europe/Prague")
    # Its column still says what the wall in New York said.
    order.placed_at = kept.replace(tzinfo=street.shop.zone).astimezone(UTC)
    order.changes = [replace(order.changes[0], at=order.placed_at)]
    street.now = NOON
    since = UNTIL - timedelta(hours=6) if reaching_back else UNTIL
    found, _ = street.sweep(Window(since - timedelta(minutes=15)))
    assert (order.id in found) is reaching_back
