"""An order and its states, as far as writing needs them. States are the shop's own: what one means its flags tell."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import whole
from integrations.connectors.prestashop.requests import any_of, ask, entries
from integrations.connectors.prestashop.writing import made, number, tell

Json = dict[str, Any]
ON = ("1", 1, True)
# The settings that name the states which the shop itself uses, and what they are in a new shop.
SHIPPED, PAID, CANCELLED, REFUNDED = "PS_OS_SHIPPING", "PS_OS_PAYMENT", "PS_OS_CANCELED", "PS_OS_REFUND"
USUAL = {SHIPPED: "4", PAID: "2", CANCELLED: "6", REFUNDED: "7"}


def rows(shop: Shop, resource: str, params: dict[str, str]) -> Operation[list[Json]]:
    """The entries of a list, as data."""
    found = entries((yield from ask(shop, resource, params)), resource)
    return [each for document in found if isinstance(each := msgspec.json.decode(whole(document)), dict)]


def order(shop: Shop, order_id: str) -> Operation[Json]:
    """ShopError NOT_FOUND where the shop does not have it."""
    asked = number(order_id)
    fields = "[id,reference,current_state,id_currency,total_paid,total_paid_real]"
    found = yield from rows(shop, "orders", {"filter[id]": any_of([asked]), "display": fields})
    for each in found:
        if str(each.get("id")) == asked:
            return each
    raise ShopError(Failure.NOT_FOUND, "The shop does not have this order.")


def flagged(shop: Shop, flag: str) -> Operation[list[str]]:
    """The ids of the states in which an order is "shipped" or "paid", rising."""
    params = {"display": f"[id,{flag},deleted]", "sort": "[id_ASC]"}
    found = yield from rows(shop, "order_states", params)
    return [str(each.get("id")) for each in found if each.get(flag) in ON and each.get("deleted") not in ON]


def settings(shop: Shop) -> Operation[dict[str, str]]:
    """Which states the shop itself uses; what is usual where it does not tell."""
    names = any_of(USUAL)
    try:
        found = yield from rows(shop, "configurations", {"display": "[name,value]", "filter[name]": names})
    except ShopError as error:
        if isinstance(error, NotNow) or error.kind != Failure.CREDENTIALS:
            raise
        return dict(USUAL)
    told = {str(each.get("name")): str(each.get("value")) for each in found if each.get("value")}
    return {name: told.get(name, usual) for name, usual in USUAL.items()}


def chosen(states: list[str], used: str) -> str:
    """Which of several states to take: the one that the shop itself uses, else the first."""
    if not states:
        message = "The shop has no state that says so. Make one under Shop Parameters > Order Settings > Statuses."
        raise ShopError(Failure.REFUSED, message)
    return used if used in states else states[0]


def still_on(order: Json, used: dict[str, str]) -> None:
    """ShopError for an order that is cancelled or refunded: a state would bring it back to life."""
    if str(order.get("current_state")) in (used[CANCELLED], used[REFUNDED]):
        message = "The shop has this order as cancelled or refunded. Whether it is sent or paid has to be said there."
        raise ShopError(Failure.REFUSED, message)


def move(shop: Shop, order_id: str, state: str, *, tell_buyer: bool = False) -> Operation[str]:
    """Give the order a state, which runs the shop's own steps (`OrderHistory::addWs`). Twice makes two entries."""
    row = {"id_order": order_id, "id_order_state": state}
    return made((yield from tell(shop, "POST", "order_histories", [row], tell_buyer=tell_buyer)), "order_histories")
