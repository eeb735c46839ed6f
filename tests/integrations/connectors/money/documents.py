"""For each platform an order in which every amount is set and the sum is right, and the cases it can be put into."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from integrations.connectors import get
from integrations.connectors.bigcommerce import shapes as bigcommerce
from integrations.connectors.contract import Shop
from integrations.connectors.ebay import shapes as ebay
from integrations.connectors.ecwid import shapes as ecwid
from integrations.connectors.magento1 import shapes as magento1
from integrations.connectors.magento2 import shapes as magento2
from integrations.connectors.paypal import shapes as paypal
from integrations.connectors.prestashop import shapes as prestashop
from integrations.connectors.shopify import shapes as shopify
from integrations.connectors.woocommerce import shapes as woocommerce
from orders.intake.incoming import IncomingOrder
from tests.integrations.connectors.shopify.orders import bags
from tests.payloads import PAYLOADS

SHOP = Shop("https://shop.example", {}, ZoneInfo("Europe/Prague"))
GONE = object()
# What a connector decodes of an order.
ROOTS: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "woocommerce": (woocommerce.RawOrder,),
    "shopify": (shopify.RawDocument,),
    "bigcommerce": (bigcommerce.Document,),
    "ebay": (ebay.Order,),
    "ecwid": (ecwid.Document,),
    "paypal": (paypal.Transaction,),
    "magento1": (magento1.RawOrder, magento1.RawExtras),
    "magento2": (magento2.RawOrder,),
    "prestashop": (prestashop.Document,),
}


def parse(platform: str, document: Any) -> IncomingOrder:
    return get(platform).parse(json.dumps(document).encode(), SHOP)


def document(platform: str, when: str = "") -> Any:
    """The order of `money.json`; `when`: in a case of `CASES`."""
    written = json.loads((PAYLOADS / platform / "money.json").read_text())
    whole = {"order": bags(written)} if platform == "shopify" else written
    changes = CASES[platform][when] if when else {}
    return changes(whole) if callable(changes) else changed(whole, changes)


def changed(whole: Any, changes: dict[str, Any]) -> Any:
    """With other values at some paths; GONE takes one out."""
    for path, value in changes.items():
        *way, last = path.split(".")
        part = whole
        for segment in way:
            part = part[int(segment)] if segment.isdigit() else part[segment]
        if value is GONE:
            del part[last]
        else:
            part[last] = bags(value, last) if "Set" in last or last == "refunds" else value
    return whole


def _bought_in_dollars(whole: Any) -> Any:
    return json.loads(
        json.dumps(whole)
        .replace('"presentmentCurrencyCode": "EUR"', '"presentmentCurrencyCode": "USD"')
        .replace('"presentmentMoney": {"amount"', '"presentmentMoney": {"currencyCode": "USD", "was"')
        .replace('"was"', '"amount"')
        .replace(', "currencyCode": "EUR"}}', "}}")
    )


# The cases that rows name, and what makes an order one of them.
CASES: dict[str, dict[str, dict[str, Any] | Callable[[Any], Any]]] = {
    "woocommerce": {"without a price of the line": {"line_items.0.price": ""}},
    "shopify": {
        "edited order": {
            "order.edited": True,
            "order.refunds": [],
            "order.totalRefundedSet": "0.0",
            "order.currentTotalPriceSet": "32.96",
        },
        "a unit kept by the buyer": {
            "order.displayFulfillmentStatus": "FULFILLED",
            "order.lineItems.nodes.0.currentQuantity": 1,
            "order.refunds": [
                {
                    "totalRefundedSet": "0.1",
                    "refundLineItems": {
                        "nodes": [
                            {
                                "quantity": 1,
                                "restockType": "NO_RESTOCK",
                                "lineItem": {"id": "gid://shopify/LineItem/11"},
                            }
                        ]
                    },
                }
            ],
        },
        "bought in another currency": _bought_in_dollars,
    },
    "bigcommerce": {
        "prices with tax": {"order.is_tax_inclusive_pricing": True},
        "without discounted_total_inc_tax": {"order.consignments.shipping.0.line_items.0.discounted_total_inc_tax": ""},
        "without refunds of V3": {"refunds": [], "order.refunded_amount": "4.5000"},
        "as cost_exc_tax": {"order.fees.0.cost_ex_tax": GONE, "order.fees.0.cost_exc_tax": "3.0000"},
    },
    "ebay": {
        "without discountedLineItemCost": {
            "lineItems.0.discountedLineItemCost": GONE,
            "lineItems.0.lineItemCost": {"value": "18.0", "currency": "EUR"},
        },
        "where the total holds it": {"pricingSummary.total.value": "34.62"},
    },
    "ecwid": {
        "prices with tax": {
            "order.pricesIncludeTax": True,
            "order.items.0.price": 11.89,
            "order.shippingOption.shippingRate": 6.05,
            "order.handlingFee.value": 2.42,
            "order.customSurcharges.0.total": 1.21,
        },
        "taxes of items hold that on delivery": {"order.items.0.tax": 4.83, "order.tax": 4.83, "order.total": 22.83},
        "coupon on delivery": {
            "order.shippingOption.discountedShippingRate": 4.0,
            "order.couponDiscount": 2.0,
            "order.total": 22.46,
        },
    },
    "paypal": {
        "without taxes of items": {"cart_info.item_details.0.tax_amounts": []},
        "without item_amount": {
            "cart_info.item_details.0.item_amount": GONE,
            "cart_info.item_details.0.total_item_amount": {"value": "20.00", "currency_code": "EUR"},
        },
    },
    "magento2": {
        "fixed product tax": {
            "items.0.weee_tax_applied_row_amount": 1.0,
            "tax_amount": 5.42,
            "grand_total": 23.12,
        },
        "without gift_cards_amount": {"extension_attributes.gift_cards_amount": GONE},
        "bought in another currency": {"base_currency_code": "USD"},
    },
    "magento1": {
        "fixed product tax": {
            "items.0.weee_tax_applied_row_amount": "1.0000",
            "tax_amount": "5.4200",
            "grand_total": "23.1200",
        },
        "bought in another currency": {"base_currency_code": "USD"},
    },
    "prestashop": {
        "without details": {"details": []},
        "without total_paid": {"order.total_paid": GONE},
        "a chosen amount": {"slips.0.amount": "4.000000"},
        "as 1.5 writes it": {
            "slips.0.total_products_tax_incl": "0.000000",
            "slips.0.total_products_tax_excl": "0.000000",
            "slips.0.total_shipping_tax_incl": "0.000000",
        },
    },
}
