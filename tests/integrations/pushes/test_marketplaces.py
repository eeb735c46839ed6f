"""Orders of a marketplace go into a shop, once, and come into the book from there, once."""

from __future__ import annotations

import pytest

from integrations.choices import CrossingKind, CrossingState, RemoteState, Whereabouts
from integrations.connectors import all_connectors
from integrations.finding import whereabouts
from integrations.marketplaces import handing_on
from integrations.marketplaces.handing_on import HandOnRefused
from integrations.models import Crossing, Integration, RemoteOrder
from integrations.pushes import going_live
from orders.models import Invoice, Order
from orders.work import shipping
from tests.factories import give_stock
from tests.integrations.pushes.simulated_shops import Connected, Shops

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

TARGETS = [each.key for each in all_connectors() if each.outward.creation is not None]
GOODS = {"MUG-BLUE": 2, "TEA-EARL-100": 1}


def joined(shops: Shops, target: str, market: str = "woocommerce") -> tuple[Connected, Connected]:
    """A marketplace whose orders go into a live shop."""
    give_stock(shops.project, MUG_BLUE=500, TEA_EARL_100=500)
    marketplace, shop = shops.connect(market, seed=11), shops.connect(target, seed=4)
    handing_on.set_target(marketplace.integration, shop.integration.pk, invoice_after_import=True, takes_stock=True)
    going_live.go_live(shop.integration, leave_out=False)
    going_live.go_live(marketplace.integration, leave_out=False)
    marketplace.integration = Integration.objects.get(pk=marketplace.integration.pk)
    return marketplace, shop


@pytest.mark.parametrize("target", TARGETS)
def test_an_order_goes_into_the_shop_and_comes_back_once(shops: Shops, target: str) -> None:
    market, shop = joined(shops, target)
    market.shop.place("processing", GOODS, age=60)
    market.load()
    remote = RemoteOrder.objects.get()
    assert remote.state == RemoteState.HANDED_ON
    assert Order.objects.count() == 0
    assert whereabouts.of_remote(remote).where == Whereabouts.HANDED_ON
    shops.follow()
    crossing = Crossing.objects.get(kind=CrossingKind.ORDER)
    assert (crossing.state, crossing.answer) == (CrossingState.SENT, crossing.answer)
    shop.load()
    shops.follow()
    order = Order.objects.get()
    assert order.integration == shop.integration
    assert order.total == remote.total
    assert sorted(order.lines.filter(product__isnull=False).values_list("sku", "quantity")) == sorted(GOODS.items())
    assert Invoice.objects.get().order == order
    found = whereabouts.of_remote(RemoteOrder.objects.get(pk=remote.pk))
    assert (found.where, found.order) == (Whereabouts.IN_BOOK, order)
    market.load()
    shop.load()
    shops.follow()
    assert (Order.objects.count(), len(shop.orders())) == (1, 1)


@pytest.mark.parametrize("fault", ["lose_answer", "refuse_write", "drop"])
@pytest.mark.parametrize("target", TARGETS)
def test_an_order_is_made_once_whatever_fails(shops: Shops, target: str, fault: str) -> None:
    market, shop = joined(shops, target)
    for _ in range(3):
        market.shop.place("processing", GOODS, age=60)
    market.load()
    shop.direct("faults", kind=fault, count=2, how=504)
    shops.follow()
    shop.load()
    shops.follow()
    assert len(shop.orders()) == 3
    assert Order.objects.count() == 3


def test_a_shipment_is_told_to_the_shop_and_to_the_marketplace(shops: Shops) -> None:
    market, shop = joined(shops, "woocommerce", "shopify")
    market.shop.place("processing", GOODS, age=60)
    market.load()
    shops.follow()
    shop.load()
    shops.follow()
    shipping.ship(Order.objects.get().pk, carrier="DHL", tracking_number="JD1")
    shops.follow()
    told = Crossing.objects.filter(kind=CrossingKind.SHIPMENT)
    assert sorted(told.values_list("integration", "state")) == sorted(
        [(market.integration.pk, CrossingState.SENT), (shop.integration.pk, CrossingState.SENT)]
    )
    [there] = market.shipments()
    assert there["tracking"] == "JD1"


def test_nothing_is_made_before_the_shop_is_live(shops: Shops) -> None:
    market, shop = joined(shops, "woocommerce")
    going_live.stop(shop.integration)
    market.shop.place("processing", GOODS, age=60)
    market.load()
    shops.follow()
    assert shop.orders() == []
    assert Crossing.objects.get().state == CrossingState.WAITING


def test_what_is_over_is_made_nowhere(shops: Shops) -> None:
    market, _ = joined(shops, "woocommerce")
    market.shop.place("completed", GOODS, age=60)
    market.load()
    remote = RemoteOrder.objects.get()
    assert (remote.state, remote.reason_code) == (RemoteState.IGNORED, "over")
    assert Crossing.objects.count() == 0


def test_orders_go_into_no_circle(shops: Shops) -> None:
    market, shop = joined(shops, "woocommerce")
    with pytest.raises(HandOnRefused, match="choose one of the list"):
        handing_on.set_target(market.integration, market.integration.pk, invoice_after_import=False, takes_stock=True)
    third = shops.connect("woocommerce", seed=12)
    with pytest.raises(HandOnRefused, match="it cannot hand them on"):
        handing_on.set_target(shop.integration, third.integration.pk, invoice_after_import=False, takes_stock=True)
    with pytest.raises(HandOnRefused, match="choose one of the list"):
        handing_on.set_target(third.integration, market.integration.pk, invoice_after_import=False, takes_stock=True)
