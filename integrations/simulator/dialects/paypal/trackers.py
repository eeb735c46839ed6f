"""PayPal's `v1/shipping/trackers`: tracking numbers of payments (Shipment Tracking API v1)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from integrations.simulator.dialects.paypal.transactions import LETTERS, Json, Refused, transaction_id
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.writing import left

ROOT = "/v1/shipping/trackers"
NAMES = ("tracking_number", "carrier", "carrier_name_other", "status", "shipment_date", "notify_buyer")


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    """The token has been checked."""
    if asked.method not in ("GET", "HEAD") and not shop.records.writable:
        raise Refused(403, "NOT_AUTHORIZED", "PERMISSION_DENIED")
    if asked.path == ROOT and asked.method == "GET":
        return _list(shop, asked)
    if asked.path == ROOT and asked.method == "POST":
        return _add(shop, json.loads(asked.body)["trackers"])
    number = unquote(asked.path.removeprefix(f"{ROOT}/"))
    told = next((each for each in _told(shop) if _id(shop, each) == number), None)
    if told is None:
        raise Refused(404, "RESOURCE_NOT_FOUND")
    if asked.method == "GET":
        return as_json(_document(shop, told))
    given = _checked(shop, json.loads(asked.body))[1]
    told.more |= given
    told.tracking, told.carrier = given.get("tracking_number", ""), given.get("carrier", told.carrier)
    shop.news.append({"corrected": told.id, "order": told.order, "tracking": told.tracking, "status": given["status"]})
    shop.save()
    return Answered(204, b"")


def _told(shop: SimulatedShop) -> list[ToldShipment]:
    return shop.records.shipments


def _id(shop: SimulatedShop, told: ToldShipment) -> str:
    """How PayPal calls one without a number nobody knows but its links."""
    return f"{transaction_id(shop, shop.sales[told.order])}-{told.tracking or 'NONE'}"


def _list(shop: SimulatedShop, asked: Asked) -> Answered:
    if not asked.get("transaction_id"):
        raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    found = [_document(shop, each) for each in _told(shop)]
    found = [each for each in found if each["transaction_id"] == asked.get("transaction_id")]
    if asked.get("tracking_number"):
        found = [each for each in found if each.get("tracking_number") == asked.get("tracking_number")]
    if not found:
        raise Refused(404, "RESOURCE_NOT_FOUND")
    return as_json({"trackers": found, "links": []})


def _document(shop: SimulatedShop, told: ToldShipment) -> Json:
    return {"transaction_id": transaction_id(shop, shop.sales[told.order]), **told.more, "links": _links(shop, told)}


def _links(shop: SimulatedShop, told: ToldShipment) -> list[Json]:
    return [{"href": f"https://api-m.paypal.com{ROOT}/{_id(shop, told)}", "rel": "self", "method": "GET"}]


def _add(shop: SimulatedShop, trackers: list[Json]) -> Answered:
    added = []
    for sale, given in [_checked(shop, tracker) for tracker in trackers]:
        units = {place: number for place, number in left(shop, sale).items() if number}
        number, carrier = given.get("tracking_number", ""), given.get("carrier", "")
        told = ToldShipment(shop.records.next_id(), sale.id, units, shop.now(), carrier, number, given)
        shop.records.shipments.append(told)
        shop.news.append({"shipment": told.id, "order": sale.id, "tracking": number})
        named = {"tracking_number": number} if number else {}
        added.append({"transaction_id": transaction_id(shop, sale), **named, "links": _links(shop, told)})
    shop.save()
    return as_json({"tracker_identifiers": added, "links": []})


def _checked(shop: SimulatedShop, given: Json) -> tuple[Sale, Json]:
    if not given.get("transaction_id") or not given.get("status"):
        raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    if given.get("tracking_number") and given["status"] != "CANCELLED" and not given.get("carrier"):
        raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    if given.get("carrier") == "OTHER" and not given.get("carrier_name_other"):
        raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    if len(given.get("tracking_number", "")) > 64:
        raise Refused(422, "UNPROCESSABLE_ENTITY", "INVALID_TRACKING_NUMBER")
    sales = (sale for sale in shop.visible() if sale.state(shop.now()).status in LETTERS)
    sale = next((sale for sale in sales if transaction_id(shop, sale) == given["transaction_id"]), None)
    if sale is None:
        raise Refused(404, "RESOURCE_NOT_FOUND")
    kept: dict[str, Any] = {name: given[name] for name in NAMES if name in given}
    return sale, kept
