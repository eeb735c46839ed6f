"""Issue an invoice by hand, for what of the order is not cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import Sum

from orders import announcements
from orders.choices import AnnouncementKind, DocumentType, EventKind, OrderStatus
from orders.documents import letterheads, numbering
from orders.documents.issue import complete, not_before_the_last
from orders.intake.incoming import ZERO
from orders.intake.rows import as_plain
from orders.models import Invoice, Order, OrderLine
from orders.work import lifecycle
from orders.work.changing import ChangeRefused, Opened, opened


def issue(order_id: int, *, seen: int | None = None, actor_id: int | None = None, looked: str = "") -> Invoice:
    """An invoice of the order as it is now. Amounts are the shop's; of a line partly cancelled its share.

    `looked`: what the shop has changed since was seen, see `lifecycle.expect_looked`.

    Raises ChangeRefused when the order is cancelled, or an invoice stands that is not credited in full. One of nothing
    at all, which no credit note can take back, is no obstacle to one that charges.
    """
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lifecycle.expect_looked(change, looked=looked)
        lifecycle.expect(change, OrderStatus.PROCESSING, OrderStatus.ON_HOLD, OrderStatus.COMPLETE)
        lines = drafted(change.order, change.lines)
        if standing := obstacle(change.order, change.lines):
            raise ChangeRefused(f"Invoice {standing.code} stands already: credit it in full before another is issued.")
        if not lines:
            raise ChangeRefused("There is nothing to invoice: every item is cancelled.")
        invoice = write(change, DocumentType.INVOICE, lines, total_of(lines), tax_of(lines))
        change.note(EventKind.INVOICED, f"Invoice {invoice.code} issued.")
    return invoice


def tax_of(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((line["tax"] for line in lines), ZERO)


def total_of(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """What an invoice of these lines charges, with tax."""
    return sum((line["total"] for line in lines), ZERO) + tax_of(lines)


def drafted(order: Order, order_lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    """The lines an invoice of the order would have now; none when every item is cancelled and nothing else charged."""
    goods = [row for line in order_lines if (row := _goods(line, order.currency))]
    return complete(goods, order, sum((line.tax for line in order_lines), ZERO))


def obstacle(order: Order, order_lines: Iterable[OrderLine]) -> Invoice | None:
    """The standing invoice that has to be credited before another can be issued, if any."""
    standing = _standing(order.invoices.all())
    if standing and not standing.total and total_of(drafted(order, list(order_lines))):
        return None  # no credit note can take nothing back
    return standing


def standing_invoice(order_id: int) -> Invoice | None:
    """The order's invoice that is not credited in full, if any."""
    return _standing(Invoice.objects.filter(order_id=order_id))


def _standing(papers: Iterable[Invoice]) -> Invoice | None:
    """Among all invoices and credit notes of an order."""
    for paper in papers:
        if paper.document_type != DocumentType.INVOICE:
            continue
        if credited(paper) < paper.total or not paper.credit_notes.exists():
            return paper
    return None


def credited(invoice: Invoice) -> Decimal:
    """How much of an invoice credit notes have taken back."""
    total: Decimal | None = invoice.credit_notes.aggregate(total=Sum("total"))["total"]
    return total or ZERO


def _goods(line: OrderLine, currency: str) -> dict[str, Any] | None:
    """The invoice's line of an order line; None when all of it is cancelled."""
    left = line.quantity - line.cancelled
    if not left:
        return None
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": left,
        "unit_price": line.unit_price,
        "total": share(line.total, left, line.quantity, currency),
        "tax": share(line.tax, left, line.quantity, currency),
        "line": line.pk,
    }


def share(amount: Decimal, units: int, quantity: int, currency: str) -> Decimal:
    """The part of a line's amount that `units` of its `quantity` make, in the digits of the currency."""
    if units == quantity:
        return amount
    return round(amount * units / quantity, get_currency_precision(currency))


def write(
    change: Opened,
    document_type: DocumentType,
    lines: list[dict[str, Any]],
    total: Decimal,
    tax_total: Decimal,
    *,
    corrects: Invoice | None = None,
    reason: str = "",
) -> Invoice:
    """Put an invoice or credit note of an opened order under the next number of its series."""
    order = change.order
    zone = order.project.zone
    today = change.at.astimezone(zone).date()
    [number] = numbering.take_range(order.project_id, document_type, today.year, 1)
    announcements.tell(order, AnnouncementKind.PAPER_ISSUED, change.at)
    return Invoice.objects.create(
        project_id=order.project_id,
        order=order,
        letterhead=letterheads.in_force(order.project_id),
        document_type=document_type,
        year=today.year,
        number=number,
        code=numbering.code(document_type, today.year, number),
        issued_at=not_before_the_last(order.project_id, document_type, today.year, change.at),
        issue_date=today,
        order_number=order.number,
        order_date=order.placed_at.astimezone(zone).date(),
        buyer=corrects.buyer if corrects else order.buyer,
        billing=corrects.billing if corrects else order.billing,
        payment_title=order.payment_title,
        currency=order.currency,
        total=total,
        tax_total=tax_total,
        lines=as_plain(lines),
        corrects=corrects,
        reason=reason,
    )
