"""Everything here that has a number or a name: what somebody types is looked for in several order books at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import F, Q, Value

from integrations.choices import RemoteState
from integrations.models import Integration, Project, RemoteOrder
from orders.customers import customer_search
from orders.models import Customer, Order
from orders.search import query_of
from orders.seldom_words import searched
from stock.goods import product_search
from stock.models import Product

# Of each kind so many are shown; more words find fewer.
MOST = 20
MOST_ASIDE = 5
LONGEST = 200


@dataclass
class Found:
    """What was found, the newest first; of each kind the first `MOST` (`MOST_ASIDE` of what is no order)."""

    orders: list[Order] = field(default_factory=list)
    outside: list[RemoteOrder] = field(default_factory=list)
    """Orders of shops that are not in the book."""
    customers: list[Customer] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    more: bool = False
    """Whether there are more orders than those shown."""

    def __bool__(self) -> bool:
        return bool(self.orders or self.outside or self.customers or self.products)

    def exactly(self, text: str, project: Project | None = None) -> Order | RemoteOrder | None:
        """The one order that is called so, or the only one found; None where several could be meant.

        Of several that are called so, the one of `project`.
        """
        rows = self.rows(text)
        named = [row for row in rows if is_called(row, text)]
        here = [row for row in named if project is not None and row.project_id == project.pk]
        meant = here if len(here) == 1 else named or rows
        return meant[0] if len(meant) == 1 and (named or not self.more) else None

    def rows(self, text: str) -> list[Order | RemoteOrder]:
        """In the book or not: those that are called exactly so, then the others, the newest first."""
        rows: list[Order | RemoteOrder] = [*self.orders, *self.outside]
        never = datetime.min.replace(tzinfo=UTC)
        rows.sort(key=lambda row: row.placed_at or never, reverse=True)
        return sorted(rows, key=lambda row: not is_called(row, text))


def is_called(row: Order | RemoteOrder, text: str) -> bool:
    """Whether `text` is its number or id; shops write a # before some numbers."""
    remote = row if isinstance(row, RemoteOrder) else row.remote_order
    names = [row.number, row.source_id if isinstance(row, Order) else "", remote.external_id if remote else ""]
    return text.strip().lstrip("#").casefold() in {name.lstrip("#").casefold() for name in names if name}


def _names(text: str) -> list[str]:
    """How a shop may write it, see `is_called`."""
    bare = text.lstrip("#")
    return [*{text, bare, f"#{bare}"} - {"", "#"}]


def find(projects: Sequence[Project], text: str) -> Found:
    """What is called so in these projects: order numbers, ids, e-mails, names, phones, SKUs, papers, parcels.

    Each word matches the beginning of a word, see `orders.search`. A handful of statements a project; nothing scans.
    """
    text = text.strip()[:LONGEST]
    found = Found()
    if not query_of(text):
        return found
    for project in projects:
        called = _called(project, text)
        orders, outside = _by_words(project, text)
        found.orders += _orders(project, text, called, orders)
        found.outside += _outside(project, [*called, *outside])
        found.customers += _customers(project, text)
        found.products += _products(project, text)
    found.more = len(found.orders) > MOST or len(found.outside) > MOST
    found.orders.sort(key=lambda order: (not is_called(order, text), -order.pk))
    found.outside.sort(key=lambda remote: (not is_called(remote, text), -remote.pk))
    del found.orders[MOST:], found.outside[MOST:]
    return found


def _called(project: Project, text: str) -> list[int]:
    """Ids of the newest remote orders of exactly this number or id, in the book or not."""
    names, shops = _names(text), Integration.objects.filter(project=project)
    by_number = RemoteOrder.objects.filter(project=project, number__in=names)
    by_id = RemoteOrder.objects.filter(integration__in=shops, external_id__in=names)
    both = by_number.values_list("id", flat=True).union(by_id.values_list("id", flat=True))
    return list(both.order_by("-id")[: 2 * MOST])


def _by_words(project: Project, text: str) -> tuple[list[int], list[int]]:
    """Ids of the newest orders of the book, and of those outside of it, in which every word of `text` begins a word.

    PostgreSQL takes every beginning of a word for a frequent one. Told to go by id it would read all orders, from the
    newest back, whenever there is none: so it is given a sum to sort by, which no index has; but for words that many
    orders have, see `orders.seldom_words`.
    """
    newest = (F("id") + 0).desc()
    book = searched(Order.objects.filter(project=project), text)
    mine = book.orders.order_by("-placed_at", "-id") if book.walked else book.orders.order_by(newest)
    outside = RemoteOrder.objects.filter(project=project).exclude(state=RemoteState.IMPORTED)
    outside = outside.extra(where=["integrations_remoteorder.search @@ %s::tsquery"], params=[query_of(text)])
    parts = [
        rows.annotate(in_book=Value(place)).values_list("in_book", "pk")[: MOST + 1]
        for place, rows in ((True, mine), (False, outside.order_by(newest)))
    ]
    found: list[tuple[bool, int]] = list(parts[0].union(parts[1], all=True))
    return [pk for in_book, pk in found if in_book], [pk for in_book, pk in found if not in_book]


def _orders(project: Project, text: str, called: Sequence[int], ids: Sequence[int]) -> list[Order]:
    """Those called exactly so, too: of many whose words only begin so, the one that is meant may be old."""
    rows = Order.objects.filter(project=project).select_related("integration", "project__account", "remote_order")
    rows = rows.defer("remote_order__payload", "remote_order__taken")
    return list(rows.filter(Q(pk__in=ids) | Q(remote_order__in=called) | Q(source_id=text)))


def _outside(project: Project, ids: Sequence[int]) -> list[RemoteOrder]:
    """Orders of shops that are not in the book. Of erased people no words are kept, but number and id are."""
    rows = RemoteOrder.objects.filter(project=project, pk__in=ids).exclude(state=RemoteState.IMPORTED)
    return list(rows.defer("payload", "taken").select_related("integration", "project__account"))


def _customers(project: Project, text: str) -> list[Customer]:
    rows = Customer.objects.filter(project=project, erased_at=None, deleted_at=None).select_related("project__account")
    found = customer_search.first_found(project.pk, text, MOST_ASIDE)
    return list(rows.filter(pk__in=found).order_by("-id")[:MOST_ASIDE])


def _products(project: Project, text: str) -> list[Product]:
    rows = Product.objects.filter(project=project).select_related("project__account")
    found = product_search.first_found(project.pk, text, MOST_ASIDE)
    return list(rows.filter(pk__in=found).order_by("sku")[:MOST_ASIDE])
