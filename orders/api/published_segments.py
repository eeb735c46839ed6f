"""Segments as Voucherify publishes them: made, read, listed, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from babel.numbers import get_currency_precision
from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When
from drf_spectacular.utils import extend_schema
from msgspec import UNSET, Struct, UnsetType
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.paginating import Fields
from config.kit.api.problems import ApiError, bad_payload, bad_query
from config.kit.api.queries import BracketsField, FilledTextField, InstantField, TextsField, WholeNumberField, in_order
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer
from config.kit.times import iso, iso_time
from integrations.api.partner_views import PartnerViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from integrations.follow_up import segment_ends
from integrations.models import Distribution
from orders.api.customer_shapes import SegmentName
from orders.api.segments import find_customers
from orders.choices import Junction, SegmentKind
from orders.exported.describing import BookReader, ComparedAs, Criterion, Exported
from orders.exported.selection import BadSelection, conditions
from orders.models import EarningRule, Segment
from orders.segments import definitions, published_filters
from orders.segments.conditions import BadCondition, Condition, stored
from orders.segments.definitions import MOST_MEMBERS, SegmentRefused, SegmentWish

STATIC, AUTOMATIC, PASSIVE = "static", "auto-update", "passive"
MOST_TOLD = 100
MILLISECOND = timedelta(milliseconds=1)
SAYS = (
    "With `filter` it is `passive` unless `type` says `auto-update`; without one it is `static` and holds `customers`,"
    " at most 20,000 by id or source id. Its first members are found soon after. There are at most 100 with a filter."
)


class NewPublishedSegment(Struct):
    name: SegmentName
    type: Literal["static", "auto-update", "passive"] | UnsetType | None = UNSET
    customers: list[str] | UnsetType | None = UNSET
    filter: dict[str, Any] | UnsetType | None = UNSET


class PublishedSegment(Struct):
    """A group of customers: chosen by hand (static), or whoever the filter lets through."""

    id: str
    name: str
    created_at: str
    updated_at: str | None
    type: Literal["static", "auto-update", "passive"]
    filter: dict[str, Any] | None
    object: Literal["segment"] = "segment"


def published_type() -> Case:
    """As published: passive ones are told of to nobody, as long as no rule or distribution that is on uses them."""
    used = {
        f"used_{name}": Exists(model._default_manager.filter(segment_id=OuterRef("pk"), enabled=True))
        for name, model in (("rule", EarningRule), ("distribution", Distribution))
    }
    return Case(
        When(kind=SegmentKind.STATIC, then=Value(STATIC)),
        When(used["used_rule"] | used["used_distribution"], then=Value(AUTOMATIC)),
        When(silent=True, then=Value(PASSIVE)),
        default=Value(AUTOMATIC),
        output_field=CharField(),
    )


# What its list is filtered by.
LISTED = Exported(
    name="segment",
    rows=lambda project_id: Segment.objects.filter(project_id=project_id),
    computed=lambda digits: {},
    fields={},
    default=(),
    sortable={},
    order="",
    criteria={
        "id": Criterion("pk", ComparedAs.ID, "seg"),
        "name": Criterion("name", ComparedAs.TEXT),
        "type": Criterion("published_type", ComparedAs.TEXT),
        "created_at": Criterion("created_at", ComparedAs.TIME),
    },
    free=(),
)


class PublishedSegmentSerializer(StructSerializer):
    struct = PublishedSegment

    def documents(self, rows: Sequence[Any]) -> list[PublishedSegment]:
        digits = get_currency_precision(self.context["view"].project.currency)
        return [
            PublishedSegment(
                id=self.ids.give("seg", row.pk),
                name=row.name,
                created_at=iso(row.created_at),
                updated_at=None if row.updated_at == row.created_at else iso(row.updated_at),
                type=row.published_type,
                filter=None
                if row.kind == SegmentKind.STATIC
                else published_filters.write(row.junction, stored(row.conditions), digits),
            )
            for row in rows
        ]


class NewPublishedSegmentSerializer(StructSerializer):
    struct = NewPublishedSegment


class SegmentPages(BasePagination):
    """As published: by cursor; `starting_after` is the time, or the id, of the last one of the page before."""

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        return {
            "limit": WholeNumberField(1, 100, default=10, help_text="How many at most."),
            "starting_after": FilledTextField(
                required=False, help_text="The `created_at` or `id` of the last segment of the page before."
            ),
            "start_date": InstantField(required=False, help_text="Only those made at or after this time."),
            "end_date": InstantField(required=False, help_text="Only those made before this time."),
            "filters": BracketsField(required=False, help_text="By id, name, type and created_at; with `junction`."),
            "ids": TextsField(required=False, help_text="Only these."),
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return []  # they are described as `query_fields`

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        query, limit = view.query, view.query["limit"]
        rows = _chosen(queryset, query, view)
        self.total = rows.count()
        if "starting_after" in query:
            rows = _beyond(rows, str(query["starting_after"]), query["order"], view)
        found = list(rows[: limit + 1])
        self.has_more = len(found) > limit
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        body = {"object": "list", "data_ref": "data", "data": data, "total": self.total, "has_more": self.has_more}
        return Response(body)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data_ref", "data", "total", "has_more"],
            "properties": {
                "object": {"type": "string", "const": "list"},
                "data_ref": {"type": "string", "const": "data"},
                "data": schema,
                "total": {"type": "integer", "minimum": 0, "description": "How many there are in all."},
                "has_more": {"type": "boolean"},
            },
        }


def _chosen(rows: QuerySet[Segment], query: Mapping[str, Any], view: PartnerViewSet) -> QuerySet[Segment]:
    if "start_date" in query:
        rows = rows.filter(created_at__gte=query["start_date"])
    if "end_date" in query:
        rows = rows.filter(created_at__lt=query["end_date"])
    if "ids" in query:
        rows = rows.filter(pk__in=[view.ids.take("seg", each) or 0 for each in query["ids"]])
    if "filters" in query:
        reader = BookReader(view.project.pk, view.ids, get_currency_precision(view.project.currency))
        try:
            rows = rows.filter(conditions(LISTED, in_order(query["filters"]), reader)[0])
        except BadSelection as error:
            raise bad_query(str(error).replace(".parameters.filters", ".filters")) from error
    return rows


def _beyond(rows: QuerySet[Segment], place: str, order: str, view: PartnerViewSet) -> QuerySet[Segment]:
    newest_first = order.startswith("-")
    pk, at = view.ids.take("seg", place), iso_time(place)
    if pk is not None:
        return rows.filter(pk__lt=pk) if newest_first else rows.filter(pk__gt=pk)
    if at is None:
        raise bad_query("Property .starting_after is neither a time nor the id of a segment")
    return rows.filter(created_at__lt=at) if newest_first else rows.filter(created_at__gte=at + MILLISECOND)


class SegmentViewSet(ListModelMixin, RetrieveModelMixin, PartnerViewSet):
    """Segments by their ids."""

    queryset = Segment.objects.filter(deleted_at=None)
    serializer_class = PublishedSegmentSerializer
    pagination_class = SegmentPages
    required_scopes = (ApiScope.SEGMENTS,)
    ordering_fields = {"-created_at": "-created_at", "created_at": "created_at"}
    id_prefix, resource_name, id_says = "seg", "segment", "The id of the segment, `seg_…`."
    lookup_url_kwarg = "segment_id"
    skips_empty_parameters = True

    def get_queryset(self) -> QuerySet[Segment]:
        rows: QuerySet[Segment] = super().get_queryset()
        return rows.annotate(published_type=published_type())

    @extend_schema(summary="List segments as published")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(summary="Read a segment as published")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        summary="Make a segment as published",
        description=SAYS,
        request=NewPublishedSegmentSerializer,
        responses={200: PublishedSegmentSerializer, 409: refusal("The name is taken.")},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        asked: NewPublishedSegment = self.validated(NewPublishedSegmentSerializer)
        members: Sequence[int]
        kind = asked.type or (PASSIVE if asked.filter else STATIC)
        if kind == STATIC:
            if asked.filter:
                raise bad_payload("Property .filter is for auto-update and passive segments: leave it out")
            wish = SegmentWish(asked.name, SegmentKind.STATIC)
            members = self._members(asked.customers or [])
        else:
            if asked.customers:
                raise bad_payload("Property .customers is for static segments: leave it out")
            junction, asks = self._filter(asked.filter or {})
            wish = SegmentWish(asked.name, SegmentKind.AUTOMATIC, junction, asks, silent=kind == PASSIVE)
            members = ()
        made = self._made(wish, members)
        return Response(self.get_serializer(self.get_queryset().get(pk=made.pk)).data)

    @extend_schema(
        summary="Delete a segment as published",
        responses={204: None, 423: refusal("A rule or distribution that is on uses it.")},
    )
    def destroy(self, request: Request, segment_id: str) -> Response:
        segment: Segment = self.get_object()
        try:
            segment_ends.delete(segment)
        except SegmentRefused as error:
            raise ApiError(423, "resource_in_use", "Locked", str(error), resource=("segment", segment_id)) from error
        return Response(status=204)

    def _filter(self, asked: Mapping[str, Any]) -> tuple[Junction, Sequence[Condition]]:
        digits = get_currency_precision(self.project.currency)
        try:
            return published_filters.read(asked, digits)
        except BadCondition as error:
            raise bad_payload(str(error)) from error

    def _members(self, keys: Sequence[str]) -> Sequence[int]:
        if len(keys) > MOST_MEMBERS:
            raise bad_payload(f"Property .customers holds {len(keys):,} customers, at most {MOST_MEMBERS:,} are taken")
        found = find_customers(self, keys)
        missing = [key[:100] for key in keys if key not in found]
        if missing:
            raise bad_payload(f"Property .customers names nobody here by {', '.join(missing[:MOST_TOLD])}")
        return sorted(set(found.values()))

    def _made(self, wish: SegmentWish, members: Sequence[int]) -> Segment:
        try:
            return definitions.create(self.project.pk, wish, members)
        except BadCondition as error:
            raise bad_payload(f"Property .filter: {error}") from error
        except SegmentRefused as error:
            if error.holder is None:
                raise bad_payload(f"Property .{error.field}: {error}") from error
            holder = ("segment", self.ids.give("seg", error.holder))
            raise ApiError(409, "duplicate_found", "Duplicate found", str(error), resource=holder) from error
