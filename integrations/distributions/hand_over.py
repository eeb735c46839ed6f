"""Messages by webhook: handed to the endpoint's deliveries, which are signed, tried again and listed as all others."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from config.kit import true_time
from config.kit.isolating import guarded, place_of
from config.kit.public_ids import PublicIds
from integrations.choices import DistributionChannel, MessageState, WebhookEvent
from integrations.distributions.dispatch import due, settle
from integrations.distributions.field_values import Values, load_values
from integrations.distributions.wording import fill
from integrations.models import Message, WebhookEndpoint
from integrations.webhooks import deliveries
from integrations.webhooks.event_bodies import Event, person

BATCH = 200
HANDED = "Given to the endpoint: see its deliveries."
NO_ENDPOINT = "Its endpoint was deleted: choose another one in the distribution, then send it again."
NO_CUSTOMER = "The customer is not here any more."


def hand_over(project_id: int) -> bool:
    """Turn a batch of the project's webhook messages into deliveries, all at once. Whether there may be more."""
    at = true_time.now()
    with transaction.atomic():
        waiting = due(project_id, at).filter(distribution__channel=DistributionChannel.WEBHOOK)
        related = waiting.select_related("distribution__project", "distribution__endpoint")
        batch = list(related.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        if not batch:
            return False
        values = load_values(project_id, batch)
        ids = PublicIds(bytes(values.project.id_key))
        wanted: list[tuple[WebhookEndpoint, Event, str]] = []
        told: list[int] = []
        for message in batch:
            endpoint, customer = message.distribution.endpoint, values.customers.get(message.customer_id)
            if endpoint is None or endpoint.deleted_at is not None:
                settle(message, MessageState.FAILED, NO_ENDPOINT)
            elif customer is None:
                settle(message, MessageState.SKIPPED, NO_CUSTOMER)
            else:
                event = guarded(partial(_event, ids, message, values), partial(_broken, message))
                if event is not None:
                    wanted.append((endpoint, event, ""))
                    told.append(message.pk)
        deliveries.write(ids, wanted, at)
        Message.objects.filter(pk__in=told).update(state=MessageState.SENT, reason=HANDED, sent_at=at, tries=1)
    return len(batch) == BATCH


def _broken(message: Message, error: Exception) -> None:
    """A fault of ours keeps one message back, none of the others."""
    settle(message, MessageState.FAILED, f"A fault of Countinghouse ({place_of(error)}). Report it.")


def _event(ids: PublicIds, message: Message, values: Values) -> Event:
    distribution, customer = message.distribution, values.customers[message.customer_id]
    segment_id = distribution.segment_id or 0
    data: dict[str, Any] = {
        "customer": person(ids, customer),
        "segment": {
            "id": ids.give("seg", segment_id),
            "name": values.segments.get(segment_id, ""),
            "object": "segment",
        },
        "distribution": {"id": ids.give("dist", distribution.pk), "name": distribution.name, "object": "distribution"},
        "message": fill(distribution.text, values.of(message)) or None,
    }
    subject = ids.give("cust", customer.pk)
    return Event(ids.give("msg", message.pk), WebhookEvent.SEGMENT_ENTERED, message.created_at, subject, data)
