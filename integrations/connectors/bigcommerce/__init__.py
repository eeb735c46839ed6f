"""BigCommerce: orders by the V2 API with consignments; refunds, products and webhooks by V3.

Facts from the OpenAPI files of github:bigcommerce/docs unless it says otherwise. There is no filter for many ids: near
ones share a request, so a hundred cost between one request and a hundred. Which changes move date_modified is not
documented.

Written are shipments, quantities (taken in with a delay), payments as a status, documents in the staff notes, and
orders.
"""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.bigcommerce import (
    checking,
    creation,
    orders,
    papers,
    products,
    quantities,
    shipments,
    webhooks,
)
from integrations.connectors.bigcommerce.payload import identify, parse
from integrations.connectors.bigcommerce.requests import pause_after
from integrations.connectors.contract import (
    Capabilities,
    Connector,
    Creation,
    CredentialField,
    Orders,
    Outward,
    Shipments,
    StockLevels,
    Webhooks,
    rules,
)

CONNECTOR = Connector(
    key="bigcommerce",
    label="BigCommerce",
    rank=30,
    credential_fields=(
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
            "& settings read-only; Orders and Products modify where the store is to be told of shipments or stock. "
            "Shown once.",
        ),
        CredentialField(
            "client_secret", "Client secret", "Shown once, beside the access token. BigCommerce signs webhooks with it."
        ),
    ),
    default_base_url="https://api.bigcommerce.com",
    check=checking.check,
    pause_after=pause_after,
    code_lists=checking.code_lists,
    products=products.products,
    # Partly shipped and partly refunded orders wait for a person: some of their goods are no longer to be sent.
    default_rules=(
        *rules(ImportAction.SKIP, {"1": "Pending", "7": "Awaiting Payment"}, retry=True),
        *rules(ImportAction.VALID, {"11": "Awaiting Fulfillment", "9": "Awaiting Shipment", "8": "Awaiting Pickup"}),
        *rules(ImportAction.HOLD, {"12": "Manual Verification Required", "13": "Disputed"}),
        *rules(ImportAction.HOLD, {"3": "Partially Shipped", "14": "Partially Refunded"}),
        *rules(ImportAction.HISTORY, {"2": "Shipped", "10": "Completed"}),
        *rules(ImportAction.SKIP, {"5": "Cancelled", "6": "Declined", "4": "Refunded"}),
    ),
    orders=Orders(orders.orders_in_window, orders.orders_by_ids, orders.order_by_number, orders.past_a_fault),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
    webhooks=Webhooks(
        verify=webhooks.is_signed, read=webhooks.read, registered=webhooks.webhooks, register=webhooks.register
    ),
    outward=Outward(
        shipments=Shipments(find=shipments.find, send=shipments.send, correct=shipments.correct),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=papers.pay,
        name_paper=papers.name_paper,
        creation=Creation(find=creation.find, create=creation.create),
        rights="The API account needs Orders and Products set to modify.",
    ),
)
