"""What the API answers about products and stock, as JSON types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from integrations.api.shapes import Time, one_of
from stock.choices import MovementReason


class ProductStock(Struct):
    """Units of a product in one warehouse."""

    warehouse_id: str
    on_hand: int
    reserved: int
    available: int


class Product(Struct):
    """A product with its units: in all warehouses together, and in each that has a record of it."""

    id: str
    sku: str
    name: str
    on_hand: int
    reserved: int
    available: Annotated[int, Meta(description="on_hand less reserved.")]
    warehouses: list[ProductStock]
    created_at: Time | None
    object: Literal["product"] = "product"


class Warehouse(Struct):
    """A place with stock; each order is served from one."""

    id: str
    name: str
    default: Annotated[bool, Meta(description="It takes the orders that no routing rule sends elsewhere.")]
    active: Annotated[bool, Meta(description="false: it takes neither orders nor goods.")]
    priority: Annotated[int, Meta(description="Smaller numbers are asked for goods first.")]
    object: Literal["warehouse"] = "warehouse"


InWarehouse = Annotated[str | None, Meta(description="Where; null or left out: in the default warehouse.")]
Note = Annotated[str, Meta(max_length=200, description="For the ledger of movements.")]


class Receipt(Struct, tag_field="reason", tag=MovementReason.RECEIPT.value, forbid_unknown_fields=True):
    """Units that came."""

    product_id: str
    quantity: Annotated[int, Meta(ge=1, le=10**6)]
    note: Note = ""
    warehouse_id: InWarehouse = None


class Adjustment(Struct, tag_field="reason", tag=MovementReason.ADJUSTMENT.value, forbid_unknown_fields=True):
    """Units that were counted otherwise; below 0: fewer."""

    product_id: str
    quantity: Annotated[int, Meta(ge=-(10**6), le=10**6)]
    note: Note = ""
    warehouse_id: InWarehouse = None


class Booked(Struct):
    """The product after the booking, and what waited for it."""

    product: Product
    served_units: Annotated[int, Meta(description="Units that went to orders which waited, oldest first.")]
    served_orders: int


class StockMovement(Struct):
    """Units that came or went; movements are never changed."""

    id: str
    product_id: str
    warehouse_id: str
    sku: str
    quantity: Annotated[int, Meta(description="Below 0: they went.")]
    reason: Annotated[str, one_of(MovementReason)]
    note: str
    booked_at: Time | None
    object: Literal["stock_movement"] = "stock_movement"
