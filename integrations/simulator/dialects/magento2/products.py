"""Products and what the sources have of them (schemas of 2.4; Catalog and Inventory)."""

from __future__ import annotations

from decimal import Decimal

from integrations.simulator.catalogue import PRODUCTS, SHIRT, Product
from integrations.simulator.dialects.magento2.orders import Json, number, product_id
from integrations.simulator.dialects.prices import price_of
from integrations.simulator.shop import SimulatedShop

SOURCES = ("default", "cellar")


def product_documents(shop: SimulatedShop) -> list[Json]:
    """By id: simple ones, a virtual one, and the configurable one whose variants are products of their own."""
    shirt = Product(SHIRT, "SHIRT", "Barista shirt", Decimal("18.00"), 0)
    kinds = [(product, "simple" if product.sku else "virtual") for product in PRODUCTS]
    documents = [_product(shop, product, kind) for product, kind in [*kinds, (shirt, "configurable")]]
    return sorted(documents, key=lambda document: int(document["id"]))


def _product(shop: SimulatedShop, product: Product, kind: str) -> Json:
    """Every product of Magento has a SKU."""
    return {
        "id": product_id(shop, product.key),
        "sku": product.sku or f"service-{product.key}",
        "name": f"{product.name}-{product.option}" if product.option else product.name,
        "attribute_set_id": 4,
        "price": number(price_of(shop, product)),
        "status": 1,
        "visibility": 1 if product.parent else 4,
        "type_id": kind,
        "created_at": "2024-01-01 10:00:00",
        "updated_at": "2024-01-01 10:00:00",
        "extension_attributes": {"website_ids": [1]},
        "product_links": [],
        "options": [],
        "tier_prices": [],
        "custom_attributes": [],
    }


def source_items(shop: SimulatedShop) -> list[Json]:
    """Of all sources; and what was written for SKUs that no product has."""
    rows = [
        {"sku": product.sku, "source_code": code, "quantity": units, "status": int(units > 0)}
        for product in PRODUCTS
        if product.sku
        for code, units in in_sources(shop, product).items()
    ]
    return [*rows, *shop.records.kept.get("orphans", [])]


def in_sources(shop: SimulatedShop, product: Product) -> dict[str, int]:
    """By source; none where the shop keeps no stock of it. `kept["cellar"]`: what lies in the second one, by SKU."""
    whole, cellar = shop.records.quantities.get(product.sku), shop.records.kept.get("cellar", {})
    if whole is None:
        return {}
    if product.sku not in cellar:
        return {SOURCES[0]: whole}
    return {SOURCES[0]: whole - cellar[product.sku], SOURCES[1]: cellar[product.sku]}
