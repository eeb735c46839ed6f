"""Segments over the API: made, changed, deleted, members by hand; what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.access import api_keys
from integrations.choices import ApiScope, DistributionChannel, DistributionTrigger
from integrations.models import Distribution, Project
from orders.choices import EarningTrigger, SegmentKind
from orders.models import Customer, Segment
from orders.points import earning_rules
from orders.segments import definitions
from orders.segments.definitions import SegmentWish
from tests.api.conftest import Partner, told
from tests.orders.segments.book import entered, members, settle, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1/segments"
SPENT = {"field": "total_amount", "operator": "more_than", "value": 150}


@pytest.fixture
def people(project: Project) -> list[Customer]:
    for name, amount in (("ann", 20_000), ("bob", 10_000)):
        write(project, {"source_id": name, "status": "PAID", "amount": amount, "customer": {"source_id": name}})
    settle(project)
    return list(Customer.objects.order_by("source_id"))


def made(partner: Partner, **values: Any) -> dict[str, Any]:
    answer = partner.post(ROOT, {"name": "Big spenders", "conditions": [SPENT]} | values)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = told(answer)
    return found


def test_a_segment_is_made_filled_changed_and_deleted(
    partner: Partner, project: Project, people: list[Customer]
) -> None:
    new = made(partner)
    assert (new["kind"], new["junction"], new["filling"], new["members"]) == ("automatic", "all", True, 0)
    assert new["conditions"] == [{"field": "total_amount", "operator": "more_than", "value": "150"}]
    settle(project)
    address = f"{ROOT}/{new['id']}"
    assert told(partner.get(address))["members"] == 1
    [member] = told(partner.get(f"{address}/members"))["data"]
    assert told(partner.get(f"/back-office/v1/customers/{member['customer_id']}"))["source_id"] == "ann"
    changed = told(
        partner.put(address, {"name": "All", "conditions": [SPENT | {"operator": "at_least", "value": "1"}]})
    )
    assert (changed["name"], changed["filling"]) == ("All", True)
    settle(project)
    assert told(partner.get(address))["members"] == 2
    assert told(partner.put(address, {"junction": "any"}))["junction"] == "any"
    assert partner.call("DELETE", address).status_code == 204
    assert partner.get(address).status_code == 404
    assert told(partner.get(ROOT))["data"] == []


def test_members_by_hand(partner: Partner, project: Project, people: list[Customer]) -> None:
    new = made(partner, kind="static", conditions=[])
    address = f"{ROOT}/{new['id']}/members"
    ann = told(partner.get("/v1/customers/ann"))["id"]
    assert told(partner.post(address, {"customers": [ann, "bob", "bob"]})) == {"added": 2}
    assert told(partner.post(address, {"customers": ["ann"]})) == {"added": 0}
    segment = Segment.objects.get()
    assert sorted(entered(segment)) == ["ann", "bob"]
    assert partner.call("DELETE", f"{address}/{ann}").status_code == 204
    assert partner.call("DELETE", f"{address}/ann").status_code == 404
    assert members(segment) == {"bob"}


BAD: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"name": ""}, 400, "Property .name length cannot be lower than 1"),
    ({"name": "x" * 101}, 400, "Property .name length cannot be higher than 100"),
    ({"name": " "}, 409, "Property .name: A segment needs a name"),
    ({"name": "Taken"}, 409, "There is a segment named “Taken” already."),
    ({"name": None}, 400, "Property .name must be text, not null"),
    ({"name": "a\x00b"}, 400, "NUL"),
    ({"kind": "magic"}, 400, "Property .kind must be one of automatic, static"),
    ({"kind": "static"}, 400, "Property .conditions is for automatic segments"),
    ({"junction": "xor"}, 400, "Property .junction must be one of all, any"),
    ({"conditions": []}, 400, "Property .conditions[0]: An automatic segment needs at least one condition."),
    ({"conditions": [SPENT, SPENT | {"operator": "in"}]}, 400, "Property .conditions[1]: Total spent cannot be asked"),
    ({"conditions": [SPENT | {"field": "x' OR 1"}]}, 400, "Property .conditions[0]: “x' OR 1” is no field"),
    ({"conditions": [SPENT | {"value": {"a": 1}}]}, 400, "Property .conditions[0].value must be "),
    ({"conditions": [SPENT | {"extra": 1}]}, 400, "extra"),
    ({"conditions": "all"}, 400, "Property .conditions must be a list, not text"),
    ({"extra": 1}, 400, "extra"),
)


@pytest.mark.parametrize(("wrong", "status", "problem"), BAD)
def test_bad_segments_are_refused_by_name(
    partner: Partner, project: Project, wrong: dict[str, Any], status: int, problem: str
) -> None:
    definitions.create(project.pk, SegmentWish("taken", SegmentKind.STATIC))
    answer = partner.post(ROOT, {"name": "New", "conditions": [SPENT]} | wrong)
    assert (answer.status_code, Segment.objects.count()) == (status, 1)
    assert problem in told(answer)["details"]


@pytest.mark.parametrize(
    ("customers", "problem"),
    [
        ([], "Property .customers length cannot be lower than 1"),
        (["ann"] * 2_001, "Property .customers length cannot be higher than 2000"),
        (["ann", "nobody"], "Property .customers[1] is no customer"),
        ([""], "Property .customers[0] is no customer"),
    ],
)
def test_bad_members_are_refused(partner: Partner, people: list[Customer], customers: list[str], problem: str) -> None:
    new = made(partner, kind="static", conditions=[])
    answer = partner.post(f"{ROOT}/{new['id']}/members", {"customers": customers})
    assert answer.status_code == 400
    assert problem in told(answer)["details"]
    assert members(Segment.objects.get()) == set()


def test_what_the_kind_does_not_allow(partner: Partner, people: list[Customer]) -> None:
    automatic, static = made(partner), made(partner, kind="static", conditions=[], name="Friends")
    for answer in (
        partner.post(f"{ROOT}/{automatic['id']}/members", {"customers": ["ann"]}),
        partner.call("DELETE", f"{ROOT}/{automatic['id']}/members/ann"),
    ):
        assert answer.status_code == 409
        assert "has the members its conditions give it" in told(answer)["details"]
    assert partner.put(f"{ROOT}/{static['id']}", {"conditions": [SPENT]}).status_code == 400
    assert told(partner.put(f"{ROOT}/{static['id']}", {"name": "Family"}))["name"] == "Family"


def test_a_segment_in_use_is_not_deleted(partner: Partner, project: Project) -> None:
    new = made(partner)
    segment = Segment.objects.get()
    rule = earning_rules.create(
        project.pk, earning_rules.EarningRuleWish("Welcome", EarningTrigger.SEGMENT_ENTERED, 1, segment.pk)
    )
    refused = partner.call("DELETE", f"{ROOT}/{new['id']}")
    assert (refused.status_code, "“Welcome”" in told(refused)["details"]) == (409, True)
    earning_rules.switch(rule.pk, enabled=False)
    letters = Distribution.objects.create(
        project=project, name="Hello", trigger=DistributionTrigger.SEGMENT_ENTERED, segment_id=segment.pk,
        channel=DistributionChannel.EMAIL, enabled=True,
    )  # fmt: skip
    refused = partner.call("DELETE", f"{ROOT}/{new['id']}")
    assert (refused.status_code, "“Hello”" in told(refused)["details"]) == (409, True)
    Distribution.objects.filter(pk=letters.pk).update(enabled=False)
    assert partner.call("DELETE", f"{ROOT}/{new['id']}").status_code == 204


def test_a_key_needs_the_scope(partner: Partner, project: Project) -> None:
    new = made(partner)
    narrow = Partner(project, api_keys.make(project.pk, "Narrow", [ApiScope.CUSTOMERS, ApiScope.BACK_OFFICE]))
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{new['id']}"), ("DELETE", f"/{new['id']}")):
        answer = narrow.call(method, ROOT + path, {})
        assert answer.status_code == 403
        assert "segments" in told(answer)["details"]
    assert Segment.objects.filter(deleted_at=None).exists()
