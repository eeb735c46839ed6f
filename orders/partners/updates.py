"""Change an order of the partner API: fields that were sent replace those that are here, the others stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

import msgspec

from orders.choices import EventKind, OrderStatus
from orders.intake.incoming import IncomingLine
from orders.intake.plans import API_HISTORY
from orders.models import OrderLine
from orders.partners.published import Goods, PublishedOrder, billing_of, checked_total, extras, incoming_lines
from orders.work.changing import ChangeRefused, Opened, cancel_units, open_units, opened, reopen_units, resize

ZERO = Decimal(0)


@dataclass(frozen=True)
class OrderUpdate:
    """What was sent, with what it names looked up; `digest` of the whole where an import sent it."""

    sent: PublishedOrder
    goods: Mapping[str, Goods]
    digits: int
    customer_id: int | None
    referrer_id: int | None
    digest: str = ""


def apply(order_id: int, change: OrderUpdate) -> None:
    """Write the change and its entry in the history. Raises InvalidOrder or ChangeRefused, nothing written."""
    with opened(order_id) as book:
        sent = change.sent
        if sent.items is not None:
            _replace_lines(book, change)
        _amounts(book, change)
        _people(book, change)
        if sent.metadata is not None:
            book.set("metadata", sent.metadata)
        if sent.created_at is not None:
            book.set("placed_at", sent.created_at.astimezone(UTC))
        if sent.source_id and not book.order.source_id:
            book.set("source_id", sent.source_id)
        if sent.status is not None:
            _status(book, sent.status)
        if book.order.status == OrderStatus.CANCELLED:
            for line in book.lines:
                if units := open_units(line):
                    cancel_units(line, units)
        book.note(EventKind.EDITED, f"Changed by API (status {book.order.remote_status}).")


def _status(book: Opened, status: str) -> None:
    order = book.order
    book.set("remote_status", status)
    if status in {"PAID", "FULFILLED"} and order.paid_at is None:
        book.set("paid_at", book.at)
    history = order.import_action == API_HISTORY.action
    if status == "CANCELED":
        shipped = [] if history else [line for line in book.lines if line.shipped]
        if shipped:
            raise ChangeRefused(f"{shipped[0].shipped} × {shipped[0].sku or shipped[0].name} are shipped already")
        book.set("status", OrderStatus.CANCELLED)
    elif order.status == OrderStatus.CANCELLED:
        book.set("status", OrderStatus.COMPLETE if history else OrderStatus.PROCESSING)
        for line in book.lines:
            if line.cancelled:
                reopen_units(line, line.cancelled)


def _people(book: Opened, change: OrderUpdate) -> None:
    person = change.sent.customer
    if change.customer_id is not None:
        book.set("customer_id", change.customer_id)
    if change.referrer_id is not None:
        book.set("referrer_id", change.referrer_id)
    if person is None:
        return
    if person.email:
        book.set("email", person.email.lower())
    if person.phone is not None:
        book.set("phone", person.phone)
    if person.name or person.address is not None:
        billing = billing_of(person)
        book.set("billing", {**book.order.billing, **msgspec.to_builtins(billing)})
        book.set("buyer", (person.name or book.order.buyer)[:200])


def _amounts(book: Opened, change: OrderUpdate) -> None:
    """The total follows from what was sent last about amounts, and from the lines."""
    sent, order = change.sent, book.order
    document = {**(order.partner or {}), "digest": change.digest}
    if sent.items is not None:
        document["items"] = extras(sent.items)
        document.pop("amount", None)  # that of the items before
    for name in ("amount", "initial_amount", "discount_amount"):
        value = getattr(sent, name)
        if value is not None:
            document[name] = value
    if not document["digest"]:
        del document["digest"]
    book.keep("partner", document)
    goods = sum((line.total for line in book.lines), ZERO)
    discounts = sum((line.discount for line in book.lines), ZERO)
    amount = _major(document["amount"], change.digits) if "amount" in document else goods + discounts
    discount = _major(document.get("discount_amount", 0), change.digits)
    total = checked_total(amount - discounts - discount)
    book.set("total", total)
    book.set("discount_total", discounts + discount)
    book.keep("residual", total - goods)


def _major(amount: int, digits: int) -> Decimal:
    return Decimal(amount).scaleb(-digits)


def _replace_lines(book: Opened, change: OrderUpdate) -> None:
    """The items sent are the items from now on; a line with the same SKU stays and keeps its reservation."""
    stocked = book.order.import_action != API_HISTORY.action
    wanted = incoming_lines(change.sent.items or [], change.goods, change.digits, stocked=stocked)
    book.lock_products(change.goods[line.sku].product_id for line in wanted if line.stocked)
    left = list(book.lines)
    kept: list[tuple[IncomingLine, OrderLine | None]] = []
    for incoming in wanted:
        same = next((line for line in left if line.sku == incoming.sku and line.sku), None)
        if same is not None:
            left.remove(same)
        kept.append((incoming, same))
    for line in left:
        book.remove(line)
    book.tell("items", f"{len(left) + len(book.lines)} lines", f"{len(kept)} lines")
    for position, (incoming, same) in enumerate(kept):
        if same is None:
            book.lines.append(_new_line(book, change, incoming, position))
        else:
            _change_line(same, incoming, position)


def _new_line(book: Opened, change: OrderUpdate, incoming: IncomingLine, position: int) -> OrderLine:
    product_id = change.goods[incoming.sku].product_id if incoming.stocked else None
    line = OrderLine(
        order=book.order,
        sku=incoming.sku,
        product_id=product_id,
        quantity=incoming.quantity,
        waiting=incoming.quantity if product_id is not None else 0,
    )
    return _describe(line, incoming, position)


def _change_line(line: OrderLine, incoming: IncomingLine, position: int) -> None:
    if incoming.quantity < line.shipped:
        raise ChangeRefused(f"{line.shipped} × {line.sku or line.name} are shipped already")
    if line.quantity != incoming.quantity or line.cancelled:
        resize(line, incoming.quantity)
    _describe(line, incoming, position)


def _describe(line: OrderLine, incoming: IncomingLine, position: int) -> OrderLine:
    line.position, line.key, line.name = position, incoming.key, incoming.name
    line.unit_price, line.total, line.discount = incoming.unit_price, incoming.total, incoming.discount
    line.metadata = incoming.metadata
    return line
