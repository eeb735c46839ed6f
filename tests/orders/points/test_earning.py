"""Points are earned once for each entry and each live order, and taken back when the order is cancelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from config.kit import true_time
from config.kit.sql import execute
from integrations.follow_up.fan_out import pass_on
from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EarningTrigger, PointsReason
from orders.models import (
    Announcement,
    CustomerSummary,
    EarningRule,
    Order,
    PointsMovement,
    SegmentEntry,
)
from orders.points import earning, earning_rules
from orders.points.earning import earn_from_entries
from orders.points.earning_rules import EarningRuleWish
from orders.points.movements import Row, record
from orders.work import lifecycle
from tests.orders.segments.book import automatic, customer, settle, write

PAID, CREATED, ENTERED = EarningTrigger.ORDER_PAID, EarningTrigger.ORDER_CREATED, EarningTrigger.SEGMENT_ENTERED


def order(number: int, buyer: str = "ann", status: str = "PAID", amount: int = 12_345) -> dict[str, Any]:
    return {"source_id": f"o-{number}", "status": status, "amount": amount, "customer": {"source_id": buyer}}


def rule(project: Project, trigger: EarningTrigger, points: int = 10, **values: Any) -> EarningRule:
    return earning_rules.create(project.pk, EarningRuleWish(f"{trigger} {values}"[:100], trigger, points, **values))


def follow(project: Project) -> None:
    """All that follows from orders, twice: nothing may happen again."""
    for _ in range(2):
        settle(project)
        while earn_from_entries(project.pk) or pass_on(project.pk):
            pass


def ledger(buyer: str = "ann") -> list[tuple[int, str]]:
    rows = PointsMovement.objects.filter(customer__source_id=buyer).order_by("pk")
    found = list(rows.values_list("points", "reason"))
    balance = CustomerSummary.objects.filter(customer__source_id=buyer).values_list("points", flat=True).first()
    assert (balance or 0) == sum(points for points, _ in found)
    assert broken() == {}
    return found


def test_entering_a_segment_each_time(project: Project) -> None:
    segment = automatic(project, ("total_amount", "more_than", "100"))
    rule(project, ENTERED, 50, segment_id=segment.pk)
    follow(project)
    write(project, order(1), order(2, "bob", amount=5))
    follow(project)
    assert (ledger(), ledger("bob")) == ([(50, "earned")], [])
    write(project, order(1, status="CREATED"))
    follow(project)
    write(project, order(1))
    follow(project)
    assert ledger() == [(50, "earned")] * 2
    assert not SegmentEntry.objects.filter(earned_at=None).exists()


def test_first_members_and_entries_of_before_the_rule_earn_nothing(project: Project) -> None:
    write(project, order(1))
    settle(project)
    segment = automatic(project, ("total_amount", "more_than", "100"))
    follow(project)
    write(project, order(2, "bob"))
    follow(project)
    rule(project, ENTERED, 50, segment_id=segment.pk)
    follow(project)
    assert not PointsMovement.objects.exists()


def test_live_orders_by_amount_and_at_a_fixed_rate(project: Project) -> None:
    rule(project, CREATED, 5)
    rule(project, PAID, 2, per_amount=Decimal("10.00"))
    write(project, order(1), order(2, "bob", "CREATED"), live=True)
    follow(project)
    assert sorted(ledger()) == [(5, "earned"), (24, "earned")]
    assert ledger("bob") == [(5, "earned")]
    write(project, order(2, "bob", "PAID"), live=True)
    follow(project)
    assert ledger("bob") == [(5, "earned"), (24, "earned")]


def test_history_earns_nothing_but_by_segments(project: Project) -> None:
    rule(project, CREATED)
    rule(project, PAID)
    write(project, order(1))
    write(project, order(1, status="CANCELED"))
    follow(project)
    assert not PointsMovement.objects.exists()


def test_a_cancelled_order_gives_back_what_it_earned_and_nothing_twice(project: Project) -> None:
    rule(project, PAID, 10)
    write(project, order(1), live=True)
    follow(project)
    pk = Order.objects.get().pk
    lifecycle.cancel(pk)
    follow(project)
    assert ledger() == [(10, "earned"), (-10, "taken_back")]
    lifecycle.reopen(pk)
    lifecycle.cancel(pk)
    follow(project)
    assert ledger() == [(10, "earned"), (-10, "taken_back")]


def test_all_of_it_in_one_portion_comes_to_the_same(project: Project) -> None:
    rule(project, CREATED, 1)
    rule(project, PAID, 10)
    write(project, order(1, status="CREATED"), order(2, "bob"), live=True)
    pk = Order.objects.get(source_id="o-1").pk
    lifecycle.cancel(pk)
    lifecycle.reopen(pk)
    write(project, order(1, status="PAID"), live=True)
    follow(project)
    assert ledger() == [(1, "earned"), (-1, "taken_back"), (10, "earned")]
    assert sorted(ledger("bob")) == [(1, "earned"), (10, "earned")]


def test_orders_without_a_customer_or_in_another_currency(project: Project) -> None:
    rule(project, PAID, 1, per_amount=Decimal(1))
    write(project, {"source_id": "o-1", "status": "PAID", "amount": 500}, order(2), live=True)
    Order.objects.filter(source_id="o-2").update(currency="JPY")
    follow(project)
    assert not PointsMovement.objects.exists()
    assert not Announcement.objects.filter(taken_at=None).exists()


@pytest.mark.parametrize(
    ("starts", "ends", "earns"), [(None, None, True), (-1, 1, True), (1, 2, False), (-2, -1, False), (0, None, True)]
)
def test_a_rule_acts_from_its_start_until_its_end(
    project: Project, starts: int | None, ends: int | None, earns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr(true_time, "now", lambda: now)
    at: dict[str, Any] = {
        name: None if hours is None else now + timedelta(hours=hours)
        for name, hours in (("starts_at", starts), ("ends_at", ends))
    }
    rule(project, PAID, **at)
    write(project, order(1), live=True, at=now)
    follow(project)
    assert bool(PointsMovement.objects.count()) is earns


def test_a_rule_that_is_off_gives_nothing(project: Project) -> None:
    made = rule(project, PAID)
    earning_rules.switch(made.pk, enabled=False)
    write(project, order(1), live=True)
    follow(project)
    earning_rules.switch(made.pk, enabled=True)
    follow(project)
    assert not PointsMovement.objects.exists()


def test_the_same_cause_is_written_once(project: Project) -> None:
    made = rule(project, PAID)
    write(project, order(1), live=True)
    follow(project)
    row = Row(customer(project, "ann").pk, 10, PointsReason.EARNED, made.pk, order_id=Order.objects.get().pk)
    assert record(project.pk, [row, row], timezone.now()) == 0
    assert ledger() == [(10, "earned")]


def test_control_without_the_constraint_it_is_written_again(project: Project) -> None:
    made = rule(project, PAID)
    write(project, order(1), live=True)
    follow(project)
    execute("DROP INDEX earned_once_per_order")
    row = Row(customer(project, "ann").pk, 10, PointsReason.EARNED, made.pk, order_id=Order.objects.get().pk)
    assert record(project.pk, [row, row], timezone.now()) == 2


def test_the_ledger_stays_as_it_was_written(project: Project) -> None:
    rule(project, PAID)
    write(project, order(1), live=True)
    follow(project)
    for change in ("UPDATE orders_pointsmovement SET points = 1", "DELETE FROM orders_pointsmovement"):
        with pytest.raises(DatabaseError, match="kept as they were written"), transaction.atomic():
            execute(change)
    with pytest.raises(IntegrityError, match="points_have_their_cause"), transaction.atomic():
        record(project.pk, [Row(customer(project, "ann").pk, 5, PointsReason.EARNED)], timezone.now())


def test_few_statements_however_many_entries(project: Project, django_assert_max_num_queries: Any) -> None:
    segment = automatic(project, ("total_count", "at_least", 1))
    rule(project, ENTERED, 1, segment_id=segment.pk)
    settle(project)
    write(project, *(order(number, f"c-{number}") for number in range(300)))
    settle(project)
    with django_assert_max_num_queries(9):  # one of them asks whether a segment looks at points
        assert earning.earn_from_entries(project.pk) is False
    assert PointsMovement.objects.count() == 300
