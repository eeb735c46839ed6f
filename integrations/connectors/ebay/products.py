"""Products: the inventory items of the Inventory API.

Listings that were made otherwise (by hand, by the Trading API) have no inventory item and are not here; their goods
come in with the orders. `offset` of this list is a number of pages, not of items (Inventory API reference), so the
address of the next page is read and only its offset taken.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import INVENTORY, ask, refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.answers import decoded
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct

PAGE_SIZE = 100


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    offset = int(cursor["offset"]) if cursor else 0
    response = yield from ask(shop, f"{INVENTORY}/inventory_item", limit=str(PAGE_SIZE), offset=str(offset))
    if response.status != 200:
        raise refusal(response)
    page = decoded(response)
    if not isinstance(page, dict):
        raise ShopError(Failure.NONSENSE, "eBay's answer is not a list of products.", status=200)
    items = page.get("inventoryItems")
    found = [_product(item) for item in (items if isinstance(items, list) else ())]
    following = _offset_of(page.get("next"))
    total = page.get("total")
    return ProductPage(
        tuple(product for product in found if product is not None),
        {"offset": following} if following is not None and following > offset else None,
        total if type(total) is int else None,
    )


def _offset_of(address: Any) -> int | None:
    if not isinstance(address, str):
        return None
    try:
        text = parse_qs(urlsplit(address).query).get("offset", [""])[-1]
    except ValueError:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _product(item: Any) -> RemoteProduct | None:
    """The SKU is the item's only id. A variation's name is its title with the values that make it."""
    sku = item.get("sku") if isinstance(item, dict) else None
    if not isinstance(sku, str) or not 0 < len(sku.strip()) <= 100:
        return None
    product = item.get("product")
    title = product.get("title") if isinstance(product, dict) else None
    name = values.name(title if isinstance(title, str) else sku, 300, "", [])
    if item.get("inventoryItemGroupKeys") or item.get("groupIds"):
        options = ", ".join(_aspects(product))
        name = values.name(f"{name} - {options}", 300, "", []) if options else name
    quantity = _quantity(item.get("availability"))
    return RemoteProduct(sku.strip(), sku.strip(), name, quantity is not None, quantity)


def _aspects(product: Any) -> list[str]:
    aspects = product.get("aspects") if isinstance(product, dict) else None
    if not isinstance(aspects, dict):
        return []
    return [str(choice[0]) for choice in aspects.values() if isinstance(choice, list) and len(choice) == 1]


def _quantity(availability: Any) -> int | None:
    stock = availability.get("shipToLocationAvailability") if isinstance(availability, dict) else None
    quantity = stock.get("quantity") if isinstance(stock, dict) else None
    return quantity if type(quantity) is int else None
