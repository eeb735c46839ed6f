"""What fails is tried again on the published schedule, then given up; people can send again; bodies are cleared."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.follow_up import fan_out
from integrations.models import DeliveryAttempt, Project, WebhookDelivery
from integrations.simulator.receiver import Receiver, Reply
from integrations.webhooks import deliveries, endpoints, sender
from integrations.webhooks.sender import RETRIES, next_try
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import answering, clock_at, endpoint_at, sell, states, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


PUBLISHED = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]


def test_the_schedule_is_the_published_one(project: Project, receiver: Receiver) -> None:
    """Each try happens at its published time since the first one, and not a second before; then the end."""
    receiver.reply = lambda _: Reply(500)
    endpoint = endpoint_at(project, receiver.url)
    start = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    with clock_at(start):
        sell(project, 2)
        work(project)
    assert len(receiver.received) == 1
    for tries, minutes in enumerate(PUBLISHED, start=1):
        with clock_at(start + timedelta(minutes=minutes, seconds=-1)):
            assert sender.due_projects() == []
            work(project)
            assert len(receiver.received) == tries
        with clock_at(start + timedelta(minutes=minutes)):
            assert sender.due_projects() == [project.pk]
            work(project)
            assert len(receiver.received) == tries + 1
            endpoint.refresh_from_db()
            assert endpoint.enabled == (tries < 12)
    assert len({found.body for found in receiver.received}) == 1
    assert states() == [("created", "failed", 13), ("created", "waiting", 0)]
    assert WebhookDelivery.objects.order_by("id")[0].reason == (
        "Given up after 13 tries. The receiver answered HTTP 500."
    )
    assert endpoint.reason == (
        "Disabled by itself: 12 re-tries over 24 hours have failed. The last one: The receiver answered HTTP 500."
    )
    with clock_at(start + timedelta(days=3)):
        assert sender.due_projects() == []
        work(project)
    assert len(receiver.received) == 13


def test_the_times_of_tries() -> None:
    start = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    found = [next_try(start, tries, start) for tries in range(1, 14)]
    assert found == [*(start + timedelta(minutes=minutes) for minutes in PUBLISHED), None]
    assert len(RETRIES) == 12
    late = start + timedelta(hours=30)  # nobody was there to try: not all at once now
    assert next_try(start, 3, late) == late + timedelta(minutes=1)


def test_a_disabled_endpoint_goes_on_with_what_waits(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    endpoints.disable(endpoint)
    sell(project, 2)
    work(project)
    assert receiver.received == []
    assert endpoints.enable(endpoint)
    work(project)
    assert [state for _, state, _ in states()] == ["delivered"] * 2


def test_what_one_delivery_suffers_does_not_disable_an_endpoint_that_works(
    project: Project, receiver: Receiver
) -> None:
    """A receiver that refuses one event for ever, and takes all others."""
    endpoint = endpoint_at(project, receiver.url)
    sell(project)
    fan_out.pass_on(project.pk)
    poison = WebhookDelivery.objects.get().subject
    receiver.reply = lambda received: Reply(400 if received.told["event"]["entity_id"] == poison else 200)
    start = timezone.now()
    with clock_at(start):
        work(project)
    for minutes in PUBLISHED:
        with clock_at(start + timedelta(minutes=minutes)):
            sell(project)
            work(project)
    endpoint.refresh_from_db()
    assert endpoint.enabled
    assert states()[0] == ("created", "failed", 13)
    assert {state for _, state, _ in states()[1:]} == {"delivered"}


def test_gone_disables_at_once_and_keeps_what_waits(project: Project, receiver: Receiver) -> None:
    receiver.reply = answering(410)
    endpoint = endpoint_at(project, receiver.url)
    sell(project, 2)
    work(project)
    work(project)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, len(receiver.received)) == (False, 1)
    assert endpoint.reason == "Disabled by itself: the receiver says that there is nothing any more (HTTP 410)."
    endpoints.enable(endpoint)
    work(project)
    assert [state for _, state, _ in states()] == ["delivered"] * 2


# --- tests and sending again ---


def test_a_test_is_sent_once_also_to_a_disabled_endpoint(project: Project, receiver: Receiver) -> None:
    receiver.reply = answering(500)
    endpoint = endpoint_at(project, receiver.url)
    endpoints.disable(endpoint)
    failed, taken = sender.send_test(endpoint), sender.send_test(endpoint)
    assert (failed.state, failed.reason) == ("failed", "The receiver answered HTTP 500.")
    assert taken.state == "delivered"
    assert [found.told["type"] for found in receiver.received] == ["webhook.test"] * 2
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.enabled) == (0, False)


def test_what_was_given_up_is_sent_again_with_all_its_tries(project: Project, receiver: Receiver) -> None:
    receiver.reply = answering(500)
    endpoint_at(project, receiver.url)
    sell(project)
    work(project)
    WebhookDelivery.objects.update(state="failed", tries=13, next_try_at=None, finished_at=timezone.now())
    assert deliveries.send_again(WebhookDelivery.objects.all()) == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.attempts_made) == ("waiting", 0, 1)
    work(project)
    assert states() == [("created", "delivered", 2)]
    assert json.loads(receiver.received[0].body) == json.loads(receiver.received[1].body)


def test_what_cannot_be_sent_again_says_why(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    sell(project)
    work(project)
    delivery = WebhookDelivery.objects.get()
    assert deliveries.why_not(delivery) == ""
    endpoints.disable(endpoint)
    delivery = WebhookDelivery.objects.get()
    assert deliveries.why_not(delivery) == "Its endpoint is disabled: enable it first."
    assert deliveries.send_again(WebhookDelivery.objects.all()) == 0
    endpoints.enable(endpoint)
    WebhookDelivery.objects.update(body=None)
    assert deliveries.why_not(WebhookDelivery.objects.get()) == "Its body was cleared: read the order by the API."
    assert deliveries.send_again(WebhookDelivery.objects.all()) == 0
    endpoints.delete(endpoint)
    assert deliveries.why_not(WebhookDelivery.objects.get()) == "Its endpoint was deleted."


# --- clearing ---


def test_bodies_are_cleared_after_a_while_some_at_a_time(
    project: Project, receiver: Receiver, monkeypatch: Any, settings: Any
) -> None:
    endpoint_at(project, receiver.url)
    sell(project, 5)
    work(project)
    finished = timezone.now()
    with clock_at(finished + timedelta(days=29)):
        assert deliveries.clear_bodies() == 0
    monkeypatch.setattr(deliveries, "CLEARED_AT_ONCE", 3)
    with clock_at(finished + timedelta(days=31)):
        assert [deliveries.clear_bodies() for _ in range(3)] == [3, 2, 0]
    assert set(WebhookDelivery.objects.values_list("body", "state", "attempts_made")) == {(None, "delivered", 1)}
    assert set(DeliveryAttempt.objects.values_list("status", "answer")) == {(200, "")}


def test_what_waits_too_long_at_a_disabled_endpoint_is_given_up(project: Project, receiver: Receiver) -> None:
    endpoint = endpoint_at(project, receiver.url)
    endpoints.disable(endpoint)
    sell(project)
    work(project)
    with clock_at(timezone.now() + timedelta(days=31)):
        assert deliveries.clear_bodies() == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.reason) == ("failed", "Given up: it waited too long at a disabled endpoint.")
    assert delivery.body is None
