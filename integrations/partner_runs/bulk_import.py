"""Bulk imports of orders: written portion by portion in turn with other projects' calls.

The orders lie in PostgreSQL as checked JSON until they are written. Those that write goods hold the project's lock, for
which live calls wait: few of them are written at once. Orders that are here just as they are sent lock nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import msgspec

from config.kit import true_time
from config.kit.isolating import in_halves, once_more
from config.kit.public_ids import PublicIds
from config.kit.sql import rows_with_bytes
from integrations.choices import OnConflict
from integrations.models import ApiKey, BulkAction, BulkImport, BulkPortion, Project, Run
from integrations.partner_runs import bulk_calls
from integrations.partner_runs.bulk_calls import BulkCall
from integrations.runs.pages import RunPage, Written
from orders import bell
from orders.partners.known_orders import SentOrder, digest_of
from orders.partners.published import PublishedOrder
from orders.partners.sent_page import Book, Outcome, RowFailure, Stored
from orders.partners.store import store, unchanged

# Orders that lie together.
PORTION = 500
# Portions looked through at once, while their orders change nothing.
PORTIONS_AT_ONCE = 5
# Orders written at once: so long an import of another project has to wait.
AT_ONCE = 1_000
# Bytes of them after which it is enough: orders may have hundreds of items.
BYTES_AT_ONCE = 2 * 1024 * 1024
# The same as orders where they write goods: so long a live call of the project may have to wait.
LOCKING_AT_ONCE = 50
# How such an order reads, as it lies here.
LOCKING = b'"override":true'
# Warnings that are kept of an import.
MOST_WARNINGS = 100
COUNTED = {"created": "created", "updated": "updated", "skipped": "unchanged"}


class Portion(msgspec.Struct):
    """Some orders of an import in a row; `repeats` names those whose source id came before, by their own index."""

    orders: Sequence[PublishedOrder | msgspec.Raw]
    repeats: dict[int, int] = {}


class KeptPortion(msgspec.Struct):
    """The same as it is read: an order that changes nothing is never parsed."""

    orders: list[msgspec.Raw]
    repeats: dict[int, int] = {}


class OrderKey(msgspec.Struct):
    id: str | None = None
    source_id: str | None = None


_PORTIONS = msgspec.json.Decoder(KeptPortion)
_KEYS = msgspec.json.Decoder(OrderKey)
_ORDERS = msgspec.json.Decoder(PublishedOrder)


@dataclass
class ImportSlice:
    """What is worked on at once: rows of an import by their index."""

    repeats: dict[int, int]
    same: dict[int, int]
    """The orders of the book that a row leaves as they are."""
    write: dict[int, bytes]
    sources: dict[int, str]
    end: int
    size: int = 0
    """Bytes of the rows to be written."""
    by_id: set[int] = field(default_factory=set)
    """Orders of the book that rows to be written name by `id`."""
    locks: bool = False

    def is_full(self, locks: bool = False) -> bool:
        """Whether enough are to be written; `locks`: the next one would hold the project's lock."""
        most = LOCKING_AT_ONCE if self.locks or locks else AT_ONCE
        return len(self.write) >= most or self.size >= BYTES_AT_ONCE


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
    call = BulkCall(asked.project, BulkAction.ORDERS, asked.request_id, asked.api_key, asked.on_conflict)
    return bulk_calls.ask(call, len(asked.orders), _portions(asked.orders))


def _portions(orders: Sequence[PublishedOrder]) -> list[tuple[int, bytes]]:
    first: dict[str, int] = {}
    rows = []
    for start in range(0, len(orders), PORTION):
        part = list(orders[start : start + PORTION])
        repeats = {}
        for index, order in enumerate(part, start):
            if order.source_id and first.setdefault(order.source_id, index) != index:
                repeats[index] = first[order.source_id]
        rows.append((start, msgspec.json.encode(Portion(part, repeats))))
    return rows


def import_portion(run: Run, bulk: BulkImport) -> RunPage:
    """The next rows of an import: as many as are written at once, and those between them that change nothing."""
    start = int((run.cursor or {}).get("done", 0))
    project = bulk.project
    book = Book(project.pk, project.currency, project.zone, PublicIds(bytes(project.id_key)), true_time.now(), run.pk)
    part = _next(book, bulk, start, run.total or 0)
    if part.end == start:
        return RunPage(done=True)
    whole = part.end >= (run.total or 0)

    def write(run_id: int, *, each: bool = False) -> Written:
        # Customers are placed when all their orders are here; those of a long import meanwhile, by the tick.
        with nullcontext() if whole else bell.quiet():
            outcomes = _write(bulk, replace(book, at=true_time.now()), part, each=each)
            warned = list(islice(_warnings(outcomes, part.sources), max(0, MOST_WARNINGS - len(run.results))))
            return Written(_record(bulk, outcomes, part.sources), [*run.results, *warned] if warned else None)

    return RunPage({"done": part.end}, write, lambda run_id: write(run_id, each=True), done=whole)


def _next(book: Book, bulk: BulkImport, start: int, total: int) -> ImportSlice:
    """The rows from `start` on, of `total`. Nothing is locked: a row that changes nothing now is done, whatever comes
    after it.
    """
    part = ImportSlice({}, {}, {}, {}, start)
    portions = BulkPortion.objects.filter(bulk_import=bulk).order_by("-position").values_list("position", "payload")
    for _ in range(PORTIONS_AT_ONCE):
        if part.end >= total:
            break
        found = rows_with_bytes(portions.filter(position__lte=part.end)[:1])
        if not found:
            break
        position, payload = found[0]
        portion = _PORTIONS.decode(payload)
        rows = list(enumerate(portion.orders, position))[part.end - position :]
        before = part.end
        # Where the first rows are to be written, the others are not looked at yet; where they are not, most are not.
        first = len(rows) if part.same else LOCKING_AT_ONCE
        for some in (rows[:first], rows[first:]):
            if some and part.end == some[0][0] and not part.is_full():
                _sort(book, bulk, part, portion.repeats, dict(some))
        if part.is_full() or part.end < before + len(rows) or not rows:
            break
    return part


def _sort(
    book: Book, bulk: BulkImport, part: ImportSlice, repeats: dict[int, int], rows: dict[int, msgspec.Raw]
) -> None:
    """Add rows to the slice until enough are to be written."""
    keys = {index: _KEYS.decode(raw) for index, raw in rows.items()}
    same: dict[int, int | None] = {}
    # Where all rows before are to be written, so are these most likely; what is here already they are asked again then.
    if bulk.on_conflict == OnConflict.UPDATE and (part.same or not part.write):
        plain = {index: raw for index, raw in rows.items() if not keys[index].id}
        sent = [SentOrder(keys[index].id, keys[index].source_id, digest_of(raw)) for index, raw in plain.items()]
        same = dict(zip(plain, unchanged(book, sent), strict=True))
    for index, raw in rows.items():
        document = bytes(raw)
        locks = LOCKING in document
        if part.is_full(locks):
            return
        part.end, part.sources[index] = index + 1, keys[index].source_id or ""
        order_id = same.get(index) if same.get(index) not in part.by_id else None
        if index in repeats:
            part.repeats[index] = repeats[index]
        elif order_id is not None:
            part.same[index] = order_id
        else:
            part.write[index], part.locks = document, part.locks or locks
            part.size += len(document)
            if pk := book.ids.take("ord", keys[index].id or ""):
                part.by_id.add(pk)


def _write(bulk: BulkImport, book: Book, part: ImportSlice, *, each: bool) -> dict[int, Outcome]:
    """Write the rows of the slice; what became of each, by its index."""
    results: dict[int, Outcome] = {index: Stored(pk, "skipped") for index, pk in part.same.items()}

    def some(indexes: Sequence[int]) -> None:
        encoded = [part.write[index] for index in indexes]
        orders = [_ORDERS.decode(each) for each in encoded]
        # A live call may be writing the same order or customer.
        outcomes = once_more(lambda: store(book, orders, live=False, on_conflict=bulk.on_conflict, encoded=encoded))
        results.update(zip(indexes, outcomes, strict=True))

    def failed(index: int, error: Exception) -> None:
        results[index] = RowFailure(*bulk_calls.fault(error, "order"))

    if each:
        in_halves(list(part.write), some, failed)
    elif part.write:
        some(list(part.write))
    for index, first in part.repeats.items():
        results[index] = RowFailure("duplicate_found", f"The source_id is that of row {first} of the same import")
    return results


def _warnings(results: Mapping[int, Outcome], sources: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """What partners should know of orders that are stored, as results of the run."""
    return (
        {
            "id": outcome.order_id,
            "number": sources[index],
            "outcome": "warned",
            "message": warning.details,
            "index": index,
            "key": warning.key,
        }
        for index, outcome in sorted(results.items())
        if isinstance(outcome, Stored)
        for warning in outcome.warnings
    )


def _record(bulk: BulkImport, results: Mapping[int, Outcome], sources: Mapping[int, str]) -> Counter[str]:
    counts: Counter[str] = Counter(fetched=len(results))
    failures = []
    for index, outcome in sorted(results.items()):
        if isinstance(outcome, Stored):
            counts[COUNTED[outcome.what]] += 1
        else:
            counts["failed"] += 1
            failures.append((bulk.pk, index, sources[index], outcome.key, outcome.reason[:500]))
    bulk_calls.keep_failures(failures)
    return counts
