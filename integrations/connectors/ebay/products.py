"""Products: the inventory items of the Inventory API.

Listings that were made otherwise (by hand, by the Trading API) have no inventory item and are not here; their goods
come in with the orders. `offset` of this list is a number of pages, not of items (Inventory API reference), so the
address of the next page is read and only its offset taken.
"""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import INVENTORY, ask, parameter, refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.json_answers import decoded, objects, part
from integrations.connectors.kit.remote_lists import product_name
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
    found = [_product(item) for item in objects(page.get("inventoryItems"))]
    following, total = _offset_of(page.get("next")), page.get("total")
    return ProductPage(
        tuple(product for product in found if product is not None),
        {"offset": following} if following is not None and following > offset else None,
        total if type(total) is int else None,
    )


def _offset_of(address: Any) -> int | None:
    text = parameter(address, "offset")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _product(item: dict[str, Any]) -> RemoteProduct | None:
    """The SKU is the item's only id. A variation's name is its title with the values that make it."""
    sku, product = item.get("sku"), part(item, "product")
    if not isinstance(sku, str) or not 0 < len(sku.strip()) <= 100:
        return None
    title = product.get("title")
    varies = item.get("inventoryItemGroupKeys") or item.get("groupIds")
    name = product_name(title if isinstance(title, str) else sku, _aspects(product) if varies else ())
    quantity = part(part(item, "availability"), "shipToLocationAvailability").get("quantity")
    counted = type(quantity) is int
    eans = [each for kind in ("ean", "upc", "isbn") for each in _texts(product.get(kind))]
    return RemoteProduct(sku.strip(), sku.strip(), name, counted, quantity if counted else None, values.ean(*eans))


def _texts(value: Any) -> list[Any]:
    """eBay has lists of them; what says that there is none is not one ("Does not apply")."""
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, str) and any(map(str.isdigit, each))]


def _aspects(product: dict[str, Any]) -> list[Any]:
    return [each[0] for each in part(product, "aspects").values() if isinstance(each, list) and len(each) == 1]
