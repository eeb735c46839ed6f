"""Customers as partners send them: created or updated, a page at a time, by id, source id or e-mail address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from config.kit.public_ids import PublicIds
from config.kit.sql import copy_rows, execute, next_ids
from orders.intake.rows import as_json
from orders.models import Customer
from orders.partners.published import CustomerObject, InvalidOrder
from orders.segments import due

COLUMNS = "name text, email text, phone text, description text, birthdate date, address jsonb, metadata jsonb"
# What becomes of each column when `new` was sent; what was not sent stays.
MERGED = {
    name: f"coalesce(new.{name}, customer.{name})"
    for name in ("name", "email", "phone", "description", "birthdate", "address")
} | {"metadata": "customer.metadata || coalesce(new.metadata, '{}')"}
CREATED = (
    "id", "project_id", "created_at", "source_id", "email", "name", "phone", "description", "birthdate", "address",
    "metadata",
)  # fmt: skip
# ("pk", 7), ("source", "c-7") or ("email", "a@b.example").
Identity = tuple[str, str | int]


@dataclass
class _Row:
    """One customer of the page, with the last values sent for it."""

    values: dict[str, Any] = field(default_factory=dict)
    pk: int | None = None


class Customers:
    """The customers of a page: `add` each, `write` once, then ask for their primary keys."""

    def __init__(self, project_id: int, ids: PublicIds) -> None:
        self._project_id = project_id
        self._ids = ids
        self._rows: dict[Identity, _Row] = {}

    def add(self, person: CustomerObject | None, public_id: str | None = None) -> Identity | None:
        """Remember a customer; None when nothing says who it is. Raises InvalidOrder for an id that cannot be."""
        if person is None:
            person = CustomerObject(id=public_id)
        identity = self._identity(person, public_id)
        if identity is not None:
            row = self._rows.setdefault(identity, _Row())
            row.values.update(_values(person))
        return identity

    def _identity(self, person: CustomerObject, public_id: str | None) -> Identity | None:
        given = person.id or public_id
        if given:
            pk = self._ids.take("cust", given)
            if pk is None:
                raise unknown(given)
            return ("pk", pk)
        if person.source_id:
            return ("source", person.source_id)
        return ("email", person.email.lower()) if person.email else None

    def write(self, at: datetime) -> None:
        """Find, create and update them all, in a handful of statements; their segments follow."""
        if not self._rows:
            return
        self._find()
        before = {identity for identity, row in self._rows.items() if row.pk is not None}
        self._adopt()
        self._create(at)
        self._update(identity for identity, row in self._rows.items() if identity in before and row.values)
        due.mark(self._project_id, (row.pk for row in self._rows.values()), at)

    def pk(self, identity: Identity | None) -> int | None:
        """The primary key after `write`. Raises InvalidOrder for an id of nobody here."""
        if identity is None:
            return None
        pk = self._rows[identity].pk
        if pk is None:
            raise unknown(self._ids.give("cust", int(identity[1])))
        return pk

    def _find(self) -> None:
        pks, sources, emails = (self._asked(kind) for kind in ("pk", "source", "email"))
        found = execute(
            "SELECT id, source_id, email FROM orders_customer WHERE project_id = %s"
            " AND (id = ANY(%s) OR (source_id = ANY(%s) AND source_id <> '') OR (email = ANY(%s) AND email <> ''))"
            " ORDER BY source_id = '', id DESC",
            [self._project_id, pks, sources, emails],
        )
        for pk, source_id, email in found:  # of several with one address the plain one comes last and wins
            for identity in (("pk", pk), ("source", source_id), ("email", email)):
                if identity in self._rows:
                    self._rows[identity].pk = pk

    def _adopt(self) -> None:
        """A customer known by e-mail address only gets the source id that a partner sends with that address."""
        wanted: dict[str, Identity] = {}
        for identity, row in self._rows.items():
            if identity[0] == "source" and row.pk is None and row.values.get("email"):
                wanted.setdefault(row.values["email"], identity)
        if not wanted:
            return
        adopted = execute(
            "UPDATE orders_customer AS customer SET source_id = new.source_id"
            " FROM unnest(%s::text[], %s::text[]) AS new (email, source_id) WHERE customer.project_id = %s"
            " AND customer.email = new.email AND customer.source_id = '' RETURNING customer.id, customer.source_id",
            [list(wanted), [identity[1] for identity in wanted.values()], self._project_id],
        )
        for pk, source_id in adopted:
            self._rows["source", source_id].pk = pk
        self._update(("source", source_id) for _, source_id in adopted)

    def _create(self, at: datetime) -> None:
        new = [(identity, row) for identity, row in self._rows.items() if row.pk is None and identity[0] != "pk"]
        if not new:
            return
        for (_, row), pk in zip(new, next_ids(Customer, len(new)), strict=True):
            row.pk = pk
        copy_rows(Customer, CREATED, (self._created(identity, row, at) for identity, row in new))

    def _created(self, identity: Identity, row: _Row, at: datetime) -> tuple[Any, ...]:
        values = row.values
        source_id = identity[1] if identity[0] == "source" else ""
        texts = (values.get(name, "") for name in ("email", "name", "phone", "description"))
        documents = (as_json(values[name]) if name in values else "{}" for name in ("address", "metadata"))
        return (row.pk, self._project_id, at, source_id, *texts, values.get("birthdate"), *documents)

    def _update(self, identities: Iterable[Identity]) -> None:
        rows = [
            {**row.values, "id": row.pk} for identity in identities if (row := self._rows[identity]).pk and row.values
        ]
        if not rows:
            return
        execute(
            f"UPDATE orders_customer AS customer SET ({', '.join(MERGED)}) = ({', '.join(MERGED.values())})"  # noqa: S608
            f" FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, {COLUMNS}) WHERE customer.id = new.id"
            f" AND ({', '.join(f'customer.{name}' for name in MERGED)})"
            f" IS DISTINCT FROM ({', '.join(MERGED.values())})",
            [as_json(rows)],
        )

    def _asked(self, kind: str) -> list[Any]:
        return [value for name, value in self._rows if name == kind]


def unknown(public_id: str) -> InvalidOrder:
    return InvalidOrder("invalid_customer", f"Cannot find customer with id {public_id}")


def _values(person: CustomerObject) -> dict[str, Any]:
    """What was sent, by column."""
    values: dict[str, Any] = {
        name: value
        for name in ("name", "phone", "description", "address", "metadata")
        if (value := getattr(person, name)) is not None
    }
    if person.email:
        values["email"] = person.email.lower()
    born: date | None = person.birthdate or person.birthday
    if born is not None:
        values["birthdate"] = born
    return values
