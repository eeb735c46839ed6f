"""Every action and every address of our own declares its permission; changes come by POST only."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import URLPattern, reverse

from config.kit.admin.guards import guard_of
from config.kit.admin.model_admins import TenantAdmin
from integrations.access.roles import PERMISSIONS
from integrations.choices import Role
from integrations.models import Integration, Project
from tests.admin.conftest import Login

TENANT_ADMINS = [each for each in admin.site._registry.values() if isinstance(each, TenantAdmin)]
STOCK_NAMES = {"changelist", "add", "history", "delete", "change"}
# Names of own addresses that may be opened by GET: they show, and change nothing by it.
READING = {
    "automatic",
    "secret",  # asks before it makes one
    "disable",  # asks before it does
    "by_hand",
    "mail_server",
    "remove",
    "failed_rows",
    "export",
    "load_progress",
    "fetch_progress",
    "create",
    "connect",
    "first_look",
    "stock",
    "goes_out",
    "file_feed",
    "edit",
    "pdf",
    "sample",
    "file",
    "files",
    "cause",
    "causes",
    "fixes",
    "slips",
    "pick",
    "pack",
    "receive",
    "count",
}


def own_addresses(each: TenantAdmin[Any]) -> list[URLPattern]:
    prefix = f"{each.opts.app_label}_{each.opts.model_name}_"
    return [
        pattern
        for pattern in each.get_urls()
        if isinstance(pattern, URLPattern) and pattern.name and pattern.name.removeprefix(prefix) not in STOCK_NAMES
    ]


def known_permissions() -> set[str]:
    return {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_every_address_of_our_own_has_a_guard(each: TenantAdmin[Any], db: None) -> None:
    for pattern in own_addresses(each):
        guard = guard_of(pattern.callback)
        assert guard is not None, f"{pattern.name} has no guard"
        assert guard.permission in known_permissions()
        name = (pattern.name or "").removeprefix(f"{each.opts.app_label}_{each.opts.model_name}_")
        assert guard.methods == ("POST",) or name in READING, f"{pattern.name} may be called by {guard.methods}"
        assert any(guard.permission in granted for granted in PERMISSIONS.values()), "nobody may do this"


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_every_action_has_a_guard_and_a_limit(each: TenantAdmin[Any], db: None) -> None:
    for name in each.actions or ():
        guard = guard_of(getattr(each, str(name)))
        assert guard is not None
        assert guard.permission in known_permissions()
        assert guard.limit is not None and guard.limit <= 1_000


def test_nothing_can_be_deleted_in_bulk() -> None:
    assert "delete_selected" not in [name for name, _action in admin.site.actions]


def test_an_address_without_a_guard_stops_the_start() -> None:
    class Careless(TenantAdmin[Any]):
        def routes(self) -> Any:
            return [("open/", lambda request: None, "open")]

    with pytest.raises(ImproperlyConfigured, match="has no guard"):
        Careless(Integration, admin.site).get_urls()


@pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)
def test_get_is_refused_and_so_is_a_role_without_the_permission(
    each: TenantAdmin[Any], project: Project, login: Login
) -> None:
    reader = login(project, Role.READ_ONLY)
    boss = login(project, Role.IMPORT_ADMIN)
    for route, view, name in each.routes():
        guard = guard_of(view)
        assert guard is not None
        address = each.url(name, *[1] * route.count("<int:"))
        if "GET" not in guard.methods:
            assert boss.get(address).status_code == 405
        if guard.permission not in PERMISSIONS[Role.READ_ONLY]:
            ask = reader.post if "POST" in guard.methods else reader.get
            assert ask(address).status_code == 403


def test_strangers_are_sent_to_the_login(db: None) -> None:
    for each in TENANT_ADMINS:
        answer = Client().get(each.url("changelist"))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("admin:login"))


def test_a_forged_form_without_token_is_refused(project: Project, login: Login) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = login(project).cookies
    assert browser.post(reverse("admin:orders_order_load"), {"shop": "all"}).status_code == 403
