"""Events reach a real receiver: signed, in order, at least once, on the published schedule."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Any

import django_rq
import pytest
from django.utils import timezone

from config.kit.sql import execute
from integrations import client, tick
from integrations.choices import WebhookEvent
from integrations.client import Limits, poster
from integrations.follow_up import fan_out, steps
from integrations.invariants import broken
from integrations.models import DeliveryAttempt, Project, WebhookDelivery, WebhookEndpoint
from integrations.secrets import Secrets
from integrations.simulator.receiver import Received, Receiver, Reply
from integrations.webhooks import sender
from orders.intake.plans import HISTORY
from orders.work import lifecycle
from tests.factories import ProjectFactory, incoming, line
from tests.integrations.webhooks.deliveries import answering, endpoint_at, rest_over, sell, sell_paid, states, work
from tests.orders.intake.test_new_orders import take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_everything_arrives_in_order_with_a_signature(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    orders = sell_paid(project, 3)
    lifecycle.cancel(orders[1].pk)
    work(project)
    kinds = ["created", "paid"] * 3 + ["canceled"]
    assert receiver.types == [f"customer.order.{kind}" for kind in kinds]
    secret = endpoint.secrets["signing"].encode()
    for found in receiver.received:
        signed = found.headers["x-voucherify-signature"]
        assert signed == hmac.new(secret, found.body, hashlib.sha256).hexdigest()
        timed = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", found.headers["x-countinghouse-signature"])
        assert timed is not None
        assert timed[2] == hmac.new(secret, timed[1].encode() + b"." + found.body, hashlib.sha256).hexdigest()
        assert abs(int(timed[1]) - time.time()) < 60
        assert found.headers["content-type"] == "application/json"
    assert states() == [(kind, "delivered", 1) for kind in kinds]
    assert len({found.told["id"] for found in receiver.received}) == 7
    attempt = DeliveryAttempt.objects.order_by("id")[0]
    assert (attempt.number, attempt.status, attempt.answer) == (1, 200, "ok")
    assert broken() == {}


def test_endpoints_hear_what_they_asked_for(project: Project, receiver: Receiver) -> None:
    endpoint_at(project, f"{receiver.url}/paid", [WebhookEvent.ORDER_PAID])
    endpoint_at(project, f"{receiver.url}/all")
    endpoint_at(ProjectFactory.create(), f"{receiver.url}/stranger")
    sell_paid(project)
    work(project)
    heard = sorted((found.path, found.told["type"]) for found in receiver.received)
    assert heard == [
        ("/hooks/all", "customer.order.created"),
        ("/hooks/all", "customer.order.paid"),
        ("/hooks/paid", "customer.order.paid"),
    ]


def test_history_is_not_sent_and_live_orders_are(project: Project, receiver: Receiver) -> None:
    endpoint_at(project, receiver.url)
    take(project, (incoming(line("A-17")), HISTORY))
    work(project)
    assert receiver.types == []
    sell(project)
    work(project)
    assert receiver.types == ["customer.order.created"]


def test_a_failed_try_is_repeated_with_the_same_bytes(project: Project, receiver: Receiver) -> None:
    receiver.reply = answering(500)
    endpoint = endpoint_at(project, receiver.url)
    [order] = sell(project)
    work(project)
    assert states() == [("created", "waiting", 1)]
    delivery = WebhookDelivery.objects.get()
    assert delivery.reason == "The receiver answered HTTP 500."
    lifecycle.hold(order.pk)  # the order changes; what was written stays
    rest_over(endpoint)
    work(project)
    first, second = receiver.received
    assert first.body == second.body
    assert states() == [("created", "delivered", 2)]


def test_while_the_receiver_is_away_only_the_oldest_is_tried_and_order_is_kept(
    project: Project, receiver: Receiver
) -> None:
    receiver.reply = answering(503, 503)
    endpoint = endpoint_at(project, receiver.url)
    sell(project, 3)
    work(project)
    work(project)
    assert states() == [("created", "waiting", 1), ("created", "waiting", 0), ("created", "waiting", 0)]
    rest_over(endpoint)
    work(project)
    rest_over(endpoint)
    work(project)
    heard = [found.told["event"]["entity_id"] for found in receiver.received]
    assert heard == [heard[0]] * 3 + heard[3:]
    assert [state for _, state, _ in states()] == ["delivered"] * 3
    assert heard[2:] == list(WebhookDelivery.objects.order_by("id").values_list("subject", flat=True))


def test_one_that_is_refused_does_not_hold_up_the_next(project: Project, receiver: Receiver) -> None:
    receiver.reply = answering(422)
    endpoint_at(project, receiver.url)
    sell(project, 3)
    work(project)
    assert states() == [("created", "waiting", 1), ("created", "delivered", 1), ("created", "delivered", 1)]


REFUSED = [301, 302, 304, 307, 308, 400, 401, 404, 422]


@pytest.mark.parametrize("status", [*REFUSED, 408, 425, 429, 500, 502, 503])
def test_nothing_but_2xx_counts_and_no_redirect_is_followed(project: Project, receiver: Receiver, status: int) -> None:
    with Receiver() as elsewhere:
        receiver.reply = lambda _: Reply(status, b"", {"Location": elsewhere.url})
        endpoint = endpoint_at(project, receiver.url)
        sell(project)
        work(project)
        assert (states(), len(receiver.received), elsewhere.received) == ([("created", "waiting", 1)], 1, [])
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.failures, endpoint.rest_until is None) == (True, 1, status in REFUSED)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_counts(project: Project, receiver: Receiver, status: int) -> None:
    receiver.reply = lambda _: Reply(status, b"")
    endpoint_at(project, receiver.url)
    sell(project)
    work(project)
    assert states() == [("created", "delivered", 1)]


# --- nothing is lost ---


def test_a_worker_that_dies_after_sending_leads_to_a_second_copy(
    project: Project, receiver: Receiver, monkeypatch: Any
) -> None:
    endpoint_at(project, receiver.url)
    sell(project)
    real = sender.record

    def dies(*_: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(sender, "record", dies)
    with pytest.raises(KeyboardInterrupt):
        work(project)
    monkeypatch.setattr(sender, "record", real)
    work(project)
    assert len(receiver.received) == 1  # the dead worker's lease holds
    execute("UPDATE integrations_webhookendpoint SET lease_until = now() - interval '1 second'")
    assert steps.ring_due() == {project.pk}
    work(project)
    one, two = receiver.received
    assert (one.body, one.told["id"]) == (two.body, two.told["id"])
    assert states() == [("created", "delivered", 1)]


def test_who_has_lost_the_endpoint_writes_nothing(project: Project, receiver: Receiver) -> None:
    endpoint_at(project, receiver.url)
    sell(project)
    fan_out.pass_on(project.pk)
    slow = sender.claim(project.pk)
    assert slow is not None
    assert sender.claim(project.pk) is None
    execute("UPDATE integrations_webhookendpoint SET lease_until = now() - interval '1 second'")
    work(project)
    delivery = WebhookDelivery.objects.get()
    assert not sender.record(slow, delivery.pk, client.Posted(500, 0.1, "late"))
    assert states() == [("created", "delivered", 1)]
    assert DeliveryAttempt.objects.count() == 1


def test_an_emptied_queue_loses_nothing(project: Project, receiver: Receiver) -> None:
    endpoint_at(project, receiver.url)
    sell_paid(project)
    queue = django_rq.get_queue("default")
    steps.ring_due()
    assert queue.count == 1
    queue.connection.flushdb()
    assert tick.tick()
    assert queue.count == 1
    for job in queue.jobs:
        job.perform()
    assert receiver.types == ["customer.order.created", "customer.order.paid"]


# --- who is away or slow ---


def test_a_dead_endpoint_does_not_hold_up_another(project: Project, receiver: Receiver, settings: Any) -> None:
    with Receiver() as gone:
        settings.ALLOWED_SHOP_ADDRESSES = {receiver.address, gone.address}
        dead = endpoint_at(project, gone.url)
    endpoint_at(project, receiver.url)
    sell(project, 4)
    started = time.monotonic()
    work(project)
    assert time.monotonic() - started < 10, "less than a receiver is waited for"
    assert len(receiver.received) == 4
    assert WebhookDelivery.objects.filter(endpoint=dead).order_by("id")[0].reason == (
        "The connection to the receiver could not be made or broke off."
    )


def test_a_receiver_has_ten_seconds(project: Project, receiver: Receiver, monkeypatch: Any) -> None:
    """The limit itself is one number; here it is made small, and what it does is shown."""
    assert (poster.LIMITS.read, poster.LIMITS.total) == (10, 10)
    quick = Limits(connect=1, read=0.2, total=0.3, size=100)
    monkeypatch.setattr(poster.post, "__kwdefaults__", {"allowed": None, "limits": quick})
    receiver.reply = lambda _: Reply(after=1)
    endpoint = endpoint_at(project, receiver.url)
    sell(project)
    work(project)
    assert states() == [("created", "waiting", 1)]
    endpoint.refresh_from_db()
    assert endpoint.rest_until is not None
    assert WebhookDelivery.objects.get().reason == "The receiver was silent for 0.2 seconds."


def test_a_slow_receiver_rests_in_proportion(project: Project, receiver: Receiver, monkeypatch: Any) -> None:
    endpoint = endpoint_at(project, receiver.url)
    sell(project, 2)
    monkeypatch.setattr(client, "post", lambda *_: client.Posted(200, 9.0, "ok"))
    work(project)
    endpoint.refresh_from_db()
    assert states() == [("created", "delivered", 1), ("created", "waiting", 0)]
    assert endpoint.rest_until is not None
    assert 30 < (endpoint.rest_until - timezone.now()).total_seconds() <= 36
    assert endpoint.failures == 0


# --- what is kept of answers ---


def test_an_answer_is_shown_short_without_secrets(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    secret = endpoint.secrets["signing"]

    def echo(received: Received) -> Reply:
        signed = received.headers["x-voucherify-signature"]
        return Reply(400, f"bad\n\x00 {secret} {signed} ".encode() + b"\xff" + b"x" * 5_000_000)

    receiver.reply = echo
    sell(project)
    work(project)
    answer = DeliveryAttempt.objects.get().answer
    assert answer == "bad … … �" + "x" * (200 - len("bad … … �"))


def test_a_secret_that_cannot_be_read_stops_sending(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(secrets=Secrets())
    sell(project)
    work(project)
    endpoint.refresh_from_db()
    assert (receiver.received, endpoint.enabled) == ([], False)
    assert endpoint.reason == (
        "Disabled by itself: its secret cannot be read any more. Make a new one, then enable it."
    )
