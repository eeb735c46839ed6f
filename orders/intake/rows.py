"""The rows of a page of new orders, as COPY wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import add
from typing import Any

import msgspec

from config.kit.sql import copy_rows
from orders.choices import Effect, EventKind
from orders.intake.drafts import Draft, Intake, Source
from orders.intake.incoming import IncomingLine
from orders.models import Order, OrderEffect, OrderEvent, OrderLine, OrderNote
from orders.search import vector_of_incoming

ORDER_COLUMNS = (
    "id", "project_id", "run_id", "number", "status", "tab", "import_action", "remote_status", "placed_at", "paid_at",
    "remote_modified_at", "currency", "total", "discount_total", "residual", "customer_id", "buyer", "email", "phone",
    "billing", "metadata", "search", "created_at", "updated_at", "source_id", "partner", "referrer_id", "warehouse_id",
)  # fmt: skip
LINE_COLUMNS = (
    "id", "order_id", "position", "key", "sku", "name", "product_id", "quantity", "reserved", "waiting", "shipped",
    "cancelled", "unit_price", "total", "discount", "metadata",
)  # fmt: skip
# What no order of a partner has: left to the defaults of the database, an import of thousands takes a sixteenth less.
SHOP_ORDER_COLUMNS = (
    "integration_id", "remote_order_id", "tax_total", "shipping_total", "shipping_tax", "fee_total", "fee_tax",
    "refunded_total", "shipping", "payment_code", "payment_title", "shipping_code", "shipping_title", "note",
    "warnings", "fee_title", "residual_title",
)  # fmt: skip
SHOP_LINE_COLUMNS = ("tax", "tax_name", "shipping")


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def as_plain(value: Any) -> Any:
    """As `as_json`, for a column of Django's: amounts and times as text."""
    return msgspec.to_builtins(value)


def write_orders(source: Source, drafts: Sequence[Draft], customer_ids: Mapping[str, int]) -> None:
    """COPY orders, lines, effects and the first event of each order's history."""
    at = str(source.at)  # written once: a time takes as long as ten other values
    orders = (_order(source, at, draft, customer_ids) for draft in drafts)
    lines = (row for draft in drafts for row in _lines(draft))
    if all(draft.intake.partner for draft in drafts):
        copy_rows(Order, ORDER_COLUMNS, orders)
        copy_rows(OrderLine, LINE_COLUMNS, lines)
    else:
        of_shops = (shop_order(source, draft.intake) for draft in drafts)
        copy_rows(Order, ORDER_COLUMNS + SHOP_ORDER_COLUMNS, map(add, orders, of_shops))
        shop_lines = (shop_line(line.incoming) for draft in drafts for line in draft.lines)
        copy_rows(OrderLine, LINE_COLUMNS + SHOP_LINE_COLUMNS, map(add, lines, shop_lines))
    effects = [(draft.id, effect) for draft in drafts for effect in _effects(draft)]
    if effects:
        copy_rows(OrderEffect, ("order_id", "effect"), effects)
    comments = [(draft.id, comment) for draft in drafts for comment in draft.intake.order.comments]
    if comments:
        copy_rows(
            OrderNote,
            ("order_id", "text", "at", "remote_key", "remote_author"),
            ((order_id, each.text, each.at, each.key, each.author) for order_id, each in comments),
        )
    copy_rows(
        OrderEvent,
        ("order_id", "kind", "message", "actor_id", "at"),
        [
            (draft.id, EventKind.IMPORTED.value, _message(draft), None, at)
            for draft in drafts
        ],
    )  # fmt: skip


def _order(source: Source, at: str, draft: Draft, customer_ids: Mapping[str, int]) -> tuple[Any, ...]:
    """`at`: that of the source, as text."""
    order = draft.intake.order
    plan = draft.intake.plan
    partner = draft.intake.partner
    if partner is not None:
        customer_id = partner.customer_id
    else:
        customer_id = customer_ids.get(order.email.lower()) if order.email else None
    placed_at = str(order.placed_at)
    return (
        draft.id, source.project_id, source.run_id, order.number or f"API-{draft.id}",
        plan.status.value, draft.tab.value, plan.action, order.status, placed_at,
        placed_at if order.paid_at is order.placed_at else order.paid_at,
        at if order.modified_at is source.at else order.modified_at,
        order.currency, order.total, order.discount_total, order.residual, customer_id, order.buyer_name[:200],
        order.email, order.phone[:40], as_json(order.billing), as_json(order.metadata), vector_of_incoming(order),
        at, at, partner.source_id if partner else "", as_json(partner.document()) if partner else None,
        partner.referrer_id if partner else None, draft.place,
    )  # fmt: skip


def shop_order(source: Source, intake: Intake) -> tuple[Any, ...]:
    """As `SHOP_ORDER_COLUMNS`."""
    order = intake.order
    return (
        source.integration_id, intake.remote_order_id, order.tax_total, order.shipping_total, order.shipping_tax,
        order.fee_total, order.fee_tax, order.refunded_total, as_json(order.shipping), order.payment_code,
        order.payment_title, order.shipping_code, order.shipping_title, order.note, as_json(order.warnings),
        order.fee_title[:200], order.residual_title[:200],
    )  # fmt: skip


def _lines(draft: Draft) -> Iterator[tuple[Any, ...]]:
    for position, line in enumerate(draft.lines):
        incoming = line.incoming
        yield (
            line.id, draft.id, position, incoming.key, incoming.sku, incoming.name, line.product_id, incoming.quantity,
            line.reserved, line.waiting, line.shipped, line.cancelled, incoming.unit_price, incoming.total,
            incoming.discount, as_json(incoming.metadata) if incoming.metadata else "{}",
        )  # fmt: skip


def shop_line(line: IncomingLine) -> tuple[Any, ...]:
    """As `SHOP_LINE_COLUMNS`."""
    return line.tax, line.tax_name, as_json(line.shipping)


def _effects(draft: Draft) -> Iterator[str]:
    plan = draft.intake.plan
    if plan.reserve:
        yield Effect.RESERVE.value
    if plan.invoice:
        yield Effect.INVOICE.value
    if plan.ship:
        yield Effect.SHIP.value
    if plan.move_stock:
        yield Effect.MOVE.value


SENTENCES = {
    "valid": "Imported as valid",
    "invoice": "Imported as valid and invoiced",
    "cancel": "Imported as cancelled",
    "hold": "Imported on hold",
    "complete": "Imported as complete: invoiced, shipped, stock moved",
    "history": "Imported as history: invoiced and shipped, stock untouched",
}


FROM_PARTNER = {"api_history": "Imported as history, stock untouched,"}


def _message(draft: Draft) -> str:
    if draft.intake.partner is not None:
        return f"{FROM_PARTNER.get(draft.intake.plan.action, 'Created')} by API (status {draft.intake.order.status})."
    what = SENTENCES.get(draft.intake.plan.action, "Imported")
    return f"{what} (status in the shop: {draft.intake.order.status})."
