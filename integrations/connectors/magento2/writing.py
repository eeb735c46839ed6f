"""What Magento 2 refuses when it is written to. Sentences by the texts of its validators (Sales, Inventory; 2.4)."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.magento2.requests import NO_API, REFUSALS, ask, code_of, message

RIGHTS = (
    "Sales > Operations > Orders > Actions > Ship, Invoice and Comment, Sales > Operations > Shipments, and for"
    " quantities Stores > Inventory > Sources and Stocks > Source Item Assigning"
)
MORE_RIGHTS = (
    "The shop refuses the keys, or they may only read. In the shop's admin, edit the integration under System >"
    f" Extensions > Integrations, tick the resources {RIGHTS}, save and reauthorize it."
)
NO_ORDER = "The shop does not have this order."
# What stands in a text of Magento, and what it is called here.
WITHOUT_PRODUCTS = "without products"
PHRASES = (WITHOUT_PRODUCTS, "does not allow", "quantity to ship", "quantity to invoice", "no longer exists")
NOTHING_LEFT = (
    "The shop has nothing left to send of these lines: they are shipped, refunded or cancelled there, or on hold."
)


def reason(response: Response) -> str:
    """The phrase of a refusal that is known; else as `code_of`."""
    said = message(response)
    return next((phrase for phrase in PHRASES if phrase in said), code_of(response))


WRITING = Refusals(
    "The shop",
    reason,
    {
        **REFUSALS.rows,
        (401, None): (Failure.CREDENTIALS, MORE_RIGHTS),
        (403, None): (Failure.CREDENTIALS, MORE_RIGHTS),
        (404, "Request does not match any route."): NO_API,
        (404, None): (Failure.NOT_FOUND, NO_ORDER),
        (400, WITHOUT_PRODUCTS): (Failure.REFUSED, NOTHING_LEFT),
        (400, "quantity to ship"): (Failure.REFUSED, "The shop has fewer units left to send than this shipment has."),
        (400, "quantity to invoice"): (Failure.REFUSED, "The shop has fewer units left to invoice."),
        (400, "does not allow"): (
            Failure.REFUSED,
            "The order's state in the shop does not allow this: it may be on hold, cancelled or closed there.",
        ),
    },
)


def tell(shop: Shop, method: str, path: str, body: dict[str, Any] | None = None) -> Operation[Response]:
    """The answer to a request that writes. ShopError for anything but a 200."""
    response = yield ask(shop, method, path, body=body)
    if response.status != 200:
        raise WRITING.of(response)
    return response


def one(shop: Shop, path: str, missing: str = NO_ORDER) -> Operation[dict[str, Any]]:
    """The document at a path. ShopError NOT_FOUND with the sentence `missing`, where the shop does not have it."""
    response = yield ask(shop, "GET", path)
    if response.status == 404 and code_of(response) not in ("", "Request does not match any route."):
        raise ShopError(Failure.NOT_FOUND, missing, status=404)
    if response.status != 200:
        raise WRITING.of(response)
    found = decoded_object(response)
    if "entity_id" not in found:
        raise ShopError(Failure.NONSENSE, "The shop's answer is not what Magento documents.", status=200)
    return found


def number(text: str, what: str = "order") -> int:
    """An id of ours as Magento has it. ShopError NOT_FOUND for what none of its things can have."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ShopError(Failure.NOT_FOUND, f"The shop has no {what} with such an id.")
    return int(text)
