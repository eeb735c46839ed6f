"""Credit notes: take an invoice back, all of it, by lines or by an amount - never more than it charged.

Amounts of credit notes are positive. With `return_stock` the credited units come back: shipped ones are on hand again,
those not shipped yet are cancelled; without it a credit note is about money alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from config.kit.money import money
from orders.choices import DocumentType, EventKind, Part
from orders.models import Invoice
from orders.work import changing, lifecycle
from orders.work.changing import ChangeRefused, Opened, open_units, opened
from orders.work.crediting_plan import Creditable, CreditPlan, plan_all, plan_amount, plan_units
from orders.work.invoicing import write
from orders.work.moving import put_back


def credit_lines(
    invoice_id: int,
    units: Mapping[int, int],
    *,
    return_stock: bool,
    reason: str,
    seen: int | None = None,
    actor_id: int | None = None,
) -> Invoice:
    """A credit note for units by the place of their line in the invoice. Raises ChangeRefused."""
    invoice = credited_invoice(invoice_id)
    with opened(invoice.order_id, seen=seen, actor_id=actor_id) as change:
        return _write(change, invoice, plan_units(invoice, units), reason, return_stock=return_stock)


def credit_amount(
    invoice_id: int, amount: Decimal, *, reason: str, seen: int | None = None, actor_id: int | None = None
) -> Invoice:
    """A credit note for an amount with tax; its tax is the invoice's own share. Raises ChangeRefused."""
    invoice = credited_invoice(invoice_id)
    with opened(invoice.order_id, seen=seen, actor_id=actor_id) as change:
        return _write(change, invoice, plan_amount(invoice, amount, reason), reason)


def credit_all(
    invoice_id: int, *, return_stock: bool, reason: str, seen: int | None = None, actor_id: int | None = None
) -> Invoice:
    """A credit note for all that is left of the invoice. Raises ChangeRefused."""
    invoice = credited_invoice(invoice_id)
    with opened(invoice.order_id, seen=seen, actor_id=actor_id) as change:
        return _write(change, invoice, plan_all(invoice), reason, return_stock=return_stock)


def credited_invoice(invoice_id: int) -> Invoice:
    """The invoice; a credit note is refused."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if invoice.document_type != DocumentType.INVOICE:
        raise ChangeRefused(f"{invoice.code} is no invoice: only invoices can be credited.")
    return invoice


def withdraw(change: Opened, invoice: Invoice, reason: str) -> Invoice:
    """A credit note for all that is left of the invoice of an opened order, which is to be issued anew."""
    return _write(change, invoice, plan_all(invoice), reason, kind=EventKind.WITHDRAWN)


def _write(
    change: Opened,
    invoice: Invoice,
    plan: CreditPlan,
    reason: str,
    *,
    return_stock: bool = False,
    kind: EventKind = EventKind.CREDITED,
) -> Invoice:
    note = write(
        change, DocumentType.CREDIT_NOTE, list(plan.rows), plan.total, plan.tax, corrects=invoice, reason=reason
    )
    what = f"Credit note {note.code} of {money(plan.total, invoice.currency)} for invoice {invoice.code}"
    change.note(kind, lifecycle.because(what, reason))
    if return_stock:
        _return(change, plan.units, note)
    return note


def _return(change: Opened, chosen: Sequence[tuple[Creditable, int]], note: Invoice) -> None:
    """Units that were shipped come back; the rest of the credited units is cancelled."""
    told = []
    for credit, units in chosen:
        line = next((line for line in change.lines if line.pk == credit.line_id), None)
        if line is None:
            continue  # shipping, a fee, or a line that a synchronisation has taken out
        came_back = min(units, line.shipped - line.returned)
        if came_back:
            put_back(change, line, came_back, f"Credit note {note.code}, order {change.order.number}")
        if rest := min(units - came_back, open_units(line)):
            changing.cancel_units(line, rest)
        if came_back or rest:
            told.append(f"{came_back + rest} × {line.sku or line.name}")
    if not told:
        return
    change.tell("stock", "", f"back: {', '.join(told)}")
    change.mark_edited(Part.ITEMS)
    lifecycle.settle(change)
