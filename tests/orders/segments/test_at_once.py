"""Imports, placing, filling, changed segments, live orders and points by hand at the same time: nothing locks up."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.follow_up.steps import follow_up
from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EarningTrigger, Junction, SegmentKind
from orders.models import CustomerSummary, DueCustomer, Segment, SegmentEntry, SegmentMember
from orders.points import earning_rules, movements
from orders.points.earning import earn_from_entries
from orders.points.movements import AdjustedMeanwhile
from orders.segments import definitions, filling, placing
from orders.segments.conditions import Condition
from orders.segments.definitions import SegmentWish
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, members, settle, write
from tests.orders.segments.oracle import belong, summary_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, BUYERS = 15, 12


def order(chance: random.Random) -> dict[str, Any]:
    return {
        "source_id": f"o-{chance.randrange(60)}", "status": chance.choice(["CREATED", "PAID", "CANCELED"]),
        "amount": chance.randrange(20_000), "customer": {"source_id": f"c-{chance.randrange(BUYERS)}"},
    }  # fmt: skip


def again_and_again(step: Callable[[random.Random], object], seed: int) -> None:
    chance = random.Random(seed)
    try:
        for _ in range(ROUNDS):
            step(chance)
    finally:
        connection.close()


def test_nothing_locks_up_and_everything_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "BATCH", 3)
    monkeypatch.setattr(filling, "BATCH", 4)
    project = ProjectFactory.create()
    write(project, *({"source_id": f"s-{n}", "customer": {"source_id": f"c-{n}"}} for n in range(BUYERS)))
    settle(project)
    rich = automatic(project, ("total_amount", "more_than", "100"), name="Rich")
    many = automatic(project, ("total_count", "at_least", 2), name="Many")
    earning_rules.create(
        project.pk, earning_rules.EarningRuleWish("Welcome", EarningTrigger.SEGMENT_ENTERED, 5, many.pk)
    )
    people = list(CustomerSummary.objects.values_list("customer_id", flat=True))
    levels = itertools.cycle(["50", "100", "150"])

    def change(chance: random.Random) -> None:
        conditions = [Condition("total_amount", "more_than", next(levels))]
        definitions.change(rich.pk, SegmentWish("Rich", SegmentKind.AUTOMATIC, Junction.ALL, conditions))

    def adjust(chance: random.Random) -> None:
        pk = chance.choice(people)
        try:
            movements.adjust(pk, 1, "By hand", seen=movements.last_movement(pk), actor_id=None)
        except AdjustedMeanwhile:
            return

    steps: list[Callable[[random.Random], object]] = [
        lambda chance: write(project, *{each["source_id"]: each for each in map(order, [chance] * 4)}.values()),
        lambda _: placing.place_due(project.pk),
        lambda _: placing.place_due(project.pk),
        lambda _: filling.fill(project.pk),
        lambda _: earn_from_entries(project.pk),
        lambda _: follow_up(project.pk),
        change,
        adjust,
    ]
    with ThreadPoolExecutor(len(steps)) as pool:
        for done in [pool.submit(again_and_again, step, seed) for seed, step in enumerate(steps)]:
            done.result()
    settle(project)
    while earn_from_entries(project.pk):
        pass
    check(project, many)


def check(project: Project, many: Segment) -> None:
    assert not DueCustomer.objects.exists()
    for segment in Segment.objects.select_related("project"):
        assert members(segment) == belong(segment, timezone.now())
    for summary in CustomerSummary.objects.select_related("customer"):
        expected = summary_of(summary.customer, project.currency)
        assert {name: getattr(summary, name) for name in expected} == expected
    stays = SegmentMember.objects.filter(segment=many).count()
    assert SegmentEntry.objects.filter(segment=many).count() <= stays
    assert not SegmentEntry.objects.filter(earned_at=None).exists()
    assert broken() == {}
