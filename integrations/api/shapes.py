"""What the API answers about integrations, remote orders, runs, async actions and exports, as JSON types.

Amounts are text in the currency's own unit; times are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import TextChoices
from msgspec import UNSET, Meta, Struct, UnsetType

from integrations.choices import (
    DistributionChannel,
    DistributionTrigger,
    IntegrationHealth,
    MessageState,
    RemoteState,
    RunKind,
    RunState,
    Whereabouts,
)
from integrations.models import BulkAction

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Decimal = Annotated[str, Meta(description="An amount in the currency's own unit.", pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Count = Annotated[int, Meta(ge=0)]


def one_of(choices: type[TextChoices]) -> Meta:
    """A text that is one of these."""
    return Meta(extra_json_schema={"enum": [value for value in choices.values if value]})


class Integration(Struct):
    """A shop that is connected."""

    id: str
    platform: str
    title: str
    website: str
    time_zone: str
    enabled: bool
    health: Annotated[str, one_of(IntegrationHealth)]
    orders_since: Annotated[Time | None, Meta(description="Orders before this are not loaded.")]
    complete_until: Annotated[Time | None, Meta(description="All orders of the shop up to then are here.")]
    object: Literal["integration"] = "integration"


class RemoteOrder(Struct):
    """An order as it was seen in a shop, and what became of it here."""

    id: str
    integration_id: str
    external_id: Annotated[str, Meta(description="The shop's own id of it.")]
    number: str
    remote_status: str
    state: Annotated[str, one_of(RemoteState)]
    reason_code: Annotated[str, Meta(description="Why it is in this state; stable, for programs.")]
    reason: str
    retry: bool
    next_attempt_at: Time | None
    placed_at: Time | None
    total: Decimal | None
    currency: str
    order_id: Annotated[str | None, Meta(description="The order it became.")]
    first_seen_at: Time | None
    changed_at: Time | None
    object: Literal["remote_order"] = "remote_order"


class OrderMoment(Struct):
    """Something that happened to an order, or that will."""

    at: Time | None
    text: str


class WhereAnswer(Struct):
    """Where one order is."""

    where: Annotated[str, one_of(Whereabouts)]
    sentence: Annotated[str, Meta(description="The same for people.")]
    number: Annotated[str, Meta(description="What it is called: its number, or its id in the shop.")]
    integration_id: str | None
    remote_order_id: str | None
    order_id: Annotated[str | None, Meta(description="The order of the book; null where it is not in the book.")]
    placed_at: Time | None
    moments: Annotated[
        list[OrderMoment], Meta(description="What has happened, the newest first; empty where several were found.")
    ]
    object: Literal["where_answer"] = "where_answer"


class WhereAnswers(Struct):
    """The orders that are called so; empty: none on record is, and the shops were not asked."""

    data: list[WhereAnswer]
    object: Literal["list"] = "list"


class RunResult(Struct):
    """What a run did to one order."""

    order_id: str
    outcome: str
    message: str


class Run(Struct):
    """A load, fetch, synchronisation or other job: what was asked for, how far it is, how it ended."""

    id: str
    integration_id: str | None
    kind: Annotated[str, one_of(RunKind)]
    state: Annotated[str, one_of(RunState)]
    reason: str
    total: Annotated[Count | None, Meta(description="How many orders there are to look at, once that is known.")]
    fetched: Count
    created: Count
    updated: Count
    unchanged: Count
    pending: Count
    ignored: Count
    failed: Count
    results: list[RunResult]
    created_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    object: Literal["run"] = "run"


class Started(Struct):
    """The runs that were started: one for each shop that it concerns."""

    data: list[Run]
    object: Literal["list"] = "list"


class AsyncAction(Struct):
    """How far a bulk call is."""

    id: str
    type: Annotated[str, one_of(BulkAction)]
    status: Literal["ENQUEUED", "IN_PROGRESS", "DONE", "FAILED"]
    operation_status: Literal["SUCCESS", "FAILED", "UNKNOWN"]
    created_at: Time
    updated_at: Time
    request_id: Annotated[str, Meta(description="The X-Request-Id of the call that asked for it.")]
    processing_time: Annotated[int, Meta(ge=0, description="Milliseconds.")]
    progress: Annotated[int, Meta(ge=0, le=100)]
    object: Literal["async_action"] = "async_action"


class FailedRow(Struct):
    """An order that could not be imported."""

    source_id: str | None
    reason: str
    index: Annotated[int, Meta(description="Its place in the import, from 0.")]
    key: Annotated[str, Meta(description="Stable, for programs.")]


class ImportWarning(Struct):
    """Something about an order that is stored, such as goods that are not in the catalogue."""

    index: Annotated[int, Meta(description="Its place in the import, from 0.")]
    source_id: str | None
    key: Annotated[str, Meta(description="unknown_goods, override_without_key or sku_of_another_product.")]
    details: str


class BulkAsked(Struct):
    """The call waits for its turn: follow its async action."""

    async_action_id: str


class FailedBulkRow(Struct):
    """A row that could not be written."""

    source_id: str
    key: Annotated[str, Meta(description="Stable, for programs.")]
    message: str
    details: str


class ActionResult(Struct):
    """What a bulk call came to: `message` to `warnings` of an import of orders, the last three of others."""

    done_count: Annotated[int, Meta(ge=0, description="Rows that are as they were sent; unchanged ones too.")]
    failed_count: Count
    message: str | UnsetType = UNSET
    failed: list[FailedRow] | UnsetType = UNSET
    created_count: Count | UnsetType = UNSET
    updated_count: Count | UnsetType = UNSET
    skipped_count: Count | UnsetType = UNSET
    warnings: Annotated[list[ImportWarning], Meta(description="Of an import, the first hundred.")] | UnsetType = UNSET
    reports: Annotated[list[str], Meta(description="Addresses of CSV files with a line for each row.")] | UnsetType = (
        UNSET
    )
    reports_available_till: Time | UnsetType = UNSET
    errors: Annotated[list[FailedBulkRow], Meta(description="The first hundred rows that failed.")] | UnsetType = UNSET


class AsyncActionDetails(AsyncAction, kw_only=True):
    """One async action: with its place in the queue while it is open, with its result when it is over."""

    result: ActionResult | UnsetType = UNSET
    queue_position: Annotated[int, Meta(description="Bulk calls of the project before this one.")] | UnsetType = UNSET
    estimated_seconds: Annotated[int | None, Meta(description="Until its end; null: not known yet.")] | UnsetType = (
        UNSET
    )


class AsyncActions(Struct):
    """A page of async actions, newest first."""

    async_actions: list[AsyncAction]
    has_more: bool
    object: Literal["list"] = "list"
    data_ref: Literal["async_actions"] = "async_actions"


class ExportResult(Struct):
    url: Annotated[str, Meta(description="The file; call it with the same key.")]


class Export(Struct):
    """A CSV file and how far it is."""

    id: str
    created_at: Time
    status: Literal["SCHEDULED", "IN_PROGRESS", "DONE", "ERROR"]
    result: ExportResult | None
    parameters: Annotated[dict[str, Any], Meta(description="As sent.")]
    exported_object: str
    object: Literal["export"] = "export"
    channel: Literal["API"] = "API"
    user_id: None = None


class Exports(Struct):
    """A page of exports."""

    exports: list[Export]
    total: Count
    object: Literal["list"] = "list"
    data_ref: Literal["exports"] = "exports"


class Distribution(Struct):
    """Something sent to a customer each time its trigger comes."""

    id: str
    name: str
    trigger: Annotated[str, one_of(DistributionTrigger)]
    segment_id: Annotated[str | None, Meta(description="The segment that is entered.")]
    channel: Annotated[str, one_of(DistributionChannel)]
    enabled: bool
    created_at: Time | None
    object: Literal["distribution"] = "distribution"


class Message(Struct):
    """What a distribution sent, or will send, to one customer for one cause."""

    id: str
    distribution_id: str
    customer_id: str
    order_id: Annotated[str | None, Meta(description="The order it answers; null: the customer entered a segment.")]
    state: Annotated[str, one_of(MessageState)]
    reason: str
    created_at: Time | None
    sent_at: Time | None
    object: Literal["message"] = "message"
