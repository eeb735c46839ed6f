"""Variants are what is sold: every product has at least one, the "Default Title" of a product without options."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.orders import Connection, read_part
from integrations.connectors.shopify.requests import call

PAGE_SIZE = 100


class _Item(Struct):
    tracked: bool | None = None


class _Product(Struct, rename="camel"):
    title: str | None = None
    has_only_default_variant: bool | None = None


class _Variant(Struct, rename="camel"):
    legacy_resource_id: Any = None
    sku: str | None = None
    title: str | None = None
    inventory_quantity: int | None = None
    inventory_item: _Item | None = None
    product: _Product | None = None


_VARIANT = msgspec.json.Decoder(_Variant)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """One page of variants, by id. The cursor is `{"after": <Shopify's>}`."""
    after = cursor["after"] if cursor else None
    data, _ = yield from call(shop, queries.VARIANTS, {"first": PAGE_SIZE, "after": after})
    page = read_part(data.get("productVariants"), Connection)
    found = (_remote(bytes(node)) for node in page.nodes)
    end = page.page_info.end_cursor
    following = {"after": end} if page.page_info.has_next_page and end and end != after else None
    return ProductPage(tuple(product for product in found if product is not None), following)


def _remote(document: bytes) -> RemoteProduct | None:
    """None for a variant that cannot be read: it is left out, a later import will find it mended."""
    try:
        variant = _VARIANT.decode(document)
        external_id = values.identifier(variant.legacy_resource_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, PayloadError):
        return None
    product = variant.product or _Product()
    parts = [product.title, None if product.has_only_default_variant else variant.title]
    tracked = bool(variant.inventory_item and variant.inventory_item.tracked)
    return RemoteProduct(
        external_id=external_id,
        sku=(variant.sku or "").strip()[:100],
        name=values.name(" - ".join(filter(None, parts)), 300, "", []),
        stock_managed=tracked,
        quantity=variant.inventory_quantity if tracked else None,
    )
