"""Why an order was cancelled: lists never say it, so orders of the book are read again by their ids."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from integrations.choices import AfterImport, RunKind
from integrations.connectors.ebay import orders
from integrations.connectors.ebay.cancellations import MENTION
from integrations.connectors.listings import Touched, Window
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Feed, Integration, OrderHint
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory
from tests.integrations.connectors.ebay.orders import NOON, Seller, ebay, order, shop
from tests.integrations.following.shop import work
from tests.integrations.shop_webhooks.shops import selling
from tests.recorded import answer, play, serve

REASON = "BUYER_ASKED_CANCEL"
IN_LIST = {"cancelState": "CANCELED", "cancelRequests": []}
ALONE = {"cancelState": "CANCELED", "cancelRequests": [{"cancelRequestId": "1", "cancelReason": REASON}]}


def reason_of(document: bytes, seller: Seller) -> Any:
    return ebay.parse(document, seller.remote).metadata.get("cancel_reason")


def cancelled(seller: Seller) -> str:
    sale = seller.shop.place("processing")
    seller.shop.change(sale.id, "cancelled")
    seller.now += timedelta(seconds=2)
    found = dialects.get("ebay").external_id(seller.shop, sale)
    assert found is not None
    return found


def test_by_id_it_comes_with_its_reason() -> None:
    seller = Seller(3)
    wanted = cancelled(seller)
    page, requests = serve(ebay.orders.by_ids(seller.remote, (*seller.ids()[:3], wanted)), seller.serve)
    told = {json.loads(document)["orderId"]: reason_of(document, seller) for document in page.payloads}
    assert told == dict.fromkeys(seller.ids()[:3]) | {wanted: REASON}
    assert [request.url.rpartition("/")[2] for request in requests] == ["token", "order", wanted], "one request more"
    by_number, _ = serve(ebay.orders.by_number(seller.remote, wanted), seller.serve)
    assert reason_of(by_number.payloads[0], seller) == REASON


def test_a_page_names_what_it_does_not_explain() -> None:
    seller = Seller(3)
    wanted = cancelled(seller)
    page, _ = serve(ebay.orders.in_window(seller.remote, Window(NOON - timedelta(days=2)), None), seller.serve)
    assert page.touched == (Touched(wanted, MENTION),)


@pytest.mark.parametrize("alone", [answer({"errors": [{"errorId": 32100}]}, 404), answer({"orderId": "another"})])
def test_what_ebay_does_not_give_alone_stays_as_listed(alone: Any) -> None:
    listed = order(cancelStatus=IN_LIST)
    page, _ = play(ebay.orders.by_ids(shop(), (listed["orderId"],)), [answer({"orders": [listed]}), alone])
    assert [json.loads(document) for document in page.payloads] == [listed]


def test_the_document_with_reasons_is_the_newer_one() -> None:
    listed, alone = (ebay.parse(json.dumps(order(cancelStatus=each)).encode(), shop()) for each in (IN_LIST, ALONE))
    assert alone.modified_at - listed.modified_at == timedelta(seconds=1)


@pytest.mark.django_db
@pytest.mark.parametrize("guarded", [True, False])
def test_an_order_of_the_book_learns_why(settings: Settings, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not guarded:
        monkeypatch.setattr(orders, "touched", lambda documents: ())
    with selling("ebay", SimulatedShop("Seller", seed=5)) as server:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        keys = Secrets(dialects.get("ebay").keys(server.site.shop))
        since = datetime.now(UTC) - timedelta(days=3)
        integration = IntegrationFactory.create(platform="ebay", base_url=server.url, credentials=keys, start_at=since)
        set_up(integration)
        Feed.objects.update(enabled=False)
        Integration.objects.update(after_import=AfterImport.FOLLOW)
        sale = server.site.shop.place("processing", {"MUG-WHITE": 4}, age=36_000)
        work(request_load(integration))
        OrderHint.objects.all().delete()
        server.site.shop.change(sale.id, "cancelled", stamped=False)
        sale.changes[-1] = type(sale.changes[-1])(
            datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9), "cancelled"
        )
        work(request_load(integration))
        assert OrderHint.objects.count() == guarded
        OrderHint.objects.update(look_at=datetime.now(UTC))
        if guarded:
            work(control.request(RunKind.WEBHOOK_ORDERS, integration))
        assert Order.objects.get().metadata.get("cancel_reason") == (REASON if guarded else None)
        OrderHint.objects.all().delete()
        work(request_load(integration))
        assert not OrderHint.objects.exists()
        assert Order.objects.get().metadata.get("cancel_reason") == (REASON if guarded else None)
        assert broken() == {}
