"""Receiving and adjusting stock: waiting orders are served, nothing is booked twice, errors stand at their field."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.choices import Role
from integrations.models import Integration, Project
from stock.models import Product, StockLevel, StockMovement
from tests.admin.conftest import Login, imported
from tests.factories import give_stock, incoming, line


@pytest.fixture
def product(project: Project) -> Product:
    give_stock(project, A_17=0)
    return Product.objects.get(project=project)


def receive(browser: Client, product: Product, quantity: object, note: str = "Delivery 5", seen: object = 0) -> Any:
    values = {"receive-quantity": quantity, "receive-note": note, "receive-seen": seen}
    return browser.post(f"/stock/product/{product.pk}/receive/", values, follow=True)


def adjust(browser: Client, product: Product, quantity: object, note: str = "Counted", seen: object = 0) -> Any:
    values = {"adjust-quantity": quantity, "adjust-note": note, "adjust-seen": seen}
    return browser.post(f"/stock/product/{product.pk}/adjust/", values, follow=True)


def on_hand(product: Product) -> int:
    return StockLevel.objects.get(product=product).on_hand


def test_a_receipt_serves_waiting_orders_and_says_so(product: Product, shop: Integration, admin: Client) -> None:
    imported(shop, [incoming(line("A-17", 2)), incoming(line("A-17", 2))])
    shown = receive(admin, product, 3).content.decode()
    assert "+3 × A-17 booked. 2 waiting orders served with 3 units; moved: 1 to In stock, 1 to Partial." in shown
    movement = StockMovement.objects.get()
    assert (movement.quantity, movement.note) == (3, "Delivery 5")
    assert movement.actor is not None


def test_a_double_click_books_once(product: Product, admin: Client) -> None:
    receive(admin, product, 3)
    shown = receive(admin, product, 3).content.decode()
    assert "was booked since you opened the page" in shown
    assert on_hand(product) == 3


def test_the_next_look_may_book_again(product: Product, admin: Client) -> None:
    page = receive(admin, product, 3)
    seen = page.context["receive_form"].initial["seen"]
    receive(admin, product, 4, seen=seen)
    assert on_hand(product) == 7


@pytest.mark.parametrize("quantity", ["0", "-1", "", "three", "10000000000000", "1.5"])
def test_odd_quantities_are_refused_at_the_field(product: Product, admin: Client, quantity: str) -> None:
    answer = receive(admin, product, quantity)
    assert answer.status_code == 422
    assert answer.context["receive_form"].errors["quantity"]
    assert not StockMovement.objects.exists()


@pytest.mark.parametrize(("quantity", "note"), [("-1", "Counted"), ("0", "Counted"), ("2", "")])
def test_adjusting_needs_units_that_are_there_and_a_reason(
    product: Product, admin: Client, quantity: str, note: str
) -> None:
    assert adjust(admin, product, quantity, note).status_code == 422
    assert not StockMovement.objects.exists()


def test_reserved_units_cannot_be_adjusted_away(project: Project, shop: Integration, admin: Client) -> None:
    give_stock(project, B_2=2)
    imported(shop, [incoming(line("B-2", 2))])
    product = Product.objects.get(sku="B-2")
    seen = StockMovement.objects.get().pk
    assert "Only 0 units are free" in adjust(admin, product, -1, seen=seen).content.decode()
    assert on_hand(product) == 2


def test_only_people_of_the_warehouse_book(project: Project, product: Product, login: Login) -> None:
    assert receive(login(project, Role.ORDER_STAFF), product, 3).status_code == 403
    assert receive(login(project, Role.READ_ONLY), product, 3).status_code == 403
    assert receive(login(project, Role.WAREHOUSE), product, 3).status_code == 200
    assert on_hand(product) == 3


def test_products_are_added_by_hand_once_per_sku(project: Project, admin: Client) -> None:
    values = {"sku": " NEW-1 ", "name": "New"}
    assert "NEW-1 is added" in admin.post("/stock/product/new/", values, follow=True).content.decode()
    assert "a product with this SKU already" in admin.post("/stock/product/new/", values).content.decode()
    assert Product.objects.get().sku == "NEW-1"


def test_a_name_is_changed_with_a_trace(product: Product, admin: Client) -> None:
    admin.post(f"/stock/product/{product.pk}/name/", {"name-name": "Gnome"})
    product.refresh_from_db()
    assert product.name == "Gnome"
    assert "Name changed from" in admin.get(f"/stock/product/{product.pk}/history/").content.decode()


def test_an_ean_is_kept_found_and_downloaded(product: Product, admin: Client) -> None:
    page = f"/stock/product/{product.pk}/"
    assert "The EAN is saved." in admin.post(f"{page}ean/", {"ean-ean": "036000 291452"}, follow=True).content.decode()
    product.refresh_from_db()
    assert product.ean == "0036000291452"
    for typed in ("036000291452", "0036000291452", "00036000291452"):
        assert product.sku in admin.get(f"/stock/product/?q={typed}").content.decode()
    assert product.sku not in admin.get("/stock/product/?q=036000291453").content.decode()
    rows = b"".join(admin.get("/stock/product/export/").streaming_content).decode()  # type: ignore[attr-defined]
    assert f"{product.sku},{product.name},0036000291452," in rows
    assert "EAN changed from" in admin.get(f"{page}history/").content.decode()
    refused = admin.post(f"{page}ean/", {"ean-ean": "000"})
    assert refused.status_code == 422 and "This is no EAN" in refused.content.decode()
    values = {"sku": "NEW-1", "name": "New", "ean": "036000291452"}
    shown = admin.post("/stock/product/new/", values, follow=True).content.decode()
    assert "Other products have the same EAN" in shown and product.sku in shown
    admin.post(f"{page}ean/", {"ean-ean": ""})
    product.refresh_from_db()
    assert product.ean == ""
