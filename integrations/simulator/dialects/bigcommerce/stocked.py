"""The catalogue and what there is of it (Catalog V3, Inventory V3)."""

from __future__ import annotations

from integrations.simulator.catalogue import PRODUCTS, SHIRT, Product
from integrations.simulator.dialects.bigcommerce.orders import Json
from integrations.simulator.dialects.prices import price_of
from integrations.simulator.shop import SimulatedShop

LOCATION = 1


def product_documents(shop: SimulatedShop, with_variants: bool) -> list[Json]:
    shirts = [product for product in PRODUCTS if product.parent]
    documents = [_product(shop, product, [product], with_variants) for product in PRODUCTS if not product.parent]
    shirt = Product(SHIRT, "", shirts[0].name, shirts[0].price, 0)
    return sorted([*documents, _product(shop, shirt, shirts, with_variants)], key=lambda document: document["id"])


def _product(shop: SimulatedShop, product: Product, sold: list[Product], with_variants: bool) -> Json:
    quantities = shop.records.quantities
    tracked = any(quantities.get(each.sku) is not None for each in sold)
    tracking = "none" if not tracked else "variant" if len(sold) > 1 else "product"
    document = {
        "id": product.key,
        "name": product.name,
        "type": "physical",
        "sku": product.sku,
        "upc": product.ean if len(sold) == 1 else "",
        "gtin": "",
        "price": float(price_of(shop, product)),
        "inventory_level": quantities.get(product.sku) or 0,
        "inventory_tracking": tracking,
        "base_variant_id": 1000 + product.key if len(sold) == 1 else None,
    }
    if with_variants:
        document["variants"] = [
            {
                "id": 1000 + each.key,
                "product_id": product.key,
                "sku": each.sku,
                "upc": each.ean,
                "gtin": "",
                "inventory_level": (quantities.get(each.sku) or 0) if tracking == "variant" else 0,
                "option_values": [{"option_display_name": "Size", "label": each.option}] if each.option else [],
            }
            for each in sold
        ]
    return document


def variant_documents(shop: SimulatedShop) -> list[Json]:
    documents = product_documents(shop, True)
    return [variant for document in documents for variant in document["variants"]]


def inventory_items(shop: SimulatedShop) -> list[Json]:
    """What is tracked, each at the one location there is."""
    quantities = shop.records.quantities
    return [
        {
            "identity": {
                "sku": product.sku,
                "variant_id": 1000 + product.key,
                "product_id": product.parent or product.key,
                "sku_id": None,
            },
            "locations": [
                {
                    "location_id": LOCATION,
                    "location_code": "BC-LOCATION-1",
                    "location_name": "Default location",
                    "available_to_sell": quantities[product.sku],
                    "total_inventory_onhand": quantities[product.sku],
                    "location_enabled": True,
                    "settings": {"safety_stock": 0, "is_in_stock": True, "warning_level": 0, "bin_picking_number": ""},
                }
            ],
        }
        for product in PRODUCTS
        if quantities.get(product.sku) is not None
    ]
