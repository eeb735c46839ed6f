"""Segments as people make them: names, members by hand, limits, and a preview that writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import Project
from orders.choices import Junction, SegmentKind
from orders.models import Customer, Segment, SegmentEntry, SegmentMember
from orders.segments import definitions
from orders.segments.conditions import BadCondition, Condition
from orders.segments.definitions import SegmentRefused, SegmentWish
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, entered, members, settle, write

RICH = Condition("total_amount", "more_than", "150")


def by_hand(project: Project, *customers: Customer, name: str = "Friends") -> Segment:
    return definitions.create(project.pk, SegmentWish(name, SegmentKind.STATIC), [each.pk for each in customers])


def people(project: Project, *names: str) -> list[Customer]:
    write(
        project,
        *(
            {"source_id": f"o-{name}", "status": "PAID", "amount": 20_000, "customer": {"source_id": name}}
            for name in names
        ),
    )
    return list(Customer.objects.filter(project=project, source_id__in=names).order_by("source_id"))


def test_members_by_hand(project: Project) -> None:
    ann, bob = people(project, "ann", "bob")
    segment = by_hand(project, ann)
    assert (members(segment), entered(segment)) == ({"ann"}, [])
    assert definitions.add(segment.pk, [ann.pk, bob.pk, 10**12]) == 1
    assert (members(segment), entered(segment)) == ({"ann", "bob"}, ["bob"])
    assert definitions.remove(segment.pk, [ann.pk, 10**12]) == 1
    assert definitions.remove(segment.pk, [ann.pk]) == 0
    assert definitions.add(segment.pk, [ann.pk]) == 1
    assert entered(segment) == ["bob", "ann"]
    settle(project)
    assert members(segment) == {"ann", "bob"}, "placing leaves members by hand alone"


def test_customers_of_another_project_cannot_be_added(project: Project) -> None:
    [theirs] = people(ProjectFactory.create(), "eve")
    segment = by_hand(project, theirs)
    assert definitions.add(segment.pk, [theirs.pk]) == 0
    assert not SegmentMember.objects.exists()


def test_the_limit_of_members_holds_and_nothing_is_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "MOST_MEMBERS", 2)
    ann, bob, cyd = people(project, "ann", "bob", "cyd")
    segment = by_hand(project, ann, bob)
    with pytest.raises(SegmentRefused, match="at most 2 customers; this would be 3") as refused:
        definitions.add(segment.pk, [cyd.pk])
    assert refused.value.field == "members"
    assert members(segment) == {"ann", "bob"}
    assert not SegmentEntry.objects.exists()
    with pytest.raises(SegmentRefused):
        by_hand(project, ann, bob, cyd, name="Others")
    assert Segment.objects.count() == 1


def test_automatic_segments_have_the_members_of_their_conditions(project: Project) -> None:
    segment = automatic(project, ("total_count", "is", 1))
    for step in (definitions.add, definitions.remove):
        with pytest.raises(SegmentRefused, match="has the members its conditions give it"):
            step(segment.pk, [1])


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b"])
def test_names_that_cannot_be(project: Project, name: str) -> None:
    with pytest.raises(SegmentRefused, match="a name of 1 to 100 characters") as refused:
        definitions.create(project.pk, SegmentWish(name, SegmentKind.STATIC))
    assert refused.value.field == "name"


def test_a_name_is_of_one_segment_whatever_its_case(project: Project) -> None:
    by_hand(project, name="Friends")
    with pytest.raises(SegmentRefused, match="There is a segment named “FRIENDS” already"):
        by_hand(project, name=" FRIENDS ")
    other = by_hand(project, name="Others")
    with pytest.raises(SegmentRefused, match="already"):
        definitions.change(other.pk, SegmentWish("friends", SegmentKind.STATIC))
    by_hand(ProjectFactory.create(), name="Friends")


def test_a_project_has_a_limit_of_segments(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "MOST_SEGMENTS", 1)
    first = automatic(project, ("total_count", "is", 1), name="First")
    with pytest.raises(SegmentRefused, match="at most 1 automatic segments: delete one first"):
        automatic(project, ("total_count", "is", 1), name="Second")
    by_hand(project, name="Beside it")
    definitions.delete(first.pk)
    automatic(project, ("total_count", "is", 1), name="Second")


def test_bad_conditions_write_nothing(project: Project) -> None:
    with pytest.raises(BadCondition):
        definitions.create(project.pk, SegmentWish("Rich", SegmentKind.AUTOMATIC, conditions=[Condition("x", "is", 1)]))
    assert not Segment.objects.exists()
    segment = automatic(project, ("total_count", "is", 1))
    with pytest.raises(BadCondition):
        definitions.change(segment.pk, SegmentWish("Other", SegmentKind.AUTOMATIC))
    segment.refresh_from_db()
    assert (segment.name, len(segment.conditions)) == ("Big spenders", 1)


def test_a_preview_counts_and_writes_nothing(project: Project) -> None:
    people(project, "ann", "bob")
    people(ProjectFactory.create(), "eve")
    settle(project)
    with CaptureQueriesContext(connection) as captured:
        assert preview(project, RICH) == 2
        assert preview(project, Condition("total_amount", "more_than", "201")) == 0
        assert definitions.preview(project.pk, project.zone, wish(RICH), most=1) == 1
    assert [each["sql"].split()[0] for each in captured.captured_queries] == ["SELECT"] * 3
    with pytest.raises(BadCondition):
        preview(project)


def wish(*conditions: Condition) -> SegmentWish:
    return SegmentWish("", SegmentKind.AUTOMATIC, Junction.ALL, conditions)


def preview(project: Project, *conditions: Condition) -> int:
    return definitions.preview(project.pk, project.zone, wish(*conditions))


@pytest.mark.parametrize(
    "poison", ["'; DROP TABLE orders_customer; --", "%s", "%(x)s", "a' OR '1'='1", "\\", "{}", "\u202e"]
)
def test_values_and_keys_are_parameters(project: Project, poison: str) -> None:
    customer: dict[str, Any] = {"source_id": "ann", "metadata": {poison: poison}}
    write(project, {"source_id": "1", "status": "PAID", "amount": 1, "customer": customer})
    settle(project)
    for operator in ("is", "in", "contains"):
        value: Any = [poison] if operator == "in" else poison
        assert preview(project, Condition(f"metadata.{poison}", operator, value)) == 1
    assert preview(project, Condition(f"metadata.{poison}x", "is", poison)) == 0
    assert preview(project, Condition("country", "is", poison)) == 0


def test_people_are_found_by_their_addresses(project: Project) -> None:
    write(project, {"source_id": "1", "amount": 1, "customer": {"source_id": "ann", "email": "Ann@mail.example"}})
    write(ProjectFactory.create(), {"source_id": "1", "customer": {"source_id": "x", "email": "eve@mail.example"}})
    found, missing = definitions.find_customers(project.pk, [" ann@MAIL.example", "", "eve@mail.example"])
    assert found == [Customer.objects.get(project=project).pk]
    assert missing == ["eve@mail.example"]
