"""Amounts, ids and stamps as Shopify writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from integrations.simulator.catalogue import RATES
from integrations.simulator.dialects.shopify.graphql import Json
from integrations.simulator.sales import Sale

DECIMALS = {"JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Till:
    """Money of one order: computed in the buyer's currency, shown in the shop's too."""

    shop: str
    buyer: str

    def round(self, amount: Decimal) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(self.buyer, 2)), ROUND_HALF_UP)

    def price(self, net_eur: Decimal) -> Decimal:
        return self.round(net_eur * Decimal(RATES[self.buyer]))

    def bag(self, amount: Decimal) -> Json:
        own = amount
        if self.shop != self.buyer:
            exact = amount * Decimal(RATES[self.shop]) / Decimal(RATES[self.buyer])
            own = exact.quantize(Decimal(1).scaleb(-DECIMALS.get(self.shop, 2)), ROUND_HALF_UP)
        return {
            "__typename": "MoneyBag",
            "shopMoney": _money(own, self.shop),
            "presentmentMoney": _money(amount, self.buyer),
        }


def _money(amount: Decimal, currency: str) -> Json:
    """As many decimals as are needed, at least one: "1980.0", "21.68"."""
    text = f"{amount.normalize():f}"
    return {"__typename": "MoneyV2", "amount": text if "." in text else f"{text}.0", "currencyCode": currency}


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def order_gid(sale: Sale) -> str:
    return gid("Order", sale.id)
