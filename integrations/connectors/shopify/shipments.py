"""Shipments: what a location has to send is a fulfillment order, and a fulfillment says what of it has left.

`fulfillmentCreate` (schema 2026-07) takes lines of several fulfillment orders of one location; what lies at several
becomes a fulfillment for each. A fulfillment has no place for a number of ours: it is known by its tracking number,
and without one by the very units it holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.outward import Crossed, Dispatch
from integrations.connectors.shopify import mutations
from integrations.connectors.shopify.changing import changed, gid, nodes, order, refused
from integrations.connectors.shopify.payload import tail

SENDABLE = {"OPEN", "IN_PROGRESS"}
GONE = {"CANCELLED", "ERROR", "FAILURE"}
BY_ITSELF = "The shop had sent these items already, without naming this shipment."

# Units by line.
Units = Counter[str]


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    found = yield from _order(shop, dispatch)
    ids, covered = _known(found, dispatch)
    if ids and not _wanted(dispatch) - covered:
        return Crossed(",".join(ids))
    left: Units = Counter()
    for _, line, remaining in _sendable(found, any_status=True):
        left[line] += remaining
    return None if any(left[line] for line in _wanted(dispatch)) else Crossed(note=BY_ITSELF)


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    """Where it lies at several locations, what an earlier try has told of is left out."""
    found = yield from _order(shop, dispatch)
    wanted = _wanted(dispatch)
    ids: list[str] = []
    parcels = _parcels(found, wanted)
    if len(parcels) > 1:
        ids, covered = _known(found, dispatch)
        parcels = _parcels(found, wanted - covered)
    for parcel in parcels:
        fulfillment = {
            "lineItemsByFulfillmentOrder": parcel,
            "trackingInfo": _tracking(dispatch),
            "notifyCustomer": dispatch.tell_buyer,
        }
        told, errors = yield from changed(shop, mutations.FULFIL, "fulfillmentCreate", {"fulfillment": fulfillment})
        if errors:
            raise refused(errors, "the shipment")
        ids.append(tail(part(told, "fulfillment").get("id")))
    return Crossed(",".join(ids))


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    for own in remote_id.split(","):
        variables = {"id": gid("Fulfillment", own), "tracking": _tracking(dispatch), "notify": dispatch.tell_buyer}
        _, errors = yield from changed(shop, mutations.TRACKING, "fulfillmentTrackingInfoUpdate", variables)
        if errors:
            raise refused(errors, "the new tracking number")
    return Crossed(remote_id)


def _order(shop: Shop, dispatch: Dispatch) -> Operation[dict[str, Any]]:
    found = yield from order(shop, mutations.FULFILLING, dispatch.order_id)
    if found.get("cancelledAt"):
        raise ShopError(Failure.REFUSED, "The order is cancelled in the shop, so it was told of no shipment.")
    return found


def _wanted(dispatch: Dispatch) -> Units:
    units: Units = Counter()
    for line in dispatch.lines:
        units[line.key] += line.quantity
    return units


def _known(found: dict[str, Any], dispatch: Dispatch) -> tuple[list[str], Units]:
    """The fulfillments that are this shipment, and the units in them."""
    ids: list[str] = []
    covered: Units = Counter()
    for fulfillment in objects(found.get("fulfillments")):
        if fulfillment.get("status") in GONE:
            continue
        numbers = {each.get("number") for each in objects(fulfillment.get("trackingInfo"))} - {None, ""}
        held: Units = Counter()
        for each in nodes(fulfillment.get("fulfillmentLineItems")):
            held[tail(part(each, "lineItem").get("id"))] += each.get("quantity") or 0
        own = dispatch.tracking_number in numbers if dispatch.tracking_number else not numbers
        if own and (dispatch.tracking_number or held == _wanted(dispatch)):
            ids.append(tail(fulfillment.get("id")))
            covered += held
    return ids, covered


def _sendable(found: dict[str, Any], *, any_status: bool = False) -> list[tuple[dict[str, Any], str, int]]:
    """Fulfillment order, line and units left of it; the line's own id there is in `of`."""
    return [
        ({**each, "of": own.get("id")}, tail(part(own, "lineItem").get("id")), own.get("remainingQuantity") or 0)
        for each in nodes(found.get("fulfillmentOrders"))
        if any_status or each.get("status") in SENDABLE
        for own in nodes(each.get("lineItems"))
    ]


def _parcels(found: dict[str, Any], wanted: Units) -> list[list[dict[str, Any]]]:
    """`lineItemsByFulfillmentOrder` of each location. ShopError REFUSED where less is left than was sent."""
    left = Counter(wanted)
    taken: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for fulfillment_order, line, remaining in _sendable(found):
        units = min(left[line], remaining)
        if units > 0:
            left[line] -= units
            place = str(part(part(fulfillment_order, "assignedLocation"), "location").get("id"))
            taken[place][fulfillment_order["id"]].append({"id": fulfillment_order["of"], "quantity": units})
    if any(left.values()):
        raise ShopError(Failure.REFUSED, _too_few(found))
    return [
        [{"fulfillmentOrderId": own, "fulfillmentOrderLineItems": lines} for own, lines in parcel.items()]
        for parcel in taken.values()
    ]


def _too_few(found: dict[str, Any]) -> str:
    if any(each.get("status") in {"ON_HOLD", "SCHEDULED"} for each in nodes(found.get("fulfillmentOrders"))):
        return "The shop holds the items of this order back. Release the hold there and send this again."
    return "The shop has less of these items left to send than this shipment holds: some were sent or taken out there."


def _tracking(dispatch: Dispatch) -> dict[str, str]:
    named = {"company": dispatch.carrier or dispatch.carrier_title, "number": dispatch.tracking_number}
    return {name: value for name, value in named.items() if value}
