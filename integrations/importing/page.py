"""Import a page: rules, orders, effects, remote order states, counters and cursor in one transaction.

The page is written set-based. When the database refuses it, it is written again with a savepoint per order: the culprit
is recorded as failed with its cause, the others land. Nothing here talks to a shop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from config.kit.sql import next_ids
from integrations.choices import ImportAction, RemoteState
from integrations.connectors.base import Cursor
from integrations.importing import block_list, mapping, remote_orders
from integrations.importing.block_list import Buyers
from integrations.importing.mapping import Unmapped
from integrations.importing.payloads import BREAKS, GONE, Candidate
from integrations.importing.remote_orders import Entry
from integrations.importing.rules import Decision, Known, Mode, Rule, Verdict, decide
from integrations.models import Integration, RemoteOrder, StatusRule
from integrations.runs import claims
from integrations.runs.claims import Claim
from orders.intake.new_orders import Intake, Refused, Source, Taken, take_in
from stock.ledger import lock_project

GIVE_UP_AFTER = 24 * 14
"""Retries of a failed order, hourly: two weeks."""
GIVEN_UP = "Given up after {} attempts: it is looked at again only when somebody asks for it."
DUE = frozenset({Verdict.IMPORT, Verdict.IGNORE, Verdict.REVIEW})
"""What is decided anew and written down."""
COUNTED = {
    RemoteState.IMPORTED: "created",
    RemoteState.PENDING: "pending",
    RemoteState.IGNORED: "ignored",
    RemoteState.FAILED: "failed",
}
"""The run's counter for what became of an order."""
NOT_STORABLE = (IntegrityError, DataError, UnicodeEncodeError)
"""How the database, and the way to it, refuses a value. The last: half of a surrogate pair, which is no text."""


@dataclass(frozen=True)
class Progress:
    """What a page's transaction writes down about the run besides its orders."""

    cursor: Cursor | None
    total: int | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Decided:
    candidate: Candidate
    known: Known | None
    decision: Decision


def import_page(
    claim: Claim,
    integration: Integration,
    candidates: Sequence[Candidate],
    progress: Progress,
    *,
    mode: Mode = Mode.SWEEP,
    complete: bool = False,
) -> bool:
    """Write one page. Whether a cancel was asked for. Raises LostClaim.

    `complete` says that this page ends a sweep: how far the integration is complete is written with it.
    """
    try:
        return _transaction(claim, integration, candidates, progress, mode, complete, isolate=False)
    except NOT_STORABLE:
        return _transaction(claim, integration, candidates, progress, mode, complete, isolate=True)


def _transaction(
    claim: Claim,
    integration: Integration,
    candidates: Sequence[Candidate],
    progress: Progress,
    mode: Mode,
    complete: bool,
    *,
    isolate: bool,
) -> bool:
    with transaction.atomic():
        cancelled = claims.hold(claim)
        fresh = [candidate for candidate in candidates if not candidate.unchanged]
        counts: Counter[str] = Counter()
        if fresh:
            lock_project(integration.project_id)
        if isolate:
            for candidate in fresh:
                counts += _alone(claim, integration, candidate, mode)
        elif fresh:
            counts = _write(claim, integration, fresh, mode)
        counts["fetched"] = len(candidates)
        counts["unchanged"] += len(candidates) - len(fresh)
        if complete and progress.until:
            _mark_complete(claim, integration, progress.until)
        claims.advance(claim, counts, progress.cursor, total=progress.total, until=progress.until)
        return cancelled


def _alone(claim: Claim, integration: Integration, candidate: Candidate, mode: Mode) -> Counter[str]:
    """Write one order inside a savepoint; what the database refuses becomes a failed remote order."""
    try:
        with transaction.atomic():
            return _write(claim, integration, [candidate], mode)
    except NOT_STORABLE as error:
        bare = Candidate(
            candidate.external_id,
            _storable(candidate.number, 100),
            _storable(candidate.status, 100),
            candidate.stamp,
            _storable(candidate.payload),
            candidate.digest,
            error_code="not_storable",
            error=f"The order cannot be stored: {_plain(error)}. Correct it in the shop, then retry.",
        )
        with transaction.atomic():
            return _write(claim, integration, [bare], mode)


def _storable(text: str, length: int | None = None) -> str:
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")[:length]


def _plain(error: Exception) -> str:
    """The database's first line only: its DETAIL quotes values, which may be personal."""
    return str(error).splitlines()[0][:300]


def _write(claim: Claim, integration: Integration, candidates: Sequence[Candidate], mode: Mode) -> Counter[str]:
    at = timezone.now()
    known = remote_orders.known(integration.pk, [candidate.external_id for candidate in candidates])
    rules = rules_for(integration, (candidate.status for candidate in candidates if candidate.order is not None))
    listed = block_list.load(
        integration.project_id, (seen.order.email for seen in candidates if seen.order is not None)
    )
    decided = [
        Decided(candidate, known.get(candidate.external_id), _decide(candidate, known, rules, listed, mode))
        for candidate in candidates
    ]
    counts: Counter[str] = Counter()
    entries, new_ids = _outcomes(claim, integration, decided, at, counts)
    if new_ids:
        new = [(new_ids[e.candidate.external_id], e) for e in entries if e.candidate.external_id in new_ids]
        remote_orders.add(integration.project_id, integration.pk, claim.run_id, new, at)
    seen_before = [(known[e.candidate.external_id].id, e) for e in entries if e.candidate.external_id in known]
    remote_orders.change(claim.run_id, seen_before, at)
    refreshed = [
        (item.known.id, item.candidate) for item in decided if item.known and item.decision.verdict == Verdict.REFRESH
    ]
    remote_orders.refresh(refreshed)
    counts["updated"] += len(refreshed)
    counts["unchanged"] += sum(item.decision.verdict in {Verdict.UNCHANGED, Verdict.STALE} for item in decided)
    return counts


def _decide(
    candidate: Candidate, known: dict[str, Known], rules: dict[str, Rule], listed: Buyers, mode: Mode
) -> Decision:
    rule = rules.get(candidate.status) or Rule(candidate.status, ImportAction.SKIP, retry=True)
    before = known.get(candidate.external_id)
    decision = decide(rule, candidate.stamp, candidate.digest, before, mode)
    if candidate.error_code in {BREAKS, GONE} and decision.verdict == Verdict.REFRESH:
        # Settled by another run since it was looked up; what was on record then is no news.
        return Decision(Verdict.UNCHANGED)
    if candidate.order is None and decision.verdict in DUE:
        # What cannot be read is never ignored in silence: it is shown as failed whatever its rule says.
        return Decision(Verdict.IMPORT, action=rule.action, retry=True)
    if candidate.order is not None and decision.verdict == Verdict.IMPORT:
        blocked = listed.blocked(candidate.order.email)
        if blocked:
            reason = f"The buyer is on the block list (“{blocked}”): accept the buyer or mark it as cancel."
            return Decision(Verdict.REVIEW, action=decision.action, reason_code="blocked", reason=reason[:500])
    return decision


def _outcomes(
    claim: Claim, integration: Integration, decided: Sequence[Decided], at: datetime, counts: Counter[str]
) -> tuple[list[Entry], dict[str, int]]:
    """Create the orders to import; one entry per decision, and the ids of remote orders that are new."""
    due = [item for item in decided if item.decision.verdict in DUE]
    new = [item.candidate.external_id for item in due if item.known is None]
    new_ids = dict(zip(new, next_ids(RemoteOrder, len(new)), strict=True))
    intakes, outcome = _translated(integration, due, new_ids)
    source = Source(
        integration.project_id,
        integration.pk,
        claim.run_id,
        integration.project.zone,
        at,
        create_unknown_products=integration.unknown_products == "create",
    )
    results = take_in(source, intakes)
    outcome |= {intake.order.external_id: result for intake, result in zip(intakes, results, strict=True)}
    entries = [_entry(item, outcome.get(item.candidate.external_id)) for item in due]
    for entry in entries:
        counts[COUNTED[entry.state]] += 1
    return entries, new_ids


def _translated(
    integration: Integration, due: Sequence[Decided], new_ids: dict[str, int]
) -> tuple[list[Intake], dict[str, Taken | Refused | Unmapped]]:
    """The orders to import in our words, and by external id why others cannot be put into them."""
    wanted = [
        (item, item.candidate.order, item.decision.plan)
        for item in due
        if item.candidate.order is not None and item.decision.plan is not None
    ]
    if not wanted:
        return [], {}
    words = mapping.load(integration, [order for _, order, _ in wanted])
    intakes: list[Intake] = []
    unmapped: dict[str, Taken | Refused | Unmapped] = {}
    for item, order, plan in wanted:
        ours = words.apply(order)
        if isinstance(ours, Unmapped):
            unmapped[order.external_id] = ours
        else:
            intakes.append(Intake(ours, plan, _row_id(item, new_ids)))
    return intakes, unmapped


def _row_id(item: Decided, new_ids: dict[str, int]) -> int:
    return item.known.id if item.known else new_ids[item.candidate.external_id]


def _entry(item: Decided, outcome: Taken | Refused | Unmapped | None) -> Entry:
    decision = item.decision
    if isinstance(outcome, Taken):
        return Entry(
            item.candidate,
            RemoteState.IMPORTED,
            "imported",
            f"Imported by the rule “{ImportAction(decision.action).label}”.",
            decision.action,
        )
    if decision.verdict in {Verdict.IGNORE, Verdict.REVIEW}:
        return Entry(
            item.candidate,
            RemoteState.IGNORED if decision.verdict == Verdict.IGNORE else RemoteState.PENDING,
            decision.reason_code,
            decision.reason,
            decision.action,
            decision.retry,
            subject=item.candidate.status if decision.verdict == Verdict.IGNORE else "",
        )
    return _failed(item, outcome)


def _failed(item: Decided, outcome: Refused | Unmapped | None) -> Entry:
    """A failure, tried again hourly until GIVE_UP_AFTER; then its reason says so."""
    seen, attempts = item.candidate, (item.known.attempts if item.known else 0) + 1
    code, message, subject = (
        (outcome.code, outcome.message, outcome.subject)
        if isinstance(outcome, Refused | Unmapped)
        else (seen.error_code, seen.error, seen.subject)
    )
    if attempts >= GIVE_UP_AFTER:
        message = f"{message[:400]} {GIVEN_UP.format(attempts)}"
    return Entry(
        seen,
        RemoteState.FAILED,
        code,
        message,
        item.decision.action,
        retry=attempts < GIVE_UP_AFTER and seen.has_id,
        attempts=attempts,
        subject=subject,
    )


def rules_for(integration: Integration, statuses: Iterable[str]) -> dict[str, Rule]:
    """The rules by remote status; a status met for the first time adds its own row (Do not import, Retry)."""
    rules = {
        status: Rule(status, ImportAction(action), retry)
        for status, action, retry in integration.rules.values_list("status", "action", "retry")
    }
    unknown = sorted(set(statuses) - set(rules))
    if unknown:
        StatusRule.objects.bulk_create(
            [StatusRule(integration=integration, status=status, label=status, discovered=True) for status in unknown],
            ignore_conflicts=True,
        )
        rules |= {status: Rule(status, ImportAction.SKIP, retry=True) for status in unknown}
    return rules


def _mark_complete(claim: Claim, integration: Integration, until: datetime) -> None:
    """Move the integration's mark of completeness on: never back, and never over a hole before a chosen date.

    A load without a date reaches back as far as there is anything to catch up on (`loading.window_start`). A mark
    beyond our own now, from a shop whose clock is ahead, would hide an outage until that time has come.
    """
    until = min(until, timezone.now())
    Integration.objects.filter(pk=integration.pk).extra(
        where=[
            "(complete_until IS NULL OR complete_until < %s)",
            "(SELECT coalesce((scope ->> 'catch_up')::bool, false)"
            " OR since <= coalesce(complete_until - overlap, start_at) FROM integrations_run WHERE id = %s)",
        ],
        params=[until, claim.run_id],
    ).update(complete_until=until)
