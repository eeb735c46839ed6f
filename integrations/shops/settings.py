"""Save what a person sets for a shop: address, credentials, times. Credentials go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import AfterImport, FeedKind, IntegrationHealth, UnknownProducts
from integrations.models import Integration
from integrations.secrets import Secrets
from integrations.shops.connection import set_up


class TitleTaken(Refused):
    """Another integration of the project has this title."""


@dataclass(frozen=True)
class ShopSettings:
    title: str
    base_url: str
    time_zone: str
    enabled: bool
    start_at: datetime
    unknown_products: UnknownProducts
    overlap: timedelta


def connect(project_id: int, platform: str, values: ShopSettings, credentials: Mapping[str, str]) -> Integration:
    """A new integration with its connector's rules and feeds. Raises TitleTaken."""
    integration = Integration(project_id=project_id, platform=platform)
    _store(integration, values, credentials)
    return integration


def change(integration: Integration, values: ShopSettings, credentials: Mapping[str, str]) -> list[str]:
    """Save the settings; empty credentials stay as they are. What changed, for the history, without any secret.

    A new address or new credentials make the shop's health unknown again. Raises TitleTaken.
    """
    changed = [name for name in values.__dataclass_fields__ if getattr(integration, name) != getattr(values, name)]
    entered = [key for key, value in credentials.items() if value]
    if entered or "base_url" in changed:
        integration.health, integration.health_note, integration.health_at = IntegrationHealth.UNKNOWN, "", None
    before = integration.zone
    _store(integration, values, credentials)
    if "time_zone" in changed:
        _read_again(integration, before)
    return [*changed, *entered]


def start_from(integration: Integration, since: datetime) -> None:
    """From when on the orders of a shop are loaded of which none has been."""
    integration.start_at = since
    integration.save(update_fields=["start_at"])


def _read_again(integration: Integration, before: ZoneInfo) -> None:
    """Have the next load reach back by as much as the shop's clock was moved.

    A platform that keeps local times compares those of before with bounds in the zone of now.
    """
    now = true_time.now()
    moved = abs(now.astimezone(integration.zone).replace(tzinfo=None) - now.astimezone(before).replace(tzinfo=None))
    Integration.objects.filter(pk=integration.pk).update(complete_until=F("complete_until") - moved)


def enter_credentials(integration: Integration, credentials: Mapping[str, str]) -> list[str]:
    """Save new credentials alone; empty ones stay as they are. Which were entered."""
    values = {name: getattr(integration, name) for name in ShopSettings.__dataclass_fields__}
    return change(integration, ShopSettings(**values), credentials)


def _store(integration: Integration, values: ShopSettings, credentials: Mapping[str, str]) -> None:
    for name in values.__dataclass_fields__:
        setattr(integration, name, getattr(values, name))
    kept = dict(integration.credentials)
    integration.credentials = Secrets(kept | {key: value for key, value in credentials.items() if value})
    new = integration.pk is None
    # `complete_until` is the engine's: a form that was open for an hour must not turn it back.
    fields = [*values.__dataclass_fields__, "credentials", "health", "health_note", "health_at"]
    try:
        with transaction.atomic():
            integration.save(update_fields=None if new else fields)
            if new:
                set_up(integration)
    except IntegrityError as error:
        if "integration_once_per_title" not in str(error):
            raise
        raise TitleTaken("Another integration of this project has this title: choose another one.") from error


def set_ours(integration: Integration, parts: Sequence[str]) -> bool:
    """Which parts of an order a synchronisation leaves alone once they were edited here. Whether that is new."""
    if integration.ours_wins == list(parts):
        return False
    integration.ours_wins = list(parts)
    integration.save(update_fields=["ours_wins"])
    return True


def set_after(integration: Integration, after_import: str, *, hold_gone: bool) -> bool:
    """What newer versions of the shop do to orders that are here. Whether that is new.

    Statuses alone are carried over by the order update feed: the choice switches it on and off.
    """
    if (integration.after_import, integration.hold_gone) == (after_import, hold_gone):
        return False
    with transaction.atomic():
        if integration.after_import != after_import:
            feed = integration.feeds.filter(kind=FeedKind.ORDER_UPDATE)
            feed.update(enabled=after_import == AfterImport.STATUS, next_at=true_time.now())
        integration.after_import, integration.hold_gone = after_import, hold_gone
        integration.save(update_fields=["after_import", "hold_gone"])
    return True
