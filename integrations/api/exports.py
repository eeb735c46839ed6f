"""Exports: how far one is, its file, its end."""

from __future__ import annotations

import hmac
from typing import Literal

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Operation, Text
from config.kit.api.problems import not_found
from config.kit.api.views import JsonRenderer
from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.api import shapes
from integrations.api.partner_views import PartnerView
from integrations.choices import ApiScope, RunState
from integrations.models import Export
from integrations.partner_runs import exports

TOKEN = Text("token", "The token in the `result.url` of a finished export.")


class TextRenderer(JsonRenderer):
    """For clients that ask for the file as text, as the published SDK does."""

    media_type = "text/plain"


class CsvRenderer(JsonRenderer):
    media_type = "text/csv"


class ExportView(PartnerView):
    """GET: the export, or with the token of its result the file. DELETE: take it away."""

    scope = ApiScope.EXPORTS
    id_name = "The id of the export, `exp_…`."
    operations = {
        "GET": Operation(
            "Follow an export or fetch its file",
            shapes.Export,
            query=(TOKEN,),
            files=(CsvRenderer.media_type, TextRenderer.media_type),
            says="With the token of `result.url` the answer is the file: CSV in UTF-8.",
        ),
        "DELETE": Operation("Delete an export", status=204, says="Its file cannot be fetched any more."),
    }
    renderer_classes = [JsonRenderer, TextRenderer, CsvRenderer]

    def get(self, request: Request, export_id: str) -> Response | HttpResponseBase:
        token = TOKEN.read(self.query)
        export = self._export(export_id)
        if token is None:
            return Response(shown(self.ids, export, request))
        if export.run.state != RunState.SUCCEEDED or not hmac.compare_digest(token.encode(), export.token.encode()):
            raise not_found("export", export_id)
        accepted = request.accepted_renderer.media_type
        kind = accepted if accepted == TextRenderer.media_type else CsvRenderer.media_type
        response = StreamingHttpResponse(exports.file_of(export), content_type=f"{kind}; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="orders.csv"'
        return response

    def delete(self, request: Request, export_id: str) -> Response:
        exports.delete(self._export(export_id))
        return Response(status=204)

    def _export(self, export_id: str) -> Export:
        pk = self.ids.take("exp", export_id)
        mine = Export.objects.select_related("run").filter(project=self.project)
        found = mine.filter(pk=pk).first() if pk else None
        if found is None:
            raise not_found("export", export_id)
        return found


def shown(ids: PublicIds, export: Export, request: Request) -> shapes.Export:
    """The published object; `result.url` once the file is there."""
    run = export.run
    export_id = ids.give("exp", export.pk)
    status: Literal["SCHEDULED", "IN_PROGRESS", "DONE", "ERROR"]
    if run.is_open:
        status = "SCHEDULED" if run.started_at is None else "IN_PROGRESS"
    else:
        status = "DONE" if run.state == RunState.SUCCEEDED else "ERROR"
    result = None
    if status == "DONE":
        base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
        result = shapes.ExportResult(f"{base}/v1/exports/{export_id}?token={export.token}")
    return shapes.Export(export_id, iso(run.created_at), status, result, export.parameters)
