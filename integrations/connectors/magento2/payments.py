"""Marking an order as paid: an invoice of all that is due, without asking the payment provider for anything.

`POST order/{id}/invoice` with `capture` false books the whole rest as paid (`Sales/Model/InvoiceOrder.php`,
`Order/PaymentAdapter.php`). Magento knows no payment without an invoice, so that a part cannot be told of.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded, objects
from integrations.connectors.kit.references import mark, names, paper_note
from integrations.connectors.magento2.writing import number, one, tell
from integrations.connectors.outward import Crossed, Paid, Paper

CENT = Decimal("0.01")


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    path = number(order_id)
    order = yield from one(shop, f"orders/{path}")
    due = amount(order.get("grand_total")) - amount(order.get("total_paid"))
    if due < CENT:
        return Crossed(note="The shop has it as paid already.")
    whole_payment(due, paid, str(order.get("order_currency_code") or paid.currency))
    body = {
        "capture": False,
        "notify": False,
        "appendComment": False,
        "comment": {"comment": mark(paid.reference), "is_visible_on_front": 0},
    }
    told = decoded((yield from tell(shop, "POST", f"order/{path}/invoice", body)))
    return Crossed(str(told) if isinstance(told, int | str) else "")


def amount(value: Any) -> Decimal:
    """Four decimals, as Magento's database has them; nothing for what is no number."""
    try:
        return Decimal(f"{float(value):.4f}")
    except (TypeError, ValueError, OverflowError):
        return Decimal(0)


def whole_payment(due: Decimal, paid: Paid, currency: str) -> None:
    """ShopError where less was paid than the shop waits for, or in another currency."""
    if paid.currency != currency or paid.amount < due - CENT:
        raise ShopError(
            Failure.REFUSED,
            f"The shop marks an order as paid as a whole only: {due:.2f} {currency} are due there, and"
            f" {paid.amount:.2f} {paid.currency} were paid here.",
        )


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    """A comment that staff see and the buyer does not, with the order's own status: without one it loses it
    (magento2#34180). "Modified" does not move."""
    path = number(order_id)
    order = yield from one(shop, f"orders/{path}")
    for entry in objects(order.get("status_histories")):
        if names(entry.get("comment"), paper.code):
            return Crossed(str(entry.get("entity_id") or ""))
    comment = {
        "comment": paper_note(paper),
        "status": order.get("status"),
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
    }
    yield from tell(shop, "POST", f"orders/{path}/comments", {"statusHistory": comment})
    return Crossed()
