"""Look again: at ignored and failed orders that are due, and at open orders whose changes the shop may not tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from config.kit import true_time
from integrations.choices import RemoteState, RunKind
from integrations.connectors.listings import OrderPage
from integrations.following import gone
from integrations.importing.faulty_pages import broken, by_ids
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import GONE, NO_ID, Candidate, read_page, read_stored
from integrations.importing.rules import Mode
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage
from integrations.shops.ask import ask
from orders.choices import ORDER_OPEN
from orders.models import Order

RETRIED = (RemoteState.IGNORED, RemoteState.FAILED)


def retry_now(remote_orders: QuerySet[RemoteOrder], user_id: int | None = None) -> int:
    """Make these ignored and failed orders due and start retrying them; how many there are."""
    with transaction.atomic():
        due = make_due(remote_orders, true_time.now())
    start(due.values(), user_id)
    return len(due)


def make_due(remote_orders: QuerySet[RemoteOrder], at: datetime, *, but_locked: bool = False) -> dict[int, int]:
    """Let the next retry look at these ignored and failed orders; their integrations by their own ids.

    In the caller's transaction. Those without an id are left out: the shop cannot be asked for them. `but_locked`:
    those that somebody is at this moment writing, too, for callers that hold what such a writer may wait for.
    """
    due = remote_orders.filter(state__in=RETRIED).exclude(external_id__startswith=NO_ID)
    # Locked by id, as pages do it: a page that is being written and this would otherwise wait for each other.
    rows = dict(
        due.select_for_update(of=("self",), skip_locked=but_locked).order_by("pk").values_list("pk", "integration_id")
    )
    RemoteOrder.objects.filter(pk__in=list(rows)).update(next_attempt_at=at, retry=True)
    return rows


def start(integration_ids: Iterable[int], user_id: int | None = None) -> None:
    """Retry what is due at these integrations, now: with new runs, or the ones that are open."""
    for integration in Integration.objects.filter(pk__in=set(integration_ids)):
        control.request_or_again(RunKind.RETRY, integration, user_id=user_id)


def retry_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One request's worth of remote orders that are due."""
    due = integration.remote_orders.filter(state__in=RETRIED, next_attempt_at__lte=true_time.now())
    return _reread(held, run, integration, due, "pk", mode=Mode.LOOK_AGAIN)


def open_orders_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One request's worth of imported orders still being worked on: "modified" is not moved by every change."""
    # Asked of the orders, of which few are open; nearly every remote order is imported.
    open_orders = Order.objects.filter(integration=integration, status__in=ORDER_OPEN, remote_order__isnull=False)
    return _reread(held, run, integration, open_orders, "remote_order_id", mode=Mode.SWEEP)


def _reread(held: Claim, run: Run, integration: Integration, wanted: QuerySet[Any], key: str, *, mode: Mode) -> RunPage:
    """`key` names the remote order of a row of `wanted`."""
    cursor = run.cursor or {}
    at_once = integration.connector.capabilities.orders_by_ids
    beyond = wanted.filter(**{f"{key}__gt": cursor.get("after", 0)}).order_by(key).values_list(key, flat=True)
    rows = list(RemoteOrder.objects.filter(pk__in=list(beyond[:at_once])).order_by("pk"))
    if not rows or cursor.get("done"):
        return RunPage(done=True, asked=False)
    total = wanted.count() if run.total is None else run.total
    if integration.connector.by_files:
        candidates = [read_stored(integration.connector, integration.reader(), row.payload) for row in rows]
    else:
        candidates = _asked(held, run, integration, rows, mode)
    done = len(rows) < at_once
    page_of_run = import_page(integration, candidates, {"after": rows[-1].pk, "done": done}, mode=mode)
    if mode == Mode.SWEEP:
        missing = _gone(held, integration, rows, candidates)
        page_of_run = gone.with_gone(page_of_run, integration, missing)
    return replace(page_of_run, done=done, total=total)


def _asked(held: Claim, run: Run, integration: Integration, rows: list[RemoteOrder], mode: Mode) -> list[Candidate]:
    page = _fetch(held, run, integration, rows)
    candidates = read_page(integration.connector, integration.reader(), page.payloads)
    candidates += map(broken, page.broken)
    return candidates + _missing(rows, candidates) if mode == Mode.LOOK_AGAIN else candidates


def _gone(held: Claim, integration: Integration, rows: list[RemoteOrder], candidates: list[Candidate]) -> list[str]:
    """The orders of the book among them that the shop has no longer."""
    listed = true_time.now() - integration.connector.capabilities.listed_within
    asked = [row.external_id for row in rows if row.first_seen_at <= listed]
    found = {candidate.external_id for candidate in candidates}
    return gone.confirmed(integration, asked, found, partial(ask, integration, held=held))


def _fetch(held: Claim, run: Run, integration: Integration, rows: list[RemoteOrder]) -> OrderPage:
    ids = tuple(row.external_id for row in rows)
    return by_ids(integration.connector, integration.shop(), ids, run.failures, partial(ask, integration, held=held))


def _missing(rows: list[RemoteOrder], found: list[Candidate]) -> list[Candidate]:
    """What the shop no longer shows becomes a failure that says so."""
    seen = {candidate.external_id for candidate in found}
    return [
        Candidate(
            row.external_id,
            row.number,
            row.status,
            None,
            row.payload,
            bytes(row.digest),
            error_code=GONE,
            error="The shop no longer has this order: it was deleted or moved to the trash there. Restore it there and"
            " retry, or leave it.",
        )
        for row in rows
        if row.external_id not in seen
    ]
