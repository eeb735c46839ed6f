"""Send deliveries: endpoint by endpoint, in the order of the events, tried again on the published schedule.

A worker holds an endpoint by a lease with a fencing token while it sends. Nothing is sent inside a transaction; what
came of a try is written by whoever still holds the endpoint. A worker that dies in between has sent what nobody knows
of: it is sent again, so receivers get everything at least once, each time with the same id.

An endpoint that is away (no answer, 5xx, 408, 425, 429) rests until its oldest delivery is due again, so a dead one
costs one try at a time. What it refuses (other answers) waits alone, and the next ones go on. One that answers slowly
rests after each answer four times as long as it took, so it never has more than a fifth of a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from config.kit import true_time
from config.kit.public_ids import PublicIds
from config.kit.sql import execute, next_ids
from integrations import client
from integrations.choices import DeliveryState, WebhookEvent
from integrations.client import Posted
from integrations.models import DeliveryAttempt, Project, WebhookDelivery, WebhookEndpoint
from integrations.webhooks.event_bodies import Event, body, signed_headers

# When a failed delivery is tried again, counted from its first try: 1, 2, 4 ... 1,024 minutes, 24 hours.
#
# Source: Voucherify, "Introduction to webhooks", "Responding to webhooks".
RETRIES = (*(timedelta(minutes=2**turn) for turn in range(11)), timedelta(hours=24))
SHORTEST_PAUSE = timedelta(minutes=1)
# Longer than a try can take: ten seconds, and what looking up a name takes.
LEASE = timedelta(seconds=60)
# Seconds a worker stays with one endpoint before the next one's turn.
TURN = 1.0
SLOW = 1.0
REST_FOR_SLOWNESS = 4
AWAY = frozenset({408, 425, 429})
LONGEST_ANSWER = 200
EXHAUSTED = "Disabled by itself: {} re-tries over 24 hours have failed. The last one: {}"
GONE = "Disabled by itself: the receiver says that there is nothing any more (HTTP 410)."
NO_SECRET = "Disabled by itself: its secret cannot be read any more. Make a new one, then enable it."  # noqa: S105
_DUE = (
    "e.enabled AND e.deleted_at IS NULL AND (e.rest_until IS NULL OR e.rest_until <= %s)"
    " AND (e.lease_until IS NULL OR e.lease_until <= now()) AND EXISTS (SELECT 1 FROM integrations_webhookdelivery d"
    " WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_try_at <= %s)"
)


@dataclass(frozen=True)
class Held:
    """The right to send to an endpoint until somebody takes a newer token."""

    endpoint_id: int
    token: int


def due_projects() -> list[int]:
    """The projects that have something to send now."""
    found = execute(
        f"SELECT DISTINCT e.project_id FROM integrations_webhookendpoint e WHERE {_DUE}",  # noqa: S608
        [true_time.now(), true_time.now()],
    )
    return [row[0] for row in found]


def deliver(project_id: int) -> bool:
    """One turn of the endpoint that had none for longest. Whether there may be more to send."""
    held = claim(project_id)
    if held is None:
        return False
    _turn(held)
    return True


def claim(project_id: int) -> Held | None:
    """Take an endpoint that has something to send; None when there is none, or others have them all."""
    rows = execute(
        "UPDATE integrations_webhookendpoint SET token = token + 1, lease_until = now() + %s,"  # noqa: S608
        " served_at = now() WHERE id = (SELECT e.id FROM integrations_webhookendpoint e"
        f" WHERE e.project_id = %s AND {_DUE}"
        " ORDER BY e.served_at NULLS FIRST, e.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED) RETURNING id, token",
        [LEASE, project_id, true_time.now(), true_time.now()],
    )
    return Held(*rows[0]) if rows else None


def _turn(held: Held) -> None:
    deadline = monotonic() + TURN
    while True:
        endpoint = _endpoint(held)
        delivery = _next(held.endpoint_id) if endpoint is not None else None
        if endpoint is None or delivery is None:
            break
        if not endpoint.secrets.get("signing"):
            _of(held).update(enabled=False, disabled_at=true_time.now(), reason=NO_SECRET)
            break
        posted = send(endpoint, delivery)
        if not record(held, delivery.pk, posted) or monotonic() > deadline:
            break
    _of(held).update(lease_until=None)


def _of(held: Held) -> Any:
    """The endpoint while it is held, as a queryset to be updated."""
    return WebhookEndpoint.objects.filter(pk=held.endpoint_id, token=held.token)


def _endpoint(held: Held) -> WebhookEndpoint | None:
    """As it is now, if it may be sent to; the lease begins anew."""
    _of(held).update(lease_until=Now() + LEASE)
    found: WebhookEndpoint | None = _of(held).filter(enabled=True, deleted_at=None).first()
    resting = found is not None and found.rest_until is not None and found.rest_until > true_time.now()
    return None if resting else found


def _next(endpoint_id: int) -> WebhookDelivery | None:
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint_id, state=DeliveryState.WAITING)
    return waiting.filter(next_try_at__lte=true_time.now()).order_by("pk").first()


def send(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Posted:
    """One try. Nothing is written."""
    content = bytes(delivery.body or b"")
    headers = signed_headers(endpoint.secrets["signing"], content, true_time.now())
    posted = client.post(endpoint.url, content, headers)
    return Posted(posted.status, posted.seconds, shown(posted.text, endpoint.secrets["signing"], *headers.values()))


def shown(text: str, *secrets: str) -> str:
    """The beginning of an answer for people: one line, without what must stay between the two."""
    for secret in secrets:
        text = text.replace(secret, "…")
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:LONGEST_ANSWER]


def next_try(first: datetime, tries: int, now: datetime) -> datetime | None:
    """When to try again after so many failed tries; None: that was the last one."""
    if tries > len(RETRIES):
        return None
    return max(first + RETRIES[tries - 1], now + SHORTEST_PAUSE)


def record(held: Held | None, delivery_id: int, posted: Posted) -> bool:
    """Write down what came of a try. Whether the endpoint may be sent the next one.

    Nothing is written by who does not hold the endpoint any more. `held` is None for a test, which holds nothing.
    """
    now = true_time.now()
    with transaction.atomic():
        endpoint = None
        if held is not None:
            endpoint = _of(held).select_for_update().first()
            if endpoint is None:
                return False
        delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
        delivery.tries += 1
        delivery.attempts_made += 1
        delivery.first_try_at = delivery.first_try_at or now
        DeliveryAttempt.objects.create(
            delivery=delivery,
            number=delivery.attempts_made,
            at=now,
            status=posted.status,
            seconds=round(posted.seconds, 3),
            answer=posted.text,
        )
        if posted.status is not None and 200 <= posted.status < 300:
            _finish(delivery, DeliveryState.DELIVERED, "", now)
        elif delivery.event == WebhookEvent.TEST:
            _finish(delivery, DeliveryState.FAILED, said(posted), now)
        else:
            _wait_or_give_up(delivery, posted, now)
        delivery.save()
        return endpoint is not None and _note(endpoint, delivery, posted, now)


def said(posted: Posted) -> str:
    """What went wrong, a sentence for staff."""
    return posted.text if posted.status is None else f"The receiver answered HTTP {posted.status}."


def _finish(delivery: WebhookDelivery, state: DeliveryState, reason: str, now: datetime) -> None:
    delivery.state, delivery.reason = state, reason[:300]
    delivery.finished_at, delivery.next_try_at = now, None


def _wait_or_give_up(delivery: WebhookDelivery, posted: Posted, now: datetime) -> None:
    delivery.next_try_at = next_try(delivery.first_try_at or now, delivery.tries, now)
    delivery.reason = said(posted)[:300]
    if delivery.next_try_at is None:
        _finish(delivery, DeliveryState.FAILED, f"Given up after {delivery.tries} tries. {said(posted)}", now)


def _note(endpoint: WebhookEndpoint, delivery: WebhookDelivery, posted: Posted, now: datetime) -> bool:
    """Keep what the try says of the endpoint. Whether it may be sent the next one at once."""
    last_success = endpoint.last_success_at
    endpoint.rest_until = None
    if delivery.state == DeliveryState.DELIVERED:
        endpoint.failures, endpoint.last_success_at = 0, now
    elif delivery.event != WebhookEvent.TEST:
        endpoint.failures += 1
        if posted.status == 410:
            endpoint.enabled, endpoint.disabled_at, endpoint.reason = False, now, GONE
        elif delivery.state == DeliveryState.FAILED:
            if last_success is None or last_success < (delivery.first_try_at or now):
                reason = EXHAUSTED.format(len(RETRIES), said(posted))
                endpoint.enabled, endpoint.disabled_at, endpoint.reason = False, now, reason[:300]
        elif is_away(posted):
            endpoint.rest_until = delivery.next_try_at
    if endpoint.rest_until is None and posted.seconds > SLOW:
        endpoint.rest_until = now + timedelta(seconds=REST_FOR_SLOWNESS * posted.seconds)
    endpoint.save(update_fields=["failures", "last_success_at", "enabled", "disabled_at", "reason", "rest_until"])
    return endpoint.enabled and endpoint.rest_until is None


def is_away(posted: Posted) -> bool:
    """Whether the receiver as a whole does not work now, so that no other delivery would fare better."""
    return posted.status is None or posted.status >= 500 or posted.status in AWAY


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send one test event now, also to a disabled endpoint, and say in the delivery what came of it. Never retried."""
    project = Project.objects.get(pk=endpoint.project_id)
    ids, now = PublicIds(bytes(project.id_key)), true_time.now()
    pk = next_ids(WebhookDelivery, 1)[0]
    event = Event(ids.give("test", pk), WebhookEvent.TEST.value, now, "", {"message": "This is a test."})
    delivery = WebhookDelivery.objects.create(
        pk=pk,
        endpoint=endpoint,
        project=project,
        event_id=event.id,
        event=event.type,
        happened_at=now,
        body=body(ids, endpoint, pk, event, now),
        next_try_at=now + SHORTEST_PAUSE,
        created_at=now,
    )
    if endpoint.secrets.get("signing"):
        record(None, pk, send(endpoint, delivery))
    else:
        record(None, pk, Posted(None, 0, "Its secret cannot be read any more: make a new one."))
    delivery.refresh_from_db()
    return delivery
