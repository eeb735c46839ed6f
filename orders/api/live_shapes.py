"""Orders as the back office keeps them, as JSON types; amounts are text in the order's currency."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from integrations.api.shapes import Count, Decimal, Time, one_of
from orders.choices import EventKind, OrderStatus, Tab


class OrderLine(Struct):
    """A line of goods; where it takes part in stock, quantity = reserved + waiting + shipped + cancelled."""

    id: str
    sku: str
    name: str
    product_id: Annotated[str | None, Meta(description="null: the line takes no part in stock.")]
    quantity: Count
    reserved: Annotated[Count, Meta(description="Units held back for this line.")]
    waiting: Annotated[Count, Meta(description="Units that are not in stock yet.")]
    shipped: Count
    cancelled: Count
    returned: Count
    unit_price: Decimal
    total: Decimal
    tax: Decimal
    discount: Decimal
    shipping: Annotated[
        dict[str, str] | None,
        Meta(description="Where it goes, in an order to several addresses; null: where the order goes."),
    ]


class OrderEvent(Struct):
    """An entry of an order's history."""

    at: Time | None
    kind: Annotated[str, one_of(EventKind)]
    message: str


class LiveOrder(Struct):
    """An order of the book, whatever shop or partner it came from."""

    id: str
    number: str
    status: Annotated[str, one_of(OrderStatus)]
    tab: Annotated[
        str | None,
        Meta(
            description="Where it waits in preparation; null once it is complete or cancelled.",
            extra_json_schema={"enum": [*filter(None, Tab.values), None]},
        ),
    ]
    version: Annotated[int, Meta(description="Grows with every change; send it with a step to be told of others'.")]
    integration_id: Annotated[str | None, Meta(description="The shop; null: it came by the API.")]
    warehouse_id: Annotated[str | None, Meta(description="Where it is served from; null before there is a warehouse.")]
    remote_status: Annotated[str, Meta(description="Its status in the shop, the newest that is known.")]
    changed_in_shop: Annotated[bool, Meta(description="A newer version of its shop waits for a look.")]
    gone_in_shop: Annotated[bool, Meta(description="Its shop has it no longer.")]
    source_id: Annotated[str | None, Meta(description="The partner's own id of it.")]
    customer_id: str | None
    buyer: str
    email: str
    phone: str
    billing: dict[str, str]
    shipping: dict[str, str]
    payment: str
    delivery: str
    note: str
    currency: str
    total: Decimal
    tax_total: Decimal
    shipping_total: Decimal
    discount_total: Decimal
    refunded_total: Decimal
    lines: list[OrderLine]
    invoice_ids: list[str]
    shipment_ids: list[str]
    placed_at: Time | None
    paid_at: Time | None
    changed_at: Time | None
    history: Annotated[list[OrderEvent], Meta(description="Newest first; of one order only.")] | UnsetType = UNSET
    object: Literal["order"] = "order"


class Step(Struct, forbid_unknown_fields=True):
    """A step of an order; everything may be left out."""

    reason: Annotated[str, Meta(max_length=300, description="For its history.")] = ""
    version: Annotated[int | None, Meta(description="Refuse when the order has another version by now.")] = None


class ShippedUnits(Struct, forbid_unknown_fields=True):
    line_id: str
    quantity: Annotated[int, Meta(ge=1, le=10**6)]


Parts = Annotated[list[ShippedUnits], Meta(max_length=500)]


class NewShipment(Struct, forbid_unknown_fields=True):
    """What leaves the warehouse."""

    lines: Annotated[Parts | None, Meta(description="null: everything that is reserved.")] = None
    carrier: Annotated[str, Meta(max_length=100)] = ""
    tracking_number: Annotated[str, Meta(max_length=100)] = ""
    version: Annotated[int | None, Meta(description="Refuse when the order has another version by now.")] = None
    looked: Annotated[bool, Meta(description="Ship it although it has changed in its shop, or is gone there.")] = False
