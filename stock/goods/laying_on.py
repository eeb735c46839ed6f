"""Fields that were sent, laid upon a row."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from stock.goods.goods_rows import Catalogue
from stock.goods.sent_fields import ProductFields, SkuFields
from stock.models import ParentProduct, Product

# The column of each field that has another name there.
COLUMNS = {"sku": "name"}
KEYS = frozenset({"id", "source_id"})


def lay_on(
    catalogue: Catalogue, row: ParentProduct | Product, sent: ProductFields | SkuFields, *, replace: bool = False
) -> bool:
    """Write the fields that were sent into the row; whether anything is different. `replace`: metadata as a whole."""
    different = False
    for field in sent.__struct_fields__:
        value = getattr(sent, field)
        if field in KEYS or value is UNSET:
            continue
        name = COLUMNS.get(field, field)
        old = getattr(row, name)
        new = _value(catalogue, row, name, value)
        if name == "metadata" and not replace and value is not None:
            new = {**old, **new}
        if new != old:
            setattr(row, name, new)
            different = True
    return different


def _value(catalogue: Catalogue, row: ParentProduct | Product, name: str, value: Any) -> Any:
    if name == "price":
        return catalogue.major(value)
    if value is not None:
        return value
    fresh: Any = getattr(type(row)(), name)
    return fresh
