"""Customers that partners send, written many at once: which one each row means, what of it is new, and who is new.

A row with an `id` means that customer. Else its `source_id` does; where nobody has that one, the customer with its
e-mail address who has no source id gets it. A row without either means the customer with its e-mail address who has no
source id. Whoever is not here is created. Rows are taken in their order, so that a later one of the same customer goes
on where the one before it ended. What is not sent stays, null empties; metadata and address are merged by their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from msgspec import UNSET, Struct

from config.kit.api.bodies import unstorable
from config.kit.isolating import in_halves, once_more
from config.kit.public_ids import PublicIds
from config.kit.refusals import Refused
from config.kit.round_trips import Question, Rows, ask, say
from config.kit.sql import copy_rows, either, execute, next_ids
from orders.customers.customer_objects import (
    ADDRESS,
    CustomerObject,
    birthdate_of,
    day_of,
    problem,
    says_nothing,
    shown,
)
from orders.intake.rows import as_json
from orders.models import Customer
from orders.segments import due

T = TypeVar("T")
TEXTS = ("name", "email", "phone", "description")
COLUMNS = ("source_id", *TEXTS, "birthdate", "address", "metadata")
TYPES = (
    "source_id text, name text, email text, phone text, description text, birthdate date, address jsonb, metadata jsonb"
)
# Whoever is deleted or erased is nobody to partners.
HERE = "deleted_at IS NULL AND erased_at IS NULL"


class CustomerStored(Struct, frozen=True):
    """The customer is in the book."""

    customer_id: int
    found: bool
    """Whether they were here before."""
    updated: bool
    """Whether anything was written: they are new, or something of them is."""


class CustomerFailure(Struct, frozen=True):
    """Nothing was written for the row. `key` is stable, `details` for people."""

    key: str
    details: str
    holder_id: int | None = None
    """The customer who is in the way."""


CustomerOutcome = CustomerStored | CustomerFailure


class CustomerRefused(Refused):
    """A row cannot be written."""

    def __init__(self, key: str, details: str, holder_id: int | None = None) -> None:
        super().__init__(details)
        self.failure = CustomerFailure(key, details, holder_id)


def upsert_customers(
    project_id: int, ids: PublicIds, rows: Sequence[CustomerObject], at: datetime, *, replace_metadata: bool = False
) -> list[CustomerOutcome]:
    """Write these customers of a project in one transaction; the outcomes stand in the order of `rows`.

    A row that cannot be written fails alone.
    """
    outcomes: dict[int, CustomerOutcome] = {}

    def write(places: Sequence[int]) -> None:
        def work() -> None:
            customers = Customers(project_id, ids, replace_metadata=replace_metadata)
            tickets = [customers.add(rows[place]) for place in places]
            customers.write(at)
            outcomes.update((place, customers.outcome(ticket)) for place, ticket in zip(places, tickets, strict=True))

        once_more(work)  # somebody else may be making the same customer

    def failed(place: int, error: Exception) -> None:
        outcomes[place] = CustomerFailure("invalid_customer", "The customer cannot be stored as sent")

    good = []
    for place, row in enumerate(rows):
        refused = refusal(row)
        if refused:
            outcomes[place] = CustomerFailure("invalid_customer", refused)
        else:
            good.append(place)
    with transaction.atomic():
        in_halves(good, write, failed)
    return [outcomes[place] for place in range(len(rows))]


def refusal(row: CustomerObject) -> str:
    """Why a row cannot be taken whoever it means, as a sentence; "" when nothing is wrong."""
    if says_nothing(row):
        return "There is nothing about a customer: send at least one field, such as source_id, email or name"
    return problem(row) or next(unstorable(msgspec.to_builtins(row)), "")


@dataclass(eq=False)
class _Profile:
    """A customer of the page as it will be written."""

    source_id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    description: str = ""
    birthdate: date | None = None
    address: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    pk: int = 0
    """0 until it is created."""
    here: bool = False
    """Whether it was in the book before."""
    changed: bool = False

    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS}

    def _told(self) -> bytes:
        """For comparing: to Python, true is 1."""
        return msgspec.json.encode(self.values(), order="deterministic")

    def change(self, sent: CustomerObject, *, replace_metadata: bool) -> bool:
        """Take over what was sent; whether anything is different."""
        before = self._told()
        self.take(sent, replace_metadata=replace_metadata)
        return self._told() != before

    def take(self, sent: CustomerObject, *, replace_metadata: bool) -> None:
        """Take over what was sent."""
        for name in TEXTS:
            value = getattr(sent, name)
            if value is not UNSET:
                setattr(self, name, value or "")
        born = birthdate_of(sent)
        if born is not UNSET:
            self.birthdate = day_of(born) if born else None
        if sent.address is None:
            self.address = {}
        elif sent.address is not UNSET:
            parts = {name: value for name in ADDRESS if (value := getattr(sent.address, name)) is not UNSET}
            self.address = {name: value for name, value in (self.address | parts).items() if value}
        if sent.metadata is None:
            self.metadata = {}
        elif sent.metadata is not UNSET:
            self.metadata = sent.metadata if replace_metadata else self.metadata | sent.metadata


class Customers:
    """The customers of a page: `add` each, `write` once, then ask what came of them.

    In the caller's transaction. Those that are here are locked until it ends; whoever makes the same customer at the
    same time meets the unique keys, and does it once more (`config.kit.isolating.once_more`).
    """

    def __init__(self, project_id: int, ids: PublicIds, *, replace_metadata: bool = False) -> None:
        self._project_id = project_id
        self._ids = ids
        self._replace = replace_metadata
        self._sent: list[CustomerObject] = []
        self._profiles: dict[int, _Profile] = {}
        self._by_source: dict[str, _Profile] = {}
        self._by_email: dict[str, _Profile] = {}
        """Those without a source id, by e-mail address in lower case."""
        self._results: list[tuple[_Profile, bool, bool] | CustomerFailure] = []
        self._keys: list[int] = []
        """Taken for those who are new."""

    def add(self, sent: CustomerObject) -> int:
        """Remember a row; the ticket to ask for it by."""
        self._sent.append(sent)
        return len(self._sent) - 1

    def write(self, at: datetime) -> None:
        """Find, create and update them all, in a handful of statements; their segments follow."""
        if not self._sent:
            return
        meant = ask(self.meant())
        self.write_as(meant, at)

    def meant(self) -> Question[list[int]]:
        """The keys of whom the rows may mean now, for `write_as`."""
        return self._found("id", read=lambda rows: [pk for (pk,) in rows])

    def write_as(self, meant: Sequence[int], at: datetime) -> None:
        """`write`, where it was just asked whom the rows may mean."""
        written = self._take_all(self._locked(meant, at))
        new = self._numbered(written)
        due.mark(self._project_id, (profile.pk for profile in new), at)
        self._update([profile for profile in written if profile.here and profile.changed], at)
        self._create(new, at)

    def foresee(self) -> None:
        """Find whom the rows mean, and give those who are new their keys: nobody is locked, and nothing is written.

        `outcome` says what came of it. `write` finds them again, and means the same as long as nobody was quicker.
        """
        if self._sent:
            self._numbered(self._take_all(ask(self._found("id", *COLUMNS, read=sorted))))

    @property
    def marked(self) -> set[int]:
        """Whose segments follow from what was written."""
        return {result[0].pk for result in self._results if not isinstance(result, CustomerFailure)}

    @property
    def outcomes(self) -> list[CustomerOutcome]:
        """What came of the rows, after `write` or `foresee`."""
        return [self.outcome(ticket) for ticket in range(len(self._results))]

    def outcome(self, ticket: int) -> CustomerOutcome:
        """What came of a row, after `write`."""
        result = self._results[ticket]
        return result if isinstance(result, CustomerFailure) else CustomerStored(result[0].pk, *result[1:])

    def _found(self, *columns: str, read: Callable[[Rows], T]) -> Question[T]:
        """Whom the rows may mean."""
        pks = [pk for sent in self._sent if sent.id and (pk := self._ids.take("cust", sent.id))]
        sources = [sent.source_id for sent in self._sent if sent.source_id]
        emails = [sent.email.lower() for sent in self._sent if sent.email]
        wanted, values = either(
            ("id = ANY(%s)", pks),
            ("source_id = ANY(%s) AND source_id <> ''", sources),
            ("lower(email) = ANY(%s) AND email <> '' AND source_id = ''", emails),
        )
        return Question(
            f"SELECT {', '.join(columns)} FROM orders_customer WHERE project_id = %s AND {HERE} AND {wanted}",  # noqa: S608
            [self._project_id, *values],
            read,
        )

    def _locked(self, pks: Sequence[int], at: datetime) -> list[tuple[Any, ...]]:
        """Lock and read them. Whoever places customers takes the mark first and the row afterwards: so do we."""
        if not pks:
            return []
        due.mark(self._project_id, pks, at)
        return execute(
            f"SELECT id, {', '.join(COLUMNS)} FROM orders_customer WHERE id = ANY(%s) AND {HERE}"  # noqa: S608
            " ORDER BY id FOR NO KEY UPDATE",
            [list(pks)],
        )

    def _take_all(self, found: Sequence[tuple[Any, ...]]) -> list[_Profile]:
        """Decide what the rows come to with these customers; whoever they mean, each once."""
        self._profiles, self._by_source, self._by_email, self._results = {}, {}, {}, []
        for pk, *values in found:
            profile = _Profile(**dict(zip(COLUMNS, values, strict=True)), pk=pk, here=True)
            profile.address, profile.metadata = (msgspec.json.decode(text) for text in values[-2:])
            self._profiles[pk] = profile
            self._know(profile)
        written: dict[int, _Profile] = {}
        for sent in self._sent:
            try:
                profile, was_here, updated = self._take(sent)
            except CustomerRefused as error:
                self._results.append(error.failure)
            else:
                self._results.append((profile, was_here, updated))
                written[id(profile)] = profile
        return list(written.values())

    def _numbered(self, written: Sequence[_Profile]) -> list[_Profile]:
        """Those who are new, with their keys: whom `foresee` gave one keep it."""
        new = [profile for profile in written if not profile.here]
        new.sort(key=lambda profile: (profile.source_id, profile.email.lower()))  # two who make the same never cross
        self._keys += next_ids(Customer, max(0, len(new) - len(self._keys)))
        for profile, pk in zip(new, self._keys, strict=False):
            profile.pk = pk
        return new

    def _know(self, profile: _Profile) -> None:
        if profile.source_id:
            self._by_source[profile.source_id] = profile
        elif profile.email:
            self._by_email[profile.email.lower()] = profile

    def _take(self, sent: CustomerObject) -> tuple[_Profile, bool, bool]:
        """Whom a row means, whether they were here, and whether it says anything new. Raises CustomerRefused."""
        known = self._whom(sent)
        profile = known or _Profile(source_id=sent.source_id or "")
        named = bool(not profile.source_id and sent.source_id and not sent.id)
        self._keep_apart(profile, sent, named=named)
        before = profile.email.lower()
        if known is None:
            profile.take(sent, replace_metadata=self._replace)
            changed = True
        else:
            changed = profile.change(sent, replace_metadata=self._replace) or named
        if named:
            profile.source_id = sent.source_id or ""
        if self._by_email.get(before) is profile:
            del self._by_email[before]
        self._know(profile)
        profile.changed |= changed
        return profile, known is not None, changed

    def _whom(self, sent: CustomerObject) -> _Profile | None:
        if sent.id:
            profile = self._profiles.get(self._ids.take("cust", sent.id) or 0)
            if profile is None:
                raise CustomerRefused("not_found", f"Cannot find customer with id {shown(sent.id)}")
            return profile
        if sent.source_id and sent.source_id in self._by_source:
            return self._by_source[sent.source_id]
        return self._by_email.get(sent.email.lower()) if sent.email else None

    def _keep_apart(self, profile: _Profile, sent: CustomerObject, *, named: bool) -> None:
        """Of customers without a source id, no two have one e-mail address. Raises CustomerRefused."""
        if not sent.email or named or profile.source_id:
            return
        other = self._by_email.get(sent.email.lower())
        if other is not None and other is not profile:
            holder = self._ids.give("cust", other.pk) if other.pk else "another row"
            details = f"Property .email is that of another customer, {holder}: send that one, or another address"
            raise CustomerRefused("duplicate_resource_key", details, other.pk or None)

    def _create(self, new: Sequence[_Profile], at: datetime) -> None:
        written_at = str(at)
        rows = (
            (
                profile.pk, self._project_id, written_at, *(getattr(profile, name) for name in COLUMNS[:-2]),
                as_json(profile.address), as_json(profile.metadata),
            )
            for profile in new
        )  # fmt: skip
        if new:
            copy_rows(Customer, ("id", "project_id", "created_at", *COLUMNS), rows)

    def _update(self, changed: Sequence[_Profile], at: datetime) -> None:
        if not changed:
            return
        say(
            f"UPDATE orders_customer AS customer SET ({', '.join(COLUMNS)}, updated_at)"  # noqa: S608
            f" = ({', '.join(f'new.{name}' for name in COLUMNS)}, %s)"
            f" FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, {TYPES}) WHERE customer.id = new.id",
            [at, as_json([{"id": profile.pk, **profile.values()} for profile in changed])],
        )
