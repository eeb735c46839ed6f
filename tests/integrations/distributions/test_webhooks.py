"""Distributions by webhook: the endpoint they name is told once of each customer who enters, signed like all else."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations.choices import DistributionChannel, DistributionTrigger, MessageState
from integrations.distributions import hand_over as handing
from integrations.distributions.authoring import SettingsRefused
from integrations.distributions.dispatch import send_again, send_letters
from integrations.distributions.hand_over import hand_over
from integrations.distributions.triggers import Occasion, start
from integrations.models import Message, Project, WebhookDelivery, WebhookEndpoint
from integrations.webhooks import endpoints
from integrations.webhooks.event_bodies import signature
from orders.choices import SegmentKind
from orders.models import Segment
from tests.integrations.distributions.conftest import Distributing, customer

ENTERED = DistributionTrigger.SEGMENT_ENTERED
WEBHOOK = DistributionChannel.WEBHOOK


@pytest.fixture
def endpoint(project: Project, settings: Settings) -> WebhookEndpoint:
    settings.ALLOWED_SHOP_ADDRESSES = {"127.0.0.1:9"}
    return endpoints.create(project, "http://127.0.0.1:9/hook", ["customer.order.paid"]).endpoint


@pytest.fixture
def segment(project: Project) -> Segment:
    now = timezone.now()
    return Segment.objects.create(
        project=project, name="Regulars", kind=SegmentKind.STATIC, created_at=now, updated_at=now
    )


def by_webhook(distributing: Distributing, segment: Segment, endpoint: WebhookEndpoint, text: str = "") -> None:
    distributing(
        trigger=ENTERED, segment_id=segment.pk, channel=WEBHOOK, endpoint_id=endpoint.pk, subject="", text=text
    )


def test_the_endpoint_is_told_once_whatever_it_is_subscribed_to(
    project: Project, distributing: Distributing, segment: Segment, endpoint: WebhookEndpoint
) -> None:
    by_webhook(distributing, segment, endpoint, "Give {{ customer.name }} a card")
    person = customer(project, metadata={"tier": "gold"})
    for _ in range(2):
        start(project.pk, [Occasion(ENTERED, 5, person.pk, segment.pk)], timezone.now())
        assert hand_over(project.pk) is False
        send_letters(project.pk)
    delivery = WebhookDelivery.objects.get()
    said = json.loads(bytes(delivery.body or b""))
    assert (said["type"], said["event"]["id"]) == ("customer.segment.entered", delivery.event_id)
    assert said["data"]["customer"]["email"] == "jana@mail.example"
    assert said["data"]["customer"]["metadata"] == {"tier": "gold"}
    assert said["data"]["segment"]["name"] == "Regulars"
    assert said["data"]["segment"]["id"].startswith("seg_")
    assert said["data"]["message"] == "Give Jana Nováková a card"
    assert said["event"]["entity_id"] == said["data"]["customer"]["id"]
    message = Message.objects.get()
    assert (message.state, message.reason) == (MessageState.SENT, handing.HANDED)
    assert signature(endpoint.secrets["signing"], bytes(delivery.body or b""))


def test_a_deleted_endpoint_fails_the_message_until_another_one_is_chosen(
    project: Project, distributing: Distributing, segment: Segment, endpoint: WebhookEndpoint
) -> None:
    by_webhook(distributing, segment, endpoint)
    endpoints.delete(endpoint)
    start(project.pk, [Occasion(ENTERED, 5, customer(project).pk, segment.pk)], timezone.now())
    hand_over(project.pk)
    assert (Message.objects.get().state, Message.objects.get().reason) == (MessageState.FAILED, handing.NO_ENDPOINT)
    other = endpoints.create(project, "http://127.0.0.1:9/other", ["customer.order.paid"]).endpoint
    project.distributions.update(endpoint=other)
    assert send_again(Message.objects.all()) == 1
    hand_over(project.pk)
    assert WebhookDelivery.objects.get().endpoint == other


def test_a_thousand_are_handed_over_in_batches_of_as_many_statements(
    project: Project, distributing: Distributing, segment: Segment, endpoint: WebhookEndpoint
) -> None:  # fmt: skip
    by_webhook(distributing, segment, endpoint)
    person = customer(project)
    start(project.pk, [Occasion(ENTERED, entry, person.pk, segment.pk) for entry in range(300)], timezone.now())
    assert hand_over(project.pk) is True
    assert hand_over(project.pk) is False
    assert WebhookDelivery.objects.count() == 300


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint_id": None}, "endpoint_id"),
        ({"trigger": DistributionTrigger.ORDER_PAID, "segment_id": None}, "trigger"),
        ({"text": "{{ order.number }}"}, "text"),
    ],
)
def test_what_cannot_be_told_by_webhook(
    distributing: Distributing, segment: Segment, endpoint: WebhookEndpoint, change: dict[str, object], field: str
) -> None:
    values = {"trigger": ENTERED, "segment_id": segment.pk, "channel": WEBHOOK, "endpoint_id": endpoint.pk, "text": ""}
    with pytest.raises(SettingsRefused) as refused:
        distributing(**values | change)
    assert list(refused.value.problems) == [field]
