"""Earning rules and points in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.choices import Role
from integrations.models import Project
from orders.models import Customer, CustomerSummary, EarningRule, PointsMovement
from tests.admin.conftest import Login
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, write

NEW = reverse("admin:orders_earningrule_create")
RULE = {"name": "Paid", "trigger": "order_paid", "points": "2", "per_amount": "10", "enabled": "on"}


@pytest.fixture
def ann(project: Project) -> Customer:
    write(project, {"source_id": "1", "amount": 1, "customer": {"source_id": "ann", "email": "ann@mail.example"}})
    return Customer.objects.get()


def test_a_rule_is_made_changed_and_switched_off(admin: Client, project: Project) -> None:
    made = admin.post(NEW, RULE | {"starts_at": "2026-12-01T08:00"})
    rule = EarningRule.objects.get()
    page = reverse("admin:orders_earningrule_change", args=[rule.pk])
    assert (made.status_code, made["Location"]) == (302, page)
    assert rule.starts_at is not None
    assert rule.starts_at.astimezone(project.zone).isoformat() == "2026-12-01T08:00:00+01:00"
    assert "2 points for each €10.00" in admin.get(page).content.decode()
    edit = reverse("admin:orders_earningrule_edit", args=[rule.pk])
    assert 'value="2026-12-01T08:00"' in admin.get(edit).content.decode()
    admin.post(edit, {"name": "Paid", "points": "3", "trigger": "order_created"})
    rule.refresh_from_db()
    assert (rule.points, rule.per_amount, rule.enabled, rule.trigger) == (3, None, False, "order_paid")
    assert "Off" in admin.get(reverse("admin:orders_earningrule_changelist")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"points": "0"}, "A rule gives 1 to 1,000,000 points."),
        ({"points": "x"}, "Enter a whole number."),
        ({"per_amount": "-1"}, "Enter an amount from 0.01"),
        ({"trigger": "segment_entered"}, "Choose the segment that customers enter."),
        ({"trigger": "invented"}, "Select a valid choice"),
        ({"starts_at": "2026-12-01T08:00", "ends_at": "2026-11-01T08:00"}, "would end before it starts"),
        ({"starts_at": "tomorrow"}, "Enter a valid date/time."),
    ],
)
def test_bad_rules_are_refused_at_their_field(admin: Client, wrong: dict[str, str], problem: str) -> None:
    page = admin.post(NEW, RULE | wrong)
    assert page.status_code == 422
    assert problem in page.content.decode()
    assert not EarningRule.objects.exists()


def test_segments_of_another_project_cannot_be_chosen(admin: Client, project: Project) -> None:
    theirs = automatic(ProjectFactory.create(), ("total_count", "is", 1), name="Zanzibar")
    assert "Zanzibar" not in admin.get(NEW).content.decode()
    sent = {"name": "Rule", "trigger": "segment_entered", "points": "1", "segment": str(theirs.pk)}
    assert admin.post(NEW, sent).status_code == 422
    assert not EarningRule.objects.exists()


def test_points_by_hand_once_however_often_the_form_is_sent(admin: Client, ann: Customer) -> None:
    book = reverse("admin:orders_customer_points", args=[ann.pk])
    sent = {"points-points": "50", "points-note": "Sorry for the wait", "points-seen": ""}
    for _ in range(2):
        assert admin.post(book, sent).status_code == 302
    assert CustomerSummary.objects.get().points == 50
    movement = PointsMovement.objects.get()
    assert movement.actor is not None
    page = admin.get(reverse("admin:orders_customer_change", args=[ann.pk])).content.decode()
    assert "Sorry for the wait" in page
    assert f'value="{movement.pk}"' in page
    listed = admin.get(reverse("admin:orders_pointsmovement_changelist"), {"q": "ann@mail.example"}).content.decode()
    assert "+50" in listed
    moved = admin.get(reverse("admin:orders_pointsmovement_change", args=[movement.pk]))
    assert moved["Location"] == reverse("admin:orders_customer_change", args=[ann.pk]) + "#points"
    answer: Any = admin.get(reverse("admin:orders_pointsmovement_export"))
    assert "ann@mail.example,50,Adjusted by hand" in b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize(("points", "note"), [("0", "x"), ("", "x"), ("9999999999", "x"), ("5", " ")])
def test_bad_points_are_refused_at_the_form(admin: Client, ann: Customer, points: str, note: str) -> None:
    sent = {"points-points": points, "points-note": note}
    assert admin.post(reverse("admin:orders_customer_points", args=[ann.pk]), sent).status_code == 422
    assert not PointsMovement.objects.exists()


def test_who_may_do_what(project: Project, login: Login, ann: Customer) -> None:
    book = reverse("admin:orders_customer_points", args=[ann.pk])
    for role, expected in ((Role.READ_ONLY, 403), (Role.WAREHOUSE, 403), (Role.ORDER_STAFF, 200)):
        browser = login(project, role)
        assert browser.get(NEW).status_code == expected
        assert browser.post(book, {}).status_code == (422 if expected == 200 else 403)
        page = browser.get(reverse("admin:orders_customer_change", args=[ann.pk])).content.decode()
        assert ("Book points" in page) is (expected == 200)


def test_a_deleted_customer_is_in_no_list_and_marked_on_the_page(admin: Client, project: Project) -> None:
    at = "2026-03-01T10:00:00Z"
    here = Customer.objects.create(project=project, email="Ann@Mail.example", created_at=at, updated_at=at)
    gone = Customer.objects.create(project=project, created_at=at, deleted_at=at)
    listed = admin.get("/orders/customer/?q=ann@mail").content.decode()
    assert "Ann@Mail.example" in listed
    assert f"/orders/customer/{gone.pk}/" not in admin.get("/orders/customer/").content.decode()
    page = admin.get(f"/orders/customer/{gone.pk}/change/").content.decode()
    assert "A partner deleted this customer on" in page
    assert "Give or take points" not in page
    assert "Last change" in admin.get(f"/orders/customer/{here.pk}/change/").content.decode()
    form = {"points-points": "5", "points-note": "x"}
    assert admin.post(f"/orders/customer/{gone.pk}/points/", form).status_code == 404
    assert admin.get("/orders/customer/x/change/").status_code in {302, 404}
