"""Orders as Shopify's Admin GraphQL API 2026-07 writes them (published schema and documents).

Every other shop has prices with tax. Some buyers pay in euros where the shop's currency is another; some leave a tip;
some orders had a line edited out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from integrations.simulator.catalogue import PRODUCTS, VAT, Buyer
from integrations.simulator.dialects.prices import Priced, priced
from integrations.simulator.dialects.shopify.fulfilling import attributes, fulfilled, states_of, to_fulfil, to_send
from integrations.simulator.dialects.shopify.graphql import Json, Kept
from integrations.simulator.dialects.shopify.lists import connection
from integrations.simulator.dialects.shopify.stocked import variant_id, variant_of
from integrations.simulator.dialects.shopify.words import Till, gid, order_gid, stamp
from integrations.simulator.rendering import once
from integrations.simulator.sales import Item, Sale, basket
from integrations.simulator.shop import SimulatedShop

GATEWAYS = {
    "stripe": ("shopify_payments", "Shopify Payments"),
    "bacs": ("Bank Deposit", "Bank Deposit"),
    "cod": ("Cash on Delivery (COD)", "Cash on Delivery (COD)"),
    "paypal": ("paypal", "PayPal"),
}
ZERO = Decimal(0)


@dataclass(frozen=True)
class _Line:
    """`whole` is what its ordered units cost, tax and all; `left` what those that were not edited out do."""

    written: Json
    goods: Decimal
    tax: Decimal
    off: Decimal
    removed: bool = False

    @property
    def whole(self) -> Decimal:
        return self.goods + self.tax


class _Order:
    def __init__(self, shop: SimulatedShop, sale: Sale) -> None:
        self.shop, self.sale, self.now = shop, sale, shop.now()
        self.state, self.basket = sale.state(self.now), basket(shop.seed, sale)
        euros = shop.currency != "EUR" and sale.id % 4 == 0
        self.till = Till(shop.currency, "EUR" if euros else shop.currency)
        self.vat = VAT.get(self.basket.buyer.country, 0)
        self.left = to_send(shop, sale)
        self.included = shop.seed % 2 == 0
        self.tip = ZERO
        if sale.given is not None:
            self._as_given(priced(shop, sale))
            return
        self.lines = [self._line(place, item) for place, item in enumerate(self.basket.items)]
        if sale.id % 13 == 0:
            self.lines.append(self._line(len(self.lines), Item(PRODUCTS[0], 1), removed=True))
        self.tip = self.till.price(Decimal("1.50")) if sale.id % 11 == 0 else ZERO
        if self.tip:
            self.lines.append(self._tip(len(self.lines)))
        self.shipping, self.shipping_tax = self._taxed(self.till.price(Decimal(self.basket.delivery[2])))
        self._sum_up()

    def _as_given(self, cost: Priced) -> None:
        """An order that somebody wrote: in the shop's currency, prices without tax."""
        self.till, self.included, self.vat = Till(self.shop.currency, self.shop.currency), False, cost.vat
        self.lines = []
        for place, line in enumerate(cost.lines):
            product = line.item.product
            written = self._written(place, product.name, line.item.quantity, line.unit, ZERO, line.tax) | {
                "sku": product.sku or None,
                "requiresShipping": True,
                "variant": variant_of(variant_id(self.shop, product), product) if product.key else None,
            }
            self.lines.append(_Line(written, line.net, line.tax, ZERO))
        self.shipping, self.shipping_tax = cost.shipping, cost.shipping_tax
        self._sum_up()

    def _sum_up(self) -> None:
        sale = self.sale
        self.total = sum((line.whole for line in self.lines), ZERO) + self.shipping + self.shipping_tax
        gone = sum((line.whole for line in self.lines if line.removed), ZERO)
        self.refunds = [self.till.round((self.total - gone) * _share(each.refund)) for each in sale.refunds(self.now)]
        self.current = self.total - gone - sum(self.refunds, ZERO)
        self.returned = any(each.refund == 1 for each in sale.refunds(self.now))

    def _taxed(self, net: Decimal) -> tuple[Decimal, Decimal]:
        return net, self.till.round(net * self.vat / 100)

    def _taxes(self, amount: Decimal) -> list[Json]:
        rate = {"__typename": "TaxLine", "title": "VAT", "rate": self.vat / 100, "priceSet": self.till.bag(amount)}
        return [rate] if self.vat else []

    def _line(self, place: int, item: Item, removed: bool = False) -> _Line:
        """With tax included, prices and allocations hold it; `goods` is net all the same."""
        product, quantity, till = item.product, item.quantity, self.till
        price = till.price(product.price)
        if self.included:
            price = till.round(price * (100 + self.vat) / 100)
        off = till.round(price * quantity / 10) if self.basket.coupon else ZERO
        paid = price * quantity - off
        if self.included:
            tax = till.round(paid * self.vat / (100 + self.vat))
            net = paid - tax
        else:
            net, tax = self._taxed(paid)
        own = variant_id(self.shop, product)
        written = self._written(place, product.name, quantity, price, off, tax) | {
            "variantTitle": product.option or None,
            "name": f"{product.name} - {product.option}" if product.option else product.name,
            "sku": None if item.gone else product.sku or None,
            "requiresShipping": bool(product.sku),
            "product": None if item.gone else {"__typename": "Product", "id": gid("Product", own + 5000)},
            "variant": None if item.gone else variant_of(own, product),
        }
        if removed:
            written["currentQuantity"] = 0
        return _Line(written, net, tax, off, removed)

    def _tip(self, place: int) -> _Line:
        return _Line(self._written(place, "Tip", 1, self.tip, ZERO, ZERO), self.tip, ZERO, ZERO)

    def _written(self, place: int, title: str, quantity: int, price: Decimal, off: Decimal, tax: Decimal) -> Json:
        bag = self.till.bag
        allocation = {
            "__typename": "DiscountAllocation",
            "allocatedAmountSet": bag(off),
            "discountApplication": {
                "__typename": "DiscountCodeApplication",
                "index": 0,
                "allocationMethod": "ACROSS",
                "targetType": "LINE_ITEM",
            },
        }
        extras = [{"__typename": "Attribute", "key": "engraving", "value": "Für Mama"}] if self.sale.id % 3 == 0 else []
        left = 0 if self.state.status == "refunded" else quantity
        return {
            "__typename": "LineItem",
            "id": gid("LineItem", self.sale.id * 100 + place),
            "name": title,
            "title": title,
            "variantTitle": None,
            "sku": None,
            "vendor": self.shop.name,
            "quantity": quantity,
            "currentQuantity": left,
            "refundableQuantity": left,
            "unfulfilledQuantity": self.left.get(place, 0),
            "requiresShipping": False,
            "taxable": bool(self.vat),
            "isGiftCard": False,
            "product": None,
            "variant": None,
            "originalUnitPriceSet": bag(price),
            "discountedTotalSet": bag(price * quantity - off),
            "totalDiscountSet": bag(off),
            "discountAllocations": [allocation] if off else [],
            "taxLines": self._taxes(tax) if tax else [],
            "duties": [],
            "customAttributes": extras,
        }

    def money(self) -> Json:
        bag, tax = self.till.bag, sum((line.tax for line in self.lines), self.shipping_tax)
        goods = sum((line.whole if self.included else line.goods for line in self.lines), ZERO) - self.tip
        back = sum(self.refunds, ZERO)
        return {
            "totalPriceSet": bag(self.total),
            "currentTotalPriceSet": bag(self.current),
            "currentTotalTaxSet": bag(sum((line.tax for line in self.lines if not line.removed), self.shipping_tax)),
            "currentTotalDiscountsSet": bag(sum((line.off for line in self.lines if not line.removed), ZERO)),
            "subtotalPriceSet": bag(goods),
            "totalDiscountsSet": bag(sum((line.off for line in self.lines), ZERO)),
            "totalShippingPriceSet": bag(self.delivered()),
            "totalTaxSet": bag(tax),
            "totalRefundedSet": bag(back),
            "totalReceivedSet": bag(self.total if self.sale.paid_at(self.now) else ZERO),
            "totalOutstandingSet": bag(ZERO if self.sale.paid_at(self.now) else self.total),
            "totalTipReceivedSet": bag(self.tip),
            "additionalFees": [],
            "taxLines": self._taxes(tax),
        }

    def delivered(self) -> Decimal:
        return self.shipping + self.shipping_tax if self.included else self.shipping

    def delivery(self) -> Json:
        return {
            "__typename": "ShippingLine",
            "id": gid("ShippingLine", self.sale.id),
            "title": self.basket.delivery[1],
            "code": self.basket.delivery[1],
            "source": "shopify",
            "isRemoved": False,
            "originalPriceSet": self.till.bag(self.delivered()),
            "discountedPriceSet": self.till.bag(self.delivered()),
            "taxLines": self._taxes(self.shipping_tax) if self.shipping_tax else [],
        }

    def refund_documents(self) -> list[Json]:
        """Paid back; and without money, the record of what was edited out."""
        removed = [line for line in self.lines if line.removed]
        documents = [self._refund(1, ZERO, removed, "CANCEL")] if removed else []
        for place, amount in enumerate(self.refunds):
            kept = [line for line in self.lines if not line.removed]
            documents.append(self._refund(place + 2, amount, kept if self.returned else [], "RETURN"))
        return documents

    def _refund(self, place: int, amount: Decimal, lines: list[_Line], restock: str) -> Json:
        nodes = [
            {
                "__typename": "RefundLineItem",
                "quantity": line.written["quantity"],
                "restockType": restock,
                "subtotalSet": self.till.bag(line.goods),
                "totalTaxSet": self.till.bag(line.tax),
                "lineItem": line.written,
            }
            for line in lines
        ]
        return {
            "__typename": "Refund",
            "id": gid("Refund", self.sale.id * 10 + place),
            "createdAt": stamp(self.state.at),
            "note": "",
            "totalRefundedSet": self.till.bag(amount),
            "refundLineItems": lambda given: connection("RefundLineItem", nodes, given),
        }

    def transactions(self) -> list[Json]:
        paid_at = self.sale.paid_at(self.now)
        code, title = gateway(self.basket.payment)
        sale = {
            "__typename": "OrderTransaction",
            "id": gid("OrderTransaction", self.sale.id * 10),
            "kind": "SALE",
            "status": "SUCCESS" if paid_at else "PENDING",
            "gateway": code,
            "formattedGateway": title,
            "createdAt": stamp(paid_at or self.sale.placed_at),
            "processedAt": stamp(paid_at or self.sale.placed_at),
            "test": False,
            "amountSet": self.till.bag(self.total),
            "parentTransaction": None,
        }
        return [sale]


def gateway(payment: tuple[str, str]) -> tuple[str, str]:
    """Code and title; those of an order that somebody wrote are as he wrote them."""
    return GATEWAYS.get(payment[0], payment)


def _share(refund: float) -> Decimal:
    return Decimal(str(refund))


@once
def order_document(shop: SimulatedShop, sale: Sale) -> Json:
    order = _Order(shop, sale)
    goods, state = order.basket, order.state
    ends = stamp(state.at) if state.status == "cancelled" else None
    paid, shipped = states_of(shop, sale)
    if order.refunds and not order.returned:
        paid = "PARTIALLY_REFUNDED"
    lines = [line.written for line in order.lines]
    return Kept(
        {
            "__typename": "Order",
            "id": order_gid(sale),
            "legacyResourceId": str(sale.id),
            "name": f"#{sale.number}",
            "createdAt": stamp(sale.placed_at),
            "processedAt": stamp(sale.placed_at),
            "updatedAt": stamp(state.at),
            "closedAt": ends,
            "cancelledAt": ends,
            "number": sale.id,
            "confirmationNumber": f"XK{sale.id}ZQ",
            "cancelReason": "CUSTOMER" if state.status == "cancelled" else None,
            "test": False,
            "edited": sale.id % 13 == 0,
            "email": goods.buyer.email,
            "phone": None,
            "note": goods.note or None,
            "tags": ["VIP", "říše"] if sale.id % 5 == 0 else [],
            "sourceName": "web" if sale.given is None else str(shop.seed),
            "sourceIdentifier": sale.given.reference if sale.given else None,
            "poNumber": None,
            "customerLocale": goods.buyer.country.lower(),
            "displayFinancialStatus": paid,
            "displayFulfillmentStatus": shipped,
            "returnStatus": "RETURNED" if order.returned else "NO_RETURN",
            "currencyCode": shop.currency,
            "presentmentCurrencyCode": order.till.buyer,
            "taxesIncluded": order.included,
            "taxExempt": not order.vat,
            "dutiesIncluded": False,
            "discountCodes": [goods.coupon] if goods.coupon else [],
            "paymentGatewayNames": [gateway(goods.payment)[0]],
            "customAttributes": attributes(shop, sale),
            "customer": None if goods.guest else _customer(goods.buyer),
            "billingAddress": _address(goods.buyer),
            "shippingAddress": _address(goods.ships_elsewhere or goods.buyer),
            **order.money(),
            "shippingLines": lambda given: connection("ShippingLine", [order.delivery()], given),
            "lineItems": lambda given: connection("LineItem", lines, given),
            "refunds": lambda given: order.refund_documents()[: given.get("first")],
            "transactions": lambda given: order.transactions()[: given.get("first")],
            "fulfillmentOrders": lambda given: connection("FulfillmentOrder", [to_fulfil(shop, sale)], given),
            "fulfillments": lambda given: fulfilled(shop, sale)[: given.get("first")],
        }
    )


def _customer(buyer: Buyer) -> Json:
    return {
        "__typename": "Customer",
        "id": gid("Customer", 7000 + sum(map(ord, buyer.last_name)) % 900),
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "defaultEmailAddress": {"__typename": "CustomerEmailAddress", "emailAddress": buyer.email},
        "defaultPhoneNumber": {"__typename": "CustomerPhoneNumber", "phoneNumber": buyer.phone.replace(" ", "")},
    }


def _address(buyer: Buyer) -> Json:
    return {
        "__typename": "MailingAddress",
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "company": buyer.company or None,
        "address1": buyer.street,
        "address2": None,
        "city": buyer.city,
        "zip": buyer.postal_code,
        "province": None,
        "provinceCode": None,
        "country": buyer.country,
        "countryCodeV2": buyer.country,
        "phone": buyer.phone,
    }
