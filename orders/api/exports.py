"""POST /v1/orders/export: a CSV file of chosen orders, made in the background."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api import bodies
from config.kit.api.declaring import Operation
from config.kit.api.problems import bad_payload
from integrations.api.exports import shown
from integrations.api.partner_views import PartnerView
from integrations.api.repeating import idempotent
from integrations.api.shapes import Export
from integrations.choices import ApiScope
from integrations.models import Export as ExportRow
from integrations.partner_runs import exports
from orders.api import shapes
from orders.partners.selection import BadSelection


class ExportRequest(msgspec.Struct):
    parameters: dict[str, Any] | None = None


BODY = msgspec.json.Decoder(ExportRequest)


class OrdersExportView(PartnerView):
    scope = ApiScope.EXPORTS
    operations = {
        "POST": Operation(
            "Export orders",
            Export,
            body=shapes.ExportRequest,
            says="Follow the export; its file is made in the background. Without parameters: id, source_id and status.",
        )
    }

    @idempotent
    def post(self, request: Request) -> Response:
        body = bodies.decode(self.body(request), BODY)
        bad = next(bodies.unstorable(body.parameters or {}, ".parameters"), "")
        if bad:
            raise bad_payload(bad)
        try:
            run = exports.request_export(self.project, body.parameters or {}, self.key)
        except BadSelection as error:
            raise bad_payload(str(error), key="invalid_export_params") from error
        return Response(shown(self.ids, ExportRow.objects.select_related("run").get(pk=run.pk), request))
