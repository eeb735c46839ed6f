"""An Order of the Admin GraphQL API 2026-07, read into the normalised order. See `shapes` for the document.

What matters: amounts are texts with any number of decimals, whatever the currency (JPY "1980.0"), in the shop's
currency and in the buyer's; the buyer's is taken, because it is what is owed, invoiced and paid back, and the shop's
total is kept in the metadata (`shop_total`). Stamps are UTC with a Z. A guest has no customer, a digital order no
delivery address, a deleted product neither product nor variant.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.shopify.amounts import LINES, NODES, Goods, Reading, delivery, fees, goods, totals
from integrations.connectors.shopify.shapes import Brief, RawAttribute, RawDocument, RawLine, RawOrder, RawRef
from integrations.connectors.shopify.status import status
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder

PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
GID = re.compile(r"gid://shopify/\w+/(\d{1,30})(?:\?.*)?", re.ASCII)
_DOCUMENT = msgspec.json.Decoder(RawDocument)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    document = reading.document(_DOCUMENT)
    raw = document.order
    external_id = order_id(raw.legacy_resource_id, raw.id)
    modified_at = _stamp(raw.updated_at, "updatedAt")
    reading.in_currency(shop, raw.presentment_currency_code, raw.currency_code, path="$.order.currencyCode")
    reading.inclusive = raw.taxes_included is True
    bought = goods(raw, _lines(document), reading)
    owed = totals(raw, bought, reading)
    ways = [line for line in (raw.shipping_lines and raw.shipping_lines.nodes) or () if not line.is_removed]
    shipping_total, shipping_tax = delivery(ways, reading)
    fee_total, fee_tax, fee_title = fees(raw, bought, reading)
    email = reading.email(raw.email or _customer_email(raw), "The order's e-mail")
    billing = reading.address(raw.billing_address, "the billing address", email if raw.billing_address else "")
    deliver_to = reading.address(raw.shipping_address, "the delivery address", "")
    payment_code, payment_title = _payment(raw)
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(raw.name or external_id),
        status=status(raw.display_financial_status, raw.display_fulfillment_status, raw.cancelled_at, raw.test),
        placed_at=_stamp(raw.created_at, "createdAt") if raw.created_at else modified_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=owed.total,
        lines=reading.lines(bought, lambda line: _line(line, reading), LINES, NODES),
        tax_total=owed.tax,
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        fee_title=fee_title,
        discount_total=owed.discount,
        refunded_total=owed.refunded,
        paid_at=reading.optional(_paid_at, raw),
        payment_code=reading.payment_code(payment_code),
        payment_title=reading.payment_title(payment_title),
        shipping_code=reading.shipping_code(ways[0].code) if ways else "",
        shipping_title=reading.shipping_title(*[line.title for line in ways]),
        buyer_key=tail(raw.customer.id) if raw.customer else "",
        email=email,
        phone=_phone(raw, billing, deliver_to, reading),
        billing=billing,
        shipping=deliver_to,
        note=reading.buyers_note(raw.note),
        metadata=_metadata(raw, reading),
        warnings=reading.warnings(),
    )
    # Not `checked`: no plugin writes into Shopify's answers, so no key in them comes twice.
    return reading.titled(order, ("Order edit", order.residual)) if raw.edited else order


def tail(gid: Any) -> str:
    """The number at the end of `gid://shopify/Order/450000001001`, or ""."""
    found = GID.fullmatch(gid) if isinstance(gid, str) else None
    return found[1] if found else ""


def order_id(legacy: Any, gid: Any) -> str:
    """The number all Shopify's APIs and webhooks know the order by."""
    return tail(gid) or values.identifier(legacy)


def _stamp(value: Any, field: str) -> datetime:
    if not value:
        raise PayloadError("no_date", f"The order has no {field}.", f"$.order.{field}")
    return stamps.instant(value, field)


def _lines(document: RawDocument) -> list[RawLine]:
    """All pages of the lines. An order whose last page says that there are more was not read whole."""
    pages = [document.order.line_items, *document.more_lines]
    last = pages[-1]
    if last is not None and last.page_info is not None and last.page_info.has_next_page:
        raise PayloadError("too_many_lines", "Not all lines of the order were read.", LINES)
    return [line for page in pages if page is not None for line in page.nodes or ()]


def _line(each: Goods, reading: Reading) -> IncomingLine | None:
    """A variant carries its own SKU and id; gift cards, tips and what is not shipped (services, downloads) no stock."""
    raw = each.raw
    if not each.units:
        why = "was taken out of the order" if each.ordered else "has the quantity 0"
        reading.notes.append(f"The line {values.label(raw.name, 80)!r} {why} and was left out.")
        return None
    sku = values.sku(raw.sku or (raw.variant.sku if raw.variant else None))
    ean = values.ean(raw.variant.barcode if raw.variant else None)
    return IncomingLine(
        key=tail(raw.id) or values.identifier(raw.id)[:100],
        name=reading.product(raw.name),
        quantity=each.units,
        sku=sku,
        ean=ean,
        product_key=_key_of(raw.variant) or _key_of(raw.product),
        unit_price=values.unit_price(str(round(each.net / each.units, 6)), "price"),
        total=each.net,
        tax=each.tax,
        tax_code=values.tax_code((tax.title, _percent(tax.rate)) for tax in raw.tax_lines or ()),
        discount=each.discount,
        stocked=bool(sku or ean) and not raw.is_gift_card and raw.requires_shipping is not False,
        metadata=_attributes(raw.custom_attributes, reading),
    )


def _key_of(reference: RawRef | None) -> str:
    return (tail(reference.id) or values.reference(reference.legacy_resource_id)) if reference else ""


def _percent(rate: Any) -> float | None:
    return rate * 100 if isinstance(rate, float | int) else None


def _attributes(attributes: list[RawAttribute] | None, reading: Reading) -> dict[str, Any]:
    return reading.metadata([(each.key or "", each.value) for each in attributes or ()], empty=())


def _customer_email(raw: RawOrder) -> str | None:
    known = raw.customer and raw.customer.default_email_address
    return known.email_address if known else None


def _phone(raw: RawOrder, billing: IncomingAddress, shipping: IncomingAddress, reading: Reading) -> str:
    known = raw.customer and raw.customer.default_phone_number
    given = raw.phone or billing.phone or shipping.phone or (known.phone_number if known else None)
    return reading.text(given, 40, "A phone number")


def _payment(raw: RawOrder) -> tuple[str, str]:
    """Code and title of the payment. A gift card pays first, but what pays the rest is how the order was paid."""
    paid = [
        (each.gateway, each.formatted_gateway)
        for each in raw.transactions or ()
        if each.gateway and each.status in ("SUCCESS", "PENDING") and each.kind not in ("REFUND", "VOID")
    ]
    named = [(name, None) for name in raw.payment_gateway_names or () if name]
    ways = sorted(paid or named, key=lambda way: way[0] == "gift_card")
    code, title = ways[0] if ways else ("", None)
    return code, title or code.replace("_", " ").capitalize()


def _paid_at(raw: RawOrder) -> datetime | None:
    """When the last payment of an order that is paid came in; None where Shopify lists none."""
    if raw.display_financial_status not in PAID:
        return None
    received = [
        each.processed_at or each.created_at
        for each in raw.transactions or ()
        if each.kind in ("SALE", "CAPTURE") and each.status == "SUCCESS"
    ]
    return max((_stamp(stamp, "transactions") for stamp in received if stamp), default=None)


def _metadata(raw: RawOrder, reading: Reading) -> dict[str, Any]:
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
    own = _attributes(raw.custom_attributes, reading)
    return reading.metadata((name, value) for name, value in beside.items() if name not in own) | own


# The gid is the first thing we ask for.
identify = identifying(
    Brief,
    rb"gid://shopify/Order/(\d{1,30})\b",
    external_id=lambda brief: order_id(brief.legacy_resource_id, brief.id),
    number=lambda brief: brief.name,
    status=lambda brief: status(
        brief.display_financial_status, brief.display_fulfillment_status, brief.cancelled_at, brief.test
    ),
    modified_at=lambda brief: _stamp(brief.updated_at, "updatedAt"),
    within="order",
)
