"""Endpoints and deliveries by API: made with a secret that is answered once, changed, deleted; sent again."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import pytest
from django.utils import timezone

from integrations import jobs
from integrations.access import api_keys
from integrations.choices import ApiScope
from integrations.follow_up import fan_out, steps
from integrations.models import WebhookDelivery, WebhookEndpoint
from integrations.simulator.receiver import Receiver, Reply
from integrations.webhooks import endpoints
from tests.api import described
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1"
EVENTS = ["customer.order.created", "customer.order.paid"]


@pytest.fixture
def partner() -> Partner:
    return Partner(ProjectFactory.create())


def made(partner: Partner, url: str, events: list[str] = EVENTS) -> dict[str, Any]:
    answer = partner.post(f"{ROOT}/webhooks", {"url": url, "events": events})
    assert answer.status_code == 201, answer.content
    described.check("POST", f"{ROOT}/webhooks", answer)
    found: dict[str, Any] = told(answer)
    return found


def order(partner: Partner, **values: Any) -> dict[str, Any]:
    answer = partner.post("/v1/orders", {"source_id": "web-1", "amount": 1000, **values})
    assert answer.status_code == 200
    found: dict[str, Any] = told(answer)
    return found


def test_an_order_by_api_is_told_at_once_and_signed_with_the_answered_secret(
    partner: Partner, receiver: Receiver, queue: Any
) -> None:
    secret = made(partner, receiver.url)["secret"]
    published = order(partner, status="PAID")
    assert [job.func_name for job in queue.jobs] == ["integrations.jobs.follow_up"]
    started = time.monotonic()
    jobs.follow_up(queue.jobs[0].args[0])
    assert time.monotonic() - started < 10, "less than a receiver is waited for"
    assert receiver.types == EVENTS
    for found in receiver.received:
        signed = hmac.new(secret.encode(), found.body, hashlib.sha256).hexdigest()
        assert found.headers["x-voucherify-signature"] == signed
        assert found.told["data"]["order"] == published
        assert found.told["event"]["event_source"] == {"channel": "API"}
    rows = told(partner.get(f"{ROOT}/deliveries"))["data"]
    assert [(row["event"], row["state"], row["order_id"]) for row in rows] == [
        ("customer.order.paid", "delivered", published["id"]),
        ("customer.order.created", "delivered", published["id"]),
    ]
    assert rows[0]["id"] == receiver.received[1].told["id"]


def test_the_secret_is_in_no_other_answer(partner: Partner) -> None:
    found = made(partner, "https://app.example/hooks")
    secret = found.pop("secret")
    one = partner.get(f"{ROOT}/webhooks/{found['id']}")
    described.check("GET", f"{ROOT}/webhooks/{found['id']}", one)
    assert told(one) == found
    assert told(partner.get(f"{ROOT}/webhooks"))["data"] == [found]
    changed = partner.put(f"{ROOT}/webhooks/{found['id']}", {"events": EVENTS[:1]})
    described.check("PUT", f"{ROOT}/webhooks/{found['id']}", changed)
    assert told(changed) == {**found, "events": EVENTS[:1]}
    for answer in (one, changed, partner.get(f"{ROOT}/webhooks")):
        assert secret not in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"url": "http://app.example", "events": EVENTS}, "Property .url: The address must begin with https://"),
        ({"url": "https://127.0.0.1/x", "events": EVENTS}, "Property .url: 127.0.0.1 is not a public address."),
        ({"url": "https://app.example", "events": ["order.eaten"]}, "Property .events: The events are customer.order"),
        ({"url": "https://app.example", "events": []}, "Property .events length cannot be lower than 1"),
        ({"url": "https://app.example"}, "Property .events is missing"),
        ({"url": 7, "events": EVENTS}, "Property .url must be text, not a whole number"),
        ({"url": "https://app.example", "events": EVENTS, "secret": "x"}, ".secret is not known here"),
    ],
)
def test_what_is_wrong_is_named(partner: Partner, body: dict[str, Any], details: str) -> None:
    answer = partner.post(f"{ROOT}/webhooks", body)
    described.check("POST", f"{ROOT}/webhooks", answer)
    assert (answer.status_code, told(answer)["key"]) == (400, "invalid_payload")
    assert details in told(answer)["details"]
    assert not WebhookEndpoint.objects.exists()


def test_the_same_address_twice_is_refused(partner: Partner) -> None:
    made(partner, "https://app.example/hooks")
    answer = partner.post(f"{ROOT}/webhooks", {"url": "https://app.example/hooks", "events": EVENTS})
    assert answer.status_code == 400
    assert "an endpoint with this address already" in told(answer)["details"]


def test_it_is_disabled_enabled_and_deleted(partner: Partner, receiver: Receiver) -> None:
    found = made(partner, receiver.url)
    path = f"{ROOT}/webhooks/{found['id']}"
    off = told(partner.put(path, {"enabled": False}))
    assert (off["enabled"], off["disabled_at"] is None) == (False, False)
    order(partner)
    steps.follow_up(partner.project.pk)
    assert receiver.received == []
    assert told(partner.put(path, {"enabled": True}))["enabled"] is True
    steps.follow_up(partner.project.pk)
    assert receiver.types == ["customer.order.created"]
    gone = partner.call("DELETE", path)
    described.check("DELETE", path, gone)
    assert (gone.status_code, partner.get(path).status_code) == (204, 404)
    assert told(partner.get(f"{ROOT}/webhooks"))["data"] == []
    assert len(told(partner.get(f"{ROOT}/deliveries"))["data"]) == 1


def test_a_delivery_is_read_in_full_and_sent_again(partner: Partner, receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(500, b"out of order")
    made(partner, receiver.url)
    order(partner)
    steps.follow_up(partner.project.pk)
    [listed] = told(partner.get(f"{ROOT}/deliveries?state=waiting"))["data"]
    path = f"{ROOT}/deliveries/{listed['id']}"
    answer = partner.get(path)
    described.check("GET", path, answer)
    one = told(answer)
    assert one["body"] == receiver.received[0].told
    assert [(each["status"], each["answer"]) for each in one["attempts"]] == [(500, "out of order")]
    assert {name: one[name] for name in listed} == listed
    receiver.reply = lambda _: Reply()
    again = partner.post(f"{path}/send-again", None)
    described.check("POST", f"{path}/send-again", again)
    assert (again.status_code, told(again)["state"]) == (202, "waiting")
    steps.follow_up(partner.project.pk)
    assert told(partner.get(path))["state"] == "delivered"
    assert [each["status"] for each in told(partner.get(path))["attempts"]] == [500, 200]


def test_what_cannot_be_sent_again_says_why(partner: Partner, receiver: Receiver) -> None:
    made(partner, receiver.url)
    order(partner)
    steps.follow_up(partner.project.pk)
    endpoints.disable(WebhookEndpoint.objects.get())
    [listed] = told(partner.get(f"{ROOT}/deliveries"))["data"]
    path = f"{ROOT}/deliveries/{listed['id']}/send-again"
    answer = partner.post(path, None)
    described.check("POST", path, answer)
    assert (answer.status_code, told(answer)["details"]) == (409, "Its endpoint is disabled: enable it first.")


def test_deliveries_are_filtered(partner: Partner) -> None:
    one = made(partner, "https://app.example/one")
    other = made(partner, "https://app.example/other", EVENTS[1:])
    published = order(partner, status="PAID")
    fan_out.pass_on(partner.project.pk)
    WebhookDelivery.objects.filter(event=EVENTS[0]).update(state="failed", next_try_at=None, finished_at=timezone.now())

    def count(query: str) -> int:
        return len(told(partner.get(f"{ROOT}/deliveries?{query}"))["data"])

    assert [count(f"webhook={one['id']}"), count(f"webhook={other['id']}")] == [2, 1]
    assert [count(f"event={EVENTS[0]}"), count("state=failed"), count("state=waiting")] == [1, 1, 2]
    assert [count(f"order={published['id']}"), count("order=ord_x"), count("created_before=2020-01-01")] == [3, 0, 0]
    wrong = partner.get(f"{ROOT}/deliveries?state=eaten")
    assert (wrong.status_code, told(wrong)["key"]) == (400, "invalid_query_params")


def test_another_scope_opens_nothing_here(partner: Partner) -> None:
    found = made(partner, "https://app.example/one")
    scopes = [scope for scope in ApiScope.values if scope != ApiScope.WEBHOOKS]
    stranger = Partner(partner.project, api_keys.make(partner.project.pk, "No webhooks", scopes))
    answers = [
        stranger.get(f"{ROOT}/webhooks"),
        stranger.post(f"{ROOT}/webhooks", {"url": "https://app.example/x", "events": EVENTS}),
        stranger.put(f"{ROOT}/webhooks/{found['id']}", {"enabled": False}),
        stranger.call("DELETE", f"{ROOT}/webhooks/{found['id']}"),
        stranger.get(f"{ROOT}/deliveries"),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert WebhookEndpoint.objects.get().enabled
