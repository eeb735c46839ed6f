"""Async actions: what became of bulk calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.paginating import Fields
from config.kit.api.problems import ApiError
from config.kit.api.queries import InstantField, WholeNumberField
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer
from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.api.action_results import result_of
from integrations.api.partner_views import PartnerViewSet
from integrations.api.shapes import AsyncAction, AsyncActionDetails
from integrations.choices import ApiScope, RunKind, RunState
from integrations.models import Run
from integrations.partner_runs import bulk_calls
from integrations.runs import control

OVER = {
    RunState.SUCCEEDED: ("DONE", "SUCCESS"),
    RunState.FAILED: ("FAILED", "FAILED"),
    RunState.ERRORED: ("FAILED", "FAILED"),
    RunState.CANCELLED: ("FAILED", "FAILED"),
}


class AsyncActionSerializer(StructSerializer):
    struct = AsyncAction

    def documents(self, rows: Sequence[Run]) -> list[AsyncAction]:
        return [AsyncAction(**_base(self.ids, run)) for run in rows]


class AsyncActionDetailsSerializer(StructSerializer):
    struct = AsyncActionDetails

    def documents(self, rows: Sequence[Run]) -> list[AsyncActionDetails]:
        return [self._document(run) for run in rows]

    def _document(self, run: Run) -> AsyncActionDetails:
        body = AsyncActionDetails(**_base(self.ids, run))
        if run.is_open:
            body.queue_position = bulk_calls.queue_position(run)
            body.estimated_seconds = bulk_calls.seconds_left(run)
        else:
            body.result = result_of(run, self.ids, self.context["request"])
        return body


class BackwardPages(BasePagination):
    """As published: the newest first, `end_date` pages back to those asked for before it."""

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        return {
            "limit": WholeNumberField(1, 100, default=10, help_text="How many at most."),
            "end_date": InstantField(required=False, help_text="Only actions asked for before this time: pages back."),
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return []  # they are described as `query_fields`

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        rows, limit = queryset.order_by("-pk"), view.query["limit"]  # as they were asked for, by their index
        if "end_date" in view.query:
            rows = rows.filter(created_at__lt=view.query["end_date"])
        found = list(rows[: limit + 1])
        self.has_more = len(found) > limit
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        body = {"object": "list", "data_ref": "async_actions", "async_actions": data, "has_more": self.has_more}
        return Response(body)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data_ref", "async_actions", "has_more"],
            "properties": {
                "object": {"type": "string", "const": "list"},
                "data_ref": {"type": "string", "const": "async_actions"},
                "async_actions": schema,
                "has_more": {"type": "boolean"},
            },
        }


class AsyncActionViewSet(ListModelMixin, RetrieveModelMixin, PartnerViewSet):
    """GET: actions, or one with its result. DELETE: cancel it; what was written stays."""

    queryset = Run.objects.all()
    serializer_class = AsyncActionSerializer
    pagination_class = BackwardPages
    filter_backends = []
    required_scopes = (ApiScope.ASYNC_ACTIONS,)
    id_prefix, resource_name = "aa", "async_action"
    id_says = "The id of the async action, `aa_…`."
    lookup_url_kwarg = "action_id"

    def get_queryset(self) -> QuerySet[Run]:
        return _actions(self.project.pk)

    @extend_schema(summary="List async actions")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Follow an async action", responses=AsyncActionDetailsSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        context = self.get_serializer_context()
        return Response(AsyncActionDetailsSerializer(self.get_object(), context=context).data)

    @extend_schema(
        summary="Cancel an async action",
        description="What is written stays.",
        responses={204: None, 409: refusal("It is over, or being cancelled already.")},
    )
    def destroy(self, request: Request, action_id: str) -> Response:
        if not control.cancel(self.get_object()):
            raise ApiError(409, "already_over", "Conflict", "The action is over or being cancelled already.")
        return Response(status=204)


def _actions(project_id: int) -> QuerySet[Run]:
    return Run.objects.select_related("bulk_import").filter(project_id=project_id, kind=RunKind.BULK_BY_API)


def _base(ids: PublicIds, run: Run) -> dict[str, Any]:
    if run.is_open:
        state, outcome = ("ENQUEUED" if run.started_at is None else "IN_PROGRESS"), "UNKNOWN"
    else:
        state, outcome = OVER[RunState(run.state)]
    total = run.total or 0
    ended = run.finished_at or run.created_at
    return {
        "id": ids.give("aa", run.pk),
        "type": run.bulk_import.action,
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
