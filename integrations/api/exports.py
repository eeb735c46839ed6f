"""Exports: how far one is, its file, its end."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import DestroyModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.bodies import JSON, JsonRenderer
from config.kit.api.problems import not_found
from config.kit.api.queries import FilledTextField, QuerySerializer
from config.kit.api.structs import StructSerializer
from config.kit.times import iso
from integrations.api import shapes
from integrations.api.partner_views import PartnerViewSet
from integrations.choices import ApiScope, RunState
from integrations.models import Export
from integrations.partner_runs import exports


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
        return shapes.Export(export_id, iso(run.created_at), status, result, export.parameters)


class FileQuery(QuerySerializer):
    token = FilledTextField(required=False, help_text="The token in the `result.url` of a finished export.")


class ExportViewSet(DestroyModelMixin, PartnerViewSet):
    """GET: the export, or with the token of its result the file. DELETE: take it away."""

    queryset = Export.objects.select_related("run")
    serializer_class = ExportSerializer
    query_serializer_classes = {"retrieve": FileQuery}
    required_scopes = (ApiScope.EXPORTS,)
    renderer_classes = [JsonRenderer, TextRenderer, CsvRenderer]
    id_prefix, resource_name, id_says = "exp", "export", "The id of the export, `exp_…`."
    lookup_url_kwarg = "export_id"

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
        response = StreamingHttpResponse(exports.file_of(export), content_type=f"{kind}; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="orders.csv"'
        return response

    @extend_schema(summary="Delete an export", description="Its file cannot be fetched any more.")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Export) -> None:
        exports.delete(instance)
