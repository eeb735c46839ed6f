"""Customers as Voucherify publishes them: listed, written, read, deleted, forgotten, and the segments they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from msgspec import UNSET, structs
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit import true_time
from config.kit.api import bodies
from config.kit.api.bodies import UnparsedJsonParser
from config.kit.api.paginating import Fields, PublishedPages, both_ways, found_of
from config.kit.api.problems import ApiError, bad_payload, bad_query, not_found
from config.kit.api.queries import FilledTextField, InstantField, OneOfField, QuerySerializer
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer, decoder_of, serializer_of
from config.kit.times import iso
from integrations.api.partner_views import PartnerViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from integrations.erasing import partner_deletions
from integrations.erasing.confirming import ErasureRefused
from orders import filters
from orders.api import customer_shapes as shapes
from orders.customers import customer_cursor, ending
from orders.customers.customer_answers import publish
from orders.customers.customer_objects import CustomerObject, problem
from orders.customers.upserting import CustomerFailure, upsert_customers
from orders.models import Customer, Segment
from orders.segments import membership

LIST_SAYS = (
    "Newest first, or by `order`. With `starting_after` a page ends only where a millisecond ends and may hold more"
    " than `limit`: ask on with the time of its last customer until `has_more` is false."
)
SAYS = "Amounts are integers in the smallest unit of the project's currency; orders in other currencies do not count."
POST_SAYS = (
    "A customer with this `id`, else with this `source_id`, is updated. A `source_id` that nobody has goes to the"
    " customer with the same `email` who has none, and without either key that one is meant. Else a customer is"
    " created. What is not sent stays, null empties; `metadata` and `address` are merged by their keys."
)
PUT_SAYS = "What is not sent stays, null empties; `metadata` and `address` are merged by their keys. `source_id` stays."
DELETE_SAYS = (
    "The profile is emptied and the stays in segments end. Orders stay with the buyer they name and belong to nobody;"
    " the source id is free again."
)
FORGET_SAYS = (
    "Everything held about the customer in this project is erased: the profile, the buyer, addresses, notes and"
    " metadata of their orders, what shops and webhooks said of them, kept answers and files of exports. Invoices,"
    " credit notes, amounts, goods and stock stay. It takes no body, and cannot be taken back."
)
SEGMENTS_SAYS = "Of a customer who is not here, the segments that somebody without any data would be in."
TAKEN = {409: refusal("The e-mail address is that of another customer without a source id.")}


class CustomerSerializer(StructSerializer):
    """A customer as published; the summary should be read with it."""

    struct = shapes.PublishedCustomer

    def documents(self, rows: Sequence[Customer]) -> list[Any]:
        return [publish(self.ids, row, self.context["view"].project.currency) for row in rows]


class SentCustomerSerializer(StructSerializer):
    """The body of one customer; its values are checked where they are written."""

    struct = CustomerObject

    def run_validation(self, data: Any = b"") -> CustomerObject:
        sent: CustomerObject = bodies.decode_one(data, decoder_of(CustomerObject))
        return sent


class CustomerPages(PublishedPages):
    """By number, or with `starting_after` from a moment on."""

    data_ref = "customers"
    last_page = 99

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        says = "Only what comes after this moment in the order, to the end of a millisecond; `page` is passed over."
        return super().query_fields(view) | {"starting_after": InstantField(required=False, help_text=says)}

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit, moment, order = view.query["limit"], view.query.get("starting_after"), view.query["order"]
        self.total: int = view.count(queryset)
        if moment is None:
            start = limit * (view.query["page"] - 1)
            found = found_of(queryset, start, start + limit + 1, self.total)
            self.has_more = len(found) > limit
            return found[:limit]
        if order not in view.ordered_by_time:
            these = ", ".join(view.ordered_by_time)
            raise bad_query(f"Property .order beside .starting_after, which is a time, must be one of {these}")
        found, self.has_more = customer_cursor.starting_after(queryset, view.ordering_fields[order], limit, moment)
        return found

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data["has_more"] = self.has_more
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        described["required"].append("has_more")
        described["properties"]["has_more"] = {"type": "boolean"}
        return described


class AnyBody(BaseParser):
    """Whatever is sent, or nothing: it is passed over."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return b""


class CustomersQuery(QuerySerializer):
    segment_id = FilledTextField(required=False, help_text="Only customers who are in this segment now.")


class MetadataQuery(QuerySerializer):
    metadata = OneOfField(("merge", "replace"), help_text="Whether metadata is merged by its keys, or replaced.")


class CustomerViewSet(ListModelMixin, PartnerViewSet):
    """Customers by id or source id; nobody who was deleted or erased."""

    queryset = Customer.objects.filter(deleted_at=None, erased_at=None).select_related("summary")
    serializer_class = CustomerSerializer
    pagination_class = CustomerPages
    filterset_class = filters.PUBLISHED_CUSTOMERS
    parser_classes = [UnparsedJsonParser]
    query_serializer_classes = {"list": CustomersQuery, "create": MetadataQuery, "update": MetadataQuery}
    required_scopes = (ApiScope.CUSTOMERS,)
    ordered_by_time = {
        "-created_at": "-created_at", "created_at": "created_at", "-updated_at": "-changed_at",
        "updated_at": "changed_at",
    }  # fmt: skip
    ordering_fields = {**ordered_by_time, **both_ways(source_id="source_id")}
    id_prefix, source_id_field, resource_name = "cust", "source_id", "customer"
    id_says = "The id of the customer, `cust_…`, or their source id."
    lookup_url_kwarg = "customer_id"
    skips_empty_parameters = True

    def get_queryset(self) -> QuerySet[Customer]:
        """`changed_at` as the index has it. Raises 404 for a segment that is not here."""
        rows: QuerySet[Customer] = super().get_queryset().annotate(changed_at=Coalesce("updated_at", "created_at"))
        segment = getattr(self, "query", {}).get("segment_id")
        if segment is None:
            return rows
        pk = self.ids.take("seg", segment) or 0
        if not Segment.objects.filter(pk=pk, project=self.project, deleted_at=None).exists():
            raise not_found("segment", segment)
        return rows.filter(memberships__segment=pk, memberships__left_at=None)

    @extend_schema(
        summary="List customers as published",
        description=LIST_SAYS,
        responses={200: CustomerSerializer(many=True), 404: refusal("There is no segment with the `segment_id`.")},
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read a customer as published", description=SAYS)
    def retrieve(self, request: Request, customer_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Create or update a customer",
        description=POST_SAYS,
        request=SentCustomerSerializer,
        responses={200: CustomerSerializer, 404: refusal("There is no customer with the `id` that was sent."), **TAKEN},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        return self._written(self.validated(SentCustomerSerializer))

    @extend_schema(
        summary="Change a customer",
        description=PUT_SAYS,
        request=SentCustomerSerializer,
        responses={200: CustomerSerializer, **TAKEN},
    )
    def update(self, request: Request, customer_id: str) -> Response:
        sent: CustomerObject = self.validated(SentCustomerSerializer)
        known = self.ids.give("cust", self.get_object().pk)
        refused = problem(sent)  # of keys as well, which are passed over
        if refused:
            raise bad_payload(refused)
        return self._written(structs.replace(sent, id=known, source_id=UNSET))

    @extend_schema(summary="Delete a customer", description=DELETE_SAYS)
    def destroy(self, request: Request, customer_id: str) -> Response:
        ending.delete(self.project.pk, self.get_object().pk, true_time.now())
        return Response(status=204)

    @extend_schema(
        summary="Delete a customer for good",
        description=FORGET_SAYS,
        request=None,
        responses={
            200: serializer_of(shapes.PermanentDeletion),
            423: refusal("An order of the customer is still open, or an import is being written."),
        },
    )
    @action(detail=True, methods=["post"], url_path="permanent-deletion", parser_classes=[AnyBody])
    @idempotent
    def permanent_deletion(self, request: Request, customer_id: str) -> Response:
        customer: Customer = self.get_object()
        public_id = self.ids.give("cust", customer.pk)
        try:
            done = partner_deletions.forget(self.project, customer)
        except ErasureRefused as refused:
            held = ("customer", public_id)
            raise ApiError(423, "resource_in_use", "Locked", str(refused), resource=held) from refused
        counts = shapes.DeletionCounts(
            events=done.report.get("deliveries", 0),
            customer_events=0,
            daily_events=0,
            segments=done.stays,
            orders=done.report.get("orders", 0),
            order_events=done.report.get("history", 0),
            customer=1,
        )
        deletion_id = self.ids.give("del", done.request.pk)
        return Response(shapes.PermanentDeletion(deletion_id, iso(done.request.told_at), public_id, counts))

    @extend_schema(
        summary="List a customer's segments",
        description=SEGMENTS_SAYS,
        responses=serializer_of(shapes.PublishedSegments),
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def segments(self, request: Request, customer_id: str) -> Response:
        try:
            stays = membership.stays(self.get_object().pk)
        except ApiError:
            segments = membership.of_nobody(self.project.pk, self.project.zone, true_time.now())
        else:
            segments = [(stay.segment_id, stay.segment.name) for stay in stays]
        listed = [shapes.SimpleSegment(self.ids.give("seg", pk), name) for pk, name in segments]
        return Response(shapes.PublishedSegments(listed, len(listed)))

    def _written(self, sent: CustomerObject) -> Response:
        """Write one customer and answer it. Raises 400, 404 and 409."""
        replace = self.query["metadata"] == "replace"
        [outcome] = upsert_customers(self.project.pk, self.ids, [sent], true_time.now(), replace_metadata=replace)
        if isinstance(outcome, CustomerFailure):
            raise self._refusal(outcome, sent)
        return Response(self.get_serializer(self.get_queryset().get(pk=outcome.customer_id)).data)

    def _refusal(self, failure: CustomerFailure, sent: CustomerObject) -> ApiError:
        if failure.key == "not_found":
            return not_found("customer", sent.id or "")
        if failure.key == "duplicate_resource_key":
            holder = None if failure.holder_id is None else ("customer", self.ids.give("cust", failure.holder_id))
            return ApiError(409, failure.key, "Duplicate resource key", failure.details, resource=holder)
        return bad_payload(failure.details)
