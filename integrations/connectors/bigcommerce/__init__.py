"""BigCommerce: orders by the V2 API with consignments; refunds, products and webhooks by V3.

Facts from the OpenAPI files of github:bigcommerce/docs unless it says otherwise.
"""

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
    Response,
    Shop,
    Window,
)
from integrations.connectors.bigcommerce import checking, orders, products, webhooks
from integrations.connectors.bigcommerce.payload import identify, parse
from integrations.connectors.throttling import pause_of_window
from orders.intake.incoming import IncomingOrder


class BigCommerce(Connector):
    key = "bigcommerce"
    label = "BigCommerce"
    default_base_url = "https://api.bigcommerce.com"
    credential_fields = (
        CredentialField(
            "store_hash",
            "Store hash",
            "The part after /stores/ in the API path, which is shown when the API account is made.",
            secret=False,
        ),
        CredentialField(
            "access_token",
            "Access token",
            "Made in the store under Settings > API > Store-level API accounts, with Orders, Products and Information "
            "& settings read-only. Shown once.",
        ),
        CredentialField(
            "client_secret", "Client secret", "Shown once, beside the access token. BigCommerce signs webhooks with it."
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
    """There is no filter for many ids: near ones share a request, so a hundred cost between one request and a hundred.
    Which changes move date_modified is not documented."""
    default_rules = (
        DefaultRule("1", "Pending", ImportAction.SKIP, retry=True),
        DefaultRule("7", "Awaiting Payment", ImportAction.SKIP, retry=True),
        DefaultRule("11", "Awaiting Fulfillment", ImportAction.VALID, retry=False),
        DefaultRule("9", "Awaiting Shipment", ImportAction.VALID, retry=False),
        DefaultRule("8", "Awaiting Pickup", ImportAction.VALID, retry=False),
        DefaultRule("12", "Manual Verification Required", ImportAction.HOLD, retry=False),
        DefaultRule("13", "Disputed", ImportAction.HOLD, retry=False),
        DefaultRule("3", "Partially Shipped", ImportAction.HOLD, retry=False),
        DefaultRule("14", "Partially Refunded", ImportAction.HOLD, retry=False),
        DefaultRule("2", "Shipped", ImportAction.HISTORY, retry=False),
        DefaultRule("10", "Completed", ImportAction.HISTORY, retry=False),
        DefaultRule("5", "Cancelled", ImportAction.SKIP, retry=False),
        DefaultRule("6", "Declined", ImportAction.SKIP, retry=False),
        DefaultRule("4", "Refunded", ImportAction.SKIP, retry=False),
    )
    """Partly shipped and partly refunded orders wait for a person: some of their goods are no longer to be sent."""

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

    def pause_after(self, response: Response) -> float:
        return pause_of_window(response.headers)

    def verify_webhook(self, shop: Shop, secret: str, delivery: Delivery, now: datetime) -> bool:
        return webhooks.is_signed(shop, secret, delivery, now)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return webhooks.read(delivery)

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.webhooks(shop)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.register(shop, address, secret)
