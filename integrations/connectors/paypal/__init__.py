"""PayPal: received payments as orders, by the Transaction Search API v1. Facts as documented by PayPal.

PayPal has no list of orders. A payment for goods that came in stands for one; refunds, fees and transfers do not.
There is no request for ids: our ids say when a payment was made, and it is looked for there. Nor is there a filter for
changes. PayPal tells only of payments made through the very app, and lists them up to 3 hours later.

It is told of shipments alone: it keeps no stock and no documents, its payments are paid, and nobody orders there.
"""

from __future__ import annotations

from datetime import timedelta

from integrations.choices import ImportAction
from integrations.connectors.contract import (
    Capabilities,
    Connector,
    CredentialField,
    DefaultRule,
    Orders,
    Outward,
    Shipments,
    SigningKeys,
    Webhooks,
)
from integrations.connectors.paypal import checking, lookups, orders, trackers, webhooks
from integrations.connectors.paypal.identity import STATUSES, identify, is_same_payment
from integrations.connectors.paypal.payload import parse

CONNECTOR = Connector(
    key="paypal",
    label="PayPal",
    rank=60,
    credential_fields=(
        CredentialField(
            "client_id",
            "Client ID",
            "From developer.paypal.com > Apps & Credentials, side Live. The app needs the feature Transaction search;"
            " to send tracking numbers, also the scope shipping/trackers/readwrite.",
            secret=False,
        ),
        CredentialField("client_secret", "Secret", "Beside the client ID of the same app."),
    ),
    default_base_url="https://api-m.paypal.com",
    check=checking.check,
    code_lists=checking.code_lists,
    default_rules=(
        DefaultRule("S", STATUSES["S"], ImportAction.VALID, retry=False),
        DefaultRule("P", STATUSES["P"], ImportAction.SKIP, retry=True),
        DefaultRule("D", STATUSES["D"], ImportAction.SKIP, retry=False),
        DefaultRule("V", STATUSES["V"], ImportAction.SKIP, retry=False),
    ),
    orders=Orders(
        orders.orders_in_window,
        lookups.orders_by_ids,
        lookups.order_by_number,
        orders.past_a_fault,
        looked_through="its payments of the last month, at most 2,500,",
    ),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=lookups.MOST_IDS, listed_within=timedelta(hours=3)),
    webhooks=Webhooks(
        verify=webhooks.is_signed,
        signing_keys=SigningKeys(webhooks.signing_key, webhooks.certificate),
        read=webhooks.read,
        is_same_order=is_same_payment,
        registered=webhooks.webhooks,
        register=webhooks.register,
        note="PayPal tells only of payments made through this very app, and lists them up to three hours later; until"
        " then we look again every quarter of an hour. Refunds come with the feeds.",
    ),
    outward=Outward(
        shipments=Shipments(
            find=trackers.find, send=trackers.send, correct=trackers.correct, carriers=trackers.CARRIERS
        ),
        rights=trackers.RIGHTS,
    ),
)
