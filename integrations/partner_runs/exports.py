"""Exports of partners: asked for, written to a CSV file part by part, fetched by a secret address, deleted."""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db import transaction

from config.kit import true_time
from config.kit.public_ids import PublicIds
from config.kit.row_portions import contents_of, size_of
from config.kit.spreadsheets import plain
from integrations.choices import RunKind
from integrations.models import ApiKey, Export, ExportPart, Project, Run
from integrations.runs import control
from integrations.runs.pages import CalledOff, RunPage, Written, kept_back
from integrations.runs.queue import ring
from orders.exported import file_wishes
from orders.exported.all_rows import EXPORTED
from orders.exported.describing import BookReader, Exported
from orders.exported.file_wishes import FileRows, FileWish

# Of a part of the file; it ends where the first of both is reached.
ROWS_AT_ONCE = 10_000
BYTES_AT_ONCE = 4 * 2**20
# Rows read from the database together.
CHUNK = 1_000


def request_export(
    project: Project, exported: Exported, parameters: Mapping[str, Any], api_key: ApiKey | None = None
) -> Run:
    """Write the export down and ring. Raises BadSelection naming the parameter."""
    checked = file_wishes.checked(exported, parameters, _reader(project))
    with transaction.atomic():
        run = Run.objects.create(project=project, kind=RunKind.EXPORT_BY_API, reason="Waits for its turn.")
        Export.objects.create(
            run=run,
            project=project,
            api_key=api_key,
            exported_object=exported.name,
            parameters=checked,
            token=secrets.token_urlsafe(32),
        )
        ring(run.pk)
    return run


def export_portion(run: Run) -> RunPage:
    """The next part of the file."""
    export = Export.objects.select_related("project").filter(pk=run.pk).first()
    if export is None:  # its owner has deleted it meanwhile
        return RunPage(cancelled=True)
    part = int((run.cursor or {}).get("part", 0))
    wish = file_wishes.wish_of(EXPORTED[export.exported_object], export.parameters, _reader(export.project))
    before = ExportPart.objects.filter(export=export, position=part - 1).values_list("place", flat=True).first()
    place = before or {"columns": wish.columns(), "after": None}
    lines = PartLines(wish, place["columns"], place["after"])
    content = lines.text(header=before is None)

    def write(run_id: int) -> Written:
        if not Export.objects.select_for_update(no_key=True).filter(pk=run_id).exists():
            raise CalledOff
        kept = {**place, "after": lines.after}
        ExportPart.objects.create(export_id=run_id, position=part, content=content.encode(), place=kept)
        results = [*run.results, *lines.back] if lines.back else None
        return Written({"fetched": lines.rows, "failed": len(lines.back)}, results)

    total = wish.rows().count() if before is None else None
    return RunPage({"part": part + 1}, write, done=lines.whole, total=total)


class PartLines:
    """The lines of a part of the file, beyond the place `after`, and where the next part begins."""

    def __init__(self, wish: FileWish, columns: Sequence[str], after: Sequence[Any] | None) -> None:
        self._found, self._columns = FileRows(wish, columns), columns
        self._of_orders = wish.exported.name == "order"
        self.after = after
        self.rows = 0
        self.back: list[dict[str, Any]] = []
        """Rows that could not be told whole."""
        self.whole = False
        """Whether there was no row left."""

    def text(self, *, header: bool) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        if header:
            writer.writerow([plain(name) for name in self._columns])
        full = False
        while not full and not self.whole:
            some, written = list(self._found.beyond(self.after)[:CHUNK]), 0
            for row in some:
                full = self.rows == ROWS_AT_ONCE or out.tell() > BYTES_AT_ONCE
                if full:
                    break
                writer.writerow(self._cells(row))
                self.rows, written = self.rows + 1, written + 1
            if written:
                self.after = self._found.place(some[written - 1])
            self.whole = written == len(some) < CHUNK
        return out.getvalue()

    def _cells(self, row: Sequence[Any]) -> Iterable[str]:
        told, failed = self._found.told(row)
        if failed is not None:
            self.back.append(kept_back(str(row[1]), failed, row[0] if self._of_orders else None))
        return map(_cell, told)


def file_of(export: Export) -> tuple[Iterator[bytes], int]:
    """The file, part by part, and how many bytes it has. Raises PartsGone where it is deleted in the middle."""
    parts = ExportPart.objects.filter(export=export).order_by("position")
    return contents_of(parts), size_of(parts)


def delete(export: Export) -> None:
    """Take the export away, stopping it where it is still written."""
    control.cancel(export.run)
    export.delete()


def clear_old() -> None:
    """Delete the files of exports that are over for EXPORT_DAYS: they hold personal data. For the tick."""
    old = ExportPart.objects.filter(export__run__finished_at__lt=true_time.now() - timedelta(days=settings.EXPORT_DAYS))
    if settings.EXPORT_DAYS and old.exists():
        old.delete()


def _reader(project: Project) -> BookReader:
    return BookReader(project.pk, PublicIds(bytes(project.id_key)), get_currency_precision(project.currency))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return plain(value)
    if value is None:
        return ""
    if isinstance(value, dict | list | bool):
        return plain(json.dumps(value, ensure_ascii=False))
    return str(value) if isinstance(value, int | float) else plain(str(value))
