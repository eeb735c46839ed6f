"""API keys in the admin: shown once, revoked at once, by those who may; and what partners' imports left behind."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client

from integrations.access import api_keys
from integrations.choices import Role
from integrations.models import ApiKey, Project, Run
from tests.admin.conftest import Login
from tests.api.conftest import Partner
from tests.factories import ProjectFactory

NEW = "/integrations/apikey/new/"
LIST = "/integrations/apikey/"


def made(admin: Client, **values: Any) -> Any:
    return admin.post(NEW, {"name": "Loyalty app", "scopes": ["orders"], **values})


def test_a_key_is_shown_once_and_works(admin: Client, project: Project) -> None:
    page = made(admin, days="30")
    html = page.content.decode()
    token = re.findall(r"<code>(ch_[\w-]+)</code>", html)[0]
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.project) == ("Loyalty app", ["orders"], project)
    assert key.expires_at is not None
    assert "no-store" in page.headers["Cache-Control"]
    called = Client().get("/v1/orders", headers={"X-App-Id": key.app_id, "X-App-Token": token})
    assert called.status_code == 200
    for address in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/"):
        shown = admin.get(address).content.decode()
        assert token not in shown
    assert f"{key.prefix}…" in admin.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["everything"]}, "Select a valid choice"),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "x"}, "Enter a whole number"),
    ],
)
def test_a_key_that_cannot_be_is_refused_at_its_field(admin: Client, values: dict[str, Any], sentence: str) -> None:
    page = made(admin, **values)
    assert (page.status_code, ApiKey.objects.count()) == (422, 0)
    assert sentence in page.content.decode()


def test_a_key_that_was_given_customers_to_read_is_confirmed(admin: Client, project: Project) -> None:
    key = api_keys.make(project.pk, "Old", ["customers", "orders"]).key
    ApiKey.objects.update(reading=["customers"])
    page = admin.get(f"{LIST}{key.pk}/change/").content.decode()
    assert "Reads, does not write yet" in page
    assert "Customers (to read)" in admin.get(LIST).content.decode()
    step = f"{LIST}{key.pk}/let-write/"
    assert "tick that you are sure" in admin.post(step, follow=True).content.decode()
    assert ApiKey.objects.get().reading == ["customers"]
    assert "Old may write from now on" in admin.post(step, {"sure": "on"}, follow=True).content.decode()
    assert ApiKey.objects.get().reading == []
    assert "may write already" in admin.post(step, {"sure": "on"}, follow=True).content.decode()
    assert "Reads, does not write yet" not in admin.get(f"{LIST}{key.pk}/change/").content.decode()
    elsewhere = api_keys.make(ProjectFactory.create().pk, "Theirs", ["customers"]).key
    assert admin.post(f"{LIST}{elsewhere.pk}/let-write/", {"sure": "on"}).status_code == 404


def test_a_revoked_key_opens_nothing(admin: Client, project: Project) -> None:
    partner = Partner(project)
    key = partner.made.key
    done = admin.post(f"{LIST}{key.pk}/revoke/", follow=True).content.decode()
    assert "is revoked: it opens nothing from now on" in done
    assert partner.get("/v1/orders").status_code == 401
    assert "was revoked before" in admin.post(f"{LIST}{key.pk}/revoke/", follow=True).content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.IMPORT_ADMIN])
def test_others_see_keys_and_neither_make_nor_revoke_one(project: Project, login: Login, role: Role) -> None:
    key = api_keys.make(project.pk, "x").key
    person = login(project, role)
    listed = person.get(LIST).content.decode()
    assert key.prefix in listed
    assert "New key" not in listed
    assert "Revoke this key" not in person.get(f"{LIST}{key.pk}/change/").content.decode()
    assert person.post(NEW, {"name": "x", "scopes": ["orders"]}).status_code == 403
    assert person.post(f"{LIST}{key.pk}/revoke/").status_code == 403
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_a_key_of_another_project_is_not_there(admin: Client) -> None:
    key = api_keys.make(ProjectFactory.create().pk, "Foreign").key
    assert "Foreign" not in admin.get(LIST).content.decode()
    assert admin.post(f"{LIST}{key.pk}/revoke/").status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_rows_of_an_import_that_failed_are_shown_and_downloaded(admin: Client, project: Project, commits: None) -> None:
    partner = Partner(project)
    rows = [{"source_id": "=cmd()", "amount": 1, "customer": {"id": f"cust_{number}"}} for number in range(1)]
    partner.imported([*rows, {"source_id": "fine", "amount": 1, "customer": {"source_id": "jana", "name": "Jana"}}])
    run = Run.objects.get()
    page = admin.get(f"/integrations/run/{run.pk}/change/").content.decode()
    assert "Cannot find customer with id cust_0" in page
    assert str(partner.made.key) in page
    file: Any = admin.get(f"/integrations/run/{run.pk}/failed-rows/")
    lines = list(csv.reader(io.StringIO(file.getvalue().decode().removeprefix("\ufeff"))))
    assert lines == [
        ["row", "source_id", "key", "reason"],
        ["0", "'=cmd()", "invalid_customer", "Cannot find customer with id cust_0"],
    ]
    assert "API" in admin.get("/integrations/run/?tab=all").content.decode()
    customers = admin.get("/orders/customer/").content.decode()
    assert "Jana" in customers


def test_an_import_that_waits_is_cancelled_by_staff(admin: Client, project: Project, commits: None) -> None:
    partner = Partner(project)
    for _ in range(2):
        partner.post("/v1/orders/import", [{"amount": 1}])
    last = Run.objects.latest("pk")
    assert "Imports before it" in admin.get(f"/integrations/run/{last.pk}/change/").content.decode()
    admin.post(f"/integrations/run/{last.pk}/cancel/")
    last.refresh_from_db()
    assert last.state == "cancelled"
