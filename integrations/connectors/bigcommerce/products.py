"""Products of the V3 catalogue with their variants, in the order of ids."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.bigcommerce.requests import data_of, get, page_size
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct

FIELDS = "name,sku,upc,gtin,inventory_level,inventory_tracking,base_variant_id"


class _Option(msgspec.Struct):
    label: str | None = None


class _Variant(msgspec.Struct):
    id: Any = None
    sku: str | int | None = None
    upc: Any = None
    gtin: Any = None
    inventory_level: Any = None
    option_values: list[_Option] | None = None


class _Product(msgspec.Struct):
    id: Any = None
    name: str | None = None
    sku: str | int | None = None
    upc: Any = None
    gtin: Any = None
    inventory_level: Any = None
    inventory_tracking: str | None = None
    variants: list[_Variant] | None = None


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """The products after the cursor's id; the filter `id:greater` cuts the pages, so none is lost to the others."""
    last_id = int((cursor or {}).get("last_id", 0))
    params = {"include": "variants", "include_fields": FIELDS, "sort": "id", "direction": "asc"}
    if last_id:
        params["id__greater"] = str(last_id)
    response = yield get(shop, "v3/catalog/products", **params, limit=str(page_size(shop)))
    listed, total, more = data_of(response)
    ids = [entry["id"] for entry in listed if type(entry.get("id")) is int]
    if ids != sorted(ids) or (ids and ids[0] <= last_id):
        raise ShopError(Failure.NONSENSE, "BigCommerce does not keep to the order of ids that was asked for.")
    found = [remote for entry in listed for remote in _remotes(entry)]
    return ProductPage(tuple(found), {"last_id": ids[-1]} if more and ids else None, None if last_id else total)


def _remotes(entry: dict[str, Any]) -> list[RemoteProduct]:
    """One for each variant; every product has at least one, whose id order lines name. None for what is unreadable."""
    try:
        product = msgspec.convert(entry, _Product)
        variants = product.variants or [_Variant(product.id, product.sku, inventory_level=product.inventory_level)]
    except msgspec.ValidationError:
        return []
    found = [_remote(product, variant, len(variants) == 1) for variant in variants]
    return [remote for remote in found if remote is not None]


def _remote(product: _Product, variant: _Variant, alone: bool) -> RemoteProduct | None:
    """`inventory_tracking` is none, product (a pool, which is the stock of a lone variant only) or variant."""
    tracking = product.inventory_tracking
    quantity = product.inventory_level if tracking == "product" else variant.inventory_level
    return remote_product(
        variant.id,
        variant.sku or (product.sku if alone else ""),
        product_name(product.name, [option.label for option in variant.option_values or ()]),
        managed=tracking == "variant" or (tracking == "product" and alone),
        quantity=quantity if type(quantity) is int else None,
        eans=[variant.gtin, variant.upc, *((product.gtin, product.upc) if alone else ())],
    )
