"""Webhooks: checked on raw bytes before anything is stored, only a hint, read again once; registered and watched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import client, jobs
from integrations.choices import RunKind, RunState
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import Notification, RemoteWebhook
from integrations.models import Feed, Integration, OrderHint, RemoteOrder, Run, Webhook
from integrations.runs import control
from integrations.shop_webhooks import hints, registration
from integrations.shops.connection import set_up
from integrations.tick import tick
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector
from tests.recorded import able, answer, play

pytestmark = pytest.mark.django_db

BODY = json.loads(payloads()[0])
ORDER = str(BODY["id"])


@pytest.fixture
def webhook() -> Webhook:
    integration = IntegrationFactory.create()
    set_up(integration)
    Feed.objects.update(enabled=False)
    return Webhook.objects.create(integration=integration)


def sign(webhook: Webhook, body: bytes) -> str:
    secret = webhook.secrets["signing"].encode()
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()


def deliver(webhook: Webhook, body: bytes, topic: str = "order.updated", signature: str | None = None) -> int:
    headers = {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": sign(webhook, body) if signature is None else signature,
        "X-WC-Webhook-Delivery-ID": "the same for all",
    }
    response = Client().post(f"/hooks/{webhook.token}/", body, content_type="application/json", headers=headers)
    return response.status_code


class Answers(FakeConnector):
    """The shop's state of the one order."""

    def __init__(self) -> None:
        super().__init__()
        self.status = "processing"
        self.modified = "2026-01-02T00:00:00"

    def body(self, key: str) -> bytes | None:
        changed = BODY | {"status": self.status, "date_modified_gmt": self.modified}
        return json.dumps(changed).encode() if key == ORDER else None


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Answers:
    shop = Answers()
    shop.install(monkeypatch)
    return shop


def work() -> None:
    for run in Run.objects.filter(kind=RunKind.WEBHOOK_ORDERS, state=RunState.WAITING):
        jobs.work(run.pk)


def test_a_signed_delivery_has_its_order_read_again(webhook: Webhook, shop: Answers) -> None:
    assert deliver(webhook, json.dumps(BODY | {"status": "cancelled", "total": "1.00"}).encode()) == 200
    assert not Order.objects.exists()
    work()
    order = Order.objects.get()
    assert (order.status, order.number) == ("processing", ORDER)  # the shop's state, not the delivery's
    assert shop.asked == [(ORDER,)]
    assert not OrderHint.objects.exists()


@pytest.mark.parametrize("signature", ["", "nonsense", "é", "A" * 44, base64.b64encode(b"\0" * 32).decode()])
def test_a_forged_delivery_stores_nothing(webhook: Webhook, signature: str) -> None:
    assert deliver(webhook, json.dumps(BODY).encode(), signature=signature) == 401
    assert not OrderHint.objects.exists()
    assert not Run.objects.exists()
    webhook.refresh_from_db()
    assert (webhook.accepted, webhook.refused) == (0, 1)


def test_a_changed_byte_is_noticed(webhook: Webhook) -> None:
    body = json.dumps(BODY).encode()
    assert deliver(webhook, body + b" ", signature=sign(webhook, body)) == 401


def test_an_empty_secret_accepts_nothing(webhook: Webhook) -> None:
    webhook.secrets = type(webhook.secrets)(signing="")
    webhook.save()
    body = json.dumps(BODY).encode()
    forged = base64.b64encode(hmac.new(b"", body, hashlib.sha256).digest()).decode()
    assert deliver(webhook, body, signature=forged) == 401


def test_an_unknown_address_and_other_methods(webhook: Webhook) -> None:
    assert Client().post("/hooks/nobody/", b"{}", content_type="application/json").status_code == 404
    assert Client().get(f"/hooks/{webhook.token}/").status_code == 405


def test_the_unsigned_ping_is_greeted_and_nothing_else_unsigned(webhook: Webhook) -> None:
    url = f"/hooks/{webhook.token}/"
    form = "application/x-www-form-urlencoded"
    assert Client().post(url, b"webhook_id=17", content_type=form).status_code == 200
    assert Client().post(url, b"webhook_id=17&id=1", content_type=form).status_code == 401
    assert not OrderHint.objects.exists()


@pytest.mark.parametrize(
    "body", [b'{"code":"woocommerce_rest_shop_order_invalid_id"}', b"[]", b"null", b"{", b'{"id":true}', b'{"id":-1}']
)
def test_signed_nonsense_is_taken_and_ignored(webhook: Webhook, body: bytes) -> None:
    assert deliver(webhook, body) == 200
    assert not OrderHint.objects.exists()


def test_a_body_beyond_the_limit_is_refused(webhook: Webhook, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert deliver(webhook, b" " * 2000) == 413


def test_many_deliveries_of_an_order_are_one_look(webhook: Webhook, shop: Answers) -> None:
    for topic in ("order.created", "order.updated", "order.updated"):
        assert deliver(webhook, json.dumps(BODY).encode(), topic) == 200
    assert OrderHint.objects.get().deliveries == 3
    assert Run.objects.filter(kind=RunKind.WEBHOOK_ORDERS).count() == 1
    work()
    assert shop.asked == [(ORDER,)]


EVENTS = [("order.created", "pending"), ("order.updated", "processing"), ("order.updated", "cancelled")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_every_order_of_deliveries_ends_in_the_shops_state(
    webhook: Webhook, shop: Answers, order: tuple[int, ...]
) -> None:
    for place in order:
        topic, status = EVENTS[place]
        deliver(webhook, json.dumps(BODY | {"status": status}).encode(), topic)
    shop.status = "cancelled"
    work()
    assert RemoteOrder.objects.get().status == "cancelled"
    assert not Order.objects.exists()


def test_a_hint_told_again_while_it_is_followed_is_followed_again(webhook: Webhook, shop: Answers) -> None:
    deliver(webhook, json.dumps(BODY).encode())

    def told_meanwhile() -> None:
        if len(shop.asked) == 1:
            shop.status, shop.modified = "completed", "2026-01-03T00:00:00"
            deliver(webhook, json.dumps(BODY).encode())

    shop.meanwhile = told_meanwhile
    work()
    assert len(shop.asked) == 2
    assert RemoteOrder.objects.get().status == "completed"


def test_the_tick_follows_hints_that_came_while_a_run_was_ending(webhook: Webhook, shop: Answers) -> None:
    deliver(webhook, json.dumps(BODY).encode())
    Run.objects.all().delete()
    assert tick()
    work()
    assert Order.objects.count() == 1


def test_a_deleted_order_is_no_error(webhook: Webhook, shop: Answers) -> None:
    assert deliver(webhook, b'{"id":999}', "order.deleted") == 200
    work()
    assert not OrderHint.objects.exists()
    assert not RemoteOrder.objects.exists()


def test_registering_needs_a_public_address(webhook: Webhook) -> None:
    registered = registration.register(webhook.integration)
    assert (registered.ok, "PUBLIC_URL" in registered.summary) == (False, True)


def test_registering_makes_what_is_missing_and_wakes_what_is_disabled() -> None:
    address = "https://office.example/hooks/t/"
    disabled = {"id": 5, "topic": "order.updated", "delivery_url": address, "status": "disabled"}
    foreign = {"id": 6, "topic": "order.created", "delivery_url": "https://other.example/", "status": "active"}
    made = [{"id": n, "topic": t, "delivery_url": address, "status": "active"} for n, t in enumerate("abcd")]
    woo = get("woocommerce")
    shop = Shop("https://shop.example", {"consumer_key": "ck", "consumer_secret": "cs"})
    registered, requests = play(
        able(able(woo.webhooks).register)(shop, address, "secret"),
        [answer([disabled, foreign]), *[answer(entry, 201) for entry in made]],
    )
    asked = [(request.method, request.url.rpartition("/wc/v3/")[2]) for request in requests[1:]]
    assert asked == [("POST", "webhooks"), ("PUT", "webhooks/5"), ("POST", "webhooks"), ("POST", "webhooks")]
    assert all(known.active for known in registered)


def test_a_key_that_may_only_read_says_how_to_go_on() -> None:
    woo = get("woocommerce")
    shop = Shop("https://shop.example", {"consumer_key": "ck", "consumer_secret": "cs"})
    with pytest.raises(ShopError, match="Read/Write") as caught:
        play(
            able(able(woo.webhooks).register)(shop, "https://office.example/hooks/t/", "secret"),
            [answer([]), answer({"code": "woocommerce_rest_cannot_create"}, 401)],
        )
    assert caught.value.kind == Failure.CREDENTIALS


@pytest.mark.parametrize(
    ("there", "problem"),
    [(True, ""), (False, "disabled our webhooks"), (None, "lost our webhooks")],
)
def test_the_daily_check_notices_disabled_and_lost_webhooks(
    webhook: Webhook, settings: Settings, monkeypatch: pytest.MonkeyPatch, there: bool | None, problem: str
) -> None:
    settings.PUBLIC_URL = "https://office.example"
    Webhook.objects.update(registered_at="2026-01-01T00:00Z", registered_for=settings.PUBLIC_URL)
    known = () if there is None else (RemoteWebhook("5", "order.updated", registration.address_of(webhook), there),)

    def drive(operation: Any, **_: Any) -> tuple[RemoteWebhook, ...]:
        operation.close()
        return known

    monkeypatch.setattr(client, "drive", drive)
    jobs.work(control.request(RunKind.WEBHOOK_CHECK, webhook.integration).pk)
    webhook.refresh_from_db()
    assert webhook.problem.startswith("The shop has") == bool(problem)
    assert webhook.problem.endswith("failed: The shop does not let us have any.") == bool(problem)
    assert problem in webhook.problem
    assert Integration.objects.get().runs.get().state == RunState.SUCCEEDED


def test_reading_deliveries_never_raises() -> None:
    woo = get("woocommerce")
    headers = {"x-wc-webhook-topic": "order.updated"}
    for body in (b"", b"\xff", b"[" * 100_000, b'{"id":1e999}', b'{"id":"7"}'):
        assert able(woo.webhooks).read(Notification(headers, body)).external_ids == ()
    assert (
        able(woo.webhooks).read(Notification({"x-wc-webhook-topic": "product.updated"}, b'{"id":7}')).external_ids == ()
    )


def test_a_shop_that_fails_is_not_asked_at_every_tick(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(*_: Any, **__: Any) -> None:
        raise ShopError(Failure.ADDRESS, "The shop sends us on to another address.")

    monkeypatch.setattr(client, "drive", moved)
    now = timezone.now()
    OrderHint.objects.create(integration=webhook.integration, external_id="7", first_at=now, last_at=now)
    for _ in range(4):
        hints.start_leftovers()
        work()
    assert Run.objects.filter(kind=RunKind.WEBHOOK_ORDERS).count() == 1
    Run.objects.update(finished_at=now - timedelta(minutes=16))
    assert hints.start_leftovers() == 1
