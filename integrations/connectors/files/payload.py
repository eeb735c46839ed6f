"""An order out of a file, in the document that is kept of it.

The document is ours: texts as the file has them, amounts in plain notation, stamps in ISO 8601 with a zone, whatever
the file's own dialect. It holds what its columns told and nothing that is not a fact of the order, so that the same
order in a second file is the same document to the byte.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.order_reading import AddressFields, OrderReading
from orders.intake.incoming import ZERO, IncomingLine, IncomingOrder

TOO_MUCH = Decimal(10) ** 10


class FilePlace(AddressFields, omit_defaults=True):
    """An address; `name` where the file has the whole name in one column."""

    name: str | None = None


class FileLine(msgspec.Struct, omit_defaults=True):
    sku: str = ""
    name: str = ""
    quantity: str = ""
    # Net, of one unit.
    price: str = ""
    # Of the whole line, net; price x quantity where it is missing.
    total: str = ""
    tax: str = ""
    ean: str = ""
    key: str = ""


class FileOrder(msgspec.Struct, omit_defaults=True, kw_only=True):
    number: str
    placed_at: str
    status: str = "new"
    modified_at: str = ""
    currency: str = ""
    # What is owed; the sum of lines and shipping where it is missing.
    total: str = ""
    shipping_total: str = ""
    shipping_tax: str = ""
    payment: str = ""
    shipping_method: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    billing: FilePlace = msgspec.field(default_factory=FilePlace)
    shipping: FilePlace = msgspec.field(default_factory=FilePlace)
    lines: list[FileLine] = msgspec.field(default_factory=list)


class _Brief(msgspec.Struct):
    number: Any = None
    status: Any = "new"
    modified_at: Any = None
    placed_at: Any = None


_DOCUMENT = msgspec.json.Decoder(FileOrder)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = OrderReading(payload)
    raw = reading.document(_DOCUMENT)
    external_id = values.identifier(raw.number, "number")
    reading.in_currency(shop, raw.currency, path="$.currency")
    placed_at = stamps.instant(raw.placed_at, "placed_at")
    modified_at = stamps.instant(raw.modified_at, "modified_at") if raw.modified_at else placed_at
    lines = reading.lines(raw.lines, lambda line: _line(line, reading), "$.lines")
    if not lines:
        raise PayloadError("no_lines", "The order has no line.", "$.lines")
    shipping_total = reading.amount(raw.shipping_total, "shipping_total")
    shipping_tax = reading.amount(raw.shipping_tax, "shipping_tax")
    parts = sum((line.total + line.tax for line in lines), shipping_total + shipping_tax)
    email = reading.email(raw.email, "The buyer's e-mail")
    title = reading.shipping_title(raw.shipping_method)
    billing, shipping = raw.billing, raw.shipping
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(external_id),
        status=reading.text(raw.status, 100, "The status") or "new",
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=reading.total(raw.total, "$.total") if raw.total else parts,
        lines=lines,
        tax_total=sum((line.tax for line in lines), shipping_tax),
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        payment_code=reading.payment_code(raw.payment),
        payment_title=reading.payment_title(raw.payment),
        shipping_code=title[:100],
        shipping_title=title,
        email=email,
        phone=reading.text(raw.phone, 40, "A phone number"),
        billing=reading.address(_named(billing), "the billing address", email),
        shipping=reading.address(_named(shipping), "the delivery address", ""),
        note=reading.buyers_note(raw.note),
        warnings=reading.warnings(),
    )
    return reading.checked(order)


def _named(place: FilePlace) -> FilePlace:
    if not place.name or place.first_name or place.last_name:
        return place
    first, last = values.split_name(place.name)
    return msgspec.structs.replace(place, first_name=first, last_name=last)


def _line(raw: FileLine, reading: OrderReading) -> IncomingLine:
    quantity, sku, ean = values.quantity(raw.quantity), values.sku(raw.sku), values.ean(raw.ean)
    price = values.unit_price(raw.price, "price")
    total = (price * quantity).quantize(Decimal(1).scaleb(-reading.digits), ROUND_HALF_UP)
    if total >= TOO_MUCH:
        raise PayloadError("bad_amount", "The line's price times its quantity is too large.", "price")
    if raw.total:
        total = reading.amount(raw.total, "total")
    return IncomingLine(
        key=(raw.key or sku or ean)[:100],
        name=reading.product(raw.name) or sku or ean,
        quantity=quantity,
        sku=sku,
        ean=ean,
        unit_price=price,
        total=total,
        tax=reading.amount(raw.tax, "tax") if raw.tax else ZERO,
        stocked=bool(sku or ean),
    )


identify = identifying(
    _Brief,
    rb'"number"\s*:\s*"([^"\\\x00-\x1f]{1,255})"',
    external_id=lambda brief: values.identifier(brief.number),
    status=lambda brief: brief.status or "new",
    modified_at=lambda brief: stamps.instant(brief.modified_at or brief.placed_at, "modified_at"),
)
