"""The pages of a shop, a product and an order that have everything on them take few statements, however much it is."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.choices import CrossingKind, ListKind, RunKind, RunState
from integrations.models import Crossing, Integration, Project, Run, ShopArticle, TakeOver, Webhook
from integrations.shops.connection import set_up
from integrations.warehouses import feed_settings
from orders.intake import receipts, transferring
from orders.models import Order
from orders.work import attachments, lifecycle, notes
from stock import warehouses
from stock.admin import product_page
from stock.models import ParentProduct, Product
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line

MOST = 12


@pytest.fixture
def operator(db: None) -> Client:
    """Somebody who may do everything, so that nothing of a page is left out."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("operator", "operator@mail.example", "secret"))
    return browser


def asked(browser: Client, address: str) -> list[str]:
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


# --- a shop ---


def fill(shop: Integration, many: int) -> None:
    """So many rows of all that the page of a shop shows."""
    now = timezone.now()
    for number in range(many):
        for kind in ListKind:
            shop.code_list.create(kind=kind, code=f"{kind}-{number}", label=f"{kind.label} {number}", color="#00ff00")
        shop.code_list.create(kind=ListKind.PAYMENT, code=f"card-{number}:*", label="", name="Card", listed=False)
        shop.sku_mappings.create(shop_sku=f"S-{number}", sku=f"A-{number}")
        shop.metadata_mappings.create(source=f"key.{number}", name=f"Key {number}")
        shop.rules.create(status=f"{ListKind.STATUS}-{number}", discovered=number == 0)
        ShopArticle.objects.create(integration=shop, sku=f"A-{number}", wanted=5, told=4, in_shop=4)
        Crossing.objects.create(
            integration=shop, kind=CrossingKind.SHIPMENT, subject=number, order_id=number, label=f"SH{number}"
        )
        IntegrationFactory.create(project=shop.project, title=f"Market {number}", platform="ebay", into_shop=shop)
    done = {"state": RunState.SUCCEEDED, "finished_at": now}
    for feed in shop.feeds.all():
        feed.last_run = Run.objects.create(project=shop.project, integration=shop, kind=feed.kind, **done)
        feed.save()
    Run.objects.create(project=shop.project, integration=shop, kind=RunKind.LOAD)
    Run.objects.create(project=shop.project, integration=shop, kind=RunKind.PRODUCTS, state=RunState.RUNNING)


@pytest.fixture
def full_shop(shop: Integration) -> Integration:
    give_stock(shop.project, A_1=5)
    warehouses.add(shop.project_id, "Brno")
    imported(shop, [incoming(line("A-1"))])
    Webhook.objects.create(integration=shop, problem="It is gone.", registered_for="https://elsewhere.example")
    TakeOver.objects.create(integration=shop, asked_at=timezone.now(), confirmed_at=timezone.now())
    fill(shop, 3)
    return shop


def address_of(shop: Integration) -> str:
    return f"/integrations/integration/{shop.pk}/change/"


def test_a_shop(full_shop: Integration, operator: Client) -> None:
    statements = asked(operator, address_of(full_shop))
    assert len(statements) <= MOST, "\n".join(statements)
    shown = operator.get(address_of(full_shop)).content.decode()
    for part in ("Payments 2", "card-2:*", "S-2", "key.2", "status-2", "Market 2", "Product", "3 wait.", "differ"):
        assert part in shown


def test_a_shop_whose_orders_go_into_another(full_shop: Integration, operator: Client) -> None:
    market = Integration.objects.get(title="Market 1")
    set_up(market)
    statements = asked(operator, address_of(market))
    assert len(statements) <= MOST, "\n".join(statements)
    assert "New orders are made in Garden shop" in operator.get(address_of(market)).content.decode()


def test_an_empty_shop(shop: Integration, operator: Client) -> None:
    statements = asked(operator, address_of(shop))
    assert len(statements) <= MOST, "\n".join(statements)


def test_a_warehouse_with_files(project: Project, operator: Client) -> None:
    place = IntegrationFactory.create(project=project, platform="files", title="North dock")
    set_up(place)
    feed_settings.add_feeds(place)
    statements = asked(operator, address_of(place))
    assert len(statements) <= 16, "\n".join(statements)


# --- a product ---


@pytest.fixture
def full_product(shop: Integration) -> Product:
    project, user = shop.project, User.objects.create_user("clerk")
    give_stock(project, SHIRT_S=9, SHIRT_M=3, SHIRT_L=0)
    brno = warehouses.add(project.pk, "Brno")
    parent = ParentProduct.objects.create(project=project, source_id="SHIRT", name="Linen shirt")
    Product.objects.filter(project=project).update(parent=parent, ean="5901234123457")
    product = Product.objects.get(sku="SHIRT-S")
    transferring.transfer(product, None, brno.pk, 2, "", seen=receipts.last_booking(product.pk), actor_id=user.pk)
    imported(shop, [incoming(line("SHIRT-S", 2)) for _ in range(3)])
    imported(shop, [incoming(line("SHIRT-S", 90)) for _ in range(3)])
    return product


def test_a_product(full_product: Product, operator: Client) -> None:
    address = f"/stock/product/{full_product.pk}/change/"
    statements = asked(operator, address)
    assert len(statements) <= 14, "\n".join(statements)
    shown = operator.get(address).content.decode()
    for part in ("Linen shirt", "SHIRT-M", "Brno", "clerk", "5901234123457"):
        assert part in shown


@pytest.mark.parametrize("sold", [1, 3], ids=["among those that are shown", "further back"])
def test_the_last_booking_by_hand_is_known(
    sold: int, shop: Integration, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page can be booked on, though movements of orders are newer than the last booking of somebody."""
    monkeypatch.setattr(product_page, "ROWS", 3)
    product_id = give_stock(shop.project, MUG=9)["MUG"]
    imported(shop, [incoming(line("MUG")) for _ in range(sold)], "complete")
    answer = operator.get(f"/stock/product/{product_id}/change/")
    assert answer.context["receive_form"].initial["seen"] == receipts.last_booking(product_id) > 0


# --- an order ---


@pytest.fixture
def full_order(shop: Integration) -> Order:
    user = User.objects.create_user("clerk")
    give_stock(shop.project, A_17=2, B_2=9)
    warehouses.add(shop.project_id, "Brno")
    [order] = imported(shop, [incoming(line("A-17", 1), line("B-2", 3), shipping_title="DHL")])
    for number in range(3):
        notes.add_note(order.pk, f"Note {number}", seen=notes.newest(order.pk), author_id=user.pk)
        attachments.attach(order.pk, f"file{number}.txt", f"Text {number}".encode(), author_id=user.pk)
        Crossing.objects.create(
            integration=shop, kind=CrossingKind.SHIPMENT, subject=number, order_id=order.pk, label=f"SH{number}"
        )
    lifecycle.hold(order.pk, actor_id=user.pk)
    return order


def test_an_order(full_order: Order, operator: Client) -> None:
    address = f"/orders/order/{full_order.pk}/change/"
    statements = asked(operator, address)
    assert len(statements) <= 14, "\n".join(statements)
    shown = operator.get(address).content.decode()
    for part in ("A-17", "Note 2", "file2.txt", "SH2", "Brno"):
        assert part in shown
