"""Orders made in the store: `POST orders` (docs.ecwid.com, "Create order"), found again by the transaction id.

A search by keywords looks at `externalTransactionId`, where our reference stands. No letter goes out for an order with
`disableAllCustomerNotifications`. Amounts are what they are told to be: Ecwid computes nothing anew. Whether the goods
of such an order leave its stock is not documented; an item without the id of a product cannot.
"""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid import quantities
from integrations.connectors.ecwid.requests import get, listing, writing, written
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import order_copies
from integrations.connectors.kit.json_answers import part
from integrations.connectors.outward import CopiedLine, Crossed, OrderCopy, StockTarget

ADDRESS = {
    "companyName": "company",
    "city": "city",
    "countryCode": "country",
    "postalCode": "postal_code",
    "stateOrProvinceName": "state",
    "phone": "phone",
}
FIELDS = "total,count,offset,limit,items(id,externalTransactionId)"


def find(shop: Shop, reference: str) -> Operation[Crossed | None]:
    response = yield get(shop, "orders", keywords=reference, responseFields=FIELDS)
    for document in listing(response)[0]:
        order = part(msgspec.json.decode(document))
        if order.get("externalTransactionId") == reference:
            return Crossed(str(order.get("id")))
    return None


def create(shop: Shop, copy: OrderCopy) -> Operation[Crossed]:
    ids: dict[str, dict[str, int]] = {}
    if not copy.email:
        raise ShopError(Failure.REFUSED, "Ecwid makes no order without the buyer's e-mail address.")
    if copy.takes_stock:
        targets = tuple(StockTarget(sku, 0) for sku in sorted({line.sku for line in copy.lines if line.sku}))
        for answer in (yield from quantities.read(shop, targets)):
            for product, variation in answer.place.get("articles", ())[:1]:
                ids[answer.sku] = {"productId": product} | ({"combinationId": variation} if variation else {})
    told = written((yield writing(shop, "POST", "orders", _document(copy, ids))))
    own = told.get("orderid")
    if not isinstance(own, str) or not own:
        raise ShopError(Failure.NONSENSE, "Ecwid's answer does not name the new order.")
    return Crossed(own)


def _document(copy: OrderCopy, ids: dict[str, dict[str, int]]) -> dict[str, Any]:
    goods = sum((line.net for line in copy.lines), order_copies.net_total(copy) * 0)
    rate = order_copies.rate(copy.shipping_net, copy.shipping_tax) * 100
    postage = {"name": "Tax", "value": round(rate, 2), "total": float(copy.shipping_tax)}
    return {
        "subtotal": float(goods),
        "total": float(order_copies.total(copy)),
        "tax": float(order_copies.tax_total(copy)),
        "email": copy.email,
        "paymentMethod": copy.payment_title,
        "paymentStatus": "PAID" if copy.paid else "AWAITING_PAYMENT",
        "fulfillmentStatus": "AWAITING_PROCESSING",
        "externalTransactionId": copy.reference,
        "privateAdminNotes": copy.number,
        "orderComments": copy.note,
        "disableAllCustomerNotifications": True,
        "pricesIncludeTax": False,
        "createDate": copy.placed_at.strftime("%Y-%m-%d %H:%M:%S %z"),
        "items": [each for line in copy.lines for each in _items(line, copy.currency, ids.get(line.sku, {}))],
        "shippingOption": {
            "shippingMethodName": copy.shipping_title,
            "shippingRate": float(copy.shipping_net),
            "fulfillmentType": "SHIPPING",
        },
        "taxesOnShipping": [postage] if copy.shipping_tax else [],
        "billingPerson": _person(copy.billing),
        "shippingPerson": _person(copy.shipping or copy.billing),
    }


def _items(line: CopiedLine, currency: str, ids: dict[str, int]) -> list[dict[str, Any]]:
    """Prices are of one unit: a line whose price does not divide becomes two, the first of which has the tax."""
    rate = round(order_copies.rate(line.net, line.tax) * 100, 2)
    return [
        {
            **ids,
            "name": line.name,
            "sku": line.sku,
            "quantity": units,
            "price": float(price),
            "productPrice": float(price),
            "tax": float(line.tax) if place == 0 else 0,
            "taxes": [{"name": "Tax", "value": rate, "total": float(line.tax)}] if place == 0 and line.tax else [],
            "isShippingRequired": True,
        }
        for place, (units, price) in enumerate(order_copies.even_parts(line, currency))
    ]


def _person(given: Any) -> dict[str, str]:
    name = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    street = "\n".join(filter(None, (given.get("line_1"), given.get("line_2"))))
    person = {"name": name, "street": street, **order_copies.address(given, ADDRESS)}
    return {field: value for field, value in person.items() if value}
