"""PayPal: received payments as orders, by the Transaction Search API v1. Facts as documented by PayPal.

PayPal has no list of orders. A payment for goods that came in stands for one; refunds, fees and transfers do not.
"""

from __future__ import annotations

from collections.abc import Generator

from integrations.choices import ImportAction
from integrations.connectors.base import (
    Capabilities,
    CodeLists,
    ConnectionReport,
    Connector,
    CredentialField,
    Cursor,
    DefaultRule,
    Identity,
    Operation,
    OrderPage,
    ProductPage,
    Request,
    Response,
    Shop,
    Window,
)
from integrations.connectors.paypal import checking, orders
from integrations.connectors.paypal.identity import identify
from integrations.connectors.paypal.payload import parse
from orders.incoming import IncomingOrder


class PayPal(Connector):
    key = "paypal"
    label = "PayPal"
    default_base_url = "https://api-m.paypal.com"
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
        signed_webhooks=False,
        modified_is_reliable=False,
    )
    """There is no request for ids: our ids say when a payment was made, and it is looked for there. Nor is there a
    filter for changes. PayPal signs webhooks (RSA), but only tells of payments made through the very app."""
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


def _no_products() -> Generator[Request, Response, ProductPage]:
    """PayPal keeps no stock."""
    yield from ()
    return ProductPage((), None, 0)
