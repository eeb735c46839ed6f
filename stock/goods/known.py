"""What is known of goods that orders name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownParent:
    """A product of partners."""

    pk: int
    source_id: str
    name: str
    price: Decimal | None
    metadata: Mapping[str, Any]
    lone: bool


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """An article, the SKU of partners unless it is its parent's own."""

    pk: int
    code: str
    name: str
    price: Decimal | None
    """None also where it is in another currency than the project's."""
    metadata: Mapping[str, Any]
    own: bool
    parent: KnownParent


@dataclass
class KnownGoods:
    """Goods that were looked up, by what names them."""

    articles: dict[int, KnownArticle] = field(default_factory=dict)
    parents: dict[int, KnownParent] = field(default_factory=dict)
    by_code: dict[str, KnownArticle] = field(default_factory=dict)
    by_source: dict[str, KnownParent] = field(default_factory=dict)
    own: dict[int, KnownArticle] = field(default_factory=dict)
    """The own articles of parents."""

    def serving(self, parent: KnownParent) -> KnownArticle | None:
        """The article that holds the stock of a product which is itself sold: its own, else its SKU of that code."""
        of_code = self.by_code.get(parent.source_id) if parent.source_id else None
        return of_code if of_code is not None and of_code.parent.pk == parent.pk else self.own.get(parent.pk)

    def is_taken(self, parent: KnownParent) -> bool:
        """Whether the product's code is that of an article of another product, so that none can hold its stock."""
        of_code = self.by_code.get(parent.source_id) if parent.source_id else None
        return of_code is not None and of_code.parent.pk != parent.pk
