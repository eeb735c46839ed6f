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
