"""Receive notifications of shops: verified on the raw bytes, and then only a hint at an order to read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from config.kit import true_time
from config.kit.sql import execute
from integrations.connectors.errors import ShopError
from integrations.connectors.notifications import Notification
from integrations.models import Webhook
from integrations.shop_webhooks import erasures, hints, registration, signing_keys


class Reception(StrEnum):
    """What became of a notification."""

    TAKEN = "taken"
    PING = "ping"
    UNKNOWN = "unknown"
    """No integration receives at this address."""
    FORGED = "forged"
    NOT_NOW = "not now"
    """Whether it is signed cannot be said yet: the platform may try again."""


def receive(token: str, notification: Notification) -> Reception:
    """Check a notification and write down which orders to read again. Nothing is stored before it is checked."""
    webhook = Webhook.objects.select_related("integration__project").filter(token=token).first()
    if webhook is None:
        return Reception.UNKNOWN
    platform = webhook.integration.connector.webhooks
    if platform is None:
        return Reception.UNKNOWN
    if platform.is_ping is not None and platform.is_ping(notification):
        return Reception.PING
    now = true_time.now()
    try:
        shop = webhook.integration.shop()
    except ShopError:
        return Reception.FORGED  # without readable credentials nothing can be checked
    wanted = platform.signing_keys.claimed(shop, notification) if platform.signing_keys is not None else None
    key = signing_keys.key_for(webhook, shop, wanted) if wanted is not None else ""
    if key is None:
        return Reception.NOT_NOW
    notification = replace(notification, key=key, registered_as=webhook.external_id)
    if not platform.verify(shop, webhook.secrets.get("signing", ""), notification, now):
        Webhook.objects.filter(pk=webhook.pk).update(refused=F("refused") + 1, refused_at=now)
        return Reception.FORGED
    hint = platform.read(notification)
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).update(accepted=F("accepted") + 1, last_at=now)
        if hint.erasure is not None:
            erasures.note(webhook.integration, hint.erasure, now)
        if hint.external_ids:
            execute(
                "INSERT INTO integrations_orderhint AS told"
                " (integration_id, external_id, deliveries, first_at, last_at, look_at)"
                " SELECT %s, external_id, 1, %s, %s, %s FROM unnest(%s::text[]) AS new (external_id)"
                " ON CONFLICT (integration_id, external_id)"
                " DO UPDATE SET deliveries = told.deliveries + 1, last_at = excluded.last_at,"
                " look_at = excluded.look_at",
                [webhook.integration_id, now, now, now, sorted({key[:255] for key in hint.external_ids})],
            )
            hints.start(webhook.integration)
    return Reception.TAKEN


def challenge(token: str, code: str) -> Mapping[str, str] | None:
    """What a platform is answered that asks whether an address is ours. Raises LookupError for an unknown address.

    None for a code that is none, and where the platform has no such question.
    """
    webhook = Webhook.objects.select_related("integration").filter(token=token).first()
    if webhook is None:
        raise LookupError(token)
    platform = webhook.integration.connector.webhooks
    if platform is None or platform.answer_challenge is None:
        return None
    return platform.answer_challenge(webhook.secrets.get("signing", ""), registration.address_of(webhook), code)
