"""What the page of an order shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, Prefetch, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from config.kit.money import money
from config.kit.postal import address_lines
from integrations.admin.open_project import shops_of, warehouses_of
from integrations.admin.tones import CROSSING_TONES
from integrations.choices import CrossingKind, ImportAction
from integrations.models import Crossing
from orders.admin import changes
from orders.admin.amounts import amount_rows
from orders.admin.tones import STATUS_TONES, TAB_TONES
from orders.choices import TAKEN_OVER
from orders.intake.incoming import EDITED_FROM, EDITED_TO
from orders.models import Invoice, Order, OrderEvent, OrderLine, OrderNote
from stock.models import StockLevel, Warehouse

NOTES = Prefetch("notes", OrderNote.objects.select_related("author"))
INVOICES = Prefetch("invoices", Invoice.objects.defer("lines", "billing"))
MOST_EVENTS = 200
MOST_TOLD = 20
LONGEST_PAYLOAD = 200_000


@dataclass(frozen=True)
class Line:
    """A line of the order, ready to be read."""

    row: OrderLine
    unit_price: str
    total: str
    tax: str
    available: int | None
    """Units of the product that are free; None where no product stands behind the line."""
    place: str
    """Where it goes, "" for the order's own address."""


class Related(NamedTuple):
    is_older: bool
    number: str
    pk: int | None
    """None: it is not in the book."""


def order_page(request: HttpRequest, order: Order) -> dict[str, Any]:
    here = warehouses_of(request)
    # All that is shown after this finds them there.
    prefetch_related_objects([order], _lines(here.at(order.warehouse_id)), NOTES, INVOICES)
    _tell_shop(request, order)
    rows = list(order.lines.all())
    remote = order.remote_order
    return {
        "title": order.number or f"#{order.pk}",
        "status_tone": STATUS_TONES[order.status],
        "tab_tone": TAB_TONES.get(order.tab, "plain"),
        "total": money(order.total, order.currency),
        "amounts": amount_rows(order, rows),
        "lines": [_line(order, row) for row in rows],
        "related": _related(order),
        "addresses": [("Billing", address_lines(order.billing)), ("Shipping", address_lines(order.shipping))],
        "invoices": order.invoices.all(),
        "shipments": order.shipments.all(),
        "told": _told(order),
        "may_tell": request.user.has_perm("integrations.send_crossing"),
        "events": _events(order),
        "metadata": flat(order.metadata),
        "imported_as": dict(ImportAction.choices).get(order.import_action, order.import_action),
        "remote_order": remote,
        "warehouse": here.at(order.warehouse_id) if here.several else None,
        "payload": pretty_payload(remote.payload) if remote else "",
    }


def _tell_shop(request: HttpRequest, order: Order) -> None:
    """The shop that this page has read already; one that is archived is not among them, and read when asked for."""
    for shop in shops_of(request):
        if shop.pk == order.integration_id:
            order.integration = shop


def _line(order: Order, row: OrderLine) -> Line:
    return Line(
        row,
        money(row.unit_price, order.currency),
        money(row.total, order.currency),
        money(row.tax, order.currency),
        row.free if row.product_id else None,  # type: ignore[attr-defined]  # annotated by `_lines`
        ", ".join(address_lines(row.shipping)),
    )


def _events(order: Order) -> list[OrderEvent]:
    """The newest events, each with `changed`: (what, old, new) as people read them."""
    events = list(order.events.select_related("actor")[:MOST_EVENTS])
    for event in events:
        event.changed = changes.rows(event.changes, order.currency)  # type: ignore[attr-defined]
        event.revertible = event.kind in TAKEN_OVER and bool(event.changes)  # type: ignore[attr-defined]
    return events


def _lines(warehouse: Warehouse | None) -> Prefetch[str]:
    """Each with its product and, in `free`, the units of it that are free there."""
    level = StockLevel.objects.filter(product=OuterRef("product"), warehouse=warehouse)
    free = Subquery(level.values(units=F("on_hand") - F("reserved"))[:1])
    return Prefetch("lines", OrderLine.objects.select_related("product").annotate(free=Coalesce(free, 0)))


def _related(order: Order) -> list[Related]:
    """The orders that it replaced and that replaced it, where its shop edits orders so."""
    metadata = order.metadata if isinstance(order.metadata, dict) else {}
    told = {name: str(metadata[name]) for name in (EDITED_FROM, EDITED_TO) if metadata.get(name)}
    if not told:
        return []
    here = Order.objects.filter(project_id=order.project_id, integration_id=order.integration_id or 0)
    rows = here.filter(remote_order__project_id=order.project_id, remote_order__number__in=told.values())
    ids = dict(rows.values_list("number", "pk"))
    return [Related(name == EDITED_FROM, number, ids.get(number)) for name, number in told.items()]


def _told(order: Order) -> list[tuple[Crossing, str]]:
    """What its shop was told of it, and what waits, each with its tone."""
    rows = Crossing.objects.filter(order_id=order.pk, integration__project=order.project_id)
    rows = rows.exclude(kind=CrossingKind.ORDER).select_related("integration").defer("integration__credentials")
    return [(row, CROSSING_TONES[row.state]) for row in rows.order_by("-pk")[:MOST_TOLD]]


def flat(metadata: object) -> list[tuple[str, str]]:
    """Metadata as (name, text), nested values as JSON."""
    if not isinstance(metadata, dict):
        return []
    return [(str(name), value if isinstance(value, str) else pretty(value)) for name, value in metadata.items()]


def pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def pretty_payload(payload: str) -> str:
    """The shop's document, indented; as it came when it is no JSON, cut when it is huge."""
    try:
        text = pretty(json.loads(payload))
    except ValueError:
        text = payload
    return text if len(text) <= LONGEST_PAYLOAD else f"{text[:LONGEST_PAYLOAD]}\n…"
