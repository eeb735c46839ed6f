"""The access log in the admin: who reads what, and what changes of keys leave there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.access import access_log
from integrations.choices import AccessKind, Role
from integrations.models import AccessEvent, ApiKey, Integration, Project
from tests.admin.conftest import Login
from tests.admin.test_shops import settings
from tests.factories import ProjectFactory, member

LIST = "/integrations/accessevent/"


def came(name: str, **values: Any) -> AccessEvent:
    return AccessEvent.objects.create(kind=values.pop("kind", AccessKind.LOGIN), name=name, **values)


@pytest.fixture
def events(project: Project) -> None:
    theirs = ProjectFactory.create()
    came("petra", user=member(project.account, Role.READ_ONLY, "petra"), address="203.0.113.7")
    came("karl", user=member(theirs.account, Role.READ_ONLY, "karl"), address="198.51.100.4")
    came("hunter2", kind=AccessKind.FAILED)


def names(browser: Client, query: str = "") -> set[str]:
    page = browser.get(LIST + query)
    assert page.status_code == 200
    return {name for name in ("petra", "karl", "hunter2") if name in page.content.decode()}


def test_import_admins_read_of_their_own_people(events: None, admin: Client) -> None:
    assert names(admin) == {"petra"}
    exported = b"".join(admin.get(f"{LIST}export/")).decode()
    assert "petra" in exported
    assert "karl" not in exported and "hunter2" not in exported


def test_control_without_the_scope_they_would_read_all(
    events: None, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "of_account", lambda account_id: AccessEvent.objects.all())
    assert names(admin) == {"petra", "karl", "hunter2"}


def test_operators_read_all_with_names_that_nobody_has(events: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    assert names(browser) == {"petra", "karl", "hunter2"}
    assert "nobody has this name" in browser.get(LIST).content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.IMPORT_ADMIN])
def test_other_roles_do_not(events: None, project: Project, login: Login, role: Role) -> None:
    browser = login(project, role)
    assert browser.get(LIST).status_code == 403
    assert browser.get(f"{LIST}export/").status_code == 403


def test_it_is_searched_and_filtered(events: None, project: Project, admin: Client) -> None:
    assert names(admin, "?q=PET") == names(admin, "?q=203.0.113.7") == names(admin, "?kind=login") == {"petra"}
    assert names(admin, "?q=zzz") == names(admin, "?kind=locked") == names(admin, "?to=2020-01-01") == set()


def test_keys_leave_a_trace(project: Project, admin: Client) -> None:
    admin.post("/integrations/apikey/new/", {"name": "Loyalty app", "scopes": ["orders"]})
    key = ApiKey.objects.get()
    ApiKey.objects.update(reading=["orders"])
    admin.post(f"/integrations/apikey/{key.pk}/let-write/", {"sure": "on"})
    admin.post(f"/integrations/apikey/{key.pk}/revoke/")
    rows = AccessEvent.objects.filter(account=project.account).order_by("id").values_list("kind", "detail")
    told = f"Loyalty app ({key.prefix}…) of {project}"
    assert list(rows) == [("key_made", told), ("key_may_write", told), ("key_revoked", told)]


def test_credentials_leave_a_trace_without_what_they_are(
    project: Project, shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.admin.shops.connection.test_connection", lambda shop: None)
    monkeypatch.setattr("integrations.admin.shops.ShopAdmin.tell", lambda *_: None)
    values = settings(shop)
    address = f"/integrations/integration/{shop.pk}/settings/"
    admin.post(address, values)
    assert not AccessEvent.objects.filter(kind=AccessKind.CREDENTIALS).exists(), "nothing secret was changed"
    assert admin.post(address, values | {"credential_consumer_key": "ck_new"}).status_code == 302
    made = AccessEvent.objects.get(kind=AccessKind.CREDENTIALS)
    assert (made.account, made.detail) == (project.account, f"{shop} of {project}: Consumer key")
