"""Write orders that partners send: create once, update what is here, a page at a time, in the caller's transaction.

History (bulk imports) touches no stock and makes no documents. Live orders reserve what is available, like those of
shops; another status or other items release and reserve again (`orders.partners.updates`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec
from django.db import transaction
from django.db.models import Model
from msgspec import structs

from config.kit.isolating import once_more
from config.kit.locks import ProjectLock, lock_project
from config.kit.refusals import Refused
from config.kit.sql import references_checked, update_rows
from orders.choices import OrderStatus
from orders.customers.upserting import Customers
from orders.intake.drafts import FromPartner, Intake, Obstacle, Source, Taken
from orders.intake.new_orders import Ahead, take_in
from orders.intake.plans import API_HISTORY, API_HISTORY_CANCELLED, CANCEL, VALID, Plan
from orders.models import Customer, Order, OrderLine
from orders.partners import sent_back, sent_customers, sent_goods
from orders.partners.answered_items import goods_of_lines
from orders.partners.known_orders import KnownOrder, SentOrder, digest_of, look_up
from orders.partners.published import InvalidOrder, PublishedOrder, missing_amount
from orders.partners.sent_customers import SentBuyers
from orders.partners.sent_page import Book, Outcome, RowFailure, SentEntry, SentPage, Stored
from orders.partners.to_book import kept, to_incoming
from orders.partners.updates import OrderUpdate, apply
from orders.work.changing import ChangeRefused, Opened, open_together, write_together
from stock import ledger


def store(
    book: Book,
    orders: Sequence[PublishedOrder],
    *,
    live: bool,
    on_conflict: str = "update",
    encoded: Sequence[bytes] = (),
) -> list[Outcome]:
    """Write a page; the outcomes stand in the order of `orders`. No source id comes twice in a page.

    Live orders and what writes to the catalogue wait for the project's lock, history does not. Whoever writes without
    it locks orders, customers and new orders in this order, each kind by its keys, so that no two wait for each other.
    An order that is refused leaves nothing in the catalogue either: the page is taken back and written without it.
    `encoded`: the orders as `msgspec.json` encodes them, where the caller has that. Raises errors as they come: the
    caller isolates the order that causes one.
    """
    if not any(map(sent_goods.has_overrides, orders)):
        entries = list(map(SentEntry, orders, encoded)) if encoded else list(map(SentEntry, orders))
        return _written(SentPage(book, entries, live), on_conflict)
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(orders):
        again = {place: SentEntry(order) for place, order in enumerate(orders) if place not in outcomes}
        with transaction.atomic():
            found = _written(SentPage(book, list(again.values()), live, overriding=True), on_conflict)
            written = dict(zip(again, found, strict=True))
            spoilt = {place: each for place, each in written.items() if _spoils(again[place], each)}
            transaction.set_rollback(bool(spoilt))
        outcomes |= spoilt or written
    return [outcomes[place] for place in range(len(orders))]


def _spoils(entry: SentEntry, outcome: Outcome) -> bool:
    """Whether it was refused after goods were written for it."""
    return entry.writes_goods and isinstance(outcome, RowFailure)


def _written(page: SentPage, on_conflict: str) -> list[Outcome]:
    book, entries = page.book, page.entries
    if page.live or page.overriding:
        ledger.lock_project(book.project_id)
    if page.overriding:
        lock_project(ProjectLock.CATALOGUE, book.project_id)
    _find(page, on_conflict)
    later = _of_orders_met_before(page)
    page.entries = [entry for entry in entries if entry not in later]
    _open(page)
    _find_goods(page)
    customers = _customers_of(page)
    customers.write(book.at)
    _create(page, customers)
    _update(page, customers)
    for entry in later:
        [entry.outcome] = store(book, [entry.order], live=page.live, on_conflict=on_conflict)
    return [entry.outcome for entry in entries if entry.outcome is not None]


class NotWritten(Refused):
    """A single order was not written; `failure` says why."""

    def __init__(self, failure: RowFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def save(book: Book, order: PublishedOrder) -> Stored:
    """Create or update one live order. Raises NotWritten, with nothing written."""

    def work(write: Callable[[], Outcome]) -> Stored:
        outcome = write()
        if isinstance(outcome, RowFailure):
            raise NotWritten(outcome)
        return outcome

    # An import of the same orders or customers may be under way, which waits for nobody.
    try:
        return once_more(lambda: work(lambda: _ahead(book, order)))
    except _Outpaced:
        return once_more(lambda: work(lambda: store(book, [order], live=True)[0]))


class _Outpaced(Exception):
    """What was written before the project's lock was taken would be written otherwise now."""


def _ahead(book: Book, order: PublishedOrder) -> Outcome:
    """As `store` for one live order: nearly all of a new one is written before the project's lock is taken.

    One without goods that are kept here takes no lock, unless several warehouses may serve it, nor does a change that
    leaves the goods alone. Other changes, and what writes to the catalogue, take it first. Raises _Outpaced.
    """
    entry = SentEntry(order)
    page = SentPage(book, [entry], live=True)
    if not sent_goods.has_overrides(order):
        _find(page, "update")
        if entry.known is None:
            _find_goods(page, making=False)
            if not any(goods.parent and not goods.article for goods in entry.goods):  # that article is to be made
                _create_one(page, entry)
        elif entry.outcome is None and order.items is None and order.status != "CANCELED":
            _change_one(page)
    if isinstance(entry.outcome, Stored) and entry.known is None:
        return structs.replace(entry.outcome, goods=page.known)
    return entry.outcome or store(book, [order], live=True)[0]


def _create_one(page: SentPage, entry: SentEntry) -> None:
    """Raises _Outpaced."""
    if entry.outcome is not None:
        return
    customers = _customers_of(page)
    if not any(goods.article for goods in entry.goods):
        customers.write(page.book.at)
        _create(page, customers)
        return
    customers.foresee()
    try:
        intake = _intake(page, entry, customers)
    except InvalidOrder as error:
        entry.outcome = RowFailure(error.key, str(error))
        return
    articles = {goods.article.code: goods.article.pk for goods in entry.goods if goods.article}
    written = Ahead.write(_source(page.book), [intake], products=articles, buyers=SentBuyers(customers))
    if written is None or not written.settle():
        raise _Outpaced
    [entry.outcome] = _told([entry], written.outcomes)


def _change_one(page: SentPage) -> None:
    """Of an order that keeps its goods. Raises _Outpaced."""
    page.moves_goods = False
    _open(page)
    if any(each.order.erased_at or each.order.status == OrderStatus.CANCELLED for each in page.opened.values()):
        raise _Outpaced  # it is refused by now, or what is sent may take it up again
    customers = _customers_of(page)
    customers.write(page.book.at)
    _update(page, customers)


def unchanged(book: Book, sent: Sequence[SentOrder]) -> list[int | None]:
    """The orders of the book that these imported ones leave just as they are, by primary key; locks nothing."""
    known = look_up(book.project_id, book.ids, [(each.id, each.source_id) for each in sent])
    return [
        here.pk if here is not None and here.digest == each.digest and _refusal(here, live=False) is None else None
        for here, each in zip(known, sent, strict=True)
    ]


def _find(page: SentPage, on_conflict: str) -> None:
    """Which orders are in the book already, and what is to become of them."""
    known = look_up(
        page.book.project_id, page.book.ids, [(entry.order.id, entry.order.source_id) for entry in page.entries]
    )
    for entry, here in zip(page.entries, known, strict=True):
        entry.known, entry.outcome = here, None
        entry.digest = _digest(page, entry) if here is not None else ""
        if entry.order.id and here is None:
            entry.outcome = RowFailure("not_found", f"Cannot find order with id {entry.order.id}")
        if entry.known is not None:
            entry.outcome = _conflict(entry, entry.known, on_conflict, live=page.live)
        elif entry.outcome is None and missing_amount(entry.order):
            entry.outcome = RowFailure("missing_amount", f"{entry.order.source_id} is new: send an amount or items")


def _digest(page: SentPage, entry: SentEntry) -> str:
    return "" if page.live else digest_of(entry.encoded or msgspec.json.encode(entry.order))


def _conflict(entry: SentEntry, known: KnownOrder, on_conflict: str, *, live: bool) -> Outcome | None:
    """What becomes of an order that is here already; None: it is updated."""
    if on_conflict == "skip":
        return Stored(known.pk, "skipped")
    if on_conflict == "error":
        return RowFailure("duplicate_found", "The order is here already, and on_conflict=error was asked for")
    same = known.digest == entry.digest and not live and _refusal(known, live=live) is None
    return Stored(known.pk, "skipped") if same else None


def _refusal(known: KnownOrder, *, live: bool) -> RowFailure | None:
    """Why the order cannot be changed."""
    if known.erased:
        return RowFailure("customer_erased", "The customer of this order was erased: it is not changed any more")
    if known.from_shop:
        return RowFailure("invalid_order", "The order came from a shop: change it in that shop")
    if not live and known.action != API_HISTORY.action:
        return RowFailure(
            "invalid_order", "The order is a live one, and imports write history only: use PUT /v1/orders"
        )
    return None


def _of_orders_met_before(page: SentPage) -> list[SentEntry]:
    """Entries of an order that another entry of the page has named in another way: they come after it."""
    met: set[int] = set()
    later = []
    for entry in page.entries:
        if entry.known is not None and entry.known.pk in met:
            later.append(entry)
        elif entry.known is not None and entry.outcome is None:
            met.add(entry.known.pk)
    return later


def _open(page: SentPage) -> None:
    """Open the orders that are here, and leave of what was sent for them what is new."""
    known = {entry.known.pk: (entry, entry.known) for entry in page.open if entry.known is not None}
    if not known:
        return
    book, ids = page.book, page.book.ids
    page.opened = open_together(book.project_id, known, stock=page.live and page.moves_goods)
    naming = [page.opened[pk] for pk, (entry, _) in known.items() if entry.order.items is not None]
    lines = [(opened.order, line) for opened in naming for line in opened.lines]
    page.behind = goods_of_lines(ids, book.project_id, lines) if lines else {}
    for pk, (entry, here) in known.items():
        opened = page.opened[pk]
        if sent_back.names_items(entry.order):
            entry.answered = sent_back.answered_items(ids, opened.order, opened.lines, page.behind)
        entry.order = sent_back.news(ids, opened.order, opened.lines, entry.order, entry.answered)
        if sent_back.is_nothing(entry.order) and not _names_it(entry.order, opened):
            entry.outcome = Stored(pk, "skipped")
        else:
            entry.outcome = _refusal(here, live=page.live)


def _names_it(order: PublishedOrder, opened: Opened) -> bool:
    """Whether an order gets its first source id."""
    return bool(order.source_id and not opened.order.source_id)


def _find_goods(page: SentPage, *, making: bool = True) -> None:
    """`making`: articles of products that are sold for the first time."""
    entries = page.open
    found = sent_goods.find(
        page.book.catalogue,
        [entry.order for entry in entries],
        live=page.live and making,
        overriding=page.overriding,
    )
    page.known = found.known
    for place, entry in enumerate(entries):
        entry.writes_goods = page.overriding and sent_goods.has_overrides(entry.order)
        entry.goods, entry.warnings = found.goods.get(place, ()), found.warnings.get(place, ())
        if error := found.refused.get(place):
            entry.outcome = RowFailure(error.key, str(error))


def _customers_of(page: SentPage) -> Customers:
    """Whom the page names; they are yet to be written."""
    customers = Customers(page.book.project_id, page.book.ids)
    for entry in page.open:
        order = entry.order
        entry.customer = sent_customers.add(customers, order.customer, order.customer_id or _customer_of(page, entry))
        entry.referrer = sent_customers.add(customers, order.referrer, order.referrer_id)
    return customers


def _customer_of(page: SentPage, entry: SentEntry) -> str | None:
    """Whom a customer without any key is: the one that the order has."""
    sent = entry.order.customer
    if entry.known is None or sent is None or sent.id or sent.source_id or sent.email:
        return None
    pk = page.opened[entry.known.pk].order.customer_id
    return None if pk is None else page.book.ids.give("cust", pk)


def _create(page: SentPage, customers: Customers) -> None:
    new = [entry for entry in page.open if entry.known is None]
    if not new:
        return
    entries, intakes = [], []
    with _checked(page, Customer):
        for entry in new:
            try:
                intakes.append(_intake(page, entry, customers))
                entries.append(entry)
            except InvalidOrder as error:
                entry.outcome = RowFailure(error.key, str(error))
    taken = take_in(_source(page.book), intakes)
    with _checked(page, OrderLine):
        for entry, outcome in zip(entries, _told(entries, taken), strict=True):
            entry.outcome = outcome


def _checked(page: SentPage, written: type[Model]) -> AbstractContextManager[None]:
    """What an import's rows refer to is checked while the caller computes, what a live order does at its end."""
    return nullcontext() if page.live else references_checked(written)


def _source(book: Book) -> Source:
    return Source(book.project_id, None, book.run_id, book.zone, book.at, create_unknown_products=False)


def _told(entries: Sequence[SentEntry], taken: Sequence[Taken | Obstacle]) -> list[Outcome]:
    """What came of orders that are new."""
    return [
        RowFailure(each.code, each.message)
        if isinstance(each, Obstacle)
        else Stored(each.order_id, "created", entry.warnings, entry.goods)
        for entry, each in zip(entries, taken, strict=True)
    ]


def _intake(page: SentPage, entry: SentEntry, customers: Customers) -> Intake:
    book, order = page.book, entry.order
    incoming = to_incoming(order, entry.goods, book.currency, book.digits, book.at, stocked=page.live)
    partner = FromPartner(
        order.source_id or "",
        lambda: kept(order, entry.goods, book.digits, _digest(page, entry)),
        sent_customers.pk(customers, entry.customer, "customer"),
        sent_customers.pk(customers, entry.referrer, "referrer"),
    )
    return Intake(incoming, _plan(order, live=page.live), None, partner)


def _plan(order: PublishedOrder, *, live: bool) -> Plan:
    if order.status == "CANCELED":
        return CANCEL if live else API_HISTORY_CANCELLED
    return VALID if live else API_HISTORY


def _update(page: SentPage, customers: Customers) -> None:
    """Change the orders that are here, in as few statements as one."""
    noted: list[Opened] = []
    same: list[Order] = []
    for entry in page.open:
        if entry.known is None:
            raise ValueError("only orders that are here can be updated")
        opened = page.opened[entry.known.pk]
        try:
            changed = apply(opened, _change(page, entry, customers))
        except InvalidOrder as error:
            entry.outcome = RowFailure(error.key, str(error))
        except ChangeRefused as error:
            entry.outcome = RowFailure("invalid_order", str(error))
        else:
            what = "updated" if changed else "skipped"
            entry.outcome = Stored(entry.known.pk, what, entry.warnings, entry.goods)
            before = opened.order.partner or {}
            document = {name: value for name, value in before.items() if name != "digest"}
            if not page.live:
                document["digest"] = entry.digest
            if changed:
                opened.keep("partner", document)
                noted.append(opened)
            elif not page.live and document != before:
                opened.order.partner = document
                same.append(opened.order)
    write_together(noted, marked=customers.marked)
    update_rows(Order, ["partner"], same)


def _change(page: SentPage, entry: SentEntry, customers: Customers) -> OrderUpdate:
    return OrderUpdate(
        entry.order,
        entry.goods,
        page.book.ids,
        page.book.digits,
        sent_customers.pk(customers, entry.customer, "customer"),
        sent_customers.pk(customers, entry.referrer, "referrer"),
        page.behind,
        entry.answered,
    )
