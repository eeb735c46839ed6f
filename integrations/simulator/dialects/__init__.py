"""How a simulated shop speaks. A new platform is a module with `answer` and a line here."""

from __future__ import annotations

from collections.abc import Callable

from integrations.simulator.dialects import (
    bigcommerce,
    bigcommerce_webhooks,
    ebay,
    ebay_notifications,
    ecwid,
    ecwid_webhooks,
    paypal,
    paypal_webhooks,
    shopify,
    shopify_webhooks,
    woocommerce,
    woocommerce_webhooks,
)
from integrations.simulator.hooks import Writer
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Dialect = Callable[[SimulatedShop, Asked], Answered]

DIALECTS: dict[str, Dialect] = {
    "woocommerce": woocommerce.answer,
    "shopify": shopify.answer,
    "bigcommerce": bigcommerce.answer,
    "ebay": ebay.answer,
    "ecwid": ecwid.answer,
    "paypal": paypal.answer,
}
WRITERS: dict[str, Writer] = {
    "woocommerce": woocommerce_webhooks.parcel,
    "shopify": shopify_webhooks.parcel,
    "bigcommerce": bigcommerce_webhooks.parcel,
    "ebay": ebay_notifications.parcel,
    "ecwid": ecwid_webhooks.parcel,
    "paypal": paypal_webhooks.parcel,
}
"""How the webhooks of a dialect are written."""

LIMITS: dict[str, Limit] = {
    "bigcommerce": bigcommerce.LIMIT,
    "ebay": ebay.LIMIT,
    "ecwid": ecwid.LIMIT,
}
"""What the platforms take; WooCommerce has no limit, PayPal's is not published, Shopify counts points instead."""
Refuse = Callable[[SimulatedShop], Answered]
REFUSALS: dict[str, Refuse] = {
    "woocommerce": woocommerce.too_many,
    "shopify": shopify.too_many,
    "bigcommerce": bigcommerce.too_many,
    "ebay": ebay.too_many,
    "ecwid": ecwid.too_many,
    "paypal": paypal.too_many,
}
"""How a request beyond the limit is refused."""

Keys = Callable[[SimulatedShop], dict[str, str]]
KEYS: dict[str, Keys] = {
    "woocommerce": lambda shop: {"consumer_key": shop.key, "consumer_secret": shop.secret},
    "shopify": lambda shop: {"client_id": shop.key, "client_secret": shop.secret},
    "bigcommerce": lambda shop: {"store_hash": "simulated", "access_token": shop.key, "client_secret": shop.secret},
    "ebay": ebay.keys,
    "ecwid": lambda shop: {"store_id": "1003", "access_token": shop.key, "client_secret": shop.secret},
    "paypal": paypal.keys,
}
"""The credentials a connector needs for a simulated shop, by dialect."""

Naming = Callable[[SimulatedShop, Sale], str | None]
NAMES: dict[str, Naming] = {
    "ebay": ebay.external_id,
    "ecwid": ecwid.external_id,
    "paypal": paypal.external_id,
}
UNLISTED = {"trash", "draft", "auto-draft", "checkout-draft"}


def external_id(dialect: str, shop: SimulatedShop, sale: Sale) -> str | None:
    """What a connector calls this sale now; None for one the platform does not list."""
    if dialect in NAMES:
        return NAMES[dialect](shop, sale)
    return None if sale.state(shop.now()).status in UNLISTED else str(sale.id)
