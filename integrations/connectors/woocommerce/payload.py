"""An order of the WooCommerce REST API v3 (`wc/v3`), read into the normalised order.

Shapes as observed on WooCommerce 11.0.1 and 6.7.0 and in the REST API docs. What matters: amounts are texts with the
shop's decimals, whatever the currency (JPY "1466.00"); `line_items[].price` alone is a JSON number, with float noise;
`*_gmt` stamps are UTC without a zone; a deleted product leaves `product_id` 0 and `sku` null on the line; `total` is
not reduced by refunds; PHP writes an empty object as `[]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.json_answers import objects
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.woocommerce.refunds import units
from integrations.connectors.woocommerce.shapes import Brief, MetaList, RawLine, RawOrder
from integrations.connectors.woocommerce.status import status
from orders.intake.incoming import ZERO, IncomingLine, IncomingOrder

STAMP_LENGTH = len("2026-11-01T10:00:00")
NO_DATE = "0000-00-00"
# The slug of the tax class that lines leave empty.
STANDARD = "standard"
_UTC = ZoneInfo("UTC")
_ORDER = msgspec.json.Decoder(RawOrder)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = OrderReading(payload)
    raw = reading.document(_ORDER)
    external_id = values.identifier(raw.id)
    reading.in_currency(shop, raw.currency, path="$.currency")
    total = reading.total(raw.total, "$.total")
    fees, sent = raw.fee_lines or (), raw.shipping_lines or ()
    placed_at, modified_at = _stamps(raw, shop.zone)
    billing = reading.address(raw.billing, "the billing address")
    refunded = units(raw, reading.notes) if raw.refunds else {}
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(raw.number or external_id),
        status=status(raw.status),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=reading.lines(raw.line_items, lambda line: _line(line, reading, refunded), "$.line_items"),
        tax_total=reading.amount(raw.total_tax, "total_tax"),
        shipping_total=reading.amount(raw.shipping_total, "shipping_total"),
        shipping_tax=reading.amount(raw.shipping_tax, "shipping_tax"),
        fee_total=reading.sum([fee.total for fee in fees], "fee_lines.total"),
        fee_tax=reading.sum([fee.total_tax for fee in fees], "fee_lines.total_tax"),
        fee_title=reading.fee_title(*[(fee.name, fee.total) for fee in fees]),
        discount_total=reading.amount(raw.discount_total, "discount_total"),
        refunded_total=-reading.sum([refund.total for refund in raw.refunds or ()], "refunds.total"),
        paid_at=reading.optional(_first_stamp, raw.date_paid_gmt, None, _UTC, "date_paid_gmt"),
        payment_code=reading.payment_code(raw.payment_method),
        payment_title=reading.payment_title(raw.payment_method_title),
        shipping_code=reading.shipping_code(sent[0].method_id) if sent else "",
        shipping_title=reading.shipping_title(*[line.method_title for line in sent]),
        buyer_key=values.reference(raw.customer_id),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=reading.address(raw.shipping, "the delivery address"),
        note=reading.buyers_note(raw.customer_note),
        metadata=_order_metadata(raw, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order, lambda: _named(raw, reading))


def _named(raw: RawOrder, reading: OrderReading) -> Iterator[tuple[str, Decimal]]:
    cards = [card.get("amount") for card in objects(raw.gift_cards)]
    yield "Gift card", -(reading.optional(reading.sum, cards, "gift_cards.amount") or ZERO)


def stamp(value: str, zone: ZoneInfo, field: str) -> datetime:
    """A WooCommerce stamp (`2026-11-01T10:00:00`, no zone) in `zone`, as UTC. A time that DST skips moves forward."""
    if len(value) == STAMP_LENGTH + 1 and value[-1] == "Z":
        value, zone = value[:-1], ZoneInfo("UTC")
    if len(value) == STAMP_LENGTH and value[10] == "T" and value.isascii():
        try:
            naive = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return naive.replace(tzinfo=UTC if zone.key == "UTC" else zone).astimezone(UTC)
    raise stamps.bad_date(value, field)


def _stamps(raw: RawOrder, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the order was placed and modified; the shop's local stamp steps in where the UTC one is missing."""
    modified = _first_stamp(raw.date_modified_gmt, raw.date_modified, zone, "date_modified_gmt")
    if modified is None:
        raise PayloadError("no_date", "The order does not say when it was changed.", "$.date_modified_gmt")
    placed = _first_stamp(raw.date_created_gmt, raw.date_created, zone, "date_created_gmt")
    return placed or modified, modified


def _first_stamp(utc: str | None, local: str | None, zone: ZoneInfo, field: str) -> datetime | None:
    if utc and not utc.startswith(NO_DATE):
        return stamps.in_range(stamp(utc, _UTC, field), field)
    if local and not local.startswith(NO_DATE):
        return stamps.in_range(stamp(local, zone, field), field)
    return None


def _line(raw: RawLine, reading: OrderReading, refunded: Mapping[str, int]) -> IncomingLine:
    """Variations carry their own SKU. The shell of a bundle (plugins) is no goods: its parts are lines too."""
    quantity, sku, ean = values.quantity(raw.quantity), values.sku(raw.sku), values.ean(raw.global_unique_id)
    total = reading.amount(raw.total, "total")
    before = raw.subtotal if raw.subtotal not in (None, "") else raw.total
    price = raw.price
    if price is None or price == "":
        price = str(round(total / quantity, 6)) if quantity else None
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=reading.product(raw.name),
        quantity=quantity,
        sku=sku,
        ean=ean,
        product_key=values.reference(raw.variation_id) or values.reference(raw.product_id),
        unit_price=values.unit_price(price, "price"),
        total=total,
        tax=reading.amount(raw.total_tax, "total_tax"),
        tax_code=(raw.tax_class or STANDARD)[:100] if isinstance(raw.tax_class, str) else "",
        discount=reading.amount(before, "subtotal") - total,
        refunded=min(quantity, refunded.get(str(raw.id), 0)),
        stocked=bool(sku or ean) and not raw.bundled_items and not raw.composite_children,
        metadata=_metadata(raw.meta_data, reading) if raw.meta_data else {},
    )


def _metadata(raw: MetaList, reading: OrderReading) -> dict[str, Any]:
    extras = raw.values() if isinstance(raw, dict) else raw or ()
    pairs = [(str(each.key), each.value) for each in extras if each.key not in (None, "")]
    return values.metadata(pairs, reading.notes)


def _order_metadata(raw: RawOrder, reading: OrderReading) -> dict[str, Any]:
    """The order's own extras, and beside them `transaction_id` and `coupon_codes` where the order has them."""
    result = _metadata(raw.meta_data, reading)
    if raw.transaction_id:
        result.setdefault("transaction_id", str(raw.transaction_id)[: values.METADATA_SIZE])
    codes = [coupon.code for coupon in raw.coupon_lines or () if coupon.code]
    if codes:
        result.setdefault("coupon_codes", ", ".join(codes)[: values.METADATA_SIZE])
    return result


# WooCommerce writes the id first.
identify = identifying(
    Brief,
    rb'"id"\s*:\s*"?(\d{1,30})\b',
    external_id=lambda brief: values.identifier(brief.id),
    number=lambda brief: brief.number,
    status=lambda brief: status(brief.status),
    modified_at=lambda brief: _first_stamp(brief.date_modified_gmt, None, _UTC, "date_modified_gmt"),
)
