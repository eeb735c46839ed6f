"""An Ecwid order, read into the normalised order. See `orders.py` for the document and `shapes.py` for its parts.

What matters (docs.ecwid.com): amounts are JSON numbers with float noise; a line's `price` is for one piece, before
discounts and, where `pricesIncludeTax`, with tax; its `tax`, `couponAmount` and `discounts` are for the whole line;
`tax` of the order is that of lines and shipping; `total` is what is left after gift cards.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
from msgspec import Struct

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.ecwid.shapes import Document, RawItem, RawOrder, RawPerson, RawTax
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.decoding import decode, refuse_repeated_keys
from integrations.connectors.kit.json_documents import repaired, utf8
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
TOO_MUCH = Decimal(10) ** 10
ALONE = {"CANCELLED", "REFUNDED", "INCOMPLETE"}
"""Payment statuses that decide alone, whatever is the state of the delivery."""
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
_DOCUMENT = msgspec.json.Decoder(Document)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    document = decode(_DOCUMENT, payload, notes)
    raw = document.order
    external_id = values.identifier(raw.id)
    code, digits = _currency(document, shop, notes)
    money = _Money(raw, digits, notes)
    if raw.total is None or raw.total == "":
        raise PayloadError("no_total", "The order has no total.", "$.order.total")
    total = money.amount(raw.total, "total")
    if total < 0:
        raise PayloadError("negative_total", f"The order's total is negative ({total}).", "$.order.total")
    placed_at, modified_at = _stamps(raw)
    shipping_total, shipping_tax = money.shipping()
    fee_total, fee_tax = money.fees()
    option = raw.shippingOption
    title = values.name(option.shippingMethodName, 200, "The delivery title", notes) if option else ""
    email = values.email(raw.email, "The buyer's e-mail", notes) if raw.email else ""
    billing = _address(raw.billingPerson, "the billing address", email, notes)
    order = IncomingOrder(
        external_id=external_id,
        number=values.text(external_id, 100, "The order number", notes),
        status=status(raw.paymentStatus, raw.fulfillmentStatus),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=code,
        total=total,
        lines=_lines(raw.items or [], money),
        tax_total=money.amount(raw.tax, "tax"),
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        discount_total=money.amount(raw.couponDiscount, "couponDiscount") + money.amount(raw.discount, "discount"),
        refunded_total=money.amount(raw.refundedAmount, "refundedAmount"),
        payment_code=values.text(raw.paymentMethod, 100, "The payment code", notes),
        payment_title=values.name(raw.paymentMethod, 200, "The payment title", notes),
        shipping_code=values.reference(option.shippingMethodId) or title[:100] if option else "",
        shipping_title=title,
        buyer_key=values.reference(raw.customerId),
        email=email,
        phone=billing.phone,
        billing=billing,
        shipping=_address(raw.shippingPerson, "the delivery address", "", notes),
        note=values.text(raw.orderComments, 10_000, "The buyer's note", notes),
        metadata=_metadata(raw, notes),
        warnings=tuple(notes),
    )
    if order.residual:
        refuse_repeated_keys(payload)
    return order


def status(payment: Any, fulfilment: Any) -> str:
    """`PAID/SHIPPED`, or the payment status alone where it decides alone; "" for none."""
    parts = [part.strip()[:50] for part in (payment, fulfilment) if isinstance(part, str) and part.strip()]
    return parts[0] if parts and parts[0] in ALONE else "/".join(parts)


class _Money:
    """Reads an order's amounts at its currency's decimals."""

    def __init__(self, raw: RawOrder, digits: int, notes: list[str]) -> None:
        self.raw, self.digits, self.notes = raw, digits, notes
        self.inclusive = raw.pricesIncludeTax is True
        taxed = sum((self.amount(item.tax, "items.tax") for item in raw.items or ()), ZERO)
        on_shipping = self.taxes(raw.taxesOnShipping)
        self.shared = bool(on_shipping) and taxed == self.amount(raw.tax, "tax")
        """Whether the lines' taxes hold the tax on shipping, too: then it is not counted twice."""

    def amount(self, value: Number, field: str) -> Decimal:
        """Noise beyond six decimals is a computer's, not the shop's: it goes without a note."""
        if isinstance(value, float) and abs(value) < float(TOO_MUCH):
            value = f"{value:.6f}"
        return values.amount(value, self.digits, field, self.notes)

    def taxes(self, taxes: list[RawTax] | None) -> Decimal:
        return sum((self.amount(tax.total, "taxes.total") for tax in taxes or ()), ZERO)

    def shipping(self) -> tuple[Decimal, Decimal]:
        """Net and tax."""
        option = self.raw.shippingOption
        rate = self.amount(option.shippingRate, "shippingRate") if option else ZERO
        tax = self.taxes(self.raw.taxesOnShipping)
        return (rate - tax if self.inclusive else rate), tax

    def fees(self) -> tuple[Decimal, Decimal]:
        """Handling and surcharges. `taxesOnShipping` covers the tax on handling, unless the fee names its own."""
        net = tax = ZERO
        handling = [(self.raw.handlingFee, self.raw.handlingFee.value)] if self.raw.handlingFee else []
        for fee, value in [*handling, *((each, each.total) for each in self.raw.customSurcharges or ())]:
            own = self.taxes(fee.taxes)
            net += self.amount(value, "fee") - (own if self.inclusive else ZERO)
            tax += own
        return net, tax


def _currency(document: Document, shop: Shop, notes: list[str]) -> tuple[str, int]:
    if document.currency:
        return values.currency(document.currency)
    default = shop.settings.get("currency")
    if not default:
        raise PayloadError("unknown_currency", "The order came without the store's currency.", "$.currency")
    notes.append(f"The order has no currency; the shop's own, {default}, was taken.")
    return values.currency(str(default))


def _moment(seconds: Any, date: Any, field: str) -> datetime | None:
    """The timestamp in seconds, or else the date `2024-09-04 07:22:09 +0000`."""
    try:
        if type(seconds) is int and seconds:
            return stamps.in_range(datetime.fromtimestamp(seconds, UTC), field)
        if not date:
            return None
        if not isinstance(date, str) or DATE.fullmatch(date) is None:
            raise ValueError(date)
        return stamps.in_range(datetime.strptime(date, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC), field)
    except (ValueError, OverflowError, OSError):
        shown = str(date or seconds)[:40]
        raise PayloadError("bad_date", f"The date {shown!r} in {field} is not a date and time.", field) from None


def _stamps(raw: RawOrder) -> tuple[datetime, datetime]:
    placed = _moment(raw.createTimestamp, raw.createDate, "createDate")
    modified = _moment(raw.updateTimestamp, raw.updateDate, "updateDate")
    latest = modified or placed
    if latest is None:
        raise PayloadError("no_date", "The order does not say when it was changed.", "$.order.updateTimestamp")
    return placed or latest, latest


def _lines(raws: list[RawItem], money: _Money) -> tuple[IncomingLine, ...]:
    if len(raws) > MAX_LINES:
        message = f"The order has {len(raws)} lines; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.order.items")
    lines = []
    for position, raw in enumerate(raws):
        try:
            line = _line(raw, money)
        except PayloadError as error:
            path = f"$.order.items[{position}].{error.path}"
            raise PayloadError(error.code, f"Line {position + 1}: {error.message}", path) from None
        if line.quantity:
            lines.append(line)
        else:
            money.notes.append(f"Line {position + 1} ({line.name[:80]}) has the quantity 0 and was left out.")
    return tuple(lines)


def _line(raw: RawItem, money: _Money) -> IncomingLine:
    """There is no total of a line: it is price x quantity (so is the documented subtotal) less what was taken off."""
    quantity = values.quantity(raw.quantity)
    sku = str(raw.sku or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The SKU {sku[:40]!r}… has more than 100 characters.", "sku")
    before = (values.unit_price(raw.price, "price") * quantity).quantize(
        Decimal(1).scaleb(-money.digits), ROUND_HALF_UP
    )
    if before >= TOO_MUCH:
        raise PayloadError("bad_amount", "The line's price times its quantity is too large.", "price")
    tax = money.amount(raw.tax, "tax")
    if money.shared:
        tax -= sum((money.amount(each.taxOnShipping, "taxOnShipping") for each in raw.taxes or ()), ZERO)
    off = [money.amount(discount.total, "discounts.total") for discount in raw.discounts or ()]
    discount = money.amount(raw.couponAmount, "couponAmount") + sum(off, ZERO)
    included = money.inclusive and raw.taxAlreadyDeductedFromPrice is not True
    unit = raw.priceWithoutTax if included and raw.priceWithoutTax is not None else raw.price
    download = raw.digital is True and raw.isShippingRequired is False
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=values.name(raw.name, 300, "A product's name", money.notes),
        quantity=quantity,
        sku=sku,
        product_key=values.reference(raw.combinationId) or values.reference(raw.productId),
        unit_price=values.unit_price(unit, "price"),
        total=before - discount - (tax if included else ZERO),
        tax=tax,
        discount=discount,
        stocked=bool(sku) and not download and raw.giftCard is not True,
        metadata=_options(raw, money.notes),
    )


def _options(raw: RawItem, notes: list[str]) -> dict[str, Any]:
    pairs = [(option.name, option.value) for option in raw.selectedOptions or () if option.name and option.value]
    return values.metadata(pairs, notes) if pairs else {}


def _address(raw: RawPerson | list[Any] | str | None, label: str, email: str, notes: list[str]) -> IncomingAddress:
    if not isinstance(raw, RawPerson):
        if raw:
            notes.append(f"What stands for {label} is no address and was left out.")
        return IncomingAddress(email=email)
    first, last = raw.firstName, raw.lastName
    if not first and not last:
        first, _, last = (raw.name or "").strip().rpartition(" ")
    street, _, rest = (raw.street or "").replace("\r\n", "\n").partition("\n")
    return IncomingAddress(
        first_name=values.name(first, 100, "A first name", notes),
        last_name=values.name(last, 100, "A last name", notes),
        company=values.name(raw.companyName, 200, "A company name", notes),
        line_1=values.name(street, 200, "An address line", notes),
        line_2=values.name(rest.replace("\n", ", "), 200, "An address line", notes),
        city=values.name(raw.city, 100, "A city", notes),
        state=values.name(raw.stateOrProvinceName or raw.stateOrProvinceCode, 100, "A state", notes),
        postal_code=values.text(str(raw.postalCode), 20, "A postal code", notes) if raw.postalCode else "",
        country=values.country(raw.countryCode or raw.countryName, label, notes),
        phone=values.text(str(raw.phone), 40, "A phone number", notes) if raw.phone else "",
        email=email,
    )


def _metadata(raw: RawOrder, notes: list[str]) -> dict[str, Any]:
    """The extra fields by their titles or names, and what Ecwid says beside: only what is there."""
    pairs = [(str(extra.title or extra.id or ""), extra.value) for extra in raw.orderExtraFields or ()]
    pairs += list(raw.extraFields.items()) if isinstance(raw.extraFields, dict) else []
    pairs += [
        ("transaction_id", raw.externalTransactionId),
        ("coupon_codes", raw.discountCoupon.code if raw.discountCoupon else None),
        ("private_admin_notes", raw.privateAdminNotes),
        ("fulfillment_status", raw.fulfillmentStatus if status(raw.paymentStatus, None) in ALONE else None),
        ("tracking_number", raw.trackingNumber),
        ("gift_card_redemption", raw.giftCardRedemption),
        ("external_order_id", raw.externalOrderId),
        ("customer_tax_id", raw.customerTaxId),
    ]
    return values.metadata([(name, value) for name, value in pairs if name and value not in (None, "", 0)], notes)


class _BriefOrder(Struct, frozen=True):
    id: Any = None
    paymentStatus: Any = None
    fulfillmentStatus: Any = None
    updateTimestamp: Any = None


class _Brief(Struct):
    order: _BriefOrder = _BriefOrder()


_BRIEF = msgspec.json.Decoder(_Brief)
_ID = re.compile(rb'"id"\s*:\s*"([^"\\\x00-\x1f]{1,255})"')


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises. What cannot be decoded at all is searched for the first `"id"`, which Ecwid writes first."""
    try:
        brief = _BRIEF.decode(repaired(utf8(payload))).order
    except (ValueError, RecursionError):
        found = _ID.search(payload[:1000])
        return Identity(found[1].decode("utf-8", "replace") if found else "")
    try:
        external_id = values.identifier(brief.id)
    except PayloadError:
        external_id = ""
    try:
        modified_at = _moment(brief.updateTimestamp, None, "updateTimestamp")
    except PayloadError:
        modified_at = None
    code = status(brief.paymentStatus, brief.fulfillmentStatus)
    return Identity(external_id, external_id[:100], code, modified_at)
