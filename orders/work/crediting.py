"""Credit notes: take an invoice back, all of it, by lines or by an amount - never more than it charged.

Amounts of credit notes are positive. With `return_stock` the credited units come back: shipped ones are on hand again,
those not shipped yet are cancelled; without it a credit note is about money alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from config.kit.money import money
from orders.choices import DocumentType, EventKind, Part
from orders.intake.incoming import ZERO
from orders.models import Invoice
from orders.work import changing, lifecycle
from orders.work.changing import ChangeRefused, Opened, open_units, opened
from orders.work.invoicing import credited, share, write
from orders.work.moving import put_back


@dataclass(frozen=True)
class Creditable:
    """A line of an invoice and how many of its units no credit note has taken back yet."""

    place: int
    sku: str
    name: str
    quantity: int
    left: int
    total: Decimal
    tax: Decimal
    line_id: int | None
    """The order line; None for shipping, fees and the like."""

    def part(self, units: int, currency: str) -> tuple[Decimal, Decimal]:
        """Net amount and tax of the next `units` units; all parts of a line add up to the line."""
        before = self.quantity - self.left
        amounts = (self.total, self.tax)
        ends = (share(amount, before + units, self.quantity, currency) for amount in amounts)
        starts = (share(amount, before, self.quantity, currency) if before else ZERO for amount in amounts)
        net, tax = (end - start for end, start in zip(ends, starts, strict=True))
        return net, tax


def creditable(invoice: Invoice) -> list[Creditable]:
    """The invoice's lines with what is left of each."""
    taken: dict[int, int] = {}
    for note in invoice.credit_notes.all():
        for line in note.lines:
            if "of" in line:
                taken[line["of"]] = taken.get(line["of"], 0) + int(line["quantity"])
    return [
        Creditable(
            place=place,
            sku=line["sku"],
            name=line["name"],
            quantity=int(line["quantity"]),
            left=int(line["quantity"]) - taken.get(place, 0),
            total=Decimal(line["total"]),
            tax=Decimal(line["tax"]),
            line_id=line.get("line"),
        )
        for place, line in enumerate(invoice.lines)
    ]


def credit_lines(
    invoice_id: int,
    units: Mapping[int, int],
    *,
    return_stock: bool,
    reason: str,
    seen: int | None = None,
    actor_id: int | None = None,
) -> Invoice:
    """A credit note for units by the place of their line in the invoice."""
    invoice, order_id = _invoice(invoice_id)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lines = {line.place: line for line in creditable(invoice)}
        wanted = {place: count for place, count in units.items() if count}
        for place, count in wanted.items():
            if place not in lines or not 0 < count <= lines[place].left:
                known = lines.get(place)
                raise ChangeRefused(
                    f"Only {known.left} × {known.sku or known.name} can be credited." if known else "No such line."
                )
        if not wanted:
            raise ChangeRefused("Enter how many units to credit.")
        chosen = [(lines[place], count) for place, count in sorted(wanted.items())]
        note = _write(change, invoice, [_row(line, count, invoice.currency) for line, count in chosen], reason)
        if return_stock:
            _return(change, chosen, note)
    return note


def credit_amount(
    invoice_id: int, amount: Decimal, *, reason: str, seen: int | None = None, actor_id: int | None = None
) -> Invoice:
    """A credit note for an amount with tax; its tax is the invoice's own share."""
    invoice, order_id = _invoice(invoice_id)
    digits = get_currency_precision(invoice.currency)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        if amount != round(amount, digits):
            raise ChangeRefused(f"{invoice.currency} has {digits} decimal places: enter the amount with no more.")
        if amount <= 0:
            raise ChangeRefused("Enter an amount above zero.")
        rest = invoice.total - credited(invoice)
        tax = _tax_left(invoice) if amount == rest else round(invoice.tax_total * amount / invoice.total, digits)
        row = {"sku": "", "name": reason or "Credit", "quantity": 1, "unit_price": amount - tax}
        return _write(change, invoice, [row | {"total": amount - tax, "tax": tax}], reason)


def credit_all(
    invoice_id: int, *, return_stock: bool, reason: str, seen: int | None = None, actor_id: int | None = None
) -> Invoice:
    """A credit note for all that is left of the invoice."""
    invoice, _order_id = _invoice(invoice_id)
    left = {line.place: line.left for line in creditable(invoice)}
    by_lines = sum((sum(line.part(line.left, invoice.currency), ZERO) for line in creditable(invoice)), ZERO)
    rest = invoice.total - credited(invoice)
    if by_lines == rest:
        return credit_lines(invoice_id, left, return_stock=return_stock, reason=reason, seen=seen, actor_id=actor_id)
    if return_stock:
        raise ChangeRefused(
            "A part of the amount is credited already, so the rest cannot be taken back line by line."
            " Credit the rest without returning stock, and put the units back on the product's page."
        )
    return credit_amount(invoice_id, rest, reason=reason, seen=seen, actor_id=actor_id)


def _invoice(invoice_id: int) -> tuple[Invoice, int]:
    invoice = Invoice.objects.get(pk=invoice_id)
    if invoice.document_type != DocumentType.INVOICE:
        raise ChangeRefused(f"{invoice.code} is no invoice: only invoices can be credited.")
    return invoice, invoice.order_id


def _row(line: Creditable, units: int, currency: str) -> dict[str, Any]:
    net, tax = line.part(units, currency)
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": units,
        "unit_price": net if units == 1 else round(net / units, 6),
        "total": net,
        "tax": tax,
        "of": line.place,
    }


def _write(change: Opened, invoice: Invoice, rows: list[dict[str, Any]], reason: str) -> Invoice:
    total = sum((row["total"] + row["tax"] for row in rows), ZERO)
    rest = invoice.total - credited(invoice)
    if total > rest:
        left = money(rest, invoice.currency)
        raise ChangeRefused(f"Only {left} of invoice {invoice.code} is not credited yet: credit no more than that.")
    if total <= 0:
        raise ChangeRefused("There is nothing to credit: these lines add up to nothing.")
    tax = _tax_left(invoice) if total == rest else sum((row["tax"] for row in rows), ZERO)
    note = write(change, DocumentType.CREDIT_NOTE, rows, total, tax, corrects=invoice, reason=reason)
    what = f"Credit note {note.code} of {money(total, invoice.currency)} for invoice {invoice.code}"
    change.note(EventKind.CREDITED, lifecycle.because(what, reason))
    return note


def _tax_left(invoice: Invoice) -> Decimal:
    taxes: list[Decimal] = [note.tax_total for note in invoice.credit_notes.all()]
    return Decimal(invoice.tax_total) - sum(taxes, ZERO)


def _return(change: Opened, chosen: list[tuple[Creditable, int]], note: Invoice) -> None:
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
