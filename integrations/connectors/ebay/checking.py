"""The connection test and eBay's lists."""

from __future__ import annotations

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.ebay.orders import read
from integrations.connectors.ebay.requests import FULFILLMENT, INVENTORY, ask
from integrations.connectors.ebay.status import DEFAULT_RULES
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import decoded_object, label, objects
from integrations.connectors.kit.remote_lists import code_list, failed
from integrations.connectors.listings import CodeLists

SANDBOX = "api.sandbox.ebay.com"


def check(shop: Shop) -> Operation[ConnectionReport]:
    """A token, then one order; the inventory may be closed to us, which is only a hint."""
    try:
        orders = yield from ask(shop, f"{FULFILLMENT}/order", limit="1", offset="0")
        read(orders)
        goods = yield from ask(shop, f"{INVENTORY}/inventory_item", limit="1")
    except ShopError as error:
        return failed(error, _key_hints(shop))
    seller = next((label(order.get("sellerId")) for order in objects(decoded_object(orders).get("orders"))), "")
    return ConnectionReport(
        ok=True,
        summary=f"Connected to eBay{f' as {seller}' if seller else ''}.",
        shop_name=seller,
        version="Fulfillment v1",
        clock=clock(orders),
        hints=_hints(shop, goods.status),
    )


def _hints(shop: Shop, goods: int) -> tuple[str, ...]:
    hints = []
    if goods == 403:
        hints.append(
            "Products cannot be read: the seller's consent lacks the scope sell.inventory.readonly. Orders can be."
        )
    if SANDBOX in shop.base_url:
        hints.append("This is eBay's sandbox: its orders are not real.")
    return tuple(hints)


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


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """eBay has no lists to ask for: statuses are fixed, services are those of the carriers."""
    yield from ()
    return CodeLists(
        code_list({rule.status: rule.label for rule in DEFAULT_RULES}), payments=code_list({"EBAY": "eBay"})
    )
