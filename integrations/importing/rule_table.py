"""The order import settings as they are saved: the rule of every status of a shop."""

from __future__ import annotations

from collections.abc import Iterable

from config.kit.sql import execute
from integrations.choices import ImportAction
from integrations.importing.rules import Rule
from integrations.models import Integration, StatusRule


def saved(integration: Integration) -> dict[str, Rule]:
    """The rules by remote status."""
    rows = execute(
        "SELECT status, action, retry FROM integrations_statusrule WHERE integration_id = %s ORDER BY id",
        [integration.pk],
    )
    return {status: Rule(status, ImportAction(action), retry) for status, action, retry in rows}


def meet(integration: Integration, statuses: Iterable[str]) -> dict[str, Rule]:
    """The rules by remote status; a status met for the first time adds its own row (Do not import, Retry)."""
    rules = saved(integration)
    unknown = sorted(set(statuses) - set(rules))
    if unknown:
        StatusRule.objects.bulk_create(
            [StatusRule(integration=integration, status=status, label=status, discovered=True) for status in unknown],
            ignore_conflicts=True,
        )
        rules |= {status: Rule(status, ImportAction.SKIP, retry=True) for status in unknown}
    return rules
