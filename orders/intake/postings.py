"""Goods of several products received or counted together: read as people type and scan them, then booked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from config.kit import true_time
from config.kit.pasted_rows import rows_of
from config.kit.refusals import Refused
from orders.intake.allocation import Served, serve_waiting
from stock import ledger, warehouses
from stock.barcodes import canonical
from stock.choices import MovementReason, PostingKind
from stock.ledger import Change, StockError
from stock.models import Product, StockLevel, StockPosting
from stock.warehouses import Place

MOST_ROWS = 2_000
MOST_UNITS = 10_000_000
LONGEST_NOTE = 200
# First cells of a line with names of columns.
HEADS = frozenset({"sku", "ean", "code", "sku or ean", "sku/ean", "product"})
REASONS = {PostingKind.RECEIPT: MovementReason.RECEIPT, PostingKind.COUNT: MovementReason.ADJUSTMENT}


class PostingRefused(Refused):
    """Nothing is booked; the message names the product."""


@dataclass
class PostingRow:
    """A product with what was typed of it, in all its rows together."""

    product: Product
    quantity: int
    rows: list[int]
    """The numbers of its rows."""
    on_hand: int = 0
    reserved: int = 0
    location: str = ""

    @property
    def difference(self) -> int:
        """What a count changes."""
        return self.quantity - self.on_hand


@dataclass
class ReadRows:
    rows: list[PostingRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """A sentence for each faulty row, with its number."""


def read(project_id: int, kind: PostingKind, text: str, place: Place) -> ReadRows:
    """Rows of “SKU or EAN; quantity”. One without a quantity is a unit, as a scanner types it; repeated ones add up."""
    typed = list(rows_of(text))
    if typed and typed[0][1][0].casefold() in HEADS:
        typed = typed[1:]
    found = ReadRows()
    if len(typed) > MOST_ROWS:
        found.errors.append(f"{len(typed):,} rows are more than {MOST_ROWS:,}: book them in parts.")
        return found
    products = _products(project_id, [cells[0] for _, cells in typed])
    rows: dict[int, PostingRow] = {}
    for number, cells in typed:
        meant = products.get(cells[0], [])
        quantity = _quantity(cells)
        if why := _fault(kind, cells, meant, quantity):
            found.errors.append(f"Row {number}: {why}")
            continue
        row = rows.setdefault(meant[0].pk, PostingRow(meant[0], 0, []))
        row.quantity += quantity or 0
        row.rows.append(number)
    found.rows = list(rows.values())
    _add_levels(project_id, found.rows, place)
    found.errors += _too_much(kind, found.rows)
    return found


def _products(project_id: int, codes: Sequence[str]) -> dict[str, list[Product]]:
    """The products that each code means: the one of that SKU, else those of that EAN."""
    known = Product.objects.filter(project_id=project_id, deleted_at=None)
    by_sku = {row.sku: row for row in known.filter(sku__in=set(codes))}
    eans = {code: ean for code in set(codes) - set(by_sku) if (ean := canonical(code))}
    by_ean: dict[str, list[Product]] = {}
    for row in known.filter(ean__in=set(eans.values())).order_by("sku"):
        by_ean.setdefault(row.ean, []).append(row)
    return {code: [row] for code, row in by_sku.items()} | {code: by_ean.get(ean, []) for code, ean in eans.items()}


def _quantity(cells: Sequence[str]) -> int | None:
    """None for what is no whole number from 0 on."""
    text = cells[1] if len(cells) > 1 else "1"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _fault(kind: PostingKind, cells: Sequence[str], meant: Sequence[Product], quantity: int | None) -> str:
    code = cells[0][:60]
    if len(cells) > 2 and any(cells[2:]):
        return "write two cells: SKU or EAN; quantity."
    if not code:
        return "the SKU or EAN is missing."
    if not meant:
        return f"no product has the SKU or EAN “{code}”: add it on the page of products, or correct the row."
    if len(meant) > 1:
        skus = ", ".join(row.sku for row in meant[:5])
        return f"several products have the EAN “{code}”: write the SKU instead ({skus})."
    if quantity is None:
        return f"“{cells[1][:20]}” is no quantity: write a whole number."
    if quantity > MOST_UNITS:
        return f"more than {MOST_UNITS:,} units: write a smaller quantity."
    if quantity == 0 and kind == PostingKind.RECEIPT:
        return "no unit was received: write one or more, or delete the row."
    return ""


def _add_levels(project_id: int, rows: Sequence[PostingRow], place: Place) -> None:
    here = warehouses.of(project_id)
    levels = StockLevel.objects.filter(product__in=[row.product.pk for row in rows], warehouse=here.at(place))
    by_product = {level.product_id: level for level in levels}
    for row in rows:
        if level := by_product.get(row.product.pk):
            row.on_hand, row.reserved, row.location = level.on_hand, level.reserved, level.location


def _too_much(kind: PostingKind, rows: Sequence[PostingRow]) -> list[str]:
    if kind != PostingKind.COUNT:
        return []
    return [
        f"Row {row.rows[0]}: orders have reserved {row.reserved} × {row.product.sku}, more than the {row.quantity} that"
        " were counted: cancel or hold orders first, so that fewer are reserved."
        for row in rows
        if row.quantity < row.reserved
    ]


@dataclass(frozen=True)
class BookedGoods:
    posting: StockPosting
    served: Served
    again: bool
    """It was booked before: the same page was sent twice."""


@transaction.atomic
def post(
    project_id: int,
    kind: PostingKind,
    rows: Sequence[PostingRow],
    *,
    token: UUID,
    place: Place,
    note: str,
    seen: Mapping[int, int],
    actor_id: int | None,
) -> BookedGoods:
    """Receive goods, or make levels what was counted, and serve the orders that wait: all rows or none, once per token.

    `seen`: units on hand by product as the page has shown them; a count compares with them. Raises PostingRefused where
    goods came or left since, and `stock.ledger.StockError`.
    """
    ledger.lock_project(project_id)
    if before := StockPosting.objects.filter(project_id=project_id, token=token).first():
        return BookedGoods(before, Served(0, 0, {}), again=True)
    if not rows:
        raise PostingRefused("There is nothing to book: enter at least one row.")
    _add_levels(project_id, rows, place)  # anew, under the lock
    is_count = kind == PostingKind.COUNT
    for row in rows if is_count else ():
        if seen.get(row.product.pk) != row.on_hand:
            raise PostingRefused(
                f"{row.product.sku} has {row.on_hand} on hand by now: goods came or left since this was compared."
                " Compare once more, and count it again where you are not sure."
            )
    warehouse = warehouses.of(project_id).at(place)
    if warehouse is None:
        raise StockError("Choose a warehouse of this project.")
    at = true_time.now()
    posting = StockPosting.objects.create(
        project_id=project_id,
        kind=kind,
        warehouse=warehouse,
        token=token,
        note=note,
        lines=[[row.product.pk, row.quantity, row.on_hand] for row in rows],
        actor_id=actor_id,
        at=at,
    )
    said = f"{posting}: {note}" if note else str(posting)
    units = {row.product.pk: row.difference if is_count else row.quantity for row in rows}
    changes = [
        Change(product_id, quantity, REASONS[kind], said, posting.pk, place)
        for product_id, quantity in units.items()
        if quantity
    ]
    if not changes:
        return BookedGoods(posting, Served(0, 0, {}), again=False)
    served = serve_waiting(ledger.move(project_id, changes, at, actor_id), at)
    posting.served = [[order_id, units] for order_id, units in served.units_of.items()]
    posting.save(update_fields=["served"])
    return BookedGoods(posting, served, again=False)
