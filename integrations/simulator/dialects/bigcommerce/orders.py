"""Orders and refunds as BigCommerce documents them (the OpenAPI files of Orders V2 and V3)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from integrations.simulator.catalogue import Buyer
from integrations.simulator.dialects.prices import Priced, PricedLine, priced, rounded
from integrations.simulator.rendering import once
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]

STATUSES = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
STATUS_OF = {
    "checkout-draft": 0,
    "pending": 7,
    "processing": 11,
    "on-hold": 12,
    "completed": 2,
    "cancelled": 5,
    "failed": 6,
    "refunded": 4,
}
COUNTRIES = {"CZ": "Czech Republic", "DE": "Germany", "NL": "Netherlands", "FR": "France", "PL": "Poland"}
ADDRESS = "https://api.bigcommerce.com/stores/{store_hash}/v2"
PICKUP = "local_pickup"


def status_id(shop: SimulatedShop, sale: Sale) -> int:
    now = shop.now()
    state = sale.state(now)
    if any(shop.records.of(sale.id)) and state.status in {"processing", "on-hold"}:
        return 3
    if state.status != "refunded" and sale.refunds(now):
        return 14
    return STATUS_OF.get(state.status, 11)


def _money(amount: Decimal | int) -> str:
    """Four decimals in every currency."""
    return f"{Decimal(amount):.4f}"


def _costs(name: str, net: Decimal, tax: Decimal) -> Json:
    return {
        f"base_{name}": _money(net),
        f"{name}_ex_tax": _money(net),
        f"{name}_inc_tax": _money(net + tax),
        f"{name}_tax": _money(tax),
        f"{name}_tax_class_id": 2,
    }


def _stamp(moment: datetime | None) -> str:
    return format_datetime(moment) if moment else ""


def _link(sale: Sale, name: str) -> Json:
    resource = f"/orders/{sale.id}/{name}"
    return {"url": f"{ADDRESS}{resource}", "resource": resource}


@once
def order_document(shop: SimulatedShop, sale: Sale, include: frozenset[str] = frozenset()) -> Json:
    """`include`: what of consignments, consignments.line_items and fees is written out; the rest are links."""
    now = shop.now()
    cost, status = priced(shop, sale), status_id(shop, sale)
    before = sum((line.before for line in cost.lines), Decimal(0))
    discount = sum((line.discount for line in cost.lines), Decimal(0))
    goods_tax = sum((line.tax for line in cost.lines), Decimal(0))
    shipped = shipped_units(shop, sale)
    paid = sale.paid_at(now) is not None
    return {
        "id": sale.id,
        "customer_id": 0 if cost.goods.guest else 1 + sum(map(ord, cost.goods.buyer.last_name)) % 900,
        "date_created": _stamp(sale.placed_at),
        "date_modified": _stamp(sale.state(now).at),
        "date_shipped": _stamp(sale.state(now).at if status == 2 else None),
        "status_id": status,
        "status": STATUSES[status],
        "subtotal_ex_tax": _money(before),
        "subtotal_inc_tax": _money(before + goods_tax),
        "subtotal_tax": _money(goods_tax),
        **_costs("shipping_cost", cost.shipping, cost.shipping_tax),
        **_costs("handling_cost", Decimal(0), Decimal(0)),
        **_costs("wrapping_cost", Decimal(0), Decimal(0)),
        "total_ex_tax": _money(cost.net),
        "total_inc_tax": _money(cost.total),
        "total_tax": _money(cost.tax),
        "is_tax_inclusive_pricing": False,
        "items_total": sum(line.item.quantity for line in cost.lines),
        "items_shipped": sum(shipped.values()),
        "payment_method": cost.goods.payment[1],
        "payment_provider_id": f"txn_{sale.id}" if paid else "",
        "payment_status": {4: "refunded", 14: "partially refunded"}.get(status, "captured" if paid else ""),
        "refunded_amount": _money(0),
        "order_is_digital": False,
        "store_credit_amount": _money(0),
        "gift_certificate_amount": _money(0),
        "currency_id": 1,
        "currency_code": shop.currency,
        "currency_exchange_rate": "1.0000000000",
        "default_currency_id": 1,
        "default_currency_code": shop.currency,
        "staff_notes": shop.records.kept.get("staff_notes", {}).get(str(sale.id), ""),
        "customer_message": cost.goods.note,
        "discount_amount": _money(0),
        "coupon_discount": _money(discount),
        **_rest(sale, cost, status),
        **_parts(sale, cost, include, now, shipped),
    }


def _rest(sale: Sale, cost: Priced, status: int) -> Json:
    """What nobody reads, as the documented examples have it."""
    return {
        "shipping_address_count": 1,
        "is_deleted": False,
        "ebay_order_id": "0",
        "cart_id": f"7e48f7ef-2e88-4817-aea4-{sale.id:012}",
        "billing_address": {
            **_address(cost.goods.buyer),
            "form_fields": [{"name": "Delivery Instructions", "value": "Bell"}],
        },
        "is_email_opt_in": False,
        "credit_card_type": None,
        "order_source": "www",
        "channel_id": 1,
        "external_source": None,
        "external_id": None,
        "external_merchant_id": None,
        "external_order_id": sale.given.reference if sale.given else "",
        "tax_provider_id": "BasicTaxProvider",
        "store_default_currency_code": "",
        "store_default_to_transactional_exchange_rate": "1.0000000000",
        "custom_status": STATUSES[status],
        "customer_locale": "en",
        "ip_address": "203.0.113.7",
        "ip_address_v6": "",
        "geoip_country": "",
        "geoip_country_iso2": "",
    }


def shipped_units(shop: SimulatedShop, sale: Sale) -> dict[int, int]:
    """Of each line, by its place."""
    units: dict[int, int] = {}
    for shipment in shop.records.of(sale.id):
        for place, count in shipment.units.items():
            units[place] = units.get(place, 0) + count
    return units


def _parts(sale: Sale, cost: Priced, include: frozenset[str], now: datetime, shipped: dict[int, int]) -> Json:
    whole = bool(include & {"consignments", "consignments.line_items"})
    return {
        "products": _link(sale, "products"),
        "shipping_addresses": _link(sale, "shippingaddresses"),
        "coupons": _link(sale, "coupons"),
        "fees": fee_documents(cost) if "fees" in include else _link(sale, "fees"),
        "consignments": _consignments(sale, cost, "consignments.line_items" in include, now, shipped)
        if whole
        else _link(sale, "consignments"),
    }


def fee_documents(cost: Priced) -> list[Json]:
    if not cost.fee:
        return []
    return [
        {
            "id": 1,
            "type": "custom_fee",
            "display_name_customer": "Dobírka",
            "display_name_merchant": "Dobírka",
            "source": "checkout",
            "base_cost": _money(cost.fee),
            "cost_ex_tax": _money(cost.fee),
            "cost_inc_tax": _money(cost.fee + cost.fee_tax),
            "cost_tax": _money(cost.fee_tax),
            "tax_class_id": 2,
        }
    ]


def _consignments(sale: Sale, cost: Priced, with_lines: bool, now: datetime, shipped: dict[int, int]) -> Json:
    """In the structure that `consignment_structure=object` asks for."""
    lines: list[Json] = [
        document if with_lines else _link(sale, f"products/{document['id']}")
        for document in line_documents(sale, cost, now, shipped)
    ]
    pickup = {
        "id": sale.id,
        "pickup_method_id": 1,
        "pickup_method_display_name": cost.goods.delivery[1],
        "collection_instructions": "Bring your ID",
        "collection_time_description": "9am - 6pm",
        "location": {"id": 1, "name": "Shop", "code": "SHOP", "address_line_1": "1 Main Street", "city": "Praha"},
        "line_items": lines,
    }
    at_shop = cost.goods.delivery[0] == PICKUP
    return {
        "pickups": [pickup] if at_shop else [],
        "shipping": [] if at_shop else [{**shipping_document(sale, cost), "line_items": lines}],
        "downloads": [],
        "email": {"gift_certificates": []},
    }


def shipping_document(sale: Sale, cost: Priced) -> Json:
    """Costs are numbers here."""
    goods = cost.goods
    return {
        "id": sale.id,
        **_address(goods.ships_elsewhere or goods.buyer),
        "form_fields": [],
        "items_total": sum(line.item.quantity for line in cost.lines),
        "items_shipped": 0,
        "shipping_method": goods.delivery[1],
        "base_cost": float(cost.shipping),
        "cost_ex_tax": float(cost.shipping),
        "cost_inc_tax": float(cost.shipping + cost.shipping_tax),
        "cost_tax": float(cost.shipping_tax),
        "cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Europe",
        "shipping_quotes": _link(sale, f"consignments/shipping/{sale.id}/shipping_quotes"),
    }


def line_documents(sale: Sale, cost: Priced, now: datetime, shipped: dict[int, int]) -> list[Json]:
    share = min(1, sum(change.refund for change in sale.refunds(now)))
    lines = [_line(sale, position, line, cost, share) for position, line in enumerate(cost.lines)]
    return [{**line, "quantity_shipped": shipped.get(position, 0)} for position, line in enumerate(lines)]


def _line(sale: Sale, position: int, line: PricedLine, cost: Priced, share: float) -> Json:
    """Totals are before discounts, the tax is after them."""
    product, gone = line.item.product, line.item.gone
    options = [
        {
            "id": 1,
            "option_id": 3,
            "order_product_id": sale.id * 10 + position,
            "product_option_id": 5,
            "display_name": "Size",
            "display_value": product.option,
            "value": "77",
            "type": "Multiple choice",
            "name": "Size",
            "display_style": "Rectangle",
        }
    ]
    refunded = int(line.item.quantity * share)
    discount = {"id": "coupon", "amount": _money(line.discount), "name": "Spring", "code": cost.goods.coupon or None}
    return {
        "id": sale.id * 10 + position,
        "order_id": sale.id,
        "product_id": 0 if gone else (product.parent or product.key),
        "variant_id": 0 if gone or not product.key else 1000 + product.key,
        "order_pickup_method_id": 0,
        "order_address_id": sale.id,
        "name": product.name,
        "sku": "" if gone else product.sku,
        "upc": "" if gone else product.ean,
        "type": "physical",
        "base_price": _money(line.unit),
        "price_ex_tax": _money(line.unit),
        "price_inc_tax": _money(line.unit + line.tax_before / line.item.quantity),
        "price_tax": _money(line.tax_before / line.item.quantity),
        "base_total": _money(line.before),
        "total_ex_tax": _money(line.before),
        "total_inc_tax": _money(line.before + line.tax),
        "total_tax": _money(line.tax),
        "quantity": line.item.quantity,
        "is_refunded": refunded == line.item.quantity,
        "quantity_refunded": refunded,
        "refund_amount": _money(0),
        "return_id": 0,
        "wrapping_name": None,
        "wrapping_message": "",
        "quantity_shipped": 0,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "applied_discounts": [{**discount, "target": "order"}] if cost.goods.coupon else [],
        "product_options": options if product.option else [],
        "external_id": None,
        "discounted_total_inc_tax": _money(line.net + line.tax),
    }


def _address(buyer: Buyer) -> Json:
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "company": buyer.company,
        "street_1": buyer.street,
        "street_2": "",
        "city": buyer.city,
        "state": "",
        "zip": buyer.postal_code,
        "country": COUNTRIES.get(buyer.country, buyer.country),
        "country_iso2": buyer.country,
        "phone": buyer.phone,
        "email": buyer.email,
    }


def refund_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """V3: amounts are numbers."""
    total = priced(shop, sale).total
    return [
        {
            "id": sale.id * 10 + position,
            "order_id": sale.id,
            "user_id": 1,
            "created": change.at.isoformat(),
            "reason": "",
            "total_amount": float(rounded(shop, total * Decimal(str(change.refund)))),
            "total_tax": 0,
            "uses_merchant_override_values": False,
            "items": [],
            "payments": [],
        }
        for position, change in enumerate(sale.refunds(shop.now()))
    ]
