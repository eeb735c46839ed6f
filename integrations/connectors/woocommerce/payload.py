"""An order of the WooCommerce REST API v3 (`wc/v3`), read into the normalised order.

Shapes as observed on WooCommerce 11.0.1 and 6.7.0 and in the REST API docs. What matters: amounts are texts with the
shop's decimals, whatever the currency (JPY "1466.00"); `line_items[].price` alone is a JSON number, with float noise;
`*_gmt` stamps are UTC without a zone; a deleted product leaves `product_id` 0 and `sku` null on the line; `total` is
not reduced by refunds; PHP writes an empty object as `[]`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import values
from integrations.connectors.kit.decoding import decode, refuse_repeated_keys
from integrations.connectors.kit.json_documents import repaired, utf8
from integrations.connectors.woocommerce.shapes import MetaList, RawAddress, RawLine, RawOrder, RawShipping
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
STAMP_LENGTH = len("2026-11-01T10:00:00")
NO_DATE = "0000-00-00"


_ORDER = msgspec.json.Decoder(RawOrder)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    raw = decode(_ORDER, payload, notes)
    external_id = values.identifier(raw.id)
    code, digits = _currency(raw, shop, notes)
    if raw.total is None or raw.total == "":
        raise PayloadError("no_total", "The order has no total.", "$.total")
    total = values.amount(raw.total, digits, "total", notes)
    if total < 0:
        raise PayloadError("negative_total", f"The order's total is negative ({total}).", "$.total")
    fees = raw.fee_lines or ()
    delivery = raw.shipping_lines or ()
    placed_at, modified_at = _stamps(raw, shop.zone)
    billing = _address(raw.billing, "the billing address", notes)
    order = IncomingOrder(
        external_id=external_id,
        number=values.text(str(raw.number or external_id), 100, "The order number", notes),
        status=status(raw.status),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=code,
        total=total,
        lines=_lines(raw.line_items or [], digits, notes),
        tax_total=values.amount(raw.total_tax, digits, "total_tax", notes),
        shipping_total=values.amount(raw.shipping_total, digits, "shipping_total", notes),
        shipping_tax=values.amount(raw.shipping_tax, digits, "shipping_tax", notes),
        fee_total=sum([values.amount(fee.total, digits, "fee_lines.total", notes) for fee in fees], ZERO),
        fee_tax=sum([values.amount(fee.total_tax, digits, "fee_lines.total_tax", notes) for fee in fees], ZERO),
        discount_total=values.amount(raw.discount_total, digits, "discount_total", notes),
        refunded_total=_refunded(raw, digits, notes),
        paid_at=_optional_stamp(raw.date_paid_gmt, notes),
        payment_code=values.text(raw.payment_method, 100, "The payment code", notes),
        payment_title=values.name(raw.payment_method_title, 200, "The payment title", notes),
        shipping_code=values.text(delivery[0].method_id, 100, "The delivery code", notes) if delivery else "",
        shipping_title=_delivery_title(delivery, notes),
        buyer_key=values.reference(raw.customer_id),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=_address(raw.shipping, "the delivery address", notes),
        note=values.text(raw.customer_note, 10_000, "The buyer's note", notes),
        metadata=_order_metadata(raw, notes),
        warnings=tuple(notes) if notes else (),
    )
    if order.residual:
        refuse_repeated_keys(payload)
    return order


def _currency(raw: RawOrder, shop: Shop, notes: list[str]) -> tuple[str, int]:
    if raw.currency and raw.currency.strip():
        return values.currency(raw.currency)
    default = shop.settings.get("currency")
    if not default:
        raise PayloadError("unknown_currency", "The order has no currency.", "$.currency")
    notes.append(f"The order has no currency; the shop's own, {default}, was taken.")
    return values.currency(str(default))


def status(value: Any) -> str:
    """The status code as the rule table knows it: lower case, without the database's `wc-`; "" for none."""
    if not isinstance(value, str):
        return ""
    return value.strip().lower().removeprefix("wc-")[:100]


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
    raise PayloadError("bad_date", f"The date {value[:40]!r} in {field} is not a date and time.", field)


_UTC = ZoneInfo("UTC")


def _stamps(raw: RawOrder, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the order was placed and modified; the shop's local stamp steps in where the UTC one is missing."""
    modified = _first_stamp(raw.date_modified_gmt, raw.date_modified, zone, "date_modified_gmt")
    if modified is None:
        raise PayloadError("no_date", "The order does not say when it was changed.", "$.date_modified_gmt")
    placed = _first_stamp(raw.date_created_gmt, raw.date_created, zone, "date_created_gmt")
    return placed or modified, modified


def _first_stamp(utc: str | None, local: str | None, zone: ZoneInfo, field: str) -> datetime | None:
    if utc and not utc.startswith(NO_DATE):
        return values.in_range(stamp(utc, _UTC, field), field)
    if local and not local.startswith(NO_DATE):
        return values.in_range(stamp(local, zone, field), field)
    return None


def _optional_stamp(value: str | None, notes: list[str]) -> datetime | None:
    if not value or value.startswith(NO_DATE):
        return None
    try:
        return values.in_range(stamp(value, _UTC, "date_paid_gmt"), "date_paid_gmt")
    except PayloadError as error:
        notes.append(f"{error.message} It was left out.")
        return None


def _lines(raws: list[RawLine], digits: int, notes: list[str]) -> tuple[IncomingLine, ...]:
    if len(raws) > MAX_LINES:
        message = f"The order has {len(raws)} lines; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.line_items")
    lines = []
    for position, raw in enumerate(raws):
        try:
            line = _line(raw, digits, notes)
        except PayloadError as error:
            path = f"$.line_items[{position}].{error.path}"
            raise PayloadError(error.code, f"Line {position + 1}: {error.message}", path) from None
        if line.quantity:
            lines.append(line)
        else:
            notes.append(f"Line {position + 1} ({line.name[:80]}) has the quantity 0 and was left out.")
    return tuple(lines)


def _line(raw: RawLine, digits: int, notes: list[str]) -> IncomingLine:
    """Variations carry their own SKU. The shell of a bundle (plugins) is no goods: its parts are lines too."""
    quantity = values.quantity(raw.quantity)
    sku = str(raw.sku or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The SKU {sku[:40]!r}… has more than 100 characters.", "sku")
    total = values.amount(raw.total, digits, "total", notes)
    before = raw.subtotal if raw.subtotal not in (None, "") else raw.total
    price = raw.price
    if price is None or price == "":
        price = str(round(total / quantity, 6)) if quantity else None
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=values.name(raw.name, 300, "A product's name", notes),
        quantity=quantity,
        sku=sku,
        product_key=values.reference(raw.variation_id) or values.reference(raw.product_id),
        unit_price=values.unit_price(price, "price"),
        total=total,
        tax=values.amount(raw.total_tax, digits, "total_tax", notes),
        discount=values.amount(before, digits, "subtotal", notes) - total,
        stocked=bool(sku) and not raw.bundled_items and not raw.composite_children,
        metadata=_metadata(raw.meta_data, notes) if raw.meta_data else {},
    )


def _address(raw: RawAddress | list[Any] | str | None, label: str, notes: list[str]) -> IncomingAddress:
    """PHP writes an empty address as `[]`; a text in its place is left out with a note."""
    if not isinstance(raw, RawAddress):
        if raw:
            notes.append(f"What stands for {label} is no address and was left out.")
        return IncomingAddress()
    return IncomingAddress(
        first_name=values.name(raw.first_name, 100, "A first name", notes),
        last_name=values.name(raw.last_name, 100, "A last name", notes),
        company=values.name(raw.company, 200, "A company name", notes),
        line_1=values.name(raw.address_1, 200, "An address line", notes),
        line_2=values.name(raw.address_2, 200, "An address line", notes),
        city=values.name(raw.city, 100, "A city", notes),
        state=values.name(raw.state, 100, "A state", notes),
        postal_code=values.text(str(raw.postcode), 20, "A postal code", notes) if raw.postcode else "",
        country=values.country(raw.country, label, notes),
        phone=values.text(str(raw.phone), 40, "A phone number", notes) if raw.phone else "",
        email=values.email(raw.email, f"The e-mail of {label}", notes) if raw.email else "",
    )


def _delivery_title(lines: list[RawShipping] | tuple[()], notes: list[str]) -> str:
    titles = [title for line in lines if (title := values.name(line.method_title, 200, "The delivery title", notes))]
    return values.text(" + ".join(titles), 200, "The delivery title", notes) if len(titles) > 1 else "".join(titles)


def _refunded(raw: RawOrder, digits: int, notes: list[str]) -> Decimal:
    return -sum([values.amount(refund.total, digits, "refunds.total", notes) for refund in raw.refunds or ()], ZERO)


def _metadata(raw: MetaList, notes: list[str]) -> dict[str, Any]:
    entries = raw.values() if isinstance(raw, dict) else raw or ()
    return values.metadata([(str(entry.key), entry.value) for entry in entries if entry.key not in (None, "")], notes)


def _order_metadata(raw: RawOrder, notes: list[str]) -> dict[str, Any]:
    """The order's own extras, and beside them `transaction_id` and `coupon_codes` where the order has them."""
    result = _metadata(raw.meta_data, notes)
    if raw.transaction_id:
        result.setdefault("transaction_id", str(raw.transaction_id)[: values.METADATA_SIZE])
    codes = [coupon.code for coupon in raw.coupon_lines or () if coupon.code]
    if codes:
        result.setdefault("coupon_codes", ", ".join(codes)[: values.METADATA_SIZE])
    return result


class _Brief(Struct):
    id: Any = None
    number: Any = None
    status: Any = None
    date_modified_gmt: Any = None


_BRIEF = msgspec.json.Decoder(_Brief)
_ID = re.compile(rb'"id"\s*:\s*"?(\d{1,30})\b')


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises. What cannot be decoded at all is searched for the first `"id"`, which WooCommerce writes first."""
    try:
        brief = _BRIEF.decode(repaired(utf8(payload)))
    except (ValueError, RecursionError):
        found = _ID.search(payload[:1000])
        return Identity(found[1].decode() if found else "")
    try:
        external_id = values.identifier(brief.id)
    except PayloadError:
        external_id = ""
    number = brief.number if isinstance(brief.number, str | int) and not isinstance(brief.number, bool) else external_id
    try:
        modified_at = _first_stamp(brief.date_modified_gmt, None, _UTC, "date_modified_gmt")
    except (PayloadError, TypeError, AttributeError):
        modified_at = None
    return Identity(external_id, "".join(filter(str.isprintable, str(number)))[:100], status(brief.status), modified_at)
