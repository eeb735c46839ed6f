"""Nobody sees another account's rows: proved for every registered admin, so that a new one cannot be forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from config.kit.admin.guards import guard_of
from config.kit.admin.model_admins import TenantAdmin
from integrations.access.roles import PERMISSIONS
from integrations.choices import Role, RunKind
from integrations.models import (
    Integration,
    Project,
    Run,
)
from stock.models import Product
from tests.admin.conftest import Login
from tests.admin.planted import CANARY, rows_of
from tests.factories import ProjectFactory

TENANT_ADMINS = [each for each in admin.site._registry.values() if isinstance(each, TenantAdmin)]
OTHERS = {type(each).__name__ for each in admin.site._registry.values()} - {
    type(each).__name__ for each in TENANT_ADMINS
}
OPERATORS = {"AccountAdmin", "MembershipAdmin", "ProjectAdmin", "PersonAdmin"}


@pytest.fixture
def theirs() -> dict[type[Model], Model]:
    return rows_of(ProjectFactory.create())


def test_every_admin_is_scoped_or_for_operators_only() -> None:
    assert OTHERS == OPERATORS


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_lists_pages_and_history_show_nothing_of_another_account(
    each: TenantAdmin[Any], admin: Client, shop: Integration, theirs: dict[type[Model], Model]
) -> None:
    row = theirs[each.model]
    listed = admin.get(each.url("changelist"))
    assert listed.status_code == 200
    assert CANARY.lower() not in listed.content.decode().lower()
    for name in ("change", "history", "delete"):
        foreign, absent = admin.get(each.url(name, row.pk)), admin.get(each.url(name, 10**9))
        assert foreign.status_code == absent.status_code
        assert foreign.headers.get("Location") == absent.headers.get("Location")
        assert CANARY.encode() not in foreign.content


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_addresses_of_our_own_find_nothing_of_another_account(
    each: TenantAdmin[Any], admin: Client, shop: Integration, theirs: dict[type[Model], Model]
) -> None:
    row = theirs[each.model]
    for route, view, name in each.routes():
        if "<int:pk>" not in route:
            continue
        arguments = [row.pk, *[1] * (route.count("<int:") - 1)]
        guard = guard_of(view)
        reads = guard is not None and "POST" not in guard.methods
        address = each.url(name, *arguments)
        answer = admin.get(address) if reads else admin.post(address, {"kind": "products"})
        assert answer.status_code == 404, f"{name} answers {answer.status_code}"
    assert not Run.objects.exclude(project=theirs[Product].project).exists()  # type: ignore[attr-defined]


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_people_of_the_account_see_their_own_rows(each: TenantAdmin[Any], login: Login) -> None:
    mine = ProjectFactory.create()
    row = rows_of(mine)[each.model]
    may_read = f"{each.opts.app_label}.view_{each.opts.model_name}" in PERMISSIONS[Role.READ_ONLY]
    browser = login(mine, Role.READ_ONLY if may_read else Role.IMPORT_ADMIN)
    query = "?tab=all" if each.opts.model_name == "run" else ""
    assert CANARY.lower() in browser.get(each.url("changelist") + query).content.decode().lower()
    assert browser.get(each.url("change", row.pk)).status_code in {200, 302}


def test_actions_leave_rows_of_another_account_alone(admin: Client, theirs: dict[type[Model], Model]) -> None:
    from integrations.models import RemoteOrder

    failed = theirs[RemoteOrder]
    answer = admin.post(
        reverse("admin:integrations_remoteorder_changelist"),
        {"action": "retry_chosen", "_selected_action": [failed.pk], "index": 0},
    )
    assert answer.status_code in {200, 302}
    failed.refresh_from_db()
    assert failed.next_attempt_at is None  # type: ignore[attr-defined]
    assert Run.objects.filter(kind=RunKind.RETRY).count() == 0


def test_a_load_of_another_accounts_shop_is_refused(admin: Client, theirs: dict[type[Model], Model]) -> None:
    Run.objects.all().delete()
    admin.post(reverse("admin:orders_order_load"), {"shop": theirs[Integration].pk})
    assert not Run.objects.exists()


def test_autocomplete_finds_nothing_of_another_account(admin: Client, theirs: dict[type[Model], Model]) -> None:
    asked = {"term": "", "app_label": "orders", "model_name": "order", "field_name": "customer"}
    assert admin.get(reverse("admin:autocomplete"), asked).json()["results"] == []
    assert admin.get(reverse("admin:autocomplete"), asked | {"term": "\0"}).status_code == 404


def test_the_project_of_another_account_cannot_be_opened(admin: Client, theirs: dict[type[Model], Model]) -> None:
    foreign = theirs[Product].project_id  # type: ignore[attr-defined]
    assert admin.post(reverse("admin:open_project"), {"project": foreign}).status_code == 403
    assert admin.post(reverse("admin:open_project"), {"project": "1 or 1"}).status_code == 403
    assert admin.get(reverse("admin:open_project"), {"project": foreign}).status_code == 405


def test_switching_shows_the_other_project_of_the_same_account(project: Project, admin: Client) -> None:
    other = ProjectFactory.create(account=project.account, name="Outlet")
    rows_of(other)
    products = reverse("admin:stock_product_changelist")
    names = {project.name: project.pk, other.name: other.pk}
    seen = {}
    for name, pk in names.items():
        assert admin.post(reverse("admin:open_project"), {"project": pk}).status_code == 302
        seen[name] = b"ZANZIBAR" in admin.get(products).content
    assert seen == {project.name: False, "Outlet": True}


def test_operators_pages_are_closed_to_members(admin: Client) -> None:
    for name in ("integrations_account", "integrations_project", "integrations_membership", "auth_user"):
        assert admin.get(reverse(f"admin:{name}_changelist")).status_code == 403


def test_people_without_an_account_cannot_come_in(db: None) -> None:
    User.objects.create_user("nobody", password="secret", is_staff=True)
    browser = Client()
    answer = browser.post(reverse("admin:login"), {"username": "nobody", "password": "secret"})
    assert "You belong to no account yet" in answer.content.decode()
    assert "_auth_user_id" not in browser.session


def test_a_superuser_without_any_project_is_told_how_to_begin(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    assert "There is no project yet" in browser.get(reverse("admin:index")).content.decode()
    for each in TENANT_ADMINS:
        try:
            assert browser.get(each.url("changelist")).status_code == 200
        except NoReverseMatch:  # pragma: no cover
            pytest.fail(f"{each} has no list")
