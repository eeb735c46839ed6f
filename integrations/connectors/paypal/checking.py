"""The connection test and PayPal's lists."""

from __future__ import annotations

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.kit.remote_lists import code_list, failed
from integrations.connectors.listings import CodeLists
from integrations.connectors.paypal.identity import EVENTS, STATUSES
from integrations.connectors.paypal.transactions import BEHIND, first_second, now_at, read

SANDBOX = "sandbox.paypal.com"
DUPLICATES = (
    "Payments of your other shops are PayPal payments, too: connect PayPal only where its payments are orders of their "
    "own, or they will be here twice."
)
DELAY = "PayPal shows a payment up to three hours after it was made."


def check(shop: Shop) -> Operation[ConnectionReport]:
    """A token, PayPal's clock, and one second of yesterday's transactions."""
    try:
        now = yield from now_at(shop)
        response = yield from first_second(shop, now - BEHIND)
        read(response)
    except ShopError as error:
        return failed(error, _key_hints(shop) if error.kind == Failure.CREDENTIALS else ())
    account = decoded_object(response).get("account_number")
    name = account[:40] if isinstance(account, str) and account.isalnum() else ""
    sandbox = ("This is PayPal's sandbox: its payments are not real.",) if SANDBOX in shop.base_url else ()
    return ConnectionReport(
        ok=True,
        summary=f"Connected to PayPal{f', account {name}' if name else ''}.",
        shop_name=name,
        version="Transaction Search v1",
        clock=now,
        hints=(DUPLICATES, DELAY, *sandbox),
    )


def _key_hints(shop: Shop) -> tuple[str, ...]:
    if shop.credentials.get("client_id", "").startswith("E") and shop.credentials.get("client_secret", "")[:1] == "A":
        return ("The client ID and the secret look swapped: a client ID begins with A, a secret with E.",)
    return ()


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """PayPal has no lists to ask for."""
    yield from ()
    return CodeLists(code_list(STATUSES), payments=code_list(EVENTS))
