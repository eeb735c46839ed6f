"""What the API answers about customers, segments and points, as JSON types.

`PublishedCustomer` is Voucherify's CustomersGetResponseBody: amounts are integers in the smallest unit of the project's
currency. The others are of the back office: amounts are text in the currency's own unit.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from integrations.api.shapes import Count, Decimal, Time, one_of
from orders.api.shapes import Minor
from orders.choices import Junction, PointsReason, SegmentKind
from orders.segments.conditions import FIELDS
from orders.segments.definitions import LONGEST_NAME

# Customers that are added to a segment in one call.
MOST_AT_ONCE = 2_000


class OrdersSummary(Struct):
    """Orders published as PAID or FULFILLED, in the project's currency; nothing is converted."""

    currency: str
    total_amount: Decimal
    total_count: Count
    average_amount: Decimal
    last_order_amount: Decimal | None
    last_order_at: Time | None
    other_currency_count: Annotated[int, Meta(ge=0, description="Orders in other currencies, not part of the rest.")]


class Customer(Struct):
    """A buyer of the project."""

    id: str
    source_id: str | None
    email: str
    name: str
    phone: str
    description: str
    country: Annotated[str, Meta(description="Of the address, else of the latest order's billing address.")]
    address: dict[str, Any]
    metadata: dict[str, Any]
    points: Annotated[int, Meta(description="The balance of the points ledger.")]
    summary: OrdersSummary
    created_at: Time | None
    object: Literal["customer"] = "customer"


class Points(Struct):
    """Points that came or went."""

    id: str
    points: int
    reason: Annotated[str, one_of(PointsReason)]
    rule: Annotated[str | None, Meta(description="The name of the earning rule.")]
    order_id: str | None
    note: str
    at: Time | None
    object: Literal["points_movement"] = "points_movement"


NAMED = "|".join(name for name in FIELDS if name != "metadata")
OPERATORS = sorted({operator for field in FIELDS.values() for operator in field.operators})
SegmentName = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


class SegmentCondition(Struct, forbid_unknown_fields=True):
    """What a segment asks of a customer. Not every field takes every operator: the refusal says which it takes."""

    field: Annotated[
        str,
        Meta(
            description="What is asked for; metadata by its key, as in `metadata.tier`.",
            extra_json_schema={"pattern": f"^({NAMED}|metadata\\..+)$"},
        ),
    ]
    operator: Annotated[str, Meta(extra_json_schema={"enum": OPERATORS})]
    value: Annotated[
        str | int | float | bool | list[str] | None,
        Meta(description="A number, a day, a text or texts; none for `present` and `absent`."),
    ] = None


class Segment(Struct):
    """A group of customers."""

    id: str
    name: str
    kind: Annotated[str, one_of(SegmentKind)]
    junction: Annotated[str, one_of(Junction)]
    conditions: list[SegmentCondition]
    filling: Annotated[bool, Meta(description="Members of new conditions are still being found.")]
    members: Annotated[int, Meta(ge=0, description="Counted up to 100,000.")]
    created_at: Time | None
    updated_at: Time | None
    object: Literal["segment"] = "segment"


class Member(Struct):
    """A customer's stay in a segment."""

    id: str
    customer_id: str
    since: Time | None
    object: Literal["segment_member"] = "segment_member"


class NewSegment(Struct, forbid_unknown_fields=True):
    """An automatic segment with its conditions, or a static one, to which members are added."""

    name: SegmentName
    kind: Annotated[str, one_of(SegmentKind)] = SegmentKind.AUTOMATIC.value
    junction: Annotated[str, one_of(Junction)] = Junction.ALL.value
    conditions: list[SegmentCondition] = []


class SegmentChange(Struct, forbid_unknown_fields=True):
    """What is not sent stays as it is."""

    name: SegmentName | None = None
    junction: Annotated[str | None, Meta(extra_json_schema={"enum": [*Junction.values, None]})] = None
    conditions: list[SegmentCondition] | None = None


class NewMembers(Struct, forbid_unknown_fields=True):
    """Customers to be added, by their ids or source ids; at most 2,000 at once."""

    customers: Annotated[list[str], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class MembersAdded(Struct):
    added: Annotated[int, Meta(ge=0, description="How many were not members before.")]


class GiftSummary(Struct, frozen=True):
    redeemed_amount: int = 0
    amount_to_go: int = 0


class CardSummary(Struct, frozen=True):
    redeemed_points: int = 0
    points_to_go: int = 0


class RedemptionsSummary(Struct):
    """Always zero: there are no vouchers here."""

    total_redeemed: int = 0
    total_failed: int = 0
    total_succeeded: int = 0
    total_rolled_back: int = 0
    total_rollback_failed: int = 0
    total_rollback_succeeded: int = 0
    gift: GiftSummary = GiftSummary()
    loyalty_card: CardSummary = CardSummary()


class PublishedOrders(Struct):
    total_amount: Minor
    total_count: Count
    average_amount: Minor
    last_order_amount: Minor
    last_order_date: Time | UnsetType = UNSET


class PublishedSummary(Struct):
    redemptions: RedemptionsSummary
    orders: PublishedOrders


class Loyalty(Struct):
    points: int
    referred_customers: int = 0
    campaigns: dict[str, Any] = {}


class Referrals(Struct):
    total: int = 0
    campaigns: list[Any] = []


class PublishedAddress(Struct):
    """What is known of it; no part is empty."""

    city: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    line_1: str | UnsetType = UNSET
    line_2: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET


class PublishedCustomer(Struct):
    """A customer with what is known of their orders; what has no value is left out."""

    id: str
    address: PublishedAddress | None
    summary: PublishedSummary
    loyalty: Loyalty
    referrals: Referrals
    system_metadata: dict[str, Any]
    created_at: Time
    object: Literal["customer"]
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    birthday: date | UnsetType = UNSET
    birthdate: date | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    updated_at: Annotated[Time, Meta(description="The last change; none yet where it is missing.")] | UnsetType = UNSET


class PublishedCustomers(Struct):
    """A page of customers."""

    customers: list[PublishedCustomer]
    total: Annotated[Count, Meta(description="All that the filters let through.")]
    has_more: bool
    object: Literal["list"]
    data_ref: Literal["customers"]


class DeletionCounts(Struct):
    """How many rows of each kind were forgotten."""

    events: Annotated[Count, Meta(description="Bodies of webhooks.")]
    customer_events: Count
    daily_events: Count
    segments: Annotated[Count, Meta(description="Stays that ended.")]
    orders: Count
    order_events: Annotated[Count, Meta(description="Entries of order histories.")]
    customer: Count


class PermanentDeletion(Struct):
    """A customer was forgotten; the misspelling is published."""

    id: str
    created_at: Time
    related_object_id: str
    data_json: DeletionCounts
    related_object: Literal["customer"] = "customer"
    status: Literal["DONE"] = "DONE"
    object: Literal["pernament_deletion"] = "pernament_deletion"


class SimpleSegment(Struct):
    id: str
    name: str
    object: Literal["segment"] = "segment"


class PublishedSegments(Struct):
    data: list[SimpleSegment]
    total: Count
    object: Literal["list"] = "list"
    data_ref: Literal["data"] = "data"
