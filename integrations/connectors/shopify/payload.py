"""An Order of the Admin GraphQL API 2026-07, read into the normalised order. See `shapes` for the document.

What matters: amounts are texts with any number of decimals, whatever the currency (JPY "1980.0"), in the shop's
currency and in the buyer's; the buyer's is taken, because it is what is owed, invoiced and paid back, and the shop's
total is kept in the metadata (`shop_total`). Stamps are UTC with a Z. A guest has no customer, a digital order no
delivery address, a deleted product neither product nor variant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.decoding import decode
from integrations.connectors.kit.json_documents import repaired, utf8
from integrations.connectors.shopify.amounts import Goods, Purse, delivery, fees, goods, purse_of, totals
from integrations.connectors.shopify.shapes import RawAddress, RawAttribute, RawDocument, RawLine, RawOrder, RawRef
from integrations.connectors.shopify.status import status
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DOCUMENT = msgspec.json.Decoder(RawDocument)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    document = decode(_DOCUMENT, payload, notes)
    raw = document.order
    external_id = order_id(raw.legacy_resource_id, raw.id)
    modified_at = _stamp(raw.updated_at, "updatedAt")
    purse = purse_of(raw, str(shop.settings.get("currency") or ""), notes)
    bought = goods(raw, _lines(document), purse)
    sums = totals(raw, bought, purse)
    ways = [line for line in (raw.shipping_lines and raw.shipping_lines.nodes) or () if not line.is_removed]
    shipping, charges = delivery(ways, bool(raw.taxes_included), purse), fees(raw, bought, purse)
    email = values.email(raw.email or _customer_email(raw), "The order's e-mail", notes)
    billing = _address(raw.billing_address, "the billing address", email, notes)
    deliver_to = _address(raw.shipping_address, "the delivery address", "", notes)
    code, title = _payment(raw, notes)
    titles = " + ".join(filter(None, (values.name(line.title, 200, "The delivery title", notes) for line in ways)))
    return IncomingOrder(
        external_id=external_id,
        number=values.text(raw.name or external_id, 100, "The order number", notes),
        status=status(raw.display_financial_status, raw.display_fulfillment_status, raw.cancelled_at, raw.test),
        placed_at=_stamp(raw.created_at, "createdAt") if raw.created_at else modified_at,
        modified_at=modified_at,
        currency=purse.currency,
        total=sums.total,
        lines=tuple(_line(each, purse, notes) for each in bought if _has_units(each, notes)),
        tax_total=sums.tax,
        shipping_total=shipping.net,
        shipping_tax=shipping.tax,
        fee_total=charges.net,
        fee_tax=charges.tax,
        discount_total=purse.amount(raw.total_discounts_set, "totalDiscountsSet"),
        refunded_total=sums.refunded,
        paid_at=_paid_at(raw, notes),
        payment_code=code,
        payment_title=title,
        shipping_code=values.text(ways[0].code, 100, "The delivery code", notes) if ways else "",
        shipping_title=values.text(titles, 200, "The delivery title", notes),
        buyer_key=tail(raw.customer.id) if raw.customer else "",
        email=email,
        phone=_phone(raw, billing, deliver_to, notes),
        billing=billing,
        shipping=deliver_to,
        note=values.text(raw.note, 10_000, "The buyer's note", notes),
        metadata=_metadata(raw, notes),
        warnings=tuple(notes),
    )


def tail(gid: Any) -> str:
    """The number at the end of `gid://shopify/Order/450000001001`, or ""."""
    found = re.fullmatch(r"gid://shopify/\w+/(\d{1,30})(?:\?.*)?", gid, re.ASCII) if isinstance(gid, str) else None
    return found[1] if found else ""


def order_id(legacy: Any, gid: Any) -> str:
    """The number all Shopify's APIs and webhooks know the order by."""
    return tail(gid) or values.identifier(legacy)


def _stamp(value: str | None, field: str) -> datetime:
    if not value:
        raise PayloadError("no_date", f"The order has no {field}.", f"$.order.{field}")
    if STAMP.fullmatch(value):
        try:
            return stamps.in_range(datetime.fromisoformat(value).astimezone(UTC), field)
        except (ValueError, OverflowError):
            pass
    raise PayloadError("bad_date", f"The date {value[:40]!r} in {field} is not a date and time.", f"$.order.{field}")


def _lines(document: RawDocument) -> list[RawLine]:
    """All pages of the lines. An order whose last page says that there are more was not read whole."""
    pages = [document.order.line_items, *document.more_lines]
    lines = [line for page in pages if page is not None for line in page.nodes or ()]
    if len(lines) > MAX_LINES:
        message = f"The order has {len(lines)} lines or more; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.order.lineItems")
    last = pages[-1]
    if last is not None and last.page_info is not None and last.page_info.has_next_page:
        raise PayloadError("too_many_lines", "Not all lines of the order were read.", "$.order.lineItems")
    return lines


def _has_units(line: Goods, notes: list[str]) -> bool:
    if not line.units:
        why = "was taken out of the order" if line.ordered else "has the quantity 0"
        notes.append(f"The line {values.name(line.raw.name, 80, '', [])!r} {why} and was left out.")
    return line.units > 0


def _line(each: Goods, purse: Purse, notes: list[str]) -> IncomingLine:
    """A variant carries its own SKU and id; gift cards, tips and what is not shipped (services, downloads) no stock."""
    raw = each.raw
    sku = (raw.sku or (raw.variant.sku if raw.variant else None) or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The SKU {sku[:40]!r}… has more than 100 characters.", "$.order.lineItems")
    return IncomingLine(
        key=tail(raw.id) or values.identifier(raw.id)[:100],
        name=values.name(raw.name, 300, "A product's name", notes),
        quantity=each.units,
        sku=sku,
        product_key=_key_of(raw.variant) or _key_of(raw.product),
        unit_price=values.unit_price(str(round(each.net / each.units, 6)), "price"),
        total=each.net,
        tax=each.tax,
        discount=each.discount,
        stocked=bool(sku) and not raw.is_gift_card and raw.requires_shipping is not False,
        metadata=values.metadata(_attributes(raw.custom_attributes), notes),
    )


def _key_of(reference: RawRef | None) -> str:
    if reference is None:
        return ""
    return tail(reference.id) or values.reference(reference.legacy_resource_id)


def _attributes(attributes: list[RawAttribute] | None) -> list[tuple[str, Any]]:
    return [(each.key, each.value) for each in attributes or () if each.key]


def _address(raw: RawAddress | None, label: str, email: str, notes: list[str]) -> IncomingAddress:
    if raw is None:
        return IncomingAddress()
    return IncomingAddress(
        first_name=values.name(raw.first_name, 100, "A first name", notes),
        last_name=values.name(raw.last_name, 100, "A last name", notes),
        company=values.name(raw.company, 200, "A company name", notes),
        line_1=values.name(raw.address1, 200, "An address line", notes),
        line_2=values.name(raw.address2, 200, "An address line", notes),
        city=values.name(raw.city, 100, "A city", notes),
        state=values.name(raw.province_code or raw.province, 100, "A state", notes),
        postal_code=values.text(raw.zip, 20, "A postal code", notes),
        country=values.country(raw.country_code_v2 or raw.country, label, notes),
        phone=values.text(raw.phone, 40, "A phone number", notes),
        email=email,
    )


def _customer_email(raw: RawOrder) -> str:
    address = raw.customer and raw.customer.default_email_address
    return (address and address.email_address) or ""


def _phone(raw: RawOrder, billing: IncomingAddress, shipping: IncomingAddress, notes: list[str]) -> str:
    own = raw.customer and raw.customer.default_phone_number
    given = raw.phone or billing.phone or shipping.phone or (own and own.phone_number) or ""
    return values.text(given, 40, "A phone number", notes)


def _payment(raw: RawOrder, notes: list[str]) -> tuple[str, str]:
    """Code and title of the payment. A gift card pays first, but what pays the rest is how the order was paid."""
    paid = [
        each
        for each in raw.transactions or ()
        if each.gateway and each.status in ("SUCCESS", "PENDING") and each.kind not in ("REFUND", "VOID")
    ]
    paid.sort(key=lambda each: each.gateway == "gift_card")
    names = sorted(filter(None, raw.payment_gateway_names or ()), key=lambda name: name == "gift_card")
    code = (paid[0].gateway if paid else "") or (names[0] if names else "")
    title = (paid[0].formatted_gateway if paid else "") or code.replace("_", " ").capitalize()
    return values.text(code, 100, "The payment code", notes), values.name(title, 200, "The payment title", notes)


def _paid_at(raw: RawOrder, notes: list[str]) -> datetime | None:
    """When the last payment of an order that is paid came in; None where Shopify lists none."""
    if raw.display_financial_status not in PAID:
        return None
    stamps = [
        each.processed_at or each.created_at
        for each in raw.transactions or ()
        if each.kind in ("SALE", "CAPTURE") and each.status == "SUCCESS"
    ]
    try:
        return max((_stamp(stamp, "transactions") for stamp in stamps if stamp), default=None)
    except PayloadError as error:
        notes.append(f"{error.message} It was left out.")
        return None


def _metadata(raw: RawOrder, notes: list[str]) -> dict[str, Any]:
    """The order's own attributes, and beside them what Shopify knows more, where the order has it."""
    shop = raw.total_price_set and raw.total_price_set.shop_money
    foreign = shop and shop.currency_code and shop.currency_code != raw.presentment_currency_code
    beside = {
        "coupon_codes": ", ".join(raw.discount_codes or ()),
        "tags": ", ".join(raw.tags or ()),
        "source": raw.source_name if raw.source_name != "web" else "",
        "source_identifier": raw.source_identifier,
        "po_number": raw.po_number,
        "confirmation_number": raw.confirmation_number,
        "cancel_reason": raw.cancel_reason,
        "payment_status": raw.display_financial_status,
        "fulfillment_status": raw.display_fulfillment_status,
        "return_status": raw.return_status if raw.return_status != "NO_RETURN" else "",
        "shop_total": f"{shop.amount} {shop.currency_code}" if shop and foreign else "",
    }
    own = values.metadata(_attributes(raw.custom_attributes), notes)
    return values.metadata([(key, value) for key, value in beside.items() if value and key not in own], []) | own


class _BriefOrder(Struct, rename="camel"):
    id: Any = None
    legacy_resource_id: Any = None
    name: Any = None
    updated_at: Any = None
    cancelled_at: Any = None
    test: Any = None
    display_financial_status: Any = None
    display_fulfillment_status: Any = None


class _Brief(Struct):
    order: _BriefOrder


_BRIEF = msgspec.json.Decoder(_Brief)
_GID = re.compile(rb"gid://shopify/Order/(\d{1,30})\b")


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises. What cannot be decoded at all is searched for the order's gid, the first thing we ask for."""
    try:
        brief = _BRIEF.decode(repaired(utf8(payload))).order
    except (ValueError, RecursionError):
        found = _GID.search(payload[:1000])
        return Identity(found[1].decode() if found else "")
    try:
        external_id = order_id(brief.legacy_resource_id, brief.id)
    except PayloadError:
        external_id = ""
    try:
        modified_at = _stamp(brief.updated_at, "updatedAt") if isinstance(brief.updated_at, str) else None
    except PayloadError:
        modified_at = None
    name = brief.name if isinstance(brief.name, str) else external_id
    code = status(brief.display_financial_status, brief.display_fulfillment_status, brief.cancelled_at, brief.test)
    return Identity(external_id, "".join(filter(str.isprintable, name))[:100], code, modified_at)
