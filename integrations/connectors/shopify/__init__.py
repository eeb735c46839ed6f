"""Shopify, Admin GraphQL API 2026-07. Facts from the published schema and docs (none was observed on a live shop)."""

from __future__ import annotations

from datetime import datetime

from integrations.connectors.base import (
    Capabilities,
    CodeLists,
    ConnectionReport,
    Connector,
    CredentialField,
    Cursor,
    Delivery,
    Hint,
    Identity,
    Operation,
    OrderPage,
    ProductPage,
    RemoteWebhook,
    Response,
    Shop,
    Window,
)
from integrations.connectors.shopify import bulk, checking, orders, products, status, webhooks, windows
from integrations.connectors.shopify.payload import identify, parse
from integrations.connectors.shopify.requests import pause_after
from orders.intake.incoming import IncomingOrder


class Shopify(Connector):
    key = "shopify"
    label = "Shopify"
    credential_fields = (
        CredentialField(
            "access_token",
            "Access token",
            "Of an app made in the shop's admin (Settings > Apps > Develop apps). Begins with shpat_. Leave it empty "
            "for an app of the Dev Dashboard.",
            required=False,
        ),
        CredentialField(
            "client_id",
            "Client ID",
            "Of an app of the Dev Dashboard (Settings), where there is no access token. It needs the scopes "
            "read_orders and read_products, and read_all_orders for orders older than 60 days.",
            secret=False,
            required=False,
        ),
        CredentialField(
            "client_secret",
            "Client secret",
            "Beside the client ID; in an older app the API secret key. Webhooks are signed with it too.",
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
    """Shopify does not promise that every change (of metafields, say) moves `updatedAt`."""
    default_rules = status.DEFAULT_RULES

    def check(self, shop: Shop) -> Operation[ConnectionReport]:
        return checking.check(shop)

    def code_lists(self, shop: Shop) -> Operation[CodeLists]:
        return checking.code_lists(shop)

    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        return products.products(shop, cursor)

    def orders_in_window(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        return windows.orders_in_window(shop, window, cursor)

    def abandon(self, shop: Shop, cursor: Cursor) -> Operation[None]:
        return bulk.abandon(shop, cursor)

    def orders_by_ids(self, shop: Shop, ids: tuple[str, ...]) -> Operation[OrderPage]:
        return orders.orders_by_ids(shop, ids)

    def order_by_number(self, shop: Shop, number: str) -> Operation[OrderPage]:
        return orders.order_by_number(shop, number)

    def parse(self, payload: bytes, shop: Shop) -> IncomingOrder:
        return parse(payload, shop)

    def identify(self, payload: bytes, shop: Shop) -> Identity:
        return identify(payload, shop)

    def pause_after(self, response: Response) -> float:
        return pause_after(response)

    def verify_webhook(self, shop: Shop, secret: str, delivery: Delivery, now: datetime) -> bool:
        return webhooks.verify(shop, secret, delivery)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return webhooks.read(delivery)

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.webhooks(shop)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.register(shop, address)
