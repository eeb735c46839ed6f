"""Formats that are filled in by one click. What their documentation does not say is left for a person to enter.

Sources: DespatchCloud's SFTP channel; docs.zynk.com (ProSKU's order and despatch note); the file specifications of
DropStream (support.getdropstream.com 360016217033, version 1 of the pick header, and its sample).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from integrations.choices import RunKind
from integrations.warehouses.file_layout import FileFormat, FileLayout


@dataclass(frozen=True)
class Preset:
    label: str
    # By the kind of feed: folder, pattern, layout.
    feeds: Mapping[str, tuple[str, str, FileLayout]]


_PLACE = ("name", "company", "line_1", "line_2", "city", "state", "postal_code", "country", "phone")
_PLAIN_ORDER = {
    "order": "order", "placed_at": "order_date", "sku": "sku", "quantity": "quantity", "name": "product",
    "price": "price", "currency": "currency", "shipping_method": "shipping_method", "email": "email",
    **{f"shipping.{part}": f"shipping_{part}" for part in _PLACE},
}  # fmt: skip
PLAIN = Preset(
    "Plain CSV",
    {
        RunKind.ORDERS_OUT: ("in", "orders", FileLayout(columns=_PLAIN_ORDER)),
        RunKind.SHIPMENT_FILES: (
            "out",
            "shipments*.csv",
            FileLayout(
                columns={
                    "order": "order",
                    "sku": "sku",
                    "quantity": "quantity",
                    "carrier": "carrier",
                    "tracking": "tracking",
                }
            ),
        ),
        RunKind.STOCK_FILES: ("out", "stock*.csv", FileLayout(columns={"sku": "sku", "quantity": "quantity"})),
        RunKind.ORDER_FILES: ("out", "orders*.csv", FileLayout(columns=_PLAIN_ORDER)),
    },
)

_DESPATCHCLOUD_ORDER = {
    "order": "order_id", "placed_at": "order_date", "billing.name": "customer_name", "email": "customer_email",
    "shipping.name": "shipping_address_name", "shipping.company": "shipping_address_company_name",
    "shipping.line_1": "shipping_address_line_one", "shipping.line_2": "shipping_address_line_two",
    "shipping.city": "shipping_address_city", "shipping.country": "shipping_address_country_iso_code",
    "shipping.postal_code": "shipping_address_zip", "shipping.phone": "shipping_address_phone",
    "sku": "item_product_sku", "name": "item_product_name", "quantity": "item_quantity", "price": "item_price",
    "currency": "item_price_currency",
}  # fmt: skip
DESPATCHCLOUD = Preset(
    "DespatchCloud",
    {
        RunKind.ORDERS_OUT: ("orders", "orders", FileLayout(columns=_DESPATCHCLOUD_ORDER)),
        RunKind.SHIPMENT_FILES: (
            "fulfilments",
            "*.csv",
            FileLayout(
                columns={
                    "order": "order_id",
                    "sku": "item_product_sku",
                    "quantity": "item_quantity",
                    "carrier": "courier",
                    "tracking": "tracking_number",
                }
            ),
        ),
        RunKind.STOCK_FILES: ("inventory", "*.csv", FileLayout(columns={"sku": "sku", "quantity": "quantity"})),
        RunKind.ORDER_FILES: ("orders", "*.csv", FileLayout(columns=_DESPATCHCLOUD_ORDER)),
    },
)

_PICK = FileLayout(
    header=False,
    head="PH",
    line="PD",
    # Paid by the sender; the last cells are there though they are empty.
    fixed={"/21": "P", "/25": ""},
    columns={
        "order": "/2", "shipping.name": "/4", "shipping.line_1": "/5", "shipping.line_2": "/6", "shipping.city": "/7",
        "shipping.state": "/8", "shipping.postal_code": "/9", "shipping.country": "/10", "shipping.phone": "/12",
        "billing.name": "/13", "billing.line_1": "/14", "billing.line_2": "/15", "billing.city": "/16",
        "billing.state": "/17", "billing.postal_code": "/18", "billing.country": "/19", "shipping_method": "/20",
        "placed_at": "/23", "position": "3", "sku": "4", "quantity": "5", "price": "6",
    },
)  # fmt: skip
# Coming in there is no number of the line to take.
_PICKED = replace(_PICK, fixed={}, columns={key: name for key, name in _PICK.columns.items() if key != "position"})
DROPSTREAM = Preset(
    "DropStream (DSFX, pick header version 1)",
    {
        RunKind.ORDERS_OUT: ("in", "ord", _PICK),
        RunKind.ORDER_FILES: ("in", "ord_*.csv", _PICKED),
        RunKind.SHIPMENT_FILES: ("out", "shp_*.csv", FileLayout()),
        RunKind.STOCK_FILES: ("out", "inv_*.csv", FileLayout()),
    },
)

_PROSKU = FileLayout(
    FileFormat.XML,
    dates="%d/%m/%Y",
    root="orders",
    record="order",
    rows="order_lines/line",
    columns={
        "order": "/order_reference",
        "placed_at": "/order_date",
        "shipping.name": "/customer/delivery_name",
        "shipping_method": "/shipping",
        "sku": "product_code",
        "quantity": "quantity",
    },
)
PROSKU = Preset(
    "ProSKU (XML)",
    {
        RunKind.ORDERS_OUT: ("orders", "order", _PROSKU),
        RunKind.ORDER_FILES: ("orders", "*.xml", replace(_PROSKU, root="")),
        RunKind.SHIPMENT_FILES: (
            "despatch",
            "*.xml",
            FileLayout(
                FileFormat.XML,
                dates="%d/%m/%Y",
                record="Despatch_note",
                rows="despatch_lines/line",
                columns={
                    "order": "/order_number",
                    "tracking": "/consignment",
                    "sku": "product_code",
                    "quantity": "quantity",
                },
            ),
        ),
    },
)
PRESETS = {"plain": PLAIN, "despatchcloud": DESPATCHCLOUD, "dropstream": DROPSTREAM, "prosku": PROSKU}
