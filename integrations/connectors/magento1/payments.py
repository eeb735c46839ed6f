"""Marking an order as paid, by an invoice of all that is due: `sales_order_invoice.create`.

An invoice counts as paid at once where the payment is no gateway's (`Order/Invoice.php`, `register`); else it waits to
be captured, which moves money and is left to people.
"""

from __future__ import annotations

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects
from integrations.connectors.kit.references import mark, names, paper_note
from integrations.connectors.magento1.writing import COMMENTS, INVOICES, NO_ORDER, order_of, told
from integrations.connectors.magento2.payments import CENT, amount, whole_payment
from integrations.connectors.outward import Crossed, Paid, Paper

INVOICING = {
    "103": NO_ORDER,
    "102": (
        Failure.REFUSED,
        "The shop cannot invoice this order: it is invoiced, on hold, cancelled or closed there.",
    ),
}
COMMENTING = {"100": NO_ORDER}
WAITS = "The invoice is made; the payment itself has to be captured in the shop."


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    order = yield from order_of(shop, order_id)
    due = amount(order.get("grand_total")) - amount(order.get("total_paid"))
    if due < CENT:
        return Crossed(note="The shop has it as paid already.")
    whole_payment(due, paid, str(order.get("order_currency_code") or paid.currency))
    everything: list[str] = []
    arguments = (order_id, everything, mark(paid.reference), False, False)
    made = yield from told(shop, INVOICES, INVOICING, "sales_order_invoice.create", *arguments)
    after = yield from order_of(shop, order_id)
    is_paid = amount(after.get("grand_total")) - amount(after.get("total_paid")) < CENT
    return Crossed(str(made or ""), "" if is_paid else WAITS)


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    """A comment without a letter to the buyer, with the order's own status, which it would change otherwise."""
    order = yield from order_of(shop, order_id)
    if any(names(entry.get("comment"), paper.code) for entry in objects(order.get("status_history"))):
        return Crossed()
    arguments = (order_id, str(order.get("status") or ""), paper_note(paper), False)
    yield from told(shop, COMMENTS, COMMENTING, "sales_order.addComment", *arguments)
    return Crossed()
