"""Orders and inventory items as eBay writes them (type Order of Fulfillment v1.20.7, InventoryItem of Inventory v1)."""

from __future__ import annotations

import html
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.simulator.catalogue import Buyer, Product
from integrations.simulator.dialects.prices import gross, rounded
from integrations.simulator.records import ToldShipment
from integrations.simulator.rendering import once
from integrations.simulator.sales import Basket, Change, Item, Sale, basket
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]

STATES = {
    "processing": ("PAID", "NOT_STARTED", "NONE_REQUESTED"),
    "completed": ("PAID", "FULFILLED", "NONE_REQUESTED"),
    "on-hold": ("PENDING", "NOT_STARTED", "NONE_REQUESTED"),
    "cancelled": ("FAILED", "NOT_STARTED", "CANCELED"),
    "refunded": ("FULLY_REFUNDED", "FULFILLED", "NONE_REQUESTED"),
}
ADDRESS = "https://api.ebay.com/sell/fulfillment/v1/order"


def order_id(shop: SimulatedShop, sale: Sale) -> str:
    return f"{10 + shop.seed % 90:02}-{10000 + sale.id // 100_000:05}-{sale.id % 100_000:05}"


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    now = shop.now()
    state, goods = sale.state(now), basket(shop.seed, sale)
    payment, fulfilment, cancel = STATES[state.status]
    gone = units_gone(shop, sale)
    if gone and fulfilment == "NOT_STARTED":
        fulfilment = "IN_PROGRESS"
    refunds = sale.refunds(now)
    if refunds and payment == "PAID":
        payment = "PARTIALLY_REFUNDED"
    lines = [
        _line(shop, sale, position, item, goods, _state_of(fulfilment, gone.get(position, 0), item.quantity))
        for position, item in enumerate(goods.items)
    ]
    subtotal = sum((Decimal(line["lineItemCost"]["value"]) for line in lines), Decimal(0))
    after = sum((Decimal(_paid(line)["value"]) for line in lines), Decimal(0))
    delivery = gross(shop, Decimal(goods.delivery[2]), goods)
    total = after + delivery
    pricing = {"priceSubtotal": _amount(shop, subtotal), "deliveryCost": _amount(shop, delivery)}
    if after != subtotal:
        pricing["priceDiscount"] = _amount(shop, after - subtotal)
    document: Json = {
        "orderId": order_id(shop, sale),
        "legacyOrderId": order_id(shop, sale),
        "creationDate": _stamp(sale.placed_at),
        "lastModifiedDate": _stamp(state.at),
        "orderFulfillmentStatus": fulfilment,
        "orderPaymentStatus": payment,
        "sellerId": shop.name.lower(),
        "buyer": {"username": f"buyer_{goods.buyer.postal_code.replace(' ', '').lower()}"},
        "pricingSummary": {**pricing, "total": _amount(shop, total)},
        "cancelStatus": {
            "cancelState": cancel,
            "cancelRequests": _requests(sale, state) if cancel == "CANCELED" else [],
        },
        "paymentSummary": {
            "totalDueSeller": _amount(shop, rounded(shop, total * Decimal("0.9"))),
            "refunds": [_refund(shop, sale, total, change) for change in refunds],
            "payments": [_payment(shop, sale, total, payment, sale.paid_at(now))],
        },
        "fulfillmentStartInstructions": [_instruction(goods)],
        "fulfillmentHrefs": [
            f"{ADDRESS}/{order_id(shop, sale)}/shipping_fulfillment/{fulfillment_id(told)}"
            for told in shop.records.of(sale.id)
        ],
        "lineItems": lines,
        "salesRecordReference": str(sale.id),
        "totalFeeBasisAmount": _amount(shop, total),
        "totalMarketplaceFee": _amount(shop, rounded(shop, total * Decimal("0.1"))),
    }
    return {**document, "buyerCheckoutNotes": goods.note} if goods.note else document


def units_gone(shop: SimulatedShop, sale: Sale) -> dict[int, int]:
    """Of each line, by its place, as eBay was told."""
    gone: dict[int, int] = {}
    for told in shop.records.of(sale.id):
        for place, units in told.units.items():
            gone[place] = gone.get(place, 0) + units
    return gone


def _state_of(order: str, gone: int, quantity: int) -> str:
    """Of one line, in an order of which only a part has left."""
    if order != "IN_PROGRESS":
        return order
    return "FULFILLED" if gone >= quantity else "IN_PROGRESS" if gone else "NOT_STARTED"


def fulfillment_id(told: ToldShipment) -> str:
    """Its tracking number, where it has one."""
    return told.tracking or f"9{told.id:03}"


def line_id(sale: Sale, position: int) -> str:
    return str(10_000_000_000_000 + sale.id * 10 + position)


def fulfillment_document(sale: Sale, told: ToldShipment) -> Json:
    document: Json = {
        "fulfillmentId": fulfillment_id(told),
        "shippedDate": _stamp(told.at),
        "lineItems": [{"lineItemId": line_id(sale, place), "quantity": units} for place, units in told.units.items()],
    }
    if told.tracking:
        document |= {"shipmentTrackingNumber": told.tracking, "shippingCarrierCode": told.carrier}
    return document


def _paid(line: Json) -> Json:
    paid: Json = line["discountedLineItemCost"] if "discountedLineItemCost" in line else line["lineItemCost"]
    return paid


def _amount(shop: SimulatedShop, amount: Decimal) -> Json:
    """At least one decimal, no more zeros than that: "75.0", "4.17", "1980.0"."""
    whole, _, part = f"{amount:f}".partition(".")
    return {"value": f"{whole}.{part.rstrip('0') or '0'}", "currency": shop.currency}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _requests(sale: Sale, state: Change) -> list[Json]:
    return [
        {
            "cancelRequestId": str(5_000_000_000 + sale.id),
            "cancelInitiator": "BUYER",
            "cancelReason": "BUYER_ASKED_CANCEL",
            "cancelRequestedDate": _stamp(state.at),
            "cancelRequestState": "COMPLETED",
        }
    ]


def _refund(shop: SimulatedShop, sale: Sale, total: Decimal, change: Change) -> Json:
    return {
        "refundDate": _stamp(change.at),
        "amount": _amount(shop, rounded(shop, total * Decimal(str(change.refund)))),
        "refundStatus": "REFUNDED",
        "refundReferenceId": f"r-{sale.id}",
        "refundId": str(5_000_000_000 + sale.id),
    }


def _payment(shop: SimulatedShop, sale: Sale, total: Decimal, status: str, paid_at: datetime | None) -> Json:
    payment: Json = {"paymentMethod": "EBAY", "paymentReferenceId": str(1_000_000_000 + sale.id)}
    if paid_at:
        payment["paymentDate"] = _stamp(paid_at)
    return {**payment, "amount": _amount(shop, total), "paymentStatus": "PAID" if paid_at else status}


def _instruction(goods: Basket) -> Json:
    if goods.delivery[0] == "local_pickup":
        return {
            "fulfillmentInstructionsType": "PREPARE_FOR_PICKUP",
            "ebaySupportedFulfillment": False,
            "pickupStep": {"merchantLocationKey": "store-1"},
        }
    step = {
        "shipTo": _contact(goods.ships_elsewhere or goods.buyer),
        "shippingCarrierCode": "DHL" if goods.delivery[0] == "flat_rate" else "Other",
        "shippingServiceCode": goods.delivery[0],
    }
    return {"fulfillmentInstructionsType": "SHIP_TO", "ebaySupportedFulfillment": False, "shippingStep": step}


def _contact(buyer: Buyer) -> Json:
    contact: Json = {
        "fullName": f"{buyer.first_name} {buyer.last_name}",
        "contactAddress": {
            "addressLine1": buyer.street,
            "city": buyer.city,
            "postalCode": buyer.postal_code,
            "countryCode": buyer.country,
        },
        "primaryPhone": {"phoneNumber": buyer.phone},
        "email": buyer.email,
    }
    return {**contact, "companyName": buyer.company} if buyer.company else contact


def _line(shop: SimulatedShop, sale: Sale, position: int, item: Item, goods: Basket, fulfilment: str) -> Json:
    """A product without a SKU has no field `sku`; a listing that has ended keeps its ids."""
    product = item.product
    cost = gross(shop, product.price, goods) * item.quantity
    paid = rounded(shop, cost * Decimal("0.9")) if goods.coupon else cost
    line: Json = {
        "lineItemId": line_id(sale, position),
        "legacyItemId": str(254_700_000_000 + (product.parent or product.key)),
        "title": html.unescape(product.name),
        "lineItemCost": _amount(shop, cost),
        "quantity": item.quantity,
        "soldFormat": "FIXED_PRICE",
        "listingMarketplaceId": "EBAY_DE",
        "purchaseMarketplaceId": "EBAY_DE",
        "lineItemFulfillmentStatus": fulfilment,
        "total": _amount(shop, paid),
        "deliveryCost": {"shippingCost": _amount(shop, Decimal(0))},
        "appliedPromotions": [],
        "taxes": [],
        "properties": {"buyerProtection": True},
        "lineItemFulfillmentInstructions": {"guaranteedDelivery": False},
        "itemLocation": {"countryCode": "CZ"},
    }
    if product.sku:
        line["sku"] = product.sku
    if goods.coupon:
        line["discountedLineItemCost"] = _amount(shop, paid)
        line["appliedPromotions"] = [{"discountAmount": _amount(shop, cost - paid), "promotionId": "1"}]
    if product.option:
        line |= {"legacyVariationId": str(product.key), "variationAspects": [{"name": "Size", "value": product.option}]}
    return line


def inventory_item(shop: SimulatedShop, product: Product) -> Json:
    item: Json = {
        "sku": product.sku,
        "locale": "en_US",
        "product": {
            "title": html.unescape(product.name),
            "aspects": {"Brand": ["Teahouse", "Own"]},
            "ean": [product.ean],
        },
        "condition": "NEW",
        "availability": {"shipToLocationAvailability": {"quantity": shop.records.quantities[product.sku]}},
    }
    if product.option:
        item["product"]["aspects"] = {"Size": [product.option]}
        item["inventoryItemGroupKeys"] = ["shirt"]
    return item
