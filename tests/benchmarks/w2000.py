"""W2000: 2,000 distinct orders of 5 lines over 500 SKUs, in WooCommerce's wire format."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

ORDERS, LINES, SKUS = 2_000, 5, 500
FIRST_NAMES = ("Jana", "Zoë", "Łukasz", "Anna", "Jörg", "Márta", "Peter", "Siobhán", "Émile", "Ivan")
LAST_NAMES = ("Nováková", "Müller", "Kowalska", "Smith", "O'Neill", "Horváth", "Dvořák", "García", "Jensen", "Rossi")
START = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def skus() -> tuple[str, ...]:
    return tuple(f"SKU-{number:04d}" for number in range(SKUS))


@cache
def payloads() -> list[bytes]:
    """The orders as a shop would send them, one JSON document each. Made once: a dozen test modules want some."""
    chance = random.Random(2000)
    return [json.dumps(_order(number, chance), ensure_ascii=False).encode() for number in range(1, ORDERS + 1)]


def _order(number: int, chance: random.Random) -> dict[str, Any]:
    placed = START + timedelta(minutes=7 * number)
    lines = [_line(number * 10 + index, sku, chance) for index, sku in enumerate(chance.sample(skus(), LINES))]
    goods = sum(Decimal(line["total"]) for line in lines)
    tax = sum(Decimal(line["total_tax"]) for line in lines)
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    address = {
        "first_name": first, "last_name": last, "company": "", "address_1": f"Long Street {number}", "address_2": "",
        "city": "Brno", "state": "", "postcode": "602 00", "country": "CZ",
    }  # fmt: skip
    return {
        "id": 10_000 + number, "parent_id": 0, "status": "processing", "currency": "EUR", "version": "11.0.1",
        "prices_include_tax": False, "number": str(10_000 + number),
        "date_created": f"{placed:%Y-%m-%dT%H:%M:%S}", "date_modified": f"{placed:%Y-%m-%dT%H:%M:%S}",
        "date_created_gmt": f"{placed:%Y-%m-%dT%H:%M:%S}", "date_modified_gmt": f"{placed:%Y-%m-%dT%H:%M:%S}",
        "date_paid_gmt": f"{placed:%Y-%m-%dT%H:%M:%S}", "date_paid": f"{placed:%Y-%m-%dT%H:%M:%S}",
        "discount_total": "0.00", "discount_tax": "0.00", "shipping_total": "4.00", "shipping_tax": "0.84",
        "cart_tax": str(tax), "total": str(goods + tax + Decimal("4.84")), "total_tax": str(tax + Decimal("0.84")),
        "customer_id": number, "order_key": f"wc_order_{number:08x}", "payment_method": "stripe",
        "payment_method_title": "Card", "transaction_id": f"ch_{number:016x}", "customer_note": "", "cart_hash": "",
        "billing": address | {"email": f"{first}.{number}@mail.example".lower(), "phone": f"+420 777 {number:06d}"},
        "shipping": address | {"phone": ""},
        "meta_data": [{"id": key, "key": f"key_{key}", "value": f"value {key} of {number}"} for key in range(10)],
        "line_items": lines, "tax_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": [],
        "shipping_lines": [
            {"id": number, "method_title": "Parcel", "method_id": "flat_rate", "instance_id": "1", "total": "4.00",
             "total_tax": "0.84", "taxes": [], "meta_data": []}
        ],
    }  # fmt: skip


def _line(key: int, sku: str, chance: random.Random) -> dict[str, Any]:
    quantity = chance.randint(1, 3)
    price = Decimal(chance.randint(100, 9_999)) / 100
    total = price * quantity
    tax = (total * Decimal("0.21")).quantize(Decimal("0.01"))
    return {
        "id": key, "name": f"Product {sku}", "product_id": int(sku[4:]) + 1, "variation_id": 0, "quantity": quantity,
        "tax_class": "", "subtotal": f"{total:.2f}", "subtotal_tax": f"{tax:.2f}", "total": f"{total:.2f}",
        "total_tax": f"{tax:.2f}", "taxes": [], "meta_data": [], "sku": sku, "price": float(price), "image": None,
        "parent_name": None,
    }  # fmt: skip
