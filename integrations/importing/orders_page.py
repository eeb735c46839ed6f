"""Import a page: orders, effects and the states of remote orders, in the transaction that moves the run on.

The page is written set-based. When it cannot be written, it is written again with a savepoint per order: the culprit is
recorded as failed with its cause, the others land. Nothing here talks to a shop.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from django.db import transaction

from config.kit import true_time
from config.kit.isolating import apart, place_of
from config.kit.locks import ShopLock, lock_shop
from config.kit.sql import check_references, next_ids
from integrations.choices import ImportAction, RemoteState
from integrations.connectors.listings import Cursor, Touched
from integrations.following import gone, newer, settling
from integrations.importing import remote_orders, rule_table
from integrations.importing.judgement import Judgement, judge_page
from integrations.importing.payloads import BREAKS, GONE, Candidate
from integrations.importing.remote_orders import Entry
from integrations.importing.rules import SETTLED, Mode, Verdict
from integrations.marketplaces import handing_on
from integrations.models import Integration, RemoteOrder
from integrations.runs.pages import NOT_STORABLE, RunPage, Written
from orders.intake.drafts import Intake, Obstacle, Source, Taken
from orders.intake.new_orders import Ahead, take_in
from orders.models import Customer, Order, OrderEffect, OrderEvent, OrderLine, OrderNote
from stock.ledger import lock_project
from stock.models import Product, Warehouse

logger = logging.getLogger(__name__)

# Retries of a failed order, hourly: two weeks.
GIVE_UP_AFTER = 24 * 14
GIVEN_UP = "Given up after {} attempts: it is looked at again only when somebody asks for it."
# What a page of new orders writes before it takes the project's lock.
REFERRING = (RemoteOrder, Order, OrderLine, OrderEffect, OrderEvent, OrderNote)
# Whose keys are written by others who hold that lock, and would wait for us while we wait for them.
CHANGED_UNDER_THE_LOCK = (Customer, Product, Warehouse)
# The run's counter for what became of an order.
COUNTED = {
    RemoteState.IMPORTED: "created",
    RemoteState.PENDING: "pending",
    RemoteState.IGNORED: "ignored",
    RemoteState.FAILED: "failed",
    RemoteState.HANDED_ON: "created",
}
STATES = {
    Verdict.IGNORE: RemoteState.IGNORED,
    Verdict.REVIEW: RemoteState.PENDING,
    Verdict.HAND_ON: RemoteState.HANDED_ON,
}


def import_page(
    integration: Integration,
    candidates: Sequence[Candidate],
    cursor: Cursor | None,
    *,
    mode: Mode = Mode.SWEEP,
    complete: datetime | None = None,
    touched: Sequence[Touched] = (),
) -> RunPage:
    """The page of a run that imports these candidates.

    `complete`: with this page a sweep is over, and the integration is complete up to this moment. `touched`: orders
    that are here already and are to be read again.
    """
    fresh = [candidate for candidate in candidates if not candidate.unchanged]
    young: list[str] = []

    def write(run_id: int, *, each: bool = False) -> Written:
        counts: Counter[str] = Counter()
        if fresh:
            # Two runs that meet the same new order would wait for each other: one of them holding the project's lock.
            lock_shop(ShopLock.INTAKE, integration.pk)
        if each:
            lock_project(integration.project_id)
            for candidate in fresh:
                counts += _alone(run_id, integration, candidate, mode, young)
        elif fresh:
            counts = _written(run_id, integration, fresh, mode, young)
        counts["fetched"] = len(candidates)
        counts["unchanged"] += len(candidates) - len(fresh)
        gone.back(integration, [each.external_id for each in candidates if each.error_code not in {BREAKS, GONE}])
        if complete:
            _mark_complete(run_id, integration, complete)
        return Written(counts)

    def after() -> None:
        again = [*young, *remote_orders.without(integration.pk, touched)]
        settling.look_soon(integration, again, true_time.now())

    return RunPage(cursor, write, lambda run_id: write(run_id, each=True), after)


class _Outpaced(Exception):
    """What was written before the project's lock was taken would be decided otherwise now."""


def _written(
    run_id: int, integration: Integration, fresh: Sequence[Candidate], mode: Mode, young: list[str]
) -> Counter[str]:
    """Write a page. Nearly all of one whose orders are new is written before the project's lock is taken.

    So staff and other shops wait for the last part of it alone. What is on record already is others' business too, and
    its rows are locked after the project, by everybody.
    """
    ids = [each.external_id for each in fresh]
    if integration.into_shop_id is None and not remote_orders.digests(integration.pk, ids):
        with suppress(_Outpaced), transaction.atomic():
            return _write(run_id, integration, fresh, mode, young, ahead=True)
    lock_project(integration.project_id)
    return _write(run_id, integration, fresh, mode, young)


def _alone(run_id: int, integration: Integration, candidate: Candidate, mode: Mode, young: list[str]) -> Counter[str]:
    """Write one order inside a savepoint; what cannot be written becomes a failed remote order."""

    def bare(error: Exception) -> Counter[str]:
        code, why = _why(error)
        seen = Candidate(
            candidate.external_id,
            _storable(candidate.number, 100),
            _storable(candidate.status, 100),
            candidate.stamp,
            _storable(candidate.payload),
            candidate.digest,
            error_code=code,
            error=why,
        )
        # What stands in the way of every judgement is put on record without one.
        return apart(
            lambda: _write(run_id, integration, [seen], mode, young),
            lambda _: _put_on_record(run_id, integration, seen),
        )

    return apart(lambda: _write(run_id, integration, [candidate], mode, young), bare)


def _why(error: Exception) -> tuple[str, str]:
    """The code and the sentence of what keeps an order from being written."""
    if isinstance(error, NOT_STORABLE):
        return "not_storable", f"The order cannot be stored: {_plain(error)}. Correct it in the shop, then retry."
    logger.error("An order could not be imported: %s", place_of(error))
    return "fault", f"A fault of Countinghouse keeps this order from being imported ({place_of(error)}). Report it."


def _put_on_record(run_id: int, integration: Integration, bare: Candidate) -> Counter[str]:
    """Record an order as failed; one that is settled stays as it is, and its newer document comes again."""
    at = true_time.now()
    known = remote_orders.known(integration.pk, [bare.external_id]).get(bare.external_id)
    attempts = (known.attempts if known else 0) + 1
    entry = Entry(
        bare, RemoteState.FAILED, bare.error_code, bare.error, "", attempts < GIVE_UP_AFTER and bare.has_id, attempts
    )
    if known is None:
        remote_orders.add(integration.project_id, integration.pk, run_id, [(next_ids(RemoteOrder, 1)[0], entry)], at)
    elif known.state not in SETTLED:
        remote_orders.change(run_id, [(known.id, entry)], at)
    return Counter(failed=1)


def _storable(text: str, length: int | None = None) -> str:
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")[:length]


def _plain(error: Exception) -> str:
    """The database's first line only: its DETAIL quotes values, which may be personal."""
    return str(error).splitlines()[0][:300]


def _write(
    run_id: int,
    integration: Integration,
    candidates: Sequence[Candidate],
    mode: Mode,
    young: list[str],
    *,
    ahead: bool = False,
) -> Counter[str]:
    """What came of writing them; `young` takes the orders that may be half-written.

    `ahead`: none of them is on record, and this transaction has not taken the project's lock yet. Raises _Outpaced.
    """
    at = true_time.now()
    known = {} if ahead else remote_orders.known(integration.pk, [candidate.external_id for candidate in candidates])
    rules = rule_table.meet(integration, (candidate.status for candidate in candidates if candidate.order is not None))
    seen = [(candidate, known.get(candidate.external_id)) for candidate in candidates]
    judged = judge_page(integration, seen, rules, mode)
    due = [item for item in judged if item.is_due]
    if ahead and any(item.obstacle for item in due):
        raise _Outpaced  # whoever puts right what is in the way holds the lock, and looks for those that failed for it
    new = [item.candidate.external_id for item in due if item.known is None]
    new_ids = dict(zip(new, next_ids(RemoteOrder, len(new)), strict=True))

    def row_id(item: Judgement) -> int:
        return item.known.id if item.known else new_ids[item.candidate.external_id]

    outcomes, settle = _take_in(source_of(integration, run_id, at), due, row_id, ahead=ahead)
    rows = [(item, row_id(item), _entry(item, outcome)) for item, outcome in zip(due, outcomes, strict=True)]
    unseen = [(pk, entry) for item, pk, entry in rows if item.known is None]
    if unseen:
        remote_orders.add(integration.project_id, integration.pk, run_id, unseen, at)
    settle()
    remote_orders.change(run_id, [(pk, entry) for item, pk, entry in rows if item.known], at)
    handing_on.hand_on(
        integration,
        [(pk, str(entry.candidate.number)) for _, pk, entry in rows if entry.state == RemoteState.HANDED_ON],
    )
    settled = [
        (item.known, item.candidate) for item in judged if item.decision.verdict == Verdict.REFRESH and item.known
    ]
    if settled:
        newer.keep_up(integration, settled, at)
    in_book = [item.candidate for item, _, entry in rows if entry.state == RemoteState.IMPORTED]
    in_book += [candidate for known, candidate in settled if known.state == RemoteState.IMPORTED]
    young += [candidate.external_id for candidate in in_book if settling.is_young(candidate.stamp, at)]
    counts = Counter(COUNTED[entry.state] for _, _, entry in rows)
    counts["updated"] = len(settled)
    counts["unchanged"] = sum(item.decision.verdict in {Verdict.UNCHANGED, Verdict.STALE} for item in judged)
    return counts


def source_of(integration: Integration, run_id: int | None, at: datetime) -> Source:
    """Where orders of an integration come from."""
    return Source(integration.project_id, integration.pk, run_id, integration.project.zone, at)


def _take_in(
    source: Source, due: Sequence[Judgement], row_id: Callable[[Judgement], int], *, ahead: bool
) -> tuple[list[Taken | Obstacle | None], Callable[[], None]]:
    """Create the orders to import. What became of each judgement; None where nothing was to be imported.

    And what is to be called once the remote orders are written. Raises _Outpaced, both do.
    """
    outcomes: list[Taken | Obstacle | None] = [item.obstacle for item in due]
    intakes = {
        place: Intake(*wanted, row_id(item)) for place, item in enumerate(due) if (wanted := item.to_import) is not None
    }
    wanted_in = list(intakes.values())
    written = Ahead.write(source, wanted_in) if ahead and wanted_in else None
    if ahead and wanted_in and written is None:
        raise _Outpaced
    for place, outcome in zip(intakes, written.outcomes if written else take_in(source, wanted_in), strict=True):
        outcomes[place] = outcome
    return outcomes, partial(_settle, written)


def _settle(written: Ahead | None) -> None:
    if written is None:
        return
    check_references(REFERRING, CHANGED_UNDER_THE_LOCK)
    if not written.settle():
        raise _Outpaced


def _entry(item: Judgement, outcome: Taken | Obstacle | None) -> Entry:
    decision = item.decision
    if isinstance(outcome, Taken):
        reason = f"Imported by the rule “{ImportAction(decision.action).label}”."
        return Entry(item.candidate, RemoteState.IMPORTED, "imported", reason, decision.action)
    if isinstance(outcome, Obstacle) and decision.verdict == Verdict.IMPORT:
        return _failed(item, outcome)
    ignored = decision.verdict == Verdict.IGNORE
    return Entry(
        item.candidate,
        STATES[decision.verdict],
        decision.reason_code,
        decision.reason,
        decision.action,
        decision.retry,
        subject=item.candidate.status if ignored else "",
    )


def _failed(item: Judgement, obstacle: Obstacle) -> Entry:
    """A failure, tried again hourly until GIVE_UP_AFTER; then its reason says so."""
    attempts = (item.known.attempts if item.known else 0) + 1
    message = obstacle.message
    if attempts >= GIVE_UP_AFTER:
        message = f"{message[:400]} {GIVEN_UP.format(attempts)}"
    return Entry(
        item.candidate,
        RemoteState.FAILED,
        obstacle.code,
        message,
        item.decision.action,
        retry=attempts < GIVE_UP_AFTER and item.candidate.has_id,
        attempts=attempts,
        subject=obstacle.subject,
    )


def _mark_complete(run_id: int, integration: Integration, until: datetime) -> None:
    """Move the integration's mark of completeness on: never back, and never over a hole before a chosen date.

    A load without a date reaches back as far as there is anything to catch up on (`load.window_start`). A mark beyond
    our own now, from a shop whose clock is ahead, would hide an outage until that time has come.
    """
    until = min(until, true_time.now())
    Integration.objects.filter(pk=integration.pk).extra(
        where=[
            "(complete_until IS NULL OR complete_until < %s)",
            "(SELECT coalesce((scope ->> 'catch_up')::bool, false)"
            " OR since <= coalesce(complete_until - overlap, start_at) FROM integrations_run WHERE id = %s)",
        ],
        params=[until, run_id],
    ).update(complete_until=until)
