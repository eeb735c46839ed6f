"""Shipments: `v1/shipping/trackers`, by the id of the payment (Shipment Tracking API v1, PayPal's OpenAPI file).

A tracker is a tracking number of a payment, and its id is made of both; it has no room for our number and no lines. One
without a number is allowed. To change a number is to add the right one and to cancel the wrong one. That PayPal calls
its own batch of them a thing of the past in favour of Orders v2 does not help here: transactions do not tell the order.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.json_answers import decoded_object, objects
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.kit.remote_lists import code_list
from integrations.connectors.outward import Crossed, Dispatch
from integrations.connectors.paypal.identity import parts
from integrations.connectors.paypal.requests import REFUSALS, error_name
from integrations.connectors.paypal.requests import send as exchange

TRACKERS = "v1/shipping/trackers"
OTHER, SENT, CANCELLED = "OTHER", "SHIPPED", "CANCELLED"
LONGEST = 64
RIGHTS = (
    "The access token of the PayPal app needs the scope https://uri.paypal.com/services/shipping/trackers/readwrite."
)
NO_PAYMENT = "PayPal does not have this payment."
# Of 817 that PayPal knows; any other goes by its name.
CARRIERS = code_list(
    {
        "AN_POST": "An Post (Ireland)", "AU_AUSTRIAN_POST": "Austrian Post", "BE_BPOST": "bpost (Belgium)",
        "BG_BULGARIAN_POST": "Bulgarian Post", "BRT_IT": "BRT (Italy)", "CA_CANADA_POST": "Canada Post",
        "CESKA_CZ": "Česká pošta", "CHRONOPOST_FR": "Chronopost (France)", "CORREOS_ES": "Correos (Spain)",
        "DE_DHL_EXPRESS": "DHL Express (Germany)", "DHL": "DHL", "DHL_ES": "DHL (Spain)", "DHL_FR": "DHL (France)",
        "DHL_PARCEL_NL": "DHL Parcel (Netherlands)", "DHL_PL": "DHL (Poland)", "DHL_UK": "DHL (United Kingdom)",
        "DE_DPD_DELISTRACK": "DPD (Germany)", "DPD": "DPD", "DPD_FR": "DPD (France)", "DPD_HGRY": "DPD (Hungary)",
        "DPD_POLAND": "DPD (Poland)", "DPD_RO": "DPD (Romania)", "UK_DPD": "DPD (United Kingdom)",
        "FEDEX": "FedEx", "FR_COLIS": "Colissimo (France)", "DE_GLS": "GLS (Germany)", "FR_GLS": "GLS (France)",
        "GLS_CZ": "GLS (Czechia)", "GLS_ITALY": "GLS (Italy)", "NLD_GLS": "GLS (Netherlands)",
        "GR_ELTA": "ELTA (Greece)", "HERMES_DE": "Hermes (Germany)", "INPOST_PACZKOMATY": "InPost Paczkomaty",
        "IT_POSTE_ITALIA": "Poste Italiane", "MAGYAR_HU": "Magyar Posta", "NOVA_POSHTA": "Nova Poshta",
        "PL_POCZTA_POLSKA": "Poczta Polska", "POST_SLOVENIA": "Pošta Slovenije", "ROYAL_MAIL": "Royal Mail",
        "SEUR_ES": "SEUR (Spain)", "SK_POSTA": "Slovenská pošta", "TNT": "TNT", "UPS": "UPS", "USPS": "USPS",
        OTHER: "Other",
    }
)  # fmt: skip
WRITING = Refusals(
    "PayPal",
    error_name,
    {
        **REFUSALS.rows,
        (400, None): (Failure.REFUSED, "PayPal does not take this shipment (HTTP 400, {code})."),
        (403, None): (Failure.CREDENTIALS, f"The PayPal app may not tell of shipments. {RIGHTS}"),
        (404, "RESOURCE_NOT_FOUND"): (Failure.NOT_FOUND, NO_PAYMENT),
        (422, None): (
            Failure.REFUSED,
            "PayPal does not take this tracking number or carrier for the payment (HTTP 422, {code}).",
        ),
    },
    REFUSALS.busy_wait,
)
Json = dict[str, Any]


def _transaction(order_id: str) -> str:
    found = parts(order_id)
    if found is None:
        raise ShopError(Failure.NOT_FOUND, NO_PAYMENT)
    return found[0]


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """By its tracking number, or as the one without any. Cancelled ones are none."""
    transaction = _transaction(dispatch.order_id)
    params = [("transaction_id", transaction)]
    if dispatch.tracking_number:
        params.append(("tracking_number", dispatch.tracking_number))
    response = yield from exchange(shop, Request("GET", f"{shop.base_url}/{TRACKERS}", tuple(params)))
    if response.status == 404 and error_name(response):
        return None
    for each in _listed(response):
        same = str(each.get("tracking_number") or "") == dispatch.tracking_number
        if same and each.get("transaction_id") == transaction and each.get("status") != CANCELLED:
            return Crossed(_id(each, transaction, dispatch.tracking_number))
    return None


def _listed(response: Response) -> list[Json]:
    """PayPal's file says "a tracker" for this list, its description "trackers": both are read."""
    if response.status != 200:
        raise WRITING.of(response)
    found = decoded_object(response)
    return [found] if "transaction_id" in found else objects(found.get("trackers"))


def _id(each: Json, transaction: str, number: str) -> str:
    """Transaction and number; how one without a number is called its links tell, or nothing does."""
    links = [str(link.get("href")) for link in objects(each.get("links"))]
    named = [unquote(href.rpartition("/")[2]) for href in links if f"/{TRACKERS}/" in href]
    if number:
        return f"{transaction}-{number}"
    return next((name for name in named if name.startswith(f"{transaction}-")), transaction)


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    transaction = _transaction(dispatch.order_id)
    body = {"trackers": [{**_tracker(shop, transaction, dispatch), "notify_buyer": dispatch.tell_buyer}]}
    response = yield from _told(shop, "POST", TRACKERS, body)
    if response.status != 200:
        raise WRITING.of(response)
    found = decoded_object(response)
    if added := objects(found.get("tracker_identifiers")):
        return Crossed(_id(added[0], transaction, dispatch.tracking_number))
    error = next(iter(objects(found.get("errors"))), {})
    if error.get("name") == "RESOURCE_NOT_FOUND":
        raise ShopError(Failure.NOT_FOUND, NO_PAYMENT, status=404)
    raise WRITING.of(Response(422 if error else 200, {}, msgspec.json.encode(error)))


def _told(shop: Shop, method: str, path: str, body: Json) -> Operation[Response]:
    written = msgspec.json.encode(body)
    return (yield from exchange(shop, Request(method, f"{shop.base_url}/{path}", body=written)))


def _tracker(shop: Shop, transaction: str, dispatch: Dispatch) -> Json:
    """A carrier is asked for where there is a number, and only there."""
    tracker: Json = {"transaction_id": transaction, "status": SENT}
    tracker["shipment_date"] = dispatch.shipped_at.astimezone(shop.zone).date().isoformat()
    if dispatch.tracking_number:
        tracker |= {"tracking_number": dispatch.tracking_number, "carrier": dispatch.carrier or OTHER}
        if tracker["carrier"] == OTHER:
            tracker["carrier_name_other"] = (dispatch.carrier_title or "Other")[:LONGEST]
    return tracker


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    """The same number with another carrier is written anew; another number is added, and the one before cancelled."""
    transaction = _transaction(dispatch.order_id)
    if remote_id == f"{transaction}-{dispatch.tracking_number}":
        yield from _put(shop, remote_id, _tracker(shop, transaction, dispatch))
        return Crossed(remote_id)
    added = (yield from find(shop, dispatch)) or (yield from send(shop, dispatch))
    before = remote_id.removeprefix(f"{transaction}-")
    if not dispatch.tracking_number or before == transaction:
        return added  # what stood there has no number that would be wrong
    yield from _put(shop, remote_id, {"transaction_id": transaction, "tracking_number": before, "status": CANCELLED})
    return added


def _put(shop: Shop, remote_id: str, tracker: Json) -> Operation[None]:
    response = yield from _told(shop, "PUT", f"{TRACKERS}/{quote(remote_id, safe='')}", tracker)
    if response.status not in (200, 204):
        raise WRITING.of(response)
