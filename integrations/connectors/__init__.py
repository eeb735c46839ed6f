"""The platforms that can be connected. A new one is a module or package here and a line in `_CONNECTORS`."""

from __future__ import annotations

from integrations.connectors.base import Connector
from integrations.connectors.bigcommerce import BigCommerce
from integrations.connectors.ebay import EBay
from integrations.connectors.ecwid import Ecwid
from integrations.connectors.paypal import PayPal
from integrations.connectors.shopify import Shopify
from integrations.connectors.woocommerce import WooCommerce

_CONNECTORS: dict[str, Connector] = {
    connector.key: connector for connector in (WooCommerce(), Shopify(), BigCommerce(), EBay(), Ecwid(), PayPal())
}


class UnknownPlatform(KeyError):
    """No connector has this key."""

    def __str__(self) -> str:
        return f"There is no connector {self.args[0]!r}; there are: {', '.join(_CONNECTORS)}."


def get(key: str) -> Connector:
    """Raises UnknownPlatform."""
    try:
        return _CONNECTORS[key]
    except KeyError:
        raise UnknownPlatform(key) from None


def all_connectors() -> tuple[Connector, ...]:
    return tuple(_CONNECTORS.values())


def platform_choices() -> list[tuple[str, str]]:
    """For Django fields: a callable, so that a new platform needs no migration."""
    return [(connector.key, connector.label) for connector in _CONNECTORS.values()]
