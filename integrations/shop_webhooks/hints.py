"""Hints: orders that notifications told of, read again once however often they were told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from operator import eq

from django.db.models import Exists, OuterRef

from config.kit import true_time
from config.kit.sql import execute
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.following import gone
from integrations.importing.faulty_pages import broken, by_ids
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.models import Integration, OrderHint, Run
from integrations.runs import control
from integrations.runs.claims import Claim
from integrations.runs.control import RunRefused
from integrations.runs.pages import RunPage
from integrations.shops.ask import ask

# After a run that failed, or for an order not listed yet: the tick comes every few seconds, too often to ask again.
LEFT_ALONE = timedelta(minutes=15)
# So many runs of a shop in so short a time are a flood, in which a run takes along what is told within TOGETHER.
FLOOD, FLOOD_WITHIN = 6, timedelta(minutes=1)
TOGETHER = timedelta(seconds=15)


def start(integration: Integration) -> bool:
    """Ask for a run that reads the hints; one that is open takes them along, or the tick starts the next.

    Whether one was made.
    """
    if not integration.enabled or integration.health == IntegrationHealth.CREDENTIALS:
        return False
    ended_badly = integration.runs.filter(kind=RunKind.WEBHOOK_ORDERS, state__in=[RunState.FAILED, RunState.ERRORED])
    since = true_time.now() - LEFT_ALONE
    if integration.health == IntegrationHealth.OK and integration.health_at is not None:
        since = max(since, integration.health_at)  # it answers again, as a test of the connection has shown
    if ended_badly.filter(finished_at__gt=since).exists():
        return False
    if _is_flood(integration):
        return False
    try:
        control.request(RunKind.WEBHOOK_ORDERS, integration)
    except RunRefused:
        return False
    return True


def _is_flood(integration: Integration) -> bool:
    """Whether run after run was made: then the next one waits a little, and takes along all that is told meanwhile."""
    runs = integration.runs.filter(kind=RunKind.WEBHOOK_ORDERS).order_by("-pk")
    made = list(runs.values_list("created_at", flat=True)[:FLOOD])
    now = true_time.now()
    return len(made) == FLOOD and made[-1] > now - FLOOD_WITHIN and made[0] > now - TOGETHER


def start_leftovers() -> int:
    """Hints that came while their run was just ending: start another. How many runs that made."""
    due = OrderHint.objects.filter(integration=OuterRef("pk"), look_at__lte=true_time.now())
    waiting = Integration.objects.filter(Exists(due)).select_related("project")
    return sum(start(integration) for integration in waiting)


def hints_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Read one request's worth of hinted orders again, oldest hint first."""
    connector = integration.connector
    waiting = OrderHint.objects.filter(integration=integration, look_at__lte=true_time.now()).order_by("pk")
    hints = list(waiting[: connector.capabilities.orders_by_ids])
    if not hints:
        return RunPage(done=True, asked=False)
    ids = tuple(hint.external_id for hint in hints)
    page = by_ids(connector, integration.shop(), ids, run.failures, partial(ask, integration, held=held))
    candidates = [*read_page(connector, integration.reader(), page.payloads), *map(broken, page.broken)]
    imported = import_page(integration, candidates, None)
    found = [candidate.external_id for candidate in candidates]
    late = [hint for hint in hints if _is_late(hint, integration, found)]
    asked = [hint.external_id for hint in hints if hint not in late]
    missing = gone.confirmed(integration, asked, found, partial(ask, integration, held=held))

    def after() -> None:
        # Not in the page's transaction: it holds the run, for which a notification waits that holds its hints.
        _look_later(late)
        _forget([hint for hint in hints if hint not in late])
        if imported.after is not None:
            imported.after()

    return replace(gone.with_gone(imported, integration, missing), after=after)


def _is_late(hint: OrderHint, integration: Integration, found: list[str]) -> bool:
    """Whether its order did not come, but may still."""
    connector = integration.connector
    if hint.last_at <= true_time.now() - connector.capabilities.listed_within:
        return False
    is_same = (connector.webhooks and connector.webhooks.is_same_order) or eq
    return not any(is_same(hint.external_id, external_id) for external_id in found)


def _look_later(hints: list[OrderHint]) -> None:
    for hint in hints:
        OrderHint.objects.filter(pk=hint.pk, last_at=hint.last_at).update(look_at=true_time.now() + LEFT_ALONE)


def _forget(hints: list[OrderHint]) -> None:
    """Drop the hints that were followed; one that was told again meanwhile stays for another look."""
    execute(
        "DELETE FROM integrations_orderhint AS told USING unnest(%s::bigint[], %s::timestamptz[]) AS seen (id, last_at)"
        " WHERE told.id = seen.id AND told.last_at = seen.last_at",
        [[hint.pk for hint in hints], [hint.last_at for hint in hints]],
    )
