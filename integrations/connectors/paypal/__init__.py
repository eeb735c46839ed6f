"""PayPal: received payments as orders, by the Transaction Search API v1. Facts as documented by PayPal.

PayPal has no list of orders. A payment for goods that came in stands for one; refunds, fees and transfers do not.
There is no request for ids: our ids say when a payment was made, and it is looked for there. Nor is there a filter for
changes. PayPal tells only of payments made through the very app, and lists them up to 3 hours later.
"""

from __future__ import annotations

from datetime import timedelta

from integrations.choices import ImportAction
from integrations.connectors.contract import Capabilities, Connector, CredentialField, DefaultRule, Webhooks
from integrations.connectors.paypal import checking, lookups, orders, webhooks
from integrations.connectors.paypal.identity import STATUSES, identify, is_same_payment
from integrations.connectors.paypal.payload import parse

CONNECTOR = Connector(
    key="paypal",
    label="PayPal",
    rank=60,
    default_base_url="https://api-m.paypal.com",
    credential_fields=(
        CredentialField(
            "client_id",
            "Client ID",
            "From developer.paypal.com > Apps & Credentials, side Live. The app needs the feature Transaction search.",
            secret=False,
        ),
        CredentialField("client_secret", "Secret", "Beside the client ID of the same app."),
    ),
    capabilities=Capabilities(orders_by_ids=lookups.MOST_IDS, listed_within=timedelta(hours=3)),
    default_rules=(
        DefaultRule("S", STATUSES["S"], ImportAction.VALID, retry=False),
        DefaultRule("P", STATUSES["P"], ImportAction.SKIP, retry=True),
        DefaultRule("D", STATUSES["D"], ImportAction.SKIP, retry=False),
        DefaultRule("V", STATUSES["V"], ImportAction.SKIP, retry=False),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    orders_in_window=orders.orders_in_window,
    orders_by_ids=lookups.orders_by_ids,
    order_by_number=lookups.order_by_number,
    parse=parse,
    identify=identify,
    webhooks=Webhooks(
        verify=webhooks.is_signed,
        read=webhooks.read,
        registered=webhooks.webhooks,
        register=webhooks.register,
        signing_key=webhooks.signing_key,
        fetch_signing_key=webhooks.certificate,
        is_same_order=is_same_payment,
        note="PayPal tells only of payments made through this very app, and lists them up to three hours later; until"
        " then we look again every quarter of an hour. Refunds come with the feeds.",
    ),
)
