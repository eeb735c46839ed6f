"""One order, read before it is changed, and what is said of it: that it left, that it is paid, its documents.

`PUT orders/{id}` (docs.ecwid.com, "Update order") changes the fields it names. An order has one tracking number and no
carrier, so only the shipment that completes it is told of; our numbers stand in the private notes of the store's staff,
which are one text and are written with a line more.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.requests import get, object_of, writing, written
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.outward import Crossed, Dispatch, Paid, Paper

ORDER_ID = re.compile(r"[\w.\- ]{1,255}")
FIELDS = "id,paymentStatus,fulfillmentStatus,trackingNumber,privateAdminNotes"
SENT = {"SHIPPED", "DELIVERED", "OUT_FOR_DELIVERY"}
PAID = {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}
OFF = {"CANCELLED", "INCOMPLETE"}
BY_ITSELF = "Ecwid has this order as sent already, without this shipment."
NO_PARTS = "Ecwid takes no parts of an order: it is told of the shipment that completes it."


def order(shop: Shop, order_id: str) -> Operation[dict[str, Any]]:
    """ShopError NOT_FOUND where Ecwid does not have it."""
    if ORDER_ID.fullmatch(order_id) is None:
        raise ShopError(Failure.NOT_FOUND, "Ecwid does not have this order.")
    return object_of((yield get(shop, _path(order_id), responseFields=FIELDS)))


def _path(order_id: str) -> str:
    return f"orders/{quote(order_id, safe='')}"


def _change(shop: Shop, order_id: str, **fields: Any) -> Operation[None]:
    told = written((yield writing(shop, "PUT", _path(order_id), fields)))
    if told.get("updateCount") != 1:
        raise ShopError(Failure.REFUSED, "Ecwid took the change of this order, and says that nothing was changed.")


def _noted(found: dict[str, Any], line: str) -> str:
    return f"{str(found.get('privateAdminNotes') or '').rstrip()}\n{line}".strip()


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """Sent, with our number in the notes or with its tracking number."""
    found = yield from _to_be_sent(shop, dispatch)
    if found.get("fulfillmentStatus") not in SENT:
        return None
    tracked = dispatch.tracking_number and found.get("trackingNumber") == dispatch.tracking_number
    ours = tracked or dispatch.reference in str(found.get("privateAdminNotes"))
    return Crossed(dispatch.order_id) if ours else Crossed(note=BY_ITSELF)


def _to_be_sent(shop: Shop, dispatch: Dispatch) -> Operation[dict[str, Any]]:
    found = yield from order(shop, dispatch.order_id)
    if found.get("paymentStatus") in OFF or found.get("fulfillmentStatus") == "WILL_NOT_DELIVER":
        raise ShopError(Failure.REFUSED, "The order is cancelled in Ecwid, so it was told of no shipment.")
    return found


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    if not dispatch.completes:
        return Crossed(note=NO_PARTS)
    found = yield from _to_be_sent(shop, dispatch)
    quiet = {} if dispatch.tell_buyer else {"disableAllCustomerNotifications": True}
    fields = {"fulfillmentStatus": "SHIPPED", "privateAdminNotes": _noted(found, _line(dispatch)), **quiet}
    if dispatch.tracking_number:
        fields["trackingNumber"] = dispatch.tracking_number
    yield from _change(shop, dispatch.order_id, **fields)
    return Crossed(dispatch.order_id, "Ecwid keeps no carrier; it stands in the private notes.")


def _line(dispatch: Dispatch) -> str:
    words = (dispatch.carrier_title or dispatch.carrier, dispatch.tracking_number)
    return f"{dispatch.reference}: {', '.join(filter(None, words))}".rstrip(": ")


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    found = yield from order(shop, dispatch.order_id)
    fields = {"trackingNumber": dispatch.tracking_number, "privateAdminNotes": _noted(found, _line(dispatch))}
    yield from _change(shop, dispatch.order_id, **fields)
    return Crossed(dispatch.order_id)


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    found = yield from order(shop, order_id)
    if found.get("paymentStatus") in OFF:
        raise ShopError(Failure.REFUSED, "The order is cancelled in Ecwid, so it was not marked as paid.")
    if found.get("paymentStatus") in PAID:
        return Crossed(note="Ecwid had this order as paid already.")
    yield from _change(shop, order_id, paymentStatus="PAID", privateAdminNotes=_noted(found, paid.reference))
    return Crossed()


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    found = yield from order(shop, order_id)
    line = f"{paper.title} {paper.code}" + (f": {paper.url}" if paper.url else "")
    if f"{paper.title} {paper.code}" not in str(found.get("privateAdminNotes")):
        yield from _change(shop, order_id, privateAdminNotes=_noted(found, line))
    return Crossed()
