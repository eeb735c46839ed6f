"""The goods that items of partners name: written where a partner overrides them, and looked up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from config.kit.public_ids import PublicIds
from orders.partners.published import Goods, InvalidOrder, Item, PublishedOrder
from stock import catalogue
from stock.catalogue import WantedProduct


def find(
    project_id: int, ids: PublicIds, digits: int, orders: Sequence[PublishedOrder]
) -> tuple[dict[str, Goods], dict[int, InvalidOrder]]:
    """Write the products to be overridden, then read all that are named; items named by id get their SKU.

    The goods by SKU, and the orders that name goods which are not here, by their place.
    """
    items = [item for order in orders for item in order.items or ()]
    if not items:
        return {}, {}
    wanted = {item.code: _wanted(item, digits) for item in items if _overrides(item) and item.code}
    catalogue.override(project_id, list(wanted.values()))
    codes = {item.code for item in items} - {""}
    nameless = [item for item in items if not item.code]
    pks = {given: pk for item in nameless for given in _product_ids(item) if (pk := _take(ids, given))}
    by_pk = {row[0]: Goods(*row) for row in catalogue.describe(project_id, sorted(codes), list(pks.values()))}
    refused = {}
    for place, order in enumerate(orders if nameless else ()):
        error = _name(order, pks, by_pk)
        if error is not None:
            refused[place] = error
    return {goods.sku: goods for goods in by_pk.values()}, refused


def _name(order: PublishedOrder, pks: dict[str, int], goods: dict[int, Goods]) -> InvalidOrder | None:
    """Give the items that name their goods by id the SKU of these; what names none that are here."""
    for item in order.items or ():
        for given in () if item.code else _product_ids(item):
            found = goods.get(pks.get(given, 0))
            if found is None:
                kind = "product" if given == item.product_id else "sku"
                return InvalidOrder(f"invalid_{kind}", f"Cannot find {kind} with id {given}")
            item.source_id = found.sku
    return None


def _product_ids(item: Item) -> list[str]:
    """Ids of a SKU or product of ours, the more precise first."""
    inner = [part.id for part in (item.sku, item.product) if part is not None]
    return [given for given in (item.sku_id, item.product_id, *inner) if given][:1]


def _take(ids: PublicIds, given: str) -> int | None:
    return ids.take("sku", given) or ids.take("prod", given)


def _overrides(item: Item) -> bool:
    return any(part is not None and part.override for part in (item.sku, item.product))


def _wanted(item: Item, digits: int) -> WantedProduct:
    metadata: dict[str, Any] = {}
    price = None
    for part in (item.product, item.sku):
        if part is not None and part.override:
            metadata |= part.metadata or {}
            price = part.price if part.price is not None else price
    given = any(part is not None and part.override and part.metadata is not None for part in (item.product, item.sku))
    exact = None if price is None else Decimal(price).scaleb(-digits).quantize(Decimal("0.0001"))
    return WantedProduct(item.code, item.name or None, exact, metadata if given else None)
