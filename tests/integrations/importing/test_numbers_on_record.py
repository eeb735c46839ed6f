"""Import Orders by a number that the shop cannot look for: our own records know which order has it."""

from __future__ import annotations

import json

import pytest

from integrations import jobs
from integrations.choices import ImportAction, RemoteState
from integrations.importing import fetch_missing
from integrations.importing.load import request_load
from integrations.models import Integration, RemoteOrder, Run
from integrations.shops.connection import set_up
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODY = json.loads(payloads()[0])
KEY, NUMBER = str(BODY["id"]), "2026/00006"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    """A shop that finds its only order by id, and never by the number that a plugin gave it."""
    shop = FakeConnector({KEY: json.dumps(BODY | {"number": NUMBER}).encode()})
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(shop: FakeConnector) -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.update(action=ImportAction.VALID)
    jobs.work(request_load(integration).pk)
    assert RemoteOrder.objects.get().number == NUMBER
    shop.called.clear()
    shop.asked.clear()
    return integration


def told(integration: Integration) -> str:
    run = fetch_missing.request_order(integration, NUMBER)
    jobs.work(run.pk)
    return Run.objects.get(pk=run.pk).reason


def test_an_order_in_the_book_is_asked_for_by_its_id(integration: Integration, shop: FakeConnector) -> None:
    assert told(integration) == f"Order {NUMBER} is in the book already, as {NUMBER} (Processing)."
    assert (shop.called, shop.asked) == (["orders_by_ids"], [(KEY,)])
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "said", "after"),
    [
        (RemoteState.PENDING, "is pending already.", "pending"),
        (RemoteState.DISMISSED, "was marked as cancel before: take that back to import.", "dismissed"),
        (RemoteState.FAILED, "was found by its number in our own records (Failed) and fetched as Pending.", "pending"),
        (
            RemoteState.IGNORED,
            "was found by its number in our own records (Ignored) and fetched as Pending.",
            "pending",
        ),
    ],
)
def test_an_order_outside_of_the_book_is_found(
    integration: Integration, state: RemoteState, said: str, after: str
) -> None:
    Order.objects.update(remote_order=None)
    RemoteOrder.objects.update(state=state)
    assert told(integration) == f"Order {NUMBER} {said}"
    assert RemoteOrder.objects.get().state == after


def test_control_without_our_records_nobody_finds_it(
    integration: Integration, shop: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_missing, "_on_record", lambda integration, number: None)
    RemoteOrder.objects.update(state=RemoteState.FAILED)
    assert "its newest 500 orders were looked through, and our own records." in told(integration)
    assert shop.asked == [(NUMBER,)]
    assert RemoteOrder.objects.get().state == "failed"


def test_what_the_shop_does_not_show_any_more_is_still_placed(integration: Integration, shop: FakeConnector) -> None:
    shop.bodies.clear()
    assert told(integration) == (
        f"Order {NUMBER} is in the book already, as {NUMBER} (Processing). The shop does not show it any more."
    )
    assert shop.called == ["orders_by_ids", "order_by_number", "orders_by_ids"]


def test_an_order_of_another_store_is_not_ours(integration: Integration, shop: FakeConnector) -> None:
    other = IntegrationFactory.create(project=integration.project, title="The other one")
    set_up(other)
    assert "There is one with this number at" in told(other)
    assert shop.asked == [(NUMBER,)]


def test_of_two_orders_of_one_number_the_newest_is_meant(integration: Integration, shop: FakeConnector) -> None:
    shop.bodies["7"] = json.dumps(
        BODY | {"id": 7, "number": NUMBER, "date_created_gmt": "2020-01-01T00:00:00"}
    ).encode()
    jobs.work(request_load(integration).pk)
    assert RemoteOrder.objects.filter(number=NUMBER).count() == 2
    shop.asked.clear()
    told(integration)
    assert shop.asked == [(KEY,)]


def test_another_order_whose_id_is_the_number_is_not_taken_for_ours(
    integration: Integration, shop: FakeConnector
) -> None:
    RemoteOrder.objects.update(number="7")
    Order.objects.update(number="7")
    shop.bodies = {"7": json.dumps(BODY | {"id": 7, "number": "1007"}).encode()}
    run = fetch_missing.request_order(integration, "7")
    jobs.work(run.pk)
    assert Run.objects.get(pk=run.pk).reason == "1 order fetched as Pending."
    run = fetch_missing.request_order(integration, "7")
    jobs.work(run.pk)
    assert Run.objects.get(pk=run.pk).reason == "Nothing new; 1 order pending already."
