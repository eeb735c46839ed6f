"""Everything here that has a number or a name: what somebody types is looked for in several order books at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from integrations.choices import RemoteState
from integrations.models import Project, RemoteOrder
from orders.models import Customer, Order
from orders.search import query_of, search
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


def find(projects: Sequence[Project], text: str) -> Found:
    """What is called so in these projects: order numbers, ids, e-mails, names, phones, SKUs, papers, parcels.

    Each word matches the beginning of a word, see `orders.search`. A handful of statements a project; nothing scans.
    """
    text = text.strip()[:LONGEST]
    found = Found()
    if not query_of(text):
        return found
    for project in projects:
        found.orders += _orders(project, text)
        found.outside += outside(RemoteOrder.objects.filter(project=project), text)[: MOST + 1]
        found.customers += _customers(project, text)
        found.products += _products(project, text)
    found.more = len(found.orders) > MOST or len(found.outside) > MOST
    found.orders.sort(key=lambda order: (not is_called(order, text), -order.pk))
    del found.orders[MOST:]
    found.outside = sorted(found.outside, key=lambda remote: -remote.pk)[:MOST]
    return found


def _orders(project: Project, text: str) -> list[Order]:
    """Those called exactly so first: of many whose words only begin so, the one that is meant may be old."""
    rows = Order.objects.filter(project=project).select_related("integration", "project", "remote_order")
    rows = rows.defer("remote_order__payload", "remote_order__taken")
    ids = RemoteOrder.objects.filter(project=project, number=text).values("pk")
    named = rows.filter(Q(remote_order__in=ids) | Q(source_id=text)).order_by("-id")[:MOST]
    return list(dict.fromkeys([*named, *search(rows, text).order_by("-id")[: MOST + 1]]))


def outside(rows: QuerySet[RemoteOrder], text: str) -> QuerySet[RemoteOrder]:
    """Those of the remote orders that are not in the book and in which every word of `text` begins a word."""
    asked = query_of(text)
    if not asked:
        return rows.none()
    rows = rows.exclude(state=RemoteState.IMPORTED).defer("payload", "taken").select_related("integration", "project")
    return rows.extra(where=["integrations_remoteorder.search @@ %s::tsquery"], params=[asked]).order_by("-id")


def _customers(project: Project, text: str) -> list[Customer]:
    rows = Customer.objects.filter(project=project, erased_at=None)
    return list(rows.filter(Q(email__startswith=text.lower()) | Q(source_id=text)).order_by("-id")[:MOST_ASIDE])


def _products(project: Project, text: str) -> list[Product]:
    return list(Product.objects.filter(project=project, sku__istartswith=text).order_by("sku")[:MOST_ASIDE])
