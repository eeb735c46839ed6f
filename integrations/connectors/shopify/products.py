"""Variants are what is sold: every product has at least one, the "Default Title" of a product without options."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.remote_lists import remote_product
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.requests import Connection, call, read_part

PAGE_SIZE = 100


class _Item(Struct):
    tracked: bool | None = None


class _Product(Struct, rename="camel"):
    title: str | None = None
    has_only_default_variant: bool | None = None


class _Variant(Struct, rename="camel"):
    legacy_resource_id: Any = None
    sku: str | None = None
    barcode: str | None = None
    title: str | None = None
    inventory_quantity: int | None = None
    inventory_item: _Item | None = None
    product: _Product | None = None


_variant = lenient(_Variant)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """One page of variants, by id. The cursor is `{"after": <Shopify's>}`."""
    after = cursor["after"] if cursor else None
    data, _ = yield from call(shop, queries.VARIANTS, {"first": PAGE_SIZE, "after": after})
    page = read_part(data.get("productVariants"), Connection)
    found = [remote for node in page.nodes if (remote := _remote(_variant(bytes(node)))) is not None]
    end = page.page_info.end_cursor
    following = {"after": end} if page.page_info.has_next_page and end and end != after else None
    return ProductPage(tuple(found), following)


def _remote(variant: _Variant) -> RemoteProduct | None:
    product = variant.product or _Product()
    parts = [product.title, None if product.has_only_default_variant else variant.title]
    name = values.label(" - ".join(filter(None, parts)), 300)
    managed = bool(variant.inventory_item and variant.inventory_item.tracked)
    return remote_product(
        variant.legacy_resource_id,
        variant.sku,
        name,
        managed=managed,
        quantity=variant.inventory_quantity,
        eans=[variant.barcode],
    )
