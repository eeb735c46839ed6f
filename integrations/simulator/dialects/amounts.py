"""Prices of the catalogue in a shop's currency, at the currency's own decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from integrations.simulator.catalogue import RATES, VAT
from integrations.simulator.sales import Basket
from integrations.simulator.shop import SimulatedShop

DECIMALS = {"JPY": 0, "KWD": 3}
"""Two for all others."""


def rounded(shop: SimulatedShop, amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(shop.currency, 2)), ROUND_HALF_UP)


def net(shop: SimulatedShop, euros: Decimal) -> Decimal:
    return rounded(shop, euros * Decimal(RATES[shop.currency]))


def gross(shop: SimulatedShop, euros: Decimal, basket: Basket) -> Decimal:
    """With the tax of the buyer's country, as marketplaces show prices."""
    return rounded(shop, net(shop, euros) * (100 + VAT.get(basket.buyer.country, 0)) / 100)
