"""Who a person is: everything they are known by, found from an e-mail address, a customer, or a shop's name for them.

Names and telephone numbers find nobody, because many people share them; they go with the rows they stand on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet

from config.kit.postgresql.any_of import AnyOf
from config.kit.row_portions import in_portions
from config.kit.sql import execute
from integrations.choices import RemoteState
from integrations.importing.payloads import read_stored
from integrations.models import ErasureRequest, Integration, Project, RemoteOrder
from orders.models import Customer, Order
from orders.models.orders import EMAIL_KEY
from orders.search import search

# An address ends where no address goes on. Before it, in JSON, may also stand an escaped character: \n or \u003c.
BEFORE, AFTER = r"(?:^|[^[:alnum:]._%+-]|\\[nrtbf]|\\u[0-9a-f]{4})", r"(?![[:alnum:]_-]|\.[[:alnum:]])"


@dataclass(frozen=True)
class Person:
    """What is known of somebody in some projects. Rows are told by their primary keys."""

    projects: tuple[int, ...]
    emails: frozenset[str] = frozenset()
    """In lower case."""
    keys: frozenset[tuple[int, str]] = frozenset()
    """What shops call them: (integration, name)."""
    customers: frozenset[int] = frozenset()
    orders: frozenset[int] = frozenset()
    remote_orders: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return {name: sorted(value) for name, value in vars(self).items()}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Person:
        sets = {name: frozenset(kept[name]) for name in ("emails", "customers", "orders", "remote_orders")}
        return cls(tuple(kept["projects"]), keys=frozenset((pk, name) for pk, name in kept["keys"]), **sets)

    def their_orders(self) -> QuerySet[Order]:
        """With those that were made of their remote orders since they were found."""
        return Order.objects.filter(Q(pk__in=self.orders) | Q(remote_order__in=self.remote_orders))

    def their_customers(self) -> QuerySet[Customer]:
        return Customer.objects.alias(lowered=EMAIL_KEY).filter(
            Q(pk__in=self.customers) | Q(project__in=self.projects, lowered__in=self.emails), erased_at=None
        )

    @property
    def pattern(self) -> str:
        """A regular expression of PostgreSQL, to be compared without case: any of their addresses in a text."""
        return mention(self.emails)


def mention(emails: Iterable[str]) -> str:
    """See `Person.pattern`. One that never matches where there is no address."""
    written = sorted({form for email in emails for form in (email, _escaped(email))})
    any_of = "|".join(re.sub(r"([^\w@])", r"\\\1", form) for form in written)
    return f"({BEFORE})(?:{any_of}){AFTER}" if any_of else "a^"


def _escaped(email: str) -> str:
    """As JSON in ASCII writes it."""
    return "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in email)


def projects_of(project: Project) -> tuple[int, ...]:
    """The projects of the same account."""
    return tuple(Project.objects.filter(account=project.account_id).order_by("pk").values_list("pk", flat=True))


def whom(project: Project, request: ErasureRequest) -> str:
    """A name for the person that tells nothing, and is the same whenever they are asked for: BLAKE2b under a key."""
    said = request.email or request.person or f"customer {request.customer_id}"
    return hashlib.blake2b(said.lower().encode(), digest_size=16, key=bytes(project.id_key)).hexdigest()


def seed(request: ErasureRequest) -> Person:
    """What the request itself tells."""
    keys = {(request.integration_id, request.person)} if request.integration_id and request.person else set()
    customers = {request.customer_id} if request.customer_id else set()
    emails = frozenset({request.email.lower()} - {""})
    return Person(projects_of(request.project), emails, frozenset(keys), frozenset(customers))


def find(person: Person) -> Person:
    """All that hangs together: addresses lead to orders, orders to customers and to what shops call them, and so on."""
    looked_for: frozenset[str] = frozenset()
    while True:
        if person.emails != looked_for:  # texts are read whole: once for the same addresses
            looked_for = person.emails
            person = replace(person, remote_orders=person.remote_orders | _not_imported(person))
        grown = _grown(person)
        if grown == person:
            return person
        person = grown


def _grown(person: Person) -> Person:
    emails, customers, orders, remotes, keys = (
        set(person.emails), set(person.customers), set(person.orders), set(person.remote_orders), set(person.keys),
    )  # fmt: skip
    for row in person.their_customers():
        customers.add(row.pk)
        emails.add(row.email.lower())
    for integration_id, name in keys:
        named = RemoteOrder.objects.filter(integration=integration_id, buyer_key=name, erased_at=None)
        remotes.update(named.values_list("pk", flat=True))
    for order in _orders(person, emails, customers, remotes):
        orders.add(order[0])
        emails.add(order[1].lower())
        customers.update(pk for pk in (order[2],) if pk is not None)
        remotes.update(pk for pk in (order[3],) if pk is not None)
    named = RemoteOrder.objects.filter(pk__in=remotes).exclude(buyer_key="")
    keys.update(named.values_list("integration_id", "buyer_key"))
    return replace(
        person,
        emails=frozenset(emails - {""}),
        keys=frozenset(keys),
        customers=frozenset(customers),
        orders=frozenset(orders),
        remote_orders=frozenset(remotes),
    )


def _orders(
    person: Person, emails: set[str], customers: set[int], remotes: set[int]
) -> list[tuple[int, str, int | None, int | None]]:
    mine = Order.objects.filter(project__in=person.projects, erased_at=None)
    found = mine.filter(Q(pk__in=person.orders) | Q(customer__in=customers) | Q(remote_order__in=remotes))
    columns = ("pk", "email", "customer_id", "remote_order_id")
    rows = list(found.values_list(*columns))
    for email in emails - {""}:
        rows += search(mine, email).filter(email__iexact=email).values_list(*columns)  # the words have an index
    return rows


def _not_imported(person: Person) -> set[int]:
    """Orders outside of the book whose document names the person, unless it is read as somebody else's."""
    waiting = RemoteOrder.objects.filter(project__in=person.projects, erased_at=None).exclude(
        state=RemoteState.IMPORTED
    )
    # Keys first: PostgreSQL would look for the first hundred by walking through the orders that were imported, too.
    keys = list(waiting.filter(payload__iregex=person.pattern).order_by().values_list("pk", flat=True))
    named = RemoteOrder.objects.filter(AnyOf("pk", [key for key in keys if key not in person.remote_orders]))
    found = set()
    shops = Integration.objects.filter(project__in=person.projects).select_related("project").in_bulk()
    for row in chain.from_iterable(in_portions(named, 100)):
        shop = shops[row.integration_id]
        order = read_stored(shop.connector, shop.reader(), row.payload).order
        if order is None or order.email.lower() in {*person.emails, ""}:
            found.add(row.pk)
    return found


@dataclass(frozen=True)
class Confirmed:
    """When an erasure was confirmed, and by whom."""

    at: datetime
    by: int | None


def label(at: datetime) -> str:
    """What stands where the name was."""
    return f"Erased on {at.day} {at:%B %Y}"


@contextmanager
def erasing() -> Iterator[None]:
    """In a transaction: the triggers that keep histories as they were written let an UPDATE pass meanwhile."""
    execute("SET LOCAL countinghouse.erasing = 'on'")
    yield
    execute("SET LOCAL countinghouse.erasing = 'off'")
