"""Orders made in the shop: `orderCreate` (schema 2026-07), found again by `sourceIdentifier`.

Prices are of one unit, so a line whose price does not divide becomes two. `sendReceipt: false`: no letter goes out.
A development or trial shop takes five orders a minute.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import order_copies
from integrations.connectors.kit.json_answers import part
from integrations.connectors.outward import CopiedLine, Crossed, OrderCopy
from integrations.connectors.shopify import mutations
from integrations.connectors.shopify.changing import asked, changed, nodes, quoted, refused
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import call, read_part

REGION = re.compile(r"[A-Z]{2,3}")
ADDRESS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "address1": "line_1",
    "address2": "line_2",
    "city": "city",
    "zip": "postal_code",
    "countryCode": "country",
    "phone": "phone",
}


def find(shop: Shop, reference: str) -> Operation[Crossed | None]:
    data, _ = yield from call(shop, mutations.CREATED, {"query": f"source_identifier:{quoted(reference)}"})
    for name in ("found", "newest"):
        for order in nodes(read_part(data.get(name), dict[str, Any])):
            if order.get("sourceIdentifier") == reference:
                return Crossed(tail(order.get("id")))
    return None


def create(shop: Shop, copy: OrderCopy) -> Operation[Crossed]:
    variants = yield from _variants(shop, copy)
    behaviour = "DECREMENT_IGNORING_POLICY" if copy.takes_stock else "BYPASS"
    options = {"inventoryBehaviour": behaviour, "sendReceipt": False, "sendFulfillmentReceipt": False}
    variables = {"order": _order(copy, variants), "options": options}
    told, errors = yield from changed(shop, mutations.CREATE, "orderCreate", variables)
    order = part(told, "order")
    if errors or not order:
        raise refused(errors, "the order")
    total = part(part(order, "totalPriceSet"), "presentmentMoney").get("amount")
    return Crossed(tail(order.get("id")), order_copies.off_by(copy, total))


def _variants(shop: Shop, copy: OrderCopy) -> Operation[dict[str, str]]:
    """Ids by SKU; what the shop does not sell becomes a line of its own, and takes nothing off its stock."""
    skus = sorted({line.sku for line in copy.lines if line.sku})
    if not skus:
        return {}
    search = " OR ".join(f"sku:{quoted(sku)}" for sku in skus)
    found = yield from asked(shop, mutations.VARIANTS_BY_SKU, "productVariants", {"query": search})
    return {each["sku"]: each["id"] for each in reversed(nodes(found)) if each.get("sku") in skus}


def _order(copy: OrderCopy, variants: dict[str, str]) -> dict[str, Any]:
    def bag(amount: object) -> dict[str, Any]:
        return {"shopMoney": {"amount": str(amount), "currencyCode": copy.currency}}

    def taxes(net: Any, tax: Any) -> list[dict[str, Any]]:
        return [{"title": "Tax", "rate": order_copies.rate(net, tax), "priceSet": bag(tax)}] if tax else []

    def lines(line: CopiedLine) -> list[dict[str, Any]]:
        own = {"variantId": variants[line.sku]} if line.sku in variants else {"sku": line.sku}
        parts = order_copies.even_parts(line, copy.currency)
        return [
            {
                **own,
                "title": line.name,
                "quantity": units,
                "priceSet": bag(price),
                "taxLines": taxes(line.net, line.tax) if place == 0 else [],
                "requiresShipping": True,
            }
            for place, (units, price) in enumerate(parts)
        ]

    order = {
        "currency": copy.currency,
        "processedAt": copy.placed_at.isoformat(),
        "sourceIdentifier": copy.reference,
        "email": copy.email,
        "note": copy.note,
        "customAttributes": [{"key": "Number", "value": copy.number}],
        "taxesIncluded": False,
        "lineItems": [each for line in copy.lines for each in lines(line)],
        "shippingLines": [
            {
                "title": copy.shipping_title,
                "code": copy.shipping_code or copy.shipping_title,
                "priceSet": bag(copy.shipping_net),
                "taxLines": taxes(copy.shipping_net, copy.shipping_tax),
            }
        ],
        "billingAddress": _address(copy.billing),
        "shippingAddress": _address(copy.shipping or copy.billing),
    }
    if copy.paid:
        paid = {"kind": "SALE", "status": "SUCCESS", "gateway": copy.payment_title}
        order["transactions"] = [{**paid, "amountSet": bag(order_copies.total(copy))}]
    else:
        order["financialStatus"] = "PENDING"
    return {name: value for name, value in order.items() if value not in ("", {})}


def _address(given: Any) -> dict[str, str]:
    """A region is taken by its code alone."""
    named = {name: value for name, value in order_copies.address(given, ADDRESS).items() if value}
    region = given.get("state", "")
    return {**named, "provinceCode": region} if REGION.fullmatch(region) else named
