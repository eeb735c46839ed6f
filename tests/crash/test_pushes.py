"""Workers are killed with -9 at every moment of telling a shop: it is told of everything, and of nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import django_rq
import pytest

from integrations.choices import CrossingKind, CrossingState, RunState
from integrations.connectors.contract import Creation, Shop
from integrations.connectors.http import Operation
from integrations.connectors.outward import Crossed, OrderCopy
from integrations.invariants import broken
from integrations.models import Crossing, RemoteOrder, Run, ShopArticle
from integrations.pushes import going_live, sending, shop_articles
from integrations.shops.pace import Pace
from orders.intake.allocation import change_stock
from orders.models import Order
from orders.work import shipping
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from tests.crash.dying import dies_at
from tests.crash.scenario import expire_leases
from tests.factories import give_stock
from tests.integrations.importing.working import worked
from tests.integrations.pushes.simulated_shops import Connected, Shops
from tests.integrations.pushes.simulated_shops import shops as shops
from tests.integrations.pushes.test_every_platform import sold
from tests.integrations.pushes.test_marketplaces import GOODS, joined

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash, pytest.mark.timeout(600)]

# So many moments a work has at most.
MOST_MOMENTS = 60
TAKING_TWICE = ("shopify", "bigcommerce", "magento2")


@pytest.fixture(autouse=True)
def queue() -> Iterator[Any]:
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    yield queue
    queue.empty()  # type: ignore[no-untyped-call]


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated shops count no requests here, so that nobody has to keep to their platforms' pace."""
    monkeypatch.setattr(Pace, "wait", lambda _: 0.0)


def killed_everywhere(shops: Shops, prepare: Callable[[int], object]) -> int:
    """Something new to tell each time, whoever tells it killed one moment later, all gone on with. How many died."""
    for moment in count(1):
        assert moment <= MOST_MOMENTS
        prepare(moment)
        if not dies_at(moment, shops.follow):
            return moment - 1
        go_on(shops)
    raise AssertionError


def go_on(shops: Shops) -> None:
    """What the tick does a minute later, until nothing is left."""
    expire_leases()
    for run in Run.objects.filter(state=RunState.RUNNING):
        worked(run)
    shops.follow()
    assert set(Run.objects.values_list("state", flat=True)) <= {RunState.SUCCEEDED, RunState.FAILED}


def parts_shipped(shops: Shops, platform: str) -> tuple[Connected, list[str], int]:
    """The shop, the tracking numbers of two shipments a moment - parts of orders - and how many workers died."""
    give_stock(shops.project, MUG_BLUE=500)
    shop, orders = sold(shops, platform, 3 * MOST_MOMENTS)
    # BigCommerce takes no shipments of what is picked up.
    waiting, numbers = iter([each for each in orders if "Pick" not in each.shipping_title]), list[str]()

    def ship_two(_: int) -> None:
        for order in (next(waiting), next(waiting)):
            numbers.append(f"JD{order.pk}")
            shipping.ship(order.pk, {order.lines.order_by("pk")[0].pk: 1}, carrier="DHL", tracking_number=numbers[-1])

    return shop, numbers, killed_everywhere(shops, ship_two)


@pytest.mark.parametrize("platform", TAKING_TWICE)
def test_every_shipment_is_in_the_shop_once(shops: Shops, platform: str) -> None:
    shop, numbers, died = parts_shipped(shops, platform)
    assert died > 20
    assert Counter(each["tracking"] for each in shop.shipments()) == Counter(numbers)
    told = Crossing.objects.filter(kind=CrossingKind.SHIPMENT)
    assert told.count() == len(numbers)
    assert not told.exclude(state=CrossingState.SENT, checked_at__isnull=False).exists()
    assert broken() == {}


def test_control_shipments_double_where_the_shop_is_not_asked_first(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = sending._tell
    monkeypatch.setattr(sending, "_tell", lambda *given, unsure: tell(*given, unsure=False))
    shop, numbers, _ = parts_shipped(shops, "shopify")
    there = Counter(each["tracking"] for each in shop.shipments())
    assert set(there) == set(numbers)
    assert sum(times > 1 for times in there.values()) > 2


def handed_on(shops: Shops, target: str) -> tuple[Connected, int]:
    """The shop that two orders a moment were to be made in, and how many workers died."""
    market, shop = joined(shops, target)

    def sell_two(_: int) -> None:
        for _turn in range(2):
            market.shop.place("processing", GOODS, age=60)
        market.load()

    died = killed_everywhere(shops, sell_two)
    shop.load()
    shops.follow()
    return shop, died


@pytest.mark.parametrize("target", ["woocommerce", "bigcommerce"])
def test_every_order_is_made_in_its_shop_once(shops: Shops, target: str) -> None:
    shop, died = handed_on(shops, target)
    assert died > 20
    marketed = RemoteOrder.objects.exclude(integration=shop.integration).count()
    assert marketed == 2 * (died + 1)
    assert len(shop.orders()) == Order.objects.count() == marketed
    made = Crossing.objects.filter(kind=CrossingKind.ORDER, state=CrossingState.SENT, checked_at__isnull=False)
    assert set(made.values_list("remote_id", flat=True)) == {str(each["id"]) for each in shop.orders()}
    assert broken() == {}


def test_control_orders_double_where_they_are_not_looked_for_first(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(shop: Shop, ways: Creation, copy: OrderCopy) -> Operation[Crossed]:
        return ways.create(shop, copy)

    monkeypatch.setattr(sending, "_order", create)
    shop, died = handed_on(shops, "bigcommerce")
    assert len(shop.orders()) > 2 * (died + 1) + 2


@pytest.mark.parametrize("platform", ["woocommerce", "shopify", "bigcommerce"])
def test_quantities_are_right_in_the_end(shops: Shops, platform: str) -> None:
    """Shopify compares with what it was told last, which a killed worker did not write down."""
    give_stock(shops.project, MUG_BLUE=7, TEA_EARL_100=90)
    shop = shops.connect(platform)
    shop.look()
    going_live.go_live(shop.integration, leave_out=True)
    shops.follow()
    products = Product.objects.filter(project=shops.project).order_by("sku")

    def book(_: int) -> None:
        mug, tea = products
        changes = [
            Change(mug.pk, 2, MovementReason.RECEIPT, "test"),
            Change(tea.pk, -1, MovementReason.ADJUSTMENT, "test"),
        ]
        change_stock(shops.project.pk, changes)

    died = killed_everywhere(shops, book)
    assert died > 8
    quantities = shop.direct("shop")["quantities"]
    assert (quantities["MUG-BLUE"], quantities["TEA-EARL-100"]) == (7 + 2 * (died + 1), 90 - (died + 1))
    assert not shop_articles.differing(shop.integration).exists()
    assert not ShopArticle.objects.exclude(message="").exists()
    shop.look()
    assert not shop_articles.adrift(shop.integration).exists()
    assert broken() == {}
