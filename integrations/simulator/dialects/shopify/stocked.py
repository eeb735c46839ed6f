"""Variants, and what Shopify keeps of their stock at its one location."""

from __future__ import annotations

from integrations.simulator.catalogue import PRODUCTS, Product
from integrations.simulator.dialects.shopify.graphql import Json
from integrations.simulator.dialects.shopify.words import gid
from integrations.simulator.shop import SimulatedShop


def variant_id(shop: SimulatedShop, product: Product) -> int:
    """Each shop has its own ids for the same goods."""
    return 2000 + product.key + 100 * (shop.seed % 1000)


def variant_of(own: int, product: Product) -> Json:
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", own),
        "legacyResourceId": str(own),
        "sku": product.sku or None,
        "barcode": product.ean or None,
    }


def location_gid(shop: SimulatedShop) -> str:
    return gid("Location", 500 + shop.seed)


def variant_documents(shop: SimulatedShop) -> list[Json]:
    """A product without options has one variant, "Default Title"."""
    return [
        variant_of(variant_id(shop, product), product)
        | {
            "title": product.option or "Default Title",
            "displayName": f"{product.name} - {product.option or 'Default Title'}",
            "inventoryQuantity": shop.records.quantities.get(product.sku) or 0,
            "inventoryItem": inventory_item(shop, product),
            "product": {
                "__typename": "Product",
                "title": product.name,
                "hasOnlyDefaultVariant": not product.option,
            },
        }
        for product in PRODUCTS
    ]


def inventory_item(shop: SimulatedShop, product: Product) -> Json:
    quantity = shop.records.quantities.get(product.sku)

    def level(given: Json) -> Json | None:
        if given["locationId"] != location_gid(shop) or not product.sku:
            return None
        names = {"available": quantity or 0, "on_hand": quantity or 0, "committed": 0}
        return {
            "__typename": "InventoryLevel",
            "quantities": lambda given: [
                {"__typename": "InventoryQuantity", "name": name, "quantity": names[name]} for name in given["names"]
            ],
        }

    return {
        "__typename": "InventoryItem",
        "id": gid("InventoryItem", variant_id(shop, product) + 3000),
        "sku": product.sku or None,
        "tracked": quantity is not None,
        "inventoryLevel": level,
    }


def inventory_items(shop: SimulatedShop) -> list[Json]:
    return [inventory_item(shop, product) for product in PRODUCTS]
