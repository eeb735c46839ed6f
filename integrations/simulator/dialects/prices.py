"""What an order costs, the same in every dialect: net prices in the shop's currency, tax on top."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from integrations.simulator.catalogue import RATES, VAT, Product
from integrations.simulator.sales import Basket, Item, Sale, basket
from integrations.simulator.shop import SimulatedShop

DIGITS = {"JPY": 0, "KWD": 3}
ZERO = Decimal(0)


@dataclass(frozen=True)
class PricedLine:
    item: Item
    unit: Decimal
    before: Decimal
    """Net, before the coupon."""
    net: Decimal
    tax: Decimal
    """Of `net`."""

    @property
    def discount(self) -> Decimal:
        return self.before - self.net


@dataclass(frozen=True)
class Priced:
    goods: Basket
    vat: int
    """Percent."""
    lines: tuple[PricedLine, ...]
    shipping: Decimal
    shipping_tax: Decimal
    fee: Decimal
    """For cash on delivery."""
    fee_tax: Decimal

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), ZERO) + self.shipping_tax + self.fee_tax

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO) + self.shipping + self.fee

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def rounded(shop: SimulatedShop, amount: Decimal) -> Decimal:
    """At the decimals of the shop's currency."""
    return amount.quantize(Decimal(1).scaleb(-DIGITS.get(shop.currency, 2)), ROUND_HALF_UP)


def price_of(shop: SimulatedShop, product: Product) -> Decimal:
    return rounded(shop, product.price * Decimal(RATES[shop.currency]))


def priced(shop: SimulatedShop, sale: Sale) -> Priced:
    goods = basket(shop.seed, sale)
    vat = VAT.get(goods.buyer.country, 0)
    lines = []
    for item in goods.items:
        unit = price_of(shop, item.product)
        before = unit * item.quantity
        net = rounded(shop, before * Decimal("0.9")) if goods.coupon else before
        lines.append(PricedLine(item, unit, before, net, rounded(shop, net * vat / 100)))
    rate = Decimal(RATES[shop.currency])
    shipping = rounded(shop, Decimal(goods.delivery[2]) * rate)
    fee = rounded(shop, Decimal("1.50") * rate) if goods.payment[0] == "cod" else ZERO
    return Priced(
        goods, vat, tuple(lines), shipping, rounded(shop, shipping * vat / 100), fee, rounded(shop, fee * vat / 100)
    )
