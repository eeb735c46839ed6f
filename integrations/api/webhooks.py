"""Webhook endpoints and deliveries for the back office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, bad_payload
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer, serializer_of
from config.kit.public_ids import PublicIds
from config.kit.times import when
from integrations import filters
from integrations.api import webhook_shapes as shapes
from integrations.api.partner_views import OfficeReadViewSet
from integrations.choices import SUBSCRIBABLE, ApiScope
from integrations.models import WebhookDelivery, WebhookEndpoint
from integrations.webhooks import deliveries, endpoints
from integrations.webhooks.endpoints import EndpointRefused

Address = Annotated[
    str, msgspec.Meta(max_length=2048, description="A public https address; redirects are not followed.")
]
EventName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SUBSCRIBABLE)})]
Events = Annotated[list[EventName], msgspec.Meta(min_length=1, max_length=10, description="What it is to be told of.")]


class CreateWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """An endpoint to be made."""

    url: Address
    events: Events


class ChangeWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    url: Address | msgspec.UnsetType = msgspec.UNSET
    events: Events | msgspec.UnsetType = msgspec.UNSET
    enabled: Annotated[bool, msgspec.Meta(description="Disabled ones are told later of what happens meanwhile.")] | (
        msgspec.UnsetType
    ) = msgspec.UNSET


class CreateWebhookSerializer(StructSerializer):
    struct = CreateWebhook


class ChangeWebhookSerializer(StructSerializer):
    struct = ChangeWebhook


class WebhookSerializer(StructSerializer):
    struct = shapes.Webhook

    def documents(self, rows: Sequence[WebhookEndpoint]) -> list[shapes.Webhook]:
        return [shapes.Webhook(**_of_endpoint(self.ids, row)) for row in rows]


def _of_endpoint(ids: PublicIds, row: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": ids.give("wh", row.pk),
        "url": row.url,
        "events": row.events,
        "enabled": row.enabled,
        "disabled_at": when(row.disabled_at),
        "reason": row.reason,
        "failures": row.failures,
        "last_success_at": when(row.last_success_at),
        "created_at": when(row.created_at),
    }


def _refused(refused: EndpointRefused) -> ApiError:
    return bad_payload(f"Property .{refused.field}: {refused}")


class WebhookViewSet(OfficeReadViewSet):
    """POST: make an endpoint; the answer holds its secret, no other ever does. PUT: change what is sent.

    DELETE: what it was told stays on record.
    """

    queryset = WebhookEndpoint.objects.filter(deleted_at=None).defer("secrets")
    serializer_class = WebhookSerializer
    filterset_class = filters.WEBHOOKS
    required_scopes = (ApiScope.WEBHOOKS,)
    id_prefix, resource_name, id_says = "wh", "webhook", "The id of the webhook, `wh_…`."

    @extend_schema(
        summary="Make a webhook", request=CreateWebhookSerializer, responses={201: serializer_of(shapes.NewWebhook)}
    )
    def create(self, request: Request) -> Response:
        asked: CreateWebhook = self.validated(CreateWebhookSerializer)
        try:
            made = endpoints.create(self.project, asked.url, asked.events)
        except EndpointRefused as refused:
            raise _refused(refused) from refused
        return Response(shapes.NewWebhook(**_of_endpoint(self.ids, made.endpoint), secret=made.secret), status=201)

    @extend_schema(summary="Change a webhook", request=ChangeWebhookSerializer)
    def update(self, request: Request, public_id: str) -> Response:
        row = self.get_object()
        asked: ChangeWebhook = self.validated(ChangeWebhookSerializer)
        try:
            endpoints.change(
                row,
                url=None if asked.url is msgspec.UNSET else asked.url,
                events=None if asked.events is msgspec.UNSET else asked.events,
            )
        except EndpointRefused as refused:
            raise _refused(refused) from refused
        if asked.enabled is True:
            endpoints.enable(row)
        elif asked.enabled is False:
            endpoints.disable(row)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Delete a webhook")
    def destroy(self, request: Request, public_id: str) -> Response:
        endpoints.delete(self.get_object())
        return Response(status=204)


def _of_delivery(ids: PublicIds, row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": ids.give("del", row.pk),
        "webhook_id": ids.give("wh", row.endpoint_id),
        "event_id": row.event_id,
        "event": row.event,
        "order_id": row.subject or None,
        "state": row.state,
        "reason": row.reason,
        "attempts_made": row.attempts_made,
        "next_try_at": when(row.next_try_at),
        "created_at": when(row.created_at),
        "finished_at": when(row.finished_at),
    }


class DeliverySerializer(StructSerializer):
    struct = shapes.Delivery

    def documents(self, rows: Sequence[WebhookDelivery]) -> list[shapes.Delivery]:
        return [shapes.Delivery(**_of_delivery(self.ids, row)) for row in rows]


class DeliveryInFullSerializer(StructSerializer):
    """A delivery with its body and its tries."""

    struct = shapes.DeliveryInFull

    def documents(self, rows: Sequence[WebhookDelivery]) -> list[shapes.DeliveryInFull]:
        return [
            shapes.DeliveryInFull(
                **_of_delivery(self.ids, row),
                body=None if row.body is None else msgspec.Raw(bytes(row.body)),
                attempts=[
                    shapes.Attempt(when(each.at), each.status, each.seconds, each.answer)
                    for each in row.attempts.order_by("number")
                ],
            )
            for row in rows
        ]


class DeliveryViewSet(OfficeReadViewSet):
    """POST …/send-again: send a delivery once more, at once, with all its tries before it."""

    queryset = WebhookDelivery.objects.select_related("endpoint")
    filterset_class = filters.DELIVERIES
    required_scopes = (ApiScope.WEBHOOKS,)
    id_prefix, resource_name, id_says = "del", "delivery", "The id of the delivery, `del_…`."

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset()
        return rows.defer("body") if self.action == "list" else rows

    def get_serializer_class(self) -> type[StructSerializer]:
        return DeliverySerializer if self.action == "list" else DeliveryInFullSerializer

    @extend_schema(
        summary="Send a delivery again",
        request=None,
        responses={
            202: DeliveryInFullSerializer,
            409: refusal("It cannot be: its endpoint is disabled or deleted, or its body was cleared."),
        },
    )
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, public_id: str) -> Response:
        row = self.get_object()
        if not deliveries.send_again(WebhookDelivery.objects.filter(pk=row.pk)):
            raise ApiError(409, "not_sent_again", "Not sent again", deliveries.why_not(row))
        return Response(self.get_serializer(self.get_object()).data, status=202)
