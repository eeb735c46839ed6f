"""Notes of an order (REST API v3, "Order notes"), and what is said of an order in one: that it is paid, its documents.

A note to the customer is mailed to the buyer; others are for the shop's staff. Their list comes whole, without pages.
"""

from __future__ import annotations

from html import escape

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_list, decoded_object
from integrations.connectors.outward import Crossed, Paid, Paper
from integrations.connectors.woocommerce.requests import done, get, refusal, writing
from integrations.connectors.woocommerce.status import status


def noted(shop: Shop, order_id: str, *words: str) -> Operation[str | None]:
    """The id of the first note that holds all of these words; None: there is none."""
    response = yield get(shop, f"orders/{order_id}/notes", type="any")
    if response.status != 200:
        raise refusal(response)
    texts = ((each.get("id"), str(each.get("note", ""))) for each in decoded_list(response))
    return next((str(own) for own, text in texts if all(word in text for word in words)), None)


def write_note(shop: Shop, order_id: str, text: str, *, to_buyer: bool) -> Operation[str]:
    """The id of the new note. `text` is HTML."""
    wanted = {"note": text, "customer_note": to_buyer}
    return str(done((yield writing(shop, "POST", f"orders/{order_id}/notes", wanted))).get("id", ""))


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    """A note for the shop's staff: no letter goes to the buyer."""
    there = yield from noted(shop, order_id, paper.code)
    if there is not None:
        return Crossed(there)
    text = f"{paper.title} {paper.code}" + (f": {paper.url}" if paper.url else "")
    return Crossed((yield from write_note(shop, order_id, escape(text, quote=False), to_buyer=False)))


PAID_ALREADY = "The shop had this order as paid already."


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    """Processing. `set_paid` does nothing to an order on hold (WC_Order::needs_payment), so that gets the status."""
    response = yield get(shop, f"orders/{order_id}", _fields="id,status,date_paid_gmt,transaction_id")
    if response.status != 200:
        raise refusal(response)
    order = decoded_object(response)
    code = status(order.get("status"))
    if order.get("date_paid_gmt") or code in {"processing", "completed"}:
        return Crossed(note=PAID_ALREADY)
    if code not in {"pending", "on-hold", "failed"}:
        raise ShopError(
            Failure.REFUSED,
            f"The shop has this order as {code}, so it was not marked as paid. Change its status there first.",
        )
    wanted = {"status": "processing"} if code == "on-hold" else {"set_paid": True}
    told = done((yield writing(shop, "PUT", f"orders/{order_id}", wanted)))
    if status(told.get("status")) in {"pending", "on-hold", "failed"}:
        raise ShopError(Failure.REFUSED, "The shop took the payment, but still has this order as unpaid.")
    return Crossed()
