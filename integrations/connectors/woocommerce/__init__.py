"""WooCommerce, REST API v3. Facts as observed on 11.0.1 (HPOS) and 6.7.0 unless it says otherwise."""

from __future__ import annotations

from datetime import datetime

from integrations.choices import ImportAction
from integrations.connectors.base import (
    Capabilities,
    CodeLists,
    ConnectionReport,
    Connector,
    CredentialField,
    Cursor,
    DefaultRule,
    Delivery,
    Hint,
    Identity,
    Operation,
    OrderPage,
    ProductPage,
    RemoteWebhook,
    Shop,
    Window,
)
from integrations.connectors.woocommerce import checking, orders, products, webhooks
from integrations.connectors.woocommerce.payload import identify, parse
from integrations.connectors.woocommerce.requests import LEAST_PAGE
from orders.intake.incoming import IncomingOrder


class WooCommerce(Connector):
    key = "woocommerce"
    label = "WooCommerce"
    credential_fields = (
        CredentialField(
            "consumer_key",
            "Consumer key",
            "Made in the shop under WooCommerce > Settings > Advanced > REST API, permission Read. Begins with ck_.",
            secret=False,
        ),
        CredentialField("consumer_secret", "Consumer secret", "Shown once, beside the consumer key. Begins with cs_."),
    )
    capabilities = Capabilities(
        orders_by_window=True,
        orders_by_ids=orders.MOST_IDS,
        order_by_number=True,
        products=True,
        signed_webhooks=True,
        least_page=LEAST_PAGE,
        modified_is_reliable=False,
    )
    """6.7.0 changes "modified" neither for an address, a line, extras nor a refund; 11.0.1 not for an order note."""
    default_rules = (
        DefaultRule("pending", "Pending payment", ImportAction.SKIP, retry=True),
        DefaultRule("processing", "Processing", ImportAction.VALID, retry=False),
        DefaultRule("on-hold", "On hold", ImportAction.HOLD, retry=False),
        DefaultRule("completed", "Completed", ImportAction.HISTORY, retry=False),
        DefaultRule("cancelled", "Cancelled", ImportAction.SKIP, retry=False),
        DefaultRule("refunded", "Refunded", ImportAction.SKIP, retry=False),
        DefaultRule("failed", "Failed", ImportAction.SKIP, retry=False),
    )

    def check(self, shop: Shop) -> Operation[ConnectionReport]:
        return checking.check(shop)

    def code_lists(self, shop: Shop) -> Operation[CodeLists]:
        return checking.code_lists(shop)

    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        return products.products(shop, cursor)

    def orders_in_window(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        return orders.orders_in_window(shop, window, cursor)

    def past_a_fault(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        return orders.past_a_fault(shop, window, cursor)

    def orders_by_ids(self, shop: Shop, ids: tuple[str, ...]) -> Operation[OrderPage]:
        return orders.orders_by_ids(shop, ids)

    def order_by_number(self, shop: Shop, number: str) -> Operation[OrderPage]:
        return orders.order_by_number(shop, number)

    def parse(self, payload: bytes, shop: Shop) -> IncomingOrder:
        return parse(payload, shop)

    def identify(self, payload: bytes, shop: Shop) -> Identity:
        return identify(payload, shop)

    def verify_webhook(self, shop: Shop, secret: str, delivery: Delivery, now: datetime) -> bool:
        return webhooks.is_signed(secret, delivery)

    def is_ping(self, delivery: Delivery) -> bool:
        return webhooks.is_ping(delivery)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return webhooks.read(delivery)

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.webhooks(shop)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.register(shop, address, secret)
