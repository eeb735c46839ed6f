"""Orders as Magento 2 writes them (schema "sales-data-order-interface" of 2.4.9; observed on 2.4.7).

Amounts are JSON numbers, whole ones without a point, some with noise. What is nothing has no key.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.simulator.catalogue import SHIRT, Buyer
from integrations.simulator.dialects.prices import Priced, PricedLine, priced, rounded
from integrations.simulator.records import ToldNote
from integrations.simulator.rendering import once
from integrations.simulator.sales import Amended, Change, Sale
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.writing import left

Json = dict[str, Any]

# (status, state)
STATUSES = {
    "pending": ("pending_payment", "pending_payment"),
    "processing": ("processing", "processing"),
    "on-hold": ("holded", "holded"),
    "completed": ("complete", "complete"),
    "cancelled": ("canceled", "canceled"),
    "failed": ("canceled", "canceled"),
    "refunded": ("closed", "closed"),
}
PAYMENTS = {"stripe": "stripe_payments", "bacs": "banktransfer", "cod": "cashondelivery", "paypal": "paypal_express"}
DELIVERIES = {
    "flat_rate": "flatrate_flatrate",
    "local_pickup": "instore_pickup",
    "free_shipping": "freeshipping_freeshipping",
}
NOISE = 1e-13
# Ids of comments that were written, behind those of the shop's own.
FIRST_COMMENT = 10**7


def status_of(status: str) -> tuple[str, str]:
    """A status of a plugin's own has the state of an order that is worked on."""
    return STATUSES.get(status, ("waiting_for_parts", "processing"))


def updated_at(sale: Sale, now: datetime) -> datetime:
    """Moved by everything but a change of nothing else than the addresses (observed on 2.4.7)."""
    at = status = None
    for change in sale.changes:
        amended = change.amended
        addresses = amended is not None and amended == Amended(buyer=amended.buyer)
        if change.at <= now and not (addresses and change.status == status and not change.refund):
            at = change.at
        status = change.status
    return at or sale.placed_at


def increment_id(sale: Sale) -> str:
    return f"{sale.id:09}"


def line_id(sale: Sale, place: int) -> int:
    """Of what was bought; what is in it has the next one."""
    return sale.id * 20 + place * 2


def product_id(shop: SimulatedShop, key: int) -> int:
    return key + 10 * (shop.seed % 1000)


def number(amount: Decimal, noise: float = 0) -> float | int:
    return int(amount) if amount == amount.to_integral_value() else float(amount) + noise


def _both(name: str, amount: Decimal) -> Json:
    """In the base currency of the shop, and in the order's, which is the same here."""
    return {f"base_{name}": number(amount), name: number(amount)}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _there(document: Json) -> Json:
    return {name: value for name, value in document.items() if value is not None}


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    now = shop.now()
    state, cost = sale.state(now), priced(shop, sale)
    goods, paid = cost.goods, sale.paid_at(now) is not None
    status, phase = status_of(state.status)
    refunds = sale.refunds(now)
    back = sum((rounded(shop, cost.total * Decimal(str(change.refund))) for change in refunds), Decimal(0))
    before = sum((line.before for line in cost.lines), Decimal(0))
    items = _items(shop, sale, cost, state, refunds)
    return _there(
        {
            **_amounts(cost, before),
            "base_currency_code": shop.currency,
            "base_to_global_rate": 1,
            "base_to_order_rate": 1,
            "billing_address_id": sale.id * 2,
            "coupon_code": goods.coupon or None,
            "created_at": _stamp(sale.placed_at),
            "customer_email": goods.buyer.email,
            "customer_firstname": None if goods.guest else goods.buyer.first_name,
            "customer_group_id": 0 if goods.guest else 1,
            "customer_id": None if goods.guest else 1 + sum(map(ord, goods.buyer.last_name)) % 900,
            "customer_is_guest": int(goods.guest),
            "customer_lastname": None if goods.guest else goods.buyer.last_name,
            "customer_note": goods.note or None,
            "customer_note_notify": 1,
            "discount_description": goods.coupon or None,
            "email_sent": 1,
            "entity_id": sale.id,
            "global_currency_code": shop.currency,
            "increment_id": increment_id(sale),
            "is_virtual": 0,
            "order_currency_code": shop.currency,
            "protect_code": "0f3b5d",
            "quote_id": sale.id,
            "remote_ip": "203.0.113.7",
            "shipping_description": goods.delivery[1],
            "state": phase,
            "status": status,
            "store_currency_code": shop.currency,
            "store_id": 1,
            "store_name": "Main Website\nMain Website Store\nDefault Store View",
            "store_to_base_rate": 0,
            "store_to_order_rate": 0,
            "total_item_count": len(cost.lines),
            "total_paid": number(cost.total) if paid else None,
            "total_qty_ordered": sum(line.item.quantity for line in cost.lines),
            "total_refunded": number(back) if back else None,
            "updated_at": _stamp(updated_at(sale, now)),
            "weight": 0,
            "items": items,
            "billing_address": _address(goods.buyer, sale, "billing"),
            "payment": _payment(sale, cost, paid),
            "status_histories": [
                *(_comment(note, status) for note in reversed(shop.records.notes) if note.order == sale.id),
                *(_history(sale, change) for change in reversed(sale.changes) if change.at <= now),
            ],
            "extension_attributes": _extras(sale, cost, items),
        }
    )


def _amounts(cost: Priced, before: Decimal) -> Json:
    """No core module has a fee for cash on delivery: it comes as gift wrapping of Adobe Commerce."""
    discount = sum((line.discount for line in cost.lines), Decimal(0))
    amounts = {
        "discount_amount": -discount,
        "discount_tax_compensation_amount": Decimal(0),
        "grand_total": cost.total,
        "shipping_amount": cost.shipping,
        "shipping_discount_amount": Decimal(0),
        "shipping_discount_tax_compensation_amount": Decimal(0),
        "shipping_incl_tax": cost.shipping + cost.shipping_tax,
        "shipping_tax_amount": cost.shipping_tax,
        "subtotal": before,
        "subtotal_incl_tax": before + sum((line.tax for line in cost.lines), Decimal(0)),
        "tax_amount": cost.tax,
        "total_due": Decimal(0),
    }
    return {name: value for each, amount in amounts.items() for name, value in _both(each, amount).items()}


def _items(shop: SimulatedShop, sale: Sale, cost: Priced, state: Change, refunds: list[Change]) -> list[Json]:
    """A variant comes twice: as the configurable product that was bought, and as what is in it."""
    share = min(Decimal(1), sum((Decimal(str(change.refund)) for change in refunds), Decimal(0)))
    rows: list[Json] = []
    for position, line in enumerate(cost.lines):
        row = _row(shop, sale, position, line, state, share)
        product = line.item.product
        if product.parent is None:
            rows.append(row | {"product_type": "simple" if product.sku else "virtual"})
            continue
        parent = row | {"product_type": "configurable", "product_id": product_id(shop, SHIRT)}
        rows += [parent, _child(row, parent, f"{product.name}-{product.option}")]
    return rows


def _row(shop: SimulatedShop, sale: Sale, position: int, line: PricedLine, state: Change, share: Decimal) -> Json:
    """A deleted product leaves its SKU, its name and its id here."""
    product, quantity = line.item.product, line.item.quantity
    told = any(shop.records.of(sale.id))
    sent = quantity if state.status == "refunded" and not told else quantity - left(shop, sale)[position]
    back, tax = int(quantity * share), line.tax
    return {
        "amount_refunded": number(rounded(shop, line.net * share)),
        **_both("discount_amount", line.discount),
        **_both("discount_tax_compensation_amount", Decimal(0)),
        **_both("original_price", line.unit),
        **_both("row_total", line.before),
        **_both("row_total_incl_tax", line.before + tax),
        **_both("tax_amount", tax),
        "base_price": number(line.unit),
        "created_at": _stamp(sale.placed_at),
        "discount_percent": 10 if line.discount else 0,
        "free_shipping": 0,
        "is_qty_decimal": 0,
        "is_virtual": 0 if product.sku else 1,
        "item_id": line_id(sale, position),
        "name": product.name,
        "no_discount": 0,
        "order_id": sale.id,
        "price": number(line.unit, NOISE),
        "price_incl_tax": number(line.unit),
        "product_id": product_id(shop, product.key),
        "qty_canceled": quantity if state.status in {"cancelled", "failed"} else 0,
        "qty_invoiced": quantity if state.status in {"processing", "completed", "refunded"} else 0,
        "qty_ordered": quantity,
        "qty_refunded": back,
        "qty_shipped": sent,
        "quote_item_id": sale.id * 20 + position,
        "row_weight": 0,
        "sku": product.sku or f"service-{product.key}",
        "store_id": 1,
        "tax_percent": 21 if tax else 0,
        "updated_at": _stamp(sale.placed_at),
    }


def _child(row: Json, parent: Json, name: str) -> Json:
    """The same SKU at the price 0, with all of the parent inside."""
    free = {key: 0 for key in row if key.endswith(("amount", "price", "total", "_tax", "_refunded"))}
    return {
        **row, **free, "qty_shipped": 0, "qty_refunded": 0, "name": name, "product_type": "simple",
        "item_id": row["item_id"] + 1, "parent_item_id": row["item_id"], "parent_item": parent,
    }  # fmt: skip


def _address(buyer: Buyer, sale: Sale, kind: str) -> Json:
    return _there(
        {
            "address_type": kind,
            "city": buyer.city,
            "company": buyer.company or None,
            "country_id": buyer.country,
            "email": buyer.email,
            "entity_id": sale.id * 2 + (kind == "shipping"),
            "firstname": buyer.first_name,
            "lastname": buyer.last_name,
            "parent_id": sale.id,
            "postcode": buyer.postal_code,
            "street": [buyer.street, "2nd floor"],
            "telephone": buyer.phone,
        }
    )


def _payment(sale: Sale, cost: Priced, paid: bool) -> Json:
    code, title = cost.goods.payment
    return _there(
        {
            "account_status": None,
            "additional_information": [title, None, "more"],
            "amount_ordered": number(cost.total),
            "base_amount_ordered": number(cost.total),
            "entity_id": sale.id,
            "last_trans_id": f"txn_{sale.id}" if paid and code in {"stripe", "paypal"} else None,
            "method": PAYMENTS[code],
            "parent_id": sale.id,
        }
    )


def _history(sale: Sale, change: Change) -> Json:
    return {
        "comment": None,
        "created_at": _stamp(change.at),
        "entity_id": sale.id * 10 + sale.changes.index(change),
        "entity_name": "order",
        "is_customer_notified": None,
        "is_visible_on_front": 0,
        "parent_id": sale.id,
        "status": status_of(change.status)[0],
    }


def _comment(note: ToldNote, status: str) -> Json:
    return {
        "comment": note.text,
        "created_at": _stamp(note.at),
        "entity_id": FIRST_COMMENT + note.id,
        "entity_name": "order",
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
        "parent_id": note.order,
        "status": status,
    }


def _extras(sale: Sale, cost: Priced, items: list[Json]) -> Json:
    goods = cost.goods
    total = {**_both("shipping_amount", cost.shipping), **_both("shipping_tax_amount", cost.shipping_tax)}
    shipping = {
        "address": _address(goods.ships_elsewhere or goods.buyer, sale, "shipping"),
        "method": DELIVERIES[goods.delivery[0]],
        "total": total,
    }
    wrapped = {"gw_price": f"{cost.fee:.4f}", "gw_tax_amount": f"{cost.fee_tax:.4f}"} if cost.fee else {}
    return {
        "shipping_assignments": [{"shipping": shipping, "items": items}],
        "payment_additional_info": [{"key": "method_title", "value": goods.payment[1]}],
        "applied_taxes": [],
        "item_applied_taxes": [],
        "delivery_slot": "morning",
        **wrapped,
    }
