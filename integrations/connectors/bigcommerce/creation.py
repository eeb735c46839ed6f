"""Orders made in the store: `POST v2/orders`, found again by `external_order_id`.

"The V2 Orders API will not trigger the typical Order Email" (OpenAPI file). The totals are given beside the lines, so
the order comes to what it came to. A line with the id of a product takes it off the stock as the store's settings say;
one with a name alone, a custom product, does not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.connectors.bigcommerce.requests import data_of, done, entries, get, writing
from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import order_copies
from integrations.connectors.kit.json_answers import decoded_list
from integrations.connectors.outward import CopiedLine, Crossed, OrderCopy

AWAITS_FULFILLMENT, AWAITS_PAYMENT = 11, 7
ADDRESS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "street_1": "line_1",
    "street_2": "line_2",
    "city": "city",
    "state": "state",
    "zip": "postal_code",
    "country_iso2": "country",
    "phone": "phone",
}
# Decimals of V2's amounts, in every currency.
FINEST = Decimal("0.0001")


def find(shop: Shop, reference: str) -> Operation[Crossed | None]:
    """The filter is looked at again here: an unknown one would bring every order."""
    response = yield get(shop, "v2/orders", external_order_id=reference, limit="50")
    entries(response)
    found = [each for each in decoded_list(response) if each.get("external_order_id") == reference]
    return Crossed(str(found[0].get("id"))) if found else None


def create(shop: Shop, copy: OrderCopy) -> Operation[Crossed]:
    known = yield from _products(shop, copy) if copy.takes_stock else _nothing()
    told = done((yield writing(shop, "POST", "v2/orders", _document(copy, known))))
    missing = [line.name for line in copy.lines if copy.takes_stock and line.sku not in known]
    note = f"Not in the store's catalogue, so nothing was taken off its stock: {', '.join(missing)}." if missing else ""
    return Crossed(str(told.get("id")), order_copies.off_by(copy, told.get("total_inc_tax")) or note[:300])


def _nothing() -> Operation[dict[str, dict[str, int]]]:
    yield from ()
    return {}


def _products(shop: Shop, copy: OrderCopy) -> Operation[dict[str, dict[str, int]]]:
    """Ids of product and variant, by SKU."""
    found: dict[str, dict[str, int]] = {}
    for sku in sorted({line.sku for line in copy.lines if line.sku}):
        response = yield get(shop, "v3/catalog/variants", sku=sku, include_fields="sku,product_id", limit="5")
        for entry in data_of(response)[0]:
            if entry.get("sku") == sku:
                found[sku] = {"product_id": entry["product_id"], "variant_id": entry["id"]}
    return found


def _document(copy: OrderCopy, known: dict[str, dict[str, int]]) -> dict[str, Any]:
    net, tax = order_copies.net_total(copy), order_copies.tax_total(copy)
    billing = {**order_copies.address(copy.billing, ADDRESS), "email": copy.email}
    shipping = {**order_copies.address(copy.shipping or copy.billing, ADDRESS), "email": copy.email}
    document: dict[str, Any] = {
        "status_id": AWAITS_FULFILLMENT if copy.paid else AWAITS_PAYMENT,
        "customer_id": 0,
        "default_currency_code": copy.currency,
        "external_order_id": copy.reference,
        "billing_address": _written(billing),
        "shipping_addresses": [_written({**shipping, "shipping_method": copy.shipping_title})],
        "products": [each for line in copy.lines for each in _lines(line, copy.currency, known)],
        "shipping_cost_ex_tax": str(copy.shipping_net),
        "shipping_cost_inc_tax": str(copy.shipping_net + copy.shipping_tax),
        "total_ex_tax": str(net),
        "total_inc_tax": str(net + tax),
        "payment_method": copy.payment_title,
        "customer_message": copy.note,
        "staff_notes": copy.number,
    }
    return {name: value for name, value in document.items() if value != ""}


def _written(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


def _lines(line: CopiedLine, currency: str, known: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Prices are of one unit: a line whose price does not divide becomes two."""
    tax = (line.tax / max(1, line.quantity)).quantize(FINEST)
    own: dict[str, Any] = known.get(line.sku) or ({"sku": line.sku} if line.sku else {})
    return [
        {
            **own,
            "name": line.name,
            "quantity": units,
            "price_ex_tax": float(price),
            "price_inc_tax": float(price + tax),
        }
        for units, price in order_copies.even_parts(line, currency)
    ]
