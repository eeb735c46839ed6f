"""An order that its shop has no longer: noticed whoever asks, never open in silence, and no false alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.choices import RemoteState
from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.listings import OrderPage
from integrations.following import gone
from integrations.importing import synchronize
from integrations.importing.synchronize import SyncRefused
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder
from orders.choices import EventKind, OrderStatus
from orders.models import Order
from orders.work import lifecycle
from tests.fake_connector import exchange
from tests.integrations.following.shop import BODIES, KEYS, A, B, EditedShop, load, notify, order_of, reread, sync

pytestmark = pytest.mark.django_db
NEWEST = KEYS[-1]


def look(integration: Integration) -> None:
    with pytest.raises(SyncRefused, match="no longer has this order"):
        synchronize.look(order_of(A))


WAYS: dict[str, Callable[[Integration], object]] = {
    "open orders": reread,
    "webhook": lambda integration: notify(integration, A, told=timedelta(hours=9)),
    "Synchronize": lambda integration: sync(integration, A, B),
    "look": look,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_asks_notices_that_an_order_is_gone(integration: Integration, shop: EditedShop, way: str) -> None:
    RemoteOrder.objects.update(first_seen_at=order_of(A).created_at - timedelta(days=1))
    body = shop.bodies.pop(A)
    WAYS[way](integration)
    order = order_of(A)
    assert order.shop_gone_at is not None
    assert (order.status, order.events.filter(kind=EventKind.GONE).count()) == (OrderStatus.PROCESSING, 1)
    assert Order.objects.filter(shop_gone_at__isnull=False).count() == 1
    reread(integration)
    assert order_of(A).events.filter(kind=EventKind.GONE).count() == 1
    assert broken() == {}
    shop.bodies[A] = body
    load(integration)
    assert order_of(A).shop_gone_at is None
    assert order_of(A).events.filter(kind=EventKind.BACK).count() == 1
    assert RemoteOrder.objects.get(external_id=A).state == RemoteState.IMPORTED


def test_where_it_is_set_what_is_gone_is_put_on_hold(integration: Integration, shop: EditedShop) -> None:
    Integration.objects.update(hold_gone=True)
    del shop.bodies[A]
    reread(integration)
    assert (order_of(A).status, order_of(A).tab) == (OrderStatus.ON_HOLD, "on_hold")
    lifecycle.release(order_of(A).pk)
    reread(integration)
    assert order_of(A).status == OrderStatus.PROCESSING, "somebody has decided"
    assert broken() == {}


class EmptyShop(EditedShop):
    """Answers the next requests with nothing at all, as a shop does that fails."""

    empty = 0

    def _answer(self, shop: Shop, called: str, keys: Iterable[str]) -> Operation[OrderPage]:
        if self.empty:
            self.empty -= 1
            return OrderPage((), None)
        return (yield from super()._answer(shop, called, keys))


@pytest.mark.parametrize("times", [1, 2, 9])
def test_an_empty_answer_of_a_shop_that_fails_is_no_proof(
    integration: Integration, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    failing = EmptyShop(dict(BODIES))
    failing.install(monkeypatch)
    failing.empty = times
    reread(integration)
    assert not Order.objects.filter(shop_gone_at__isnull=False).exists()


def test_a_witness_that_is_gone_itself_hides_nothing(integration: Integration, shop: EditedShop) -> None:
    """Of the newest order, which is closed here, nobody has asked."""
    RemoteOrder.objects.update(first_seen_at=order_of(A).created_at - timedelta(days=1))
    for key in (A, NEWEST):
        del shop.bodies[key]
    notify(integration, A, told=timedelta(hours=9))
    assert (order_of(A).shop_gone_at is None, order_of(NEWEST).shop_gone_at) == (False, None)
    notify(integration, NEWEST, told=timedelta(hours=9))
    assert order_of(NEWEST).shop_gone_at is not None


def test_control_with_one_witness(integration: Integration, shop: EditedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gone, "WITNESSES", 1)
    for key in (A, NEWEST):
        del shop.bodies[key]
    notify(integration, A, told=timedelta(hours=9))
    assert order_of(A).shop_gone_at is None


def test_what_a_request_cannot_hold_is_asked_for_later(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full request that comes back empty, with the witnesses beside."""
    failing = EmptyShop(dict(BODIES))
    failing.install(monkeypatch)
    most = replace(integration.connector.capabilities, orders_by_ids=5)
    exchange(monkeypatch, "woocommerce", capabilities=most)
    failing.empty = 1
    reread(integration)
    assert max(map(len, failing.asked)) == 5
    assert not Order.objects.filter(shop_gone_at__isnull=False).exists()


def test_control_without_a_second_question(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        gone, "confirmed", lambda integration, asked, found, drive: [a for a in asked if a not in found]
    )
    failing = EmptyShop()
    failing.install(monkeypatch)
    failing.empty = 1
    reread(integration)
    assert Order.objects.filter(shop_gone_at__isnull=False).count() == 6
