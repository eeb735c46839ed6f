"""Products as shops list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.connectors.kit import values
from integrations.connectors.listings import RemoteProduct


def product_name(name: str | None, options: Iterable[Any] = ()) -> str:
    """A product's name, and where options were chosen what makes the variation: "Shirt - Blue, L"."""
    chosen = ", ".join(str(option) for option in options if option)
    plain = values.label(name, 300)
    return values.label(f"{plain} - {chosen}", 300) if chosen else plain


def remote_product(key: Any, sku: Any, name: str, *, managed: bool, quantity: Any) -> RemoteProduct:
    """`quantity` counts where the shop keeps stock of the product and it is a number. PayloadError without an id."""
    counted = managed and isinstance(quantity, int | float) and not isinstance(quantity, bool)
    return RemoteProduct(
        external_id=values.identifier(key),
        sku=str(sku or "").strip()[:100],
        name=name,
        stock_managed=managed,
        quantity=int(quantity) if counted else None,
    )
