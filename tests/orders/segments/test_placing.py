"""Customers enter and leave segments once, in few statements, whoever else is placing at the same time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit import true_time
from config.kit.sql import execute
from integrations.models import Project
from orders.choices import SegmentKind
from orders.models import CustomerSummary, DueCustomer, Segment, SegmentEntry, SegmentMember
from orders.segments import definitions, filling, placing
from orders.segments.conditions import Condition
from orders.segments.definitions import SegmentWish
from orders.segments.placing import enter, place_due, rules_of, waiting_projects
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, customer, entered, members, settle, write


def paid(number: int, buyer: str, amount: int = 10_000, **values: Any) -> dict[str, Any]:
    body = {"source_id": f"o-{number}", "status": "PAID", "amount": amount, "customer": {"source_id": buyer}}
    return body | values


def test_entering_leaving_and_entering_again(project: Project) -> None:
    segment = automatic(project, ("total_amount", "more_than", "150"))
    settle(project)
    write(project, paid(1, "ann"), paid(2, "bob"))
    settle(project)
    assert (members(segment), entered(segment)) == (set(), [])
    write(project, paid(3, "ann"))
    settle(project)
    settle(project)
    assert (members(segment), entered(segment)) == ({"ann"}, ["ann"])
    write(project, paid(3, "ann", status="CANCELED"))
    settle(project)
    assert (members(segment), entered(segment)) == (set(), ["ann"])
    write(project, paid(4, "ann"))
    settle(project)
    assert (members(segment), entered(segment)) == ({"ann"}, ["ann", "ann"])
    stays = SegmentMember.objects.order_by("pk").values_list("left_at", flat=True)
    assert [left is None for left in stays] == [False, True]


def test_the_first_members_have_not_entered_but_who_comes_later_has(project: Project) -> None:
    write(project, paid(1, "ann"))
    settle(project)
    segment = automatic(project, ("total_count", "at_least", 1))
    write(project, paid(2, "bob"), {"source_id": "o-9", "customer": {"source_id": "ann", "name": "Ann"}})
    place_due(project.pk)  # before the filling
    assert (members(segment), entered(segment)) == ({"ann", "bob"}, ["bob"])
    settle(project)
    assert (members(segment), entered(segment)) == ({"ann", "bob"}, ["bob"])


def test_changed_conditions_bring_members_in_and_out_without_entries(project: Project) -> None:
    segment = automatic(project, ("total_amount", "more_than", "150"))
    settle(project)
    write(project, paid(1, "ann", 20_000), paid(2, "bob"))
    settle(project)
    wish = SegmentWish("Others", SegmentKind.AUTOMATIC, conditions=[Condition("total_amount", "less_than", "150")])
    changed = definitions.change(segment.pk, wish)
    assert (changed.filling, changed.name) == (True, "Others")
    settle(project)
    assert (members(segment), entered(segment)) == ({"bob"}, ["ann"])
    assert not definitions.change(segment.pk, wish).filling, "nothing to find out when only the name is another"


def test_filling_goes_on_where_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BATCH", 4)
    write(project, *(paid(number, f"c-{number}") for number in range(10)))
    place_due(project.pk)
    segment = automatic(project, ("total_count", "is", 1))
    seen = []
    while filling.fill(project.pk):
        seen.append(len(members(segment)))
    assert seen == [4, 8, 10]
    assert entered(segment) == []
    assert not Segment.objects.get().filling


def test_a_deleted_segment_takes_nobody_in(project: Project) -> None:
    segment = automatic(project, ("total_count", "is", 1))
    definitions.delete(segment.pk)
    write(project, paid(1, "ann"))
    settle(project)
    assert not SegmentMember.objects.exists()
    assert automatic(project, ("total_count", "is", 1)).pk != segment.pk, "the name is free again"
    with pytest.raises(Segment.DoesNotExist):
        definitions.delete(segment.pk)


def test_segments_of_another_project_stay_out_of_it(project: Project) -> None:
    theirs = ProjectFactory.create()
    segment = automatic(theirs, ("total_count", "at_least", 0))
    settle(theirs)
    write(project, paid(1, "ann"))
    settle(project)
    settle(theirs)
    assert members(segment) == set()


def test_time_alone_moves_customers_and_only_when_their_moment_comes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr(true_time, "now", lambda: start)
    recent = automatic(project, ("last_order_date", "within_days", 30), name="Recent")
    gone = automatic(project, ("last_order_date", "more_than_days_ago", 40), name="Gone")
    settle(project)
    write(project, paid(1, "ann", created_at="2026-11-20T12:00:00Z"), at=start)
    settle(project)
    assert (members(recent), members(gone)) == ({"ann"}, set())
    moments = []
    for hours in range(0, 45 * 24, 12):
        now = start + timedelta(hours=hours)
        monkeypatch.setattr(true_time, "now", lambda now=now: now)
        if project.pk in waiting_projects(now):
            moments.append(now - start)
            settle(project)
    assert moments == [timedelta(days=29), timedelta(days=39)]
    assert (members(recent), members(gone), entered(gone)) == (set(), {"ann"}, ["ann"])


@pytest.mark.parametrize("name", ["created_at", "updated_at"])
def test_time_alone_moves_customers_by_what_is_known_of_themselves(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr(true_time, "now", lambda: start)
    write(project, paid(1, "ann"), at=start)
    settle(project)
    recent = automatic(project, (name, "within_days", 7), name="Recent")
    gone = automatic(project, (name, "more_than_days_ago", 14), name="Gone")
    settle(project)  # filled, not placed
    assert (members(recent), members(gone)) == ({"ann"}, set())
    moments = []
    for days in range(20):
        now = start + timedelta(days=days)
        monkeypatch.setattr(true_time, "now", lambda now=now: now)
        if project.pk in waiting_projects(now):
            moments.append(days)
            settle(project)
    assert moments == [7, 14]
    assert (members(recent), members(gone)) == (set(), {"ann"})


def test_a_new_time_condition_is_looked_at_again_in_time(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr(true_time, "now", lambda: start)
    write(project, paid(1, "ann", created_at="2026-11-20T12:00:00Z"), at=start)
    settle(project)
    assert CustomerSummary.objects.get().recheck_at is None
    automatic(project, ("last_order_date", "within_days", 30))
    settle(project)
    assert CustomerSummary.objects.get().recheck_at == datetime(2026, 12, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("customers", [10, 1_000])
def test_a_batch_is_the_same_statements_however_many_customers(
    project: Project, customers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "BATCH", 1_001)
    automatic(project, ("total_amount", "more_than", "50"), name="One")
    automatic(project, ("last_order_date", "within_days", 3), name="Two")
    settle(project)
    write(project, *(paid(number, f"c-{number}") for number in range(customers)))
    with CaptureQueriesContext(connection) as captured:
        place_due(project.pk)
    assert SegmentEntry.objects.count() == 2 * customers
    assert len(captured) == 19


def test_entries_stay_as_they_were_written(project: Project) -> None:
    automatic(project, ("total_count", "is", 1))
    settle(project)
    write(project, paid(1, "ann"))
    settle(project)
    SegmentEntry.objects.update(earned_at=timezone.now(), told_at=timezone.now())
    for change in ("UPDATE orders_segmententry SET at = now()", "DELETE FROM orders_segmententry"):
        with pytest.raises(DatabaseError, match="kept as they were written"), transaction.atomic():
            execute(change)


def entered_at_once() -> list[str]:
    """Two workers place the same customer at the same moment; the entries."""
    project = ProjectFactory.create()
    write(project, paid(1, "ann"))
    place_due(project.pk)
    segment = automatic(project, ("total_count", "is", 1))
    Segment.objects.update(fill_until=None)
    ready = threading.Event()

    def place() -> None:
        try:
            with transaction.atomic():
                [rule] = rules_of(project.pk, timezone.now())
                ready.set()
                enter(project.pk, rule, [customer(project, "ann").pk], timezone.now())
        finally:
            connection.close()

    other = threading.Thread(target=place)
    with transaction.atomic():
        [rule] = rules_of(project.pk, timezone.now())
        enter(project.pk, rule, [customer(project, "ann").pk], timezone.now())
        other.start()
        assert ready.wait(10)
        other.join(0.5)
    other.join()
    return entered(segment)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_entry() -> None:
    assert entered_at_once() == ["ann"]


@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_there_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(statement: str, params: Any = ()) -> Any:
        guard = "ON CONFLICT (segment_id, customer_id) WHERE left_at IS NULL DO NOTHING"
        return execute(statement.replace(guard, ""), params)

    monkeypatch.setattr(placing, "execute", unguarded)
    [(definition,)] = execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'member_once_per_segment'")
    execute("DROP INDEX member_once_per_segment")
    try:
        assert entered_at_once() == ["ann", "ann"]
    finally:
        execute("TRUNCATE orders_segmentmember CASCADE")
        execute(definition)


@pytest.mark.django_db(transaction=True)
def test_customers_that_somebody_else_is_changing_are_passed_over(project: Project) -> None:
    write(project, paid(1, "ann"), paid(2, "bob"))
    held, done = threading.Event(), threading.Event()

    def change() -> None:
        try:
            with transaction.atomic():
                write(project, paid(1, "ann", 5))
                held.set()
                done.wait(10)
        finally:
            connection.close()

    other = threading.Thread(target=change)
    other.start()
    assert held.wait(10)
    place_due(project.pk)
    assert list(DueCustomer.objects.values_list("customer__source_id", flat=True)) == ["ann"]
    done.set()
    other.join()


def made_while_placing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A segment is made and filled while a placing is under way that has read the list before; its members."""
    project = ProjectFactory.create()
    write(project, paid(1, "ann"))
    read, go_on = threading.Event(), threading.Event()

    def slow_rules(project_id: int, at: datetime) -> list[placing.SegmentRule]:
        found = rules_of(project_id, at)
        read.set()
        go_on.wait(10)
        return found

    def place() -> None:
        try:
            place_due(project.pk)
        finally:
            connection.close()

    def make() -> None:
        try:
            automatic(project, ("total_count", "is", 1))
            filling.fill(project.pk)
        finally:
            connection.close()

    with monkeypatch.context() as patch:
        patch.setattr(placing, "rules_of", slow_rules)
        placer, maker = threading.Thread(target=place), threading.Thread(target=make)
        placer.start()
        assert read.wait(10)
        maker.start()
        maker.join(1)
        go_on.set()
        placer.join()
        maker.join()
    settle(project)
    return members(Segment.objects.get(project=project))


@pytest.mark.django_db(transaction=True)
def test_a_segment_made_during_a_placing_misses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_while_placing(monkeypatch) == {"ann"}


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_of_the_list_somebody_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "lock_list", lambda *_, **__: None)
    assert made_while_placing(monkeypatch) == set()
