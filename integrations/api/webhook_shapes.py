"""What the API answers about webhook endpoints and deliveries, as JSON types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from integrations.api.shapes import Count, Time, one_of
from integrations.choices import SUBSCRIBABLE, DeliveryState, WebhookEvent


class Webhook(Struct):
    """An address that is told of events."""

    id: str
    url: str
    events: list[Annotated[str, Meta(extra_json_schema={"enum": list(SUBSCRIBABLE)})]]
    enabled: bool
    disabled_at: Time | None
    reason: Annotated[str, Meta(description="Why it was disabled; empty when somebody did it.")]
    failures: Annotated[Count, Meta(description="Failed tries in a row.")]
    last_success_at: Time | None
    created_at: Time | None
    object: Literal["webhook"] = "webhook"


class NewWebhook(Webhook, kw_only=True):
    """An endpoint just made, with its secret."""

    secret: Annotated[str, Meta(description="What deliveries are signed with. It is shown this once.")]


class Delivery(Struct):
    """One event for one endpoint."""

    id: str
    webhook_id: str
    event_id: Annotated[str, Meta(description="What happened; the same for every endpoint.")]
    event: Annotated[str, one_of(WebhookEvent)]
    order_id: str | None
    state: Annotated[str, one_of(DeliveryState)]
    reason: Annotated[str, Meta(description="Why it waits or was given up.")]
    attempts_made: Count
    next_try_at: Time | None
    created_at: Time | None
    finished_at: Time | None
    object: Literal["delivery"] = "delivery"


class Attempt(Struct):
    """One try of a delivery."""

    at: Time | None
    status: Annotated[int | None, Meta(description="The HTTP status; null: there was no answer.")]
    seconds: float
    answer: Annotated[str, Meta(description="How the answer began, or why there was none.")]


class DeliveryInFull(Delivery, kw_only=True):
    """A delivery with what it says and what became of each try."""

    body: Annotated[Any, Meta(description="What was sent; null once it was cleared.")]
    attempts: list[Attempt]
