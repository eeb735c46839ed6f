"""Calls that write, and what their faults mean: `etc/api.xml` of Sales and CatalogInventory (OpenMage 20.18).

A number means something else in each part of the API: 103 is an order that is not there where shipments are made, and
a status that was not changed where orders are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded
from integrations.connectors.magento1.orders import RIGHT
from integrations.connectors.magento1.requests import DENIED, NOT_THERE, ROLES, ask, ask_all, refused, tell

# As the list of resources calls them.
SHIPMENTS = "Sales > Order > Order shipments"
INVOICES, COMMENTS = "Sales > Order > Order invoice > Create", "Sales > Order > Change status, add comments"
STOCK = "Catalog Inventory > Update"
RIGHTS = f"{COMMENTS}, {SHIPMENTS} with all below it, {INVOICES} and {STOCK}"
NO_ORDER = (Failure.NOT_FOUND, "The shop does not have this order.")
Meanings = Mapping[str, tuple[Failure, str]]


def may_not(right: str) -> ShopError:
    message = f"The role of the API user may not do this. {ROLES} edit the role and tick {right}."
    return ShopError(Failure.CREDENTIALS, message, status=200)


def told(shop: Shop, right: str, meanings: Meanings, method: str, *arguments: Any) -> Operation[Any]:
    """What a call that writes answers. `meanings`: of its faults."""
    answer, code = yield from tell(shop, method, *arguments)
    if code in meanings:
        raise ShopError(*meanings[code], status=200)
    if code == DENIED:
        raise may_not(right)
    if code:
        raise refused(code, right)
    return decoded(answer)


def order_of(shop: Shop, order_id: str) -> Operation[dict[str, Any]]:
    """The whole order. ShopError NOT_FOUND where the shop does not have it."""
    answers = yield from ask_all(shop, RIGHT, ("sales_order.info", [order_id]))
    found = decoded(answers)
    one = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    code = str(one.get("faultCode") or "") if one.get("isFault") else ""
    if code == NOT_THERE or (not code and str(one.get("increment_id") or "") != order_id):
        raise ShopError(*NO_ORDER, status=200)
    if code:
        raise refused(code, RIGHT)
    return one


def shipments_of(shop: Shop, order: Mapping[str, Any]) -> Operation[list[dict[str, Any]]]:
    """Each with its items, tracks and comments, oldest first."""
    right = f"{SHIPMENTS} > Retrieve shipment info"
    filters = {"order_id": str(order.get("order_id"))}
    heads = decoded((yield from ask(shop, right, "sales_order_shipment.list", filters)))
    numbers = [
        str(head["increment_id"])
        for head in (heads if isinstance(heads, list) else [])
        if isinstance(head, dict)
        and head.get("increment_id")
        # What passes a filter that is not understood is everything.
        and head.get("order_increment_id") in (None, order.get("increment_id"))
    ]
    return (yield from details(shop, sorted(numbers)))


def details(shop: Shop, numbers: list[str]) -> Operation[list[dict[str, Any]]]:
    """The shipments with these numbers; those that there are not are left out."""
    if not numbers:
        return []
    right = f"{SHIPMENTS} > Retrieve shipment info"
    answers = decoded((yield from ask_all(shop, right, *(("sales_order_shipment.info", [each]) for each in numbers))))
    found = [each for each in (answers if isinstance(answers, list) else []) if isinstance(each, dict)]
    return [each for each in found if not each.get("isFault")]
