"""POST /v1/orders/import: a list of orders as history, answered at once."""

from __future__ import annotations

from typing import Annotated

from django.conf import settings
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import bulk
from integrations.api.bodies import read
from integrations.api.declaring import Choice, Operation
from integrations.api.errors import ApiError, bad_payload
from integrations.api.views import PartnerView
from integrations.bulk import Asked, SameKeyOtherBody
from integrations.choices import ApiScope, OnConflict
from orders.api import documents
from orders.api.shapes import ImportAsked, ImportChecked
from orders.published import PublishedOrder

LONGEST_KEY = 255
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
            refuses={409: "The Idempotency-Key was used for another body."},
        )
    }

    def post(self, request: Request) -> Response:
        on_conflict = ON_CONFLICT.read(self.query)
        dry_run = DRY_RUN.read(self.query) == "true"
        key = idempotency_key(request)
        body = read(request, settings.API_BODY_LIMIT)
        orders = documents.many(body, settings.BULK_IMPORT_LIMIT)
        if dry_run:
            return Response(ImportChecked(True, len(orders)))
        asked = Asked(self.project, orders, body, self.request_id, self.key, on_conflict, key)
        try:
            run = bulk.request_import(asked)
        except SameKeyOtherBody as error:
            details = "This Idempotency-Key was used for another body: send a new key with a new body."
            raise ApiError(409, "duplicate_found", "Conflict", details) from error
        return Response(ImportAsked(self.ids.give("aa", run.pk)))


def idempotency_key(request: Request) -> str:
    """The header's value, "" when it was not sent. Raises 400."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise bad_payload(f"Header Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters")
    return key
