"""Orders and products as Ecwid documents them (docs.ecwid.com: "Search orders", "Search products")."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.simulator.catalogue import PRODUCTS, SHIRT, Buyer, Product
from integrations.simulator.dialects.prices import Priced, PricedLine, price_of, priced, rounded
from integrations.simulator.rendering import once
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]

STATUSES = {
    "checkout-draft": ("INCOMPLETE", "AWAITING_PROCESSING"),
    "pending": ("AWAITING_PAYMENT", "AWAITING_PROCESSING"),
    "on-hold": ("AWAITING_PAYMENT", "PROCESSING"),
    "processing": ("PAID", "AWAITING_PROCESSING"),
    "completed": ("PAID", "SHIPPED"),
    "cancelled": ("CANCELLED", "WILL_NOT_DELIVER"),
    "failed": ("CANCELLED", "AWAITING_PROCESSING"),
    "refunded": ("REFUNDED", "RETURNED"),
}
PAYMENT = (
    "AWAITING_PAYMENT", "PAID", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED", "INCOMPLETE", "CUSTOM_PAYMENT_STATUS_1",
)  # fmt: skip
FULFILMENT = (
    "AWAITING_PROCESSING", "PROCESSING", "SHIPPED", "DELIVERED", "WILL_NOT_DELIVER", "RETURNED", "READY_FOR_PICKUP",
    "OUT_FOR_DELIVERY", "CUSTOM_FULFILLMENT_STATUS_1",
)  # fmt: skip


def order_id(sale: Sale) -> str:
    """As people see it; `internalId` is the number behind it."""
    return f"EC{sale.id}-X"


def statuses(sale: Sale, now: datetime) -> tuple[str, str]:
    payment, fulfilment = STATUSES.get(sale.state(now).status, ("CUSTOM_PAYMENT_STATUS_1", "PROCESSING"))
    if payment == "PAID" and sale.refunds(now):
        payment = "PARTIALLY_REFUNDED"
    return payment, fulfilment


def _number(amount: Decimal) -> float | int:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _stamps(name: str, moment: datetime) -> Json:
    return {f"{name}Date": moment.strftime("%Y-%m-%d %H:%M:%S +0000"), f"{name}Timestamp": int(moment.timestamp())}


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    """Net prices, tax on top; keys that do not apply are missing."""
    now, cost = shop.now(), priced(shop, sale)
    payment, fulfilment = statuses(sale, now)
    goods, discount = cost.goods, sum((line.discount for line in cost.lines), Decimal(0))
    refunds = [rounded(shop, cost.total * Decimal(str(change.refund))) for change in sale.refunds(now)]
    document: Json = {
        "id": order_id(sale),
        "internalId": sale.id,
        "refundedAmount": _number(sum(refunds, Decimal(0))),
        "subtotal": _number(sum((line.before for line in cost.lines), Decimal(0))),
        "subtotalWithoutTax": _number(sum((line.before for line in cost.lines), Decimal(0))),
        "total": _number(cost.total),
        "totalWithoutTax": _number(cost.net),
        "giftCardRedemption": 0,
        "totalBeforeGiftCardRedemption": _number(cost.total),
        "giftCardDoubleSpending": False,
        "email": goods.buyer.email,
        "paymentMethod": goods.payment[1],
        "tax": _number(cost.tax),
        "customerTaxId": "",
        "couponDiscount": _number(discount),
        "paymentStatus": payment,
        "fulfillmentStatus": fulfilment,
        "orderNumber": sale.id,
        "vendorOrderNumber": order_id(sale),
        "publicUid": order_id(sale),
        "orderComments": goods.note,
        "volumeDiscount": 0,
        "membershipBasedDiscount": 0,
        "totalAndMembershipBasedDiscount": 0,
        "customDiscount": [],
        "customSurcharges": _surcharges(cost),
        "discount": 0,
        "usdTotal": 11.067309160854485,
        **_stamps("create", sale.placed_at),
        **_stamps("update", sale.state(now).at),
        "items": [_item(sale, position, line, cost) for position, line in enumerate(cost.lines)],
        "refunds": [_refund(each) for each in refunds],
        "billingPerson": _person(goods.buyer),
        "shippingOption": {
            "shippingMethodId": goods.delivery[0],
            "shippingMethodName": goods.delivery[1],
            "shippingRate": _number(cost.shipping),
            "shippingRateWithoutTax": _number(cost.shipping),
            "isPickup": goods.delivery[0] == "local_pickup",
            "fulfillmentType": "PICKUP" if goods.delivery[0] == "local_pickup" else "SHIPPING",
        },
        **_rest(cost),
        **_written(shop, sale),
    }
    if not goods.guest:
        document["customerId"] = 1 + sum(map(ord, goods.buyer.last_name)) % 900
    if goods.delivery[0] != "local_pickup":
        document["shippingPerson"] = _person(goods.ships_elsewhere or goods.buyer)
    if goods.coupon:
        document["discountCoupon"] = {"name": "Spring", "code": goods.coupon, "discountType": "PERCENT", "discount": 10}
    return document


def _written(shop: SimulatedShop, sale: Sale) -> Json:
    """What others have written into it."""
    told = list(shop.records.of(sale.id))
    given = {"externalTransactionId": sale.given.reference, "orderExtraFields": []} if sale.given else {}
    tracked = {"trackingNumber": told[-1].tracking} if told else {}
    return {**shop.records.kept.get(str(sale.id), {}), **tracked, **given}


def _refund(amount: Decimal) -> Json:
    return {"date": "2026-01-01 00:00:00 +0000", "source": "CP", "reason": "", "amount": _number(amount)}


def _rest(cost: Priced) -> Json:
    tax = _number(cost.shipping_tax)
    return {
        "taxesOnShipping": [{"name": "VAT", "value": cost.vat, "total": tax}] if cost.shipping_tax else [],
        "orderExtraFields": [{"id": "gift", "title": "Gift note", "value": "Für Mama"}],
        "predictedPackage": [],
        "shippingLabelAvailableForShipment": False,
        "shipments": [],
        "additionalInfo": {},
        "paymentParams": {},
        "extraFields": {},
        "ticket": -455011247,
        "hidden": False,
        "disableAllCustomerNotifications": False,
        "externalFulfillment": False,
        "utmDataSets": [],
        "invoices": [],
        "pricesIncludeTax": False,
    }


def _surcharges(cost: Priced) -> list[Json]:
    if not cost.fee:
        return []
    return [
        {
            "id": "cod",
            "value": _number(cost.fee),
            "type": "ABSOLUTE",
            "total": _number(cost.fee),
            "totalWithoutTax": _number(cost.fee),
            "description": "Dobírka",
            "taxable": True,
            "taxes": [{"name": "VAT", "value": cost.vat, "total": _number(cost.fee_tax)}],
        }
    ]


def _item(sale: Sale, position: int, line: PricedLine, cost: Priced) -> Json:
    """Noise as floats have it; a deleted product keeps its name alone."""
    product, gone = line.item.product, line.item.gone
    item: Json = {
        "id": sale.id * 10 + position,
        "productId": 0 if gone else (product.parent or product.key),
        "categoryId": 0,
        "price": float(line.unit) + 1e-13,
        "priceWithoutTax": float(line.unit),
        "productPrice": float(line.unit),
        "sku": None if gone else product.sku,
        "quantity": line.item.quantity,
        "shortDescription": "",
        "tax": _number(line.tax),
        "shipping": 0,
        "quantityInStock": product.stock,
        "name": product.name,
        "nameTranslated": {"cs": "", "en": product.name},
        "isShippingRequired": True,
        "trackQuantity": False,
        "digital": False,
        "productAvailable": not gone,
        "couponApplied": bool(cost.goods.coupon),
        "couponAmount": _number(line.discount),
        "taxes": [
            {
                "name": "VAT",
                "value": cost.vat,
                "total": _number(line.tax),
                "taxOnDiscountedSubtotal": _number(line.tax),
                "taxOnShipping": 0,
                "includeInPrice": False,
                "sourceTaxRateId": 947976181,
                "sourceTaxRateType": "MANUAL",
                "taxClassName": "Standard rate",
                "taxClassCode": "default",
            }
        ],
        "discounts": [],
        "taxable": True,
        "giftCard": False,
        "attributes": [],
    }
    if product.option:
        item["selectedOptions"] = [{"name": "Size", "value": product.option, "type": "CHOICE"}]
        item["combinationId"] = product.key
    return item


def _person(buyer: Buyer) -> Json:
    return {
        "name": f"{buyer.first_name} {buyer.last_name}",
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "companyName": buyer.company,
        "street": f"{buyer.street}\n2nd floor",
        "city": buyer.city,
        "countryCode": buyer.country,
        "countryName": buyer.country,
        "postalCode": buyer.postal_code,
        "stateOrProvinceCode": "",
        "stateOrProvinceName": "",
        "phone": buyer.phone,
    }


def product_documents(shop: SimulatedShop) -> list[Json]:
    shirts = [product for product in PRODUCTS if product.parent]
    shirt = Product(SHIRT, "", shirts[0].name, shirts[0].price, 0)
    plain = [_product(shop, product) | {"combinations": []} for product in PRODUCTS if not product.parent]
    sizes = [
        {
            "id": each.key,
            "combinationNumber": number,
            "options": [{"name": "Size", "value": each.option}],
            "sku": each.sku,
            "attributes": _attributes(each),
            **_stock(shop, each),
        }
        for number, each in enumerate(shirts, 1)
    ]
    return [*plain, _product(shop, shirt) | {"combinations": sizes}]


def _attributes(product: Product) -> list[Json]:
    return [{"id": 1, "name": "UPC", "value": product.ean, "type": "UPC", "show": "DESCR"}] if product.ean else []


def _product(shop: SimulatedShop, product: Product) -> Json:
    return {
        "id": product.key,
        "sku": product.sku,
        "attributes": _attributes(product),
        **_stock(shop, product),
        "inStock": True,
        "name": product.name,
        "price": float(price_of(shop, product)),
        "enabled": True,
        "options": [],
    }


def _stock(shop: SimulatedShop, product: Product) -> Json:
    """Unlimited stock has no quantity."""
    quantity = shop.records.quantities.get(product.sku)
    return {"unlimited": True} if quantity is None else {"unlimited": False, "quantity": quantity}
