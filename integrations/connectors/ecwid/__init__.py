"""Ecwid by Lightspeed, REST API v3. Facts from docs.ecwid.com unless it says otherwise.

Which changes move updateTimestamp is not documented.

Written are the shipment that completes an order (there is one tracking number, and no parts), quantities, payments,
documents in the private notes, and orders.
"""

from __future__ import annotations

from collections.abc import Iterator

from integrations.choices import ImportAction
from integrations.connectors.contract import (
    Budget,
    Capabilities,
    Connector,
    Creation,
    CredentialField,
    DefaultRule,
    Orders,
    Outward,
    Shipments,
    StockLevels,
    Webhooks,
    rules,
)
from integrations.connectors.ecwid import changing, checking, creation, orders, products, quantities, webhooks
from integrations.connectors.ecwid.payload import identify, parse
from integrations.connectors.ecwid.requests import LARGEST_PAGE

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
        for states, becomes in ((TO_BE_SENT, action), (SENT, ImportAction.HISTORY), (NOT_SENT, ImportAction.SKIP)):
            labels = {f"{payment}/{code}": f"{label} / {state}" for code, state in states.items()}
            yield from rules(becomes, labels, retry=states is TO_BE_SENT and action == ImportAction.SKIP)
    yield from rules(ImportAction.SKIP, {"CANCELLED": "Cancelled", "REFUNDED": "Refunded"})


CONNECTOR = Connector(
    key="ecwid",
    label="Ecwid",
    rank=50,
    credential_fields=(
        CredentialField("store_id", "Store ID", "A number; shown at the bottom of the Ecwid admin.", secret=False),
        CredentialField(
            "access_token",
            "Secret token",
            "Of a custom app, made in the Ecwid admin under Apps > Custom apps, with the scopes read_orders,"
            " read_catalog and read_store_profile; what else telling the store of shipments or stock takes is named"
            " where it is switched on. Begins with secret_.",
        ),
        CredentialField(
            "client_secret", "Client secret", "Shown with the app's keys. Ecwid signs webhooks of the app with it."
        ),
    ),
    default_base_url="https://app.ecwid.com",
    check=checking.check,
    code_lists=checking.code_lists,
    products=products.products,
    default_rules=tuple(_rules()),
    orders=Orders(orders.orders_in_window, orders.orders_by_ids, orders.order_by_number, orders.past_a_fault),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=LARGEST_PAGE, budget=Budget(600, 60)),
    webhooks=Webhooks(
        verify=webhooks.is_signed,
        read=webhooks.read,
        note="Ecwid takes the address only by hand: enter it as the webhook URL in the settings of your custom app,"
        " and switch on order.created, order.updated and order.deleted.",
    ),
    outward=Outward(
        echoed=frozenset({"tracking_number", "private_admin_notes"}),
        shipments=Shipments(find=changing.find, send=changing.send, correct=changing.correct, parts=False),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=changing.pay,
        name_paper=changing.name_paper,
        creation=Creation(find=creation.find, create=creation.create),
        rights="The app needs the scopes update_orders, update_catalog and, to make orders, create_orders.",
    ),
)
