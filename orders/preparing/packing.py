"""Items are packed by scan: each counts once, at the row of its order, which is locked meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from config.kit.refusals import Refused
from orders.models import PreparedLine, PreparedOrder
from orders.preparing.gathering import locked
from stock.barcodes import canonical
from stock.models import Product

# Scans that can be taken back, of one order.
MOST_SCANS = 5_000
# "3*A-17": three at once.
SEVERAL = re.compile(r"(\d{1,5})\s*[*×]\s*(.+)")


class PackingRefused(Refused):
    """The scan counts nothing; the message says what to do with the item."""


class PackedMeanwhile(PackingRefused):
    """Somebody, maybe the same person, has packed since the page was shown."""


@dataclass(frozen=True)
class PackedNow:
    """What a scan counted."""

    line: PreparedLine
    units: int
    complete: bool
    """Whether all of the order is packed now."""

    @property
    def sentence(self) -> str:
        name = self.line.order_line.sku or self.line.order_line.name
        return f"{name}: {self.line.packed} of {self.line.units} packed."


def scan(prepared_id: int, code: str, *, seen: int | None = None) -> PackedNow:
    """Count one unit of the line that a SKU or an EAN means, or several for “3*A-17”.

    `seen`: how many scans the page had shown (`scans_of`). Raises PackedMeanwhile where there are others by now, and
    PackingRefused for an item that is not in the order, or of which all units are packed.
    """
    return _pack(prepared_id, seen, lambda lines: _meant(lines, code.strip()))


def pack_line(prepared_id: int, line_id: int, *, seen: int | None = None) -> PackedNow:
    """Count all that is left of a line by hand, for goods without a code."""

    def meant(lines: Sequence[PreparedLine]) -> tuple[PreparedLine, int]:
        for line in lines:
            if line.pk == line_id and line.left:
                return line, line.left
        raise PackingRefused("All of this line is packed already.")

    return _pack(prepared_id, seen, meant)


def scans_of(prepared: PreparedOrder) -> int:
    """What a page has seen of the packing."""
    return len(prepared.scans)


@transaction.atomic
def undo(prepared_id: int, *, seen: int | None = None) -> str:
    """Take the last scan back; what it was, in words."""
    row = _open(prepared_id, seen)
    if not row.scans:
        raise PackingRefused("Nothing is scanned yet.")
    *row.scans, (line_id, units) = row.scans
    line = row.lines.select_related("order_line").get(pk=line_id)
    line.packed -= units
    line.save(update_fields=["packed"])
    row.save(update_fields=["scans"])
    return f"{units} × {line.order_line.sku or line.order_line.name} is not packed any more."


@transaction.atomic
def start_over(prepared_id: int, *, seen: int | None = None) -> None:
    """Nothing of the order is packed any more."""
    row = _open(prepared_id, seen)
    row.lines.update(packed=0)
    row.scans = []
    row.save(update_fields=["scans"])


@transaction.atomic
def _pack(
    prepared_id: int, seen: int | None, meant: Callable[[Sequence[PreparedLine]], tuple[PreparedLine, int]]
) -> PackedNow:
    row = _open(prepared_id, seen)
    lines = list(row.lines.select_related("order_line__product"))
    line, units = meant(lines)
    if len(row.scans) >= MOST_SCANS:
        raise PackingRefused(
            f"More than {MOST_SCANS:,} scans of one order: type a number before the SKU, as in 12*A-17."
        )
    line.packed += units
    line.save(update_fields=["packed"])
    row.scans = [*row.scans, [line.pk, units]]
    row.save(update_fields=["scans"])
    return PackedNow(line, units, not any(each.left for each in lines))


def _open(prepared_id: int, seen: int | None) -> PreparedOrder:
    """The order, locked and as its preparation has it."""
    row = locked(prepared_id)
    if row.shipment is not None:
        raise PackingRefused(f"Order {row.order.number} is shipped already: shipment {row.shipment.code}.")
    if row.version != row.order.version:
        raise PackingRefused(f"Order {row.order.number} was changed since it was prepared: prepare it anew first.")
    if seen is not None and seen != scans_of(row):
        raise PackedMeanwhile(
            "Somebody has packed this order meanwhile, maybe your own double click: scan it once more."
        )
    return row


def _meant(lines: Sequence[PreparedLine], code: str) -> tuple[PreparedLine, int]:
    """The line with units left that a code means, and how many of them."""
    if not code:
        raise PackingRefused("Scan or type a SKU or an EAN.")
    found, units = _with_code(lines, code), 1
    if not found and (several := SEVERAL.fullmatch(code)):
        units, code = int(several[1]), several[2]
        found = _with_code(lines, code)
    if not found:
        raise PackingRefused(f"Not in this order: {_named(lines, code)}. Put it aside.")
    if units < 1:
        raise PackingRefused("Enter one unit or more.")
    line = max(found, key=lambda each: each.left)
    name = line.order_line.sku or line.order_line.name
    if not line.left:
        raise PackingRefused(
            f"Too many: all {sum(each.units for each in found)} × {name} are packed. Put this one back."
        )
    if units > line.left:
        raise PackingRefused(f"Too many: only {line.left} × {name} are left to pack, not {units}.")
    return line, units


def _with_code(lines: Sequence[PreparedLine], code: str) -> list[PreparedLine]:
    """Lines with this SKU, else EAN, else SKU in another case. A line's own SKU counts like its article's."""
    ean = canonical(code)
    ways: tuple[Callable[[PreparedLine], bool], ...] = (
        lambda line: code in _skus(line),
        lambda line: bool(ean) and line.order_line.product is not None and line.order_line.product.ean == ean,
        lambda line: code.casefold() in {sku.casefold() for sku in _skus(line)},
    )
    return next((found for way in ways if (found := [line for line in lines if way(line)])), [])


def _skus(line: PreparedLine) -> set[str]:
    product = line.order_line.product
    return {line.order_line.sku, product.sku if product else ""} - {""}


def _named(lines: Sequence[PreparedLine], code: str) -> str:
    """What a code means elsewhere in the project, for the one who holds it in the hand."""
    project_id = lines[0].prepared.order.project_id if lines else 0
    articles = Product.objects.filter(project_id=project_id, deleted_at=None)
    ean = canonical(code)
    other = articles.filter(sku=code).first() or (articles.filter(ean=ean).first() if ean else None)
    return f"{other.sku} {other.name}".strip() if other else f"“{code[:60]}”"


def is_item(prepared: PreparedOrder, code: str) -> bool:
    """Whether a code means an item of the order, and so no tracking number."""
    return bool(_with_code(list(prepared.lines.select_related("order_line__product")), code))
