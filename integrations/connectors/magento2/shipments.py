"""Shipments: `POST order/{id}/ship` and `POST shipment/track` (Adobe's REST reference; `Sales/Model/ShipOrder.php`).

Magento takes a comment with a shipment, so that ours bear our number and are found by it. A tracking number cannot be
changed: the right one is added and the wrong one deleted. The API takes any code for a carrier and shows the title of
one that it does not know (`Shipment/Track.php`). A bundle is sent as a whole or in its parts, which no field of the
order tells: its parts are named first, and where Magento sees no goods in them, the bundle (magento2#9762). A refusal
of its validators comes before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.json_answers import decoded, decoded_object, objects
from integrations.connectors.kit.references import is_marked, mark, names
from integrations.connectors.kit.stock_answers import units
from integrations.connectors.listings import RemoteStatus
from integrations.connectors.magento2.requests import LARGEST_PAGE, ask, listing, search
from integrations.connectors.magento2.writing import WITHOUT_PRODUCTS, WRITING, number, one, reason, tell
from integrations.connectors.outward import Crossed, Dispatch

Json = dict[str, Any]
# Those of Magento's own modules; any other code is taken, too.
CARRIERS = (
    RemoteStatus("custom", "Custom value"),
    RemoteStatus("dhl", "DHL"),
    RemoteStatus("fedex", "Federal Express"),
    RemoteStatus("ups", "United Parcel Service"),
    RemoteStatus("usps", "United States Postal Service"),
)
CUSTOM = CARRIERS[0].code
BY_ITSELF = "The shop has these goods as shipped already, not by us."
NO_SHIPMENT = "The shop does not have this shipment any more."
LOOKED_AT = "entity_id,comments[comment],tracks[entity_id,track_number]"


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """By our number in its comment, else by the tracking number of one that is not ours, else by what has left."""
    order = yield from one(shop, f"orders/{number(dispatch.order_id)}")
    filters = [("order_id", "eq", dispatch.order_id)]
    response = yield search(shop, "shipments", filters, LARGEST_PAGE, fields=LOOKED_AT)
    if response.status != 200:
        raise WRITING.of(response)
    found = [decoded_object(Response(200, {}, each)) for each in listing(response)[0]]
    for shipment in found:
        if any(names(each.get("comment"), dispatch.reference) for each in objects(shipment.get("comments"))):
            return Crossed(str(shipment.get("entity_id")))
    for shipment in found:
        if dispatch.tracking_number and dispatch.tracking_number in _numbers(shipment) and not _is_ours(shipment):
            return Crossed(str(shipment.get("entity_id")))
    if not is_left(order, dispatch):
        return Crossed(str(found[-1].get("entity_id")) if found else "", BY_ITSELF)
    return None


def _is_ours(shipment: Json) -> bool:
    return any(is_marked(each.get("comment")) for each in objects(shipment.get("comments")))


def _numbers(shipment: Json) -> list[str]:
    return [str(track.get("track_number")) for track in objects(shipment.get("tracks"))]


def is_left(order: Json, dispatch: Dispatch) -> bool:
    """Whether any unit of these lines has not left yet. Of a bundle what has left may be told of the whole alone."""
    rows = {str(row.get("item_id")): row for row in objects(order.get("items"))}
    meant = [rows[line.key] for line in dispatch.lines if line.key in rows]
    pairs = [(row, rows.get(str(row.get("parent_item_id")), {})) for row in meant]
    sent = any(count(row, "qty_shipped") or count(whole_row, "qty_shipped") for row, whole_row in pairs)
    return not sent or not all(_is_gone(row) or _is_gone(whole_row) for row, whole_row in pairs)


def _is_gone(row: Json) -> bool:
    """What was paid back may have been sent before, so it counts once: what is still here is not to be called sent."""
    gone = max(count(row, "qty_shipped"), count(row, "qty_refunded")) + count(row, "qty_canceled")
    return 0 < count(row, "qty_ordered") <= gone


def count(row: Json, name: str) -> int:
    return units(row.get(name)) or 0


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    path = f"order/{number(dispatch.order_id)}/ship"
    lines = of_the_shop(dispatch).lines
    items = [{"order_item_id": number(line.key, "line"), "qty": line.quantity} for line in lines]
    response = yield ask(shop, "POST", path, body=_shipment(shop, dispatch, items))
    if response.status == 400 and reason(response) == WITHOUT_PRODUCTS:
        order = yield from one(shop, f"orders/{dispatch.order_id}")
        bundles = [{"order_item_id": key, "qty": quantity} for key, quantity in as_sold(order, dispatch).items()]
        if bundles == items:
            raise WRITING.of(response)
        response = yield ask(shop, "POST", path, body=_shipment(shop, dispatch, bundles))
    if response.status != 200:
        raise WRITING.of(response)
    return Crossed(_id(response))


def _shipment(shop: Shop, dispatch: Dispatch, items: list[Json]) -> Json:
    body: Json = {
        "items": items,
        "notify": dispatch.tell_buyer,
        "appendComment": False,
        "comment": {"comment": mark(dispatch.reference), "is_visible_on_front": 0},
        "tracks": [_track(dispatch)] if dispatch.tracking_number else [],
    }
    if source := shop.credentials.get("source_code", "").strip():
        body["arguments"] = {"extension_attributes": {"source_code": source}}
    return body


def _track(dispatch: Dispatch) -> Json:
    code = dispatch.carrier or CUSTOM
    return {
        "track_number": dispatch.tracking_number,
        "title": dispatch.carrier_title or code,
        "carrier_code": code,
    }


def _id(response: Response) -> str:
    """Answers to writing are bare: "96" (observed on 2.4.7)."""
    told = decoded(response)
    if isinstance(told, bool) or not isinstance(told, int | str) or not str(told).isdigit():
        raise ShopError(Failure.NONSENSE, "The shop's answer holds no id of a shipment.", status=response.status)
    return str(told)


def of_the_shop(dispatch: Dispatch) -> Dispatch:
    """ShopError for a shipment of nothing that the shop sold: without lines Magento would send all that is left."""
    if not dispatch.lines:
        raise ShopError(Failure.REFUSED, "Nothing in this shipment is of the shop's order, so it is not told of it.")
    return dispatch


def as_sold(order: Json, dispatch: Dispatch, is_whole: Callable[[Json], bool] = lambda row: True) -> dict[int, int]:
    """Units by line, those of a bundle that is sent as a whole for its parts.

    `is_whole`: whether the bundle with this row is. ShopError where parts of one are sent that make no whole bundle.
    """
    rows = {str(row.get("item_id")): row for row in objects(order.get("items"))}
    sold: dict[int, int] = {}
    for line in of_the_shop(dispatch).lines:
        key, row = number(line.key, "line"), rows.get(line.key, {})
        parent = rows.get(str(row.get("parent_item_id")))
        if parent is None or not is_whole(parent):
            sold[key] = line.quantity
            continue
        bundles, rest = divmod(line.quantity * count(parent, "qty_ordered"), count(row, "qty_ordered") or 1)
        if rest or sold.setdefault(int(parent["item_id"]), bundles) != bundles:
            raise ShopError(Failure.REFUSED, "The shop sends this bundle as a whole alone, and not these parts of it.")
    return sold


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    """The new number is added before the old one goes. Of a shipment that is not ours, or has several, all stay."""
    shipment = yield from one(shop, f"shipment/{number(remote_id, 'shipment')}", NO_SHIPMENT)
    if not dispatch.tracking_number or dispatch.tracking_number in _numbers(shipment):
        return Crossed(remote_id)
    track = {
        **_track(dispatch),
        "order_id": number(dispatch.order_id),
        "parent_id": int(remote_id),
        "qty": sum(line.quantity for line in dispatch.lines),
        "weight": 0,
        "description": dispatch.reference,
    }
    yield from tell(shop, "POST", "shipment/track", {"entity": track})
    before = objects(shipment.get("tracks"))
    if len(before) == 1 and _is_ours(shipment):
        yield from tell(shop, "DELETE", f"shipment/track/{before[0].get('entity_id')}")
        before = []
    return Crossed(remote_id, others_stay(len(before)))


def others_stay(count: int) -> str:
    """What is said of tracking numbers that the shop had and that are not ours to delete."""
    return f"The shop had {count} other tracking number{'s' * (count > 1)} of this shipment; all stay." if count else ""
