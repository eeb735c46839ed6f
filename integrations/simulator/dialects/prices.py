"""What an order costs, the same in every dialect: net prices in the shop's currency, tax on top."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from integrations.simulator.catalogue import RATES, VAT, Product
from integrations.simulator.sales import Basket, Given, Item, Sale, basket
from integrations.simulator.shop import SimulatedShop

# Two for all others.
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
    tax_before: Decimal
    """Of `before`."""

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
    """For cash on delivery, or all that somebody wrote."""
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


def rounded(shop: SimulatedShop, amount: Decimal, most: int = 3) -> Decimal:
    """At the decimals of the shop's currency, or at `most` of them where the platform has no more."""
    return amount.quantize(Decimal(1).scaleb(-min(most, DIGITS.get(shop.currency, 2))), ROUND_HALF_UP)


def net(shop: SimulatedShop, euros: Decimal, most: int = 3) -> Decimal:
    """A price of the catalogue in the shop's currency."""
    return rounded(shop, euros * Decimal(RATES[shop.currency]), most)


def gross(shop: SimulatedShop, euros: Decimal, goods: Basket) -> Decimal:
    """With the tax of the buyer's country, as marketplaces show prices."""
    return rounded(shop, net(shop, euros) * (100 + VAT.get(goods.buyer.country, 0)) / 100)


def price_of(shop: SimulatedShop, product: Product) -> Decimal:
    return net(shop, product.price)


def priced(shop: SimulatedShop, sale: Sale, most: int = 3) -> Priced:
    goods = basket(shop.seed, sale)
    if sale.given is not None and goods.items == sale.given.items():
        return _as_given(sale.given, goods)
    vat = VAT.get(goods.buyer.country, 0)

    def tax(amount: Decimal) -> Decimal:
        return rounded(shop, amount * vat / 100, most)

    lines = []
    for item in goods.items:
        unit = net(shop, item.product.price, most)
        before = unit * item.quantity
        paid = rounded(shop, before * Decimal("0.9"), most) if goods.coupon else before
        lines.append(PricedLine(item, unit, before, paid, tax(paid), tax(before)))
    shipping = net(shop, Decimal(goods.delivery[2]), most)
    fee = net(shop, Decimal("1.50"), most) if goods.payment[0] == "cod" else ZERO
    return Priced(goods, vat, tuple(lines), shipping, tax(shipping), fee, tax(fee))


def _as_given(given: Given, goods: Basket) -> Priced:
    """To the cent, as it was written; the rate is the nearest whole one."""
    lines = []
    for item, line in zip(goods.items, given.lines, strict=True):
        paid, tax = Decimal(line.net), Decimal(line.tax)
        lines.append(PricedLine(item, paid / max(1, line.quantity), paid, paid, tax, tax))
    shipping, shipping_tax = Decimal(given.shipping_net), Decimal(given.shipping_tax)
    fee, fee_tax = (sum((Decimal(each[place]) for each in given.fees), ZERO) for place in (1, 2))
    net = sum((line.net for line in lines), shipping)
    vat = round(sum((line.tax for line in lines), shipping_tax) * 100 / net) if net else 0
    return Priced(goods, vat, tuple(lines), shipping, shipping_tax, fee, fee_tax)
