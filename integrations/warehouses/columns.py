"""What rows of each kind of file can say, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integrations.choices import RunKind


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "text"
    UNITS = "units"
    """Whole pieces."""
    AMOUNT = "amount"
    """Money, or another number, which stays text in plain notation."""
    DATE = "date"


@dataclass(frozen=True)
class FileColumn:
    key: str
    label: str
    holds: Holds = Holds.TEXT
    required: bool = False
    # The longest text that is taken.
    longest: int = 200


SKU = FileColumn("sku", "SKU", required=True, longest=100)
ORDER = FileColumn("order", "Order number", required=True, longest=100)
PLACE = (
    ("name", "name"), ("company", "company"), ("line_1", "address"), ("line_2", "address, line 2"), ("city", "city"),
    ("state", "state"), ("postal_code", "postal code"), ("country", "country"), ("phone", "phone"),
)  # fmt: skip
SHIP_TO = tuple(FileColumn(f"shipping.{key}", f"Delivery: {label}") for key, label in PLACE)
BILL_TO = tuple(FileColumn(f"billing.{key}", f"Billing: {label}") for key, label in PLACE)

COLUMNS: dict[str, tuple[FileColumn, ...]] = {
    RunKind.STOCK_FILES: (SKU, FileColumn("quantity", "Quantity", Holds.UNITS, required=True)),
    RunKind.SHIPMENT_FILES: (
        ORDER,
        SKU,
        FileColumn("quantity", "Quantity", Holds.UNITS, required=True),
        FileColumn("carrier", "Carrier"),
        FileColumn("tracking", "Tracking number", longest=100),
    ),
    RunKind.ORDER_FILES: (
        ORDER,
        FileColumn("placed_at", "Order date", Holds.DATE, required=True),
        FileColumn("sku", "SKU", longest=100),
        FileColumn("ean", "EAN", longest=100),
        FileColumn("quantity", "Quantity", Holds.UNITS, required=True),
        FileColumn("name", "Product name", longest=300),
        FileColumn("price", "Price of one unit, net", Holds.AMOUNT),
        FileColumn("line_total", "Line total, net", Holds.AMOUNT),
        FileColumn("tax", "Tax of the line", Holds.AMOUNT),
        FileColumn("status", "Status", longest=100),
        FileColumn("currency", "Currency", longest=10),
        FileColumn("total", "Order total", Holds.AMOUNT),
        FileColumn("shipping_total", "Shipping, net", Holds.AMOUNT),
        FileColumn("shipping_tax", "Tax on shipping", Holds.AMOUNT),
        FileColumn("payment", "Payment", longest=100),
        FileColumn("shipping_method", "Shipping method"),
        FileColumn("email", "E-mail", longest=254),
        FileColumn("phone", "Phone", longest=40),
        FileColumn("note", "Note of the buyer", longest=4_000),
        *SHIP_TO,
        *BILL_TO,
    ),
    RunKind.ORDERS_OUT: (
        ORDER,
        FileColumn("order_id", "Our id of the order", longest=40),
        FileColumn("placed_at", "Order date", Holds.DATE),
        FileColumn("position", "Number of the line", Holds.UNITS),
        SKU,
        FileColumn("quantity", "Units to send", Holds.UNITS, required=True),
        FileColumn("name", "Product name", longest=300),
        FileColumn("price", "Price of one unit, net", Holds.AMOUNT),
        FileColumn("currency", "Currency"),
        FileColumn("total", "Order total", Holds.AMOUNT),
        FileColumn("shipping_method", "Shipping method"),
        FileColumn("email", "E-mail"),
        FileColumn("phone", "Phone"),
        FileColumn("note", "Note of the buyer"),
        *SHIP_TO,
        *BILL_TO,
    ),
}


def columns_of(kind: str) -> dict[str, FileColumn]:
    return {column.key: column for column in COLUMNS[kind]}
