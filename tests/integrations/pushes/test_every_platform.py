"""The whole way on every platform that can be told: loaded, shipped, told, seen there, and no news afterwards."""

from __future__ import annotations

import pytest

from integrations.choices import ArticleState, CrossingKind, CrossingState
from integrations.connectors import all_connectors
from integrations.models import Crossing, ShopArticle
from integrations.pushes import going_live, sending, shop_articles
from orders.models import Order
from orders.work import shipping
from tests.factories import give_stock
from tests.integrations.pushes.simulated_shops import Connected, Shops

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

SHIPPING = [each.key for each in all_connectors() if each.outward.shipments is not None]
STOCKING = [each.key for each in all_connectors() if each.outward.stock is not None]
GOODS = {"MUG-BLUE": 3, "TEA-EARL-100": 1}
# Platforms that take the same shipment of a part twice; others keep one number an order, or know it again.
DOUBLES = ("shopify", "bigcommerce", "magento2")
# Seconds after which a platform lists a payment.
AGE = {"paypal": 5 * 3600}


def sold(shops: Shops, platform: str, count: int = 1) -> tuple[Connected, list[Order]]:
    """A live shop with some orders of the last minutes, in the book and in stock."""
    give_stock(shops.project, MUG_BLUE=500, TEA_EARL_100=500)
    shop = shops.connect(platform)
    going_live.go_live(shop.integration, leave_out=True)
    for _ in range(count):
        shop.shop.place("processing", GOODS, age=AGE.get(platform, 60))
    shop.load()
    orders = list(Order.objects.filter(integration=shop.integration).order_by("pk"))
    assert len(orders) == count
    return shop, orders


@pytest.mark.parametrize("platform", SHIPPING)
def test_a_shipment_reaches_its_shop_and_is_no_news_when_it_comes_back(shops: Shops, platform: str) -> None:
    shop, [order] = sold(shops, platform)
    shipment = shipping.ship(order.pk, carrier="DHL", tracking_number="JD014600")
    shops.follow()
    row = Crossing.objects.get(kind=CrossingKind.SHIPMENT, subject=shipment.pk)
    assert (row.state, row.answer) == (CrossingState.SENT, row.answer)
    assert row.checked_at is not None
    assert len(shop.shipments()) <= 1  # WooCommerce may have no place for shipments, and says so in a note
    shop.load()
    order.refresh_from_db()
    assert order.shop_changed_at is None, "what we told the shop is marked as its own news"


@pytest.mark.parametrize("platform", SHIPPING)
@pytest.mark.parametrize("fault", ["lose_answer", "refuse_write", "drop"])
def test_each_shipment_is_there_once_whatever_fails(shops: Shops, platform: str, fault: str) -> None:
    shop, orders = sold(shops, platform, 4)
    shop.direct("faults", kind=fault, count=3, how=504)
    codes = [shipping.ship(order.pk, carrier="DHL", tracking_number=f"JD{order.pk}").code for order in orders]
    shops.follow()
    states = dict(Crossing.objects.filter(kind=CrossingKind.SHIPMENT).values_list("label", "state"))
    assert states == dict.fromkeys(codes, CrossingState.SENT)
    told = [(each["order"], each["tracking"]) for each in shop.shipments()]
    assert len(told) == len(set(told)), "a shipment is there twice"


@pytest.mark.parametrize("platform", DOUBLES)
def test_without_asking_first_a_lost_answer_doubles(
    shops: Shops, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    tell = sending._tell
    monkeypatch.setattr(sending, "_tell", lambda *given, unsure: tell(*given, unsure=False))
    shop, [order] = sold(shops, platform)
    shop.direct("faults", kind="lose_answer", how=504)
    line_id = order.lines.order_by("pk")[0].pk
    shipping.ship(order.pk, {line_id: 1}, carrier="DHL", tracking_number="JD1")
    shops.follow()
    assert [each["tracking"] for each in shop.shipments()] == ["JD1", "JD1"]


@pytest.mark.parametrize("platform", STOCKING)
def test_stock_reaches_the_shop(shops: Shops, platform: str) -> None:
    give_stock(shops.project, MUG_BLUE=7, TEA_EARL_100=3)
    shop = shops.connect(platform)
    shop.look()
    going_live.go_live(shop.integration, leave_out=True)
    shops.follow()
    quantities = shop.direct("shop")["quantities"]
    assert (quantities["MUG-BLUE"], quantities["TEA-EARL-100"]) == (7, 3)
    shop.look()
    assert shop_articles.adrift(shop.integration).count() == 0
    assert list(ShopArticle.objects.filter(state=ArticleState.REFUSED)) == []


@pytest.mark.parametrize("platform", STOCKING)
@pytest.mark.parametrize("fault", ["lose_answer", "refuse_write", "drop"])
def test_stock_is_right_in_the_end_whatever_fails(shops: Shops, platform: str, fault: str) -> None:
    give_stock(shops.project, MUG_BLUE=7, TEA_EARL_100=3)
    shop = shops.connect(platform)
    shop.look()
    shop.direct("faults", kind=fault, how=504)
    going_live.go_live(shop.integration, leave_out=True)
    shops.follow()
    shop.look()
    shops.follow()
    quantities = shop.direct("shop")["quantities"]
    assert (quantities["MUG-BLUE"], quantities["TEA-EARL-100"]) == (7, 3)
    shop.look()
    assert shop_articles.adrift(shop.integration).count() == 0
