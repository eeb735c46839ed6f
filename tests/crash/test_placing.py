"""Placing, filling and earning are cut off at every statement and commit: in the end it is as if nothing happened."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EarningTrigger
from orders.models import CustomerSummary, DueCustomer, Segment, SegmentEntry, SegmentMember
from orders.points import earning_rules
from orders.points.earning import earn_from_entries
from orders.points.earning_rules import EarningRuleWish
from orders.segments import due, filling, placing
from tests.crash.faults import moments
from tests.factories import ProjectFactory
from tests.orders.segments import book
from tests.orders.segments.book import automatic, settle, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]


def order(number: int, status: str = "PAID") -> dict[str, Any]:
    return {
        "source_id": f"o-{number}", "status": status, "amount": 1_000 * (number + 1),
        "customer": {"source_id": f"c-{number}"},
    }  # fmt: skip


def state(project: Project) -> dict[str, Any]:
    members = SegmentMember.objects.filter(segment__project=project)
    entries = SegmentEntry.objects.filter(project=project)
    summaries = CustomerSummary.objects.filter(project=project)
    return {
        "members": sorted(
            (name, source, left is None)
            for name, source, left in members.values_list("segment__name", "customer__source_id", "left_at")
        ),
        "entries": sorted(entries.values_list("segment__name", "customer__source_id")),
        "summaries": sorted(summaries.values_list("customer__source_id", "total_amount", "total_count")),
        "points": sorted(summaries.filter(points__gt=0).values_list("customer__source_id", "points")),
        "due": DueCustomer.objects.filter(project=project).count(),
        "filling": Segment.objects.filter(project=project, fill_until__isnull=False).count(),
    }


def interrupted(drop_at: int = 0) -> tuple[dict[str, Any], int]:
    """Customers who enter and leave an old segment while a new one is filled, cut off at this moment (0: never)."""
    project = ProjectFactory.create()
    old = automatic(project, ("total_amount", "more_than", "25"), name="Old")
    earning_rules.create(project.pk, EarningRuleWish("Welcome", EarningTrigger.SEGMENT_ENTERED, 5, old.pk))
    settle(project)
    write(project, *(order(number) for number in range(5)))
    settle(project)
    automatic(project, ("total_count", "at_least", 1), name="New")
    write(project, *(order(number, "CANCELED" if number % 2 else "PAID") for number in range(2, 8)))
    with moments(drop_at) as counted, suppress(OperationalError):
        settle(project)
        earn_from_entries(project.pk)
    connection.close()
    settle(project)
    earn_from_entries(project.pk)
    return state(project), counted.passed


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "BATCH", 4)
    monkeypatch.setattr(filling, "BATCH", 3)


def test_every_moment_is_survived() -> None:
    expected, count = interrupted()
    assert count >= 40
    assert expected["entries"] == [("New", "c-6"), ("Old", "c-2"), ("Old", "c-3"), ("Old", "c-4"), ("Old", "c-6")]
    assert [row[:2] for row in expected["members"] if row[2]] == [
        *(("New", f"c-{number}") for number in (0, 1, 2, 4, 6)),
        *(("Old", f"c-{number}") for number in (2, 4, 6)),
    ]
    assert (expected["due"], expected["filling"]) == (0, 0)
    assert expected["points"] == [(f"c-{number}", 5) for number in (2, 3, 4, 6)]
    wrong = [moment for moment in range(1, count + 1) if interrupted(moment)[0] != expected]
    assert wrong == []
    assert broken() == {}


def test_control_marks_taken_in_a_transaction_of_their_own_lose_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    take, place = due.take, placing.place_due

    def taken_first(project_id: int) -> bool:
        with transaction.atomic():
            taken = take(project_id, placing.BATCH)
        monkeypatch.setattr(due, "take", lambda *_: taken)
        return place(project_id)

    expected, count = interrupted()
    monkeypatch.setattr(book, "place_due", taken_first)
    wrong = [moment for moment in range(1, count + 1) if interrupted(moment)[0] != expected]
    assert len(wrong) > 5
