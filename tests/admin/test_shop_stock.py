"""The page on which a shop's quantities are taken over as stock."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations import jobs
from integrations.choices import Role
from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.models import Integration, Project, Run, TakeOver
from integrations.shop_stock import taking_over
from stock.models import StockLevel, StockMovement
from tests.admin.conftest import Login
from tests.factories import ProjectFactory, give_stock
from tests.fake_connector import exchange

BACKORDER = "every order that asks for some becomes a backorder"
FIRST = "Orders reserve units from the stock that is here"


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tuple(RemoteProduct(str(n), f"SKU-{n:03}", f"Product {n}", True, n) for n in range(151))

    def operation(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        yield from ()
        return ProductPage(listed, None, len(listed))

    exchange(monkeypatch, "woocommerce", products=operation)


def address(shop: Integration, step: str = "") -> str:
    return f"/integrations/integration/{shop.pk}/stock/{step}"


def work() -> None:
    for run in Run.objects.filter(finished_at=None):
        jobs.work(run.pk)


def post(browser: Client, shop: Integration, step: str, **values: str) -> str:
    return browser.post(address(shop, step), values, follow=True).content.decode()


def test_from_the_look_to_the_way_back(shop: Integration, admin: Client, products: None) -> None:
    assert "Compare with the stock here" in admin.get(address(shop)).content.decode()
    answer = admin.post(address(shop, "compare/"), follow=True)
    assert answer.headers["Refresh"] == "3" and "this page refreshes automatically" in answer.content.decode()
    work()
    answer = admin.get(address(shop))
    page = answer.content.decode()
    assert "Refresh" not in answer.headers
    assert "Take 150 quantities over" in page and "SKU-100" in page and "SKU-101" not in page
    assert "SKU-101" in admin.get(address(shop) + "?page=2").content.decode()
    assert "SKU-101" in admin.get(address(shop) + "?page=nonsense&page=99").content.decode()
    take_over = TakeOver.objects.get()
    assert "tick that you did" in post(admin, shop, f"{take_over.pk}/take/")
    post(admin, shop, f"{take_over.pk}/take/", sure="on")
    assert "at this moment" in post(admin, shop, f"{take_over.pk}/take/", sure="on")  # the second click
    work()
    assert StockMovement.objects.count() == 150
    assert "Take 11325 units back" in admin.get(address(shop)).content.decode()
    assert "tick that you are sure" in post(admin, shop, f"{take_over.pk}/back/")
    post(admin, shop, f"{take_over.pk}/back/", sure="on")
    work()
    assert "All of it is taken back" in admin.get(address(shop)).content.decode()
    assert not StockLevel.objects.exclude(on_hand=0).exists()
    page = admin.get(f"/integrations/integration/{shop.pk}/history/").content.decode()
    assert "taken over as stock" in page and "taken back from the stock" in page


@pytest.mark.parametrize(("role", "may"), [(Role.WAREHOUSE, True), (Role.ORDER_STAFF, False), (Role.READ_ONLY, False)])
def test_only_who_may_change_stock_sees_and_does_it(
    project: Project, shop: Integration, login: Login, role: Role, may: bool
) -> None:
    browser = login(project, role)
    assert (browser.get(address(shop)).status_code == 200) is may
    assert (browser.post(address(shop, "compare/")).status_code == 302) is may
    page = browser.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert ("Compare with the shop" in page) is may
    assert TakeOver.objects.exists() is may


def test_nobody_else_takes_it_over(shop: Integration, admin: Client, login: Login, products: None) -> None:
    post(admin, shop, "compare/")
    work()
    stranger = login(ProjectFactory.create())
    assert stranger.post(address(shop, f"{TakeOver.objects.get().pk}/take/"), {"sure": "on"}).status_code == 404
    assert not StockMovement.objects.exists()


def test_a_new_project_is_told_what_happens_without_stock(
    project: Project, shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the shop's page and after the connection test; once there is stock, nowhere."""
    report = ConnectionReport(ok=True, summary="Connected.")
    monkeypatch.setattr("integrations.shops.connection.try_out", lambda shop, zone_is_sure: report)
    monkeypatch.setattr("integrations.admin.shop_forms.check_shop_url", lambda address, allowed: address)

    def connected(title: str) -> str:
        values = {
            "title": title,
            "base_url": "https://new.example",
            "time_zone": "UTC",
            "credential_consumer_key": "ck_1",
            "credential_consumer_secret": "cs_1",
        }
        answer = admin.post("/integrations/integration/connect/?platform=woocommerce", values)
        assert answer.status_code == 302
        return "".join(str(message) for message in admin.get("/").context["messages"])

    def told() -> bool:
        return BACKORDER in admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()

    assert told()
    assert BACKORDER in connected("First")
    give_stock(project, A_17=1)
    assert not told()
    assert BACKORDER not in connected("Second")


def test_the_first_load_says_where_units_come_from(shop: Integration, admin: Client) -> None:
    assert FIRST in admin.get("/orders/order/").content.decode()
    Integration.objects.update(complete_until=shop.created_at)
    assert FIRST not in admin.get("/orders/order/").content.decode()


def test_an_unfinished_look_says_so(shop: Integration, admin: Client, products: None) -> None:
    post(admin, shop, "compare/")
    Run.objects.update(state="cancelled", finished_at=shop.created_at, reason="Cancelled by hand.")
    page = admin.get(address(shop)).content.decode()
    assert "were not read to their end" in page and "Cancelled by hand." in page


def test_paypal_has_no_quantities(project: Project, admin: Client) -> None:
    shop = Integration.objects.create(project=project, platform="paypal", title="PayPal")
    assert "does not list its products" in admin.get(address(shop)).content.decode()
    assert "does not list its products" in post(admin, shop, "compare/")
    assert taking_over.looked_at(shop) is None
