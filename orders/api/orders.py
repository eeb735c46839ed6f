"""The orders of a project: listed, created, read, changed; imported as history and exported in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit import true_time
from config.kit.api import rates
from config.kit.api.bodies import UnparsedJsonParser
from config.kit.api.paginating import DeepPages, both_ways
from config.kit.api.problems import bad_payload, not_found
from config.kit.api.queries import OneOfField, QuerySerializer
from config.kit.api.schema import refusal
from integrations.api.exports import ExportSerializer, request_one
from integrations.api.partner_views import PartnerViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope, OnConflict
from integrations.partner_runs import bulk_import
from integrations.partner_runs.bulk_import import Asked
from orders import counting
from orders.api import order_serializers as serializers
from orders.api.order_serializers import OrderSerializer
from orders.api.shapes import ImportAsked, ImportChecked
from orders.exported.order_rows import ORDERS
from orders.models import Order
from orders.partners import known_orders, store
from orders.partners.answers import publish
from orders.partners.published import PublishedOrder
from orders.partners.sent_page import Book, Stored
from orders.partners.store import NotWritten

POST_SAYS = (
    "An order with this `id` or `source_id` is updated: what is not sent stays as it is, `items` replace its items, and"
    " an item that names its `id` keeps its line. Else one is created, which needs an amount or items. Its customer is"
    " created or updated with it. A live order reserves the stock that is there."
)
PUT_SAYS = (
    "What is not sent stays as it is, and an answer sent back changes nothing. `items` replace those of the order; one"
    " that names its `id` keeps its line. `override` is passed over here."
)
IMPORT_SAYS = (
    "Takes at most 2,000 orders (or what this installation allows) and answers at once; follow the async action. The"
    " orders are history: they reserve and move no stock and raise no events. One import of a project runs at a time,"
    " further ones wait in order."
)
EXPORT_SAYS = "The same as an export of orders at `/v1/exports`. Without parameters: id, source_id and status."


class OrderPages(DeepPages):
    data_ref = "orders"


class ImportQuery(QuerySerializer):
    on_conflict = OneOfField(OnConflict.values, help_text="What becomes of an order that is here already.")
    dry_run = OneOfField(("false", "true"), help_text="true: the body is checked and nothing is written.")


class OrderViewSet(ListModelMixin, PartnerViewSet):
    """Orders by id or source id."""

    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    pagination_class = OrderPages
    parser_classes = [UnparsedJsonParser]  # msgspec reads an order straight from the bytes
    query_serializer_classes = {"import_orders": ImportQuery}
    required_scopes = (ApiScope.ORDERS,)
    ordering_fields = both_ways(created_at="placed_at", updated_at="updated_at")
    id_prefix, source_id_field, resource_name = "ord", "source_id", "order"
    id_says = "The id of the order, `ord_…`, or its source id."
    lookup_url_kwarg, lookup_value_converter = "order_id", "rest"

    def count(self, rows: QuerySet[Any]) -> int:
        return counting.total(self.project.pk)

    @extend_schema(summary="Read one order")
    def retrieve(self, request: Request, order_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Create or update an order",
        description=POST_SAYS,
        request=serializers.NewOrderSerializer,
        responses={200: OrderSerializer, 404: refusal("There is no order with the `id` that was sent.")},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        return self._saved(self.validated(serializers.NewOrderSerializer))

    @extend_schema(summary="Change an order", description=PUT_SAYS, request=serializers.OrderChangeSerializer)
    def update(self, request: Request, order_id: str) -> Response:
        known: Order = self.get_object()
        order: PublishedOrder = self.validated(serializers.OrderChangeSerializer)
        given = self.ids.give("ord", known.pk)
        if order.id not in {None, given} or (known.source_id and order.source_id not in {None, known.source_id}):
            raise bad_payload("Property .id or .source_id is that of another order: leave it out", key="invalid_order")
        order.id = given
        for item in order.items or ():
            for part in (item.product, item.sku):
                if part is not None:
                    part.override = None  # published for calls that create orders
        return self._saved(order)

    @extend_schema(
        summary="Import orders as history",
        description=IMPORT_SAYS,
        request=serializers.OrdersToImportSerializer,
        responses=serializers.IMPORT_ANSWER,
    )
    @action(detail=False, methods=["post"], url_path="import", rate_type=rates.BULK_API_CALLS)
    @idempotent
    def import_orders(self, request: Request) -> Response:
        orders: Sequence[PublishedOrder] = self.validated(serializers.OrdersToImportSerializer)
        if self.query["dry_run"] == "true":
            return Response(ImportChecked(True, len(orders)))
        asked = Asked(self.project, orders, self.request_id, self.key, self.query["on_conflict"])
        return Response(ImportAsked(self.ids.give("aa", bulk_import.request_import(asked).pk)))

    @extend_schema(
        summary="Export orders",
        description=EXPORT_SAYS,
        request=serializers.ExportRequestSerializer,
        responses=ExportSerializer,
    )
    @action(detail=False, methods=["post"], required_scopes=(ApiScope.EXPORTS,))
    @idempotent
    def export(self, request: Request) -> Response:
        return request_one(self, ORDERS, self.validated(serializers.ExportRequestSerializer))

    def find(self, key: str) -> Order:
        found = known_orders.find(self.project.pk, self.ids, key)
        if found is None:
            raise not_found("order", key)
        return found

    def _saved(self, order: PublishedOrder) -> Response:
        project = self.project
        book = Book(project.pk, project.currency, project.zone, self.ids, true_time.now())
        try:
            stored: Stored = store.save(book, order)
        except NotWritten as error:
            failure = error.failure
            if failure.key == "not_found":
                raise not_found("order", order.id or "") from error
            raise bad_payload(failure.reason, key=failure.key) from error
        saved, lines = known_orders.read_again(project.pk, stored.order_id)
        return Response(publish(self.ids, [saved], {saved.pk: lines}, stored.goods)[0])
