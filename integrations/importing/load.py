"""Load new orders: which window, may it start, and one page of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from config.kit import true_time
from config.kit.times import beginning
from integrations.choices import IntegrationHealth, RunKind
from integrations.connectors.errors import ShopError
from integrations.connectors.listings import Cursor, Window
from integrations.importing import remote_orders
from integrations.importing.faulty_pages import broken, next_page
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.models import Integration, Run
from integrations.runs import control
from integrations.runs.claims import IN_SHOP, Claim
from integrations.runs.control import RunRefused
from integrations.runs.pages import RunPage
from integrations.shops.ask import ask

logger = logging.getLogger(__name__)

MOST_NOTES = 20
AT_LEAST = timedelta(minutes=15)
TRIAL_REACHES_BACK = timedelta(hours=24)


def earliest_date(integration: Integration, now: datetime) -> date:
    """One year back in the shop's zone."""
    today = now.astimezone(integration.zone).date()
    try:
        return today.replace(year=today.year - 1)
    except ValueError:  # 29 February
        return today.replace(year=today.year - 1, day=28)


def days_offered(shops: Iterable[Integration], now: datetime) -> tuple[date, date] | None:
    """The first and the last day that may be chosen where it is one choice for several shops, None for no shop."""
    days = [(earliest_date(shop, now), now.astimezone(shop.zone).date()) for shop in shops]
    return (min(first for first, _ in days), max(last for _, last in days)) if days else None


def nearest_date(integration: Integration, day: date, now: datetime) -> date:
    """The day as one that the shop allows: its own zone may be a day ahead of another's, or behind."""
    return max(earliest_date(integration, now), min(day, now.astimezone(integration.zone).date()))


def window_start(integration: Integration, now: datetime, date_from: date | None = None) -> datetime:
    """Where a load begins. Raises RunRefused for a date that is not allowed.

    Without a date: the last 15 minutes, and never less than what has passed since the last complete load, less the
    overlap, so that an outage leaves no hole; not before the integration's start.
    """
    if date_from is not None:
        if integration.project.account.on_trial:
            raise RunRefused("Loading from a date is part of the standard plan.")
        today = now.astimezone(integration.zone).date()
        if date_from > today:
            raise RunRefused(f"The date {date_from:%d %b %Y} is in the future: choose today or an earlier day.")
        if date_from < earliest_date(integration, now):
            raise RunRefused(f"Orders can be loaded from at most one year back: {earliest_date(integration, now)}.")
        return beginning(date_from, integration.zone)
    reached = integration.complete_until
    since = integration.start_at if reached is None else min(now - AT_LEAST, reached - integration.overlap)
    if integration.project.account.on_trial:
        since = max(since, now - TRIAL_REACHES_BACK)
    return max(since, min(integration.start_at, now - AT_LEAST))


def request_load(integration: Integration, *, user_id: int | None = None, date_from: date | None = None) -> Run:
    """Start a load of one shop. Raises RunRefused with a sentence."""
    if integration.connector.by_files:
        raise RunRefused(f"{integration} cannot be asked for orders: they come in files, by its feeds.")
    if not integration.enabled:
        raise RunRefused(f"{integration} is switched off: switch it on in its settings first.")
    if integration.health == IntegrationHealth.CREDENTIALS:
        raise RunRefused(control.REJECTED.format(integration))
    since = window_start(integration, true_time.now(), date_from)
    scope = {"catch_up": date_from is None}
    return control.request(RunKind.LOAD, integration, user_id=user_id, since=since, scope=scope)


def load_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Fetch one page of the window."""
    cursor = run.cursor or {}
    if cursor.get("done"):
        return RunPage(done=True, note=" ".join(cursor.get("notes", ())), asked=False)
    if run.cancel_requested_at:
        _abandon(run, integration, cursor["at"])
        return RunPage(cancelled=True)
    if run.since is None:
        raise ValueError("a load has a window")
    connector, shop = integration.connector, integration.shop()
    window, drive = Window(run.since, run.until), partial(ask, integration, held=held)
    page, size = next_page(connector, shop, window, cursor.get("at"), cursor.get("size"), run.failures, drive)
    on_record = partial(remote_orders.digests, integration.pk)
    candidates = read_page(connector, integration.reader(), page.payloads, on_record)
    candidates += map(broken, page.broken)
    done = page.next is None
    notes = dict.fromkeys(filter(None, (*cursor.get("notes", ()), page.note)))
    until = page.until or run.until
    reached = {"at": page.next, "done": done, "size": size, "notes": list(notes)[:MOST_NOTES], IN_SHOP: page.in_shop}
    return replace(
        import_page(integration, candidates, reached, complete=until if done else None, touched=page.touched),
        done=done,
        note=" ".join(notes),
        total=page.total,
        until=until,
        wait=page.wait,
        waits_for=page.waits_for,
        on_cancel=partial(_abandon, run, integration, page.next) if page.in_shop else None,
    )


def _abandon(run: Run, integration: Integration, at: Cursor | None) -> None:
    """End what the shop does for a cancelled load. Where it cannot be told, it ends by itself, for nothing."""
    abandon = integration.connector.orders.abandon
    if abandon is None:
        return
    try:
        ask(integration, abandon(integration.shop(), at or {}))
    except ShopError as error:
        logger.info("Run %s is cancelled, but the shop could not be told: %s", run.pk, error.kind)
