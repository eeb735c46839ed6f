"""The parts of a Magento 1 order that are read: those of Magento 2, under other names.

Every value is a text or null, amounts with four decimals ("60.0000"); what is empty may be an empty list. Gift cards,
store credit, points and gift wrapping are the Enterprise Edition's and stand in the order itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.values import Number
from integrations.connectors.magento2 import shapes, status


class RawItem(shapes.RawItem):
    discount_tax_compensation_amount: Number = field(name="hidden_tax_amount", default=None)


class RawExtras(shapes.RawExtras):
    """All but the gift cards, which are written otherwise."""

    gift_cards: Any = field(name="", default=None)


class RawOrder(shapes.RawOrder):
    increment_id: Any = None
    shipping_discount_tax_compensation_amount: Number = field(name="shipping_hidden_tax_amount", default=None)
    items: Sequence[RawItem] | None = None
    status_histories: list[shapes.RawHistory] | None = field(name="status_history", default=None)
    shipping_address: shapes.RawAddress | list[Any] | str | None = None
    shipping_method: str | None = None
    gift_message: str | None = None
    # A text of PHP's, of which `c` is the code of a card.
    gift_cards: Any = None


class Brief(Struct):
    """What names an order, and what its status follows from; each part may be anything."""

    increment_id: Any = None
    status: Any = None
    state: Any = None
    updated_at: Any = None
    items: Any = None

    def plain(self) -> status.Brief:
        return status.Brief(status=self.status, state=self.state, updated_at=self.updated_at, items=self.items)
