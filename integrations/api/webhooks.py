"""Webhook endpoints and deliveries as resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.bodies import decode, read
from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError, bad_payload
from config.kit.api.resources import when
from integrations import filters
from integrations.api import webhook_shapes as shapes
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
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


class Webhooks(OfficeResource):
    kind, name, shape = "wh", "webhook", shapes.Webhook
    scope = ApiScope.WEBHOOKS

    def rows(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.filter(project=self.project, deleted_at=None).defer("secrets")

    def documents(self, rows: Sequence[WebhookEndpoint]) -> list[shapes.Webhook]:
        return [shapes.Webhook(**self.fields(row)) for row in rows]

    def fields(self, row: WebhookEndpoint) -> dict[str, Any]:
        return {
            "id": self.ids.give("wh", row.pk),
            "url": row.url,
            "events": row.events,
            "enabled": row.enabled,
            "disabled_at": when(row.disabled_at),
            "reason": row.reason,
            "failures": row.failures,
            "last_success_at": when(row.last_success_at),
            "created_at": when(row.created_at),
        }


def _refused(refusal: EndpointRefused) -> ApiError:
    return bad_payload(f"Property .{refusal.field}: {refusal}")


class WebhooksView(Webhooks, OfficeList):
    """GET: endpoints. POST: make one; the answer holds its secret, no other ever does."""

    decoder: ClassVar[msgspec.json.Decoder[CreateWebhook]] = msgspec.json.Decoder(CreateWebhook)
    filters = filters.WEBHOOKS
    operations = {"POST": Operation("Make a webhook", shapes.NewWebhook, status=201, body=CreateWebhook)}

    def post(self, request: Request) -> Response:
        asked = decode(read(request, settings.API_BODY_LIMIT), self.decoder)
        try:
            made = endpoints.create(self.project, asked.url, asked.events)
        except EndpointRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(shapes.NewWebhook(**self.fields(made.endpoint), secret=made.secret), status=201)


class WebhookView(Webhooks, OfficeOne):
    """GET: one endpoint. PUT: change what is sent. DELETE: delete it; what it was told stays on record."""

    decoder: ClassVar[msgspec.json.Decoder[ChangeWebhook]] = msgspec.json.Decoder(ChangeWebhook)
    operations = {
        "PUT": Operation("Change a webhook", shapes.Webhook, body=ChangeWebhook),
        "DELETE": Operation("Delete a webhook", status=204),
    }

    def put(self, request: Request, public_id: str) -> Response:
        row = self.find(public_id)
        asked = decode(read(request, settings.API_BODY_LIMIT), self.decoder)
        try:
            endpoints.change(
                row,
                url=None if asked.url is msgspec.UNSET else asked.url,
                events=None if asked.events is msgspec.UNSET else asked.events,
            )
        except EndpointRefused as refusal:
            raise _refused(refusal) from refusal
        if asked.enabled is True:
            endpoints.enable(row)
        elif asked.enabled is False:
            endpoints.disable(row)
        return Response(self.documents([self.find(public_id)])[0])

    def delete(self, request: Request, public_id: str) -> Response:
        endpoints.delete(self.find(public_id))
        return Response(status=204)


class Deliveries(OfficeResource):
    kind, name = "del", "delivery"
    shape: ClassVar[type[msgspec.Struct]] = shapes.Delivery
    scope = ApiScope.WEBHOOKS

    def rows(self) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.filter(project=self.project).defer("body")

    def documents(self, rows: Sequence[WebhookDelivery]) -> list[Any]:
        return [shapes.Delivery(**self.fields(row)) for row in rows]

    def fields(self, row: WebhookDelivery) -> dict[str, Any]:
        return {
            "id": self.ids.give("del", row.pk),
            "webhook_id": self.ids.give("wh", row.endpoint_id),
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


class DeliveriesView(Deliveries, OfficeList):
    filters = filters.DELIVERIES


class InFull(Deliveries):
    """A delivery with its body and its tries."""

    shape = shapes.DeliveryInFull

    def rows(self) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.filter(project=self.project).select_related("endpoint")

    def documents(self, rows: Sequence[WebhookDelivery]) -> list[Any]:
        return [
            shapes.DeliveryInFull(
                **self.fields(row),
                body=None if row.body is None else msgspec.Raw(bytes(row.body)),
                attempts=[
                    shapes.Attempt(when(each.at), each.status, each.seconds, each.answer)
                    for each in row.attempts.order_by("number")
                ],
            )
            for row in rows
        ]


class DeliveryView(InFull, OfficeOne): ...


class SendAgainView(InFull):
    """POST: send a delivery once more, at once, with all its tries before it."""

    operations = {
        "POST": Operation(
            "Send a delivery again",
            shapes.DeliveryInFull,
            status=202,
            refuses={409: "It cannot be: its endpoint is disabled or deleted, or its body was cleared."},
        )
    }

    def post(self, request: Request, public_id: str) -> Response:
        row = self.find(public_id)
        if not deliveries.send_again(WebhookDelivery.objects.filter(pk=row.pk)):
            raise ApiError(409, "not_sent_again", "Not sent again", deliveries.why_not(row))
        return Response(self.documents([self.find(public_id)])[0], status=202)
