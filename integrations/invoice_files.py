"""The invoices of a period as one ZIP, a PDF each: asked for by a person, written part by part, then downloaded."""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from config.kit.isolating import guarded
from config.kit.refusals import Refused
from config.kit.row_portions import contents_of
from integrations.choices import RunKind
from integrations.models import Export, ExportPart, Project, Run
from integrations.runs.pages import CalledOff, RunPage, Written, kept_back
from integrations.runs.queue import ring
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.models import Invoice

# The name under which these are kept among the exports; partners have none of it.
INVOICES = "invoice"
# Papers of a part: a second or two of setting.
AT_ONCE = 50


class NothingToFile(Refused):
    """No invoice was issued in this period."""


def request_files(project: Project, first: date, last: date, user_id: int | None) -> Run:
    """Write down that the invoices and credit notes issued from `first` to `last` are wanted, and ring.

    Raises NothingToFile.
    """
    if first > last:
        raise NothingToFile(_("The period ends before it begins: exchange the days."))
    if not invoices_of(project.pk, first, last).exists():
        raise NothingToFile(_("No invoice was issued in these days: choose others."))
    with transaction.atomic():
        run = Run.objects.create(
            project=project, kind=RunKind.INVOICE_FILES, requested_by_id=user_id, reason="Waits for its turn."
        )
        period = {"first": first.isoformat(), "last": last.isoformat()}
        Export.objects.create(
            run=run, project=project, exported_object=INVOICES, parameters=period, token=secrets.token_urlsafe(32)
        )
        ring(run.pk)
    return run


def invoices_of(project_id: int, first: date, last: date) -> QuerySet[Invoice]:
    """Those issued in these days, both included."""
    return Invoice.objects.filter(project_id=project_id, issue_date__range=(first, last))


def invoices_portion(run: Run) -> RunPage:
    """Set the next papers. They are read by their ids, so that one that is issued meanwhile changes nothing.

    One that cannot be set is named among the run's results, and the others are filed.
    """
    export = Export.objects.filter(pk=run.pk).first()
    if export is None:  # taken away with a person's data meanwhile
        return RunPage(cancelled=True)
    cursor = run.cursor or {"part": 0, "after": 0}
    first, last = (date.fromisoformat(export.parameters[name]) for name in ("first", "last"))
    found = invoices_of(run.project_id, first, last)
    rows = list(found.filter(pk__gt=cursor["after"]).order_by("pk").values_list("pk", "code")[: AT_ONCE + 1])
    back: list[dict[str, Any]] = []
    papers = [(f"{_file_name(code)}.pdf", paper) for pk, code in rows[:AT_ONCE] if (paper := _paper(pk, code, back))]
    content = msgspec.msgpack.encode(papers)

    def write(run_id: int) -> Written:
        if not Export.objects.select_for_update(no_key=True).filter(pk=run_id).exists():
            raise CalledOff
        ExportPart.objects.create(export_id=run_id, position=cursor["part"], content=content)
        results = [*run.results, *back] if back else None
        return Written({"fetched": len(papers), "failed": len(back)}, results)

    reached = {"part": cursor["part"] + 1, "after": rows[:AT_ONCE][-1][0] if rows else cursor["after"]}
    total = found.count() if cursor["part"] == 0 else None
    return RunPage(reached, write, done=len(rows) <= AT_ONCE, total=total)


def _paper(pk: int, code: str, back: list[dict[str, Any]]) -> bytes:
    """The PDF; b"" where it cannot be set, which `back` then tells."""

    def failed(error: Exception) -> bytes:
        back.append(kept_back(code, error))
        return b""

    return guarded(lambda: render(contents.of_invoices([pk])), failed)


def _file_name(code: str) -> str:
    """A number as the name of a file; series may have slashes in them."""
    return re.sub(r"[^\w.-]", "-", code)


class _Pipe(io.RawIOBase):
    """Takes what a ZIP writes, and gives it away in pieces; it cannot be wound back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def archive_of(export: Export) -> Iterator[bytes]:
    """The ZIP, part by part in flat memory; broken off where it is deleted meanwhile.

    PDF is compressed already: it is only stored.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        parts = ExportPart.objects.filter(export=export).order_by("position")
        for content in contents_of(parts):
            for name, paper in msgspec.msgpack.decode(content, type=list[tuple[str, bytes]]):
                archive.writestr(zipfile.ZipInfo(name), paper)
            yield pipe.taken()
    yield pipe.taken()
