"""Edit an order that is in the book: its addresses, the buyer's note, its items.

Services as in `orders.work.lifecycle`: one transaction each, refused politely when the order has changed meanwhile.
What is edited here is remembered, so that a synchronisation can be told to leave it alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from orders.choices import ORDER_OPEN, EventKind, Part
from orders.intake.incoming import IncomingAddress
from orders.intake.rows import as_plain
from orders.work import changing, lifecycle
from orders.work.changing import ChangeRefused, Opened, open_units, opened
from stock import catalogue
from stock.models import Product

ADDRESSES = {Part.BILLING: "billing", Part.SHIPPING: "shipping"}


def edit_address(
    order_id: int, part: Part, address: IncomingAddress, *, seen: int | None = None, actor_id: int | None = None
) -> bool:
    """Write another billing or shipping address; whether it was another one. Issued documents keep theirs."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        if not change.set(ADDRESSES[part], as_plain(address)):
            return False
        if part == Part.BILLING and address.name:
            change.set("buyer", address.name[:200])
        change.mark_edited(part)
        change.note(EventKind.EDITED, f"{part.label} edited.")
        return True


def edit_note(order_id: int, text: str, *, seen: int | None = None, actor_id: int | None = None) -> bool:
    """Write the buyer's note anew; whether it was another one."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        if not change.set("note", text):
            return False
        change.mark_edited(Part.NOTE)
        change.note(EventKind.EDITED, "Note of the buyer edited.")
        return True


def edit_items(
    order_id: int,
    *,
    cancel: Mapping[int, int],
    skus: Mapping[int, str],
    seen: int | None = None,
    actor_id: int | None = None,
    reason: str = "",
) -> None:
    """Cancel units and put other products behind lines, both by line id. Amounts stay as the shop gave them.

    An order without open units is complete, or cancelled if none was shipped.
    """
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lifecycle.expect(change, *ORDER_OPEN)
        exchanged = _exchange(change, skus)
        cancelled = lifecycle.cancel_lines(change, cancel)
        if not (exchanged or cancelled):
            raise ChangeRefused("Nothing is different: enter units to cancel, or another SKU.")
        change.mark_edited(Part.ITEMS)
        lifecycle.settle(change)
        if exchanged:
            change.note(EventKind.EDITED, lifecycle.because(f"Product changed: {', '.join(exchanged)}", reason))
        if cancelled:
            change.note(EventKind.CANCELLED, lifecycle.because(f"Cancelled: {', '.join(cancelled)}", reason))


def _exchange(change: Opened, skus: Mapping[int, str]) -> list[str]:
    """Put the products with these SKUs behind lines; what was exchanged, in words."""
    lines = {line_id: change.line(line_id) for line_id in skus}
    wanted = {
        line_id: sku.strip() for line_id, sku in skus.items() if sku.strip() and sku.strip() != lines[line_id].sku
    }
    known = catalogue.find(change.order.project_id, sorted(set(wanted.values())))
    found = Product.objects.filter(pk__in=known.values()).values_list("pk", "name", "sku")
    names = {pk: name or code for pk, name, code in found}
    told = []
    for line_id, sku in wanted.items():
        line = lines[line_id]
        if sku not in known:
            raise ChangeRefused(f"There is no product with the SKU “{sku}”: create it first, or type another one.")
        if not open_units(line):
            raise ChangeRefused(f"Nothing of {line.sku or line.name} is open any more: its product stays.")
        change.lock_products([known[sku]])
        changing.exchange(line, known[sku])
        told.append(f"{line.sku or line.name} → {sku}")
        change.tell(f"line {line.position + 1}: SKU", line.sku, sku)
        change.tell(f"line {line.position + 1}: name", line.name, names[known[sku]])
        line.sku, line.name = sku, names[known[sku]]
    return told
