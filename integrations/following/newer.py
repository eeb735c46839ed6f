"""Newer documents of orders that are here: they are followed, or mark the order as changed in the shop.

What is compared are three things: the order, the newer document, and the one the order was last written from. Only what
the shop has changed between the two documents counts, so that neither an edit made here nor a mapping changed since is
taken for news; both documents are read in the words of now. A page of orders costs the same few statements however many
there are, and those that follow their shop some more each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec
from django.db import transaction

from config.kit.sql import execute
from integrations.choices import AfterImport
from integrations.following.own_doing import without_echoes
from integrations.following.settling import still_settling
from integrations.importing import articles, mapping, remote_orders
from integrations.importing.articles import Keys, keys_of
from integrations.importing.payloads import Candidate, read_stored
from integrations.importing.rules import Known
from integrations.importing.statuses import meaning
from integrations.models import Integration, RemoteOrder
from orders.choices import OrderStatus, Part
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingOrder
from orders.models import Order
from orders.work.changing import ChangeRefused
from orders.work.refresh import overwrite, renewing
from orders.work.refresh.differing import NAMES, BookLine, Change, differences, lines_of, may_be_ours
from orders.work.refresh.overwrite import RefreshOutcome, ShopAnswer
from orders.work.worked_on import worked_on

# What is compared, and what tells whether and since when.
READ = (
    *NAMES,
    "status",
    "remote_status",
    "remote_order",
    "remote_modified_at",
    "shop_changed_at",
    "edited",
    "created_at",
)


@dataclass
class _Pair:
    """An order, and the newer document of its shop."""

    known: Known
    candidate: Candidate
    order: Order
    lines: list[BookLine]
    base: IncomingOrder | None = None
    """What the order was last written from, as far as it was needed."""
    found: Sequence[Change] = ()
    marked: bool = False

    @property
    def has_base(self) -> bool:
        """Whether the document it was last written from is known."""
        if self.order.shop_changed_at is not None:
            return True  # kept aside, or "" where it is not
        written = self.order.remote_modified_at
        return written is None or self.known.stamp is None or written >= self.known.stamp


@dataclass(frozen=True)
class _Words:
    """The mapping and rules of now, read once."""

    integration: Integration
    mapping: mapping.Mapping
    actions: dict[str, str] = field(default_factory=dict)
    asked: frozenset[Keys] = frozenset()
    """The articles of the shop that the mapping was asked for."""

    def also_for(self, orders: Iterable[IncomingOrder]) -> _Words:
        """The same words, with those of these orders' items."""
        keys = keys_of(orders) - self.asked
        if not keys:
            return self
        known = self.mapping.articles.together(articles.load(self.integration, keys))
        return replace(self, mapping=msgspec.structs.replace(self.mapping, articles=known), asked=self.asked | keys)

    def ours(self, order: IncomingOrder) -> IncomingOrder:
        """The order in our words; where it cannot be put into them, in the shop's."""
        found = self.mapping.apply(order)
        return order if isinstance(found, Obstacle) else found

    def follow(self, status: str) -> OrderStatus | None:
        return meaning(self.integration, status, self.actions.get(status))


def keep_up(
    integration: Integration, rows: Sequence[tuple[Known, Candidate]], at: datetime, *, follow: bool = True
) -> None:
    """Bring the records of these remote orders up to newer documents, and their orders along.

    In the caller's transaction, which holds the project's lock and the records. `follow`: whether orders may follow.
    """
    pairs = _pairs(rows)
    if pairs:
        words = _compare(integration, pairs)
        if follow:
            _follow(words, pairs, at)
        _mark(pairs, at)
    keep = {pair.known.id: _kept_aside(pair) for pair in pairs}
    remote_orders.refresh([(known, candidate, keep.get(known.id, "")) for known, candidate in rows])


def _pairs(rows: Sequence[tuple[Known, Candidate]]) -> list[_Pair]:
    ids = [known.id for known, _ in rows]
    orders = {order.remote_order_id: order for order in Order.objects.filter(remote_order__in=ids).only(*READ)}
    lines = lines_of([order.pk for order in orders.values()])
    return [
        _Pair(known, candidate, orders[known.id], lines[orders[known.id].pk])
        for known, candidate in rows
        if known.id in orders
    ]


def _words(integration: Integration, orders: Collection[IncomingOrder]) -> _Words:
    actions = dict(integration.rules.values_list("status", "action"))
    return _Words(integration, mapping.load(integration, list(orders)), actions, keys_of(orders))


def _compare(integration: Integration, pairs: Sequence[_Pair]) -> _Words:
    """Find what differs. The older documents are read only where an edit or a mapping may be why."""
    words = _words(integration, [pair.candidate.order for pair in pairs if pair.candidate.order is not None])
    unsure = []
    for pair in pairs:
        if pair.candidate.order is None:
            pair.marked = True  # it says something newer, and nobody can read what
            continue
        _differ(pair, words)
        # Of a marked order the quick look does not see what could not follow: a status, lines that are shipped.
        is_marked = pair.order.shop_changed_at is not None
        if is_marked or (pair.found and may_be_ours(pair.order, pair.lines, pair.found, words.mapping.fields)):
            unsure.append(pair)
    if not unsure:
        return words
    _read_bases(integration, unsure)
    words = words.also_for(_bases(unsure))
    for pair in unsure:
        if pair.base is not None:
            _differ(pair, words)
    return words


def _differ(pair: _Pair, words: _Words) -> None:
    if pair.candidate.order is None:
        return
    base = None if pair.base is None else words.ours(pair.base)
    follow = words.follow(pair.candidate.status)
    found = differences(pair.order, pair.lines, words.ours(pair.candidate.order), follow, base)
    pair.found = without_echoes(words.integration, pair.order.pk, found)
    pair.marked = bool(pair.found)


def _bases(pairs: Iterable[_Pair]) -> list[IncomingOrder]:
    return [pair.base for pair in pairs if pair.base is not None]


def _read_bases(integration: Integration, pairs: Collection[_Pair]) -> None:
    """Read what these orders were last written from, where that is on record."""
    wanted = {pair.known.id: pair for pair in pairs if pair.base is None and pair.has_base}
    if not wanted:
        return
    connector, shop = integration.connector, integration.reader()
    documents = RemoteOrder.objects.filter(pk__in=list(wanted)).values_list("pk", "payload", "taken")
    for pk, payload, taken in documents:
        document = taken if wanted[pk].order.shop_changed_at is not None else payload
        if document:
            wanted[pk].base = read_stored(connector, shop, document).order


def _kept_aside(pair: _Pair) -> str:
    """Which document to keep as the one the order was last written from: see `remote_orders.refresh`."""
    if not pair.marked:
        return ""
    if pair.order.shop_changed_at is not None:
        return "taken"
    return "payload" if pair.has_base else ""


# --- following ---


def _follow(words: _Words, pairs: Sequence[_Pair], at: datetime) -> None:
    """Let the orders that differ follow their shop, as far as nobody has worked on them."""
    integration = words.integration
    all_follow = integration.after_import == AfterImport.FOLLOW
    differing = [
        pair for pair in pairs if pair.found and pair.has_base and (all_follow or still_settling(pair.order, at))
    ]
    busy = worked_on([pair.order.pk for pair in differing])
    free = [pair for pair in differing if pair.order.pk not in busy]
    if not free:
        return
    _read_bases(integration, free)
    words = words.also_for(_bases(free))
    followed = [pair for pair in free if _follow_one(words, pair, still_settling(pair.order, at))]
    fresh = {pair.order.pk: pair for pair in _pairs([(pair.known, pair.candidate) for pair in followed])}
    for pair in followed:
        # What could not follow, because of a document as a rule, still differs.
        again = fresh[pair.order.pk]
        pair.lines, was = again.lines, pair.order.shop_changed_at
        pair.order = again.order
        pair.order.shop_changed_at = was
        _differ(pair, words)


def _follow_one(words: _Words, pair: _Pair, settling: bool) -> bool:
    """Whether an order has followed. What is in the way leaves it as it was, marked."""
    if pair.base is None or pair.candidate.order is None:
        return False
    wanted = words.mapping.apply(pair.candidate.order)
    if isinstance(wanted, Obstacle):
        return False
    answer = ShopAnswer(
        wanted,
        words.follow(pair.candidate.status),
        frozenset(Part(part) for part in words.integration.ours_wins if part in Part.values),
        create_unknown_products=words.integration.unknown_products == "create",
        since=words.ours(pair.base),
    )
    try:
        with transaction.atomic():
            followed = overwrite.refresh(pair.order.pk, answer).outcome == RefreshOutcome.CHANGED
            if followed and settling:
                renewing.renew_invoice(pair.order.pk)
            return followed
    except ChangeRefused:
        return False


# --- marks ---


def _mark(pairs: Sequence[_Pair], at: datetime) -> None:
    """Write the marks. An order without one is as new as the document: written from it, or the same anyway."""
    execute(
        "UPDATE orders_order AS o SET updated_at = %s,"
        " shop_changed_at = CASE WHEN new.marked THEN coalesce(new.since, %s) END,"
        " remote_modified_at = CASE WHEN new.marked THEN o.remote_modified_at"
        " ELSE greatest(o.remote_modified_at, new.stamp) END,"
        " remote_status = CASE WHEN new.marked OR new.status = '' THEN o.remote_status ELSE new.status END"
        " FROM unnest(%s::bigint[], %s::bool[], %s::timestamptz[], %s::timestamptz[], %s::text[])"
        " AS new (id, marked, since, stamp, status) WHERE o.id = new.id",
        [
            at,
            at,
            [pair.order.pk for pair in pairs],
            [pair.marked for pair in pairs],
            [pair.order.shop_changed_at for pair in pairs],
            [pair.candidate.stamp for pair in pairs],
            [pair.candidate.status for pair in pairs],
        ],
    )


def compare_again(integration: Integration, order_ids: Collection[int]) -> None:
    """Take the mark off orders in which nothing differs any more; in the caller's transaction."""
    for order in Order.objects.filter(pk__in=order_ids, shop_changed_at__isnull=False).select_related("remote_order"):
        if not differs_now(integration, order):
            Order.objects.filter(pk=order.pk).update(
                shop_changed_at=None, remote_modified_at=order.remote_order.stamp if order.remote_order else None
            )


def differs_now(integration: Integration, order: Order) -> Sequence[Change]:
    """What a marked order is otherwise than the newest document of its shop; nothing where that cannot be read."""
    remote = order.remote_order
    if remote is None:
        return ()
    connector, shop = integration.connector, integration.reader()
    answer = read_stored(connector, shop, remote.payload)
    base = read_stored(connector, shop, remote.taken).order if remote.taken else None
    if answer.order is None:
        return ()
    words = _words(integration, [each for each in (answer.order, base) if each is not None])
    lines = lines_of([order.pk])[order.pk]
    since = None if base is None else words.ours(base)
    found = differences(order, lines, words.ours(answer.order), words.follow(answer.status), since)
    return without_echoes(integration, order.pk, found)
