"""Products by rising ids, and what is on hand of them."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage
from integrations.connectors.magento1.requests import ask, denied_to, documents

PRODUCTS = "Catalog > Product > Retrieve products data"
STOCK = "Catalog Inventory > Retrieve stock data"
# Ids of a page, for the list has no pages; where none of them is in use, so many times as many are looked through.
IDS, MORE = 500, 16
BEHIND_ALL = 2**32 - 1
# Made of other products, whose stock counts.
COMPOSITES = {"configurable", "bundle", "grouped"}


class _Product(msgspec.Struct):
    product_id: str | int | None = None
    sku: str | int | None = None
    name: str | None = None
    type: str | None = None


class _Held(msgspec.Struct):
    product_id: str | int | None = None
    sku: str | int | None = None
    qty: Any = None


product, held = lenient(_Product), lenient(_Held)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """The products of a range of ids, which lies behind the cursor."""
    first, width = int((cursor or {}).get("first", 1)), int((cursor or {}).get("width", IDS))
    last = min(first + width - 1, BEHIND_ALL)
    within = {"product_id": {"from": str(first), "to": str(last)}}
    found = documents((yield from ask(shop, PRODUCTS, "catalog_product.list", within)))
    listed = sorted(map(product, found), key=lambda each: _number(each.product_id))
    if any(not first <= _number(each.product_id) <= last for each in listed):
        raise ShopError(Failure.NONSENSE, "The shop lists products with other ids than those that were asked for.")
    stock = yield from _stock(shop, [each for each in listed if each.type not in COMPOSITES])
    remotes = [
        remote_product(
            each.product_id,
            each.sku,
            product_name(each.name),
            managed=str(each.product_id) in stock,
            quantity=stock.get(str(each.product_id)),
        )
        for each in listed
    ]
    following = {"first": last + 1, "width": IDS if listed else width * MORE}
    return ProductPage(
        tuple(remote for remote in remotes if remote is not None), following if last < BEHIND_ALL else None
    )


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def _stock(shop: Shop, listed: list[_Product]) -> Operation[dict[str, float]]:
    """By id; none where the role may not read it. Asked by SKU: an id is taken for a SKU first, maybe of another."""
    skus = [str(each.sku) for each in listed if each.sku]
    if not skus:
        return {}
    try:
        found = documents((yield from ask(shop, STOCK, "cataloginventory_stock_item.list", skus)))
    except ShopError as error:
        if not denied_to(error):
            raise
        return {}
    rows = [(str(each.product_id), _quantity(each.qty)) for each in map(held, found)]
    return {key: quantity for key, quantity in rows if quantity is not None}


def _quantity(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
