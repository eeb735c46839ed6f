"""What the API answers about products and stock, as JSON types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from integrations.api.shapes import Time, one_of
from stock.choices import MovementReason


class Product(Struct):
    """A product with its units in the warehouse."""

    id: str
    sku: str
    name: str
    on_hand: int
    reserved: int
    available: Annotated[int, Meta(description="on_hand less reserved.")]
    created_at: Time | None
    object: Literal["product"] = "product"


Note = Annotated[str, Meta(max_length=200, description="For the ledger of movements.")]


class Receipt(Struct, tag_field="reason", tag=MovementReason.RECEIPT.value, forbid_unknown_fields=True):
    """Units that came."""

    product_id: str
    quantity: Annotated[int, Meta(ge=1, le=10**6)]
    note: Note = ""


class Adjustment(Struct, tag_field="reason", tag=MovementReason.ADJUSTMENT.value, forbid_unknown_fields=True):
    """Units that were counted otherwise; below 0: fewer."""

    product_id: str
    quantity: Annotated[int, Meta(ge=-(10**6), le=10**6)]
    note: Note = ""


class Booked(Struct):
    """The product after the booking, and what waited for it."""

    product: Product
    served_units: Annotated[int, Meta(description="Units that went to orders which waited, oldest first.")]
    served_orders: int


class StockMovement(Struct):
    """Units that came or went; movements are never changed."""

    id: str
    product_id: str
    sku: str
    quantity: Annotated[int, Meta(description="Below 0: they went.")]
    reason: Annotated[str, one_of(MovementReason)]
    note: str
    booked_at: Time | None
    object: Literal["stock_movement"] = "stock_movement"
