"""A BigCommerce order, read into the normalised order. See `orders.py` for the document and `shapes.py` for its parts.

What matters (Orders V2 OpenAPI file): amounts are in `default_currency_code`, the currency that is charged, while
`currency_code` is only displayed; `is_tax_inclusive_pricing` says which of `*_ex_tax` and `*_inc_tax` are exact, the
others are estimates; a line's `total_ex_tax` is before discounts, its `total_tax` after them, and
`discounted_total_inc_tax` is what the shopper paid for it; `refunded_amount` always says 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from integrations.connectors.bigcommerce.shapes import (
    Brief,
    Document,
    RawAddress,
    RawLine,
    RawOrder,
    lines,
    pickups,
    shippings,
)
from integrations.connectors.contract import Shop
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

# Years of four digits: Python's reader takes 0001 for 2001, as old mails meant it.
RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} (?!00)\d{4} \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
NOTHING_TO_KEEP = {"digital", "giftcertificate"}
_DOCUMENT = msgspec.json.Decoder(Document)


class Reading(OrderReading):
    """Costs as BigCommerce has them: net by the side that it calls exact."""

    # Whether prices hold the tax.
    inclusive = False

    def pair(self, net: Number, gross: Number, tax: Number, field: str) -> tuple[Decimal, Decimal]:
        """Net and tax of a cost."""
        taxed = self.amount(tax, f"{field}_tax")
        if self.inclusive and gross not in (None, ""):
            return self.amount(gross, f"{field}_inc_tax") - taxed, taxed
        return self.amount(net, f"{field}_ex_tax"), taxed


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    document = reading.document(_DOCUMENT)
    raw = document.order
    external_id = values.identifier(raw.id)
    reading.in_currency(shop, raw.default_currency_code, raw.currency_code, path="$.order.default_currency_code")
    reading.inclusive = raw.is_tax_inclusive_pricing is True
    total = reading.total(raw.total_inc_tax, "$.order.total_inc_tax")
    placed_at, modified_at = stamps.placed_and_modified(
        _moment(raw.date_created, "date_created"), _moment(raw.date_modified, "date_modified"), "$.order.date_modified"
    )
    billing = reading.address(raw.billing_address, "the billing address")
    shipping_total, shipping_tax = reading.pair(
        raw.shipping_cost_ex_tax, raw.shipping_cost_inc_tax, raw.shipping_cost_tax, "shipping_cost"
    )
    fee_total, fee_tax, fee_title = _fees(raw, reading)
    sent_by, delivery = _shipping_title(document, reading), _shipping(document, reading)
    order = IncomingOrder(
        external_id=external_id,
        number=external_id[:100],
        status=status(raw.status_id),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=_lines(document, reading, _elsewhere(document, delivery, reading)),
        tax_total=reading.amount(raw.total_tax, "total_tax"),
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        fee_title=fee_title,
        discount_total=reading.amount(raw.discount_amount, "discount_amount")
        + reading.amount(raw.coupon_discount, "coupon_discount"),
        refunded_total=_refunded(document, reading),
        payment_code=reading.payment_code(raw.payment_method),
        payment_title=reading.payment_title(raw.payment_method),
        shipping_code=sent_by[:100],
        shipping_title=sent_by,
        buyer_key=values.reference(raw.customer_id),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=delivery,
        note=reading.buyers_note(raw.customer_message),
        metadata=_metadata(document, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order, lambda: _named(raw, reading))


def _named(raw: RawOrder, reading: Reading) -> Iterator[tuple[str, Decimal]]:
    yield "Gift certificate", -reading.amount(raw.gift_certificate_amount, "gift_certificate_amount")
    yield "Store credit", -reading.amount(raw.store_credit_amount, "store_credit_amount")


def status(value: Any) -> str:
    """The status id as text: ids are fixed, labels may be renamed by the shop. "" for none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value).strip()[:100]


def _moment(value: str | None, field: str) -> datetime | None:
    """RFC 2822 with an offset ("Wed, 10 Jan 2018 21:05:30 +0000"), as UTC; "" is none."""
    if not value:
        return None
    try:
        if RFC_2822.fullmatch(value) is None:
            raise ValueError(value)
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise stamps.bad_date(value, field) from None
    return stamps.in_range(moment, field)


def _fees(raw: RawOrder, reading: Reading) -> tuple[Decimal, Decimal, str]:
    """Net, tax and title of handling, gift wrapping and the fees of the checkout."""
    names: list[Any] = ["Handling", "Gift wrapping"]
    pairs = [
        reading.pair(raw.handling_cost_ex_tax, raw.handling_cost_inc_tax, raw.handling_cost_tax, "handling_cost"),
        reading.pair(raw.wrapping_cost_ex_tax, raw.wrapping_cost_inc_tax, raw.wrapping_cost_tax, "wrapping_cost"),
    ]
    for fee in raw.fees if isinstance(raw.fees, list) else ():
        net = fee.misspelt if fee.cost_ex_tax in (None, "") else fee.cost_ex_tax
        pairs.append(reading.pair(net, fee.cost_inc_tax, fee.cost_tax, "fees.cost"))
        names.append(fee.name)
    title = reading.fee_title(*((name, net) for name, (net, _) in zip(names, pairs, strict=True)))
    return sum((net for net, _ in pairs), ZERO), sum((tax for _, tax in pairs), ZERO), title


def _refunded(document: Document, reading: Reading) -> Decimal:
    if not document.refunds:
        return reading.amount(document.order.refunded_amount, "refunded_amount")
    return reading.sum([refund.total_amount for refund in document.refunds], "refunds.total_amount")


def _lines(document: Document, reading: Reading, elsewhere: Mapping[str, IncomingAddress]) -> tuple[IncomingLine, ...]:
    """Each once: a line may be in several consignments."""
    found: dict[str, IncomingLine] = {}
    raws, path = lines(document), "$.order.consignments"
    for line in reading.lines(raws, lambda raw: _line(raw, reading, elsewhere), path, place=".line_items"):
        found.setdefault(line.key, line)
    return tuple(found.values())


def _line(raw: RawLine, reading: Reading, elsewhere: Mapping[str, IncomingAddress]) -> IncomingLine:
    """A variant carries its own SKU. What was chosen within a bundle is a line and stock of its own."""
    sku, ean = values.sku(raw.sku), values.ean(raw.upc)
    before, tax = reading.pair(raw.total_ex_tax, raw.total_inc_tax, raw.total_tax, "total")
    discounts = reading.sum([discount.amount for discount in raw.applied_discounts or ()], "applied_discounts.amount")
    if raw.discounted_total_inc_tax not in (None, ""):
        total = reading.amount(raw.discounted_total_inc_tax, "discounted_total_inc_tax") - tax
    else:
        total = before - discounts
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=reading.product(raw.name),
        quantity=values.quantity(raw.quantity),
        sku=sku,
        ean=ean,
        product_key=values.reference(raw.variant_id) or values.reference(raw.product_id),
        unit_price=values.unit_price(raw.price_ex_tax, "price_ex_tax"),
        total=total,
        tax=tax,
        discount=before - total,
        refunded=reading.optional(values.quantity, raw.quantity_refunded or 0, "quantity_refunded") or 0,
        shipping=elsewhere.get(str(raw.id), IncomingAddress()),
        stocked=bool(sku or ean) and raw.type not in NOTHING_TO_KEEP,
        metadata=_options(raw, reading),
    )


def _options(raw: RawLine, reading: Reading) -> dict[str, Any]:
    pairs = [
        (option.display_name or option.name or "", option.display_value or option.value)
        for option in raw.product_options or ()
    ]
    if raw.wrapping_message:
        pairs.append(("wrapping_message", raw.wrapping_message))
    return reading.metadata(pairs, empty=())


def _shipping(document: Document, reading: Reading) -> IncomingAddress:
    """The first of the addresses; none for what is picked up or sent by e-mail."""
    places = shippings(document)
    return reading.address(places[0], "the delivery address") if places else IncomingAddress()


def _elsewhere(document: Document, own: IncomingAddress, reading: Reading) -> dict[str, IncomingAddress]:
    """Where lines go, by their ids, of those that do not go where the order goes; what is picked up is told apart."""
    places = shippings(document)
    if len(places) + len(pickups(document)) < 2 or not places:
        return {}
    found: dict[str, IncomingAddress] = {}
    for place in places:
        address = own if place is places[0] else reading.address(place, "a delivery address")
        sent = place.line_items or [line for line in document.products or () if line.order_address_id == place.id]
        found |= {str(line.id): address for line in sent if address != own}
    for pickup in pickups(document):
        title = reading.shipping_title(pickup.pickup_method_display_name) or "Pick-up"
        found |= {str(line.id): IncomingAddress(company=title) for line in pickup.line_items or ()}
    if found:
        count = len(set(found.values())) + 1
        reading.notes.append(f"The order goes to {count} addresses: its items say where. Ship one at a time.")
    return found


def _shipping_title(document: Document, reading: Reading) -> str:
    titles = [shipping.shipping_method for shipping in shippings(document)]
    titles += [pickup.pickup_method_display_name for pickup in pickups(document)]
    return reading.shipping_title(*dict.fromkeys(titles))


def _metadata(document: Document, reading: Reading) -> dict[str, Any]:
    """Fields of the billing form by their names, and what BigCommerce says beside: only what is there."""
    raw = document.order
    pairs: list[tuple[str, Any]] = []
    if isinstance(raw.billing_address, RawAddress):
        pairs += [(field.name or "", field.value) for field in raw.billing_address.form_fields or ()]
    codes = dict.fromkeys(
        discount.code for line in lines(document) for discount in line.applied_discounts or () if discount.code
    )
    pairs += [
        ("transaction_id", raw.payment_provider_id),
        ("payment_status", raw.payment_status),
        ("coupon_codes", ", ".join(codes)),
        ("staff_notes", raw.staff_notes),
        ("order_source", raw.order_source),
        ("channel_id", raw.channel_id),
        ("external_id", raw.external_id),
        ("external_order_id", raw.external_order_id),
        ("external_source", raw.external_source),
        ("gift_certificate_amount", raw.gift_certificate_amount),
        ("store_credit_amount", raw.store_credit_amount),
    ]
    charged = raw.default_currency_code
    if raw.currency_code and raw.currency_code != charged:
        pairs += [("display_currency", raw.currency_code), ("display_exchange_rate", raw.currency_exchange_rate)]
    if raw.store_default_currency_code and raw.store_default_currency_code != charged:
        rate = raw.store_default_to_transactional_exchange_rate
        pairs += [("store_currency", raw.store_default_currency_code), ("store_exchange_rate", rate)]
    return reading.metadata(pairs, empty=(None, "", "0", "0.0000", 0))


# V2 writes the id first.
identify = identifying(
    Brief,
    rb'"id"\s*:\s*"?(\d{1,30})\b',
    external_id=lambda brief: values.identifier(brief.id),
    status=lambda brief: status(brief.status_id),
    modified_at=lambda brief: _moment(brief.date_modified, "date_modified"),
    within="order",
)
