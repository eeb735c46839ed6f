"""Customers, their points and their segments over the API, in our own shape and in Voucherify's."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.access import api_keys
from integrations.choices import ApiScope
from integrations.models import Project
from orders.models import Customer
from orders.points import movements
from orders.segments import definitions
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, settle, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1/customers"


@pytest.fixture
def people(project: Project) -> dict[str, Customer]:
    """Ann has paid two orders, bob has ordered without paying."""
    ann = {"source_id": "ann", "email": "ann@mail.example", "name": "Ann", "address": {"country": "cz"}}
    write(
        project,
        {"source_id": "1", "status": "PAID", "amount": 1_000, "created_at": "2026-11-01T10:00:00Z", "customer": ann},
        {"source_id": "2", "status": "PAID", "amount": 2_001, "created_at": "2026-11-02T10:00:00Z", "customer": ann},
        {"source_id": "3", "status": "CREATED", "amount": 500, "customer": {"source_id": "bob"}},
    )
    settle(project)
    return {each.source_id: each for each in Customer.objects.filter(project=project)}


def listed(partner: Partner, query: str = "") -> list[Any]:
    answer = partner.get(f"{ROOT}{query}")
    assert answer.status_code == 200, answer.content
    return [each["source_id"] for each in told(answer)["data"]]


def test_a_customer_with_summary_and_points(partner: Partner, people: dict[str, Customer]) -> None:
    movements.adjust(people["ann"].pk, 7, "Welcome", seen=None, actor_id=None)
    [bob, ann] = told(partner.get(ROOT))["data"]
    assert ann["summary"] == {
        "currency": "EUR", "total_amount": "30.0100", "total_count": 2, "average_amount": "15.0050",
        "last_order_amount": "20.0100", "last_order_at": "2026-11-02T10:00:00.000Z", "other_currency_count": 0,
    }  # fmt: skip
    assert (ann["points"], ann["country"], ann["email"]) == (7, "CZ", "ann@mail.example")
    assert (bob["summary"]["total_count"], bob["summary"]["last_order_at"], bob["points"]) == (0, None, 0)
    assert told(partner.get(f"{ROOT}/{ann['id']}")) == ann
    [row] = told(partner.get(f"{ROOT}/{ann['id']}/points"))["data"]
    assert (row["points"], row["reason"], row["rule"], row["note"]) == (7, "adjusted", None, "Welcome")
    assert told(partner.get(f"{ROOT}/{ann['id']}/points?reason=earned"))["data"] == []
    assert partner.get(f"{ROOT}/nobody/points").status_code == 404


def test_filters(partner: Partner, project: Project, people: dict[str, Customer]) -> None:
    segment = automatic(project, ("total_count", "at_least", 1))
    settle(project)
    public = told(partner.get("/back-office/v1/segments"))["data"][0]["id"]
    assert listed(partner, f"?segment={public}") == ["ann"]
    assert listed(partner, "?email=ann@mail.example") == ["ann"]
    assert listed(partner, "?source_id=bob") == ["bob"]
    assert listed(partner, "?segment=seg_1") == []
    assert listed(partner, "?created_before=2020-01-01") == []
    assert partner.get(f"{ROOT}?name=x").status_code == 400
    definitions.delete(segment.pk)


def test_a_customer_who_was_never_placed(partner: Partner, project: Project) -> None:
    write(project, {"source_id": "1", "customer": {"source_id": "eve"}})
    assert told(partner.get(ROOT))["data"][0]["summary"]["total_amount"] == "0"
    assert told(partner.get("/v1/customers/eve"))["summary"]["orders"]["total_count"] == 0


def test_the_published_customer_by_id_and_source_id(partner: Partner, people: dict[str, Customer]) -> None:
    by_source = told(partner.get("/v1/customers/ann"))
    assert by_source["summary"]["orders"] == {
        "total_amount": 3_001, "total_count": 2, "average_amount": 1_500, "last_order_amount": 2_001,
        "last_order_date": "2026-11-02T10:00:00.000Z",
    }  # fmt: skip
    assert (by_source["object"], by_source["loyalty"]["points"]) == ("customer", 0)
    assert told(partner.get(f"/v1/customers/{by_source['id']}")) == by_source
    assert partner.get("/v1/customers/nobody").status_code == 404


def test_the_segments_of_a_customer(partner: Partner, project: Project, people: dict[str, Customer]) -> None:
    automatic(project, ("total_count", "at_least", 1), name="Buyers")
    gone = automatic(project, ("total_count", "at_least", 1), name="Gone")
    settle(project)
    definitions.delete(gone.pk)
    answer = told(partner.get("/v1/customers/ann/segments"))
    assert ([each["name"] for each in answer["data"]], answer["total"]) == (["Buyers"], 1)
    assert told(partner.get("/v1/customers/bob/segments"))["data"] == []


@pytest.mark.parametrize("path", ["/v1/customers/ann", "/v1/customers/ann/segments", ROOT])
def test_a_key_needs_the_scope(project: Project, people: dict[str, Customer], path: str) -> None:
    narrow = Partner(project, api_keys.make(project.pk, "Narrow", [ApiScope.ORDERS, ApiScope.BACK_OFFICE]))
    answer = narrow.get(path)
    assert answer.status_code == 403
    assert "customers" in told(answer)["details"]


def test_pages_go_on_where_they_were(partner: Partner, project: Project) -> None:
    write(project, *({"source_id": str(each), "customer": {"source_id": f"c-{each}"}} for each in range(5)))
    first = told(partner.get(f"{ROOT}?limit=3"))
    assert [each["source_id"] for each in first["data"]] == ["c-4", "c-3", "c-2"]
    assert listed(partner, f"?limit=3&after={first['next']}") == ["c-1", "c-0"]
    write(ProjectFactory.create(), {"source_id": "1", "customer": {"source_id": "theirs"}})
    assert len(listed(partner)) == 5
