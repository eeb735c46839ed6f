"""Exports: asked for, listed, how far one is, its file, its end."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from django.conf import settings
from django.db.models import Case, CharField, Q, Value, When
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import DestroyModelMixin, ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api import bodies
from config.kit.api.bodies import JSON, JsonRenderer, UnparsedJsonParser
from config.kit.api.paginating import PublishedPages
from config.kit.api.problems import ApiError, bad_payload, not_found
from config.kit.api.queries import FilledTextField, QuerySerializer
from config.kit.api.structs import StructSerializer
from config.kit.times import iso
from integrations.api import shapes
from integrations.api.export_shapes import ExportAsked, NewExport
from integrations.api.partner_views import PartnerViewSet, ProjectView
from integrations.api.repeating import idempotent
from integrations.choices import RUN_OPEN, ApiScope, RunState
from integrations.models import Export
from integrations.partner_runs import exports
from orders.exported import file_wishes
from orders.exported.all_rows import EXPORTED
from orders.exported.describing import Exported
from orders.exported.file_wishes import BadFields
from orders.exported.selection import BadSelection

SAYS = (
    "Follow the export; its file is made in the background. A field `metadata` becomes one column for each key that is"
    f" found, up to {file_wishes.MOST_KEYS}. Amounts are in the smallest unit of the currency."
)
PUBLISHED_STATUS = Case(
    When(run__state=RunState.SUCCEEDED, then=Value("DONE")),
    When(~Q(run__state__in=RUN_OPEN), then=Value("ERROR")),
    When(run__started_at=None, then=Value("SCHEDULED")),
    default=Value("IN_PROGRESS"),
    output_field=CharField(),
)
ASKED = msgspec.json.Decoder(ExportAsked)


class TextRenderer(JsonRenderer):
    """For clients that ask for the file as text, as the published SDK does."""

    media_type = "text/plain"


class CsvRenderer(JsonRenderer):
    media_type = "text/csv"


class ExportSerializer(StructSerializer):
    """The published object; `result.url` once the file is there."""

    struct = shapes.Export

    def documents(self, rows: Sequence[Export]) -> list[shapes.Export]:
        return [self._document(row) for row in rows]

    def _document(self, export: Export) -> shapes.Export:
        run = export.run
        export_id = self.ids.give("exp", export.pk)
        status: Literal["SCHEDULED", "IN_PROGRESS", "DONE", "ERROR"]
        if run.is_open:
            status = "SCHEDULED" if run.started_at is None else "IN_PROGRESS"
        else:
            status = "DONE" if run.state == RunState.SUCCEEDED else "ERROR"
        result = None
        if status == "DONE":
            base = settings.PUBLIC_URL or self.context["request"].build_absolute_uri("/").rstrip("/")
            result = shapes.ExportResult(f"{base}/v1/exports/{export_id}?token={export.token}")
        return shapes.Export(
            export_id, iso(run.created_at), status, result, export.parameters, exported_object=export.exported_object
        )


class NewExportSerializer(StructSerializer):
    """The body; its parameters are checked by the description of the kind."""

    struct = NewExport

    def run_validation(self, data: Any = b"") -> ExportAsked:
        return bodies.decode(data, ASKED)


class ExportPages(PublishedPages):
    data_ref = "exports"


class FileQuery(QuerySerializer):
    token = FilledTextField(required=False, help_text="The token in the `result.url` of a finished export.")


class ExportViewSet(ListModelMixin, DestroyModelMixin, PartnerViewSet):
    """GET: the export, or with the token of its result the file. DELETE: take it away."""

    queryset = (
        Export.objects.filter(exported_object__in=EXPORTED)
        .select_related("run")
        .annotate(published_status=PUBLISHED_STATUS)
    )
    serializer_class = ExportSerializer
    pagination_class = ExportPages
    parser_classes = [UnparsedJsonParser]
    ordering_fields = {
        "-created_at": "-run__created_at",
        "created_at": "run__created_at",
        "-status": "-published_status",
        "status": "published_status",
    }
    query_serializer_classes = {"retrieve": FileQuery}
    required_scopes = (ApiScope.EXPORTS,)
    renderer_classes = [JsonRenderer, TextRenderer, CsvRenderer]
    id_prefix, resource_name, id_says = "exp", "export", "The id of the export, `exp_…`."
    lookup_url_kwarg = "export_id"

    @extend_schema(summary="Export", description=SAYS, request=NewExportSerializer, responses={200: ExportSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        asked: ExportAsked = self.validated(NewExportSerializer)
        exported = EXPORTED.get(asked.exported_object)
        if exported is None:
            raise bad_payload(f"Property .exported_object must be one of {', '.join(EXPORTED)}")
        return request_one(self, exported, asked.parameters or {})

    @extend_schema(
        summary="Follow an export or fetch its file",
        description="With the token of `result.url` the answer is the file: CSV in UTF-8.",
        responses={(200, JSON): ExportSerializer, (200, "text/csv"): str, (200, "text/plain"): str},
    )
    def retrieve(self, request: Request, export_id: str) -> Response | HttpResponseBase:
        token = self.query.get("token")
        export = self.get_object()
        if token is None:
            return Response(self.get_serializer(export).data)
        if export.run.state != RunState.SUCCEEDED or not hmac.compare_digest(token.encode(), export.token.encode()):
            raise not_found("export", export_id)
        accepted = request.accepted_renderer.media_type
        kind = accepted if accepted == TextRenderer.media_type else CsvRenderer.media_type
        file, size = exports.file_of(export)
        response = StreamingHttpResponse(file, content_type=f"{kind}; charset=utf-8")
        response["Content-Length"] = str(size)  # by which everybody sees a file that was broken off
        response["Content-Disposition"] = f'attachment; filename="{export.exported_object}s.csv"'
        return response

    @extend_schema(summary="Delete an export", description="Its file cannot be fetched any more.")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Export) -> None:
        exports.delete(instance)


def request_one(view: ProjectView, exported: Exported, parameters: Mapping[str, Any]) -> Response:
    """The export that was asked for, as it is answered. Raises 400."""
    bad = next(bodies.unstorable(parameters, ".parameters"), "")
    if bad:
        raise bad_payload(bad)
    try:
        run = exports.request_export(view.project, exported, parameters, view.key)
    except BadFields as error:
        raise ApiError(400, "invalid_export_fields", "Invalid Export", str(error)) from error
    except BadSelection as error:
        raise bad_payload(str(error)) from error
    export = Export.objects.select_related("run").get(pk=run.pk)
    document = ExportSerializer(export, context=view.get_serializer_context()).data
    # As published; a worker may have begun already.
    return Response(msgspec.structs.replace(document, status="SCHEDULED", result=None))
