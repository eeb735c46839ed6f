"""Bulk calls of partners, whatever they bring: asked for, in line, told how far they are, reported.

Their rows lie in PostgreSQL as JSON until they are written; the queue carries the run's id alone. A portion is one
transaction: rows, failures, report, counters and cursor. One call of a project is worked on at a time, in the order
they came; a slice of work is one portion, so that a small call waits for one portion of every other project at most.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from config.kit import true_time
from config.kit.isolating import place_of
from config.kit.row_portions import contents_of, size_of
from config.kit.spreadsheets import plain
from config.kit.sql import copy_bytes, copy_rows
from integrations.choices import RUN_OPEN, OnConflict, RunKind, RunState
from integrations.models import ApiKey, BulkAction, BulkFailure, BulkImport, BulkPortion, BulkReport, Project, Run
from integrations.runs.pages import NOT_STORABLE
from integrations.runs.queue import ring

REPORTED = ("source_id", "found", "updated", "key", "details")
LONGEST_REASON = 500
# (id of the call, index, source id, key, reason).
Failed = tuple[int, int, str, str, str]


@dataclass(frozen=True)
class BulkCall:
    """A bulk call as a partner makes it."""

    project: Project
    action: BulkAction
    request_id: str
    api_key: ApiKey | None = None
    on_conflict: str = OnConflict.UPDATE


def ask(call: BulkCall, total: int, portions: Iterable[tuple[int, bytes]]) -> Run:
    """Write the call and its portions, (index of the first row, JSON), down and ring; one without rows is over."""
    with transaction.atomic():
        # One at a time per project, so that runs are numbered in the order in which they become visible.
        Project.objects.select_for_update(no_key=True).get(pk=call.project.pk)
        run = Run(project=call.project, kind=RunKind.BULK_BY_API, total=total, reason="Waits for its turn.")
        at = run.created_at
        if not Run.objects.filter(project=call.project, kind=run.kind, state__in=RUN_OPEN).exists():
            run.started_at = at  # there are clients that take ENQUEUED for the end
        if not total:
            run.state, run.reason, run.started_at, run.finished_at = RunState.SUCCEEDED, "", at, at
        run.save()
        bulk = BulkImport.objects.create(
            run=run,
            project=call.project,
            api_key=call.api_key,
            request_id=call.request_id,
            action=call.action,
            on_conflict=call.on_conflict,
            token=secrets.token_urlsafe(32),
        )
        copy_bytes(
            BulkPortion,
            ("bulk_import_id", "position", "payload"),
            ("int8", "int4", "bytea"),
            ((bulk.pk, position, payload) for position, payload in portions),
        )
        if total:
            ring(run.pk)
    return run


def fault(error: Exception, what: str) -> tuple[str, str]:
    """(key, reason) of what keeps one row from being written, none of the others; `what` it is: order."""
    if isinstance(error, NOT_STORABLE):
        return f"invalid_{what}", f"The {what} cannot be stored: {str(error).splitlines()[0][:300]}"
    return "fault", f"A fault of Countinghouse keeps this {what} from being written ({place_of(error)})."


def keep_failures(failures: Sequence[Failed]) -> None:
    if failures:
        # PostgreSQL keeps no NUL characters.
        rows = [
            (bulk_id, index, source_id.replace("\0", "\ufffd"), key, reason.replace("\0", "\ufffd")[:LONGEST_REASON])
            for bulk_id, index, source_id, key, reason in failures
        ]
        copy_rows(BulkFailure, ("bulk_import_id", "index", "source_id", "key", "reason"), rows)


def report(bulk: BulkImport, position: int, lines: Iterable[Sequence[str]]) -> None:
    """Keep what became of the rows from `position` on, each as REPORTED."""
    out = io.StringIO()
    writer = csv.writer(out)
    if position == 0:
        writer.writerow(REPORTED)
    writer.writerows([plain(cell) for cell in line] for line in lines)
    BulkReport.objects.create(bulk_import=bulk, position=position, content=out.getvalue().encode())


def report_of(bulk: BulkImport) -> tuple[Iterator[bytes], int]:
    """The report, piece by piece, and how many bytes it has. Raises PartsGone where it is deleted in the middle."""
    parts = BulkReport.objects.filter(bulk_import=bulk).order_by("position")
    return contents_of(parts), size_of(parts)


def reported_till(ended: datetime) -> datetime:
    """Until when the report of a call is kept, which ended then."""
    return ended + timedelta(days=settings.EXPORT_DAYS or 36_500)


def clear_payloads() -> int:
    """Delete what is left of calls that are over; how many portions that was. For the tick."""
    over = BulkPortion.objects.filter(bulk_import__run__finished_at__isnull=False)
    return over.delete()[0] if over.exists() else 0


def clear_old_reports() -> None:
    """Delete the reports of calls that are over for EXPORT_DAYS: they hold personal data. For the tick."""
    till = true_time.now() - timedelta(days=settings.EXPORT_DAYS)
    old = BulkReport.objects.filter(bulk_import__run__finished_at__lt=till)
    if settings.EXPORT_DAYS and old.exists():
        old.delete()


def queue_position(run: Run) -> int:
    """How many bulk calls of the project come before this one; 0: it is its turn, or it is over."""
    if not run.is_open:
        return 0
    earlier = Run.objects.filter(project_id=run.project_id, kind=RunKind.BULK_BY_API, pk__lt=run.pk)
    return earlier.filter(state__in=RUN_OPEN).count()


def seconds_left(run: Run) -> int | None:
    """An estimate by the pace so far; None before the first portion and after the end."""
    if not run.is_open or run.started_at is None or not run.fetched or not run.total:
        return None
    pace = (true_time.now() - run.started_at).total_seconds() / run.fetched
    return round(pace * (run.total - run.fetched))
