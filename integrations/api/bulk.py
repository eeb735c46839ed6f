"""Bulk calls for customers and products: taken at once, worked on in the background, reported."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api import rates
from config.kit.api.structs import serializer_of
from integrations.api import bulk_bodies
from integrations.api.bulk_bodies import BulkParser, MetadataUpdate
from integrations.api.partner_views import PartnerViewSet
from integrations.api.repeating import idempotent
from integrations.api.shapes import BulkAsked
from integrations.choices import ApiScope
from integrations.models import BulkAction, BulkImport
from integrations.partner_runs import bulk_rows
from integrations.partner_runs.bulk_calls import BulkCall

ROWS_SAYS = (
    "Each row has a `source_id`; what is not sent stays as it is, and rows that are not here are created. Takes at most"
    f" {bulk_bodies.LARGEST:,} bytes and answers at once; follow the async action. Wrong types refuse the call, values"
    " that cannot be fail alone. A project's bulk calls are worked on in the order in which they came."
)
METADATA_SAYS = "The metadata are merged by their keys into those of each row; rows that are not here are created."
ANSWER = {202: serializer_of(BulkAsked)}


class BulkViewSet(PartnerViewSet):
    """POST: many rows at once."""

    queryset = BulkImport.objects.all()
    parser_classes = [BulkParser]
    rate_type = rates.BULK_API_CALLS
    actions: ClassVar[tuple[BulkAction, BulkAction]]
    """Of its two addresses."""

    def rows(self, request: Request) -> Response:
        body: Any = request.data
        rows = bulk_bodies.rows(body, bulk_rows.KINDS[self.actions[0]].row)
        return self._taken(bulk_rows.request_rows(self._call(0), rows).pk)

    def metadata(self, request: Request) -> Response:
        body: Any = request.data
        asked = bulk_bodies.metadata_update(body)
        return self._taken(bulk_rows.request_metadata(self._call(1), asked.source_ids, asked.metadata).pk)

    def _call(self, place: int) -> BulkCall:
        return BulkCall(self.project, self.actions[place], self.request_id, self.key)

    def _taken(self, run_id: int) -> Response:
        return Response(BulkAsked(self.ids.give("aa", run_id)), status=202)


def _described(what: str, kind: bulk_rows.BulkKind, method: str) -> Any:
    rows = method == "rows"
    row = bulk_bodies.DESCRIBED[kind.row]
    body = serializer_of(list[row], f"{kind.what.capitalize()}Rows") if rows else serializer_of(MetadataUpdate)  # type: ignore[valid-type]
    return extend_schema(
        summary=f"Update {what} in bulk" if rows else f"Update metadata of {what} in bulk",
        description=ROWS_SAYS if rows else METADATA_SAYS,
        request={"application/json": body},
        responses=ANSWER,
    )(idempotent(getattr(BulkViewSet, method)))


class BulkCustomersViewSet(BulkViewSet):
    required_scopes = (ApiScope.CUSTOMERS,)
    actions = (BulkAction.CUSTOMERS, BulkAction.CUSTOMERS_METADATA)
    rows = _described("customers", bulk_rows.CUSTOMERS, "rows")
    metadata = _described("customers", bulk_rows.CUSTOMERS, "metadata")


class BulkProductsViewSet(BulkViewSet):
    required_scopes = (ApiScope.PRODUCTS,)
    actions = (BulkAction.PRODUCTS, BulkAction.PRODUCTS_METADATA)
    rows = _described("products", bulk_rows.PRODUCTS, "rows")
    metadata = _described("products", bulk_rows.PRODUCTS, "metadata")


urlpatterns = [
    path(f"{name}/{word}/async", view.as_view({"post": method}), name=f"api-{name}-{word}")
    for name, view in (("customers", BulkCustomersViewSet), ("products", BulkProductsViewSet))
    for word, method in (("bulk", "rows"), ("metadata", "metadata"))
]
