"""Rules and adjustments as people enter them: bad ones are refused with the field and the way out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Project
from orders.choices import EarningTrigger
from orders.models import Customer, CustomerSummary, EarningRule, PointsMovement
from orders.points import earning_rules, movements
from orders.points.earning_rules import EarningRuleWish
from orders.points.movements import AdjustedMeanwhile, PointsRefused
from orders.segments import definitions
from orders.segments.definitions import SegmentRefused
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, customer, write

PAID, ENTERED = EarningTrigger.ORDER_PAID, EarningTrigger.SEGMENT_ENTERED
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"name": " "}, "name", "needs a name"),
    ({"name": "x" * 101}, "name", "1 to 100 characters"),
    ({"name": "taken"}, "name", "There is a rule named “taken” already"),
    ({"points": 0}, "points", "gives 1 to 1,000,000 points"),
    ({"points": -5}, "points", "gives 1 to 1,000,000 points"),
    ({"points": 1_000_001}, "points", "gives 1 to 1,000,000 points"),
    ({"per_amount": Decimal(0)}, "per_amount", "Enter an amount from 0.01"),
    ({"per_amount": Decimal(-1)}, "per_amount", "Enter an amount from 0.01"),
    ({"starts_at": NOON, "ends_at": NOON}, "ends_at", "would end before it starts"),
    ({"trigger": ENTERED}, "segment", "Choose the segment"),
    ({"trigger": ENTERED, "segment_id": 10**12}, "segment", "Choose the segment"),
)


@pytest.mark.parametrize(("wrong", "field", "problem"), BAD)
def test_bad_rules(project: Project, wrong: dict[str, Any], field: str, problem: str) -> None:
    earning_rules.create(project.pk, EarningRuleWish("Taken", PAID, 1))
    with pytest.raises(PointsRefused, match=problem) as refused:
        values: dict[str, Any] = {"name": "New", "trigger": PAID, "points": 1}
        earning_rules.create(project.pk, EarningRuleWish(**(values | wrong)))
    assert refused.value.field == field
    assert EarningRule.objects.count() == 1


def test_segments_of_others_and_deleted_ones_cannot_be_chosen(project: Project) -> None:
    theirs = automatic(ProjectFactory.create(), ("total_count", "is", 1))
    ours = automatic(project, ("total_count", "is", 1))
    with pytest.raises(PointsRefused, match="leave this empty"):
        earning_rules.create(project.pk, EarningRuleWish("Rule", ENTERED, 1, ours.pk, per_amount=Decimal(1)))
    definitions.delete(ours.pk)
    for segment in (theirs, ours):
        with pytest.raises(PointsRefused, match="Choose the segment"):
            earning_rules.create(project.pk, EarningRuleWish("Rule", ENTERED, 1, segment.pk))


def test_a_rule_changes_but_for_its_trigger(project: Project) -> None:
    made = earning_rules.create(project.pk, EarningRuleWish("Rule", PAID, 1))
    changed = earning_rules.change(
        made.pk, EarningRuleWish(" Other  rule ", PAID, 2, per_amount=Decimal("5.50"), enabled=False)
    )
    changed.refresh_from_db()
    assert (changed.name, changed.points, changed.per_amount, changed.enabled) == (
        "Other rule",
        2,
        Decimal("5.5"),
        False,
    )
    with pytest.raises(PointsRefused, match="switch this rule off and add another one"):
        earning_rules.change(made.pk, EarningRuleWish("Rule", EarningTrigger.ORDER_CREATED, 1))


@pytest.fixture
def ann(project: Project) -> Customer:
    write(project, {"source_id": "1", "amount": 1, "customer": {"source_id": "ann"}})
    return customer(project, "ann")


def test_adjustments_by_hand(ann: Customer) -> None:
    movements.adjust(ann.pk, 25, " Sorry for the wait ", seen=None, actor_id=None)
    with pytest.raises(AdjustedMeanwhile):
        movements.adjust(ann.pk, 25, "Again", seen=None, actor_id=None)
    movements.adjust(ann.pk, -30, "Too many", seen=movements.last_movement(ann.pk), actor_id=None)
    rows = PointsMovement.objects.order_by("pk").values_list("points", "reason", "note")
    assert list(rows) == [(25, "adjusted", "Sorry for the wait"), (-30, "adjusted", "Too many")]
    assert CustomerSummary.objects.get().points == -5


@pytest.mark.parametrize(
    ("points", "note", "field"),
    [(0, "x", "points"), (10**9 + 1, "x", "points"), (1, "  ", "note"), (1, "x" * 301, "note"), (1, "\x00", "note")],
)
def test_bad_adjustments(ann: Customer, points: int, note: str, field: str) -> None:
    with pytest.raises(PointsRefused) as refused:
        movements.adjust(ann.pk, points, note, seen=None, actor_id=None)
    assert refused.value.field == field
    assert not PointsMovement.objects.exists()


def test_a_segment_with_a_rule_that_is_on_cannot_be_deleted(project: Project) -> None:
    segment = automatic(project, ("total_count", "is", 1))
    made = earning_rules.create(project.pk, EarningRuleWish("Welcome", ENTERED, 1, segment.pk))
    with pytest.raises(SegmentRefused, match="earning rule “Welcome” gives points for entering it"):
        definitions.delete(segment.pk)
    earning_rules.switch(made.pk, enabled=False)
    definitions.delete(segment.pk)
