"""What the page of a preparation shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.postal import address_lines
from orders.admin.looking import MARKED, looks
from orders.documents.paper.legibility import missing_of
from orders.labels.label_providers import providers
from orders.models import Order, Preparation, PreparedOrder

SHIP = "orders.add_shipment"


def rows_of(preparation: Preparation) -> list[PreparedOrder]:
    """The orders by position, each with `units`, `packed`, `goes_to`, `is_changed` and `method`."""
    found = list(
        preparation.orders.select_related("order", "shipment").prefetch_related("lines").order_by("position", "pk")
    )
    for row in found:
        extra: Any = row
        extra.units = sum(line.units for line in row.lines.all())
        extra.packed = sum(line.packed for line in row.lines.all())
        extra.goes_to = _goes_to(row.order)
        extra.is_changed = row.version != row.order.version
        extra.method = row.carrier or row.order.shipping_title
    return found


def _goes_to(order: Order) -> str:
    """Who and where to, short."""
    lines = address_lines(order.shipping or order.billing)
    return ", ".join(filter(None, [order.buyer or (lines[0] if lines else ""), *lines[-2:]][:3])) or "–"


def heading(rows: Sequence[PreparedOrder]) -> str:
    waiting = sum(1 for row in rows if row.shipment_id is None)
    if not waiting:
        return ngettext("%(n)s order is shipped", "%(n)s orders are shipped", len(rows)) % {"n": len(rows)}
    return ngettext("Prepare %(n)s order", "Prepare %(n)s orders", waiting) % {"n": waiting}


def preparation_page(
    request: HttpRequest, preparation: Preparation, refused: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """The context. `refused`: why orders were not shipped, by the ids of their rows."""
    rows = rows_of(preparation)
    open_rows = [row for row in rows if row.shipment_id is None]
    for row in open_rows:
        row.refused = (refused or {}).get(row.pk, "")  # type: ignore[attr-defined]
    orders = Order.objects.filter(pk__in=[row.order_id for row in open_rows])
    methods = sorted({row.order.shipping_title for row in rows} - {""})
    return {
        "title": heading(rows),
        "open_rows": open_rows,
        "shipped_rows": [row for row in rows if row.shipment_id is not None],
        "carriers": methods,
        "label_kinds": list(providers().values()),
        "units": sum(row.units for row in open_rows),  # type: ignore[attr-defined]
        "may_ship": request.user.has_perm(SHIP),
        "looks": looks(orders) if orders.filter(MARKED).exists() else [],
        "illegible": _illegible(orders),
        "any_packed": any(row.packed for row in open_rows),  # type: ignore[attr-defined]
    }


def _illegible(orders: Any) -> list[str]:
    """What the slips could not print, by order."""
    rows = orders.prefetch_related("lines").order_by("placed_at", "pk")
    told = (f"{order.number}: {text}" for order in rows for text in missing_of(order, list(order.lines.all())))
    return list(told)


def result(done: int, refused: int) -> str:
    """What came of shipping, in one sentence or two."""
    told = ngettext("%(n)s order is shipped.", "%(n)s orders are shipped.", done) % {"n": done}
    if not refused:
        return told
    more = ngettext(
        "%(n)s order was refused: the table says why.", "%(n)s orders were refused: the table says why.", refused
    )
    return f"{told} {more % {'n': refused}}" if done else str(_("Nothing is shipped.")) + " " + more % {"n": refused}
