"""A PrestaShop order, read into the normalised order. See `orders.py` for the document and `shapes.py` for its parts.

What matters (8.2.1): `total_paid` is what is owed, `total_paid_real` what has come in; lines are before vouchers, which
are taken off the order as a whole (`total_discounts`, free shipping included), so here they and the wrapping are its
fees; totals may be off by a cent; several orders of one cart share a reference; stamps are local, without a zone.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import local_times, stamps, values
from integrations.connectors.kit.comments import comment, comments
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from integrations.connectors.prestashop.shapes import (
    Brief,
    Document,
    RawAddress,
    RawDetail,
    RawMessage,
    RawParts,
    RawRow,
    RawSlipParts,
)
from orders.intake.incoming import ZERO, IncomingAddress, IncomingComment, IncomingLine, IncomingOrder

TOO_MUCH = Decimal(10) ** 10
NO_DATE = "0000-00-00"
NOTHING: tuple[Any, ...] = (None, "", "0", 0, [])
_DOCUMENT = msgspec.json.Decoder(Document)


class Reading(OrderReading):
    """Amounts as PrestaShop has them: net and gross beside each other."""

    def pair(self, net: Number, gross: Number, field: str) -> tuple[Decimal, Decimal]:
        """Net and tax; no tax where only the gross amount is told."""
        taxed = self.amount(gross, f"{field}_tax_incl")
        untaxed = taxed if net in (None, "") else self.amount(net, f"{field}_tax_excl")
        return untaxed, taxed - untaxed

    def exact(self, value: Number, quantity: int, field: str) -> Decimal:
        """The amount of a line: six decimals are usual, so rounding goes without a note."""
        amount = values.unit_price(value, field) * quantity
        if abs(amount) >= TOO_MUCH:
            raise PayloadError("bad_amount", "The line's amount is too large.", field)
        return amount.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    document = reading.document(_DOCUMENT)
    raw = document.order
    external_id = values.identifier(raw.id)
    _currency(document, shop, reading)
    owed = raw.total_paid_tax_incl if raw.total_paid is None else raw.total_paid
    total = reading.total(owed, "$.order.total_paid")
    placed_at, modified_at = stamps.placed_and_modified(
        _moment(raw.date_add, shop.zone, "date_add"), _modified(raw.date_upd, shop.zone), "$.order.date_upd"
    )
    shipping_total, shipping_tax = reading.pair(
        raw.total_shipping_tax_excl, raw.total_shipping_tax_incl, "total_shipping"
    )
    wrapping, wrapping_tax = reading.pair(raw.total_wrapping_tax_excl, raw.total_wrapping_tax_incl, "total_wrapping")
    discount, discount_tax = reading.pair(raw.total_discounts_tax_excl, raw.total_discounts_tax_incl, "total_discounts")
    email = reading.email(document.customer.email, "The customer's e-mail") if document.customer else ""
    billing = _address(document, raw.id_address_invoice, "the billing address", email, reading)
    carrier = document.carrier
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(raw.reference or external_id),
        status=status(raw.current_state),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=_lines(document, reading),
        tax_total=reading.pair(raw.total_paid_tax_excl, raw.total_paid_tax_incl, "total_paid")[1],
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=wrapping - discount,
        fee_tax=wrapping_tax - discount_tax,
        fee_title=reading.fee_title(
            ("Gift wrapping", wrapping), *((each.name, discount) for each in document.vouchers or ())
        ),
        discount_total=discount,
        refunded_total=_refunded(document, reading),
        paid_at=_paid_at(document, total, shop.zone, reading),
        payment_code=reading.payment_code(raw.module),
        payment_title=reading.payment_title(raw.payment),
        shipping_code=values.reference(carrier.id_reference) or values.reference(carrier.id) if carrier else "",
        # "0" stands for the shop's own name.
        shipping_title=reading.shipping_title(carrier.name if carrier.name != "0" else None) if carrier else "",
        buyer_key="" if document.customer and document.customer.is_guest in ("1", 1, True) else _id(raw.id_customer),
        email=email,
        phone=billing.phone,
        billing=billing,
        shipping=_address(document, raw.id_address_delivery, "the delivery address", "", reading),
        note=_note(document, reading),
        metadata=_metadata(document, total, reading),
        comments=_comments(document, placed_at, shop.zone, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order)


def status(value: Any) -> str:
    """The id of the state as text: names differ by language, and shops change them. "" for none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value).strip()[:100]


def _id(value: Any) -> str:
    return values.reference(value) if isinstance(value, int | str) else ""


def _currency(document: Document, shop: Shop, reading: Reading) -> None:
    """Of an order that names one by its id, no other may be assumed."""
    number = _id(document.order.id_currency)
    if number and not document.currency:
        message = f"The shop does not tell which currency has the id {number[:20]}; it may be deleted there."
        raise PayloadError("unknown_currency", message, "$.order.id_currency")
    reading.in_currency(shop, document.currency, path="$.order.id_currency")


def _moment(value: str | None, zone: ZoneInfo, field: str) -> datetime | None:
    """Of the hour that comes twice, when the clock is put back, the first."""
    return local_times.earliest(value, zone, field) if value and not value.startswith(NO_DATE) else None


def _modified(value: str | None, zone: ZoneInfo) -> datetime | None:
    """Of the hour that comes twice the end, so that no change seems older than the one before it."""
    return local_times.latest(value, zone, "date_upd") if value and not value.startswith(NO_DATE) else None


def _lines(document: Document, reading: Reading) -> tuple[IncomingLine, ...]:
    parts = document.order.associations
    details = {str(detail.id): detail for detail in document.details or ()}
    units = _units(document, reading)

    def read(row: RawRow) -> IncomingLine:
        return _line(row, details.get(str(row.id)) or RawDetail(), units, reading)

    rows = parts.order_rows if isinstance(parts, RawParts) else None
    return reading.lines(rows, read, "$.order.associations.order_rows")


def _line(row: RawRow, detail: RawDetail, units: Mapping[str, int], reading: Reading) -> IncomingLine:
    """Its totals are the shop's own; only where it does not tell them they are the price times the quantity."""
    quantity, sku = values.quantity(row.product_quantity), values.sku(row.product_reference)
    ean = values.ean(row.product_ean13, row.product_upc)
    if detail.total_price_tax_excl in NOTHING:
        net = reading.exact(row.unit_price_tax_excl, quantity, "unit_price_tax_excl")
        gross = reading.exact(row.unit_price_tax_incl, quantity, "unit_price_tax_incl")
    else:
        net = reading.exact(detail.total_price_tax_excl, 1, "total_price_tax_excl")
        gross = reading.exact(detail.total_price_tax_incl, 1, "total_price_tax_incl")
    product, variation = _id(row.product_id), _id(row.product_attribute_id)
    ecotax = reading.exact(detail.ecotax, 1, "ecotax")
    return IncomingLine(
        key=values.identifier(row.id)[:100],
        name=reading.product(row.product_name),
        quantity=quantity,
        sku=sku,
        ean=ean,
        product_key=f"{product}-{variation}" if product and variation else product,
        unit_price=values.unit_price(row.unit_price_tax_excl, "unit_price_tax_excl"),
        total=net,
        tax=gross - net,
        tax_code=_id(detail.id_tax_rules_group),
        refunded=min(quantity, units.get(str(row.id), 0)),
        stocked=bool(sku or ean) and not detail.download_hash,
        # Within the price.
        metadata={"ecotax": str(ecotax)} if ecotax else {},
    )


def _units(document: Document, reading: Reading) -> dict[str, int]:
    """How many units of each line were paid back, by its id."""
    found: dict[str, int] = {}
    for slip in document.slips or ():
        parts = slip.associations
        for line in (parts.order_slip_details or ()) if isinstance(parts, RawSlipParts) else ():
            count = reading.optional(values.quantity, line.product_quantity, "order_slip_details.product_quantity")
            key = str(line.id_order_detail)
            found[key] = found.get(key, 0) + (count or 0)
    return found


def _refunded(document: Document, reading: Reading) -> Decimal:
    """With tax. A chosen amount stands for the products; 1.5 filled neither total, only `amount` and the shipping's."""
    refunded = ZERO
    for slip in document.slips or ():
        goods = reading.amount(slip.total_products_tax_incl, "order_slip.total_products_tax_incl")
        amount = reading.amount(slip.amount, "order_slip.amount")
        if amount not in (ZERO, reading.amount(slip.total_products_tax_excl, "order_slip.total_products_tax_excl")):
            goods = amount
        shipping = reading.amount(slip.total_shipping_tax_incl, "order_slip.total_shipping_tax_incl")
        refunded += goods + (shipping or reading.amount(slip.shipping_cost_amount, "order_slip.shipping_cost_amount"))
    return refunded


def _paid_at(document: Document, total: Decimal, zone: ZoneInfo, reading: Reading) -> datetime | None:
    """When the last payment came in, once there is enough; payments of a shared reference may be another order's."""
    if reading.amount(document.order.total_paid_real, "total_paid_real") < total or not document.payments:
        return None
    dates = [reading.optional(_moment, each.date_add, zone, "order_payments.date_add") for each in document.payments]
    return max((date for date in dates if date is not None), default=None)


def _address(document: Document, number: Any, what: str, email: str, reading: Reading) -> IncomingAddress:
    raw = _addressed(document, number)
    if raw is None and number not in NOTHING:
        reading.notes.append(f"The shop does not have {what} any more; it was left out.")
    return reading.address(raw, what, email)


def _addressed(document: Document, number: Any) -> RawAddress | None:
    return next((each for each in document.addresses or () if str(each.id) == str(number)), None)


def _note(document: Document, reading: Reading) -> str:
    """What the buyer wrote, to the shop and on the gift."""
    told = [each.message.strip() for each in document.messages or () if each.message and _is_buyers(each)]
    gift = (document.order.gift_message or "").strip()
    return reading.buyers_note("\n".join([*told, f"On the gift: {gift}"] if told and gift else told or [gift]))


def _is_buyers(message: RawMessage) -> bool:
    return message.private in NOTHING and message.id_employee in NOTHING


def _comments(document: Document, placed_at: datetime, zone: ZoneInfo, reading: Reading) -> tuple[IncomingComment, ...]:
    """What the shop's people wrote, to the buyer and to each other, and what the buyer wrote after the order.

    PrestaShop copies the note of the order into a conversation of its own (`PaymentModule::validateOrder`).
    """
    noted = [_plain(each) for each in document.messages or () if _is_buyers(each)]
    told = [("message", each) for each in document.messages or () if not _is_buyers(each)]
    for each in document.said or ():
        if _is_buyers(each) and _plain(each) in noted:
            noted.remove(_plain(each))
        else:
            told.append(("customer-message", each))
    return comments(
        reading,
        (
            comment(
                reading,
                f"{kind}-{_id(each.id)}",
                (reading.optional(local_times.earliest, each.date_add, zone, "date_add") if each.date_add else None)
                or placed_at,
                each.message,
                _author(each),
            )
            for kind, each in told
        ),
    )


def _plain(message: RawMessage) -> str:
    return " ".join(html.unescape(message.message or "").split())


def _author(message: RawMessage) -> str:
    if message.private not in NOTHING:
        return "Staff, private"
    return "Customer" if message.id_employee in NOTHING else "Staff"


def _metadata(document: Document, total: Decimal, reading: Reading) -> dict[str, Any]:
    """What PrestaShop says beside: only what is there."""
    raw = document.order
    billing = _addressed(document, raw.id_address_invoice) or RawAddress()
    received = reading.amount(raw.total_paid_real, "total_paid_real")
    abroad = raw.conversion_rate not in (None, "") and values.unit_price(raw.conversion_rate, "conversion_rate") != 1
    transactions = dict.fromkeys(each.transaction_id for each in document.payments or () if each.transaction_id)
    pairs: list[tuple[str, Any]] = [
        ("transaction_id", ", ".join(transactions)),
        ("vouchers", ", ".join(each.name for each in document.vouchers or () if each.name)),
        ("total_paid_real", str(received) if received and received != total else None),
        ("conversion_rate", raw.conversion_rate if abroad else None),
        ("gift", "yes" if raw.gift not in NOTHING else None),
        ("invoice_number", raw.invoice_number),
        ("shipping_number", raw.shipping_number),
        ("staff_note", raw.note),
        ("vat_number", billing.vat_number),
        ("identification_number", billing.dni),
        ("address_note", (_addressed(document, raw.id_address_delivery) or billing).other),
    ]
    return reading.metadata(pairs, empty=NOTHING)


@lru_cache(maxsize=64)
def _identifying(zone: ZoneInfo) -> Any:
    # PrestaShop writes the id first.
    return identifying(
        Brief,
        rb'"id"\s*:\s*"?(\d{1,30})\b',
        external_id=lambda brief: values.identifier(brief.id),
        number=lambda brief: brief.reference or None,
        status=lambda brief: status(brief.current_state),
        modified_at=lambda brief: _modified(brief.date_upd, zone),
        within="order",
    )


def identify(payload: bytes, shop: Shop) -> Identity:
    identity: Identity = _identifying(shop.zone)(payload, shop)
    return identity
