"""POST, GET, DELETE /v1/segments as published: three types, filters there and back, a cursor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from config.kit import true_time
from integrations.models import Distribution, Project
from orders.choices import SegmentKind
from orders.models import Customer, CustomerSummary, Segment, SegmentMember
from orders.points import movements
from orders.segments import definitions
from orders.segments.conditions import FIELDS, Condition
from orders.segments.definitions import SegmentWish
from orders.segments.published_filters import AGES, WORDS
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory
from tests.orders.segments.book import settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


def made(partner: Partner, name: str = "S", **values: Any) -> dict[str, Any]:
    answer = partner.post("/v1/segments", {"name": name, **values})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = told(answer)
    assert told(partner.get(f"/v1/segments/{found['id']}")) == found
    return found


def asks(**conditions: Any) -> dict[str, Any]:
    """{"name": {"$is": "x"}} with the published names, `__` for a point."""
    return {name.replace("__", "."): {"conditions": given} for name, given in conditions.items()}


def members(segment: dict[str, Any], project: Project) -> str:
    settle(project)
    pk = Segment.objects.get(name=segment["name"], project=project).pk
    there = SegmentMember.objects.filter(segment_id=pk, left_at=None).order_by("customer__source_id")
    return "".join(there.values_list("customer__source_id", flat=True))


def test_a_segment_as_published(partner: Partner) -> None:
    wish = {"junction": "OR", "summary.orders.total_amount": {"conditions": {"$more_than": ["25050"]}}}
    shown = made(partner, "Gold", filter=wish)
    assert shown == {
        "id": shown["id"],
        "name": "Gold",
        "created_at": shown["created_at"],
        "updated_at": None,
        "type": "passive",
        "filter": {"junction": "or", "summary.orders.total_amount": {"conditions": {"$more_than": [25_050]}}},
        "object": "segment",
    }
    segment = Segment.objects.get()
    assert segment.conditions == [{"field": "total_amount", "operator": "more_than", "value": "250.50"}]
    assert made(partner, "Auto", type="auto-update", filter=wish)["type"] == "auto-update"
    assert {name: value for name, value in made(partner, "Hand").items() if name in {"type", "filter"}} == {
        "type": "static", "filter": None,
    }  # fmt: skip
    # JavaScript and Python send null for what is left out.
    assert made(partner, "Null", type=None, customers=None, filter=None)["type"] == "static"


def test_a_static_one_holds_customers_by_either_id(partner: Partner) -> None:
    for name in "abc":
        Customer.objects.create(project=partner.project, source_id=name, created_at="2026-01-01T00:00:00Z")
    theirs = Partner(ProjectFactory.create())
    Customer.objects.create(project=theirs.project, source_id="d", created_at="2026-01-01T00:00:00Z")
    given = told(partner.get("/v1/customers/b"))["id"]
    assert members(made(partner, customers=["a", given]), partner.project) == "ab"
    foreign = told(theirs.get("/v1/customers/d"))["id"]
    gone = told(partner.post("/v1/customers", {"name": "Gone"}))["id"]
    assert partner.call("DELETE", f"/v1/customers/{gone}").status_code == 204
    nobody = partner.post("/v1/segments", {"name": "T", "customers": ["a", gone]})
    assert told(nobody)["details"] == f"Property .customers names nobody here by {gone}"
    refused = partner.post("/v1/segments", {"name": "T", "customers": ["a", "d", foreign]})
    assert (refused.status_code, told(refused)["key"]) == (400, "invalid_payload")
    assert told(refused)["details"] == f"Property .customers names nobody here by d, {foreign}"
    too_many = partner.post("/v1/segments", {"name": "T", "customers": ["a"] * 20_001})
    assert "at most 20,000" in told(too_many)["details"]
    assert Segment.objects.count() == 1


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (asks(name={"$is": "ana LIND"}), "a"),
        (asks(name={"$is_not": ["Ana Lind"]}), "bc"),
        (asks(name={"$is_not": ["Ana Lind", "bo"]}), "c"),
        (asks(name={"$in": ["Bo", "Ana Lind"]}), "ab"),
        (asks(name={"$not_in": ["Bo"]}), "ac"),
        (asks(name={"$contains": "a l"}), "a"),
        (asks(name={"$not_contain": "a"}), "bc"),
        (asks(name={"$starts_with": "AN"}), "a"),
        (asks(name={"$ends_with": "d"}), "a"),
        (asks(name={"$is_unknown": []}), "c"),
        (asks(email={"$has_value": []}), "a"),
        (asks(address__city={"$is": "lund"}), "b"),
        (asks(address__country={"$is_not": "SE"}), "ac"),
        (asks(birthdate={"$before": "1991-01-01"}), "a"),
        (asks(birthdate={"$is": ["1992-02-02"]}), "b"),
        (asks(birthdate={"$is_unknown": True}), "c"),
        (asks(created_at={"$after": "2026-01-01"}), "bc"),
        (asks(created_at={"$before": "2026-01-02T00:00:00Z"}), "a"),
        (asks(updated_at={"$is_unknown": []}), "abc"),
        (asks(summary__orders__total_amount={"$more_than_equal": [1000]}), "ab"),
        (asks(summary__orders__total_amount={"$is_not": [1000]}), "bc"),
        (asks(summary__orders__total_count={"$less_than": ["1"]}), "c"),
        (asks(summary__orders__last_order_date={"$less_than": [5]}), "b"),
        (asks(summary__orders__last_order_date={"$more_than": [5]}), "a"),
        (asks(summary__orders__last_order_date={"$is_unknown": []}), "c"),
        (asks(loyalty__points={"$more_than": 6}), "a"),
        (asks(metadata__tier={"$is_not": "gold"}), "bc"),
        (asks(metadata__tier={"$starts_with": "GO"}), "a"),
        (asks(metadata__tier={"$ends_with": "LD"}), "a"),
        (asks(metadata__size={"$more_than_equal": 40}), "ab"),
        (asks(metadata__size={"$less_than": "41"}), "a"),
        ({"junction": "or", **asks(name={"$is": "Bo"}, phone={"$has_value": []})}, "bc"),
    ],
)
def test_who_belongs(partner: Partner, filter_: dict[str, Any], expected: str) -> None:
    project, day = partner.project, timedelta(days=1)
    people: list[dict[str, Any]] = [
        {"name": "Ana Lind", "email": "ana@x.example", "birthdate": "1990-04-04"},
        {"name": "Bo", "address": {"city": "Lund", "country": "se"}, "birthdate": "1992-02-02"},
        {"phone": "1"},
    ]
    people[0]["metadata"], people[1]["metadata"] = {"tier": "gold", "size": 40}, {"size": 41.5}
    for number, values in enumerate(people):
        at = f"2026-01-0{number + 1}T00:00:00Z"
        person = Customer.objects.create(project=project, source_id="abc"[number], created_at=at, **values)
        if number < 2:
            CustomerSummary.objects.create(
                customer=person, project=project, total_amount=10 * (number + 1), total_count=1, points=7 - number,
                last_order_at=true_time.now() - (10 - 8 * number) * day,
            )  # fmt: skip
    assert members(made(partner, filter=filter_), project) == expected


def test_every_stored_condition_is_written_back_and_read_again(partner: Partner) -> None:
    values = {"amount": "2.50", "count": 3, "date": "2026-01-01", "day": "1990-04-04", "text": "x", "list": "de",
              "metadata": "gold"}  # fmt: skip
    for number, (name, field) in enumerate(FIELDS.items()):
        asked = []
        for operator in field.operators:
            value: Any = None if operator in {"present", "absent"} else values[field.kind]
            if operator in {"in", "not_in"}:
                value = ["x", "y"]
            elif operator in {"within_days", "more_than_days_ago"}:
                value = 30
            elif field.kind == "metadata" and operator in {"more_than", "less_than", "at_least", "at_most"}:
                value = 5
            asked.append(Condition("metadata.tier" if name == "metadata" else name, operator, value))
        for at, each in enumerate(asked):
            wish = SegmentWish(f"Of people {number} {at}", SegmentKind.AUTOMATIC, conditions=[each])
            segment = definitions.create(partner.project.pk, wish)
            listed = told(partner.get(f"/v1/segments?filters[name][conditions][$is]=Of people {number} {at}"))["data"]
            again = made(partner, f"Again {number} {at}", type="auto-update", filter=listed[0]["filter"])
            assert again["filter"] == listed[0]["filter"]
            assert Segment.objects.latest("pk").conditions == segment.conditions
            Segment.objects.all().delete()
    assert {operator for field in FIELDS.values() for operator in field.operators} == {*WORDS.values(), *AGES.values()}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "Property .name is missing"),
        ({"name": " "}, "Property .name: A segment needs a name"),
        ({"name": "x", "type": "dynamic"}, "Property .type must be one of"),
        ({"name": "x", "type": "passive"}, "Property .filter: An automatic segment needs at least one condition"),
        ({"name": "x", "type": "static", "filter": asks(name={"$is": "a"})}, "Property .filter is for auto-update"),
        ({"name": "x", "filter": asks(name={"$is": "a"}), "customers": ["a"]}, "Property .customers is for static"),
        ({"name": "x", "filter": {"junction": "xor"}}, "Property .filter.junction must be one of and, or"),
        ({"name": "x", "filter": asks(events__x={"$is": "a"})}, "Property .filter.events.x cannot be filtered by"),
        ({"name": "x", "filter": asks(name={"$next_month": 1})}, "Property .filter.name.conditions.$next_month is not"),
        ({"name": "x", "filter": asks(name={"$more_than": 1})}, "Property .filter.name.conditions.$more_than is not"),
        ({"name": "x", "filter": {"name": "a"}}, 'Property .filter.name must be {"conditions"'),
        ({"name": "x", "filter": asks(name={"$contains": ["a", "b"]})}, "Property .filter.name.conditions.$contains t"),
        ({"name": "x", "filter": asks(birthdate={"$is": "x"})}, "Property .filter: Date of birth needs a day"),
    ],
)
def test_what_cannot_be_made(partner: Partner, body: dict[str, Any], details: str) -> None:
    refused = partner.post("/v1/segments", body)
    assert (refused.status_code, told(refused)["key"]) == (400, "invalid_payload")
    assert told(refused)["details"].startswith(details)
    assert Segment.objects.count() == 0


def test_a_name_is_there_once_whatever_its_case(partner: Partner) -> None:
    first = made(partner, "Gold")
    refused = told(partner.post("/v1/segments", {"name": "GOLD"}))
    assert (refused["code"], refused["key"], refused["message"]) == (409, "duplicate_found", "Duplicate found")
    assert (refused["resource_type"], refused["resource_id"]) == ("segment", first["id"])


def test_a_hundred_with_a_filter_and_static_ones_beside_them(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "MOST_SEGMENTS", 2)
    filter_ = asks(name={"$is": "a"})
    for number, kind in enumerate(("passive", "auto-update", "static", "static")):
        made(partner, f"S{number}", type=kind, **({} if kind == "static" else {"filter": filter_}))
    refused = partner.post("/v1/segments", {"name": "x", "filter": filter_})
    assert (refused.status_code, told(refused)["key"]) == (400, "invalid_payload")


def test_one_in_use_is_auto_update_and_stays(partner: Partner) -> None:
    shown = made(partner, filter=asks(name={"$is": "a"}))
    assert shown["type"] == "passive"
    Distribution.objects.create(
        project=partner.project, name="Letter", trigger="segment_entered", channel="email", enabled=True,
        segment_id=Segment.objects.get().pk,
    )  # fmt: skip
    path = f"/v1/segments/{shown['id']}"
    assert told(partner.get(path))["type"] == "auto-update"
    refused = partner.call("DELETE", path)
    assert (refused.status_code, told(refused)["key"], told(refused)["message"]) == (423, "resource_in_use", "Locked")
    Distribution.objects.update(enabled=False)
    assert told(partner.get(path))["type"] == "passive"
    assert partner.call("DELETE", path).status_code == 204
    gone = partner.get(path)
    assert (gone.status_code, told(gone)["resource_type"]) == (404, "segment")
    assert partner.call("PUT", path, {}).status_code == 405


def test_the_list(partner: Partner) -> None:
    for number in range(5):
        made(partner, f"S{number}", **({"filter": asks(name={"$is": "a"})} if number % 2 else {}))
    Segment.objects.filter(name="S4").update(created_at="2026-01-01T00:00:00Z", updated_at="2026-01-02T00:00:00Z")
    listed = told(partner.get("/v1/segments?limit=2"))
    assert {name: value for name, value in listed.items() if name != "data"} == {
        "object": "list", "data_ref": "data", "total": 5, "has_more": True,
    }  # fmt: skip

    def names(query: str) -> str:
        answer = partner.get(f"/v1/segments?{query}")
        assert answer.status_code == 200, answer.content
        return "".join(each["name"][1] for each in told(answer)["data"])

    last = listed["data"][-1]
    assert (names("limit=2"), names("order=created_at")) == ("32", "40123")
    assert names(f"limit=2&starting_after={last['id']}")[0] == "1"
    assert names(f"starting_after={last['created_at']}") == "104"
    assert names(f"order=created_at&starting_after={last['created_at']}") == "3"
    assert names("end_date=2026-01-02&order=") == "4"
    assert names("start_date=2026-01-02") == "3210"
    assert names("filters[type][conditions][$is]=passive") == "31"
    assert (
        names(
            "filters[junction]=or&filters[name][conditions][$is]=S0&filters[created_at][conditions][$before]=2026-01-05"
        )
        == "04"
    )
    assert names(f"ids={last['id']}&ids={listed['data'][0]['id']}") == "32"
    assert told(partner.get("/v1/segments?end_date=2026-01-02"))["data"][0]["updated_at"] == "2026-01-02T00:00:00.000Z"
    for query in ("filters[size][conditions][$is]=1", "starting_after=x", "order=name", "page=1"):
        assert told(partner.get(f"/v1/segments?{query}"))["key"] == "invalid_query_params", query


def test_points_place_again_where_they_are_asked_for(partner: Partner) -> None:
    person = Customer.objects.create(project=partner.project, source_id="a", created_at="2026-01-01T00:00:00Z")
    segment = made(partner, filter=asks(loyalty__points={"$more_than": [5]}))
    assert members(segment, partner.project) == ""
    movements.adjust(person.pk, 6, "Gift", seen=None, actor_id=None)
    assert members(segment, partner.project) == "a"


def test_another_projects_segments_are_not_there(partner: Partner) -> None:
    theirs = Partner(ProjectFactory.create())
    foreign = made(theirs, "Secret")
    assert made(partner, "Secret")["id"] != foreign["id"]
    path = f"/v1/segments/{foreign['id']}"
    assert (partner.get(path).status_code, partner.call("DELETE", path).status_code) == (404, 404)
    assert told(partner.get(f"/v1/segments?ids={foreign['id']}"))["total"] == 0
    assert told(partner.get("/v1/segments"))["total"] == 1
