"""A Magento 2 order, read into the normalised order.

What matters (schemas of 2.4.9; observed on 2.4.7): amounts without `base_` are in `order_currency_code`, the currency
the buyer saw and pays; `row_total` and `shipping_amount` are net and before discounts, taxes are after them; the
`discount_amount` of the order is negative and holds that of shipping, those of rows are positive; stamps are UTC
without a zone; `grand_total` is what is left after gift cards, store credit and points, and holds fees of plugins that
no other field names; `total_paid`, names and others are left out, not null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.json_answers import label, objects, part
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.magento2.history import moment, said
from integrations.connectors.magento2.lines import Reading, lines
from integrations.connectors.magento2.shapes import RawAddress, RawExtras, RawOrder
from integrations.connectors.magento2.status import LABELS, Brief, is_off, status
from orders.intake.incoming import EDITED_FROM, EDITED_TO, ZERO, IncomingAddress, IncomingLine, IncomingOrder

WRAPPINGS = ("gw", "gw_items", "gw_card")
# Extension attributes that are read elsewhere, or are the same in another currency or at another time.
_COUNTED = re.compile("|".join((*RawExtras.__struct_fields__, "gw_.*", "base_.*", ".*_invoiced", ".*_refunded")))
_ORDER = msgspec.json.Decoder(RawOrder)
_brief = lenient(Brief)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    raw = reading.document(_ORDER)
    return normalised(raw, _brief(payload), reading, shop, values.identifier(raw.entity_id, "entity_id"))


def normalised(
    raw: RawOrder,
    brief: Brief,
    reading: Reading,
    shop: Shop,
    external_id: str,
    more: Sequence[tuple[str, Any]] = (),
) -> IncomingOrder:
    """The order that was read into its shape and is called `external_id`; `more` metadata. Raises PayloadError."""
    reading.in_currency(shop, raw.order_currency_code, path="$.order_currency_code")
    total = reading.total(raw.grand_total, "$.grand_total")
    placed_at, modified_at = stamps.placed_and_modified(
        moment(raw.created_at, "created_at"), moment(raw.updated_at, "updated_at"), "$.updated_at"
    )
    email = reading.email(raw.customer_email, "The buyer's e-mail")
    billing = reading.address(raw.billing_address, "the billing address", email or None)
    sold = lines(raw.items, reading, off=is_off(brief))
    shipping_tax = reading.amount(raw.shipping_tax_amount, "shipping_tax_amount")
    fee_total, fee_tax = _fees(raw, reading, sold, shipping_tax)
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(raw.increment_id or external_id),
        status=status(brief),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=sold,
        tax_total=reading.amount(raw.tax_amount, "tax_amount"),
        shipping_total=_shipping_total(raw, reading),
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        fee_title=reading.fee_title(("Gift wrapping", fee_total)),
        discount_total=abs(reading.amount(raw.discount_amount, "discount_amount")),
        refunded_total=reading.amount(raw.total_refunded, "total_refunded"),
        payment_code=reading.payment_code(raw.paid_by.method),
        payment_title=reading.payment_title(_payment_title(raw)),
        shipping_code=reading.shipping_code(next((each.method for each in raw.shippings), None)),
        shipping_title=reading.shipping_title(raw.shipping_description),
        buyer_key=values.reference(raw.customer_id),
        email=email or billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=_delivery(raw, reading),
        note=reading.buyers_note(raw.customer_note),
        metadata=_metadata(raw, brief, reading, more),
        comments=said(raw.status_histories, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order, lambda: _named(raw, reading))


def _named(raw: RawOrder, reading: Reading) -> Iterator[tuple[str, Decimal]]:
    """What pays a part; Adobe Commerce takes it off the grand total."""
    yield "Gift card", -_paid_by_cards(raw, reading)
    yield "Store credit", -reading.amount(raw.extras.customer_balance_amount, "customer_balance_amount")
    yield "Reward points", -reading.amount(raw.extras.reward_currency_amount, "reward_currency_amount")


def _shipping_total(raw: RawOrder, reading: Reading) -> Decimal:
    """Net, after the part of the discount that is shipping's."""
    return (
        reading.amount(raw.shipping_amount, "shipping_amount")
        - reading.amount(raw.shipping_discount_amount, "shipping_discount_amount")
        + reading.amount(raw.shipping_discount_tax_compensation_amount, "shipping_discount_tax_compensation_amount")
    )


def _fees(
    raw: RawOrder, reading: Reading, sold: tuple[IncomingLine, ...], shipping_tax: Decimal
) -> tuple[Decimal, Decimal]:
    """Gift wrapping; and the tax on fixed product taxes, which stands in the order's tax alone."""
    net = reading.sum([getattr(raw.extras, f"{name}_price") for name in WRAPPINGS], "gw_price")
    tax = reading.sum([getattr(raw.extras, f"{name}_tax_amount") for name in WRAPPINGS], "gw_tax_amount")
    if any(row.weee_tax_applied_row_amount for row in raw.items or ()):
        told = sum((line.tax for line in sold), ZERO) + shipping_tax + tax
        tax += max(ZERO, reading.amount(raw.tax_amount, "tax_amount") - told)
    return net, tax


def _paid_by_cards(raw: RawOrder, reading: Reading) -> Decimal:
    if raw.extras.gift_cards_amount is not None:
        return reading.amount(raw.extras.gift_cards_amount, "gift_cards_amount")
    each = [card.get("amount") for card in objects(raw.extras.gift_cards)]
    return reading.optional(reading.sum, each, "gift_cards.amount") or ZERO


def _payment_title(raw: RawOrder) -> str | None:
    """By name, or else the first of a list without names, which has the title first where it is short."""
    for info in objects(raw.extras.payment_additional_info):
        if info.get("key") == "method_title" and isinstance(info.get("value"), str):
            return str(info["value"])
    listed = raw.paid_by.additional_information
    title = listed[0] if isinstance(listed, list) and 0 < len(listed) <= 2 else None
    return title if isinstance(title, str) else raw.paid_by.method


def _delivery(raw: RawOrder, reading: Reading) -> IncomingAddress:
    places = [each.address for each in raw.shippings if each.address]
    if len(places) > 1:
        reading.notes.append(f"The order goes to {len(places)} addresses; only the first was read.")
    return reading.address(places[0], "the delivery address") if places else IncomingAddress()


def _metadata(raw: RawOrder, brief: Brief, reading: Reading, more: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """What plugins add under names of their own, and what Magento says beside: only what is there."""
    extras = part(brief.extension_attributes)
    pairs = [(name, value) for name, value in extras.items() if not _COUNTED.fullmatch(name)]
    pairs = [(name, value) for name, value in pairs if isinstance(value, str | int | float)]
    foreign = raw.base_currency_code not in (None, raw.order_currency_code)
    vat_id = raw.billing_address.vat_id if isinstance(raw.billing_address, RawAddress) else None
    cards = objects(raw.extras.gift_cards)
    paid_by_cards = raw.extras.gift_cards_amount
    if cards and paid_by_cards is None:
        paid_by_cards = str(_paid_by_cards(raw, reading) or "")
    known = str(brief.status) in LABELS or brief.status == brief.state
    pairs += [
        ("gift_message", label(part(extras, "gift_message").get("message"))),
        ("transaction_id", raw.paid_by.last_trans_id),
        ("purchase_order", raw.paid_by.po_number),
        ("coupon_codes", raw.coupon_code),
        ("state", None if known or not isinstance(brief.state, str) else brief.state),
        ("gift_cards_amount", paid_by_cards),
        ("gift_card_codes", ", ".join(str(card["code"]) for card in cards if card.get("code"))),
        ("store_credit_amount", raw.extras.customer_balance_amount),
        ("reward_points_amount", raw.extras.reward_currency_amount),
        ("total_paid", raw.total_paid if raw.total_paid != raw.grand_total else None),
        ("base_currency", raw.base_currency_code if foreign else None),
        ("base_grand_total", raw.base_grand_total if foreign else None),
        ("base_to_order_rate", raw.base_to_order_rate if foreign else None),
        ("store_id", raw.store_id),
        ("store_name", " / ".join((raw.store_name or "").split("\n"))),
        ("customer_tax_id", raw.customer_taxvat or vat_id),
        ("external_order_id", raw.ext_order_id),
        (EDITED_FROM, raw.relation_parent_real_id),
        (EDITED_TO, raw.relation_child_real_id),
        *more,
    ]
    return reading.metadata(pairs, empty=(None, "", 0, "0", "0.0000"))


# The fields of an order come by name, its rows and addresses behind them.
identify = identifying(
    Brief,
    rb'"entity_id"\s*:\s*"?(\d{1,30})\b',
    external_id=lambda brief: values.identifier(brief.entity_id),
    number=lambda brief: brief.increment_id,
    status=status,
    modified_at=lambda brief: moment(brief.updated_at, "updated_at"),
    searched=4000,
)
