"""Shipments. WooCommerce has none of its own: an order is completed, and that is all.

With the plugin Shipment Tracking, or another that offers its API (`wc-shipment-tracking/v3`, documented at
woocommerce.com/document/shipment-tracking and docs.zorem.com), a tracking number becomes an entry of the order, which
the letter "Completed order" names. Without it, or without a tracking number, a note to the customer says carrier and
tracking number. Nothing but the shipment that completes an order sets its status to completed; that makes the shop
write to the buyer, where its own settings say so.
"""

from __future__ import annotations

from html import escape
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.json_answers import decoded_list, decoded_object
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.outward import Crossed, Dispatch
from integrations.connectors.woocommerce.notes import noted, write_note
from integrations.connectors.woocommerce.requests import WRITING_REFUSALS, auth, done, get, refusal, writing
from integrations.connectors.woocommerce.status import status

# What Shop.memory remembers: whether the shop has the plugin.
PLUGIN = "shipment_tracking"
OFF = {"cancelled": "cancelled", "refunded": "paid back", "failed": "given up", "trash": "thrown away"}
BY_ITSELF = "The shop had completed this order already, without naming this shipment."
WRITES = "WooCommerce writes to the buyer of a completed order, if the shop's own settings say so."


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """An entry with its tracking number, or a note with our number; of what completes an order, completed as well."""
    completed = (yield from _status(shop, dispatch)) == "completed"
    told = yield from _told(shop, dispatch)
    if told is not None:
        return told if completed or not dispatch.completes else None
    return Crossed(note=BY_ITSELF) if completed else None


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    """First carrier and tracking number, then the status, whose letter names them.

    Where the status did not follow, an earlier try may have left the first half.
    """
    yield from _status(shop, dispatch)
    told = (yield from _told(shop, dispatch)) if dispatch.completes else None
    if told is None:
        told = yield from _tell(shop, dispatch)
    if dispatch.completes:
        done((yield writing(shop, "PUT", f"orders/{dispatch.order_id}", {"status": "completed"})))
        if not dispatch.tell_buyer:
            return Crossed(told.remote_id, WRITES)
    return told


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    """Neither entries nor notes can be changed: a new one is written, and the old entry deleted."""
    told = yield from _told(shop, dispatch, naming=_tracked(dispatch))
    if told is None:
        told = yield from _tell(shop, dispatch)
    kind, _, own = remote_id.partition(":")
    if kind == "tracking" and remote_id != told.remote_id:
        deleted = yield Request("DELETE", f"{_entries_address(shop, dispatch)}/{own}", auth=auth(shop))
        if deleted.status not in (200, 404):
            raise WRITING_REFUSALS.of(deleted)
    return told


def _status(shop: Shop, dispatch: Dispatch) -> Operation[str]:
    """The order's. ShopError NOT_FOUND where the shop does not have it, REFUSED where it is off."""
    if not is_whole_number(dispatch.order_id):
        raise ShopError(Failure.NOT_FOUND, "The shop does not have this order.")
    response = yield get(shop, f"orders/{dispatch.order_id}", _fields="id,status")
    if response.status != 200:
        raise refusal(response)
    code = status(decoded_object(response).get("status"))
    if code in OFF:
        raise ShopError(
            Failure.REFUSED,
            f"The order is {OFF[code]} in the shop, so it was told of no shipment. If the goods have left, set the"
            " order's status there to Processing and send this again.",
        )
    return code


def _entries_address(shop: Shop, dispatch: Dispatch) -> str:
    return f"{shop.base_url}/wp-json/wc-shipment-tracking/v3/orders/{dispatch.order_id}/shipment-trackings"


def _told(shop: Shop, dispatch: Dispatch, naming: str = "") -> Operation[Crossed | None]:
    """The entry or the note that is there. `naming`: what a note must hold beside our number."""
    if dispatch.tracking_number and shop.memory.get(PLUGIN, True):
        response = yield Request("GET", _entries_address(shop, dispatch), auth=auth(shop))
        shop.memory[PLUGIN] = not _has_no_plugin(response)
        if response.status not in (200, 404):
            raise refusal(response)
        found = [each for each in decoded_list(response) if each.get("tracking_number") == dispatch.tracking_number]
        if found:
            return _entry(found[0])
        if response.status == 200:
            return None
    note = yield from noted(shop, dispatch.order_id, dispatch.reference, naming)
    return None if note is None else Crossed(f"note:{note}")


def _has_no_plugin(response: Response) -> bool:
    return response.status == 404 and decoded_object(response).get("code") == "rest_no_route"


def _entry(told: dict[str, Any]) -> Crossed:
    return Crossed(f"tracking:{told.get('tracking_id', '')}")


def _tell(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    if dispatch.tracking_number and shop.memory.get(PLUGIN, True):
        named = "tracking_provider" if dispatch.carrier else "custom_tracking_provider"
        wanted = {
            named: dispatch.carrier or dispatch.carrier_title,
            "tracking_number": dispatch.tracking_number,
            "date_shipped": dispatch.shipped_at.astimezone(shop.zone).date().isoformat(),
        }
        request = writing(shop, "POST", "", wanted)
        response = yield Request("POST", _entries_address(shop, dispatch), body=request.body, auth=request.auth)
        if not _has_no_plugin(response):
            return _entry(done(response))
        shop.memory[PLUGIN] = False
    note = yield from write_note(shop, dispatch.order_id, _sentence(dispatch), to_buyer=dispatch.tell_buyer)
    return Crossed(f"note:{note}", "The shop has no shipments of its own; a note of the order names this one.")


def _tracked(dispatch: Dispatch) -> str:
    return escape(dispatch.tracking_number, quote=False)


def _sentence(dispatch: Dispatch) -> str:
    """What the buyer reads, and our number by which the note is found again."""
    items = ", ".join(f"{line.quantity} × {line.sku}" for line in dispatch.lines if line.sku)
    carrier = dispatch.carrier_title or dispatch.carrier
    parts = [f"Shipped: {items}." if items and not dispatch.completes else "Shipped."]
    parts += [f"Carrier: {carrier}."] if carrier else []
    parts += [f"Tracking number: {dispatch.tracking_number}."] if dispatch.tracking_number else []
    return escape(" ".join([*parts, f"({dispatch.reference})"]), quote=False)
