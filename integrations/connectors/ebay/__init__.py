"""eBay: the Sell Fulfillment API v1 (orders) and the Inventory API v1 (products). Facts as documented by eBay."""

from __future__ import annotations

from collections.abc import Mapping
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
    SigningKey,
    Window,
)
from integrations.connectors.ebay import checking, notifications, orders, products, subscribing
from integrations.connectors.ebay.payload import identify, parse
from orders.intake.incoming import IncomingOrder

_ACTIONS = {
    "paid/not_started": (ImportAction.VALID, False),
    "paid/in_progress": (ImportAction.VALID, False),
    "paid/fulfilled": (ImportAction.HISTORY, False),
    "partially_refunded/not_started": (ImportAction.HOLD, False),
    "partially_refunded/in_progress": (ImportAction.HOLD, False),
    "partially_refunded/fulfilled": (ImportAction.HISTORY, False),
    "pending": (ImportAction.SKIP, True),
    "cancel_requested": (ImportAction.HOLD, False),
    "failed": (ImportAction.SKIP, False),
    "fully_refunded": (ImportAction.SKIP, False),
    "canceled": (ImportAction.SKIP, False),
}


class EBay(Connector):
    key = "ebay"
    label = "eBay"
    default_base_url = "https://api.ebay.com"
    webhooks_note = (
        "eBay tells of orders that are paid and shipped, and of people who close their account and must be forgotten."
        " Cancellations and refunds come with the feeds."
    )
    credential_fields = (
        CredentialField(
            "client_id",
            "App ID (client ID)",
            "From developer.ebay.com > Your account > Application keysets, column Production.",
            secret=False,
        ),
        CredentialField("client_secret", "Cert ID (client secret)", "From the same keyset."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            "Of the seller: developer.ebay.com > User access tokens > OAuth, with the scopes sell.fulfillment.readonly"
            " and sell.inventory.readonly (and commerce.notification.subscription to be told of new orders). It is"
            " valid for 18 months.",
        ),
        CredentialField(
            "alert_email",
            "Alert e-mail address",
            "Only for webhooks: eBay writes here when it cannot reach this site.",
            secret=False,
            required=False,
        ),
    )
    capabilities = Capabilities(
        orders_by_window=True,
        orders_by_ids=orders.MOST_IDS,
        order_by_number=True,
        products=True,
        signed_webhooks=True,
        modified_is_reliable=False,
    )
    """What moves "modified" is nowhere documented."""
    default_rules = tuple(DefaultRule(code, checking.STATUSES[code], *effect) for code, effect in _ACTIONS.items())

    def check(self, shop: Shop) -> Operation[ConnectionReport]:
        return checking.check(shop)

    def code_lists(self, shop: Shop) -> Operation[CodeLists]:
        return checking.code_lists(shop)

    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        return products.products(shop, cursor)

    def orders_in_window(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        return orders.orders_in_window(shop, window, cursor)

    def orders_by_ids(self, shop: Shop, ids: tuple[str, ...]) -> Operation[OrderPage]:
        return orders.orders_by_ids(shop, ids)

    def order_by_number(self, shop: Shop, number: str) -> Operation[OrderPage]:
        return orders.order_by_number(shop, number)

    def parse(self, payload: bytes, shop: Shop) -> IncomingOrder:
        return parse(payload, shop)

    def identify(self, payload: bytes, shop: Shop) -> Identity:
        return identify(payload, shop)

    def verify_webhook(self, shop: Shop, secret: str, delivery: Delivery, now: datetime) -> bool:
        """Keys are eBay's own and the same for everybody, so `secret` plays no part."""
        return notifications.is_signed(delivery.key, delivery)

    def signing_key(self, shop: Shop, delivery: Delivery) -> SigningKey | None:
        name = notifications.key_id(delivery)
        return SigningKey(name) if name else None

    def fetch_signing_key(self, shop: Shop, name: str) -> Operation[str]:
        return notifications.public_key(shop, name)

    def answer_challenge(self, secret: str, address: str, code: str) -> Mapping[str, str] | None:
        return notifications.challenge_response(code, secret, address)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return notifications.read(delivery)

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        return subscribing.webhooks(shop)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        return subscribing.register(shop, address, secret)
