"""Connect a shop: its default rules and feeds, and the connection test."""

from __future__ import annotations

import zoneinfo

from django.db import transaction

from config.kit import true_time
from integrations.choices import IntegrationHealth
from integrations.connectors.contract import ConnectionReport
from integrations.connectors.errors import Failure, ShopError
from integrations.importing.feeds import add_default_feeds
from integrations.models import Integration, StatusRule
from integrations.runs import control
from integrations.shops.ask import ask
from integrations.warehouses import feed_settings, serving

# What a failed test says of the connection; everything else is a shop that cannot be reached properly.
HEALTH_OF: dict[Failure | None, IntegrationHealth] = {
    Failure.CREDENTIALS: IntegrationHealth.CREDENTIALS,
    Failure.BUSY: IntegrationHealth.BUSY,
}


def set_up(integration: Integration) -> None:
    """Give a new integration its connector's rules and the feeds; what is there already stays."""
    with transaction.atomic():
        StatusRule.objects.bulk_create(
            [
                StatusRule(
                    integration=integration, status=rule.status, label=rule.label, action=rule.action, retry=rule.retry
                )
                for rule in integration.connector.default_rules
            ],
            ignore_conflicts=True,
        )
        add_default_feeds(integration)
        if integration.connector.by_files:
            feed_settings.add_feeds(integration)


def try_out(integration: Integration, *, zone_is_sure: bool) -> ConnectionReport:
    """Ask a shop that is not saved yet, and keep nothing. Its zone becomes the shop's own unless a person chose one.

    A shop whose zone is another than the one we guessed may refuse us for that, or answer hours off: it is asked again.
    """
    report = _asked(integration)
    told = report.time_zone
    if zone_is_sure or told == integration.time_zone or told not in zoneinfo.available_timezones():
        return report
    integration.time_zone = told
    return _asked(integration)


def _asked(integration: Integration) -> ConnectionReport:
    try:
        return ask(integration, integration.connector.check(integration.shop()), tested=True)
    except ShopError as error:
        return ConnectionReport(ok=False, summary=str(error), failure=error.kind)


def keep(integration: Integration, report: ConnectionReport) -> ConnectionReport:
    """Note what the shop answered, on the integration."""
    health = IntegrationHealth.OK if report.ok else HEALTH_OF.get(report.failure, IntegrationHealth.UNREACHABLE)
    values: dict[str, object] = {"quiet_until": None} if report.ok else {}  # it answers: no need to wait any longer
    Integration.objects.filter(pk=integration.pk).update(
        health=health, health_note=report.summary[:500], health_at=true_time.now(), **values
    )
    if report.ok:
        control.wake(integration)
    return report


def test_connection(integration: Integration) -> ConnectionReport:
    """Ask the shop whether address and credentials work, and keep the answer on the integration."""
    if not integration.connector.by_files:
        return keep(integration, _asked(integration))
    try:
        report = serving.check(integration)
    except ShopError as error:
        report = ConnectionReport(ok=False, summary=str(error), failure=error.kind)
    return keep(integration, report)
