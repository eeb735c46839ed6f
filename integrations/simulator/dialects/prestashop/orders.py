"""Orders and what belongs to them as PrestaShop 8.2.1 writes them: ids are numbers, all other values texts.

The fee of the catalogue stands for gift wrapping. Every sixth order is off by a cent, as one in six was.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from integrations.simulator.catalogue import BUYERS, DELIVERIES, Buyer
from integrations.simulator.dialects.prices import DIGITS, Priced, PricedLine, priced, rounded
from integrations.simulator.rendering import once
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]
NO_DATE = "0000-00-00 00:00:00"
STATES = {
    "pending": 10, "on-hold": 13, "processing": 2, "completed": 4, "cancelled": 6, "refunded": 7, "failed": 8,
}  # fmt: skip
CUSTOM = 14
MODULES = {"stripe": "stripe_official", "bacs": "ps_wirepayment", "cod": "ps_cashondelivery", "paypal": "paypal"}
COUNTRIES = sorted({buyer.country for buyer in BUYERS})
FIRST_GUEST = 100_000
# Changed once, so that ids and references differ.
FIRST_CARRIER = 11
ZERO = Decimal(0)
_REGISTERED: WeakKeyDictionary[SimulatedShop, dict[int, Buyer]] = WeakKeyDictionary()


def money(amount: Decimal | int) -> str:
    return f"{Decimal(amount):.6f}"


def state_of(sale: Sale, now: datetime) -> int:
    return STATES.get(sale.state(now).status, CUSTOM)


def reference_of(sale: Sale) -> str:
    """Sales with one number are orders of one cart."""
    return _reference(sale.number)


@lru_cache(maxsize=50_000)
def _reference(shown: str) -> str:
    """Nine letters, others for each number."""
    number = (int("".join(filter(str.isdigit, shown)) or "0") * 7919 + 8**14) % 26**9
    letters = ""
    for _ in range(9):
        number, place = divmod(number, 26)
        letters += chr(ord("A") + place)
    return letters


def local(shop: SimulatedShop, moment: datetime) -> str:
    return moment.astimezone(shop.zone).strftime("%Y-%m-%d %H:%M:%S")


def customer_id(shop: SimulatedShop, sale: Sale, cost: Priced) -> int:
    """Every guest is a customer of his own; the others are kept by their e-mails."""
    if cost.goods.guest:
        return FIRST_GUEST + sale.id
    number = 1 + crc32(cost.goods.buyer.email.encode()) % (FIRST_GUEST - 1)
    _REGISTERED.setdefault(shop, {})[number] = cost.goods.buyer
    return number


def addresses_of(sale: Sale, cost: Priced) -> tuple[int, int]:
    """For the invoice and for the delivery; mostly one for both, also where goods are picked up."""
    elsewhere = cost.goods.ships_elsewhere is not None and cost.goods.delivery[0] != "local_pickup"
    return sale.id * 2, sale.id * 2 + elsewhere


def row(shop: SimulatedShop, sale: Sale) -> Json:
    """What orders are filtered by."""
    return {
        "id": sale.id,
        "reference": reference_of(sale),
        "current_state": str(state_of(sale, shop.now())),
        "date_add": local(shop, sale.placed_at),
        "date_upd": local(shop, sale.state(shop.now()).at),
    }


def _totals(shop: SimulatedShop, sale: Sale, cost: Priced) -> Json:
    gross = [(line.before, line.before + tax_of(shop, line.before, cost)) for line in cost.lines]
    net, taxed = sum((each for each, _ in gross), ZERO), sum((each for _, each in gross), ZERO)
    off_net = sum((line.discount for line in cost.lines), ZERO)
    off = taxed - sum((line.net + line.tax for line in cost.lines), ZERO)
    cent = Decimal("0.01") if sale.id % 6 == 0 and shop.currency not in DIGITS and cost.lines else ZERO
    paid = cost.total + cent if sale.paid_at(shop.now()) else ZERO
    return {
        "total_discounts": money(off),
        "total_discounts_tax_incl": money(off),
        "total_discounts_tax_excl": money(off_net),
        "total_paid": money(cost.total + cent),
        "total_paid_tax_incl": money(cost.total + cent),
        "total_paid_tax_excl": money(cost.net),
        "total_paid_real": money(paid),
        "total_products": money(net),
        "total_products_wt": money(taxed + cent),
        "total_shipping": money(cost.shipping + cost.shipping_tax),
        "total_shipping_tax_incl": money(cost.shipping + cost.shipping_tax),
        "total_shipping_tax_excl": money(cost.shipping),
        "carrier_tax_rate": f"{cost.vat:.3f}",
        "total_wrapping": money(cost.fee + cost.fee_tax),
        "total_wrapping_tax_incl": money(cost.fee + cost.fee_tax),
        "total_wrapping_tax_excl": money(cost.fee),
    }


def tax_of(shop: SimulatedShop, amount: Decimal, cost: Priced) -> Decimal:
    return rounded(shop, amount * cost.vat / 100)


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    """As a list has it with `display=full`."""
    cost, now = priced(shop, sale), shop.now()
    told, goods = row(shop, sale), cost.goods
    invoice, delivery = addresses_of(sale, cost)
    paid = sale.paid_at(now) is not None
    return {
        "id": sale.id,
        "id_address_delivery": str(delivery),
        "id_address_invoice": str(invoice),
        "id_cart": str(sale.id + 3),
        "id_currency": "1",
        "id_lang": "1",
        "id_customer": str(customer_id(shop, sale, cost)),
        "id_carrier": str(
            FIRST_CARRIER + DELIVERIES.index(next(each for each in DELIVERIES if each[0] == goods.delivery[0]))
        ),
        "current_state": told["current_state"],
        "module": MODULES[goods.payment[0]],
        "invoice_number": str(sale.id) if paid else "0",
        "invoice_date": told["date_upd"] if paid else NO_DATE,
        "delivery_number": "0",
        "delivery_date": NO_DATE,
        "valid": "1" if paid else "0",
        "date_add": told["date_add"],
        "date_upd": told["date_upd"],
        "shipping_number": str(shop.records.kept.get("tracking", {}).get(str(sale.id), "")),
        "note": "",
        "id_shop_group": "1",
        "id_shop": "1",
        "secure_key": f"{sale.id:032x}",
        "payment": goods.payment[1],
        "recyclable": "0",
        "gift": "1" if cost.fee else "0",
        "gift_message": "",
        "mobile_theme": "0",
        **_totals(shop, sale, cost),
        "round_mode": "2",
        "round_type": "2",
        "conversion_rate": "1.000000",
        "reference": told["reference"],
        "associations": {"order_rows": [_row(shop, sale, place, line, cost) for place, line in enumerate(cost.lines)]},
    }


def _units(amount: Decimal, quantity: int) -> str:
    return str((amount / max(1, quantity)).quantize(Decimal("0.000001"), ROUND_HALF_UP))


def _row(shop: SimulatedShop, sale: Sale, place: int, line: PricedLine, cost: Priced) -> Json:
    product = line.item.product
    return {
        "id": str(sale.id * 10 + place),
        "product_id": str(product.parent or product.key),
        "product_attribute_id": str(product.key if product.parent else 0),
        "product_quantity": str(line.item.quantity),
        "product_name": f"{product.name} - Size : {product.option}" if product.option else product.name,
        "product_reference": product.sku,
        "product_ean13": product.ean,
        "product_isbn": "",
        "product_upc": "",
        "product_price": money(line.unit),
        "id_customization": "0",
        "unit_price_tax_incl": _units(line.before + tax_of(shop, line.before, cost), line.item.quantity),
        "unit_price_tax_excl": money(line.unit),
    }


@once
def detail_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """Of each line, with the part that is read and some of the rest."""
    cost = priced(shop, sale)
    found = []
    for place, line in enumerate(cost.lines):
        told = _row(shop, sale, place, line, cost)
        found.append(
            {
                **told,
                "id": int(told["id"]),
                "id_order": str(sale.id),
                "product_quantity_refunded": str(sum(units for _, units in _paid_back(shop, sale, place, line))),
                "product_quantity_return": "0",
                "download_hash": "",
                "ecotax": "0.000000",
                "ecotax_tax_rate": "0.000",
                "id_tax_rules_group": "1",
                "total_price_tax_incl": money(line.before + tax_of(shop, line.before, cost)),
                "total_price_tax_excl": money(line.before),
                "total_refunded_tax_excl": "0.000000",
                "total_refunded_tax_incl": "0.000000",
            }
        )
    return found


def _paid_back(shop: SimulatedShop, sale: Sale, place: int, line: PricedLine) -> list[tuple[int, int]]:
    """The refund by its place, and the units of the line that its share comes to."""
    found, before = [], ZERO
    for position, change in enumerate(sale.refunds(shop.now())):
        share = min(Decimal(1), before + Decimal(str(change.refund)))
        units = int(line.item.quantity * share) - int(line.item.quantity * before)
        before = share
        if units:
            found.append((position, units))
    return found


@once
def slip_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """Each with an amount that was chosen by hand."""
    cost = priced(shop, sale)
    back = [
        (position, units, place, line)
        for place, line in enumerate(cost.lines)
        for position, units in _paid_back(shop, sale, place, line)
    ]
    found = []
    for number, change in enumerate(sale.refunds(shop.now())):
        lines = [
            {
                "id": str(sale.id * 10 + number),
                "id_order_detail": str(sale.id * 10 + place),
                "product_quantity": str(units),
                "amount_tax_excl": money(line.unit * units),
                "amount_tax_incl": money(line.unit * units + tax_of(shop, line.unit * units, cost)),
            }
            for position, units, place, line in back
            if position == number
        ]
        slip: Json = {
            "id": sale.id * 10 + number,
            "id_customer": str(customer_id(shop, sale, cost)),
            "id_order": str(sale.id),
            "conversion_rate": "1.000000",
            "total_products_tax_excl": money(sum((Decimal(each["amount_tax_excl"]) for each in lines), ZERO)),
            "total_products_tax_incl": money(sum((Decimal(each["amount_tax_incl"]) for each in lines), ZERO)),
            "total_shipping_tax_excl": "0.000000",
            "total_shipping_tax_incl": "0.000000",
            "amount": money(rounded(shop, cost.total * Decimal(str(change.refund)))),
            "shipping_cost": "0",
            "shipping_cost_amount": "0.000000",
            "partial": "1",
            "date_add": local(shop, change.at),
            "date_upd": local(shop, change.at),
            "order_slip_type": "2",
        }
        if lines:
            slip["associations"] = {"order_slip_details": lines}
        found.append(slip)
    return found


def payment_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    at, cost = sale.paid_at(shop.now()), priced(shop, sale)
    if at is None:
        return []
    return [
        {
            "id": sale.id,
            "order_reference": reference_of(sale),
            "id_currency": "1",
            "amount": _totals(shop, sale, cost)["total_paid"],
            "payment_method": cost.goods.payment[1],
            "conversion_rate": "1.000000",
            "transaction_id": f"tx_{sale.id}",
            "card_number": "",
            "date_add": local(shop, at),
        }
    ]


def voucher_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    cost = priced(shop, sale)
    if not cost.goods.coupon:
        return []
    told = _totals(shop, sale, cost)
    value = {"value": told["total_discounts"], "value_tax_excl": told["total_discounts_tax_excl"], "free_shipping": "0"}
    return [{"id": sale.id, "id_order": str(sale.id), "id_cart_rule": "3", "name": cost.goods.coupon, **value}]


def registered(shop: SimulatedShop) -> list[Json]:
    """Whoever is no guest and has been seen with an order."""
    return [_customer(number, buyer, "0") for number, buyer in _REGISTERED.get(shop, {}).items()]


def customer_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """The guest's."""
    goods = priced(shop, sale).goods
    return [_customer(FIRST_GUEST + sale.id, goods.buyer, "1")] if goods.guest else []


def _customer(number: int, buyer: Buyer, is_guest: str) -> Json:
    return {
        "id": number,
        "passwd": "$2y$10$never.to.be.read",
        "firstname": buyer.first_name,
        "lastname": buyer.last_name,
        "email": buyer.email,
        "is_guest": is_guest,
        "company": buyer.company,
    }


def address_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    cost = priced(shop, sale)
    goods = cost.goods
    persons = dict(
        zip(addresses_of(sale, cost)[::-1], (goods.ships_elsewhere or goods.buyer, goods.buyer), strict=True)
    )
    return [_address(number, customer_id(shop, sale, cost), persons[number]) for number in sorted(persons)]


def _address(number: int, customer: int, buyer: Buyer) -> Json:
    return {
        "id": number,
        "id_customer": str(customer),
        "id_country": str(1 + COUNTRIES.index(buyer.country)),
        "id_state": "0",
        "alias": "My address",
        "company": buyer.company,
        "lastname": buyer.last_name,
        "firstname": buyer.first_name,
        "vat_number": "",
        "address1": buyer.street,
        "address2": "",
        "postcode": buyer.postal_code,
        "city": buyer.city,
        "other": "",
        "phone": buyer.phone,
        "phone_mobile": "",
        "dni": "",
        "deleted": "0",
    }
