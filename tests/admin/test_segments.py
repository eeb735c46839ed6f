"""Segments in the admin: conditions in rows, a preview that writes nothing, people by their addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.choices import Role
from integrations.models import Project
from orders.choices import SegmentKind
from orders.models import Customer, CustomerSummary, DueCustomer, Segment, SegmentMember
from orders.segments import definitions
from orders.segments.definitions import SegmentWish
from tests.admin.conftest import Login
from tests.orders.segments.book import automatic, entered, members, settle, write

NEW = reverse("admin:orders_segment_automatic")
BY_HAND = reverse("admin:orders_segment_by_hand")


def url(name: str, segment: Segment) -> str:
    return reverse(f"admin:orders_segment_{name}", args=[segment.pk])


def typed(*rows: tuple[str, str, str, str], **values: str) -> dict[str, str]:
    """The form as a browser sends it: rows of (field, key, operator, value) and two that are empty."""
    sent = {"name": "Big spenders", "junction": "all", "rows": str(len(rows) + 2)}
    for number, row in enumerate((*rows, ("", "", "is", ""), ("", "", "is", ""))):
        sent |= {
            f"c{number}-{name}": value for name, value in zip(("field", "key", "operator", "value"), row, strict=True)
        }
    return sent | values


SPENT = ("total_amount", "", "more_than", "150")


@pytest.fixture
def people(project: Project) -> None:
    for name, amount in (("ann", 20_000), ("bob", 10_000)):
        customer = {"source_id": name, "email": f"{name}@mail.example", "metadata": {"tier": "gold"}}
        write(project, {"source_id": name, "status": "PAID", "amount": amount, "customer": customer})
    settle(project)


def test_a_segment_is_made_filled_and_shown(project: Project, admin: Client, people: None) -> None:
    answer = admin.post(NEW, typed(SPENT, ("metadata", "tier", "in", "gold, new")))
    segment = Segment.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("change", segment))
    assert segment.conditions == [
        {"field": "total_amount", "operator": "more_than", "value": "150"},
        {"field": "metadata.tier", "operator": "in", "value": ["gold", "new"]},
    ]
    page = admin.get(url("change", segment)).content.decode()
    assert "is being filled" in page
    assert "Nobody belongs to this segment yet." in page
    settle(project)
    page = admin.get(url("change", segment)).content.decode()
    assert "is being filled" not in page
    assert "Total spent is more than 150" in page
    assert "Metadata “tier” is one of gold, new" in page
    assert "ann@mail.example" in page
    assert "bob@mail.example" not in page
    listed = admin.get(reverse("admin:orders_segment_changelist")).content.decode()
    assert "Big spenders" in listed
    found = admin.get(reverse("admin:orders_customer_changelist"), {"segment": segment.pk}).content.decode()
    assert ("ann@mail.example" in found, "bob@mail.example" in found) == (True, False)


def test_a_preview_says_how_many_and_writes_nothing(admin: Client, people: None) -> None:
    admin.get(NEW)
    with CaptureQueriesContext(connection) as captured:
        page = admin.post(NEW, typed(SPENT, name="", preview="1"))
    assert page.status_code == 200
    assert "It would hold one customer." in page.content.decode()
    reading = ("SELECT", "(SELECT", "SAVEPOINT", "RELEASE")
    written = [each["sql"] for each in captured if not each["sql"].startswith(reading)]
    assert written == []
    assert not Segment.objects.exists()


def test_more_rows_keep_what_was_typed(admin: Client) -> None:
    page = admin.post(NEW, typed(SPENT, name="", more="1"))
    text = page.content.decode()
    assert (page.status_code, 'name="c6-field"' in text, 'value="150"' in text) == (200, True, True)
    assert "errorlist" not in text
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("row", "values", "problem"),
    [
        (("total_amount", "", "more_than", "lots"), {}, "Total spent needs a number"),
        (("country", "", "at_least", "3"), {}, "these fit: is, is one of, is known, is not known."),
        (("metadata", "", "is", "gold"), {}, "is no field"),
        (("invented", "", "is", "1"), {}, "Select a valid choice"),
        (SPENT, {"name": ""}, "This field is required."),
        (SPENT, {"name": "taken"}, "There is a segment named “taken” already."),
        (SPENT, {"junction": "xor"}, "Select a valid choice"),
        (("", "", "is", ""), {}, "needs at least one condition"),
        (SPENT, {"rows": "nonsense", "c0-value": "x"}, "Total spent needs a number"),
    ],
)
def test_bad_input_is_said_where_it_is(
    project: Project, admin: Client, row: tuple[str, str, str, str], values: dict[str, str], problem: str
) -> None:
    automatic(project, ("total_count", "is", 1), name="Taken")
    page = admin.post(NEW, typed(row, **values))
    assert page.status_code == 422
    assert problem in page.content.decode()
    assert Segment.objects.count() == 1


def test_conditions_are_changed(project: Project, admin: Client, people: None) -> None:
    segment = automatic(project, ("total_amount", "more_than", "150"), ("country", "in", ["CZ", "SK"]))
    page = admin.get(url("edit", segment)).content.decode()
    assert 'value="CZ, SK"' in page
    assert admin.post(url("edit", segment), typed(("total_count", "", "at_least", "1"))).status_code == 302
    settle(project)
    assert members(segment) == {"ann", "bob"}
    assert entered(segment) == []


def test_people_are_added_and_taken_out_by_their_addresses(project: Project, admin: Client, people: None) -> None:
    answer = admin.post(BY_HAND, {"name": "Friends", "emails": "ann@mail.example, nobody@mail.example"}, follow=True)
    text = answer.content.decode()
    assert "The segment is saved with one customer." in text
    assert "Nobody here has this address: nobody@mail.example." in text
    segment = Segment.objects.get()
    admin.post(url("members", segment), {"emails": "BOB@mail.example\nann@mail.example"})
    assert (members(segment), entered(segment)) == ({"ann", "bob"}, ["bob"])
    admin.post(url("members", segment), {"emails": "ann@mail.example", "out": "1"})
    assert members(segment) == {"bob"}
    assert admin.get(url("edit", segment)).status_code == 404
    admin.post(url("rename", segment), {"name-name": "Family"})
    segment.refresh_from_db()
    assert segment.name == "Family"


def test_too_many_people_are_refused_at_the_form(
    project: Project, admin: Client, people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "MOST_MEMBERS", 1)
    segment = definitions.create(project.pk, SegmentWish("Friends", SegmentKind.STATIC))
    page = admin.post(url("members", segment), {"emails": "ann@mail.example bob@mail.example"})
    assert page.status_code == 422
    assert "at most 1 customers; this would be 2" in page.content.decode()
    assert not SegmentMember.objects.exists()


def test_deleting_asks_first(project: Project, admin: Client) -> None:
    segment = automatic(project, ("total_count", "is", 1))
    asked = admin.get(url("remove", segment)).content.decode()
    assert "takes nobody in any more" in asked
    assert Segment.objects.filter(deleted_at=None).exists()
    admin.post(url("remove", segment))
    assert not Segment.objects.filter(deleted_at=None).exists()
    assert admin.get(url("change", segment)).status_code == 302


@pytest.mark.parametrize(
    ("role", "may"), [(Role.ORDER_STAFF, True), (Role.IMPORT_ADMIN, True), (Role.READ_ONLY, False)]
)
def test_who_may_do_what(project: Project, login: Login, role: Role, may: bool) -> None:
    segment = automatic(project, ("total_count", "is", 1))
    browser = login(project, role)
    assert browser.get(url("change", segment)).status_code == 200
    calls: list[Any] = [
        browser.get(NEW), browser.get(BY_HAND), browser.get(url("edit", segment)),
        browser.post(url("remove", segment)),
    ]  # fmt: skip
    assert {answer.status_code for answer in calls} == ({200, 302} if may else {403})


def test_the_page_of_a_customer_shows_orders_segments_and_points(project: Project, admin: Client, people: None) -> None:
    segment = automatic(project, ("total_amount", "more_than", "150"))
    settle(project)
    ann, bob = (Customer.objects.get(source_id=name) for name in ("ann", "bob"))
    page = admin.get(reverse("admin:orders_customer_change", args=[ann.pk])).content.decode()
    assert "€200.00" in page
    assert url("change", segment) in page
    assert "No points yet." in page
    assert "follow in a moment" not in page
    assert "In no segment." in admin.get(reverse("admin:orders_customer_change", args=[bob.pk])).content.decode()
    write(project, {"source_id": "x", "status": "PAID", "amount": 1, "customer": {"source_id": "ann"}})
    assert DueCustomer.objects.count() == 1
    page = admin.get(reverse("admin:orders_customer_change", args=[ann.pk])).content.decode()
    assert "follow in a moment" in page


def test_a_customer_without_anything_has_a_page(project: Project, admin: Client) -> None:
    write(project, {"source_id": "x", "amount": 1, "customer": {"source_id": "eve"}})
    eve = Customer.objects.get()
    page = admin.get(reverse("admin:orders_customer_change", args=[eve.pk])).content.decode()
    assert "€0.00" in page
    assert "In no segment." in page
    listed = admin.get(reverse("admin:orders_customer_changelist"))
    assert "€0.00" in listed.content.decode()


def test_the_list_of_customers_as_a_file(admin: Client, people: None) -> None:
    answer: Any = admin.get(reverse("admin:orders_customer_export"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].endswith("customer,e-mail,currency,total spent,orders,last order,points,customer since")
    assert lines[1].startswith("ann@mail.example,ann@mail.example,EUR,200.00,1,")


def test_another_currency_or_zone_of_the_project_is_followed(project: Project, people: None) -> None:
    segment = automatic(project, ("last_order_date", "after", "2026-11-20"))
    settle(project)
    operator = Client()
    operator.force_login(User.objects.create_superuser("root"))
    address = reverse("admin:integrations_project_change", args=[project.pk])
    sent = {"account": project.account_id, "name": project.name, "currency": "CZK", "time_zone": project.time_zone}
    assert operator.post(address, sent).status_code == 302
    assert DueCustomer.objects.count() == 2
    settle(project)
    assert set(CustomerSummary.objects.values_list("total_count", "other_currency_count")) == {(0, 1)}
    assert operator.post(address, sent | {"time_zone": "Asia/Tokyo"}).status_code == 302
    segment.refresh_from_db()
    assert (segment.filling, DueCustomer.objects.count()) == (True, 0)
