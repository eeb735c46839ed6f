"""Marking an order as paid, and naming a document in it (8.2.1).

The state "payment accepted" makes the shop's invoice and the payment of all that is due (`OrderHistory`,
`changeIdOrderState`); a payment that is entered alone changes no total of the order. An order that is shipped would go
back to that state, so it is left to people.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.references import names, paper_note
from integrations.connectors.outward import Crossed, Paid, Paper
from integrations.connectors.prestashop import states
from integrations.connectors.prestashop.requests import any_of
from integrations.connectors.prestashop.writing import made, tell

CENT = Decimal("0.01")
LONGEST = 1600
NOT_BACK = "The shop has this order as shipped and not paid. Enter the payment there, for the state would be lost here."


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    order = yield from states.order(shop, order_id)
    due = _amount(order.get("total_paid")) - _amount(order.get("total_paid_real"))
    accepting, used = (yield from states.flagged(shop, "paid")), (yield from states.settings(shop))
    if due < CENT or str(order.get("current_state")) in accepting:
        return Crossed(note="The shop has it as paid already.")
    states.still_on(order, used)
    if str(order.get("current_state")) in (yield from states.flagged(shop, "shipped")):
        message = (
            "The shop has this order as shipped and not paid. Enter the payment there, or it would lose its state."
        )
        raise ShopError(Failure.REFUSED, message)
    currency = yield from _currency(shop, order)
    if paid.currency != currency or paid.amount < due - CENT:
        raise ShopError(
            Failure.REFUSED,
            f"The shop marks an order as paid as a whole only: {due:.2f} {currency} are due there, and"
            f" {paid.amount:.2f} {paid.currency} were paid here.",
        )
    return Crossed((yield from states.move(shop, order_id, states.chosen(accepting, used[states.PAID]))))


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value)) if value not in (None, "") else Decimal(0)
    except ArithmeticError:
        return Decimal(0)


def _currency(shop: Shop, order: dict[str, Any]) -> Operation[str]:
    params = {"display": "[id,iso_code]", "filter[id]": any_of([str(order.get("id_currency"))])}
    found = yield from states.rows(shop, "currencies", params)
    return next((str(each.get("iso_code")) for each in found), "")


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    """A private message of the order. (Its note would take the whole order to be written.)"""
    order = yield from states.order(shop, order_id)
    params = {"filter[id_order]": any_of([order_id]), "display": "[id,id_order,message]"}
    for each in (yield from states.rows(shop, "messages", params)):
        if str(each.get("id_order")) == order_id and names(each.get("message"), paper.code):
            return Crossed(str(each.get("id")))
    row = {"id_order": str(order.get("id")), "message": paper_note(paper)[:LONGEST], "private": "1"}
    return Crossed(made((yield from tell(shop, "POST", "messages", [row])), "messages"))
