"""POST /v1/orders/import: a list of orders as history, answered at once."""

from __future__ import annotations

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import bulk
from integrations.api.bodies import Query, read
from integrations.api.errors import ApiError, bad_payload
from integrations.api.views import PartnerView
from integrations.bulk import Asked, SameKeyOtherBody
from integrations.choices import ApiScope, OnConflict
from orders.api import documents

LONGEST_KEY = 255


class OrdersImportView(PartnerView):
    scope = ApiScope.ORDERS

    def post(self, request: Request) -> Response:
        query = Query(request)
        on_conflict = query.choice("on_conflict", OnConflict.UPDATE.value, OnConflict.values)
        dry_run = query.choice("dry_run", "false", ("true", "false")) == "true"
        query.done()
        key = idempotency_key(request)
        body = read(request, settings.API_BODY_LIMIT)
        orders = documents.many(body, settings.BULK_IMPORT_LIMIT)
        if dry_run:
            return Response({"dry_run": True, "orders": len(orders)})
        asked = Asked(self.project, orders, body, self.request_id, self.key, on_conflict, key)
        try:
            run = bulk.request_import(asked)
        except SameKeyOtherBody as error:
            details = "This Idempotency-Key was used for another body: send a new key with a new body."
            raise ApiError(409, "duplicate_found", "Conflict", details) from error
        return Response({"async_action_id": self.ids.give("aa", run.pk)})


def idempotency_key(request: Request) -> str:
    """The header's value, "" when it was not sent. Raises 400."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise bad_payload(f"Header Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters")
    return key
