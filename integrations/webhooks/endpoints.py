"""Endpoints of a project: where its events are sent to. Made, changed, switched off and on, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import SUBSCRIBABLE, DeliveryState
from integrations.client.addresses import check_webhook_url
from integrations.models import Project, WebhookDelivery, WebhookEndpoint
from integrations.models.endpoints import new_signing_secret
from integrations.runs.queue import ring_follow_up

# Of one project: every event is written and sent once for each.
MOST_ENDPOINTS = 20
DELETED = "Given up: its endpoint was deleted."


class EndpointRefused(Refused):
    """The endpoint cannot be like this; `field` names what is wrong, the message says why."""


@dataclass(frozen=True)
class Shown:
    """An endpoint with its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


def create(project: Project, url: str, events: Sequence[str], *, user_id: int | None = None) -> Shown:
    """Raises EndpointRefused."""
    endpoint = WebhookEndpoint(
        project=project, url=checked_url(url), events=checked_events(events), created_by_id=user_id
    )
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if WebhookEndpoint.objects.filter(project=project, deleted_at=None).count() >= MOST_ENDPOINTS:
            raise EndpointRefused(f"A project has at most {MOST_ENDPOINTS} endpoints: delete one first.", "url")
        _save(endpoint)
    return Shown(endpoint, endpoint.secrets["signing"])


def change(endpoint: WebhookEndpoint, *, url: str | None = None, events: Sequence[str] | None = None) -> None:
    """Another address or other events. What waits goes to the new address, at once. Raises EndpointRefused."""
    if url is not None and (new := checked_url(url)) != endpoint.url:
        endpoint.url, endpoint.failures, endpoint.rest_until = new, 0, None
    if events is not None:
        endpoint.events = checked_events(events)
    with transaction.atomic():
        _save(endpoint, ["url", "events", "failures", "rest_until"])
        ring_follow_up(endpoint.project_id)


def _save(endpoint: WebhookEndpoint, fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            endpoint.save(update_fields=fields)
    except IntegrityError as error:
        if "endpoint_once_per_address" not in str(error):
            raise
        raise EndpointRefused("There is an endpoint with this address already: change that one.", "url") from error


def new_secret(endpoint: WebhookEndpoint) -> Shown:
    """Another secret, in force from the next try on."""
    endpoint.secrets = new_signing_secret()
    endpoint.save(update_fields=["secrets"])
    return Shown(endpoint, endpoint.secrets["signing"])


def disable(endpoint: WebhookEndpoint, reason: str = "") -> bool:
    """Send nothing there until it is enabled again; events are kept meanwhile. Whether it was enabled until now."""
    found = WebhookEndpoint.objects.filter(pk=endpoint.pk, enabled=True)
    return bool(found.update(enabled=False, disabled_at=true_time.now(), reason=reason[:300]))


def enable(endpoint: WebhookEndpoint) -> bool:
    """Go on with what waits, oldest first, at once. Whether it was disabled until now."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.filter(pk=endpoint.pk, enabled=False, deleted_at=None)
        if not found.update(enabled=True, disabled_at=None, reason="", failures=0, rest_until=None):
            return False
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
        waiting.update(next_try_at=true_time.now(), first_try_at=None, tries=0)
        ring_follow_up(endpoint.project_id)
        return True


def delete(endpoint: WebhookEndpoint) -> None:
    """Forget address and secret for sending; what was sent stays on record, what waits is given up."""
    now = true_time.now()
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            enabled=False, disabled_at=now, deleted_at=now, secrets={}, reason="Deleted."
        )
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
        waiting.update(state=DeliveryState.FAILED, next_try_at=None, finished_at=now, reason=DELETED)


def checked_url(url: str) -> str:
    """The address, rebuilt. Raises EndpointRefused."""
    own = urlsplit(settings.PUBLIC_URL).hostname
    try:
        return check_webhook_url(url, settings.ALLOWED_SHOP_ADDRESSES, {own} if own else frozenset())
    except ValueError as error:
        raise EndpointRefused(str(error), "url") from None


def checked_events(events: Sequence[str]) -> list[str]:
    """The events in their usual order, each once. Raises EndpointRefused."""
    unknown = sorted(set(events) - set(SUBSCRIBABLE))
    if unknown or not events:
        what = f"“{unknown[0][:50]}” is none" if unknown else "choose at least one"
        raise EndpointRefused(f"The events are {', '.join(SUBSCRIBABLE)}: {what}.", "events")
    return [event.value for event in SUBSCRIBABLE if event in events]
