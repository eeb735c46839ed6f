"""Change an order of the partner API: fields that were sent replace those that are here, the others stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from config.kit.public_ids import PublicIds
from orders.choices import EventKind, OrderStatus
from orders.intake.incoming import IncomingLine
from orders.intake.plans import API_HISTORY
from orders.models import OrderLine
from orders.partners.meanings import Goods
from orders.partners.published import Item, PublishedOrder
from orders.partners.sent_back import AMOUNTS
from orders.partners.to_book import billing_news, checked_total, extras_of, incoming_lines
from orders.work.changing import LINE, ChangeRefused, Opened, cancel_units, exchange, open_units, reopen_units, resize

ZERO = Decimal(0)


@dataclass(frozen=True)
class OrderUpdate:
    """What is new in what was sent, with what it names looked up."""

    sent: PublishedOrder
    goods: Sequence[Goods]
    """What each item that was sent means."""
    ids: PublicIds
    digits: int
    customer_id: int | None
    referrer_id: int | None
    behind: Mapping[int, Goods]
    """The goods behind the lines as they were, where items were sent."""
    answered: Mapping[int, Item]
    """The items as they were answered, by line: one that comes back unchanged leaves its line alone."""


def apply(book: Opened, change: OrderUpdate) -> bool:
    """Make the change and its entry in the history; whether anything is different.

    The caller writes it, or throws `book` away. Raises InvalidOrder or ChangeRefused.
    """
    sent = change.sent
    if sent.items is not None or any(getattr(sent, name) is not None for name in AMOUNTS):
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
    if not book.is_changed:
        return False
    book.note(EventKind.EDITED, f"Changed by API (status {book.order.remote_status}).")
    return True


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
    if person.email is not UNSET:
        book.set("email", (person.email or "").lower())
    if person.phone is not UNSET:
        book.set("phone", person.phone or "")
    if news := billing_news(person):
        book.set("billing", book.order.billing | news)
    if person.name is not UNSET:
        book.set("buyer", person.name or "")


def _amounts(book: Opened, change: OrderUpdate) -> None:
    """The total follows from what was sent last about amounts, and from the lines."""
    sent, order = change.sent, book.order
    document: dict[str, Any] = dict(order.partner or {})
    discounts = sum((line.discount for line in book.lines), ZERO)
    amount = order.total + max(order.discount_total, discounts)
    discount = max(ZERO, order.discount_total - discounts)
    if sent.items is not None:
        document["items"] = _replace_lines(book, change, document.get("items", {}))
        document.pop("amount", None)  # that of the items before
        discounts = sum((line.discount for line in book.lines), ZERO)
        amount = sum((line.total for line in book.lines), ZERO) + discounts
    for name in AMOUNTS:
        value = getattr(sent, name)
        if value is not None:
            document[name] = value
    if not document.get("items", True):
        del document["items"]
    book.keep("partner", document)
    if sent.amount is not None:
        amount = _major(sent.amount, change.digits)
    if sent.discount_amount is not None:
        discount = _major(sent.discount_amount, change.digits)
    total = checked_total(amount - discounts - discount)
    book.set("total", total)
    book.set("discount_total", discounts + discount)
    book.keep("residual", total - sum((line.total for line in book.lines), ZERO))


def _major(amount: int, digits: int) -> Decimal:
    return Decimal(amount).scaleb(-digits)


def _replace_lines(book: Opened, change: OrderUpdate, extras: Mapping[str, Any]) -> dict[str, Any]:
    """The items sent are the items from now on; a line that is met stays and keeps its reservation.

    `extras` by the keys of the lines before; as they are now.
    """
    items = change.sent.items or []
    stocked = book.order.import_action != API_HISTORY.action
    wanted = incoming_lines(items, change.goods, change.digits, stocked=stocked)
    behind = [goods.product_id if stocked else None for goods in change.goods]
    book.lock_products(pk for pk in behind if pk is not None)
    met = _met(book.lines, change)
    before, stays = len(book.lines), {line.id for line in met.values()}
    for gone in [line for line in book.lines if line.id not in stays]:
        book.remove(gone)
    found: dict[str, Any] = {}
    for position, (item, incoming) in enumerate(zip(items, wanted, strict=True)):
        line = met.get(position)
        extra = extras_of(item, change.goods[position], change.digits)
        if line is None:
            book.lines.append(_new_line(book, behind[position], incoming, position))
        elif item == change.answered.get(line.id):
            extra = extras.get(line.key, {})
            line.position, line.key = position, incoming.key
        else:
            _change_line(line, incoming, behind[position], position)
        if extra:
            found[incoming.key] = extra
    if book.is_changed:
        book.tell("items", f"{before} lines", f"{len(items)} lines")
    return found


def _met(lines: Sequence[OrderLine], change: OrderUpdate) -> dict[int, OrderLine]:
    """Which line each item is, by its place: that of its `id`, else the first left with its SKU, else its product."""
    items = change.sent.items or []
    left = {line.id: line for line in lines}
    met = {}
    for place, item in enumerate(items):
        line = left.pop(change.ids.take("ordli", item.id) or 0, None) if item.id else None
        if line is not None:
            met[place] = line
    for same in (_same_goods, _same_product):
        for place, goods in enumerate(change.goods):
            if place in met or not goods.kind:
                continue
            for pk, line in left.items():
                if same(goods, line, change.behind.get(pk)):
                    met[place] = left.pop(pk)
                    break
    return met


def _same_goods(goods: Goods, line: OrderLine, behind: Goods | None) -> bool:
    return line.sku == goods.code or (
        behind is not None and goods.product_id is not None and behind.product_id == goods.product_id
    )


def _same_product(goods: Goods, line: OrderLine, behind: Goods | None) -> bool:
    """An item that means a product meets a line of it, whichever SKU that has."""
    if goods.kind != "product" or goods.parent is None or behind is None or behind.parent is None:
        return False
    return behind.parent.pk == goods.parent.pk


def _new_line(book: Opened, product_id: int | None, incoming: IncomingLine, position: int) -> OrderLine:
    line = LINE.new(
        order_id=book.order.pk,
        sku=incoming.sku,
        product_id=product_id,
        quantity=incoming.quantity,
        waiting=incoming.quantity if product_id is not None else 0,
    )
    return _describe(line, incoming, position)


def _change_line(line: OrderLine, incoming: IncomingLine, product_id: int | None, position: int) -> None:
    if incoming.quantity < line.shipped:
        raise ChangeRefused(f"{line.shipped} × {line.sku or line.name} are shipped already")
    if line.sku != incoming.sku or (product_id is not None and line.product_id != product_id and not line.shipped):
        exchange(line, product_id)
        line.sku = incoming.sku
    if line.quantity != incoming.quantity or line.cancelled:
        resize(line, incoming.quantity)
    _describe(line, incoming, position)


def _describe(line: OrderLine, incoming: IncomingLine, position: int) -> OrderLine:
    line.position, line.key, line.name = position, incoming.key, incoming.name
    line.unit_price, line.total, line.discount = incoming.unit_price, incoming.total, incoming.discount
    line.metadata = incoming.metadata
    return line
