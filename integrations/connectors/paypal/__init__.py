"""PayPal: received payments as orders, by the Transaction Search API v1. Facts as documented by PayPal.

PayPal has no list of orders. A payment for goods that came in stands for one; refunds, fees and transfers do not.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

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
    Request,
    Response,
    Shop,
    SigningKey,
    Window,
)
from integrations.connectors.paypal import checking, orders, webhooks
from integrations.connectors.paypal.identity import identify
from integrations.connectors.paypal.payload import parse
from orders.intake.incoming import IncomingOrder


class PayPal(Connector):
    key = "paypal"
    label = "PayPal"
    default_base_url = "https://api-m.paypal.com"
    webhooks_note = (
        "PayPal tells only of payments made through this very app, and lists them up to three hours later; until then"
        " we look again every quarter of an hour. Refunds come with the feeds."
    )
    credential_fields = (
        CredentialField(
            "client_id",
            "Client ID",
            "From developer.paypal.com > Apps & Credentials, side Live. The app needs the feature Transaction search.",
            secret=False,
        ),
        CredentialField("client_secret", "Secret", "Beside the client ID of the same app."),
    )
    capabilities = Capabilities(
        orders_by_window=True,
        orders_by_ids=orders.MOST_IDS,
        order_by_number=True,
        products=False,
        signed_webhooks=True,
        listed_within=timedelta(hours=3),
        modified_is_reliable=False,
    )
    """There is no request for ids: our ids say when a payment was made, and it is looked for there. Nor is there a
    filter for changes. PayPal tells only of payments made through the very app, and lists them up to 3 hours later."""
    default_rules = (
        DefaultRule("S", checking.STATUSES["S"], ImportAction.VALID, retry=False),
        DefaultRule("P", checking.STATUSES["P"], ImportAction.SKIP, retry=True),
        DefaultRule("D", checking.STATUSES["D"], ImportAction.SKIP, retry=False),
        DefaultRule("V", checking.STATUSES["V"], ImportAction.SKIP, retry=False),
    )

    def check(self, shop: Shop) -> Operation[ConnectionReport]:
        return checking.check(shop)

    def code_lists(self, shop: Shop) -> Operation[CodeLists]:
        return checking.code_lists(shop)

    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        return _no_products()

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
        """Certificates are PayPal's own and the same for everybody, so `secret` plays no part."""
        return webhooks.is_signed(delivery, now)

    def signing_key(self, shop: Shop, delivery: Delivery) -> SigningKey | None:
        return webhooks.signing_key(shop, delivery)

    def fetch_signing_key(self, shop: Shop, name: str) -> Operation[str]:
        return webhooks.certificate(shop, name)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return webhooks.read(delivery)

    def is_same_order(self, hinted: str, external_id: str) -> bool:
        """By the transaction id alone: a webhook tells neither the event code nor the listed time."""
        return hinted.partition(".")[0] == external_id.partition(".")[0]

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.webhooks(shop)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        return webhooks.register(shop, address)


def _no_products() -> Generator[Request, Response, ProductPage]:
    """PayPal keeps no stock."""
    yield from ()
    return ProductPage((), None, 0)
