"""Orders and products as WooCommerce writes them (shapes observed on 11.0.1 and 6.7.0; the REST API docs)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.simulator.catalogue import PRODUCTS, SHIRT, Buyer, Product
from integrations.simulator.dialects.prices import Priced, PricedLine, net, priced, rounded
from integrations.simulator.rendering import once
from integrations.simulator.sales import CENT, Basket, Given, Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]


# Of every amount, a setting of the shop and not of its currency: "1466.00" yen.
DECIMALS = 2


def _text(amount: Decimal) -> str:
    return str(amount.quantize(CENT))


def _tax(shop: SimulatedShop, amount: Decimal, vat: int) -> str:
    return _text(rounded(shop, amount * vat / 100, DECIMALS))


def _number(amount: Decimal) -> float | int:
    """A JSON number as PHP writes it: 1980, 9.5."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def product_id(shop: SimulatedShop, product: Product) -> int:
    """Each shop has its own ids for the same goods, and none for what it does not sell."""
    return 0 if not product.key else product.key + 10 * (shop.seed % 1000)


def parent_id(shop: SimulatedShop) -> int:
    return SHIRT + 10 * (shop.seed % 1000)


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    """Amounts are texts; texts are "" and not null; PHP's empty object is []."""
    now = shop.now()
    state, cost = sale.state(now), priced(shop, sale, DECIMALS)
    goods, vat = cost.goods, cost.vat
    lines = [_line(shop, sale, position, line, vat) for position, line in enumerate(cost.lines)]
    discount = sum((line.discount for line in cost.lines), Decimal(0))
    goods_tax = cost.tax - cost.shipping_tax
    paid_at = sale.paid_at(now)
    return {
        "id": sale.id,
        "parent_id": 0,
        "status": state.status,
        "currency": shop.currency,
        "version": shop.version,
        "prices_include_tax": False,
        **_stamps(shop, "date_created", sale.placed_at),
        **_stamps(shop, "date_modified", state.at),
        "discount_total": _text(discount),
        "discount_tax": _tax(shop, discount, vat),
        "shipping_total": _text(cost.shipping),
        "shipping_tax": _text(cost.shipping_tax),
        "cart_tax": _text(goods_tax),
        "total": _text(cost.total),
        "total_tax": _text(cost.tax),
        "customer_id": 0 if goods.guest else 1 + sum(map(ord, goods.buyer.last_name)) % 900,
        "order_key": f"wc_order_{shop.seed}{sale.id}",
        "billing": {**_address(goods.buyer), "email": goods.buyer.email, "phone": goods.buyer.phone},
        "shipping": _address(goods.ships_elsewhere or goods.buyer) | {"phone": ""},
        "payment_method": goods.payment[0],
        "payment_method_title": goods.payment[1],
        "transaction_id": f"txn_{sale.id}" if paid_at and goods.payment[0] in {"stripe", "paypal"} else "",
        "customer_ip_address": "203.0.113.7",
        "customer_user_agent": "Mozilla/5.0",
        "created_via": "rest-api" if sale.given else "checkout",
        "customer_note": goods.note,
        **_stamps(shop, "date_completed", state.at if state.status == "completed" else None),
        **_stamps(shop, "date_paid", paid_at),
        "cart_hash": "",
        "number": sale.number,
        "meta_data": _meta(sale) if sale.given is None else given_meta(sale, sale.given),
        "line_items": lines,
        "tax_lines": [_tax_line(sale, vat, goods_tax, cost.shipping_tax)] if vat else [],
        "shipping_lines": [_delivery(sale, goods, cost.shipping, cost.shipping_tax)],
        "fee_lines": _fees(sale, cost),
        "coupon_lines": [_coupon(shop, sale, goods.coupon, discount, vat)] if goods.coupon else [],
        "refunds": [
            {
                "id": sale.id + 1 + place,
                "reason": "",
                "total": _text(-rounded(shop, cost.total * Decimal(str(change.refund)), DECIMALS)),
            }
            for place, change in enumerate(sale.refunds(now))
        ],
        **_needs(state.status),
        "currency_symbol": shop.currency,
        "_links": _links(f"orders/{sale.id}", "orders"),
    }


def refund_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """Each with the units that its share comes to; names and amounts are left out, nobody reads them."""
    documents, before = [], Decimal(0)
    for place, change in enumerate(sale.refunds(shop.now())):
        share = min(Decimal(1), before + Decimal(str(change.refund)))
        lines = [
            (position, int(line.item.quantity * share) - int(line.item.quantity * before))
            for position, line in enumerate(priced(shop, sale, DECIMALS).lines)
        ]
        documents.append(
            {
                "id": sale.id + 1 + place,
                "parent_id": sale.id,
                "reason": "",
                "line_items": [_refunded(sale, position, units) for position, units in lines if units],
            }
        )
        before = share
    return documents


def _refunded(sale: Sale, position: int, units: int) -> Json:
    own = sale.id * 10 + position
    return {
        "id": own + 5,
        "quantity": -units,
        "meta_data": [{"id": own, "key": "_refunded_item_id", "value": str(own)}],
    }


def _needs(status: str) -> Json:
    return {
        "payment_url": "",
        "is_editable": status in {"pending", "on-hold"},
        "needs_payment": status in {"pending", "failed"},
        "needs_processing": True,
    }


def _stamps(shop: SimulatedShop, name: str, moment: datetime | None) -> Json:
    """Local without an offset, and UTC without a Z."""
    return {
        name: moment.astimezone(shop.zone).strftime("%Y-%m-%dT%H:%M:%S") if moment else None,
        f"{name}_gmt": moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None,
    }


def _address(buyer: Buyer) -> Json:
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "company": buyer.company,
        "address_1": buyer.street,
        "address_2": "",
        "city": buyer.city,
        "state": "",
        "postcode": buyer.postal_code,
        "country": buyer.country,
    }


def _line(shop: SimulatedShop, sale: Sale, position: int, line: PricedLine, vat: int) -> Json:
    """A deleted product leaves product_id 0 and sku null; `price` is a number, the net price of one after discount."""
    item, product = line.item, line.item.product
    tax, tax_before = _text(line.tax), _text(line.tax_before)
    own = product_id(shop, product)
    options = [
        {"id": 1, "key": "size", "value": product.option, "display_key": "Size", "display_value": product.option}
    ]
    return {
        "id": sale.id * 10 + position,
        "name": f"{product.name} - {product.option}" if product.option and not sale.given else product.name,
        "product_id": 0 if item.gone else (parent_id(shop) if product.parent else own),
        "variation_id": own if product.parent and not item.gone else 0,
        "quantity": item.quantity,
        "tax_class": "",
        "subtotal": _text(line.before),
        "subtotal_tax": tax_before,
        "total": _text(line.net),
        "total_tax": tax,
        "taxes": [{"id": 1, "total": tax, "subtotal": tax_before}] if vat else [],
        "meta_data": options if product.option else [],
        "sku": None if item.gone or not own else product.sku,
        "price": _number(line.net) if item.quantity == 1 else float(line.net / item.quantity),
        "image": {"id": "", "src": ""},
        "parent_name": product.name if product.parent else None,
    }


def _meta(sale: Sale) -> list[Json]:
    """Values of several kinds, a hidden key, and a key that comes twice."""
    entries: list[tuple[str, Any]] = [
        ("_wc_order_attribution_source_type", "organic"),
        ("is_vat_exempt", "no"),
        ("gift_options", {"wrap": sale.id % 5 == 0, "card": None}),
    ]
    if sale.id % 3 == 0:
        entries += [("engraving", "Für Mama"), ("engraving", "2026")]
    return [{"id": sale.id * 100 + place, "key": key, "value": value} for place, (key, value) in enumerate(entries)]


def given_meta(sale: Sale, given: Given) -> list[Json]:
    extras = enumerate(given.more.get("meta_data", ()))
    return [{"id": sale.id * 100 + place, "key": each["key"], "value": each["value"]} for place, each in extras]


def _tax_line(sale: Sale, vat: int, tax: Decimal, shipping_tax: Decimal) -> Json:
    return {
        "id": sale.id * 10 + 7,
        "rate_code": f"VAT-{vat}",
        "rate_id": 1,
        "label": "VAT",
        "compound": False,
        "tax_total": _text(tax),
        "shipping_tax_total": _text(shipping_tax),
        "rate_percent": vat,
        "meta_data": [],
    }


def _delivery(sale: Sale, goods: Basket, net: Decimal, tax: Decimal) -> Json:
    return {
        "id": sale.id * 10 + 8,
        "method_title": goods.delivery[1],
        "method_id": goods.delivery[0],
        "instance_id": "1",
        "total": _text(net),
        "total_tax": _text(tax),
        "taxes": [],
        "tax_status": "taxable",
        "meta_data": [],
    }


def _fees(sale: Sale, cost: Priced) -> list[Json]:
    if sale.given is None:
        return [_fee(sale.id * 10 + 9, "Dobírka", cost.fee, cost.fee_tax)] if cost.fee else []
    given = enumerate(sale.given.fees)
    return [_fee(sale.id * 10 + 9 + place, name, Decimal(net), Decimal(tax)) for place, (name, net, tax) in given]


def _fee(own: int, name: str, net: Decimal, tax: Decimal) -> Json:
    return {
        "id": own,
        "name": name,
        "tax_class": "",
        "tax_status": "taxable",
        "amount": _text(net),
        "total": _text(net),
        "total_tax": _text(tax),
        "taxes": [],
        "meta_data": [],
    }


def _coupon(shop: SimulatedShop, sale: Sale, code: str, discount: Decimal, vat: int) -> Json:
    return {
        "id": sale.id * 10 + 6,
        "code": code.lower(),
        "discount": _text(discount),
        "discount_tax": _tax(shop, discount, vat),
        "meta_data": [],
        "discount_type": "percent",
        "nominal_amount": 10,
        "free_shipping": False,
    }


def _links(own: str, collection: str) -> Json:
    """WordPress writes the address it believes to have; nobody should follow it."""
    base = "https://wp-home.invalid/wp-json/wc/v3"
    return {"self": [{"href": f"{base}/{own}"}], "collection": [{"href": f"{base}/{collection}"}]}


def product_documents(shop: SimulatedShop) -> list[Json]:
    """Simple products and the variable one."""
    simple = [_product(shop, product, "simple") for product in PRODUCTS if product.parent is None]
    shirt = Product(SHIRT, "", "Barista shirt", Decimal("18.00"), 0)
    return sorted([*simple, _product(shop, shirt, "variable")], key=lambda document: document["id"])


def variation_documents(shop: SimulatedShop) -> list[Json]:
    """11.0 names a variation by its options alone."""
    return [
        _product(shop, product, "variation")
        | {
            "name": product.option,
            "parent_id": parent_id(shop),
            "attributes": [{"id": 1, "name": "Size", "slug": "pa_size", "option": product.option}],
        }
        for product in PRODUCTS
        if product.parent
    ]


def _product(shop: SimulatedShop, product: Product, kind: str) -> Json:
    quantity, price = shop.records.quantities.get(product.sku), _text(net(shop, product.price, DECIMALS))
    return {
        "id": product_id(shop, product),
        "name": product.name,
        "type": kind,
        "status": "publish",
        "sku": product.sku,
        "global_unique_id": product.ean,
        "price": price,
        "regular_price": price,
        "virtual": not product.sku,
        "manage_stock": quantity is not None,
        "stock_quantity": quantity,
        "stock_status": "outofstock" if quantity == 0 else "instock",
        "parent_id": 0,
        "attributes": [],
        "meta_data": [],
        "_links": _links(f"products/{product_id(shop, product)}", "products"),
    }
