"""The run of a feed that reads files: look, take what stands still, book its rows in portions, move the file away.

Each page does one of these, and its cursor says which file it is about. How far a file has come stands on its row,
written in the transaction that booked; so a run that was killed, cancelled or asked for anew goes on at that very row.
Moving a file away is no part of that: one that cannot be moved is tried again by the next run, and never booked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import F

from config.kit import true_time
from config.kit.plurals import counted
from integrations.choices import FileState, RunKind
from integrations.connectors.errors import ShopError
from integrations.models import ExchangedFile, FileFeed, Integration, Run
from integrations.runs import claims
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.warehouses import in_hand, looking, moving_away, serving
from integrations.warehouses.file_layout import FileRefused, layout_of
from integrations.warehouses.file_rows import rows_of
from integrations.warehouses.in_hand import OpenFile
from integrations.warehouses.order_files import OrderRows
from integrations.warehouses.row_work import RowWork, keep_errors
from integrations.warehouses.shipment_files import ShipmentRows
from integrations.warehouses.stock_files import StockRows
from integrations.warehouses.typed_rows import TypedRow

# Rows booked in one transaction, and rows looked at together before.
PORTION, LOOKED_AT = 500, 5_000
# A file with more bad rows than this part of it is refused as a whole.
MOST_BAD = 0.2
WORK: dict[str, RowWork] = {
    RunKind.STOCK_FILES: StockRows(),
    RunKind.SHIPMENT_FILES: ShipmentRows(),
    RunKind.ORDER_FILES: OrderRows(),
}
ENDED = (FileState.DONE, FileState.REFUSED, FileState.REPEATED)


def files_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One step of the feed's run."""
    cursor = run.cursor or {}
    feed = FileFeed.objects.select_related("feed").get(feed__integration=integration, feed__kind=run.kind)
    feed.feed.integration = integration
    file = ExchangedFile.objects.filter(feed=feed.feed, pk=cursor.get("file") or 0).first()
    if file is None:
        return _look(feed, cursor)
    if file.state == FileState.SEEN:
        return _begin(held, feed, file, cursor)
    if file.state == FileState.WORKING:
        return _go_on(held, feed, file, cursor)
    return moving_away.move(feed, file, cursor)


def _look(feed: FileFeed, cursor: dict[str, Any]) -> RunPage:
    """List the folder, and choose the next file."""
    half = ExchangedFile.objects.filter(feed=feed.feed, state=FileState.WORKING).order_by("pk").first()
    if half is not None:
        return _next(cursor, half)
    with serving.opened(feed.feed.integration) as server:
        listed = server.files(feed.folder)
    mine = ExchangedFile.objects.filter(feed=feed.feed)
    waiting = {row.name: row for row in mine.filter(state=FileState.SEEN)}
    left = mine.filter(state__in=ENDED, moved_to="", name__in=[file.name for file in listed])
    gone = mine.filter(state__in=ENDED, moved_to="").exclude(pk__in=left)
    settle = timedelta(seconds=settings.FILE_SETTLE_SECONDS)
    plan = looking.plan(listed, feed.pattern, waiting, [*left, *gone], true_time.now(), settle)
    tried = set(cursor.get("tried", ()))
    choices = [*plan.ready, *(row for row in plan.to_move if moving_away.may_move(feed))]
    chosen = next((row for row in choices if row.pk not in tried), None)
    listed_names = {file.name for file in listed}
    lost = [row for row in waiting.values() if row.name not in listed_names]
    write = partial(_noted, feed, plan, lost)
    if chosen is not None:
        return replace(_next(cursor, chosen), write=write)
    if plan.young and not cursor.get("waited"):
        text = f"{counted(plan.young, 'file')} may still be written: looked at again in {settle.seconds} seconds."
        return RunPage({**cursor, "waited": True}, write, wait=settle.seconds, waits_for=text)

    def last(run_id: int) -> Written:
        return replace(write(run_id), note=_told(Run.objects.get(pk=run_id), plan.young))

    return RunPage({**cursor, "end": True}, last, done=True)


def _next(cursor: dict[str, Any], file: ExchangedFile) -> RunPage:
    return RunPage({**cursor, "file": file.pk, "row": file.position}, lambda _: Written())


def _noted(feed: FileFeed, plan: looking.LookPlan, lost: list[ExchangedFile], run_id: int) -> Written:
    """Keep what the look has found."""
    now = true_time.now()
    ExchangedFile.objects.bulk_create(
        [
            ExchangedFile(
                project_id=feed.feed.integration.project_id,
                feed=feed.feed,
                name=file.name,
                size=file.size,
                modified_at=file.modified_at,
                state=FileState.SEEN,
                reason="It is taken once it stands still.",
                seen_at=now,
                run_id=run_id,
            )
            for file in plan.new
        ],
        ignore_conflicts=True,
    )
    for row, file in plan.changed:
        ExchangedFile.objects.filter(pk=row.pk, state=FileState.SEEN).update(
            size=file.size, modified_at=file.modified_at, seen_at=now
        )
    ExchangedFile.objects.filter(pk__in=[row.pk for row in lost], state=FileState.SEEN).delete()
    ExchangedFile.objects.filter(pk__in=[row.pk for row in plan.away]).update(moved_to="?", problem="")
    return Written()


def _told(run: Run, young: int) -> str:
    results = run.results or []
    if not results:
        return f"Nothing to process; {counted(young, 'file')} may still be written." if young else "Nothing to process."
    files = counted(len(results), "file")
    text = f"{files}: {run.updated + run.created:,} booked, {run.unchanged:,} as they were, {run.failed:,} with errors."
    refused = sum(each["outcome"] != FileState.DONE for each in results)
    return f"{text} {refused} of the files not taken: see why on their pages." if refused else text


# --- a file ---


def _opened(feed: FileFeed, file: ExchangedFile) -> OpenFile:
    """The file at its first row, brought here. Raises ShopError."""
    with serving.opened(feed.feed.integration) as server:
        fetched = serving.fetch(server, feed.folder, file.name)
    rows = rows_of(fetched.content, feed.feed.kind, layout_of(feed.layout), feed.feed.integration.zone)
    return in_hand.keep(OpenFile(file.pk, fetched, rows))


def _begin(held: Claim, feed: FileFeed, file: ExchangedFile, cursor: dict[str, Any]) -> RunPage:
    """Read a file whole: what was worked off before, or has too many bad rows, is not booked."""
    try:
        opened = _opened(feed, file)
    except serving.TooLarge as error:
        return _end(file, FileState.REFUSED, str(error), cursor)
    except FileRefused as refusal:
        return _end(file, FileState.REFUSED, refusal.sentence, cursor)
    except ShopError as error:
        if not serving.missing_name(error):
            raise
        return RunPage({**cursor, "file": None}, lambda _: _forgotten(file))  # taken away by somebody else
    fetched = opened.fetched
    if fetched.size != file.size:
        return RunPage({**cursor, "file": None}, lambda _: _grown(file, fetched.size))
    found = {"digest": fetched.digest}
    before = ExchangedFile.objects.filter(feed=feed.feed, digest=fetched.digest, state=FileState.DONE).first()
    if before is not None:
        text = f"Its content was worked off before, as {before.name}: nothing is booked again."
        return _end(file, FileState.REPEATED, text, cursor, found=found)
    try:
        count, errors = _looked_through(held, feed, opened)
    except FileRefused as refusal:
        return _end(file, FileState.REFUSED, refusal.sentence, cursor, found=found)
    if len(errors) > MOST_BAD * count:
        text = f"{len(errors):,} of {count:,} rows cannot be booked, more than a fifth: nothing of the file is."
        return _end(file, FileState.REFUSED, text, cursor, errors, {**found, "rows": count, "failed": len(errors)})
    opened.rows = rows_of(fetched.content, feed.feed.kind, layout_of(feed.layout), feed.feed.integration.zone)
    opened.position = 0

    def write(_: int) -> Written:
        ExchangedFile.objects.filter(pk=file.pk).update(
            state=FileState.WORKING, reason="", rows=count, run_id=held.run_id, **found
        )
        return Written()

    return RunPage({**cursor, "file": file.pk, "row": 0}, write)


def _looked_through(held: Claim, feed: FileFeed, opened: OpenFile) -> tuple[int, dict[int, str]]:
    """How many rows there are, and what keeps some from being booked. Raises FileRefused."""
    work, count, errors = WORK[feed.feed.kind], 0, dict[int, str]()
    source = _each_in_one_place(opened.rows, work.together) if work.in_one_place else opened.rows
    for rows in _batches(source):
        count += len(rows)
        errors |= work.faults(feed, rows)
        claims.heartbeat(held)
    return count, errors


def _each_in_one_place(rows: Iterator[TypedRow], together: str) -> Iterator[TypedRow]:
    """The rows. Raises FileRefused where those of one order stand in two places: half of it would pass for all."""
    seen: set[Any] = set()
    last: Any = None
    for row in rows:
        value = row.values.get(together)
        if value is not None and value != last:
            if value in seen:
                text = f"Row {row.number}: other rows of {value} stand further up, with another one's between."
                raise FileRefused(f"{text} Rows of one order must follow each other.")
            seen.add(value)
            last = value
        yield row


def _batches(rows: Iterator[TypedRow]) -> Iterator[list[TypedRow]]:
    batch: list[TypedRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= LOOKED_AT:
            yield batch
            batch = []
    if batch:
        yield batch


def _forgotten(file: ExchangedFile) -> Written:
    ExchangedFile.objects.filter(pk=file.pk, state=FileState.SEEN).delete()
    return Written()


def _grown(file: ExchangedFile, size: int) -> Written:
    ExchangedFile.objects.filter(pk=file.pk).update(size=size, modified_at=None, seen_at=true_time.now())
    return Written()


def _go_on(held: Claim, feed: FileFeed, file: ExchangedFile, cursor: dict[str, Any]) -> RunPage:
    """The next portion of a file, from the row it has come to."""
    work = WORK[feed.feed.kind]
    try:
        opened = in_hand.take(file.pk, file.position) or _again(feed, file)
        rows = opened.portion(PORTION, work.together)
    except FileRefused as refusal:
        text = f"Worked off up to row {file.position:,}; then the file was another one. {refusal.sentence}"
        return _end(file, FileState.REFUSED, text, cursor)
    if not rows:
        in_hand.drop()
        return _end(file, FileState.DONE, "", cursor)

    def write(run_id: int) -> Written:
        booked = work.book(run_id, feed, file, rows)
        keep_errors(file, booked.errors, file.failed)
        good = len(rows) - len(booked.errors) - booked.unchanged
        ExchangedFile.objects.filter(pk=file.pk).update(
            position=F("position") + len(rows),
            booked=F("booked") + good,
            unchanged=F("unchanged") + booked.unchanged,
            failed=F("failed") + len(booked.errors),
        )
        return Written(booked.counts)

    return RunPage({**cursor, "file": file.pk, "row": file.position + len(rows)}, write, total=file.rows)


def _again(feed: FileFeed, file: ExchangedFile) -> OpenFile:
    """The file of before, at the row it had come to. Raises FileRefused where it is another one now."""
    opened = _opened(feed, file)
    if opened.fetched.digest != bytes(file.digest or b""):
        raise FileRefused("Somebody has replaced it meanwhile; the new one is worked off as a file of its own.")
    opened.skip_to(file.position)
    return opened


def _end(
    file: ExchangedFile,
    state: FileState,
    reason: str,
    cursor: dict[str, Any],
    errors: Mapping[int, str] | None = None,
    found: Mapping[str, Any] | None = None,
) -> RunPage:
    """The file is worked off; the next page moves it away."""

    def write(run_id: int) -> Written:
        if errors:
            keep_errors(file, errors, 0)
        known = ExchangedFile.objects.filter(pk=file.pk)
        known.update(state=state, reason=reason[:500], finished_at=true_time.now(), run_id=run_id, **(found or {}))
        results: list[dict[str, Any]] = list(Run.objects.values_list("results", flat=True).get(pk=run_id) or [])
        outcome = {"id": file.pk, "number": file.name, "outcome": state.value, "message": reason}
        bad = len(errors or ()) or 1 if state == FileState.REFUSED else 0
        return Written({"failed": bad}, [*results, outcome])

    return RunPage({**cursor, "file": file.pk}, write)
