"""Customers written many at once: whom a row means, what of it is new, and which rows fail alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from django.db import connections

from config.kit.public_ids import PublicIds
from config.kit.sql import execute
from integrations.models import Project
from orders.customers.customer_objects import CustomerObject
from orders.customers.from_shops import find_or_create
from orders.customers.upserting import (
    CustomerFailure,
    CustomerOutcome,
    Customers,
    CustomerStored,
    upsert_customers,
)
from orders.models import Customer, DueCustomer
from orders.points import movements
from tests.factories import ProjectFactory, incoming, line
from tests.orders.segments.book import settle, write
from tests.waiting import GENEROUS

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def sent(**values: Any) -> CustomerObject:
    return msgspec.convert(values, CustomerObject)


def upsert(
    project: Project, *rows: CustomerObject, at: datetime = AT, replace_metadata: bool = False
) -> list[CustomerOutcome]:
    ids = PublicIds(bytes(project.id_key))
    return upsert_customers(project.pk, ids, rows, at, replace_metadata=replace_metadata)


def made(project: Project, **values: Any) -> Customer:
    [outcome] = upsert(project, sent(**values))
    assert isinstance(outcome, CustomerStored)
    return Customer.objects.get(pk=outcome.customer_id)


def public(customer: Customer) -> str:
    return PublicIds(bytes(customer.project.id_key)).give("cust", customer.pk)


def told(outcomes: list[CustomerOutcome]) -> list[Any]:
    return [
        each.key if isinstance(each, CustomerFailure) else (each.customer_id, each.found, each.updated)
        for each in outcomes
    ]


def test_one_field_makes_a_customer(project: Project) -> None:
    bob, other = made(project, name="Bob"), made(project, name="Bob")
    assert bob != other
    assert (bob.name, bob.source_id, bob.email, bob.updated_at) == ("Bob", "", "", None)
    assert bob.created_at == datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)
    assert DueCustomer.objects.count() == 2


def test_whom_a_row_means(project: Project) -> None:
    named, plain = made(project, source_id="c-1", email="ann@mail.example"), made(project, email="Ann@mail.example")
    assert told(upsert(project, sent(email="ANN@mail.example", name="Ann"))) == [(plain.pk, True, True)]
    assert told(upsert(project, sent(source_id="c-1", email="x@mail.example"))) == [(named.pk, True, True)]
    # the id wins, and a source id beside it names nobody anew
    assert told(upsert(project, sent(id=public(plain), source_id="c-9", phone="1"))) == [(plain.pk, True, True)]
    plain.refresh_from_db()
    assert (plain.source_id, plain.phone, plain.email) == ("", "1", "ANN@mail.example")
    # a new source id is given to the one with that address who has none
    assert told(upsert(project, sent(source_id="c-2", email="ann@MAIL.example"))) == [(plain.pk, True, True)]
    plain.refresh_from_db()
    assert plain.source_id == "c-2"
    # an address of somebody who has a source id is no key
    [outcome] = upsert(project, sent(email="ann@mail.example"))
    assert isinstance(outcome, CustomerStored)
    assert (outcome.found, outcome.customer_id in {plain.pk, named.pk}) == (False, False)


def test_what_is_absent_stays_and_null_empties(project: Project) -> None:
    ana = made(
        project, source_id="c-77", name="Ana Lind", phone="1", description="d", birthdate="1990-04-04T10:00:00Z",
        address={"city": "Lund", "line_2": "2 tr"}, metadata={"tier": "silver", "news": True, "deep": {"a": 1}},
    )  # fmt: skip
    assert ana.birthdate == date(1990, 4, 4)
    later = AT + timedelta(hours=1)
    news = sent(
        source_id="c-77", description=None, birthday="1991-01-01", address={"line_1": "Nygatan 9", "line_2": None},
        metadata={"tier": "gold", "deep": {"b": None}},
    )  # fmt: skip
    upsert(project, news, at=later)
    ana.refresh_from_db()
    assert (ana.name, ana.phone, ana.description, ana.birthdate) == ("Ana Lind", "1", "", date(1991, 1, 1))
    assert ana.address == {"city": "Lund", "line_1": "Nygatan 9"}
    assert ana.metadata == {"tier": "gold", "news": True, "deep": {"b": None}}
    assert ana.updated_at == later.replace(microsecond=123_000)
    assert told(upsert(project, news, at=later + timedelta(hours=1))) == [(ana.pk, True, False)]
    upsert(project, sent(id=public(ana), metadata={"only": 1}), replace_metadata=True)
    upsert(project, sent(id=public(ana), address=None, birthdate=None, birthday="1999-01-01", name=None, email=None))
    ana.refresh_from_db()
    assert (ana.address, ana.metadata, ana.name) == ({}, {"only": 1}, "")
    assert not ana.birthdate
    upsert(project, sent(id=public(ana), metadata=None))
    ana.refresh_from_db()
    assert ana.metadata == {}


def test_true_is_not_one(project: Project) -> None:
    ana = made(project, source_id="c", metadata={"news": 1})
    assert told(upsert(project, sent(source_id="c", metadata={"news": True}))) == [(ana.pk, True, True)]
    ana.refresh_from_db()
    assert ana.metadata["news"] is True


@pytest.mark.parametrize(
    ("values", "details"),
    [
        ({}, "There is nothing about a customer: send at least one field, such as source_id, email or name"),
        ({"id": None, "name": ""}, "There is nothing about a customer: "),
        ({"email": "no address"}, "Property .email is no e-mail address: no address"),
        ({"name": "x" * 201}, "Property .name length cannot be higher than 200"),
        ({"source_id": "x" * 256}, "Property .source_id length cannot be higher than 255"),
        ({"birthdate": "soon"}, "Property .birthdate must be a day, such as 2026-02-28"),
        ({"birthday": "2026-02-30"}, "Property .birthday must be a day"),
        ({"birthdate": "", "name": "x"}, "Property .birthdate must be a day"),
        ({"address": {"city": "x" * 301}}, "Property .address.city length cannot be higher than 300"),
        ({"name": "a\x00"}, "Property .name holds a NUL character: take it out"),
        ({"metadata": {"a": {"b": "\x00"}}}, "Property .metadata.a.b holds a NUL character"),
    ],
)
def test_a_row_that_cannot_be_taken_fails_alone(project: Project, values: dict[str, Any], details: str) -> None:
    outcomes = upsert(project, sent(source_id="a"), sent(**values), sent(source_id="b"))
    failure = outcomes[1]
    assert isinstance(failure, CustomerFailure)
    assert (failure.key, failure.details[: len(details)]) == ("invalid_customer", details)
    assert sorted(Customer.objects.values_list("source_id", flat=True)) == ["a", "b"]


def test_an_id_that_is_not_here(project: Project) -> None:
    foreign = made(ProjectFactory.create(), source_id="theirs")
    outcomes = upsert(project, sent(id=public(foreign), name="x"), sent(id="cust_1", name="x"), sent(source_id="b"))
    assert [getattr(each, "key", "") for each in outcomes] == ["not_found", "not_found", ""]
    foreign.refresh_from_db()
    assert foreign.name == ""


def test_an_address_that_is_anothers(project: Project) -> None:
    ann, bob = made(project, email="ann@mail.example"), made(project, email="bob@mail.example")
    [failure, free, taken] = upsert(
        project,
        sent(id=public(bob), email="ANN@mail.example"),
        sent(id=public(ann), email="new@mail.example"),
        sent(id=public(bob), email="ann@mail.example"),
    )
    assert isinstance(failure, CustomerFailure)
    assert (failure.key, failure.holder_id) == ("duplicate_resource_key", ann.pk)
    assert public(ann) in failure.details
    assert told([free, taken]) == [(ann.pk, True, True), (bob.pk, True, True)]


def test_rows_of_one_customer_are_taken_in_their_order(project: Project) -> None:
    outcomes = upsert(
        project,
        sent(source_id="c", name="One", email="c@mail.example"),
        sent(source_id="c", name="Two", metadata={"a": 1}),
        sent(source_id="c", phone="1", metadata={"b": 2}),
    )
    customer = Customer.objects.get()
    assert told(outcomes) == [(customer.pk, False, True), (customer.pk, True, True), (customer.pk, True, True)]
    assert (customer.name, customer.phone, customer.metadata) == ("Two", "1", {"a": 1, "b": 2})
    assert customer.updated_at is None


def test_a_row_that_the_database_refuses_fails_alone(project: Project) -> None:
    huge = 10**140_000  # more digits than PostgreSQL's numbers have
    outcomes = upsert(project, sent(source_id="a"), sent(source_id="b", metadata={"n": huge}), sent(source_id="c"))
    assert told(outcomes)[1] == "invalid_customer"
    assert sorted(Customer.objects.values_list("source_id", flat=True)) == ["a", "c"]


def test_deleted_and_erased_customers_are_nobody(project: Project) -> None:
    gone, erased = made(project, source_id="a"), made(project, source_id="b")
    Customer.objects.filter(pk=gone.pk).update(source_id="", deleted_at=AT)
    Customer.objects.filter(pk=erased.pk).update(source_id="", erased_at=AT)
    assert told(upsert(project, sent(id=public(gone), name="x"), sent(id=public(erased), name="x"))) == [
        "not_found", "not_found",
    ]  # fmt: skip
    assert told(upsert(project, sent(source_id="a")))[0][1:] == (False, True)


def test_the_same_statements_however_many(project: Project, django_assert_num_queries: Any) -> None:
    def rows(name: str) -> list[CustomerObject]:
        return [sent(source_id=f"c-{each}", name=name, metadata={"n": each}) for each in range(500)]

    with django_assert_num_queries(10):  # COPY is not counted
        upsert(project, *rows("One"))
    with django_assert_num_queries(10):
        assert all(each.updated for each in upsert(project, *rows("Two")) if isinstance(each, CustomerStored))
    assert Customer.objects.filter(name="Two").count() == 500


def test_a_shops_buyer_is_found_whatever_the_case(project: Project) -> None:
    first = find_or_create(project.pk, [incoming(line(), email="Ann@Mail.example")], AT)
    again = find_or_create(project.pk, [incoming(line(), email="ann@mail.EXAMPLE")], AT)
    assert first == again == {"ann@mail.example": Customer.objects.get(email="Ann@Mail.example").pk}


def test_orders_and_points_move_the_change(project: Project) -> None:
    def changed() -> datetime | None:
        found: datetime | None = Customer.objects.get(project=project).updated_at
        return found

    write(project, {"source_id": "1", "status": "CREATED", "amount": 100, "customer": {"source_id": "ann"}})
    settle(project)
    assert changed() is None
    write(project, {"source_id": "1", "status": "PAID"})
    settle(project)
    paid = changed()
    assert paid is not None
    settle(project)
    write(project, {"source_id": "1", "metadata": {"a": 1}})
    settle(project)
    assert changed() == paid
    movements.adjust(Customer.objects.get().pk, 5, "Welcome", seen=None, actor_id=None)
    assert (changed() or paid) > paid


def in_threads(project: Project) -> list[CustomerOutcome]:
    """24 at once write one customer, each with another key of metadata, by two spellings of the address."""
    spellings = ["Ann@Mail.example", "ann@mail.EXAMPLE"]

    def spell(number: int) -> CustomerOutcome:
        try:
            return upsert(project, sent(email=spellings[number % 2], metadata={str(number): number}))[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(24) as pool:
        return list(pool.map(spell, range(24)))


@pytest.mark.django_db(transaction=True)
def test_two_spellings_of_one_key_make_one_row(project: Project) -> None:
    outcomes = in_threads(project)
    assert all(isinstance(each, CustomerStored) for each in outcomes)
    assert Customer.objects.get().metadata == {str(number): number for number in range(24)}


@pytest.mark.django_db(transaction=True)
def test_control_without_a_second_try_some_are_refused(project: Project) -> None:
    locked, gate = Customers._locked, threading.Barrier(24)

    def when_all_have_looked(*given: Any) -> Any:
        gate.wait(GENEROUS)
        return locked(*given)

    with (
        patch("orders.customers.upserting.once_more", lambda work: work()),
        patch.object(Customers, "_locked", when_all_have_looked),
    ):
        outcomes = in_threads(project)
    assert len([each for each in outcomes if isinstance(each, CustomerFailure)]) == 23


@pytest.mark.django_db(transaction=True)
def test_control_without_locked_rows_keys_are_lost(project: Project) -> None:
    def unlocked(statement: str, params: Any = ()) -> Any:
        found = execute(statement.replace(" FOR NO KEY UPDATE", ""), params)
        if statement.startswith("SELECT id, source_id"):
            gate.wait()  # all have read before one of them writes
        return found

    upsert(project, sent(email="ann@mail.example"))
    gate = threading.Barrier(24)
    with patch("orders.customers.upserting.execute", unlocked), patch("orders.customers.upserting.due.mark"):
        in_threads(project)
    assert len(Customer.objects.get().metadata) < 24
