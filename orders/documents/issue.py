"""Issue invoices and shipments: snapshots under gapless numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from config.kit.sql import copy_rows, next_ids
from orders.choices import DocumentType, Layout
from orders.documents import letterheads
from orders.documents.numbering import code, take_range
from orders.documents.remarks import remarks_of
from orders.documents.tax_rates import Taxed, rates_of
from orders.intake.drafts import Draft, DraftLine, Source
from orders.intake.incoming import ZERO, IncomingAddress, IncomingOrder
from orders.intake.rows import as_json
from orders.models import Invoice, Letterhead, Order, Shipment, ShipmentLine
from stock.availability import Shelves
from stock.choices import MovementReason
from stock.ledger import Change, record_movements

INVOICE_COLUMNS = (
    "project_id", "order_id", "document_type", "year", "number", "code", "issued_at", "issue_date", "order_number",
    "order_date", "buyer", "billing", "payment_title", "currency", "total", "tax_total", "lines", "letterhead_id",
    "layout",
)  # fmt: skip
SHIPMENT_COLUMNS = (
    "id", "project_id", "order_id", "year", "number", "code", "historical", "shipped_at", "ship_date", "order_number",
    "order_date", "buyer", "address", "carrier", "tracking_number", "remarks", "letterhead_id", "layout",
)  # fmt: skip


def issue_for_intake(source: Source, drafts: Sequence[Draft], shelves: Shelves) -> None:
    """Shipments with their stock movements, then invoices, for the drafts whose plan asks for them."""
    today = source.at.astimezone(source.zone).date()
    shipped = [draft for draft in drafts if draft.intake.plan.ship]
    invoiced = [draft for draft in drafts if draft.intake.plan.invoice]
    if not (shipped or invoiced):
        return
    letterhead = letterheads.in_force(source.project_id)
    if shipped:
        _ship(source, shipped, shelves, today, letterhead)
    if invoiced:
        _invoice(source, invoiced, today, letterhead.pk)


def _ship(source: Source, drafts: Sequence[Draft], shelves: Shelves, today: date, letterhead: Letterhead) -> None:
    parcels = [(draft, place, lines) for draft in drafts for place, lines in _by_place(draft).items()]
    shipment_ids = next_ids(Shipment, len(parcels))
    parts = [
        (shipment_id, draft, line)
        for shipment_id, (draft, _, lines) in zip(shipment_ids, parcels, strict=True)
        for line in lines
    ]
    part_ids = next_ids(ShipmentLine, len(parts))
    movements = []
    for part_id, (_, draft, line) in zip(part_ids, parts, strict=True):
        if draft.intake.plan.move_stock and line.product_id is not None:
            change = Change(
                line.product_id, -line.shipped, MovementReason.SHIPMENT, f"Order {draft.intake.order.number}", part_id
            )
            movements.append((shelves[draft.place][line.product_id].id, change))
    if movements:
        record_movements(source.project_id, movements, source.at)
    if parts:
        copy_rows(
            ShipmentLine,
            ("id", "shipment_id", "order_line_id", "sku", "name", "quantity"),
            [
                (part_id, shipment_id, line.id, line.incoming.sku, line.incoming.name, line.shipped)
                for part_id, (shipment_id, _, line) in zip(part_ids, parts, strict=True)
            ],
        )
    numbers = take_range(source.project_id, DocumentType.SHIPMENT, today.year, len(parcels))
    rows: list[tuple[Any, ...]] = []
    for shipment_id, (draft, place, _), number in zip(shipment_ids, parcels, numbers, strict=True):
        order = draft.intake.order
        rows.append(
            (
                shipment_id, source.project_id, draft.id, today.year, number,
                code(DocumentType.SHIPMENT, today.year, number), draft.intake.plan.historical, source.at, today,
                order.number, _order_date(source, order), order.buyer_name[:200],
                as_json(next((each for each in (place, order.shipping) if not each.is_empty), order.billing)),
                order.shipping_title[:200], "",
                as_json(remarks_of(order, letterhead)), letterhead.pk, Layout.THIRD.value,
            )
        )  # fmt: skip
    copy_rows(Shipment, SHIPMENT_COLUMNS, rows)


def _by_place(draft: Draft) -> dict[IncomingAddress, list[DraftLine]]:
    """Lines by where they go: a shipment each. An order without lines is one."""
    found: dict[IncomingAddress, list[DraftLine]] = {}
    for line in draft.lines:
        found.setdefault(line.incoming.shipping, []).append(line)
    return found or {IncomingAddress(): []}


def _order_date(source: Source, order: IncomingOrder) -> date:
    return order.placed_at.astimezone(source.zone).date()


def _invoice(source: Source, drafts: Sequence[Draft], today: date, letterhead_id: int) -> None:
    numbers = take_range(source.project_id, DocumentType.INVOICE, today.year, len(drafts))
    issued_at = not_before_the_last(source.project_id, DocumentType.INVOICE, today.year, source.at)
    rows: list[tuple[Any, ...]] = []
    for draft, number in zip(drafts, numbers, strict=True):
        order = draft.intake.order
        lines = _snapshot(draft)
        taxes = sum((line["tax"] for line in lines), ZERO)
        rows.append(
            (
                source.project_id, draft.id, DocumentType.INVOICE.value, today.year, number,
                code(DocumentType.INVOICE, today.year, number), issued_at, today, order.number,
                _order_date(source, order), order.buyer_name[:200], as_json(order.billing), order.payment_title[:200],
                order.currency, order.total, taxes, as_json(lines), letterhead_id,
                Layout.SECOND.value,
            )
        )  # fmt: skip
    copy_rows(Invoice, INVOICE_COLUMNS, rows)


def not_before_the_last(project_id: int, document_type: DocumentType, year: int, at: datetime) -> datetime:
    """`at`, or the time of the series' last document when that is later: times follow numbers.

    A page's time is taken before it waits for the lock under which numbers are given, and clocks of machines differ.
    """
    issued = Invoice.objects.filter(project_id=project_id, document_type=document_type, year=year)
    last = issued.order_by("-number").values_list("issued_at", flat=True).first()
    return max(at, last) if last else at


def _snapshot(draft: Draft) -> list[dict[str, Any]]:
    """The invoice's lines. With shipping, fees and what else the shop charged they add up to its total."""
    order = draft.intake.order
    goods = [
        {
            "sku": line.incoming.sku,
            "name": line.incoming.name,
            "quantity": line.incoming.quantity,
            "unit_price": line.incoming.unit_price,
            "total": line.incoming.total,
            "tax": line.incoming.tax,
            "line": line.id,
        }
        for line in draft.lines
    ]
    return complete(goods, order, sum((line.incoming.tax for line in draft.lines), ZERO))


def complete(goods: list[dict[str, Any]], order: IncomingOrder | Order, goods_tax: Decimal) -> list[dict[str, Any]]:
    """The lines of an invoice: goods, shipping, fees, what else the shop charged, each with its rate of tax.

    `goods_tax` is the tax of all the order's goods, of which `goods` may be a part. What the shop's tax total holds
    beyond the taxes of its parts stands in the tax of the last line, so that each column adds up. A shop that taxes
    parts and says a total of nothing has not said one.
    """
    parted = goods_tax + order.shipping_tax + order.fee_tax
    gap = order.tax_total - parted if order.tax_total else ZERO
    shipping, shipping_tax = order.shipping_total, order.shipping_tax
    if _of_shipping(gap, order, len(goods)):
        shipping, shipping_tax, gap = shipping - gap, gap, ZERO
    other = order.residual - gap
    parts = (
        (order.shipping_title or "Shipping", shipping, shipping_tax),
        (order.fee_title or "Fees", order.fee_total, order.fee_tax),
        (_other(order, other, gap, len(goods)), other, gap),
    )
    extras = [
        {"sku": "", "name": name, "quantity": 1, "unit_price": total, "total": total, "tax": tax}
        for name, total, tax in parts
        if total or tax
    ]
    lines = goods + extras
    unknown = 1 if other or gap else 0  # a gift card and a rounding have no rate
    taxed = [Taxed(line["total"], line["tax"], line["quantity"]) for line in lines[: len(lines) - unknown]]
    rates = [*rates_of(taxed, get_currency_precision(order.currency)), *[""] * unknown]
    return [line | {"rate": rate} for line, rate in zip(lines, rates, strict=True)]


def _of_shipping(gap: Decimal, order: IncomingOrder | Order, lines: int) -> bool:
    """Whether the missing tax is that of shipping, which the shop gives with its tax and without saying how much."""
    told = order.shipping_tax or order.residual
    return not told and _most_rounding(order.currency, lines) < gap < order.shipping_total


def _other(order: IncomingOrder | Order, other: Decimal, gap: Decimal, lines: int) -> str:
    """Ours where it is so little that it comes of rounding each line; else the shop's, with the name it has there."""
    most = _most_rounding(order.currency, lines)
    if abs(other) <= most and abs(gap) <= most:
        return "Rounding"
    return order.residual_title or "Rounding and other"


def _most_rounding(currency: str, lines: int) -> Decimal:
    """A digit for each line, and for shipping and fees."""
    return Decimal(lines + 2).scaleb(-get_currency_precision(currency))
