"""Shipments: `sales_order_shipment.create`, `addTrack` and `sendInfo` (`Sales/Model/Order/Shipment/Api.php`).

A shipment is made first, with our number in its comment; its tracking number follows, then the letter to the buyer,
which is to name it. Where that breaks off, the shipment is found by its comment: it is not made again, and its number
is made up for by the next try. A tracking number cannot be changed: the right one is added, the wrong one removed.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects
from integrations.connectors.kit.references import is_marked, mark, names
from integrations.connectors.listings import RemoteStatus
from integrations.connectors.magento1.requests import DENIED, tell
from integrations.connectors.magento1.writing import NO_ORDER, SHIPMENTS, details, may_not, order_of, shipments_of, told
from integrations.connectors.magento2.shipments import (
    BY_ITSELF,
    CUSTOM,
    NO_SHIPMENT,
    as_sold,
    count,
    is_left,
    others_stay,
)
from integrations.connectors.outward import Crossed, Dispatch

Json = dict[str, Any]
# Those of Magento's own modules; the shop takes those that are installed there, and `custom` for any other.
CARRIERS = (
    RemoteStatus("custom", "Custom value"),
    RemoteStatus("dhl", "DHL"),
    RemoteStatus("dhlint", "DHL International"),
    RemoteStatus("fedex", "Federal Express"),
    RemoteStatus("ups", "United Parcel Service"),
    RemoteStatus("usps", "United States Postal Service"),
)
CREATING = {
    "103": NO_ORDER,
    "102": (
        Failure.REFUSED,
        "The shop cannot ship this order: it is shipped, on hold, cancelled or closed there.",
    ),
}
TOO_MANY = "The shop has fewer units left to send than this shipment has."
MISSING = (Failure.NOT_FOUND, NO_SHIPMENT)
TRACKING = {"100": MISSING, "102": (Failure.REFUSED, "The shop does not take this tracking number.")}
NO_LETTER = "The shop did not write to the buyer."
# Of a bundle's options in PHP's text: 0 together, 1 separately.
TOGETHER = re.compile(r's:13:"shipment_type";(?:s:1:"0"|i:0)')


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """By our number in its comment, else by the tracking number of one that is not ours, else by what has left.

    One of ours without its tracking number is not found: `send` adds it.
    """
    order = yield from order_of(shop, dispatch.order_id)
    found = yield from shipments_of(shop, order)
    ours = _named(found, dispatch)
    if ours is not None:
        if not _is_tracked(ours, dispatch):
            return None
        unread = dispatch.tell_buyer and str(ours.get("email_sent")) != "1"
        return Crossed(str(ours.get("increment_id")), NO_LETTER if unread else "")
    for shipment in found:
        if dispatch.tracking_number and dispatch.tracking_number in _numbers(shipment) and not _is_ours(shipment):
            return Crossed(str(shipment.get("increment_id")))
    if not is_left(order, dispatch):
        return Crossed(str(found[-1].get("increment_id")) if found else "", BY_ITSELF)
    return None


def _named(found: list[Json], dispatch: Dispatch) -> Json | None:
    """The one with our number; of several one without its tracking number."""
    named = [
        shipment
        for shipment in found
        if any(names(each.get("comment"), dispatch.reference) for each in objects(shipment.get("comments")))
    ]
    return next((each for each in named if not _is_tracked(each, dispatch)), named[0] if named else None)


def _is_ours(shipment: Json) -> bool:
    return any(is_marked(each.get("comment")) for each in objects(shipment.get("comments")))


def _is_tracked(shipment: Json, dispatch: Dispatch) -> bool:
    return not dispatch.tracking_number or dispatch.tracking_number in _numbers(shipment)


def _numbers(shipment: Json) -> list[str]:
    """The field is called `number` by old releases."""
    return [str(track.get("track_number") or track.get("number")) for track in objects(shipment.get("tracks"))]


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    order = yield from order_of(shop, dispatch.order_id)
    ours = _named((yield from shipments_of(shop, order)), dispatch)
    if ours is None or _is_tracked(ours, dispatch):
        ours = {"increment_id": (yield from _create(shop, order, dispatch))}
    number = str(ours["increment_id"])
    if dispatch.tracking_number and dispatch.tracking_number not in _numbers(ours):
        yield from _add_track(shop, number, dispatch)
    if not dispatch.tell_buyer:
        return Crossed(number)
    _, fault = yield from tell(shop, "sales_order_shipment.sendInfo", number, "")
    if fault == DENIED:
        return Crossed(number, f"{NO_LETTER} {may_not(f'{SHIPMENTS} > Send shipment info')}")
    return Crossed(number, NO_LETTER if fault else "")


def _create(shop: Shop, order: Json, dispatch: Dispatch) -> Operation[str]:
    """Of more than is left Magento 1 sends what is left, and where nothing is, nothing: neither is asked for."""
    units = {str(key): quantity for key, quantity in as_sold(order, dispatch, _is_sent_whole).items()}
    left = {str(row.get("item_id")): _left(row) for row in objects(order.get("items"))}
    if any(quantity > left.get(key, 0) for key, quantity in units.items()):
        raise ShopError(Failure.REFUSED, TOO_MANY, status=200)
    right, method = f"{SHIPMENTS} > Create", "sales_order_shipment.create"
    arguments = (dispatch.order_id, units, mark(dispatch.reference), False, False)
    made = yield from told(shop, right, CREATING, method, *arguments)
    if not isinstance(made, str | int) or not str(made):
        raise ShopError(*CREATING["102"], status=200)
    return str(made)


def _left(row: Json) -> int:
    """As Magento 1 counts (`Order/Item.php`, `getSimpleQtyToShip`)."""
    return count(row, "qty_ordered") - sum(count(row, f"qty_{gone}") for gone in ("shipped", "refunded", "canceled"))


def _is_sent_whole(row: Json) -> bool:
    return row.get("product_type") != "bundle" or TOGETHER.search(str(row.get("product_options"))) is not None


def _add_track(shop: Shop, number: str, dispatch: Dispatch) -> Operation[None]:
    """A carrier that the shop does not have goes by its title."""
    right, title = f"{SHIPMENTS} > Tracking", dispatch.carrier_title or dispatch.carrier or CUSTOM
    for carrier in dict.fromkeys((dispatch.carrier or CUSTOM, CUSTOM)):
        meanings = TRACKING if carrier == CUSTOM else {"100": MISSING}
        try:
            method = "sales_order_shipment.addTrack"
            yield from told(shop, right, meanings, method, number, carrier, title, dispatch.tracking_number)
            return
        except ShopError as error:
            if carrier == CUSTOM or error.kind != Failure.REFUSED:
                raise


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    """The new number is added before the old one goes. Of a shipment that is not ours, or has several, all stay."""
    found = yield from details(shop, [remote_id])
    if not found:
        raise ShopError(*MISSING, status=200)
    if not dispatch.tracking_number or dispatch.tracking_number in _numbers(found[0]):
        return Crossed(remote_id)
    yield from _add_track(shop, remote_id, dispatch)
    before = objects(found[0].get("tracks"))
    if len(before) == 1 and _is_ours(found[0]):
        right, method = f"{SHIPMENTS} > Tracking", "sales_order_shipment.removeTrack"
        yield from told(shop, right, {}, method, remote_id, str(before[0].get("track_id")))
        before = []
    return Crossed(remote_id, others_stay(len(before)))
