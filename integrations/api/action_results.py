"""What bulk calls came to, and the file that says it row by row."""

from __future__ import annotations

import hmac
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import UNSET
from rest_framework.request import Request

from config.kit.api.bodies import JsonRenderer
from config.kit.api.problems import not_found
from config.kit.api.queries import FilledTextField, QuerySerializer
from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.api.exports import CsvRenderer, TextRenderer
from integrations.api.partner_views import PartnerViewSet
from integrations.api.shapes import ActionResult, FailedBulkRow, FailedRow, ImportWarning
from integrations.choices import ApiScope, RunState
from integrations.models import BulkAction, BulkImport, Run
from integrations.partner_runs import bulk_calls

MOST_ERRORS = 100
MESSAGES = {"not_found": "Resource not found", "fault": "Internal error"}


def result_of(run: Run, ids: PublicIds, request: Request) -> ActionResult:
    """Of a call that is over, as its type is published."""
    bulk = run.bulk_import
    return _import_result(run) if bulk.action == BulkAction.ORDERS else _bulk_result(run, bulk, ids, request)


def _import_result(run: Run) -> ActionResult:
    """The published result, with what every row came to beside it."""
    done = run.created + run.updated + run.unchanged
    message = f"{done} order(s) imported successfully, {run.failed} failed."
    if run.state != RunState.SUCCEEDED:
        message += f" {run.reason}"
    failed = run.bulk_import.failures.values_list("index", "source_id", "key", "reason")
    warnings = [
        ImportWarning(each["index"], each["number"] or None, each["key"], each["message"])
        for each in run.results
        if each["outcome"] == "warned"
    ]
    return ActionResult(
        message=message,
        failed=[FailedRow(source_id or None, reason, index, key) for index, source_id, key, reason in failed],
        done_count=done,
        failed_count=run.failed,
        created_count=run.created,
        updated_count=run.updated,
        skipped_count=run.unchanged,
        warnings=warnings or UNSET,
    )


def _bulk_result(run: Run, bulk: BulkImport, ids: PublicIds, request: Request) -> ActionResult:
    base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    report = f"{base}/v1/async-actions/{ids.give('aa', run.pk)}/report?token={bulk.token}"
    failed = bulk.failures.values_list("source_id", "key", "reason")[:MOST_ERRORS]
    return ActionResult(
        done_count=run.created + run.updated + run.unchanged,
        failed_count=run.failed,
        reports=[report] if bulk.reports.exists() else [],
        reports_available_till=iso(bulk_calls.reported_till(run.finished_at or run.created_at)),
        errors=[FailedBulkRow(source_id, key, _message(key), details) for source_id, key, details in failed],
    )


def _message(key: str) -> str:
    return MESSAGES.get(key, key.replace("_", " ").capitalize())


class ReportQuery(QuerySerializer):
    token = FilledTextField(required=False, help_text="The token in the address that the result names.")


class BulkReportViewSet(PartnerViewSet):
    """GET: the report of a bulk call that is over."""

    queryset = BulkImport.objects.filter(run__finished_at__isnull=False)
    query_serializer_classes = {"report": ReportQuery}
    required_scopes = (ApiScope.ASYNC_ACTIONS,)
    renderer_classes = [JsonRenderer, TextRenderer, CsvRenderer]
    id_prefix, resource_name, id_says = "aa", "async_action", "The id of the async action, `aa_…`."
    lookup_url_kwarg = "action_id"

    @extend_schema(
        summary="Fetch the report of a bulk call",
        description="CSV in UTF-8: a line for each row, whether it was found and updated, and why it was not.",
        responses={(200, "text/csv"): str, (200, "text/plain"): str},
    )
    def report(self, request: Request, action_id: str) -> HttpResponseBase:
        bulk: BulkImport = self.get_object()
        token = str(self.query.get("token", ""))
        if not hmac.compare_digest(token.encode(), bulk.token.encode()) or not bulk.reports.exists():
            raise not_found("async_action", action_id)
        accepted: Any = request.accepted_renderer
        kind = accepted.media_type if accepted.media_type == TextRenderer.media_type else CsvRenderer.media_type
        file, size = bulk_calls.report_of(bulk)
        response = StreamingHttpResponse(file, content_type=f"{kind}; charset=utf-8")
        response["Content-Length"] = str(size)  # by which everybody sees a file that was broken off
        response["Content-Disposition"] = 'attachment; filename="report.csv"'
        return response
