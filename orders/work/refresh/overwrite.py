"""Overwrite an order of the book from a newer answer of its shop, say what changed, and take that back again.

No document is made or undone here: what is shipped or invoiced stays, and is reported where the shop says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from django.db import transaction

from config.kit import amounts as exact
from orders import customers
from orders.choices import DocumentType, EventKind, OrderStatus, Part
from orders.intake.incoming import IncomingOrder
from orders.models import Customer, Order, OrderEvent, OrderLine
from orders.work import lifecycle
from orders.work.changing import Opened, cancel_units, open_units, opened, plain, reopen_units, value_of
from orders.work.refresh import lines as items

# What belongs to each part, besides the lines of ITEMS.
FIELDS: dict[Part, tuple[str, ...]] = {
    Part.PAYMENT: ("payment_code", "payment_title", "paid_at"),
    Part.SHIPPING_METHOD: ("shipping_code", "shipping_title"),
    Part.BILLING: ("billing", "buyer", "email", "phone"),
    Part.SHIPPING: ("shipping",),
    Part.ITEMS: (
        "currency", "total", "tax_total", "shipping_total", "shipping_tax", "fee_total", "fee_tax", "discount_total",
        "refunded_total", "residual",
    ),
    Part.NOTE: ("note",),
    Part.METADATA: ("metadata",),
}  # fmt: skip


ERASED = "The buyer of this order was erased: nothing is taken over from the shop any more, or they would come back."


class RefreshOutcome(StrEnum):
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"
    """An older answer than the one the order was last written from."""
    REFUSED = "refused"


@dataclass(frozen=True)
class StockEffect:
    """What a line reserves and waits for, before and after."""

    sku: str
    name: str
    reserved: tuple[int, int]
    waiting: tuple[int, int]


@dataclass(frozen=True)
class Refreshed:
    """What became of an order; the sentences are for staff."""

    outcome: RefreshOutcome
    sentence: str = ""
    changes: tuple[Mapping[str, Any], ...] = ()
    """[{"field", "old", "new"}] as the history keeps them."""
    reports: tuple[str, ...] = ()
    """What the shop says otherwise and was left as it is here."""
    stock: tuple[StockEffect, ...] = ()


@dataclass(frozen=True)
class ShopAnswer:
    """A shop's answer, ready to be written: in our words, with what its status means here (None: nothing)."""

    order: IncomingOrder
    follow: OrderStatus | None
    ours: frozenset[Part] = frozenset()
    """Parts that stay as they were edited here."""
    create_unknown_products: bool = True


class _Undo(Exception):
    """Leaves a preview's transaction without a trace."""


def preview(order_id: int, answer: ShopAnswer) -> Refreshed:
    """What `refresh` would do now; nothing is written."""
    found = Refreshed(RefreshOutcome.SAME)
    try:
        with transaction.atomic():
            found = refresh(order_id, answer)
            raise _Undo
    except _Undo:
        return found


def refresh(order_id: int, answer: ShopAnswer, *, actor_id: int | None = None, seen: int | None = None) -> Refreshed:
    """Overwrite the order and keep the change in its history.

    Raises ChangedMeanwhile when the order's version is not `seen` any more.
    """
    incoming = answer.order
    with opened(order_id, actor_id=actor_id, seen=seen) as change:
        order = change.order
        if order.erased_at is not None:
            return Refreshed(RefreshOutcome.REFUSED, ERASED)
        if order.remote_modified_at and incoming.modified_at < order.remote_modified_at:
            return Refreshed(
                RefreshOutcome.STALE, "The shop's answer is older than what the order was last written from."
            )
        before = {line.pk: (line.reserved, line.waiting) for line in change.lines}
        kept = answer.ours & {Part(part) for part in order.edited}
        reports = [f"{part.label} stays as it was edited here." for part in sorted(kept)]
        refused = _overwrite(change, answer, kept, reports)
        if refused:
            return Refreshed(RefreshOutcome.REFUSED, refused)
        # Only a status that is new follows: what was held or cancelled here since stays so.
        reports += _follow(change, answer.follow if incoming.status != order.remote_status else None)
        change.set("remote_status", incoming.status)
        if not change.changes:
            Order.objects.filter(pk=order_id).update(remote_modified_at=incoming.modified_at)
            return Refreshed(RefreshOutcome.SAME, "The order is as it is in the shop.", reports=tuple(reports))
        change.keep("remote_modified_at", incoming.modified_at)
        change.keep("edited", sorted(part for part in order.edited if part in kept))
        change.note(EventKind.SYNCHRONIZED, _told(change.changes, reports))
    return Refreshed(
        RefreshOutcome.CHANGED,
        _told(change.changes, ()),
        tuple(change.changes),
        tuple(reports),
        _stock_effects(order_id, before, change.removed),
    )


def follow_status(order_id: int, status: str, follow: OrderStatus | None) -> Refreshed:
    """Carry only the shop's status over, as the order update feed does."""
    with opened(order_id) as change:
        reports = _follow(change, follow)
        change.set("remote_status", status)
        if not change.changes:
            return Refreshed(RefreshOutcome.SAME, reports=tuple(reports))
        change.note(EventKind.SYNCHRONIZED, _told(change.changes, reports))
    return Refreshed(RefreshOutcome.CHANGED, _told(change.changes, ()), tuple(change.changes), tuple(reports))


def revert(order_id: int, event_id: int, *, seen: int | None = None, actor_id: int | None = None) -> Refreshed:
    """Put back what a synchronisation changed, as far as nothing else has changed it since.

    What was put back counts as edited here. Raises ChangedMeanwhile, and OrderEvent.DoesNotExist.
    """
    event = OrderEvent.objects.get(pk=event_id, order_id=order_id, kind=EventKind.SYNCHRONIZED)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        before = {line.pk: (line.reserved, line.waiting) for line in change.lines}
        reports: list[str] = []
        status: str | None = None
        _open_again(change, event)
        for told in event.changes:
            name = told["field"]
            if name.startswith(items.LINE):
                reports += items.put_back(change, told)
            elif name == "status":
                status = told["old"] if change.order.status == told["new"] else None
            elif _as_told(change.order, name) == told["new"]:
                change.set(name, value_of(Order, name, told["old"]))
            else:
                reports.append(f"{label(name)} was changed since: it stays.")
        if status:
            reports += _follow(change, OrderStatus(status))
        _settle(change)
        _find_customer(change)
        if not change.changes:
            return Refreshed(
                RefreshOutcome.SAME, "Nothing of this synchronization is left to take back.", (), tuple(reports)
            )
        change.mark_edited(*_parts_of(change.changes))
        change.note(EventKind.REVERTED, f"Synchronization of {event.at:%d %b %Y %H:%M} UTC taken back.")
    effects = _stock_effects(order_id, before, change.removed)
    return Refreshed(RefreshOutcome.CHANGED, "Taken back.", tuple(change.changes), tuple(reports), effects)


def _open_again(change: Opened, event: OrderEvent) -> None:
    """Where the synchronisation itself completed the order, its items can be put back."""
    for told in event.changes:
        if told["field"] == "status" and told["new"] == change.order.status == OrderStatus.COMPLETE:
            change.set("status", told["old"])


def _overwrite(change: Opened, answer: ShopAnswer, kept: frozenset[Part], reports: list[str]) -> str:
    """Set all fields and lines from the answer; why that is not possible, "" when it is."""
    values = values_of(answer.order)
    for part, names in FIELDS.items():
        if part in kept:
            continue
        for name in names:
            change.set(name, values[name])
    change.set("number", values["number"])
    if Part.BILLING not in kept and answer.order.email:
        found = customers.find_or_create(change.order.project_id, [answer.order], change.at)
        change.keep("customer_id", found.get(answer.order.email.lower()))
    if Part.ITEMS in kept:
        return ""
    if change.order.status == OrderStatus.COMPLETE:
        reports += items.differences(change, answer.order.lines)
        return ""
    refused, left = items.overwrite(change, answer.order.lines, create=answer.create_unknown_products)
    reports += left
    if any(told["field"].startswith(items.LINE) or told["field"] == "total" for told in change.changes):
        reports += [f"Invoice {code} was issued before: it stays as it is." for code in _invoices(change.order)]
    return refused


def values_of(incoming: IncomingOrder) -> dict[str, Any]:
    """The order's fields as the database keeps them."""
    amounts = {name: exact.amount(getattr(incoming, name)) for name in FIELDS[Part.ITEMS] if name != "currency"}
    return amounts | {
        "number": incoming.number,
        "currency": incoming.currency,
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


def _follow(change: Opened, follow: OrderStatus | None) -> list[str]:
    """Give the order the status its remote one means, unless documents stand in the way; what was left."""
    order = change.order
    if follow is None or follow == order.status:
        _settle(change)
        return []
    shipped = sum(line.shipped for line in change.lines)
    left = sum(map(open_units, change.lines))
    reports = []
    if follow == OrderStatus.COMPLETE and left:
        reports.append(f"The order is complete in the shop, but {left} unit(s) are not shipped here.")
        follow = OrderStatus(order.status)
    elif follow == OrderStatus.CANCELLED and shipped:
        reports.append(f"The order is cancelled in the shop, but {shipped} unit(s) are shipped here: it stays.")
        follow = OrderStatus(order.status)
    elif order.status == OrderStatus.COMPLETE and follow != OrderStatus.COMPLETE and shipped:
        reports.append("The order is complete here, with its documents: it stays.")
        follow = OrderStatus.COMPLETE
    elif follow == OrderStatus.CANCELLED:
        reports += [f"Invoice {code} stands: issue a credit note where money goes back." for code in _invoices(order)]
    if order.status == OrderStatus.CANCELLED and follow not in {OrderStatus.CANCELLED, OrderStatus.COMPLETE}:
        for line in change.lines:
            if line.cancelled:
                reopen_units(line, line.cancelled)
    change.set("status", follow.value)
    _settle(change)
    return reports


def _find_customer(change: Opened) -> None:
    """The customer goes with the e-mail address."""
    email = change.order.email.lower()
    if any(told["field"] == "email" for told in change.changes):
        found = Customer.objects.filter(project_id=change.order.project_id, email=email).first() if email else None
        change.keep("customer_id", found.pk if found else None)


def _settle(change: Opened) -> None:
    """A cancelled order keeps nothing open; one of which all that the shop left is shipped is complete."""
    if change.order.status == OrderStatus.CANCELLED:
        for line in change.lines:
            if open_units(line):
                cancel_units(line, open_units(line))
    elif any(line.shipped for line in change.lines):
        lifecycle.settle(change)


def _invoices(order: Order) -> list[str]:
    invoices = order.invoices.filter(document_type=DocumentType.INVOICE)
    return list(invoices.order_by("pk").values_list("code", flat=True))


def _stock_effects(
    order_id: int, before: Mapping[int, tuple[int, int]], removed: Sequence[OrderLine]
) -> tuple[StockEffect, ...]:
    lines = [*OrderLine.objects.filter(order_id=order_id, product__isnull=False), *removed]
    effects = []
    for line in lines:
        old = before.get(line.pk, (0, 0))
        new = (0, 0) if line in removed else (line.reserved, line.waiting)
        if old != new:
            effects.append(StockEffect(line.sku, line.name, (old[0], new[0]), (old[1], new[1])))
    return tuple(effects)


LABELS = {
    "number": "Number", "status": "Status", "remote_status": "Status in the shop", "payment_code": "Payment code",
    "payment_title": "Payment", "paid_at": "Paid", "shipping_code": "Shipping code", "shipping_title": "Shipping",
    "billing": "Billing address", "shipping": "Shipping address", "buyer": "Buyer", "email": "E-mail",
    "phone": "Phone", "note": "Note of the buyer", "metadata": "Metadata", "currency": "Currency", "total": "Total",
    "tax_total": "Tax", "shipping_total": "Shipping cost", "shipping_tax": "Tax of shipping", "fee_total": "Fees",
    "fee_tax": "Tax of fees", "discount_total": "Discount", "refunded_total": "Refunded",
    "residual": "Rounding and other",
}  # fmt: skip


def label(name: str) -> str:
    """A field of the history as people call it."""
    return f"Item {name.removeprefix(items.LINE)}" if name.startswith(items.LINE) else LABELS.get(name, name)


def _told(changes: Sequence[Mapping[str, Any]], reports: Sequence[str]) -> str:
    names = [label(told["field"]) for told in changes]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return " ".join([f"Taken over from the shop: {', '.join(names[:6])}{more}.", *reports])


def _as_told(order: Order, name: str) -> Any:
    """The field's present value as the history would tell it."""
    return plain(getattr(order, name))


def _parts_of(changes: Sequence[Mapping[str, Any]]) -> set[str]:
    parts = {name: part for part, names in FIELDS.items() for name in names}
    found = {parts.get(told["field"]) for told in changes}
    if any(told["field"].startswith(items.LINE) for told in changes):
        found.add(Part.ITEMS)
    return {str(part) for part in found if part}
