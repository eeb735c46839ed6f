"""Whatever orders and data came in whatever order: summaries, members and entries are what a naive oracle says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.kit import true_time
from integrations.models import Project
from orders.choices import Junction, SegmentKind
from orders.models import Customer, CustomerSummary, DueCustomer, Order, Segment
from orders.segments import definitions
from orders.segments.conditions import Condition
from orders.segments.definitions import SegmentWish
from tests.factories import ProjectFactory
from tests.orders.segments.book import entered, members, settle, write
from tests.orders.segments.oracle import belong, summary_of

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BUYERS = ("ann", "bob", "cyd", "dan")

orders = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from([f"o-{number}" for number in range(6)]),
        "status": st.sampled_from(["CREATED", "PAID", "FULFILLED", "CANCELED"]),
        "amount": st.integers(0, 30_000),
        "created_at": st.integers(0, 60).map(lambda days: (START - timedelta(days=days)).isoformat()),
        "customer": st.fixed_dictionaries(
            {"source_id": st.sampled_from(BUYERS)},
            optional={
                "email": st.sampled_from(["x@one.example", "y@two.example"]),
                "address": st.sampled_from([{"country": "cz"}, {"country": "DE"}, {"city": "Brno"}]),
                "metadata": st.dictionaries(
                    st.sampled_from(["tier", "age"]),
                    st.sampled_from(["gold", "golden", "", 7, 7.5, True, None, ["gold", "new"], {"a": 1}]),
                    max_size=2,
                ),
            },
        ),
    }
)
amounts = st.sampled_from(["0", "50.00", "120.5", "299.99"])
compared = st.sampled_from(["is", "more_than", "less_than", "at_least", "at_most"])
conditions = st.one_of(
    st.tuples(st.sampled_from(["total_amount", "average_amount", "last_order_amount"]), compared, amounts),
    st.tuples(st.just("total_count"), compared, st.integers(0, 3)),
    st.tuples(
        st.sampled_from(["last_order_date", "created_at", "updated_at"]),
        st.sampled_from(["within_days", "more_than_days_ago"]),
        st.integers(1, 60),
    ),
    st.tuples(
        st.just("last_order_date"), st.sampled_from(["before", "after"]), st.sampled_from(["2026-10-20", "2026-11-21"])
    ),
    st.tuples(st.just("country"), st.just("in"), st.sampled_from([["CZ"], ["DE", "CZ"]])),
    st.tuples(st.sampled_from(["country", "email_domain"]), st.sampled_from(["present", "absent"]), st.none()),
    st.tuples(st.just("email_domain"), st.just("is"), st.just("one.example")),
    st.tuples(st.just("metadata.tier"), st.sampled_from(["is", "contains"]), st.sampled_from(["gold", "true", "7"])),
    st.tuples(st.just("metadata.tier"), st.sampled_from(["present", "absent"]), st.none()),
    st.tuples(st.just("metadata.age"), st.sampled_from(["more_than", "less_than"]), st.sampled_from(["7", "7.2"])),
)
segments = st.tuples(st.lists(conditions, min_size=1, max_size=3), st.sampled_from(Junction))
steps = st.one_of(
    st.tuples(st.just("orders"), st.lists(orders, min_size=1, max_size=3, unique_by=lambda order: order["source_id"])),
    st.tuples(st.just("days"), st.integers(1, 20)),
    st.tuples(st.just("settle"), st.none()),
    st.tuples(st.just("change"), segments),
)


class Play:
    """A project whose clock, orders and one segment change step by step."""

    def __init__(self, project: Project, definition: Any) -> None:
        self.project = project
        self.now = START
        self.segment = definitions.create(project.pk, self.wish(definition))
        self.inside: set[str] = set()
        self.entered: list[str] = []

    @staticmethod
    def wish(definition: Any) -> SegmentWish:
        asked, junction = definition
        return SegmentWish("Segment", SegmentKind.AUTOMATIC, junction, [Condition(*each) for each in asked])

    def step(self, kind: str, what: Any) -> None:
        if kind == "orders":
            write(self.project, *what, at=self.now)
        elif kind == "days":
            self.now += timedelta(days=what)
        elif kind == "settle":
            self.settle()
        else:
            self.settle()
            definitions.change(self.segment.pk, self.wish(what))
            self.settle(entering=False)

    def settle(self, *, entering: bool = True) -> None:
        settle(self.project)
        self.segment = Segment.objects.select_related("project").get(pk=self.segment.pk)
        inside = belong(self.segment, self.now)
        if entering:
            self.entered += sorted(inside - self.inside)
        self.inside = inside
        self.check()

    def check(self) -> None:
        assert members(self.segment) == self.inside
        assert sorted(entered(self.segment)) == sorted(self.entered)
        for summary in CustomerSummary.objects.filter(project=self.project).select_related("customer"):
            expected = summary_of(summary.customer, self.project.currency)
            assert {name: getattr(summary, name) for name in expected} == expected
        assert not DueCustomer.objects.filter(project=self.project).exists()


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.timeout(300)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(definition=segments, script=st.lists(steps, min_size=2, max_size=10))
def test_summaries_members_and_entries_are_the_oracles(definition: Any, script: list[tuple[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        play = Play(ProjectFactory.create(), definition)
        patch.setattr(true_time, "now", lambda: play.now)
        play.settle(entering=False)
        for kind, what in script:
            play.step(kind, what)
        play.settle()


def test_orders_in_another_currency_are_counted_apart(project: Project) -> None:
    write(project, {"source_id": "1", "status": "PAID", "amount": 1_000, "customer": {"source_id": "ann"}})
    write(project, {"source_id": "2", "status": "PAID", "amount": 9_000, "customer": {"source_id": "ann"}})
    Order.objects.filter(source_id="2").update(currency="JPY")
    settle(project)
    summary = CustomerSummary.objects.get()
    assert (summary.total_count, f"{summary.total_amount:f}", summary.other_currency_count) == (1, "10.0000", 1)
    assert summary.last_order_amount == 10
    assert Customer.objects.count() == 1
