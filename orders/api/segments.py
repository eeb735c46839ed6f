"""Segments and their members: listed, made, changed, deleted; members by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import msgspec
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.bodies import decode, unstorable
from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError, bad_payload, not_found
from config.kit.api.resources import when
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
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
REFUSED = "The name is taken, or there are too many."


class Segments(OfficeResource):
    kind, name, shape = "seg", "segment", shapes.Segment
    scope = ApiScope.SEGMENTS

    def rows(self) -> QuerySet[Segment]:
        return Segment.objects.filter(project=self.project, deleted_at=None)

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

    def shown(self, pk: int, status: int = 200) -> Response:
        return Response(self.documents([self.rows().get(pk=pk)])[0], status=status)


def written(view: OfficeResource, service: Callable[[], T]) -> T:
    """What the service gives. Raises 400, 404 or 409 with its sentence."""
    try:
        done = service()
    except BadCondition as refusal:
        raise bad_payload(f"Property .conditions[{refusal.index}]: {refusal}") from refusal
    except SegmentRefused as refusal:
        raise ApiError(409, "segment_refused", "Not saved", f"Property .{refusal.field}: {refusal}") from refusal
    except Segment.DoesNotExist as gone:
        raise not_found("segment", str(view.kwargs.get("public_id", ""))) from gone
    return done


class SegmentsView(Segments, OfficeList):
    """GET: segments. POST: make one."""

    decoder: ClassVar[msgspec.json.Decoder[shapes.NewSegment]] = msgspec.json.Decoder(shapes.NewSegment)
    filters = filters.SEGMENTS
    operations = {
        "POST": Operation(
            "Make a segment",
            shapes.Segment,
            status=201,
            body=shapes.NewSegment,
            says="Its first members are found soon after; they have not entered it, so nothing follows for them.",
            refuses={409: REFUSED},
        )
    }

    @idempotent
    def post(self, request: Request) -> Response:
        asked = _decoded(self.body(request), self.decoder)
        if asked.kind not in SegmentKind.values:
            raise bad_payload(f"Property .kind must be one of {', '.join(SegmentKind.values)}")
        if asked.kind == SegmentKind.STATIC and asked.conditions:
            raise bad_payload("Property .conditions is for automatic segments: leave it out")
        wish = SegmentWish(
            asked.name, SegmentKind(asked.kind), _junction(asked.junction), _conditions(asked.conditions)
        )
        made = written(self, lambda: definitions.create(self.project.pk, wish))
        return self.shown(made.pk, status=201)


class SegmentView(Segments, OfficeOne):
    """GET: one segment. PUT: change what is sent. DELETE: it takes nobody in any more."""

    decoder: ClassVar[msgspec.json.Decoder[shapes.SegmentChange]] = msgspec.json.Decoder(shapes.SegmentChange)
    operations = {
        "PUT": Operation(
            "Change a segment",
            shapes.Segment,
            body=shapes.SegmentChange,
            says="What is not sent stays as it is. With other conditions it is filled anew.",
            refuses={409: REFUSED},
        ),
        "DELETE": Operation(
            "Delete a segment", status=204, refuses={409: "An earning rule or a distribution that is on uses it."}
        ),
    }

    def put(self, request: Request, public_id: str) -> Response:
        segment: Segment = self.find(public_id)
        asked = _decoded(self.body(request), self.decoder)
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
        return self.shown(segment.pk)

    def delete(self, request: Request, public_id: str) -> Response:
        segment: Segment = self.find(public_id)
        written(self, lambda: segment_ends.delete(segment))
        return Response(status=204)


class SegmentMembersView(OfficeList):
    """GET: the members of a segment now. POST: add customers to a static one."""

    kind, name, shape = "mem", "member", shapes.Member
    scope = ApiScope.SEGMENTS
    filters = filters.MEMBERS
    decoder: ClassVar[msgspec.json.Decoder[shapes.NewMembers]] = msgspec.json.Decoder(shapes.NewMembers)
    operations = {
        "POST": Operation(
            "Add customers to a static segment",
            shapes.MembersAdded,
            body=shapes.NewMembers,
            refuses={409: "It is an automatic segment, or it would hold more than 20,000 customers."},
        )
    }

    @classmethod
    def id_says(cls) -> str:
        return Segments.id_says()

    def rows(self) -> QuerySet[SegmentMember]:
        return SegmentMember.objects.filter(segment=self._segment, left_at=None)

    def documents(self, rows: Sequence[SegmentMember]) -> list[shapes.Member]:
        give = self.ids.give
        return [shapes.Member(give("mem", row.pk), give("cust", row.customer_id), when(row.since)) for row in rows]

    def get(self, request: Request, public_id: str = "") -> Response:
        self._segment = _segment(self, public_id)
        return super().get(request)

    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        segment = _segment(self, public_id)
        asked = _decoded(self.body(request), self.decoder)
        pks = _customers(self, asked.customers)
        return Response(shapes.MembersAdded(written(self, lambda: definitions.add(segment.pk, pks))))


class SegmentMemberView(OfficeResource):
    """DELETE: take a customer out of a static segment."""

    kind, name, shape = "mem", "member", shapes.Member
    scope = ApiScope.SEGMENTS
    operations = {
        "DELETE": Operation(
            "Take a customer out of a static segment", status=204, refuses={409: "It is an automatic segment."}
        )
    }

    @classmethod
    def id_says(cls) -> str:
        return "The id of the segment, `seg_…`, and of the customer, `cust_…`, or the customer's source id."

    def rows(self) -> QuerySet[SegmentMember]:
        return SegmentMember.objects.filter(segment__project=self.project, left_at=None)

    def documents(self, rows: Sequence[SegmentMember]) -> list[shapes.Member]:
        return []

    def delete(self, request: Request, public_id: str, customer_id: str) -> Response:
        segment = _segment(self, public_id)
        found = find_customers(self, [customer_id])
        if not written(self, lambda: definitions.remove(segment.pk, list(found.values()))):
            raise not_found("member", customer_id)
        return Response(status=204)


def find_customers(view: OfficeResource, keys: Sequence[str]) -> dict[str, int]:
    """Primary keys of the project's customers by the ids or source ids that were sent; two statements."""
    taken = {key: pk for key in keys if (pk := view.ids.take("cust", key)) is not None}
    ours = Customer.objects.filter(project=view.project)
    here = set(ours.filter(pk__in=taken.values()).values_list("pk", flat=True))
    found = {key: pk for key, pk in taken.items() if pk in here}
    sources = [key for key in keys if key and key not in found and "\x00" not in key]
    found |= dict(ours.filter(source_id__in=sources).exclude(source_id="").values_list("source_id", "pk"))
    return found


def _customers(view: OfficeResource, keys: Sequence[str]) -> list[int]:
    found = find_customers(view, keys)
    missing = next((place for place, key in enumerate(keys) if key not in found), None)
    if missing is not None:
        raise bad_payload(f"Property .customers[{missing}] is no customer of this project")
    return sorted(set(found.values()))


def _segment(view: OfficeResource, public_id: str) -> Segment:
    pk = view.ids.take("seg", public_id)
    found = Segment.objects.filter(project=view.project, deleted_at=None, pk=pk).first() if pk is not None else None
    if found is None:
        raise not_found("segment", public_id)
    return found


def _decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    asked = decode(body, decoder)
    problem = next(unstorable(msgspec.to_builtins(asked)), None)
    if problem is not None:
        raise bad_payload(problem)
    return asked


def _junction(text: str) -> Junction:
    if text not in Junction.values:
        raise bad_payload(f"Property .junction must be one of {', '.join(Junction.values)}")
    return Junction(text)


def _conditions(asked: Sequence[shapes.SegmentCondition]) -> list[Condition]:
    return [Condition(each.field, each.operator, each.value) for each in asked]
