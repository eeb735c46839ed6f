"""Deliveries: written for every event and endpoint, sent again when asked, cleared of their bodies after a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from config.kit import true_time
from config.kit.public_ids import PublicIds
from config.kit.sql import copy_rows, next_ids
from integrations.choices import DeliveryState
from integrations.models import DeliveryAttempt, Project, WebhookDelivery, WebhookEndpoint
from integrations.runs.queue import ring_follow_up
from integrations.webhooks.event_bodies import Event, body, order_data
from orders.models import Announcement, Order
from orders.partners.answers import publish

CLEARED_AT_ONCE = 500
TOO_OLD = "Given up: it waited too long at a disabled endpoint."
COLUMNS = (
    "id", "endpoint_id", "project_id", "event_id", "event", "subject", "number", "happened_at", "body", "state",
    "reason", "tries", "attempts_made", "next_try_at", "created_at",
)  # fmt: skip


def prepare(project_id: int, announcements: Sequence[Announcement]) -> None:
    """Write a delivery for each announcement and endpoint that wants it. Disabled endpoints get theirs later.

    An order is shown as it is now, moments after it was announced.
    """
    endpoints = list(WebhookEndpoint.objects.filter(project=project_id, deleted_at=None).order_by("pk"))
    wanted = [told for told in announcements if any(told.kind in endpoint.events for endpoint in endpoints)]
    if not wanted:
        return
    ids = PublicIds(bytes(Project.objects.get(pk=project_id).id_key))
    events = _events(ids, wanted)
    chosen = [
        (endpoint, event, number) for event, number in events for endpoint in endpoints if event.type in endpoint.events
    ]
    write(ids, chosen, true_time.now())


def _events(ids: PublicIds, announcements: Sequence[Announcement]) -> list[tuple[Event, str]]:
    """The events, each with the number of its order."""
    found = Order.objects.filter(pk__in={told.order_id for told in announcements})
    orders = list(found.select_related("customer", "referrer"))
    published = {
        order.pk: (order, order_data(ids, order, document))
        for order, document in zip(orders, publish(ids, orders), strict=True)
    }
    events = []
    for told in announcements:
        order, data = published[told.order_id]
        channel = "INTERNAL" if order.partner is None else "API"
        event = Event(ids.give("evt", told.pk), told.kind, told.at, ids.give("ord", order.pk), data, channel)
        events.append((event, order.number))
    return events


def write(ids: PublicIds, chosen: Sequence[tuple[WebhookEndpoint, Event, str]], at: datetime) -> None:
    """One row for each endpoint and event, with the number of its order or "", in one statement."""
    rows = [
        (
            pk, endpoint.pk, endpoint.project_id, event.id, event.type, event.subject, number, event.at,
            body(ids, endpoint, pk, event, at), DeliveryState.WAITING.value, "", 0, 0, at, at,
        )
        for pk, (endpoint, event, number) in zip(next_ids(WebhookDelivery, len(chosen)), chosen, strict=True)
    ]  # fmt: skip
    if rows:
        copy_rows(WebhookDelivery, COLUMNS, rows)


def sendable(deliveries: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
    """Those that can be sent again: the body is still here, and the endpoint takes deliveries."""
    return deliveries.filter(body__isnull=False, endpoint__enabled=True, endpoint__deleted_at=None)


def why_not(delivery: WebhookDelivery) -> str:
    """Why this one cannot be sent again, a sentence; "" when it can."""
    if delivery.endpoint.deleted_at is not None:
        return "Its endpoint was deleted."
    if not delivery.endpoint.enabled:
        return "Its endpoint is disabled: enable it first."
    return "" if delivery.body is not None else "Its body was cleared: read the order by the API."


def send_again(deliveries: QuerySet[WebhookDelivery]) -> int:
    """Send these once more, at once, with all their tries before them. How many can be."""
    with transaction.atomic():
        found = sendable(deliveries).order_by("endpoint_id", "pk").values_list("pk", "endpoint_id", "project_id")
        rows = list(found)
        WebhookDelivery.objects.filter(pk__in=[row[0] for row in rows]).update(
            state=DeliveryState.WAITING,
            reason="",
            tries=0,
            first_try_at=None,
            next_try_at=true_time.now(),
            finished_at=None,
        )
        WebhookEndpoint.objects.filter(pk__in={row[1] for row in rows}).update(rest_until=None)
        for project_id in {row[2] for row in rows}:
            ring_follow_up(project_id)
    return len(rows)


def clear_bodies() -> int:
    """Forget what finished deliveries said after WEBHOOK_BODY_DAYS, some at a time. How many. For the tick.

    What has waited at a disabled endpoint for as long is given up.
    """
    if not settings.WEBHOOK_BODY_DAYS:
        return 0  # kept for ever, as by every setting of its kind
    now = true_time.now()
    old = now - timedelta(days=settings.WEBHOOK_BODY_DAYS)
    stuck = WebhookDelivery.objects.filter(
        endpoint__enabled=False, state=DeliveryState.WAITING, created_at__lt=old
    ).order_by("endpoint_id", "pk")
    given_up = list(stuck.values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    if given_up:
        WebhookDelivery.objects.filter(pk__in=given_up, state=DeliveryState.WAITING).update(
            state=DeliveryState.FAILED, reason=TOO_OLD, next_try_at=None, finished_at=now, body=None
        )
    finished = WebhookDelivery.objects.filter(finished_at__lt=old, body__isnull=False).order_by("finished_at")
    cleared = list(finished.values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    if cleared:
        WebhookDelivery.objects.filter(pk__in=cleared, finished_at__lt=old).update(body=None)
        DeliveryAttempt.objects.filter(delivery__in=cleared).update(answer="")
    return len(given_up) + len(cleared)
