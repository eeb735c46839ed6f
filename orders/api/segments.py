"""Segments and their members: listed, made, changed, deleted; members by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, bad_payload, not_found
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer, serializer_of
from config.kit.times import when
from integrations.api.partner_views import OfficeReadViewSet, OfficeViewSet, ProjectView
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from integrations.follow_up import segment_ends
from orders import filters
from orders.api import customer_shapes as shapes
from orders.choices import Junction, SegmentKind
from orders.models import Customer, Segment, SegmentMember
from orders.segments import definitions, membership
from orders.segments.conditions import BadCondition, Condition
from orders.segments.definitions import SegmentRefused, SegmentWish

T = TypeVar("T")
SEGMENT_ID = "The id of the segment, `seg_…`."
REFUSED = "The name is taken, or there are too many."


class OfficeSegmentSerializer(StructSerializer):
    struct = shapes.Segment

    def documents(self, rows: Sequence[Segment]) -> list[shapes.Segment]:
        counts = membership.members(row.pk for row in rows)
        return [
            shapes.Segment(
                id=self.ids.give("seg", row.pk),
                name=row.name,
                kind=row.kind,
                junction=row.junction,
                conditions=[msgspec.convert(each, shapes.SegmentCondition) for each in row.conditions],
                filling=row.filling,
                members=counts[row.pk],
                created_at=when(row.created_at),
                updated_at=when(row.updated_at),
            )
            for row in rows
        ]


def written(view: ProjectView, service: Callable[[], T]) -> T:
    """What the service gives. Raises 400, 404 or 409 with its sentence."""
    try:
        done = service()
    except BadCondition as refused:
        raise bad_payload(f"Property .conditions[{refused.index}]: {refused}") from refused
    except SegmentRefused as refused:
        raise ApiError(409, "segment_refused", "Not saved", f"Property .{refused.field}: {refused}") from refused
    except Segment.DoesNotExist as gone:
        raise not_found("segment", str(view.kwargs.get("public_id", ""))) from gone
    return done


class NewSegmentSerializer(StructSerializer):
    struct = shapes.NewSegment


class SegmentChangeSerializer(StructSerializer):
    struct = shapes.SegmentChange


class OfficeSegmentViewSet(OfficeReadViewSet):
    """PUT: change what is sent. DELETE: it takes nobody in any more."""

    queryset = Segment.objects.filter(deleted_at=None)
    serializer_class = OfficeSegmentSerializer
    filterset_class = filters.SEGMENTS
    required_scopes = (ApiScope.SEGMENTS,)
    id_prefix, resource_name, id_says = "seg", "segment", SEGMENT_ID

    @extend_schema(
        summary="Make a segment",
        description="Its first members are found soon after; they have not entered it, so nothing follows for them.",
        request=NewSegmentSerializer,
        responses={201: OfficeSegmentSerializer, 409: refusal(REFUSED)},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        asked: shapes.NewSegment = self.validated(NewSegmentSerializer)
        if asked.kind not in SegmentKind.values:
            raise bad_payload(f"Property .kind must be one of {', '.join(SegmentKind.values)}")
        if asked.kind == SegmentKind.STATIC and asked.conditions:
            raise bad_payload("Property .conditions is for automatic segments: leave it out")
        wish = SegmentWish(
            asked.name, SegmentKind(asked.kind), _junction(asked.junction), _conditions(asked.conditions)
        )
        made = written(self, lambda: definitions.create(self.project.pk, wish))
        return self._shown(made.pk, status=201)

    @extend_schema(
        summary="Change a segment",
        description="What is not sent stays as it is. With other conditions it is filled anew.",
        request=SegmentChangeSerializer,
        responses={200: OfficeSegmentSerializer, 409: refusal(REFUSED)},
    )
    def update(self, request: Request, public_id: str) -> Response:
        segment: Segment = self.get_object()
        asked: shapes.SegmentChange = self.validated(SegmentChangeSerializer)
        if segment.kind == SegmentKind.STATIC and (asked.conditions or asked.junction):
            raise bad_payload("Property .conditions is for automatic segments: leave it out")
        wish = SegmentWish(
            segment.name if asked.name is None else asked.name,
            SegmentKind(segment.kind),
            _junction(asked.junction or segment.junction),
            _conditions(
                msgspec.convert(segment.conditions, list[shapes.SegmentCondition])
                if asked.conditions is None
                else asked.conditions
            ),
        )
        written(self, lambda: definitions.change(segment.pk, wish))
        return self._shown(segment.pk)

    @extend_schema(
        summary="Delete a segment",
        responses={204: None, 409: refusal("An earning rule or a distribution that is on uses it.")},
    )
    def destroy(self, request: Request, public_id: str) -> Response:
        segment: Segment = self.get_object()
        written(self, lambda: segment_ends.delete(segment))
        return Response(status=204)

    def _shown(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)


class MemberSerializer(StructSerializer):
    struct = shapes.Member

    def documents(self, rows: Sequence[SegmentMember]) -> list[shapes.Member]:
        give = self.ids.give
        return [shapes.Member(give("mem", row.pk), give("cust", row.customer_id), when(row.since)) for row in rows]


class NewMembersSerializer(StructSerializer):
    struct = shapes.NewMembers


class MemberViewSet(ListModelMixin, OfficeViewSet):
    """The members of a segment now. POST: add customers to a static one. DELETE: take one out of it."""

    queryset = SegmentMember.objects.filter(left_at=None)
    project_field = "segment__project"
    serializer_class = MemberSerializer
    filterset_class = filters.MEMBERS
    required_scopes = (ApiScope.SEGMENTS,)
    id_prefix, resource_name = "mem", "member"
    id_says = "The id of the segment, `seg_…`; the id of the customer, `cust_…`, or the customer's source id."
    lookup_url_kwarg = "customer_id"

    def get_queryset(self) -> QuerySet[SegmentMember]:
        return super().get_queryset().filter(segment=self._segment())

    @extend_schema(
        summary="Add customers to a static segment",
        request=NewMembersSerializer,
        responses={
            200: serializer_of(shapes.MembersAdded),
            409: refusal("It is an automatic segment, or it would hold more than 20,000 customers."),
        },
    )
    @idempotent
    def create(self, request: Request, public_id: str) -> Response:
        segment = self._segment()
        asked: shapes.NewMembers = self.validated(NewMembersSerializer)
        pks = _customers(self, asked.customers)
        return Response(shapes.MembersAdded(written(self, lambda: definitions.add(segment.pk, pks))))

    @extend_schema(
        summary="Take a customer out of a static segment",
        responses={204: None, 409: refusal("It is an automatic segment.")},
    )
    def destroy(self, request: Request, public_id: str, customer_id: str) -> Response:
        segment = self._segment()
        found = find_customers(self, [customer_id])
        if not written(self, lambda: definitions.remove(segment.pk, list(found.values()))):
            raise not_found("member", customer_id)
        return Response(status=204)

    def _segment(self) -> Segment:
        public_id = str(self.kwargs["public_id"])
        pk = self.ids.take("seg", public_id)
        ours = Segment.objects.filter(project=self.project, deleted_at=None)
        found = ours.filter(pk=pk).first() if pk is not None else None
        if found is None:
            raise not_found("segment", public_id)
        return found


def find_customers(view: ProjectView, keys: Sequence[str]) -> dict[str, int]:
    """Primary keys of the project's customers by the ids or source ids that were sent; two statements."""
    taken = {key: pk for key in keys if (pk := view.ids.take("cust", key)) is not None}
    ours = Customer.objects.filter(project=view.project, deleted_at=None)
    here = set(ours.filter(pk__in=taken.values()).values_list("pk", flat=True))
    found = {key: pk for key, pk in taken.items() if pk in here}
    sources = [key for key in keys if key and key not in found and "\x00" not in key]
    found |= dict(ours.filter(source_id__in=sources).exclude(source_id="").values_list("source_id", "pk"))
    return found


def _customers(view: ProjectView, keys: Sequence[str]) -> list[int]:
    found = find_customers(view, keys)
    missing = next((place for place, key in enumerate(keys) if key not in found), None)
    if missing is not None:
        raise bad_payload(f"Property .customers[{missing}] is no customer of this project")
    return sorted(set(found.values()))


def _junction(text: str) -> Junction:
    if text not in Junction.values:
        raise bad_payload(f"Property .junction must be one of {', '.join(Junction.values)}")
    return Junction(text)


def _conditions(asked: Sequence[shapes.SegmentCondition]) -> list[Condition]:
    return [Condition(each.field, each.operator, each.value) for each in asked]
