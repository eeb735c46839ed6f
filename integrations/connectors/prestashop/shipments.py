"""Shipments: the tracking number in `order_carriers`, and the state that says "shipped" (8.2.1).

An order has one of each, so a part of it cannot be told of, nor can our number be kept: what was sent is known by its
tracking number and the state. The carrier stays the one that the buyer chose, by whose address the shop links the
number. The number is written first: where the state then fails, the next try finds the number there and sets the state.
"""

from __future__ import annotations

import re

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.outward import Crossed, Dispatch
from integrations.connectors.prestashop import states
from integrations.connectors.prestashop.requests import any_of
from integrations.connectors.prestashop.states import Json
from integrations.connectors.prestashop.writing import tell

# `Validate::isTrackingNumber`, and the column's size.
NUMBER = re.compile(r"[~:#,%&_=()\[\].? +\-@/a-zA-Z0-9]{1,64}")
UNFIT = "The shop takes no such tracking number: at most 64 plain letters, digits and signs."
TAKEN = "The shop has another tracking number for this order, which stays."
NO_CARRIER = "The shop has no carrier for this order, so it took no tracking number."
BY_ITSELF = "The shop has this order as shipped already"


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    """Shipped, by whomever, it is found; with another tracking number, or none, that is said."""
    order = yield from states.order(shop, dispatch.order_id)
    if str(order.get("current_state")) not in (yield from states.flagged(shop, "shipped")):
        return None
    carriers = yield from _carriers(shop, dispatch.order_id)
    numbers = [str(each.get("tracking_number") or "") for each in carriers]
    wanted = _fit(dispatch)
    ours = next((each for each in carriers if str(each.get("tracking_number") or "") == wanted), None)
    if ours is not None:
        return Crossed(str(ours.get("id")))
    if any(numbers):
        return Crossed(note=f"{BY_ITSELF}, with another tracking number.")  # which is not ours to correct
    return Crossed(str(carriers[-1].get("id")) if carriers else "", f"{BY_ITSELF}, without a tracking number.")


def _fit(dispatch: Dispatch) -> str:
    """The tracking number, "" for one that PrestaShop does not take."""
    return dispatch.tracking_number if NUMBER.fullmatch(dispatch.tracking_number) else ""


def _carriers(shop: Shop, order_id: str) -> Operation[list[Json]]:
    params = {"filter[id_order]": any_of([order_id]), "display": "full", "sort": "[id_ASC]"}
    found = yield from states.rows(shop, "order_carriers", params)
    return [each for each in found if str(each.get("id_order")) == order_id]


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    order, used = (yield from states.order(shop, dispatch.order_id)), (yield from states.settings(shop))
    states.still_on(order, used)
    shipped = yield from states.flagged(shop, "shipped")
    moves = dispatch.completes and str(order.get("current_state")) not in shipped
    carriers, number = (yield from _carriers(shop, dispatch.order_id)), _fit(dispatch)
    place, note = _place(carriers, number)
    if place is not None and str(place.get("tracking_number") or "") != number:
        # One letter is enough: that of the state names the number, too.
        yield from _numbered(shop, place, number, tell_buyer=dispatch.tell_buyer and not moves)
    if moves:
        state = states.chosen(shipped, used[states.SHIPPED])
        yield from states.move(shop, dispatch.order_id, state, tell_buyer=dispatch.tell_buyer)
    return Crossed(str(place.get("id")) if place else "", UNFIT if dispatch.tracking_number and not number else note)


def _place(carriers: list[Json], number: str) -> tuple[Json | None, str]:
    """The entry for the number: where it is already, else one without any; and what to say where there is none."""
    for wanted in (number, ""):
        found = [each for each in carriers if str(each.get("tracking_number") or "") == wanted]
        if found:
            return found[-1], ""
    return None, (TAKEN if carriers else NO_CARRIER) if number else ""


def _numbered(shop: Shop, carrier: Json, number: str, *, tell_buyer: bool) -> Operation[None]:
    yield from tell(shop, "PUT", "order_carriers", [{**carrier, "tracking_number": number}], tell_buyer=tell_buyer)


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    yield from states.order(shop, dispatch.order_id)
    carriers = yield from _carriers(shop, dispatch.order_id)
    meant = next((each for each in carriers if str(each.get("id")) == remote_id), None)
    if meant is None:
        raise ShopError(Failure.NOT_FOUND, "The shop does not have this shipment any more.")
    number = _fit(dispatch)
    if dispatch.tracking_number and not number:
        return Crossed(remote_id, UNFIT)
    if str(meant.get("tracking_number") or "") != number:
        yield from _numbered(shop, meant, number, tell_buyer=dispatch.tell_buyer)
    return Crossed(remote_id)
