"""What is said of an order beside its shipments: that it is paid, by its status, and its documents in the staff notes.

V2 keeps no payments that one could add: an order that awaits its payment awaits fulfillment from then on. The staff
notes are one text, so it is read before and written with a line more.
"""

from __future__ import annotations

from typing import Any

from integrations.connectors.bigcommerce.requests import done, get, refusal, writing
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.outward import Crossed, Paid, Paper

UNPAID = {1, 7}
OFF = {0, 4, 5, 6}
AWAITS_FULFILLMENT = 11


def _order(shop: Shop, order_id: str) -> Operation[dict[str, Any]]:
    if not is_whole_number(order_id):
        raise ShopError(Failure.NOT_FOUND, "BigCommerce does not have this order.")
    response = yield get(shop, f"v2/orders/{order_id}")
    if response.status != 200:
        raise refusal(response)
    return decoded_object(response)


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    state = (yield from _order(shop, order_id)).get("status_id")
    if state in OFF:
        raise ShopError(Failure.REFUSED, "The order is off in BigCommerce, so it was not marked as paid.")
    if state not in UNPAID:
        return Crossed(note="BigCommerce does not have this order as unpaid.")
    told = done((yield writing(shop, "PUT", f"v2/orders/{order_id}", {"status_id": AWAITS_FULFILLMENT})))
    if told.get("status_id") in UNPAID:
        raise ShopError(Failure.REFUSED, "BigCommerce took the payment, but still has this order as unpaid.")
    return Crossed()


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    notes = str((yield from _order(shop, order_id)).get("staff_notes") or "")
    if paper.code in notes:
        return Crossed()
    line = f"{paper.title} {paper.code}" + (f": {paper.url}" if paper.url else "")
    text = f"{notes.rstrip()}\n{line}".strip()
    done((yield writing(shop, "PUT", f"v2/orders/{order_id}", {"staff_notes": text})))
    return Crossed()
