"""Payments, refunds and withdrawals as PayPal lists them (search_response of Transaction Search v1.9)."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from integrations.simulator.catalogue import VAT, Buyer
from integrations.simulator.dialects.prices import net, rounded
from integrations.simulator.messages import as_json
from integrations.simulator.rendering import once
from integrations.simulator.sales import Basket, Change, Sale, basket
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]

# Orders in another state never came to a payment.
LETTERS = {"processing": "S", "completed": "S", "on-hold": "P", "failed": "D", "refunded": "V"}
EVENTS = ("T0006", "T0006", "T0007", "T0003")
# Letters in the transaction ids of the first refund of a payment, the second, ...
REFUNDS = "RSTUVXYZ"


class Refused(Exception):
    def __init__(self, status: int, name: str, issue: str = "", **more: object) -> None:
        super().__init__(name)
        details = [{"issue": issue, "description": issue.lower().replace("_", " ")}] if issue else []
        error = {"name": name, "message": "Refused.", "debug_id": "90957fca61718", "details": details, **more}
        self.answer = as_json({**error, "links": []}, status)


Row = Callable[[], Json]


def transactions(shop: SimulatedShop) -> list[tuple[datetime, str, int, Row]]:
    """(began, transaction id, order, its row when it is asked for), oldest first."""
    now = shop.now()
    found: list[tuple[datetime, str, int, Row]] = []
    for sale in shop.visible():
        if sale.state(now).status not in LETTERS:
            continue
        began, own = began_at(sale), transaction_id(shop, sale)
        found.append((began, own, sale.id, partial(payment, shop, sale)))
        for kind, change in zip(REFUNDS, sale.refunds(now), strict=False):
            found.append(
                (change.at, transaction_id(shop, sale, kind), sale.id, partial(_refund, shop, sale, change, kind))
            )
        if sale.id % 25 == 0:
            later = began + timedelta(seconds=1)
            found.append((later, transaction_id(shop, sale, "W"), sale.id, partial(_withdrawal, shop, sale, later)))
    return sorted(found, key=itemgetter(0, 1))


def began_at(sale: Sale) -> datetime:
    """When the buyer paid, or tried to: an order may stand unpaid for long before."""
    return min(change.at for change in sale.changes if change.status in LETTERS)


def transaction_id(shop: SimulatedShop, sale: Sale, kind: str = "P") -> str:
    """`kind`: a payment (P), one of its refunds, a withdrawal (W)."""
    return f"{shop.seed % 100:02}{kind}{sale.id:014}"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


@once
def payment(shop: SimulatedShop, sale: Sale) -> Json:
    now, goods = shop.now(), basket(shop.seed, sale)
    state, vat = sale.state(now), VAT.get(goods.buyer.country, 0)
    items = [_item(shop, position, goods, vat) for position in range(len(goods.items))]
    shipping = net(shop, Decimal(goods.delivery[2]))
    shipping_tax = rounded(shop, shipping * vat / 100)
    goods_total = sum((Decimal(item["total_item_amount"]["value"]) for item in items), Decimal(0))
    discount = rounded(shop, goods_total / 10) if goods.coupon else Decimal(0)
    total = goods_total - discount + shipping + shipping_tax
    info: Json = {
        "paypal_account_id": f"BUYER{sum(map(ord, goods.buyer.last_name)):08}",
        "transaction_id": transaction_id(shop, sale),
        "transaction_event_code": EVENTS[sale.id % 4],
        "transaction_initiation_date": stamp(began_at(sale)),
        "transaction_updated_date": stamp(state.at),
        "transaction_amount": _money(shop, total),
        "fee_amount": _money(shop, -rounded(shop, total * Decimal("0.03"))),
        "shipping_amount": _money(shop, shipping),
        "shipping_tax_amount": _money(shop, shipping_tax),
        "transaction_status": LETTERS[state.status],
        "transaction_subject": "Bill for your purchase",
        "invoice_id": f"{shop.name}-{sale.number}",
        "custom_field": str(sale.id),
        "protection_eligibility": "01",
    }
    if discount:
        info["discount_amount"] = _money(shop, discount)
    if goods.note:
        info["transaction_note"] = goods.note
    pickup = goods.delivery[0] == "local_pickup"
    return {
        "transaction_info": info,
        "payer_info": _payer(goods.buyer, info["paypal_account_id"]),
        "shipping_info": {} if pickup else _shipping(goods.ships_elsewhere or goods.buyer),
        "cart_info": {"item_details": items, "tax_inclusive": False},
        "store_info": {},
        "auction_info": {},
        "incentive_info": {},
    }


def _money(shop: SimulatedShop, amount: Decimal) -> Json:
    return {"currency_code": shop.currency, "value": f"{amount:f}"}


def _item(shop: SimulatedShop, position: int, goods: Basket, vat: int) -> Json:
    item = goods.items[position]
    price = net(shop, item.product.price)
    amount = price * item.quantity
    tax = rounded(shop, amount * vat / 100)
    name = html.unescape(item.product.name)
    detail: Json = {
        "item_name": f"{name} {item.product.option}".strip(),
        "item_description": name,
        "item_quantity": str(item.quantity),
        "item_unit_price": _money(shop, price),
        "item_amount": _money(shop, amount),
        "tax_amounts": [{"tax_amount": _money(shop, tax)}],
        "total_item_amount": _money(shop, amount + tax),
    }
    return {"item_code": item.product.sku, **detail} if item.product.sku else detail


def _payer(buyer: Buyer, account: str) -> Json:
    return {
        "account_id": account,
        "email_address": buyer.email,
        "address_status": "Y",
        "payer_status": "Y",
        "payer_name": {
            "given_name": buyer.first_name,
            "surname": buyer.last_name,
            "alternate_full_name": f"{buyer.first_name} {buyer.last_name}",
        },
        "country_code": buyer.country,
    }


def _shipping(buyer: Buyer) -> Json:
    address = {"line1": buyer.street, "city": buyer.city, "country_code": buyer.country}
    return {
        "name": f"{buyer.first_name} {buyer.last_name}",
        "address": {**address, "postal_code": buyer.postal_code},
    }


def _refund(shop: SimulatedShop, sale: Sale, change: Change, kind: str) -> Json:
    paid, at = payment(shop, sale), change.at
    info = paid["transaction_info"]
    amount = rounded(shop, Decimal(info["transaction_amount"]["value"]) * Decimal(str(change.refund)))
    changed = {
        "transaction_id": transaction_id(shop, sale, kind),
        "transaction_event_code": "T1107",
        "transaction_initiation_date": stamp(at),
        "transaction_updated_date": stamp(at),
        "transaction_amount": _money(shop, -amount),
        "transaction_status": "S",
        "paypal_reference_id": info["transaction_id"],
        "paypal_reference_id_type": "TXN",
    }
    return {**paid, "transaction_info": {**info, **changed}, "shipping_info": {}, "cart_info": {}}


def _withdrawal(shop: SimulatedShop, sale: Sale, began: datetime) -> Json:
    at = stamp(began)
    info = {
        "transaction_id": transaction_id(shop, sale, "W"),
        "transaction_event_code": "T0400",
        "transaction_initiation_date": at,
        "transaction_updated_date": at,
        "transaction_amount": _money(shop, Decimal(-500)),
        "transaction_status": "S",
    }
    return {"transaction_info": info, "payer_info": {}, "shipping_info": {}, "cart_info": {}}
