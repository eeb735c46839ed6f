"""An order that is edited in Magento 1: it is cancelled, a new one replaces it, and no unit is held twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.choices import ImportAction, Role, RunKind
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Feed, Integration
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.dialects.magento1.orders import edit, increment_id
from integrations.simulator.server import SimulatedServer
from integrations.simulator.shop import SimulatedShop
from orders.choices import OrderStatus
from orders.models import Order
from orders.work import notes
from stock.models import StockLevel
from tests.factories import IntegrationFactory, give_stock, member
from tests.integrations.following.shop import work
from tests.integrations.shop_webhooks.shops import selling

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[SimulatedServer]:
    with selling("magento1", SimulatedShop("Edited", seed=5)) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.fixture
def integration(server: SimulatedServer) -> Integration:
    integration = IntegrationFactory.create(
        platform="magento1", base_url=server.url, credentials=Secrets(dialects.get("magento1").keys(server.site.shop)),
        start_at=datetime.now(UTC) - timedelta(days=3),
    )  # fmt: skip
    set_up(integration)
    Feed.objects.update(enabled=False)
    integration.rules.exclude(action=ImportAction.SKIP).update(action=ImportAction.VALID)
    give_stock(integration.project, MUG_WHITE=5)
    return integration


def load(integration: Integration) -> None:
    work(request_load(integration))
    work(control.request(RunKind.OPEN_ORDERS, integration))


def held(order: Order) -> tuple[int, int]:
    lines = order.lines.all()
    return sum(line.reserved for line in lines), sum(line.waiting for line in lines)


def test_the_new_order_gets_what_the_old_one_gives_back(server: SimulatedServer, integration: Integration) -> None:
    shop = server.site.shop
    first = shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
    load(integration)
    assert held(Order.objects.get()) == (4, 0)
    second = edit(shop, first.id, {"MUG-WHITE": 5})
    load(integration)
    number = increment_id(first)
    old, new = Order.objects.order_by("pk")
    assert (old.number, old.status, held(old)) == (number, OrderStatus.CANCELLED, (0, 0))
    assert (new.number, new.status, held(new)) == (f"{number}-1", OrderStatus.PROCESSING, (5, 0))
    assert (old.buyer, old.email) == (new.buyer, new.email)
    assert (old.metadata["edited_to_order"], new.metadata["edited_from_order"]) == (new.number, old.number)
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (5, 5)
    edit(shop, second.id, {"MUG-WHITE": 1})
    load(integration)
    old, new, newest = Order.objects.order_by("pk")
    assert (new.status, held(new), held(newest)) == (OrderStatus.CANCELLED, (0, 0), (1, 0))
    assert (new.metadata["edited_from_order"], new.metadata["edited_to_order"]) == (number, f"{number}-2")
    assert newest.metadata["edited_from_order"] == f"{number}-1"
    assert StockLevel.objects.get().reserved == 1
    assert broken() == {}


def test_both_are_found_by_their_numbers_and_loaded_together(server: SimulatedServer, integration: Integration) -> None:
    """Loaded after the edit only: the old one was never in the book, and nothing is reserved for it."""
    shop = server.site.shop
    first = shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
    edit(shop, first.id, {"MUG-WHITE": 2})
    load(integration)
    assert held(Order.objects.get()) == (2, 0)
    assert StockLevel.objects.get().reserved == 2


def test_an_order_somebody_works_on_keeps_its_units_and_says_so(
    server: SimulatedServer, integration: Integration
) -> None:
    shop = server.site.shop
    first = shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
    load(integration)
    Order.objects.update(created_at=datetime.now(UTC) - timedelta(days=1))
    person = member(integration.project.account, Role.ORDER_STAFF)
    notes.add_note(Order.objects.get().pk, "Packed half of it.", seen=0, author_id=person.pk)
    edit(shop, first.id, {"MUG-WHITE": 5})
    load(integration)
    old, new = Order.objects.order_by("pk")
    assert (old.status, held(old)) == (OrderStatus.PROCESSING, (4, 0))
    assert old.shop_changed_at is not None
    assert held(new) == (1, 4), "no unit is held twice"
    assert broken() == {}


def test_the_pages_of_both_name_the_other_one(
    server: SimulatedServer, integration: Integration, client: Client
) -> None:
    shop = server.site.shop
    first = shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
    load(integration)
    edit(shop, first.id, {"MUG-WHITE": 5})
    load(integration)
    client.force_login(member(integration.project.account, Role.ORDER_STAFF))
    old, new = Order.objects.order_by("pk")
    shown = [client.get(f"/orders/order/{order.pk}/change/").content.decode() for order in (old, new)]
    assert f'it was replaced by order <a href="/orders/order/{new.pk}/change/">{new.number}</a>' in shown[0]
    assert f'it replaces order <a href="/orders/order/{old.pk}/change/">{old.number}</a>' in shown[1]
    Order.objects.filter(pk=old.pk).update(integration=None)
    alone = client.get(f"/orders/order/{new.pk}/change/").content.decode()
    assert f"it replaces order {old.number} " in alone and "not in the book" in alone
