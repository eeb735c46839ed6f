"""The connection test and eBay's lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.ebay.requests import FULFILLMENT, INVENTORY, ask, refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.answers import decoded
from integrations.connectors.kit.clocks import clock
from integrations.connectors.listings import CodeLists, RemoteStatus

STATUSES = {
    "paid/not_started": "Paid, not shipped",
    "paid/in_progress": "Paid, partly shipped",
    "paid/fulfilled": "Paid and shipped",
    "partially_refunded/not_started": "Partly refunded, not shipped",
    "partially_refunded/in_progress": "Partly refunded, partly shipped",
    "partially_refunded/fulfilled": "Partly refunded and shipped",
    "pending": "Payment pending",
    "failed": "Payment failed",
    "fully_refunded": "Refunded",
    "cancel_requested": "Cancellation requested",
    "canceled": "Cancelled",
}
SANDBOX = "api.sandbox.ebay.com"


def check(shop: Shop) -> Operation[ConnectionReport]:
    """A token, then one order; the inventory may be closed to us, which is only a hint."""
    try:
        orders = yield from ask(shop, f"{FULFILLMENT}/order", limit="1", offset="0")
        listed = decoded(orders)
        if orders.status != 200:
            raise refusal(orders)
        if not isinstance(listed, dict) or not isinstance(listed.get("total"), int):
            raise ShopError(Failure.NONSENSE, "eBay took the keys, but its answer is not a list of orders.")
        goods = yield from ask(shop, f"{INVENTORY}/inventory_item", limit="1")
    except ShopError as error:
        return ConnectionReport(False, str(error), hints=_key_hints(shop), failure=error.kind)
    newest = listed.get("orders") or [{}]
    seller = _text(newest[0].get("sellerId")) if isinstance(newest[0], dict) else ""
    hints = []
    if goods.status == 403:
        hints.append(
            "Products cannot be read: the seller's consent lacks the scope sell.inventory.readonly. Orders can be."
        )
    if SANDBOX in shop.base_url:
        hints.append("This is eBay's sandbox: its orders are not real.")
    return ConnectionReport(
        ok=True,
        summary=f"Connected to eBay{f' as {seller}' if seller else ''}.",
        shop_name=seller,
        version="Fulfillment v1",
        clock=clock(orders),
        hints=tuple(hints),
    )


def _key_hints(shop: Shop) -> tuple[str, ...]:
    """An App ID holds -PRD- or -SBX-, a Cert ID begins with PRD- or SBX-, a refresh token with v^1.1# ."""
    client, secret = shop.credentials.get("client_id", ""), shop.credentials.get("client_secret", "")
    if client.startswith(("PRD-", "SBX-")):
        return ("The App ID and the Cert ID look swapped: the Cert ID is the one that begins with PRD- or SBX-.",)
    if "-SBX-" in client and SANDBOX not in shop.base_url:
        return (f"This App ID is for eBay's sandbox, whose address is https://{SANDBOX}.",)
    if "-PRD-" in client and (secret.startswith("SBX-") or SANDBOX in shop.base_url):
        return ("The App ID is for the real eBay, but the Cert ID or the address is the sandbox's.",)
    return ()


def _text(value: Any) -> str:
    return values.name(value, 200, "", []) if isinstance(value, str) else ""


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """eBay has no lists to ask for: statuses are fixed, services are those of the carriers."""
    yield from ()
    return CodeLists(
        tuple(RemoteStatus(code, label) for code, label in STATUSES.items()),
        payments=(RemoteStatus("EBAY", "eBay"),),
    )
