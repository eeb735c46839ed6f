"""What a credit note will take back: amounts by line, planned before anything is written.

Every row of a credit note belongs to lines of its invoice: one for units says so by `of`, one for an amount by its
`shares`, the part of each line. So it is known of each line what is left, and whoever takes all of it ends exactly at
the invoice's total, net and tax alike, in whatever order the parts were credited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from babel.numbers import get_currency_precision

from config.kit.money import money
from orders.intake.incoming import ZERO
from orders.models import Invoice
from orders.work.changing import ChangeRefused

# Lines that a refusal names; what is more is counted.
MOST_NAMED = 10


@dataclass(frozen=True)
class Creditable:
    """A line of an invoice and what of it no credit note has taken back yet."""

    place: int
    """-1 for what an old invoice's own tax total holds beyond the taxes of its lines."""
    sku: str
    name: str
    quantity: int
    left: int
    """Units."""
    net: Decimal
    tax: Decimal
    line_id: int | None = None
    """The order line; None for shipping, fees and the like."""
    rate: str = ""

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def lowers(self) -> bool:
        """Whether it makes the invoice smaller, as a gift card does, or only moves between net and tax."""
        return self.gross <= 0 and (self.net < 0 or self.tax < 0)

    def part(self, units: int, currency: str) -> tuple[Decimal, Decimal]:
        """Net amount and tax of `units` of the units left; the last ones take all there is."""
        if units == self.left:
            return self.net, self.tax
        digits = get_currency_precision(currency)
        return round(self.net * units / self.left, digits), round(self.tax * units / self.left, digits)

    def less(self, units: int, net: Decimal, tax: Decimal) -> Creditable:
        return replace(self, left=self.left - units, net=self.net - net, tax=self.tax - tax)


@dataclass(frozen=True)
class CreditPlan:
    """A credit note before it is written."""

    rows: tuple[dict[str, Any], ...]
    """As the note keeps them, see `Invoice.lines`."""
    units: tuple[tuple[Creditable, int], ...] = ()
    """What was chosen: goods that may come back."""
    along: tuple[str, ...] = ()
    """Lines that nobody chose and that have to go along, so that no more is credited than was charged."""

    @property
    def tax(self) -> Decimal:
        return sum((row["tax"] for row in self.rows), ZERO)

    @property
    def total(self) -> Decimal:
        return sum((row["total"] for row in self.rows), ZERO) + self.tax


def creditable(invoice: Invoice) -> list[Creditable]:
    """The invoice's lines with what is left of each: together exactly what is not credited yet."""
    lines = [
        Creditable(
            place=place,
            sku=line["sku"],
            name=line["name"],
            quantity=int(line["quantity"]),
            left=int(line["quantity"]),
            net=Decimal(line["total"]),
            tax=Decimal(line["tax"]),
            line_id=line.get("line"),
            rate=line.get("rate", ""),
        )
        for place, line in enumerate(invoice.lines)
    ]
    gap = Decimal(invoice.tax_total) - sum((line.tax for line in lines), ZERO)
    if gap:
        lines.append(Creditable(-1, "", "Rounding", 1, 0, -gap, gap))
    for note in sorted(invoice.credit_notes.all(), key=lambda note: note.pk):
        lines = _without(lines, note)
    return lines


def plan_units(invoice: Invoice, units: Mapping[int, int]) -> CreditPlan:
    """A credit for units by the place of their line. Raises ChangeRefused for more units than are left, or none."""
    lines = creditable(invoice)
    wanted = {place: count for place, count in units.items() if count}
    known = {line.place: line for line in lines if line.left}
    for place, count in wanted.items():
        if place not in known or not 0 < count <= known[place].left:
            raise ChangeRefused(f"{_too_many(invoice, place, known)} {_what_is_left(invoice, lines)}")
    if not wanted:
        raise ChangeRefused("Enter how many units to credit.")
    chosen = tuple((known[place], count) for place, count in sorted(wanted.items()))
    rows = tuple(_row(line, count, invoice.currency) for line, count in chosen)
    return _fitting(invoice, lines, CreditPlan(rows, chosen))


def plan_all(invoice: Invoice) -> CreditPlan:
    """A credit for all that is left of the invoice, units and amounts."""
    lines = creditable(invoice)
    if _gross(lines) <= 0:
        raise ChangeRefused(f"Nothing of invoice {invoice.code} is left to credit.")
    chosen = tuple((line, line.left) for line in lines if line.left)
    rows = [_row(line, count, invoice.currency) for line, count in chosen]
    rows += [_rest(line) for line in lines if not line.left and (line.net or line.tax)]
    return CreditPlan(tuple(rows), chosen)


def plan_amount(invoice: Invoice, amount: Decimal, reason: str) -> CreditPlan:
    """A credit for an amount with tax, taken off all lines by their share; its tax is the invoice's own share.

    Raises ChangeRefused for an amount the currency does not know, and for more than is left.
    """
    lines = creditable(invoice)
    digits = get_currency_precision(invoice.currency)
    left = _gross(lines)
    if amount != round(amount, digits) and amount != left:
        raise ChangeRefused(f"{invoice.currency} has {digits} decimal places: enter the amount with no more.")
    if amount <= 0:
        raise ChangeRefused("Enter an amount above zero.")
    if amount > left:
        raise ChangeRefused(_too_much(invoice, lines))
    nets, taxes = [line.net for line in lines], [line.tax for line in lines]
    if amount != left:
        tax = round(sum(taxes, ZERO) * amount / left, digits)
        nets, taxes = _spread(amount - tax, nets, digits), _spread(tax, taxes, digits)
    net, tax = sum(nets, ZERO), sum(taxes, ZERO)
    shares = [
        {"of": line.place, "total": part, "tax": taxed, "rate": line.rate}
        for line, part, taxed in zip(lines, nets, taxes, strict=True)
        if part or taxed
    ]
    named = {"sku": "", "name": reason or "Credit", "quantity": 1, "unit_price": net, "total": net, "tax": tax}
    return CreditPlan((named | {"shares": shares},))


def _fitting(invoice: Invoice, lines: Sequence[Creditable], plan: CreditPlan) -> CreditPlan:
    """The plan as it may be written: lines that lower the invoice go along when it would credit more than is left.

    Where they take back all that is chosen, the rest of the invoice is credited instead: that is what was paid.
    """
    left, tax_left = _gross(lines), sum((line.tax for line in lines), ZERO)
    if left <= 0:
        raise ChangeRefused(f"Nothing of invoice {invoice.code} is left to credit.")
    if plan.total > left or plan.tax > tax_left:
        plan = _with(plan, [line for line in lines if line.lowers])
    if plan.total >= left or (plan.along and plan.total <= 0):
        return _with(plan, lines)
    if plan.total <= 0:
        raise ChangeRefused("There is nothing to credit: these lines add up to nothing.")
    if plan.tax > tax_left:
        raise ChangeRefused(
            "These units hold more tax than is left of the invoice, so they cannot be credited alone."
            f" Credit all that is left, or an amount. {_what_is_left(invoice, lines)}"
        )
    return plan


def _with(plan: CreditPlan, lines: Iterable[Creditable]) -> CreditPlan:
    """The plan and all that it leaves of these lines; only lowering lines take their units with them."""
    taken = {row["of"]: row for row in plan.rows}
    rows, along = list(plan.rows), list(plan.along)
    for line in lines:
        row = taken.get(line.place)
        rest = line.less(0, row["total"], row["tax"]) if row else line
        if rest.net or rest.tax:
            rows.append(_rest(rest, units=line.left if line.lowers and not row else 0))
            along.append(line.sku or line.name)
    return replace(plan, rows=tuple(rows), along=tuple(along))


def _row(line: Creditable, units: int, currency: str) -> dict[str, Any]:
    net, tax = line.part(units, currency)
    unit_price = net if units == 1 else round(net / units, 6)
    return {**_rest(line, units=units), "unit_price": unit_price, "total": net, "tax": tax}


def _rest(line: Creditable, units: int = 0) -> dict[str, Any]:
    """All that is left of a line, as an amount; its units stay with the buyer unless they are named."""
    named = {"sku": line.sku, "name": line.name, "quantity": units, "unit_price": line.net}
    return {**named, "total": line.net, "tax": line.tax, "of": line.place, "rate": line.rate}


def _without(lines: list[Creditable], note: Invoice) -> list[Creditable]:
    """What a credit note leaves of the lines. One of earlier releases says of amounts not which lines they are of."""
    left = {line.place: line for line in lines}
    net, tax = Decimal(note.total) - note.tax_total, Decimal(note.tax_total)
    for row in note.lines:
        for part in row.get("shares") or ([row] if "of" in row else []):
            units = int(part.get("quantity", 0))
            amounts = Decimal(part["total"]), Decimal(part["tax"])
            left[part["of"]] = left[part["of"]].less(units, *amounts)
            net, tax = net - amounts[0], tax - amounts[1]
    found = list(left.values())
    if not net and not tax:
        return found
    digits = get_currency_precision(note.currency)
    nets = _spread(net, [line.net for line in found], digits)
    taxes = _spread(tax, [line.tax for line in found], digits)
    return [line.less(0, *amounts) for line, *amounts in zip(found, nets, taxes, strict=True)]


def _spread(amount: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """The amount in parts that follow the weights, in digits of the currency, no part larger than its weight.

    Sums are rounded, not parts, and always down from the half: so a part is off by less than one digit, and whole
    weights are never exceeded. Without weights the first takes all.
    """
    whole = sum(weights, ZERO)
    if not whole or amount == whole:
        return list(weights) if amount == whole else [amount, *(ZERO for _ in weights[1:])]
    unit = Decimal(1).scaleb(-digits)
    parts, running, before = [], ZERO, ZERO
    for place, weight in enumerate(weights, 1):
        running += weight
        exact = amount * running / whole
        reached = amount if place == len(weights) else (exact + unit / 2).quantize(unit, ROUND_FLOOR)
        parts.append(reached - before)
        before = reached
    return parts


def _gross(lines: Iterable[Creditable]) -> Decimal:
    return sum((line.gross for line in lines), ZERO)


def _too_many(invoice: Invoice, place: int, known: Mapping[int, Creditable]) -> str:
    line = known.get(place)
    if line is None:
        return f"Invoice {invoice.code} has no such line with units that are not credited yet."
    return f"Only {line.left} × {line.sku or line.name} can be credited."


def _too_much(invoice: Invoice, lines: Sequence[Creditable]) -> str:
    left = money(_gross(lines), invoice.currency)
    what = f"Only {left} of invoice {invoice.code} is not credited yet: credit no more than that."
    return f"{what} {_what_is_left(invoice, lines)}"


def _what_is_left(invoice: Invoice, lines: Sequence[Creditable]) -> str:
    parts = [
        f"{f'{line.left} × ' if line.left > 1 else ''}{line.sku or line.name} {money(line.gross, invoice.currency)}"
        for line in lines
        if line.gross
    ]
    if not parts:
        return "Nothing is left of it."
    more = f" and {len(parts) - MOST_NAMED} more lines" if len(parts) > MOST_NAMED else ""
    return f"Left by line, with tax: {', '.join(parts[:MOST_NAMED])}{more}."
