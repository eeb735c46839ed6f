"""Customers of orders from shops: one per e-mail address of a project, whatever its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.kit.round_trips import Question, ask, ask_together
from config.kit.sql import execute, next_ids
from orders.intake.incoming import IncomingOrder
from orders.models import Customer
from orders.segments import due


def find_or_create(project_id: int, orders: Sequence[IncomingOrder], at: datetime) -> dict[str, int]:
    """Customer ids by e-mail in lower case, for all orders that carry one. They are due, see `orders.segments.due`."""
    foreseen = Foreseen.of(project_id, orders)
    if not foreseen.named:
        return {}
    while ask_together(*foreseen.asked_again(project_id, at))[-1] != foreseen.known:  # one was just deleted, or made
        foreseen = Foreseen.of(project_id, orders)
    made = _insert(project_id, foreseen, at)
    known = {**foreseen.known, **made}
    if len(made) < len(foreseen.new):  # somebody else has made one in this moment
        theirs = find(project_id, [email for email in foreseen.new if email not in known])
        due.mark(project_id, theirs.values(), at)
        known |= theirs
    return known


def held(project_id: int, email: str, at: datetime) -> int | None:
    """The customer with this e-mail, which is in lower case. They are due: until the end, nobody deletes them."""
    pk = None
    while (known := find(project_id, [email]).get(email)) != pk:
        pk = known
        due.mark(project_id, [pk], at)  # waits for whoever is deleting them
    return pk


@dataclass(frozen=True)
class Foreseen:
    """The customers of some orders, before those who are new are written."""

    named: Mapping[str, IncomingOrder]
    """The first order of each, by e-mail in lower case."""
    known: Mapping[str, int]
    new: Mapping[str, int]
    """Ids that are theirs, once they are written."""

    @classmethod
    def of(cls, project_id: int, orders: Sequence[IncomingOrder]) -> Foreseen:
        named: dict[str, IncomingOrder] = {}
        for order in orders:
            if order.email:
                named.setdefault(order.email.lower(), order)
        emails = sorted(named)
        known = find(project_id, emails)
        new = [email for email in emails if email not in known]
        return cls(named, known, dict(zip(new, next_ids(Customer, len(new)), strict=True)))

    @property
    def ids(self) -> dict[str, int]:
        return {**self.known, **self.new}

    def asked_again(self, project_id: int, at: datetime) -> Sequence[Question[Any]]:
        """For `came_true`, the last answer. Those who are known are due first: until the end, nobody deletes them."""
        marked = [due.marked(project_id, self.known.values(), at)] if self.known else []
        return [*marked, found(project_id, list(self.named))]

    def came_true(self, project_id: int, now: Mapping[str, int], at: datetime) -> bool:
        """Write those who are new. Whether all are as they were foreseen: somebody else may have been quicker."""
        return now == self.known and _insert(project_id, self, at) == self.new


def _insert(project_id: int, foreseen: Foreseen, at: datetime) -> dict[str, int]:
    """Ids of those who were not there, by e-mail; they are due."""
    if not foreseen.new:
        return {}
    orders = [foreseen.named[email] for email in foreseen.new]
    rows = execute(
        "INSERT INTO orders_customer (id, project_id, email, name, phone, created_at)"
        " SELECT id, %s, email, name, phone, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])"
        " AS new (id, email, name, phone)"
        " ON CONFLICT (project_id, lower(email)) WHERE source_id = '' AND email <> '' DO NOTHING"
        " RETURNING lower(email), id",
        [
            project_id,
            at,
            list(foreseen.new.values()),
            [order.email for order in orders],
            [order.buyer_name[:200] for order in orders],
            [order.phone[:40] for order in orders],
        ],
    )
    made = dict(rows)
    due.mark(project_id, made.values(), at)
    return made


def find(project_id: int, emails: Sequence[str]) -> dict[str, int]:
    """Customer ids by these e-mails, which are in lower case; of several, one whom no partner has named goes first."""
    return ask(found(project_id, emails)) if emails else {}


def found(project_id: int, emails: Sequence[str]) -> Question[dict[str, int]]:
    """What `find` asks."""
    return Question(
        "SELECT DISTINCT ON (lower(email)) lower(email), id FROM orders_customer"
        ' WHERE project_id = %s AND lower(email) COLLATE "C" = ANY(%s)'
        " ORDER BY lower(email), source_id <> '', id",
        [project_id, list(emails)],
        dict,
    )
