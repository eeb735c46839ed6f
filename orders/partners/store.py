"""Write orders that partners send: create once, update what is here, a page at a time, in the caller's transaction.

History (bulk imports) touches no stock and makes no documents. Live orders reserve what is available, like those of
shops; another status or other items release and reserve again (`orders.partners.updates`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel.numbers import get_currency_precision
from django.db import transaction

from config.kit.public_ids import PublicIds
from config.kit.refusals import Refused
from config.kit.sql import execute
from orders.intake.drafts import FromPartner, Intake, Obstacle, Source
from orders.intake.new_orders import take_in
from orders.intake.plans import API_HISTORY, API_HISTORY_CANCELLED, CANCEL, VALID, Plan
from orders.models import Order
from orders.partners.published import Goods, InvalidOrder, Item, PublishedOrder, kept, to_incoming
from orders.partners.sent_customers import Customers, Identity
from orders.partners.updates import OrderUpdate, apply
from orders.work.changing import ChangeRefused
from stock import catalogue, ledger
from stock.catalogue import WantedProduct


@dataclass(frozen=True)
class Book:
    """A project's order book as its partners write to it."""

    project_id: int
    currency: str
    zone: ZoneInfo
    ids: PublicIds
    at: datetime
    run_id: int | None = None

    @property
    def digits(self) -> int:
        return get_currency_precision(self.currency)


@dataclass(frozen=True)
class Stored:
    """The order is in the book; `what` is created, updated or skipped."""

    order_id: int
    what: str


@dataclass(frozen=True)
class RowFailure:
    """Nothing was written for the order. `key` is stable, `reason` for people."""

    key: str
    reason: str


Outcome = Stored | RowFailure


@dataclass(frozen=True)
class _Known:
    pk: int
    action: str
    from_shop: bool
    digest: str
    erased: bool


@dataclass
class _Entry:
    """One order of the page on its way."""

    order: PublishedOrder
    known: _Known | None = None
    outcome: Outcome | None = None
    customer: Identity | None = None
    referrer: Identity | None = None
    digest: str = ""


@dataclass
class _Page:
    book: Book
    entries: list[_Entry]
    live: bool
    goods: dict[str, Goods] = field(default_factory=dict)

    @property
    def open(self) -> list[_Entry]:
        return [entry for entry in self.entries if entry.outcome is None]


def store(book: Book, orders: Sequence[PublishedOrder], *, live: bool, on_conflict: str = "update") -> list[Outcome]:
    """Write a page; the outcomes stand in the order of `orders`. No source id comes twice in a page.

    Raises database errors as they come: the caller isolates the order that causes one.
    """
    ledger.lock_project(book.project_id)
    page = _Page(book, [_Entry(order) for order in orders], live)
    _find(page, on_conflict)
    _find_goods(page)
    customers = _write_customers(page)
    _create(page, customers)
    for entry in page.open:
        entry.outcome = _update(page, entry, customers)
    return [entry.outcome for entry in page.entries if entry.outcome is not None]


class NotWritten(Refused):
    """A single order was not written; `failure` says why."""

    def __init__(self, failure: RowFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def save(book: Book, order: PublishedOrder) -> Stored:
    """Create or update one live order. Raises NotWritten, with nothing written."""
    with transaction.atomic():
        outcome = store(book, [order], live=True)[0]
        if isinstance(outcome, RowFailure):
            raise NotWritten(outcome)
        return outcome


def find(project_id: int, ids: PublicIds, key: str) -> Order | None:
    """An order of the project by its public id or its source id; lines prefetched."""
    orders = Order.objects.filter(project_id=project_id).prefetch_related("lines")
    pk = ids.take("ord", key)
    found = orders.filter(pk=pk).first() if pk is not None else None
    if found is None and key and "\x00" not in key:
        found = orders.filter(source_id=key).exclude(source_id="").first()
    return found


def _find(page: _Page, on_conflict: str) -> None:
    """Which orders are in the book already, and what is to become of them."""
    ids = page.book.ids
    pks = {id(entry): ids.take("ord", entry.order.id) for entry in page.entries if entry.order.id}
    rows = execute(
        "SELECT id, source_id, import_action, integration_id, coalesce(partner ->> 'digest', ''), erased_at"
        " FROM orders_order"
        " WHERE project_id = %s AND (id = ANY(%s) OR (source_id = ANY(%s) AND source_id <> ''))",
        [
            page.book.project_id,
            [pk for pk in pks.values() if pk is not None],
            [entry.order.source_id for entry in page.entries if entry.order.source_id],
        ],
    )
    by_pk = {row[0]: _Known(row[0], row[2], row[3] is not None, row[4], row[5] is not None) for row in rows}
    by_source = {row[1]: by_pk[row[0]] for row in rows if row[1]}
    for entry in page.entries:
        entry.digest = hashlib.blake2b(msgspec.json.encode(entry.order), digest_size=8).hexdigest()
        if entry.order.id:
            entry.known = by_pk.get(pks[id(entry)] or 0)
            if entry.known is None:
                entry.outcome = RowFailure("not_found", f"Cannot find order with id {entry.order.id}")
        elif entry.order.source_id:
            entry.known = by_source.get(entry.order.source_id)
        if entry.known is not None:
            entry.outcome = _conflict(entry, entry.known, on_conflict, live=page.live)


def _conflict(entry: _Entry, known: _Known, on_conflict: str, *, live: bool) -> Outcome | None:
    """What becomes of an order that is here already; None: it is updated."""
    if on_conflict == "skip":
        return Stored(known.pk, "skipped")
    if on_conflict == "error":
        return RowFailure("duplicate_found", "The order is here already, and on_conflict=error was asked for")
    if known.erased:
        return RowFailure("customer_erased", "The customer of this order was erased: it is not changed any more")
    if known.from_shop:
        return RowFailure("invalid_order", "The order came from a shop: change it in that shop")
    if not live and known.action != API_HISTORY.action:
        return RowFailure(
            "invalid_order", "The order is a live one, and imports write history only: use PUT /v1/orders"
        )
    return Stored(known.pk, "updated") if known.digest == entry.digest and not live else None


def _find_goods(page: _Page) -> None:
    """Write the products to be overridden, then read all that are named."""
    items = [item for entry in page.open for item in entry.order.items or ()]
    if not items:
        return
    wanted = {item.code: _wanted(item, page.book.digits) for item in items if _overrides(item) and item.code}
    catalogue.override(page.book.project_id, list(wanted.values()))
    codes = {item.code for item in items} - {""}
    nameless = [item for item in items if not item.code]
    pks = {given: pk for item in nameless for given in _product_ids(item) if (pk := _take(page.book.ids, given))}
    rows = catalogue.describe(page.book.project_id, sorted(codes), list(pks.values()))
    by_pk = {row[0]: Goods(*row) for row in rows}
    page.goods = {goods.sku: goods for goods in by_pk.values()}
    for entry in page.open if nameless else ():
        for item in entry.order.items or ():
            if item.code:
                continue
            for given in _product_ids(item):
                found = by_pk.get(pks.get(given, 0))
                if found is None:
                    kind = "product" if given == item.product_id else "sku"
                    entry.outcome = RowFailure(f"invalid_{kind}", f"Cannot find {kind} with id {given}")
                    break
                item.source_id = found.sku


def _product_ids(item: Item) -> list[str]:
    """Ids of a SKU or product of ours, the more precise first."""
    inner = [part.id for part in (item.sku, item.product) if part is not None]
    return [given for given in (item.sku_id, item.product_id, *inner) if given][:1]


def _take(ids: PublicIds, given: str) -> int | None:
    return ids.take("sku", given) or ids.take("prod", given)


def _overrides(item: Item) -> bool:
    return any(part is not None and part.override for part in (item.sku, item.product))


def _wanted(item: Item, digits: int) -> WantedProduct:
    metadata: dict[str, Any] = {}
    price = None
    for part in (item.product, item.sku):
        if part is not None and part.override:
            metadata |= part.metadata or {}
            price = part.price if part.price is not None else price
    given = any(part is not None and part.override and part.metadata is not None for part in (item.product, item.sku))
    exact = None if price is None else Decimal(price).scaleb(-digits).quantize(Decimal("0.0001"))
    return WantedProduct(item.code, item.name or None, exact, metadata if given else None)


def _write_customers(page: _Page) -> Customers:
    customers = Customers(page.book.project_id, page.book.ids)
    for entry in page.open:
        order = entry.order
        try:
            if order.customer is not None or order.customer_id:
                entry.customer = customers.add(order.customer, order.customer_id)
            if order.referrer is not None or order.referrer_id:
                entry.referrer = customers.add(order.referrer, order.referrer_id)
        except InvalidOrder as error:
            entry.outcome = RowFailure(error.key, str(error))
    customers.write(page.book.at)
    return customers


def _create(page: _Page, customers: Customers) -> None:
    book = page.book
    source = Source(book.project_id, None, book.run_id, book.zone, book.at, create_unknown_products=False)
    entries, intakes = [], []
    for entry in page.open:
        if entry.known is None:
            try:
                intakes.append(_intake(page, entry, customers))
                entries.append(entry)
            except InvalidOrder as error:
                entry.outcome = RowFailure(error.key, str(error))
    for entry, taken in zip(entries, take_in(source, intakes), strict=True):
        if isinstance(taken, Obstacle):
            entry.outcome = RowFailure(taken.code, taken.message)
        else:
            entry.outcome = Stored(taken.order_id, "created")


def _intake(page: _Page, entry: _Entry, customers: Customers) -> Intake:
    book, order = page.book, entry.order
    incoming = to_incoming(order, page.goods, book.currency, book.digits, book.at, stocked=page.live)
    partner = FromPartner(
        order.source_id or "",
        kept(order, "" if page.live else entry.digest),
        customers.pk(entry.customer),
        customers.pk(entry.referrer),
    )
    return Intake(incoming, _plan(order, live=page.live), None, partner)


def _plan(order: PublishedOrder, *, live: bool) -> Plan:
    if order.status == "CANCELED":
        return CANCEL if live else API_HISTORY_CANCELLED
    return VALID if live else API_HISTORY


def _update(page: _Page, entry: _Entry, customers: Customers) -> Outcome:
    if entry.known is None:
        raise ValueError("only orders that are here can be updated")
    try:
        change = OrderUpdate(
            entry.order,
            page.goods,
            page.book.digits,
            customers.pk(entry.customer),
            customers.pk(entry.referrer),
            "" if page.live else entry.digest,
        )
        apply(entry.known.pk, change)
    except InvalidOrder as error:
        return RowFailure(error.key, str(error))
    except ChangeRefused as error:
        return RowFailure("invalid_order", str(error))
    return Stored(entry.known.pk, "updated")
