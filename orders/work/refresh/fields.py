"""The fields of an order that its shop writes: which part each belongs to, and what people call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from config.kit import amounts as exact
from orders.choices import Part
from orders.intake.incoming import ZERO, IncomingOrder
from orders.models import Order, OrderLine
from orders.work.refresh.lines import LINE

# What belongs to each part, besides the lines of ITEMS.
FIELDS: dict[Part, tuple[str, ...]] = {
    Part.PAYMENT: ("payment_code", "payment_title", "paid_at"),
    Part.SHIPPING_METHOD: ("shipping_code", "shipping_title"),
    Part.BILLING: ("billing", "buyer", "email", "phone"),
    Part.SHIPPING: ("shipping",),
    Part.ITEMS: (
        "currency", "total", "tax_total", "shipping_total", "shipping_tax", "fee_total", "fee_tax", "discount_total",
        "refunded_total", "residual", "fee_title", "residual_title",
    ),
    Part.NOTE: ("note",),
    Part.METADATA: ("metadata",),
}  # fmt: skip


# Those of ITEMS that are no amounts.
TEXTS = {"currency", "fee_title", "residual_title"}


def values_of(incoming: IncomingOrder) -> dict[str, Any]:
    """The order's fields as the database keeps them."""
    amounts = {name: exact.amount(getattr(incoming, name)) for name in FIELDS[Part.ITEMS] if name not in TEXTS}
    return amounts | {
        "number": incoming.number,
        "currency": incoming.currency,
        "fee_title": incoming.fee_title[:200],
        "residual_title": incoming.residual_title[:200],
        "payment_code": incoming.payment_code,
        "payment_title": incoming.payment_title,
        "paid_at": incoming.paid_at,
        "shipping_code": incoming.shipping_code,
        "shipping_title": incoming.shipping_title,
        "billing": msgspec.to_builtins(incoming.billing),
        "shipping": msgspec.to_builtins(incoming.shipping),
        "buyer": incoming.buyer_name[:200],
        "email": incoming.email,
        "phone": incoming.phone[:40],
        "note": incoming.note,
        "metadata": msgspec.json.decode(msgspec.json.encode(incoming.metadata)),
    }


def merged(order: Order, name: str, value: Any, since: Any) -> Any:
    """What a field becomes; of metadata only the keys that the shop has changed since, where `since` is known."""
    if name != "metadata" or since is None:
        return value
    gone = since.keys() - value.keys()
    news = {key: each for key, each in value.items() if key not in since or since[key] != each}
    return {key: each for key, each in order.metadata.items() if key not in gone} | news


def imbalance(order: Order, lines: Iterable[OrderLine]) -> Decimal:
    """What the total holds beyond lines, shipping, fees and the residual: zero, always."""
    goods = sum((line.total + line.tax for line in lines), ZERO)
    extras = order.shipping_total + order.shipping_tax + order.fee_total + order.fee_tax + order.residual
    difference: Decimal = order.total - goods - extras
    return difference


def is_of_items(name: str) -> bool:
    """Whether a field of the history is a line or an amount: these are taken over together."""
    return name.startswith(LINE) or name in FIELDS[Part.ITEMS]


LABELS = {
    "number": "Number", "status": "Status", "remote_status": "Status in the shop", "payment_code": "Payment code",
    "payment_title": "Payment", "paid_at": "Paid", "shipping_code": "Shipping code", "shipping_title": "Shipping",
    "billing": "Billing address", "shipping": "Shipping address", "buyer": "Buyer", "email": "E-mail",
    "phone": "Phone", "note": "Note of the buyer", "metadata": "Metadata", "currency": "Currency", "total": "Total",
    "tax_total": "Tax", "shipping_total": "Shipping cost", "shipping_tax": "Tax of shipping", "fee_total": "Fees",
    "fee_tax": "Tax of fees", "discount_total": "Discount", "refunded_total": "Refunded",
    "residual": "Rounding and other", "residual_title": "Name of what is not itemised",
    "fee_title": "Name of the fees",
}  # fmt: skip


def label(name: str) -> str:
    """A field of the history as people call it."""
    return f"Item {name.removeprefix(LINE)}" if name.startswith(LINE) else LABELS.get(name, name)


def parts_of(changes: Sequence[Mapping[str, Any]]) -> set[str]:
    parts = {name: part for part, names in FIELDS.items() for name in names}
    found = {parts.get(told["field"]) for told in changes}
    if any(told["field"].startswith(LINE) for told in changes):
        found.add(Part.ITEMS)
    return {str(part) for part in found if part}
