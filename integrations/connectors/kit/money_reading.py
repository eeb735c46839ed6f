"""Reading orders whose every amount names its currency."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from integrations.connectors.contract import Shop
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO


class Money(Protocol):
    """An amount as eBay and PayPal have it, whatever they call the currency."""

    @property
    def value(self) -> Number: ...

    @property
    def currency(self) -> str | None: ...


class MoneyReading(OrderReading):
    """Amounts in another currency than the order's count as zero, with a note."""

    def owed(self, shop: Shop, money: Money | None, path: str) -> Decimal:
        """The total, whose currency is the order's. Refuses with no_total, unknown_currency, negative_total."""
        if money is None or money.value in (None, ""):
            return self.total(None, path)
        self.in_currency(shop, money.currency, path=path)
        return self.total(money.value, path)

    def money(self, money: Money | None, field: str) -> Decimal:
        if money is None or money.value in (None, ""):
            return ZERO
        code = (money.currency or self.currency).strip().upper()
        if code != self.currency:
            self.foreign(code[:10], field)
            return ZERO
        return self.amount(money.value, field)

    def moneys(self, moneys: Iterable[Money | None], field: str) -> Decimal:
        return sum((self.money(money, field) for money in moneys), ZERO)

    def foreign(self, code: str, field: str) -> None:
        """Note an amount that is in another currency."""
        self.notes.append(f"The amount {field} is in {code}, not in {self.currency}, and was left out.")


def written(money: Money | None) -> str:
    """An amount for people, as the platform wrote it: "-1.90 EUR"; "" for none."""
    return f"{money.value} {money.currency or ''}".strip() if money and money.value not in (None, "") else ""
