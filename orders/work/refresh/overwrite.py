"""Overwrite an order of the book from a newer answer of its shop, say what changed, and take that back again.

No document is made or undone here: what is shipped or invoiced stays, and is reported where the shop says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from config.kit.plain_values import plain, value_of
from config.kit.plurals import are, counted
from orders.choices import TAKEN_OVER, DocumentType, EventKind, OrderStatus, Part
from orders.customers import from_shops
from orders.intake.incoming import IncomingOrder
from orders.models import Order, OrderEvent, OrderLine
from orders.work import lifecycle, notes
from orders.work.changing import Opened, cancel_units, open_units, opened, reopen_units
from orders.work.refresh import lines as items
from orders.work.refresh.fields import FIELDS, imbalance, is_of_items, label, merged, parts_of, values_of

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
    since: IncomingOrder | None = None
    """The answer the order was last written from, to follow the shop: only what has changed there since is taken over,
    whatever mappings and names say by now. None, to synchronize: all of it is."""


class _Undo(Exception):
    """Leaves a preview's transaction without a trace."""


class _Forbidden(Exception):
    """The order does not allow it: leaves the transaction with nothing written."""


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
    """Overwrite the order, as a whole or not at all, and keep the change in its history.

    Raises ChangedMeanwhile when the order's version is not `seen` any more.
    """
    try:
        return _refresh(order_id, answer, actor_id, seen)
    except _Forbidden as refusal:
        return Refreshed(RefreshOutcome.REFUSED, str(refusal))


def _refresh(order_id: int, answer: ShopAnswer, actor_id: int | None, seen: int | None) -> Refreshed:
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
        _overwrite(change, answer, kept, reports)
        # Only a status that is new follows: what was held or cancelled here since stays so.
        reports += _follow(change, answer.follow if incoming.status != order.remote_status else None, incoming)
        change.set("remote_status", incoming.status)
        if incoming.comments and (new := notes.take_over(order_id, incoming.comments)):
            reports.append(f"New comments of the shop: {new}.")
        if not change.changes:
            Order.objects.filter(pk=order_id).update(remote_modified_at=incoming.modified_at, shop_changed_at=None)
            return Refreshed(RefreshOutcome.SAME, "The order is as it is in the shop.", reports=tuple(reports))
        change.keep("remote_modified_at", incoming.modified_at)
        change.keep("shop_changed_at", None)
        change.keep("edited", sorted(part for part in order.edited if part in kept))
        if answer.since is None:
            change.note(EventKind.SYNCHRONIZED, _told(change.changes, reports))
        else:
            change.note(EventKind.FOLLOWED, _told(change.changes, reports, "Changed by the shop"))
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
    event = OrderEvent.objects.get(pk=event_id, order_id=order_id, kind__in=TAKEN_OVER)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        before = {line.pk: (line.reserved, line.waiting) for line in change.lines}
        reports: list[str] = []
        status: str | None = None
        _open_again(change, event)
        reports += _put_items_back(change, [told for told in event.changes if is_of_items(told["field"])])
        for told in event.changes:
            name = told["field"]
            if is_of_items(name):
                continue
            if name == "status":
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
        change.mark_edited(*parts_of(change.changes))
        change.note(EventKind.REVERTED, f"Synchronization of {event.at:%d %b %Y %H:%M} UTC taken back.")
    effects = _stock_effects(order_id, before, change.removed)
    return Refreshed(RefreshOutcome.CHANGED, "Taken back.", tuple(change.changes), tuple(reports), effects)


def _put_items_back(change: Opened, told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Items and amounts go back together or not at all: half of them would not make up the total."""
    why_not = []
    for each in told:
        name = each["field"]
        if name.startswith(items.LINE):
            why_not.append(items.why_not_back(change, each))
        else:
            changed = _as_told(change.order, name) != each["new"]
            why_not.append(f"{label(name)} was changed since: it stays." if changed else "")
    reports = [reason for reason in why_not if reason]
    if reports:
        together = "Items and amounts stay as they are: they go back together or not at all."
        return reports if len(reports) == len(told) else [*reports, together]
    for each in told:
        if each["field"].startswith(items.LINE):
            items.put_back(change, each)
        else:
            change.set(each["field"], value_of(Order, each["field"], each["old"]))
    return []


def _open_again(change: Opened, event: OrderEvent) -> None:
    """Where the synchronisation itself completed the order, its items can be put back."""
    for told in event.changes:
        if told["field"] == "status" and told["new"] == change.order.status == OrderStatus.COMPLETE:
            change.set("status", told["old"])


def _overwrite(change: Opened, answer: ShopAnswer, kept: frozenset[Part], reports: list[str]) -> None:
    """Set all fields and lines from the answer. Raises _Forbidden."""
    values = values_of(answer.order)
    since = None if answer.since is None else values_of(answer.since)
    for part, names in FIELDS.items():
        if part in kept:
            continue
        for name in names:
            if since is None or values[name] != since[name] or part == Part.ITEMS:
                change.set(name, merged(change.order, name, values[name], since and since[name]))
    change.set("number", values["number"])
    if Part.BILLING not in kept and answer.order.email and change.order.email == values["email"]:
        found = from_shops.find_or_create(change.order.project_id, [answer.order], change.at)
        change.keep("customer_id", found.get(answer.order.email.lower()))
    if Part.ITEMS in kept:
        return
    before = None if answer.since is None else answer.since.lines
    refused, left = items.overwrite(change, answer.order.lines, before, create=answer.create_unknown_products)
    if refused:
        raise _Forbidden(refused)
    if difference := imbalance(change.order, change.lines):
        raise _Forbidden(
            f"The parts of the order would differ from its total by {difference.normalize():f}: nothing was taken over."
            " Correct the order in the shop, then synchronize again."
        )
    reports += left
    if any(is_of_items(told["field"]) and told["field"] != "refunded_total" for told in change.changes):
        reports += [f"Invoice {code} was issued before: it stays as it is." for code in _invoices(change.order)]


def _follow(change: Opened, follow: OrderStatus | None, answer: IncomingOrder | None = None) -> list[str]:
    """Give the order the status its remote one means, unless documents stand in the way; what was left.

    Opened again are all units but those that the answer says were paid back.
    """
    order = change.order
    if follow is None or follow == order.status:
        _settle(change)
        return []
    shipped = sum(line.shipped for line in change.lines)
    left = sum(map(open_units, change.lines))
    reports = []
    if follow == OrderStatus.COMPLETE and left:
        reports.append(f"The order is complete in the shop, but {counted(left, 'unit')} {are(left)} not shipped here.")
        follow = OrderStatus(order.status)
    elif follow == OrderStatus.CANCELLED and shipped:
        reports.append(
            f"The order is cancelled in the shop, but {counted(shipped, 'unit')} {are(shipped)} shipped here: it stays."
        )
        follow = OrderStatus(order.status)
    elif order.status == OrderStatus.COMPLETE and follow != OrderStatus.COMPLETE and shipped:
        reports.append("The order is complete here, with its documents: it stays.")
        follow = OrderStatus.COMPLETE
    elif follow == OrderStatus.CANCELLED:
        reports += [f"Invoice {code} stands: issue a credit note where money goes back." for code in _invoices(order)]
    if order.status == OrderStatus.CANCELLED and follow not in {OrderStatus.CANCELLED, OrderStatus.COMPLETE}:
        told = answer.lines if answer else ()
        refunded = {items.key_of(line, place): line.refunded for place, line in enumerate(told)}
        for place, line in enumerate(change.lines):
            units = line.cancelled - min(line.cancelled, refunded.get(items.line_key(line, place), 0))
            if units:
                reopen_units(line, units)
    change.set("status", follow.value)
    _settle(change)
    return reports


def _find_customer(change: Opened) -> None:
    """The customer goes with the e-mail address."""
    email = change.order.email.lower()
    if any(told["field"] == "email" for told in change.changes):
        found = from_shops.held(change.order.project_id, email, change.at) if email else None
        change.keep("customer_id", found)


def _settle(change: Opened) -> None:
    """A cancelled order keeps nothing open; one of which all that the shop left is shipped is complete."""
    if change.order.status == OrderStatus.CANCELLED:
        for line in change.lines:
            if open_units(line):
                cancel_units(line, open_units(line))
    elif any(line.shipped or line.cancelled for line in change.lines):
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


def _told(changes: Sequence[Mapping[str, Any]], reports: Sequence[str], what: str = "Taken over from the shop") -> str:
    names = [label(told["field"]) for told in changes]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return " ".join([f"{what}: {', '.join(names[:6])}{more}.", *reports])


def _as_told(order: Order, name: str) -> Any:
    """The field's present value as the history would tell it."""
    return plain(getattr(order, name))
