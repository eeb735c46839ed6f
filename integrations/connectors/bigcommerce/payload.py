"""A BigCommerce order, read into the normalised order. See `orders.py` for the document and `shapes.py` for its parts.

What matters (Orders V2 OpenAPI file): amounts are in `default_currency_code`, the currency that is charged, while
`currency_code` is only displayed; `is_tax_inclusive_pricing` says which of `*_ex_tax` and `*_inc_tax` are exact, the
others are estimates; a line's `total_ex_tax` is before discounts, its `total_tax` after them, and
`discounted_total_inc_tax` is what the shopper paid for it; `refunded_amount` always says 0.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from msgspec import Struct

from integrations.connectors.bigcommerce.shapes import (
    Document,
    RawAddress,
    RawLine,
    RawOrder,
    consignments,
    lines,
    shippings,
)
from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.decoding import decode, refuse_repeated_keys
from integrations.connectors.kit.json_documents import repaired, utf8
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} (?!00)\d{4} \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
"""Years of four digits: Python's reader takes 0001 for 2001, as old mails meant it."""
NOTHING_TO_KEEP = {"digital", "giftcertificate"}
_DOCUMENT = msgspec.json.Decoder(Document)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    document = decode(_DOCUMENT, payload, notes)
    raw = document.order
    external_id = values.identifier(raw.id)
    code, digits = _currency(raw, shop, notes)
    if raw.total_inc_tax is None or raw.total_inc_tax == "":
        raise PayloadError("no_total", "The order has no total.", "$.order.total_inc_tax")
    total = values.amount(raw.total_inc_tax, digits, "total_inc_tax", notes)
    if total < 0:
        raise PayloadError("negative_total", f"The order's total is negative ({total}).", "$.order.total_inc_tax")
    placed_at, modified_at = _stamps(raw)
    billing = _address(raw.billing_address, "the billing address", notes)
    money = _Money(raw.is_tax_inclusive_pricing is True, digits, notes)
    shipping_total, shipping_tax = money.pair(
        raw.shipping_cost_ex_tax, raw.shipping_cost_inc_tax, raw.shipping_cost_tax, "shipping_cost"
    )
    fee_total, fee_tax = _fees(raw, money)
    delivery = _delivery(document, notes)
    order = IncomingOrder(
        external_id=external_id,
        number=external_id[:100],
        status=status(raw.status_id),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=code,
        total=total,
        lines=_lines(lines(document), money),
        tax_total=money.amount(raw.total_tax, "total_tax"),
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        discount_total=money.amount(raw.discount_amount, "discount_amount")
        + money.amount(raw.coupon_discount, "coupon_discount"),
        refunded_total=_refunded(document, money),
        payment_code=values.text(raw.payment_method, 100, "The payment code", notes),
        payment_title=values.name(raw.payment_method, 200, "The payment title", notes),
        shipping_code=delivery[:100],
        shipping_title=delivery,
        buyer_key=values.reference(raw.customer_id),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=_shipping(document, notes),
        note=values.text(raw.customer_message, 10_000, "The buyer's note", notes),
        metadata=_metadata(document, notes),
        warnings=tuple(notes),
    )
    if order.residual:
        refuse_repeated_keys(payload)
    return order


class _Money:
    """Reads an order's amounts: at its currency's decimals, net by the side that BigCommerce calls exact."""

    def __init__(self, inclusive: bool, digits: int, notes: list[str]) -> None:
        self.inclusive, self.digits, self.notes = inclusive, digits, notes

    def amount(self, value: Number, field: str) -> Decimal:
        return values.amount(value, self.digits, field, self.notes)

    def pair(self, net: Number, gross: Number, tax: Number, field: str) -> tuple[Decimal, Decimal]:
        """Net and tax of a cost."""
        taxed = self.amount(tax, f"{field}_tax")
        if self.inclusive and gross not in (None, ""):
            return self.amount(gross, f"{field}_inc_tax") - taxed, taxed
        return self.amount(net, f"{field}_ex_tax"), taxed


def _currency(raw: RawOrder, shop: Shop, notes: list[str]) -> tuple[str, int]:
    for code in (raw.default_currency_code, raw.currency_code):
        if code and code.strip():
            return values.currency(code)
    default = shop.settings.get("currency")
    if not default:
        raise PayloadError("unknown_currency", "The order has no currency.", "$.order.default_currency_code")
    notes.append(f"The order has no currency; the shop's own, {default}, was taken.")
    return values.currency(str(default))


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
        raise PayloadError("bad_date", f"The date {value[:40]!r} in {field} is not a date and time.", field) from None
    return stamps.in_range(moment, field)


def _stamps(raw: RawOrder) -> tuple[datetime, datetime]:
    placed, modified = _moment(raw.date_created, "date_created"), _moment(raw.date_modified, "date_modified")
    latest = modified or placed
    if latest is None:
        raise PayloadError("no_date", "The order does not say when it was changed.", "$.order.date_modified")
    return placed or latest, latest


def _fees(raw: RawOrder, money: _Money) -> tuple[Decimal, Decimal]:
    """Handling, gift wrapping and the fees of the checkout."""
    pairs = [
        money.pair(raw.handling_cost_ex_tax, raw.handling_cost_inc_tax, raw.handling_cost_tax, "handling_cost"),
        money.pair(raw.wrapping_cost_ex_tax, raw.wrapping_cost_inc_tax, raw.wrapping_cost_tax, "wrapping_cost"),
    ]
    for fee in raw.fees if isinstance(raw.fees, list) else ():
        net = fee.misspelt if fee.cost_ex_tax in (None, "") else fee.cost_ex_tax
        pairs.append(money.pair(net, fee.cost_inc_tax, fee.cost_tax, "fees.cost"))
    return sum((net for net, _ in pairs), ZERO), sum((tax for _, tax in pairs), ZERO)


def _refunded(document: Document, money: _Money) -> Decimal:
    refunds = [money.amount(refund.total_amount, "refunds.total_amount") for refund in document.refunds or ()]
    return sum(refunds, ZERO) if refunds else money.amount(document.order.refunded_amount, "refunded_amount")


def _lines(raws: list[RawLine], money: _Money) -> tuple[IncomingLine, ...]:
    if len(raws) > MAX_LINES:
        message = f"The order has {len(raws)} lines; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.order.consignments")
    found: dict[str, IncomingLine] = {}
    for position, raw in enumerate(raws):
        try:
            line = _line(raw, money)
        except PayloadError as error:
            path = f"$.order.consignments.line_items[{position}].{error.path}"
            raise PayloadError(error.code, f"Line {position + 1}: {error.message}", path) from None
        if line.quantity:
            found.setdefault(line.key, line)
        else:
            money.notes.append(f"Line {position + 1} ({line.name[:80]}) has the quantity 0 and was left out.")
    return tuple(found.values())


def _line(raw: RawLine, money: _Money) -> IncomingLine:
    """A variant carries its own SKU. What was chosen within a bundle is a line and stock of its own."""
    sku = str(raw.sku or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The SKU {sku[:40]!r}… has more than 100 characters.", "sku")
    before, tax = money.pair(raw.total_ex_tax, raw.total_inc_tax, raw.total_tax, "total")
    discounts = [money.amount(discount.amount, "applied_discounts.amount") for discount in raw.applied_discounts or ()]
    if raw.discounted_total_inc_tax not in (None, ""):
        total = money.amount(raw.discounted_total_inc_tax, "discounted_total_inc_tax") - tax
    else:
        total = before - sum(discounts, ZERO)
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=values.name(raw.name, 300, "A product's name", money.notes),
        quantity=values.quantity(raw.quantity),
        sku=sku,
        product_key=values.reference(raw.variant_id) or values.reference(raw.product_id),
        unit_price=values.unit_price(raw.price_ex_tax, "price_ex_tax"),
        total=total,
        tax=tax,
        discount=before - total,
        stocked=bool(sku) and raw.type not in NOTHING_TO_KEEP,
        metadata=_options(raw, money.notes),
    )


def _options(raw: RawLine, notes: list[str]) -> dict[str, Any]:
    pairs = [
        (option.display_name or option.name or "", option.display_value or option.value)
        for option in raw.product_options or ()
    ]
    if raw.wrapping_message:
        pairs.append(("wrapping_message", raw.wrapping_message))
    return values.metadata([(name, value) for name, value in pairs if name], notes) if pairs else {}


def _address(raw: RawAddress | list[Any] | str | None, label: str, notes: list[str]) -> IncomingAddress:
    if not isinstance(raw, RawAddress):
        if raw:
            notes.append(f"What stands for {label} is no address and was left out.")
        return IncomingAddress()
    return IncomingAddress(
        first_name=values.name(raw.first_name, 100, "A first name", notes),
        last_name=values.name(raw.last_name, 100, "A last name", notes),
        company=values.name(raw.company, 200, "A company name", notes),
        line_1=values.name(raw.street_1, 200, "An address line", notes),
        line_2=values.name(raw.street_2, 200, "An address line", notes),
        city=values.name(raw.city, 100, "A city", notes),
        state=values.name(raw.state, 100, "A state", notes),
        postal_code=values.text(str(raw.zip), 20, "A postal code", notes) if raw.zip else "",
        country=values.country(raw.country_iso2 or raw.country, label, notes),
        phone=values.text(str(raw.phone), 40, "A phone number", notes) if raw.phone else "",
        email=values.email(raw.email, f"The e-mail of {label}", notes) if raw.email else "",
    )


def _shipping(document: Document, notes: list[str]) -> IncomingAddress:
    """The first of the addresses; none for what is picked up or sent by e-mail."""
    places = shippings(document)
    if len(places) > 1:
        notes.append(f"The order goes to {len(places)} addresses; only the first was read.")
    return _address(places[0], "the delivery address", notes) if places else IncomingAddress()


def _delivery(document: Document, notes: list[str]) -> str:
    pickups = [pickup for each in consignments(document.order) for pickup in each.pickups or ()]
    titles = [shipping.shipping_method for shipping in shippings(document)]
    titles += [pickup.pickup_method_display_name for pickup in pickups]
    named = dict.fromkeys(title for each in titles if (title := values.name(each, 200, "The delivery title", notes)))
    return values.text(" + ".join(named), 200, "The delivery title", notes)


def _metadata(document: Document, notes: list[str]) -> dict[str, Any]:
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
    empty = (None, "", "0", "0.0000", 0)
    return values.metadata([(name, value) for name, value in pairs if name and value not in empty], notes)


class _BriefOrder(Struct, frozen=True):
    id: Any = None
    status_id: Any = None
    date_modified: Any = None


class _Brief(Struct):
    order: _BriefOrder = _BriefOrder()


_BRIEF = msgspec.json.Decoder(_Brief)
_ID = re.compile(rb'"id"\s*:\s*"?(\d{1,30})\b')


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises. What cannot be decoded at all is searched for the first `"id"`, which V2 writes first."""
    try:
        brief = _BRIEF.decode(repaired(utf8(payload))).order
    except (ValueError, RecursionError):
        found = _ID.search(payload[:1000])
        return Identity(found[1].decode() if found else "")
    try:
        external_id = values.identifier(brief.id)
    except PayloadError:
        external_id = ""
    try:
        modified_at = _moment(brief.date_modified, "date_modified") if isinstance(brief.date_modified, str) else None
    except PayloadError:
        modified_at = None
    return Identity(external_id, external_id[:100], status(brief.status_id), modified_at)
