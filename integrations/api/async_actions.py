"""Async actions: what became of bulk imports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Number, Operation, Time
from config.kit.api.problems import ApiError, not_found
from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.api.partner_views import PartnerView
from integrations.api.shapes import AsyncAction, AsyncActionDetails, AsyncActions, FailedRow, ImportResult
from integrations.choices import ApiScope, RunKind, RunState
from integrations.models import Run
from integrations.partner_runs import bulk_import
from integrations.runs import control

OVER = {
    RunState.SUCCEEDED: ("DONE", "SUCCESS"),
    RunState.FAILED: ("FAILED", "FAILED"),
    RunState.ERRORED: ("FAILED", "FAILED"),
    RunState.CANCELLED: ("FAILED", "FAILED"),
}
LIMIT = Number("limit", "How many at most.", 10, 1, 100)
END_DATE = Time("end_date", "Only actions asked for before this time: pages back.")


class AsyncActionsView(PartnerView):
    """GET: the project's async actions, newest first. `end_date` pages back: those asked for before it."""

    scope = ApiScope.ASYNC_ACTIONS
    operations = {"GET": Operation("List async actions", AsyncActions, query=(LIMIT, END_DATE))}

    def get(self, request: Request) -> Response:
        limit, end_date = LIMIT.read(self.query), END_DATE.read(self.query)
        actions = _actions(self.project.pk).order_by("-created_at", "-pk")
        if end_date is not None:
            actions = actions.filter(created_at__lt=end_date)
        rows = list(actions[: limit + 1])
        listed = [AsyncAction(**_base(self.ids, run)) for run in rows[:limit]]
        return Response(AsyncActions(listed, has_more=len(rows) > limit))


class AsyncActionView(PartnerView):
    """GET: one action with its result. DELETE: cancel it; what was written stays."""

    scope = ApiScope.ASYNC_ACTIONS
    id_name = "The id of the async action, `aa_…`."
    operations = {
        "GET": Operation("Follow an async action", AsyncActionDetails),
        "DELETE": Operation(
            "Cancel an async action",
            status=204,
            says="Orders that are written stay.",
            refuses={409: "It is over, or being cancelled already."},
        ),
    }

    def get(self, request: Request, action_id: str) -> Response:
        run = self._run(action_id)
        body = AsyncActionDetails(**_base(self.ids, run))
        if run.is_open:
            body.queue_position = bulk_import.queue_position(run)
            body.estimated_seconds = bulk_import.seconds_left(run)
        else:
            body.result = _result(run)
        return Response(body)

    def delete(self, request: Request, action_id: str) -> Response:
        run = self._run(action_id)
        if not control.cancel(run):
            raise ApiError(409, "already_over", "Conflict", "The action is over or being cancelled already.")
        return Response(status=204)

    def _run(self, action_id: str) -> Run:
        pk = self.ids.take("aa", action_id)
        run = _actions(self.project.pk).filter(pk=pk).first() if pk else None
        if run is None:
            raise not_found("async_action", action_id)
        return run


def _actions(project_id: int) -> QuerySet[Run]:
    return Run.objects.select_related("bulk_import").filter(project_id=project_id, kind=RunKind.ORDERS_BY_API)


def _base(ids: PublicIds, run: Run) -> dict[str, Any]:
    if run.is_open:
        state, outcome = ("ENQUEUED" if run.started_at is None else "IN_PROGRESS"), "UNKNOWN"
    else:
        state, outcome = OVER[RunState(run.state)]
    total = run.total or 0
    ended = run.finished_at or run.created_at
    return {
        "id": ids.give("aa", run.pk),
        "type": "ORDERS.IMPORT",
        "status": state,
        "operation_status": outcome,
        "created_at": iso(run.created_at),
        "updated_at": iso(run.finished_at or run.started_at or run.created_at),
        "request_id": run.bulk_import.request_id,
        "processing_time": round((ended - run.started_at).total_seconds() * 1000)
        if run.started_at and run.finished_at
        else 0,
        "progress": 100 if state == "DONE" else (100 * run.fetched // total if total else 0),
    }


def _result(run: Run) -> ImportResult:
    """The published result, with what every row came to beside it."""
    done = run.created + run.updated + run.unchanged
    message = f"{done} order(s) imported successfully, {run.failed} failed."
    if run.state != RunState.SUCCEEDED:
        message += f" {run.reason}"
    failed = run.bulk_import.failures.values_list("index", "source_id", "key", "reason")
    return ImportResult(
        message=message,
        failed=[FailedRow(source_id or None, reason, index, key) for index, source_id, key, reason in failed],
        done_count=done,
        failed_count=run.failed,
        created_count=run.created,
        updated_count=run.updated,
        skipped_count=run.unchanged,
    )
