"""Customers over the API as Voucherify publishes them: written, read, listed to the last one, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.test import Client

from config.kit import true_time
from integrations.access import api_keys
from integrations.choices import ApiScope
from integrations.models import ApiKey, Project
from orders.choices import SegmentKind
from orders.customers import customer_cursor
from orders.models import Customer, Order, SegmentMember
from orders.points import movements
from orders.segments import definitions
from orders.segments.definitions import SegmentWish
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, settle, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
REDEMPTIONS = {
    "total_redeemed": 0, "total_failed": 0, "total_succeeded": 0, "total_rolled_back": 0, "total_rollback_failed": 0,
    "total_rollback_succeeded": 0, "gift": {"redeemed_amount": 0, "amount_to_go": 0},
    "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
}  # fmt: skip
ROOT = "/v1/customers"


def made(project: Project, count: int = 1, at: str = "2026-03-01T10:00:00Z", **values: Any) -> list[Customer]:
    rows = [Customer(project=project, created_at=at, **values) for _ in range(count)]
    return Customer.objects.bulk_create(rows)


def test_a_partial_customer_as_published(partner: Partner, project: Project) -> None:
    """Example 8 of the paper."""
    Customer.objects.create(
        project=project, source_id="c-77", name="Ana Lind", address={"city": "Lund", "line_2": "2 tr"},
        metadata={"tier": "silver", "news": True}, created_at="2026-02-01T08:00:00Z",
    )  # fmt: skip
    sent = {"source_id": "c-77", "address": {"line_1": "Nygatan 9", "line_2": None}, "metadata": {"tier": "gold"}}
    with patch.object(true_time, "now", lambda: datetime(2026, 3, 1, 11, tzinfo=UTC)):
        answer = partner.post(ROOT, sent)
    shown = told(answer)
    assert answer.status_code == 200
    assert shown == {
        "id": shown["id"], "source_id": "c-77", "name": "Ana Lind",
        "address": {"city": "Lund", "line_1": "Nygatan 9"}, "metadata": {"tier": "gold", "news": True},
        "summary": {
            "redemptions": REDEMPTIONS,
            "orders": {"total_amount": 0, "total_count": 0, "average_amount": 0, "last_order_amount": 0},
        },
        "loyalty": {"points": 0, "referred_customers": 0, "campaigns": {}}, "referrals": {"total": 0, "campaigns": []},
        "system_metadata": {}, "created_at": "2026-02-01T08:00:00.000Z", "updated_at": "2026-03-01T11:00:00.000Z",
        "object": "customer",
    }  # fmt: skip
    assert told(partner.get(f"{ROOT}/c-77")) == told(partner.get(f"{ROOT}/{shown['id']}")) == shown


def test_a_cursor_over_one_millisecond(partner: Partner, project: Project) -> None:
    """Example 9 of the paper."""
    for at in ("10:00:00Z", "10:00:01Z", "10:00:01Z", "10:00:02Z"):
        made(project, at=f"2026-03-01T{at}")
    first = told(partner.get(f"{ROOT}?limit=2&order=created_at&starting_after=1970-01-01T00:00:00Z"))
    assert [each["created_at"] for each in first["customers"]] == [
        "2026-03-01T10:00:00.000Z", "2026-03-01T10:00:01.000Z", "2026-03-01T10:00:01.000Z",
    ]  # fmt: skip
    assert {name: value for name, value in first.items() if name != "customers"} == {
        "object": "list", "data_ref": "customers", "total": 4, "has_more": True,
    }  # fmt: skip
    second = told(partner.get(f"{ROOT}?limit=2&order=created_at&starting_after=2026-03-01T10:00:01.000Z"))
    assert [each["created_at"] for each in second["customers"]] == ["2026-03-01T10:00:02.000Z"]
    assert (second["total"], second["has_more"]) == (4, False)


def scrolled(partner: Partner, order: str) -> list[str]:
    """As `scroll` of the JavaScript SDK does: from the time of the last customer on, until there are no more."""
    found: list[str] = []
    moment = "2200-01-01T00:00:00Z" if order.startswith("-") else "1970-01-01T00:00:00Z"
    for _ in range(500):
        page = told(partner.get(f"{ROOT}?limit=100&order={order}&starting_after={moment}"))
        found += [each["id"] for each in page["customers"]]
        if not page["has_more"]:
            return found
        moment = page["customers"][-1][order.removeprefix("-")]
    raise AssertionError("the list does not end")


@pytest.fixture
def many(project: Project) -> Project:
    """2,000 customers: 1,000 of one call, the others one a minute with pairs between them."""
    made(project, 1_000)
    for minute in range(500):
        made(project, 2, at=f"2026-03-02T{minute // 60:02}:{minute % 60:02}:00Z")
    return project


@pytest.mark.parametrize("order", ["created_at", "-created_at"])
def test_a_scroll_meets_everybody(partner: Partner, many: Project, order: str) -> None:
    found = scrolled(partner, order)
    assert (len(found), len({*found})) == (2_000, 2_000)


@pytest.mark.parametrize("order", ["created_at", "-created_at"])
def test_control_a_strict_cursor_loses(partner: Partner, many: Project, order: str) -> None:
    whole = customer_cursor.starting_after

    def strict(rows: Any, column: str, limit: int, moment: datetime) -> tuple[list[Customer], bool]:
        found, more = whole(rows, column, limit, moment)
        return found[:limit], more or len(found) > limit

    with patch.object(customer_cursor, "starting_after", strict):
        assert len({*scrolled(partner, order)}) < 2_000


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["d", "c", "b", "a"]),
        ("order=", ["d", "c", "b", "a"]),
        ("order=created_at", ["a", "b", "c", "d"]),
        ("order=source_id", ["a", "b", "c", "d"]),
        ("order=-source_id&limit=1", ["d"]),
        ("order=updated_at", ["b", "c", "d", "a"]),
        ("order=-updated_at", ["a", "d", "c", "b"]),
        ("order=-updated_at&starting_after=2026-03-04", ["c", "b"]),
        ("order=updated_at&starting_after=2026-03-04", ["a"]),
        ("limit=2&page=2", ["b", "a"]),
        ("limit=2&page=2&starting_after=2026-03-03T00:00:00.000001%2B0000", ["c", "b"]),
        ("email=B@MAIL.example", ["b"]),
        ("name=cee", ["c"]),
        ("city=LUND", ["c", "b"]),
        ("created_at[before]=2026-03-02&created_at[after]=", ["a"]),
        ("created_at%5Bafter%5D=2026-03-03", ["d"]),
        ("updated_at[after]=2026-03-01", ["a"]),
        ("segment_id=SEGMENT", ["d", "b"]),
        ("segment_id=SEGMENT&order=created_at&limit=1", ["b"]),
    ],
)
def test_lists(partner: Partner, project: Project, query: str, names: list[str]) -> None:
    rows: dict[str, dict[str, Any]] = {
        "a": {"updated_at": "2026-04-01T00:00:00Z"}, "b": {"email": "B@mail.example", "address": {"city": "Lund"}},
        "c": {"name": "Cee", "address": {"city": "lund"}}, "d": {},
    }  # fmt: skip
    for day, (name, values) in enumerate(rows.items(), 1):
        made(project, at=f"2026-03-{day:02}T00:00:00Z", source_id=name, **values)
    made(project, source_id="gone", deleted_at="2026-03-05T00:00:00Z")
    made(ProjectFactory.create(), source_id="theirs")
    members = Customer.objects.filter(source_id__in=["b", "d"]).values_list("pk", flat=True)
    segment = definitions.create(project.pk, SegmentWish("Some", SegmentKind.STATIC), list(members))
    asked = query.replace("SEGMENT", told(partner.get("/back-office/v1/segments"))["data"][0]["id"])
    page = told(partner.get(f"{ROOT}?{asked}"))
    assert [each["source_id"] for each in page["customers"]] == names
    assert segment.pk


@pytest.mark.parametrize(
    ("query", "status", "details"),
    [
        ("order=source_id&starting_after=2026-03-01", 400, "Property .order beside .starting_after, which is a time"),
        ("limit=0", 400, "Property .limit must be a whole number from 1 to 100"),
        ("page=100", 400, "Property .page must be a whole number from 1 to 99"),
        ("starting_after=soon", 400, "Property .starting_after cannot be recognized as a ISO-8601"),
        ("colour=red", 400, "Property .colour is not known here; these are: city, created_at[after]"),
        ("segment_id=seg_1", 404, "Cannot find segment with id seg_1"),
    ],
)
def test_what_a_list_refuses(partner: Partner, query: str, status: int, details: str) -> None:
    answer = partner.get(f"{ROOT}?{query}")
    assert (answer.status_code, told(answer)["details"][: len(details)]) == (status, details)


def test_upserts_and_changes(partner: Partner, project: Project) -> None:
    bob = told(partner.post(ROOT, {"name": "Bob", "source_id": None, "object": "customer"}))
    assert sorted(bob) == [
        "address", "created_at", "id", "loyalty", "name", "object", "referrals", "summary", "system_metadata",
    ]  # fmt: skip
    assert bob["address"] is None
    changed = told(partner.put(f"{ROOT}/{bob['id']}", {"source_id": "c-9", "email": "Bob@Mail.example", "id": "x"}))
    assert (changed.get("source_id"), changed["email"]) == (None, "Bob@Mail.example")
    named = told(partner.post(ROOT, {"source_id": "c-9", "email": "bob@mail.EXAMPLE", "metadata": {"a": 1}}))
    assert (named["id"], named["source_id"]) == (bob["id"], "c-9")
    replaced = told(partner.put(f"{ROOT}/c-9?metadata=replace", {"metadata": {"b": None}}))
    assert replaced["metadata"] == {"b": None}
    before = Customer.objects.get().updated_at
    assert told(partner.put(f"{ROOT}/c-9", replaced)) == replaced
    assert Customer.objects.get().updated_at == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "details"),
    [
        ("POST", ROOT, {}, 400, "There is nothing about a customer: send at least one field"),
        ("POST", ROOT, {"object": "customer"}, 400, "There is nothing about a customer"),
        ("POST", ROOT, {"email": "no address"}, 400, "Property .email is no e-mail address: no address"),
        ("POST", ROOT, {"name": 7}, 400, "Property .name must be text, not a whole number"),
        ("POST", ROOT, b'{"name": "a", "name": "b"}', 400, "Property .name is given twice"),
        ("POST", ROOT, {"metadata": {"a": "\x00"}}, 400, "Property .metadata.a holds a NUL character"),
        ("POST", ROOT, {"id": "cust_1", "name": "x"}, 404, "Cannot find customer with id cust_1"),
        ("PUT", f"{ROOT}/nobody", {"name": "x"}, 404, "Cannot find customer with id nobody"),
        ("DELETE", f"{ROOT}/nobody", None, 404, "Cannot find customer with id nobody"),
        ("POST", f"{ROOT}/nobody/permanent-deletion", {}, 404, "Cannot find customer with id nobody"),
        ("POST", f"{ROOT}/c-1", {}, 405, "This address takes GET, PUT, DELETE"),
        ("PUT", f"{ROOT}/b-1", {"email": "A@mail.example"}, 200, ""),
    ],
)
def test_what_is_refused(
    partner: Partner, project: Project, method: str, path: str, body: Any, status: int, details: str
) -> None:
    made(project, source_id="b-1")
    made(project, email="a@mail.example")
    answer = partner.call(method, path, body)
    assert (answer.status_code, told(answer).get("details", "")[: len(details)]) == (status, details)


def test_an_address_that_another_has(partner: Partner, project: Project) -> None:
    [ann], [bob] = made(project, email="ann@mail.example"), made(project, name="Bob")
    ids = {each["name"]: each["id"] for each in told(partner.get(ROOT))["customers"] if "name" in each}
    refused = partner.put(f"{ROOT}/{ids['Bob']}", {"email": "ANN@mail.example"})
    body = told(refused)
    assert (refused.status_code, body["key"], body["message"]) == (
        409, "duplicate_resource_key", "Duplicate resource key",
    )  # fmt: skip
    assert (body["resource_type"], body["resource_id"]) == ("customer", partner_id(partner, ann))
    assert bob.email == ""


def partner_id(partner: Partner, customer: Customer) -> str:
    found: str = next(
        each["id"] for each in told(partner.get(ROOT))["customers"] if each.get("email") == customer.email
    )
    return found


def test_foreign_ids_in_bodies_and_filters_are_not_there(partner: Partner) -> None:
    theirs = Partner(ProjectFactory.create())
    secret = told(theirs.post(ROOT, {"source_id": "jana", "name": "Secret"}))
    definitions.create(theirs.project.pk, SegmentWish("Secret", SegmentKind.STATIC))
    segment = told(theirs.get("/back-office/v1/segments"))["data"][0]["id"]
    own = told(partner.post(ROOT, {"source_id": "jana", "name": "Mine"}))
    assert own["id"] != secret["id"]
    assert partner.post(ROOT, {"id": secret["id"], "name": "Mallory"}).status_code == 404
    assert partner.get(f"{ROOT}?segment_id={segment}").status_code == 404
    assert [each["name"] for each in told(partner.get(ROOT))["customers"]] == ["Mine"]
    assert told(partner.put(f"{ROOT}/jana", {"id": secret["id"], "name": "Still mine"}))["id"] == own["id"]
    assert told(theirs.get(f"{ROOT}/jana")) == secret


@pytest.mark.parametrize("source_id", ["a/b", "a/activity", "a%2Fb", "100%", "ü ?&#", "segments"])
def test_a_source_id_is_one_part_of_an_address(partner: Partner, source_id: str) -> None:
    partner.post(ROOT, {"source_id": source_id, "name": "Odd"})
    path = f"{ROOT}/{quote(source_id, safe='')}"
    assert told(partner.get(path))["source_id"] == source_id
    assert told(partner.get(f"{path}/segments"))["total"] == 0
    activity = partner.get(f"{path}/redeemables")
    assert (activity.status_code, "Offered: /v1/customers, " in told(activity)["details"]) == (404, True)
    assert partner.call("DELETE", path).status_code == 204


def test_control_the_decoded_path_takes_a_slash_for_the_end(partner: Partner) -> None:
    partner.post(ROOT, {"source_id": "a/segments"})
    assert Client().get(f"{ROOT}/a%2Fsegments", headers=partner.headers).json().get("object") == "list"


def test_segments_of_nobody(partner: Partner, project: Project) -> None:
    automatic(project, ("total_count", "at_most", 0), name="New here")
    automatic(project, ("total_count", "at_least", 1), name="Buyers")
    automatic(project, ("metadata.tier", "absent", None), name="Any tier")
    definitions.create(project.pk, SegmentWish("By hand", SegmentKind.STATIC))
    answer = told(partner.get(f"{ROOT}/nobody/segments"))
    assert ([each["name"] for each in answer["data"]], answer["total"]) == (["Any tier", "New here"], 2)


def test_deleted(partner: Partner, project: Project) -> None:
    write(project, {"source_id": "1", "status": "PAID", "amount": 5, "customer": {"source_id": "c", "name": "Ana"}})
    automatic(project, ("total_count", "at_least", 0), name="All")
    settle(project)
    customer = Customer.objects.get()
    movements.adjust(customer.pk, 5, "Welcome", seen=None, actor_id=None)
    public = told(partner.get(f"{ROOT}/c"))["id"]
    answer = partner.call("DELETE", f"{ROOT}/c")
    assert (answer.status_code, answer.content) == (204, b"")
    settle(project)
    for key in ("c", public):
        assert partner.get(f"{ROOT}/{key}").status_code == 404
        assert partner.call("DELETE", f"{ROOT}/{key}").status_code == 404
    customer.refresh_from_db()
    assert (customer.name, customer.source_id, customer.points_movements.count()) == ("", "", 1)
    assert not SegmentMember.objects.filter(left_at=None).exists()
    order = Order.objects.get()
    assert (order.buyer, order.customer_id) == ("Ana", None)
    assert told(partner.get("/v1/orders/1"))["customer_id"] is None
    assert told(partner.get(ROOT))["total"] == len(told(partner.get("/back-office/v1/customers"))["data"]) == 0
    assert told(partner.post(ROOT, {"source_id": "c"}))["id"] != public


@pytest.fixture
def reader(project: Project) -> Iterator[Partner]:
    """A key that was given customers to read."""
    old = api_keys.make(project.pk, "Old", [ApiScope.CUSTOMERS])
    ApiKey.objects.filter(pk=old.key.pk).update(reading=["customers"])
    yield Partner(project, old)


def test_a_key_that_was_given_customers_to_read(reader: Partner, project: Project) -> None:
    made(project, source_id="c-1")
    assert reader.get(f"{ROOT}/c-1").status_code == 200
    for method, path in (
        ("POST", ROOT), ("PUT", f"{ROOT}/c-1"), ("DELETE", f"{ROOT}/c-1"),
        ("POST", f"{ROOT}/c-1/permanent-deletion"),
    ):  # fmt: skip
        refused = reader.call(method, path, {"name": "x"})
        assert (refused.status_code, told(refused)["key"]) == (403, "missing_required_permission")
        assert "confirm" in told(refused)["details"]
    assert Customer.objects.get().name == ""
    api_keys.let_write(ApiKey.objects.get(name="Old"))
    assert reader.put(f"{ROOT}/c-1", {"name": "x"}).status_code == 200
