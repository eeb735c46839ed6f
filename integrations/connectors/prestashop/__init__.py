"""PrestaShop, legacy webservice, for 1.7, 8 and 9 (whose new Admin API does not list orders yet).

Facts as observed on 8.2.1 or from its classes/webservice unless it says otherwise. "Modified" was moved by a state, the
same state again and a note; what else moves it was not tried. Orders bear the shop's local time without a zone, which
is therefore set with the integration, and compared (`zones`). There are no webhooks.
"""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import (
    Capabilities,
    Connector,
    CredentialField,
    Orders,
    Outward,
    Shipments,
    StockLevels,
    rules,
)
from integrations.connectors.prestashop import checking, orders, payments, products, quantities, shipments
from integrations.connectors.prestashop.payload import identify, parse
from integrations.connectors.prestashop.writing import RIGHTS

CONNECTOR = Connector(
    key="prestashop",
    label="PrestaShop",
    rank=80,
    credential_fields=(
        CredentialField(
            "key",
            "Webservice key",
            "Made in the shop under Advanced Parameters > Webservice, 32 characters, with View (GET) for"
            f" {', '.join(checking.NEEDED)} and, for products and names, {', '.join(checking.WISHED)}. To send"
            f" shipments and quantities it also needs {RIGHTS}.",
        ),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    products=products.products,
    # The states of a new shop. Their names and all others are the shop's own.
    default_rules=(
        *rules(
            ImportAction.SKIP,
            {"1": "Awaiting check payment", "10": "Awaiting bank wire payment", "12": "On backorder (not paid)"},
            retry=True,
        ),
        *rules(ImportAction.VALID, {"2": "Payment accepted", "3": "Processing in progress"}),
        *rules(ImportAction.VALID, {"9": "On backorder (paid)", "11": "Remote payment accepted"}),
        *rules(ImportAction.HOLD, {"13": "Awaiting Cash On Delivery validation"}),
        *rules(ImportAction.HISTORY, {"4": "Shipped", "5": "Delivered"}),
        *rules(ImportAction.SKIP, {"6": "Canceled", "7": "Refunded", "8": "Payment error"}),
    ),
    orders=Orders(orders.orders_in_window, orders.orders_by_ids, orders.order_by_number, orders.past_a_fault),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
    outward=Outward(
        echoed=frozenset({"shipping_number"}),
        shipments=Shipments(find=shipments.find, send=shipments.send, correct=shipments.correct, parts=False),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=payments.pay,
        name_paper=payments.name_paper,
        rights=f"The webservice key needs {RIGHTS}.",
    ),
)
