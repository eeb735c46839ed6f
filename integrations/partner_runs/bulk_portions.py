"""The next portion of a bulk call, whatever it brings."""

from __future__ import annotations

from integrations.models import BulkAction, BulkImport, Run
from integrations.partner_runs.bulk_import import import_portion
from integrations.partner_runs.bulk_rows import rows_portion
from integrations.runs.pages import RunPage


def bulk_portion(run: Run) -> RunPage:
    bulk = BulkImport.objects.select_related("project").get(pk=run.pk)
    return import_portion(run, bulk) if bulk.action == BulkAction.ORDERS else rows_portion(run, bulk)
