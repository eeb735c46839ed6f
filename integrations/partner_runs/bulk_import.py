"""Bulk imports of partners: asked for, written portion by portion in turn with other projects', told how far they are.

The orders lie in PostgreSQL as checked JSON until they are written; the queue carries the run's id alone. A portion is
one transaction: orders, failures, counters and cursor. One import of a project is worked on at a time, in the order
they came; a slice of work is one portion, so that a small import waits for one portion of every other project at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import msgspec
from django.db import transaction

from config.kit import true_time
from config.kit.isolating import in_halves, place_of
from config.kit.public_ids import PublicIds
from config.kit.sql import copy_rows
from integrations.choices import OnConflict, RunKind, RunState
from integrations.models import ApiKey, BulkFailure, BulkImport, BulkPortion, Project, Run
from integrations.runs.pages import NOT_STORABLE, RunPage, Written
from integrations.runs.queue import ring
from orders import bell
from orders.partners.published import PublishedOrder
from orders.partners.store import Book, Outcome, RowFailure, Stored, store

PORTION = 200
COUNTED = {"created": "created", "updated": "updated", "skipped": "unchanged"}


class Portion(msgspec.Struct):
    """Some orders of an import in a row; `repeats` names those whose source id came before, by their own index."""

    orders: list[PublishedOrder]
    repeats: dict[int, int] = {}


_PORTIONS = msgspec.json.Decoder(Portion)


@dataclass(frozen=True)
class Asked:
    """An import as a partner asks for it."""

    project: Project
    orders: Sequence[PublishedOrder]
    request_id: str
    api_key: ApiKey | None = None
    on_conflict: str = OnConflict.UPDATE


def request_import(asked: Asked) -> Run:
    """Write the import down and ring."""
    with transaction.atomic():
        # One at a time per project, so that runs are numbered in the order in which they become visible.
        Project.objects.select_for_update(no_key=True).get(pk=asked.project.pk)
        run = Run.objects.create(
            project=asked.project, kind=RunKind.ORDERS_BY_API, total=len(asked.orders), reason="Waits for its turn."
        )
        bulk = BulkImport.objects.create(
            run=run,
            project=asked.project,
            api_key=asked.api_key,
            request_id=asked.request_id,
            on_conflict=asked.on_conflict,
        )
        copy_rows(BulkPortion, ("bulk_import_id", "position", "payload"), _portions(bulk.pk, asked.orders))
        ring(run.pk)
    return run


def _portions(bulk_id: int, orders: Sequence[PublishedOrder]) -> list[tuple[int, int, bytes]]:
    first: dict[str, int] = {}
    rows = []
    for start in range(0, len(orders), PORTION):
        part = list(orders[start : start + PORTION])
        repeats = {}
        for index, order in enumerate(part, start):
            if order.source_id and first.setdefault(order.source_id, index) != index:
                repeats[index] = first[order.source_id]
        rows.append((bulk_id, start, msgspec.json.encode(Portion(part, repeats))))
    return rows


def import_portion(run: Run) -> RunPage:
    """The next portion of an import."""
    bulk = BulkImport.objects.select_related("project").get(pk=run.pk)
    start = int((run.cursor or {}).get("done", 0))
    payload = BulkPortion.objects.filter(bulk_import=bulk, position=start).values_list("payload", flat=True).first()
    if payload is None:
        return RunPage(done=True)
    portion = _PORTIONS.decode(bytes(payload))
    end = start + len(portion.orders)
    whole = end >= (run.total or 0)

    def write(run_id: int, *, apart: bool = False) -> Written:
        # Customers are placed when all their orders are here; those of a long import meanwhile, by the tick.
        with nullcontext() if whole else bell.quiet():
            return Written(_write(run_id, bulk, start, portion, apart=apart))

    return RunPage({"done": end}, write, lambda run_id: write(run_id, apart=True), done=whole)


def _write(run_id: int, bulk: BulkImport, start: int, portion: Portion, *, apart: bool) -> Counter[str]:
    project = bulk.project
    book = Book(project.pk, project.currency, project.zone, PublicIds(bytes(project.id_key)), true_time.now(), run_id)
    fresh = [index for index in range(start, start + len(portion.orders)) if index not in portion.repeats]
    results: dict[int, Outcome] = {}

    def some(indexes: Sequence[int]) -> None:
        orders = [portion.orders[index - start] for index in indexes]
        outcomes = store(book, orders, live=False, on_conflict=bulk.on_conflict)
        results.update(zip(indexes, outcomes, strict=True))

    def failed(index: int, error: Exception) -> None:
        results[index] = _fault(error)

    if apart:
        in_halves(fresh, some, failed)
    else:
        some(fresh)
    for index, first in portion.repeats.items():
        results[index] = RowFailure("duplicate_found", f"The source_id is that of row {first} of the same import")
    return _record(bulk, results, {index: portion.orders[index - start].source_id or "" for index in results})


def _fault(error: Exception) -> RowFailure:
    """What keeps one order from being written, none of the others."""
    if isinstance(error, NOT_STORABLE):
        return RowFailure("invalid_order", f"The order cannot be stored: {str(error).splitlines()[0][:300]}")
    return RowFailure("fault", f"A fault of Countinghouse keeps this order from being written ({place_of(error)}).")


def _record(bulk: BulkImport, results: Mapping[int, Outcome], sources: Mapping[int, str]) -> Counter[str]:
    counts: Counter[str] = Counter(fetched=len(results))
    failures = []
    for index, outcome in sorted(results.items()):
        if isinstance(outcome, Stored):
            counts[COUNTED[outcome.what]] += 1
        else:
            counts["failed"] += 1
            failures.append((bulk.pk, index, sources[index], outcome.key, outcome.reason[:500]))
    if failures:
        copy_rows(BulkFailure, ("bulk_import_id", "index", "source_id", "key", "reason"), failures)
    return counts


def clear_payloads() -> int:
    """Delete what is left of imports that are over; how many portions that was. For the tick."""
    over = BulkPortion.objects.filter(bulk_import__run__finished_at__isnull=False)
    return over.delete()[0] if over.exists() else 0


def queue_position(run: Run) -> int:
    """How many imports of the project come before this one; 0: it is its turn, or it is over."""
    if not run.is_open:
        return 0
    earlier = Run.objects.filter(project_id=run.project_id, kind=RunKind.ORDERS_BY_API, pk__lt=run.pk)
    return earlier.filter(state__in=[RunState.WAITING, RunState.RUNNING]).count()


def seconds_left(run: Run) -> int | None:
    """An estimate by the pace so far; None before the first portion and after the end."""
    if not run.is_open or run.started_at is None or not run.fetched or not run.total:
        return None
    pace = (true_time.now() - run.started_at).total_seconds() / run.fetched
    return round(pace * (run.total - run.fetched))
