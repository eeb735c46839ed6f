"""Integrations, remote orders and runs for the back office; runs can be started and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, not_found
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer, serializer_of
from config.kit.public_ids import PublicIds
from config.kit.times import when
from integrations import filters
from integrations.api import shapes
from integrations.api.partner_views import OfficeReadViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope, RunKind
from integrations.importing import fetch_missing, load, synchronize
from integrations.importing.synchronize import SyncRefused
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.runs.claims import COUNTERS
from integrations.runs.control import RunRefused


class IntegrationSerializer(StructSerializer):
    struct = shapes.Integration

    def documents(self, rows: Sequence[Integration]) -> list[shapes.Integration]:
        return [
            shapes.Integration(
                id=self.ids.give("int", row.pk),
                platform=row.platform,
                title=row.title,
                website=row.base_url,
                time_zone=row.time_zone,
                enabled=row.enabled,
                health=row.health,
                orders_since=when(row.start_at),
                complete_until=when(row.complete_until),
            )
            for row in rows
        ]


class IntegrationViewSet(OfficeReadViewSet):
    queryset = Integration.objects.defer("credentials")
    serializer_class = IntegrationSerializer
    filterset_class = filters.INTEGRATIONS
    id_prefix, resource_name, id_says = "int", "integration", "The id of the integration, `int_…`."


class RemoteOrderSerializer(StructSerializer):
    struct = shapes.RemoteOrder

    def documents(self, rows: Sequence[RemoteOrder]) -> list[shapes.RemoteOrder]:
        return [_remote_order(self.ids, row) for row in rows]


def _remote_order(ids: PublicIds, row: RemoteOrder) -> shapes.RemoteOrder:
    order = getattr(row, "order", None)
    return shapes.RemoteOrder(
        id=ids.give("rem", row.pk),
        integration_id=ids.give("int", row.integration_id),
        external_id=row.external_id,
        number=row.number,
        remote_status=row.status,
        state=row.state,
        reason_code=row.reason_code,
        reason=row.reason,
        retry=row.retry,
        next_attempt_at=when(row.next_attempt_at),
        placed_at=when(row.placed_at),
        total=None if row.total is None else f"{row.total:f}",
        currency=row.currency,
        order_id=None if order is None else ids.give("ord", order.pk),
        first_seen_at=when(row.first_seen_at),
        changed_at=when(row.changed_at),
    )


class RemoteOrderViewSet(OfficeReadViewSet):
    queryset = RemoteOrder.objects.defer("payload", "digest").select_related("order")
    serializer_class = RemoteOrderSerializer
    filterset_class = filters.REMOTE_ORDERS
    id_prefix, resource_name, id_says = "rem", "remote order", "The id of the remote order, `rem_…`."


class RunSerializer(StructSerializer):
    struct = shapes.Run

    def documents(self, rows: Sequence[Run]) -> list[shapes.Run]:
        return [_run(self.ids, row) for row in rows]


def _run(ids: PublicIds, row: Run) -> shapes.Run:
    return shapes.Run(
        id=ids.give("run", row.pk),
        integration_id=None if row.integration_id is None else ids.give("int", row.integration_id),
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        total=row.total,
        **{name: getattr(row, name) for name in COUNTERS},
        results=[
            shapes.RunResult(ids.give("ord", int(result["id"])), result["outcome"], result["message"])
            for result in row.results
        ],
        created_at=when(row.created_at),
        started_at=when(row.started_at),
        finished_at=when(row.finished_at),
    )


class Load(msgspec.Struct, tag_field="kind", tag=RunKind.LOAD.value, forbid_unknown_fields=True):
    """Load new orders of a shop."""

    integration_id: str
    date_from: Annotated[date | None, Meta(description="From midnight of this day in the shop's zone.")] = None


class Fetch(msgspec.Struct, tag_field="kind", tag=RunKind.IMPORT_ORDERS.value, forbid_unknown_fields=True):
    """Fetch one order of a shop, or those of the last hours, to be reviewed."""

    integration_id: str
    order: Annotated[str | None, Meta(description="An order's number, or its id in the shop.")] = None
    hours: Annotated[int | None, Meta(description="What came or changed in the last 1 to 6 hours.")] = None


class Synchronize(msgspec.Struct, tag_field="kind", tag=RunKind.SYNCHRONIZE.value, forbid_unknown_fields=True):
    """Read orders anew from their shops."""

    order_ids: Annotated[list[str], Meta(min_length=1, description="At most 100.")]


StartRun = Load | Fetch | Synchronize


class StartRunSerializer(StructSerializer):
    struct = StartRun


class RunViewSet(OfficeReadViewSet):
    """POST: load new orders, fetch missing ones to review, or synchronize orders with their shops.

    DELETE: cancel a run after the page it is at; what was done stays.
    """

    queryset = Run.objects.defer("cursor", "scope")
    serializer_class = RunSerializer
    filterset_class = filters.RUNS
    required_scopes_by_action = {"create": (ApiScope.RUNS,), "destroy": (ApiScope.RUNS,)}
    id_prefix, resource_name, id_says = "run", "run", "The id of the run, `run_…`."

    @extend_schema(
        summary="Start a run",
        request=StartRunSerializer,
        responses={
            202: serializer_of(shapes.Started),
            404: refusal("There is no such shop or order."),
            409: refusal("It cannot be started: e.g. one is running already, or too many orders were named."),
        },
    )
    @idempotent
    def create(self, request: Request) -> Response:
        asked = self.validated(StartRunSerializer)
        try:
            started = self._start(asked)
        except (RunRefused, SyncRefused) as refused:
            raise ApiError(409, "run_refused", "Not started", str(refused)) from refused
        return Response(shapes.Started(self.get_serializer(started, many=True).data), status=202)

    @extend_schema(
        summary="Cancel a run",
        responses={200: RunSerializer, 409: refusal("It is over, or being cancelled already.")},
    )
    def destroy(self, request: Request, public_id: str) -> Response:
        if not control.cancel(self.get_object()):
            raise ApiError(409, "run_over", "Not cancelled", "This run is over or being cancelled already.")
        return Response(self.get_serializer(self.get_object()).data)

    def _start(self, asked: StartRun) -> list[Run]:
        if isinstance(asked, Synchronize):
            requested = synchronize.request(self.project.pk, self._orders(asked.order_ids))
            if not requested.runs:
                raise SyncRefused(" ".join(requested.refusals) or "None of these orders is here.")
            return list(requested.runs)
        integration = self._integration(asked.integration_id)
        if isinstance(asked, Load):
            return [load.request_load(integration, date_from=asked.date_from)]
        if asked.order is not None:
            return [fetch_missing.request_order(integration, asked.order)]
        return [fetch_missing.request_hours(integration, asked.hours or 0)]

    def _integration(self, public_id: str) -> Integration:
        pk = self.ids.take("int", public_id) or 0
        found = Integration.objects.select_related("project__account").filter(project=self.project, pk=pk).first()
        if found is None:
            raise not_found("integration", public_id)
        return found

    def _orders(self, public_ids: list[str]) -> list[int]:
        found = {each: self.ids.take("ord", each) for each in public_ids}
        unknown = next((each for each, pk in found.items() if pk is None), None)
        if unknown is not None:
            raise not_found("order", unknown)
        return [pk for pk in found.values() if pk is not None]
