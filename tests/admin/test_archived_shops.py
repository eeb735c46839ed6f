"""Shops that leave: archived with all they brought, restored, or deleted while they brought nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from integrations.choices import RemoteState, Role, RunKind
from integrations.models import Feed, Integration, Project, StatusRule
from integrations.pushes import going_live
from integrations.runs import control
from orders.models import Order
from tests.admin.conftest import Login, imported, remote
from tests.factories import IntegrationFactory, ProjectFactory, incoming, line

LIST = "/integrations/integration/"


def post(browser: Client, shop: Integration, step: str, **data: Any) -> str:
    return browser.post(f"{LIST}{shop.pk}/{step}/", data, follow=True).content.decode()


def test_an_archived_shop_is_off_and_out_of_the_list(shop: Integration, admin: Client) -> None:
    order = imported(shop, [incoming(line())])[0]
    going_live.go_live(shop, leave_out=True)
    shown = post(admin, shop, "archive")
    assert "Garden shop is archived" in shown
    shop.refresh_from_db()
    assert (shop.enabled, shop.live) == (False, False)
    assert titles(admin) == []
    assert titles(admin, "?tab=archived") == ["Garden shop"]
    assert not admin.get("/").context["shops"]
    assert Order.objects.filter(pk=order.pk).exists()
    assert "Garden shop" in admin.get(f"/orders/order/?integration={shop.pk}").content.decode(), (
        "its orders can be filtered"
    )


def test_an_archived_shop_is_restored_before_its_settings_are_changed(shop: Integration, admin: Client) -> None:
    post(admin, shop, "archive")
    assert "is archived: restore it first" in post(admin, shop, "settings", title="Other", enabled="on")
    assert "is archived already" in post(admin, shop, "archive")
    assert "It is switched off" in post(admin, shop, "restore")
    assert titles(admin) == ["Garden shop"]
    assert "is not archived" in post(admin, shop, "restore")
    shop.refresh_from_db()
    assert not shop.enabled
    history = admin.get(f"{LIST}{shop.pk}/history/").content.decode()
    assert "Archived." in history
    assert "Restored from the archive." in history


def test_an_archived_shop_waits_for_no_decision(shop: Integration, admin: Client) -> None:
    StatusRule.objects.create(integration=shop, status="new-one", discovered=True)
    assert "has a new order status" in admin.get("/").content.decode()
    post(admin, shop, "archive")
    assert "has a new order status" not in admin.get("/").content.decode()


def test_there_are_tabs_only_once_one_is_archived(project: Project, shop: Integration, admin: Client) -> None:
    assert "tab=archived" not in admin.get(LIST).content.decode()
    IntegrationFactory.create(project=project, title="Old shop")
    post(admin, Integration.objects.get(title="Old shop"), "archive")
    assert "tab=archived" in admin.get(LIST).content.decode()
    assert titles(admin) == ["Garden shop"]


def test_the_database_keeps_archived_shops_off(shop: Integration) -> None:
    Integration.objects.filter(pk=shop.pk).update(enabled=False, archived_at=shop.created_at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Integration.objects.filter(pk=shop.pk).update(enabled=True)


@pytest.mark.parametrize("step", ["archive", "delete-empty"])
def test_a_shop_with_an_open_run_stays(shop: Integration, admin: Client, step: str) -> None:
    control.request(RunKind.CODE_LISTS, shop)
    assert "is not finished" in post(admin, shop, step, title=shop.title)
    shop.refresh_from_db()
    assert shop.archived_at is None


@pytest.mark.parametrize("step", ["archive", "delete-empty"])
def test_a_shop_into_which_a_marketplace_sells_stays(shop: Integration, admin: Client, step: str) -> None:
    market = IntegrationFactory.create(project=shop.project, title="Market", into_shop=shop)
    assert "Orders of Market go into Garden shop" in post(admin, shop, step, title=shop.title)
    assert Integration.objects.filter(pk=shop.pk, archived_at=None).exists()
    post(admin, market, "archive")
    post(admin, shop, step, title=shop.title)
    assert not Integration.objects.filter(pk=shop.pk, archived_at=None).exists()


def test_an_empty_shop_is_deleted_once_its_title_is_typed(shop: Integration, admin: Client) -> None:
    assert "Type the shop" in post(admin, shop, "delete-empty", title="Garden")
    assert Integration.objects.exists()
    assert "Garden shop is deleted." in post(admin, shop, "delete-empty", title="Garden shop")
    assert not Integration.objects.exists()
    assert not Feed.objects.exists()
    assert not StatusRule.objects.exists()


def test_a_shop_that_brought_an_order_is_not_deleted(shop: Integration, admin: Client) -> None:
    remote(shop, "105", RemoteState.IGNORED)
    assert "Delete this shop" not in admin.get(f"{LIST}{shop.pk}/change/").content.decode()
    assert "has brought orders: archive it" in post(admin, shop, "delete-empty", title="Garden shop")
    assert Integration.objects.exists()


@pytest.mark.parametrize("step", ["archive", "restore", "delete-empty"])
def test_it_is_for_those_who_connect_shops_of_this_project(
    shop: Integration, login: Login, project: Project, step: str
) -> None:
    address = f"{LIST}{shop.pk}/{step}/"
    assert login(project, Role.ORDER_STAFF).post(address, {"title": shop.title}).status_code == 403
    assert login(ProjectFactory.create()).post(address, {"title": shop.title}).status_code == 404
    assert Integration.objects.filter(archived_at=None).exists()


def titles(admin: Client, query: str = "") -> list[str]:
    return [shop.title for shop in admin.get(LIST + query).context["cl"].result_list]
