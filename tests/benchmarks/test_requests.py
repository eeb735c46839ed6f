"""How many requests the two main actions cost, to the last one; more is a change to think about."""

from __future__ import annotations

import pytest

from integrations.connectors import shop_connectors
from integrations.connectors.shopify import bulk
from tests.benchmarks.requests import BARS, Counted, count

# For 100 orders by id, and for 600 of a year. PayPal's are far apart here: it is asked for four spans of a
# month, and for what went back in each month since. Of eBay's a tenth are cancelled, each of which is asked why.
COSTS = {
    "woocommerce": (3, 23),
    "shopify": (4, 14),
    "bigcommerce": (2, 7),
    "ebay": (13, 3),
    "ecwid": (2, 10),
    "paypal": (20, 13),
    "magento2": (1, 6),
    "prestashop": (13, 34),
    "magento1": (6, 52),
}


def test_every_platform_has_its_bar() -> None:
    assert set(BARS) == set(COSTS) == {connector.key for connector in shop_connectors()}


@pytest.mark.parametrize("platform", COSTS)
def test_requests(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "WORTH_IT", 500)
    found = count(platform, 600)
    assert (found.by_ids, found.back_import) == COSTS[platform]


def test_above_the_bar() -> None:
    assert not Counted("ebay", 16, 4, 600).is_above
    assert Counted("ebay", 17, 4, 600).is_above
    assert Counted("ebay", 16, 5, 600).is_above
