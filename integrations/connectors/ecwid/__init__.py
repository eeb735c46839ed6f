"""Ecwid by Lightspeed, REST API v3. Facts from docs.ecwid.com unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from integrations.choices import ImportAction
from integrations.connectors.base import (
    Budget,
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
from integrations.connectors.ecwid import checking, orders, products, webhooks
from integrations.connectors.ecwid.payload import identify, parse
from integrations.connectors.ecwid.requests import LARGEST_PAGE
from integrations.connectors.errors import Failure, ShopError
from orders.intake.incoming import IncomingOrder

TO_BE_SENT = {
    "AWAITING_PROCESSING": "Awaiting processing",
    "PROCESSING": "Processing",
    "READY_FOR_PICKUP": "Ready for pickup",
}
SENT = {"OUT_FOR_DELIVERY": "Out for delivery", "SHIPPED": "Shipped", "DELIVERED": "Delivered"}
NOT_SENT = {"WILL_NOT_DELIVER": "Will not deliver", "RETURNED": "Returned"}


def _rules() -> Iterator[DefaultRule]:
    """What is sent is history even where it is not paid yet, as with cash on delivery."""
    for payment, label, action in (
        ("PAID", "Paid", ImportAction.VALID),
        ("AWAITING_PAYMENT", "Awaiting payment", ImportAction.SKIP),
        ("PARTIALLY_REFUNDED", "Partially refunded", ImportAction.HOLD),
    ):
        for code, state in TO_BE_SENT.items():
            yield DefaultRule(f"{payment}/{code}", f"{label} / {state}", action, retry=action == ImportAction.SKIP)
        for code, state in SENT.items():
            yield DefaultRule(f"{payment}/{code}", f"{label} / {state}", ImportAction.HISTORY, retry=False)
        for code, state in NOT_SENT.items():
            yield DefaultRule(f"{payment}/{code}", f"{label} / {state}", ImportAction.SKIP, retry=False)
    yield DefaultRule("CANCELLED", "Cancelled", ImportAction.SKIP, retry=False)
    yield DefaultRule("REFUNDED", "Refunded", ImportAction.SKIP, retry=False)


class Ecwid(Connector):
    key = "ecwid"
    label = "Ecwid"
    default_base_url = "https://app.ecwid.com"
    webhooks_note = (
        "Ecwid takes the address only by hand: enter it as the webhook URL in the settings of your custom app, and"
        " switch on order.created, order.updated and order.deleted."
    )
    credential_fields = (
        CredentialField("store_id", "Store ID", "A number; shown at the bottom of the Ecwid admin.", secret=False),
        CredentialField(
            "access_token",
            "Secret token",
            "Of a custom app, made in the Ecwid admin under Apps > Custom apps, with the scopes read_orders,"
            " read_catalog and read_store_profile. Begins with secret_.",
        ),
        CredentialField(
            "client_secret", "Client secret", "Shown with the app's keys. Ecwid signs webhooks of the app with it."
        ),
    )
    capabilities = Capabilities(
        orders_by_window=True,
        orders_by_ids=LARGEST_PAGE,
        order_by_number=True,
        products=True,
        signed_webhooks=True,
        webhooks_by_hand=True,
        budget=Budget(600, 60),
        modified_is_reliable=False,
    )
    """Which changes move updateTimestamp is not documented."""
    default_rules = tuple(_rules())

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
        return webhooks.is_signed(shop, delivery, now)

    def read_webhook(self, delivery: Delivery) -> Hint:
        return webhooks.read(delivery)

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        """Ecwid has no API for it: a ShopError that says what to enter where."""
        yield from ()
        raise ShopError(Failure.REFUSED, f"{self.webhooks_note} The address is {address}")
