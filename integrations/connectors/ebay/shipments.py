"""Shipments: `order/{id}/shipping_fulfillment` of the Fulfillment API v1.20.7, which can be added and not changed.

A fulfillment has no place for a number of ours: it is known by its tracking number, of which eBay keeps letters and
digits alone, and without one by the very units it holds. Carrier and tracking number come together or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import quote

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import FULFILLMENT, ask, post, write_refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_object, objects, part
from integrations.connectors.outward import Crossed, Dispatch

# Of a carrier that is not mapped to one of eBay's codes.
OTHER = "Other"
BY_ITSELF = "eBay has this order as shipped already, without this shipment."
NAMELESS = "The carrier is not mapped to one of eBay's codes: eBay shows it as Other."


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    order = yield from _order(shop, dispatch)
    told = yield from _asked(shop, f"{_path(dispatch)}/shipping_fulfillment")
    number, wanted = _number(dispatch), _units(dispatch)
    for each in objects(told.get("fulfillments")):
        theirs = _plain(str(each.get("shipmentTrackingNumber") or ""))
        held = Counter(
            {str(line.get("lineItemId")): line.get("quantity") or 0 for line in objects(each.get("lineItems"))}
        )
        if theirs == number and (number or held == wanted):
            return Crossed(str(each.get("fulfillmentId", "")))
    return Crossed(note=BY_ITSELF) if order.get("orderFulfillmentStatus") == "FULFILLED" else None


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    yield from _order(shop, dispatch)
    body: dict[str, Any] = {
        "lineItems": [{"lineItemId": key, "quantity": units} for key, units in _units(dispatch).items()],
        "shippedDate": dispatch.shipped_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if number := _number(dispatch):
        body |= {"shippingCarrierCode": dispatch.carrier or OTHER, "trackingNumber": number}
    response = yield from post(shop, f"{_path(dispatch)}/shipping_fulfillment", body)
    if response.status != 201:
        raise write_refusal(response)
    own = response.headers.get("location", "").rstrip("/").rpartition("/")[2]
    return Crossed(own, NAMELESS if number and not dispatch.carrier else "")


def _path(dispatch: Dispatch) -> str:
    return f"{FULFILLMENT}/order/{quote(dispatch.order_id, safe='')}"


def _asked(shop: Shop, path: str) -> Operation[dict[str, Any]]:
    response = yield from ask(shop, path)
    if response.status != 200:
        raise write_refusal(response)
    return decoded_object(response)


def _order(shop: Shop, dispatch: Dispatch) -> Operation[dict[str, Any]]:
    """ShopError NOT_FOUND where eBay does not have it, REFUSED where it is off."""
    order = yield from _asked(shop, _path(dispatch))
    if part(order, "cancelStatus").get("cancelState") == "CANCELED":
        raise ShopError(Failure.REFUSED, "The order is cancelled at eBay, so it was told of no shipment.")
    return order


def _units(dispatch: Dispatch) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in dispatch.lines:
        units[line.key] += line.quantity
    return units


def _number(dispatch: Dispatch) -> str:
    return _plain(dispatch.tracking_number)


def _plain(number: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", number)
