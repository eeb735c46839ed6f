"""Warehouses on the pages: who may change them, where they are asked for, and that one alone is never mentioned."""

from __future__ import annotations

import csv

import pytest
from django.test import Client

from integrations.choices import RemoteState, Role
from integrations.invariants import broken
from integrations.models import Integration, Project
from orders.choices import Tab
from orders.models import Order
from stock import warehouses
from stock.models import Product, StockLevel, StockTransfer, Warehouse
from tests.admin.conftest import Login, imported, remote
from tests.admin.test_bulk_steps import choose, go, tokens
from tests.factories import ProjectFactory, give_stock, incoming, line

ORDERS, STOCK, LIST = "/orders/order/", "/stock/product/", "/stock/warehouse/"


@pytest.fixture
def product(project: Project) -> Product:
    give_stock(project, A_17=5)
    return Product.objects.get(project=project)


@pytest.fixture
def brno(project: Project, product: Product) -> Warehouse:
    return warehouses.add(project.pk, "Brno")


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def levels() -> list[tuple[str, int, int]]:
    return list(StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand", "reserved"))


def test_one_warehouse_alone_is_never_mentioned(admin: Client, shop: Integration, product: Product) -> None:
    [order] = imported(shop, [incoming(line("A-17", 2))])
    pages = (ORDERS, f"{ORDERS}{order.pk}/change/", STOCK, f"{STOCK}{product.pk}/change/", "/stock/stockmovement/")
    for address in (*pages, f"/integrations/integration/{shop.pk}/stock/"):
        shown = page(admin, address).replace(">Warehouses<", "")  # the menu
        assert "arehouse" not in shown.split("<main")[-1], address
    assert "arehouse" not in admin.get(f"{STOCK}export/").getvalue().decode()


def test_a_warehouse_is_added_named_and_ordered(admin: Client, project: Project, product: Product) -> None:
    shown = admin.post(f"{LIST}new/", {"name": "Brno"}, follow=True).content.decode()
    assert "Brno is added." in shown
    brno = Warehouse.objects.get(name="Brno")
    assert (brno.project, brno.priority, brno.is_default) == (project, 2, False)
    assert "this name already" in admin.post(f"{LIST}new/", {"name": "Brno"}).content.decode()
    wanted = {"settings-name": "Brno north", "settings-priority": 0}
    admin.post(f"{LIST}{brno.pk}/settings/", wanted)
    assert [row.name for row in warehouses.of(project.pk).rows] == ["Brno north", "Main warehouse"]
    refused = admin.post(f"{LIST}{brno.pk}/settings/", {"settings-name": "Main warehouse", "settings-priority": 0})
    assert (refused.status_code, "this name already" in refused.content.decode()) == (422, True)


def test_default_on_and_off(admin: Client, project: Project, brno: Warehouse) -> None:
    shown = page(admin, f"{LIST}{warehouses.first_of(project.pk)}/change/")
    assert "Switch off" not in shown and "Set as default" not in shown
    assert "Main warehouse is the default" not in admin.post(f"{LIST}{brno.pk}/off/", follow=True).content.decode()
    assert "switched off" in admin.post(f"{LIST}{brno.pk}/default/", follow=True).content.decode()
    admin.post(f"{LIST}{brno.pk}/on/")
    admin.post(f"{LIST}{brno.pk}/default/")
    assert Warehouse.objects.get(project=project, is_default=True) == brno
    first = warehouses.first_of(project.pk)
    shown = admin.post(f"{LIST}{first}/off/", follow=True).content.decode()
    assert "Main warehouse has goods on hand" in shown


def test_a_warehouse_with_open_orders_stays_on(admin: Client, shop: Integration, brno: Warehouse) -> None:
    [order] = imported(shop, [incoming(line("", stocked=False))])
    admin.post(f"{ORDERS}{order.pk}/warehouse/", {"warehouse-warehouse": brno.pk, "warehouse-seen": 0})
    shown = admin.post(f"{LIST}{brno.pk}/off/", follow=True).content.decode()
    assert "Open orders are served from Brno" in shown
    assert Warehouse.objects.get(pk=brno.pk).active


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.ORDER_STAFF, Role.READ_ONLY])
def test_import_admins_alone_change_them(role: Role, project: Project, login: Login, brno: Warehouse) -> None:
    browser = login(project, role)
    assert "Brno" in page(browser, LIST) and "<form" not in page(browser, f"{LIST}{brno.pk}/change/").split("<main")[-1]
    for address in ("new/", f"{brno.pk}/settings/", f"{brno.pk}/default/", f"{brno.pk}/off/", f"{brno.pk}/on/"):
        assert browser.post(f"{LIST}{address}").status_code == 403


def test_goods_are_received_and_counted_where_somebody_says(admin: Client, product: Product, brno: Warehouse) -> None:
    values = {"receive-quantity": 4, "receive-note": "Delivery", "receive-warehouse": brno.pk}
    seen = admin.get(f"{STOCK}{product.pk}/change/").context["receive_form"].initial["seen"]
    admin.post(f"{STOCK}{product.pk}/receive/", values | {"receive-seen": seen})
    seen = admin.get(f"{STOCK}{product.pk}/change/").context["adjust_form"].initial["seen"]
    counted = {"adjust-quantity": -1, "adjust-note": "Counted", "adjust-seen": seen, "adjust-warehouse": brno.pk}
    admin.post(f"{STOCK}{product.pk}/adjust/", counted)
    assert levels() == [("Main warehouse", 5, 0), ("Brno", 3, 0)]
    shown = page(admin, f"{STOCK}{product.pk}/change/")
    assert shown.count(f'<a href="/stock/warehouse/{brno.pk}/change/">Brno</a>') == 1
    assert "Brno <strong>3</strong>" in page(admin, STOCK)
    heads, row = csv.reader(admin.get(f"{STOCK}export/").getvalue().decode().splitlines())
    told = dict(zip(heads, row, strict=True))
    assert (told["available in Main warehouse"], told["available in Brno"]) == ("5", "3")
    assert "Counted" in page(admin, f"/stock/stockmovement/?warehouse={brno.pk}")
    assert "Counted" not in page(admin, f"/stock/stockmovement/?warehouse={warehouses.first_of(product.project_id)}")


def test_a_warehouse_of_others_or_one_that_is_off_takes_no_goods(
    admin: Client, product: Product, brno: Warehouse
) -> None:
    other = warehouses.add(ProjectFactory.create().pk, "Elsewhere")
    warehouses.switch_off(brno)
    for chosen in (other.pk, brno.pk, "x", ""):
        values = {"receive-quantity": 4, "receive-note": "Delivery", "receive-warehouse": chosen, "receive-seen": 0}
        assert admin.post(f"{STOCK}{product.pk}/receive/", values).status_code == 422
    assert levels() == [("Main warehouse", 5, 0)]


def test_an_order_shows_its_warehouse_and_goes_to_another_one(
    admin: Client, shop: Integration, product: Product, brno: Warehouse
) -> None:
    [order] = imported(shop, [incoming(line("A-17", 2))])
    assert "Main warehouse" in page(admin, f"{ORDERS}{order.pk}/change/")
    sent = {"warehouse-warehouse": brno.pk, "warehouse-seen": 0, "warehouse-reason": "Closer"}
    shown = admin.post(f"{ORDERS}{order.pk}/warehouse/", sent, follow=True).content.decode()
    assert "Warehouse changed from Main warehouse to Brno: Closer" in shown
    assert f'<a href="/stock/warehouse/{brno.pk}/change/">Brno</a>' in shown
    assert Order.objects.get(pk=order.pk).tab == Tab.BACKORDER
    assert str(order.number) in page(admin, f"{ORDERS}?warehouse={brno.pk}")
    assert str(order.number) not in page(admin, f"{ORDERS}?warehouse={warehouses.first_of(shop.project_id)}")
    again = admin.post(f"{ORDERS}{order.pk}/warehouse/", sent, follow=True).content.decode()
    assert "changed since you opened this page" in again
    assert broken() == {}


def test_many_orders_go_to_another_warehouse(admin: Client, shop: Integration, brno: Warehouse) -> None:
    orders = imported(shop, [incoming(line("A-17", 1)), incoming(line("A-17", 3))])
    orders += imported(shop, [incoming(line("A-17", 1))], "complete")
    asked = choose(admin, "warehouse", orders)
    assert f'<option value="{brno.pk}">Brno</option>' in asked.content.decode()
    assert len(tokens(asked)) == 2
    shown = go(admin, "warehouse", tokens(asked), warehouse=str(brno.pk))
    assert "Done for 2 orders." in shown
    assert set(Order.objects.values_list("warehouse", flat=True)) == {brno.pk, None}
    assert levels() == [("Main warehouse", 4, 0), ("Brno", 0, 0)]
    again = tokens(choose(admin, "warehouse", orders))
    assert "There is no such warehouse" in go(admin, "warehouse", again, warehouse="9" * 40)
    assert broken() == {}


def test_units_that_are_missing_are_received_where_they_are_missing(
    admin: Client, project: Project, shop: Integration, brno: Warehouse
) -> None:
    remote(shop, "77", RemoteState.FAILED, reason_code="insufficient_stock", subject="A-17", reason="missing: 9 × A-17")
    shown = page(admin, "/integrations/remoteorder/?tab=failed")
    assert "Main warehouse: 5 free now" in shown
    assert f'<option value="{brno.pk}">Brno</option>' in shown


def test_goods_are_transferred_and_taken_back(admin: Client, product: Product, brno: Warehouse) -> None:
    shown = admin.get(f"{STOCK}{product.pk}/change/").context["transfer_form"].initial["seen"]
    first = warehouses.first_of(product.project_id)
    values = {"transfer-source": first, "transfer-target": brno.pk, "transfer-note": "Van 3", "transfer-seen": shown}
    address = f"{STOCK}{product.pk}/transfer/"
    for wrong in ({"transfer-quantity": 9}, {"transfer-quantity": 1, "transfer-target": first}):
        assert admin.post(address, values | wrong).status_code == 422
    done = admin.post(address, values | {"transfer-quantity": 2}, follow=True).content.decode()
    assert "2 × A-17 went from Main warehouse to Brno. No order was waiting" in done
    assert levels() == [("Main warehouse", 3, 0), ("Brno", 2, 0)]
    again = admin.post(address, values | {"transfer-quantity": 2}, follow=True).content.decode()
    assert "was booked since you opened the page" in again
    back = f"{address}{StockTransfer.objects.get().pk}/back/"
    assert back in done
    assert "The transfer is taken back." in admin.post(back, follow=True).content.decode()
    assert levels() == [("Main warehouse", 5, 0), ("Brno", 0, 0)]
    assert "taken back already" in admin.post(back, follow=True).content.decode()
    assert broken() == {}


@pytest.mark.parametrize("role", list(Role))
def test_warehouse_staff_may_transfer(role: Role, login: Login, product: Product, brno: Warehouse) -> None:
    browser, may = login(product.project, role), role in {Role.WAREHOUSE, Role.IMPORT_ADMIN}
    assert bool(browser.get(f"{STOCK}{product.pk}/change/").context["transfer_form"]) == may
    assert (browser.post(f"{STOCK}{product.pk}/transfer/").status_code == 422) == may
    assert (browser.post(f"{STOCK}{product.pk}/transfer/1/back/").status_code == 404) == may
