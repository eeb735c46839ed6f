"""POST /v1/orders/import: a list of orders as history, answered at once."""

from __future__ import annotations

from typing import Annotated

from django.conf import settings
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Choice, Operation
from integrations.api.partner_views import PartnerView
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope, OnConflict
from integrations.partner_runs import bulk_import
from integrations.partner_runs.bulk_import import Asked
from orders.api import documents
from orders.api.shapes import ImportAsked, ImportChecked
from orders.partners.published import PublishedOrder

ON_CONFLICT = Choice("on_conflict", "What becomes of an order that is here already.", tuple(OnConflict.values))
DRY_RUN = Choice("dry_run", "true: the body is checked and nothing is written.", ("false", "true"))
IMPORT_SAYS = (
    "Takes at most 2,000 orders (or what this installation allows) and answers at once; follow the async action. The"
    " orders are history: they reserve and move no stock and raise no events. One import of a project runs at a time,"
    " further ones wait in order."
)


class OrdersImportView(PartnerView):
    scope = ApiScope.ORDERS
    operations = {
        "POST": Operation(
            "Import orders as history",
            (ImportAsked, ImportChecked),
            query=(ON_CONFLICT, DRY_RUN),
            body=Annotated[list[PublishedOrder], Meta(min_length=1)],
            says=IMPORT_SAYS,
        )
    }

    @idempotent
    def post(self, request: Request) -> Response:
        on_conflict = ON_CONFLICT.read(self.query)
        dry_run = DRY_RUN.read(self.query) == "true"
        orders = documents.many(self.body(request), settings.BULK_IMPORT_LIMIT)
        if dry_run:
            return Response(ImportChecked(True, len(orders)))
        run = bulk_import.request_import(Asked(self.project, orders, self.request_id, self.key, on_conflict))
        return Response(ImportAsked(self.ids.give("aa", run.pk)))
