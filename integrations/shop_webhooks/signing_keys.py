"""Public keys that platforms sign webhooks with: fetched by the name a notification gives, and kept for an hour.

A name comes with a notification nobody has checked yet, so the platform is asked for names only so often, by all
processes together: otherwise whoever knows a webhook's address could have us ask the platform without end.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from config.kit import true_time
from config.kit.sql import execute
from integrations import client
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import SigningKey
from integrations.models import PlatformKey, Webhook

# As eBay advises. A key that cannot be asked for again serves for a day.
KEPT = timedelta(hours=1)
KEPT_IN_NEED = timedelta(days=1)
# An hour. A platform changes its keys a few times a year.
MOST_REQUESTS = 10
# Platforms give up a delivery that is not answered within some seconds.
PATIENCE = client.Limits(connect=2, read=3, total=4, tries=1)


def key_for(webhook: Webhook, shop: Shop, wanted: SigningKey) -> str | None:
    """The key (PEM); "" where the platform has none by that name, None where it cannot be had now."""
    now = true_time.now()
    known = PlatformKey.objects.filter(integration=webhook.integration_id, name=wanted.name).first()
    if known is not None and known.asked_at > now - KEPT:
        return known.key
    try:
        if not _may_ask(webhook):
            raise ShopError(Failure.BUSY, "The platform was asked for its keys often enough.")
        key = _fetched(webhook, shop, wanted)
    except ShopError as error:
        if error.kind != Failure.NOT_FOUND:
            return known.key if known is not None and known.asked_at > now - KEPT_IN_NEED else None
        key = ""
    _keep(webhook, wanted.name, key)
    return key


def _fetched(webhook: Webhook, shop: Shop, wanted: SigningKey) -> str:
    platform = webhook.integration.connector.webhooks
    if platform is None or platform.signing_keys is None:
        raise ShopError(Failure.NOT_FOUND, "This platform has no keys to ask for.")
    key = client.drive(platform.signing_keys.fetch(shop, wanted.name), limits=PATIENCE)
    if not wanted.certified_for:
        return key
    # Only addresses that the operator named may be http: a simulated platform, whose authority is its own.
    own = urlsplit(shop.base_url).scheme == "http"
    return client.certified_key(key, wanted.certified_for, true_time.now(), trust_its_root=own)


def _may_ask(webhook: Webhook) -> bool:
    """Count this question, unless there were enough within the hour."""
    return bool(
        execute(
            "UPDATE integrations_webhook SET"
            " key_requests = CASE WHEN key_requests_since > now() - %s THEN key_requests + 1 ELSE 1 END,"
            " key_requests_since = CASE WHEN key_requests_since > now() - %s THEN key_requests_since ELSE now() END"
            " WHERE id = %s AND (key_requests_since IS NULL OR key_requests_since <= now() - %s OR key_requests < %s)"
            " RETURNING id",
            [KEPT, KEPT, webhook.pk, KEPT, MOST_REQUESTS],
        )
    )


def _keep(webhook: Webhook, name: str, key: str) -> None:
    now = true_time.now()
    PlatformKey.objects.filter(integration=webhook.integration_id, asked_at__lt=now - KEPT_IN_NEED).delete()
    PlatformKey.objects.bulk_create(
        [PlatformKey(integration_id=webhook.integration_id, name=name, key=key, asked_at=now)],
        update_conflicts=True,
        unique_fields=["integration", "name"],
        update_fields=["key", "asked_at"],
    )
