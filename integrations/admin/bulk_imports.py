"""What the page of a run shows of a partner's import: rows that failed, as a list and as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse

from config.kit.admin.csv_files import Echo, whole_or_told
from config.kit.row_portions import in_portions
from config.kit.spreadsheets import plain
from integrations.choices import RunKind
from integrations.models import BulkFailure, Run
from integrations.partner_runs import bulk_calls

OF_PARTNERS = frozenset({RunKind.BULK_BY_API, RunKind.EXPORT_BY_API})
SHOWN = 100


def import_context(run: Run) -> dict[str, Any]:
    """For the page of a run; nothing for runs of other kinds."""
    if run.kind != RunKind.BULK_BY_API:
        return {}
    failures = list(_failures(run)[: SHOWN + 1])
    return {
        "import_failures": failures[:SHOWN],
        "more_failures": len(failures) > SHOWN,
        "queue_position": bulk_calls.queue_position(run),
        "seconds_left": bulk_calls.seconds_left(run),
        "api_key": run.bulk_import.api_key,
    }


def failures_file(run: Run) -> StreamingHttpResponse:
    """Every row that failed, as CSV."""
    response = StreamingHttpResponse(whole_or_told(_lines(run)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="failed-rows-{run.pk}.csv"'
    return response


def _lines(run: Run) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(("row", "source_id", "key", "reason"))
    for failures in in_portions(_failures(run)):
        for failure in failures:
            yield writer.writerow((failure.index, plain(failure.source_id), failure.key, plain(failure.reason)))


def _failures(run: Run) -> Any:
    return BulkFailure.objects.filter(bulk_import_id=run.pk).order_by("index")
