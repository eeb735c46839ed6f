"""Orders as Magento 1 writes them: `sales_order.info` of OpenMage 20. Every value is a text or nothing.

What happens to them is the same as in Magento 2, which has their fields under newer names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integrations.simulator.catalogue import BUYERS
from integrations.simulator.dialects.dialect import number_of
from integrations.simulator.dialects.magento2 import orders as newer
from integrations.simulator.rendering import once
from integrations.simulator.sales import Amended, Sale, basket
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]

RENAMED = (
    ("shipping_discount_tax_compensation_amount", "shipping_hidden_tax_amount"),
    ("discount_tax_compensation", "hidden_tax"),
)
# What has no decimals in the database; everything else that is a number has four.
WHOLE = re.compile(r".*_id|is_.*|.*_is_guest|.*_count|free_shipping|no_discount|.*_notify|email_sent")
# Fields that this shop has nothing in.
EMPTY = (
    "applied_rule_ids", "can_ship_partially", "discount_canceled", "discount_invoiced", "subtotal_canceled",
    "base_discount_canceled", "base_discount_invoiced", "base_discount_refunded", "base_shipping_refunded",
    "base_tax_refunded", "base_total_canceled", "base_total_due", "base_total_paid", "base_total_refunded",
    "coupon_code", "coupon_rule_name", "customer_dob", "customer_firstname", "customer_gender", "customer_id",
    "customer_lastname", "customer_middlename", "customer_note", "customer_prefix", "customer_suffix",
    "customer_taxvat", "discount_description", "discount_refunded", "edit_increment", "ext_customer_id",
    "ext_order_id", "gift_cards", "gift_cards_amount", "gift_message_id", "gw_id", "gw_price", "gw_tax_amount",
    "gw_items_price", "gw_items_tax_amount", "gw_card_price", "gw_card_tax_amount", "customer_balance_amount",
    "reward_currency_amount", "hold_before_state", "hold_before_status", "original_increment_id", "relation_child_id",
    "relation_child_real_id", "relation_parent_id", "relation_parent_real_id", "shipping_canceled",
    "shipping_refunded", "subtotal_refunded", "tax_refunded", "total_canceled", "total_paid", "total_refunded",
    "x_forwarded_for",
)  # fmt: skip
ROW_EMPTY = (
    "additional_data",
    "applied_rule_ids",
    "description",
    "ext_order_item_id",
    "gift_message_id",
    "parent_item_id",
)
# The number of an order that replaces another one.
EDITED = re.compile(r"(\d+)-(\d+)", re.ASCII)
# What the shop keeps: the numbers of orders that were edited, and those of the orders that replaced them.
BECAME = "became"
# Not fields of the head.
PARTS = {"items", "billing_address", "payment", "status_histories", "extension_attributes", "entity_id"}


def increment_id(sale: Sale) -> str:
    """The first store's numbers begin with 1; an order that replaces another one has that one's, and a count."""
    return sale.number if EDITED.fullmatch(sale.number) else f"1{sale.id:08}"


def edit(shop: SimulatedShop, order_id: int, skus: Mapping[str, int]) -> Sale:
    """What *Edit* does in Magento's back office: the order is cancelled, and a new one replaces it."""
    with shop.lock:
        old = shop.sales[order_id]
        number, buyer = increment_id(old), BUYERS.index(basket(shop.seed, old).buyer)
        base, _, count = number.partition("-")
        new = shop.place(old.state(shop.now()).status, skus)
        new.number = f"{base}-{int(count or 0) + 1}"
        new.changes[0] = replace(new.changes[0], amended=Amended(buyer=buyer))
        shop.webhooks.kept.setdefault(BECAME, {})[number] = new.number
        shop.change(order_id, "cancelled")
        return new


def _relations(shop: SimulatedShop, sale: Sale) -> Json:
    """The orders before and after it, by their numbers and ids."""
    number = increment_id(sale)
    base, _, count = number.partition("-")
    before = f"{base}-{int(count) - 1}".removesuffix("-0") if count else ""
    after = shop.webhooks.kept.get(BECAME, {}).get(number, "")
    if not before and not after:
        return {}
    ids = {increment_id(each): str(each.id) for each in shop.sales.values()}
    return {
        "edit_increment": count or None,
        "original_increment_id": base if count else None,
        "relation_parent_id": ids.get(before),
        "relation_parent_real_id": before or None,
        "relation_child_id": ids.get(after),
        "relation_child_real_id": after or None,
    }


def external_id(shop: SimulatedShop, sale: Sale) -> str | None:
    return increment_id(sale) if number_of(shop, sale) else None


def _named(name: str) -> str:
    for new, old in RENAMED:
        name = name.replace(new, old)
    return name


def _texts(document: Json) -> Json:
    return {_named(name): _text(name, value) for name, value in document.items()}


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(int(value)) if WHOLE.fullmatch(name) else f"{value:.4f}"


@once
def order_head(shop: SimulatedShop, sale: Sale) -> Json:
    """As lists have it: without lines, addresses and payment."""
    order = newer.order_document(shop, sale)
    extras = order["extension_attributes"]
    wrapped = {name: value for name, value in extras.items() if name.startswith("gw_")}
    return {
        **dict.fromkeys(EMPTY),
        **_texts({name: value for name, value in order.items() if name not in PARTS}),
        **wrapped,
        "order_id": str(sale.id),
        "shipping_address_id": str(sale.id * 2 + 1),
        "paypal_ipn_customer_notified": "0",
        "increment_id": increment_id(sale),
        **_relations(shop, sale),
        "shipping_method": extras["shipping_assignments"][0]["shipping"]["method"],
        "delivery_slot": "morning",
    }


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    order = newer.order_document(shop, sale)
    shipping = order["extension_attributes"]["shipping_assignments"][0]["shipping"]
    return {
        **order_head(shop, sale),
        "shipping_address": _address(shipping["address"]),
        "billing_address": _address(order["billing_address"]),
        "items": [_row(row) for row in order["items"]],
        "payment": _payment(order["payment"]),
        "status_history": [_entry(entry, order["payment"]) for entry in order["status_histories"]],
    }


def _address(address: Json) -> Json:
    names = ("company", "fax", "middlename", "prefix", "region", "region_id", "suffix", "vat_id", "customer_id",
             "customer_address_id", "quote_address_id")  # fmt: skip
    return {
        **dict.fromkeys(names),
        **_texts({name: value for name, value in address.items() if name not in ("entity_id", "street")}),
        "street": "\n".join(address["street"]),
        "address_id": str(address["entity_id"]),
    }


def _row(row: Json) -> Json:
    plain = {name: value for name, value in row.items() if name != "parent_item"}
    options = 'a:1:{s:15:"info_buyRequest";a:1:{s:3:"qty";s:1:"1";}}'
    return {
        **dict.fromkeys(ROW_EMPTY),
        **_texts(plain),
        "product_options": options,
        "weight": "1.0000",
        "weee_tax_applied": "a:0:{}",
    }


def _payment(payment: Json) -> Json:
    names = ("last_trans_id", "po_number", "cc_last4", "cc_type", "amount_paid", "amount_refunded")
    given = {name: payment.get(name) for name in ("method", "last_trans_id", "amount_ordered", "base_amount_ordered")}
    return {
        **dict.fromkeys(names),
        **_texts(given),
        "additional_information": [],
        "parent_id": str(payment["parent_id"]),
        "payment_id": str(payment["entity_id"]),
    }


def _entry(entry: Json, payment: Json) -> Json:
    """Entries have no id here. A module of payment says what it has done."""
    paid = entry["status"] == "processing" and payment.get("last_trans_id") and not entry["comment"]
    told = {name: entry[name] for name in ("parent_id", "is_customer_notified", "is_visible_on_front", "status")}
    return {
        **_texts(told),
        "comment": f"Captured amount online. Transaction ID: {payment['last_trans_id']}." if paid else entry["comment"],
        "created_at": entry["created_at"],
        "entity_name": entry["entity_name"],
        "store_id": "1",
    }
