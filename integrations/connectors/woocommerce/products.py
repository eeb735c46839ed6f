"""Products: simple ones and, below each variable one, its variations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.offset_paging import Place, next_slice
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.woocommerce.requests import entries, get, page_size

# Listings of other products, or of products sold elsewhere: nothing to keep in stock.
GROUPS = {"grouped", "external", "affiliate"}


class ProductsCursor(msgspec.Struct, frozen=True):
    """The cursor: the place in the list of products, and the variable products still to be opened."""

    place: Place = Place()
    more: bool = True
    # (id, name), read before the list goes on.
    parents: tuple[tuple[str, str], ...] = ()
    variations: Place = Place()


class _Attribute(msgspec.Struct):
    option: Any = None


class _Product(msgspec.Struct):
    id: Any = None
    type: Any = None
    name: str | None = None
    sku: str | int | None = None
    global_unique_id: Any = None
    manage_stock: Any = None
    stock_quantity: Any = None
    attributes: list[_Attribute] | None = None


_product = lenient(_Product)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    progress = ProductsCursor() if cursor is None else msgspec.convert(cursor, ProductsCursor)
    if progress.parents:
        return (yield from _variations(shop, progress))
    page = yield from next_slice(_pages_of(shop, "products"), entries, progress.place, page_size(shop))
    found, parents = [], []
    for _, document in page.fresh:
        product = _product(document)
        remote = _remote(product, "")
        if remote is None or product.type in GROUPS:
            continue
        if isinstance(product.type, str) and product.type.startswith("variable"):
            parents.append((remote.external_id, remote.name))
        else:
            found.append(remote)
    following = ProductsCursor(page.next, not page.done, tuple(parents))
    return ProductPage(tuple(found), _cursor(following), page.total)


def _variations(shop: Shop, progress: ProductsCursor) -> Operation[ProductPage]:
    parent, name = progress.parents[0]
    pages = _pages_of(shop, f"products/{parent}/variations")
    page = yield from next_slice(pages, entries, progress.variations, page_size(shop))
    found = [remote for _, document in page.fresh if (remote := _remote(_product(document), name)) is not None]
    following = msgspec.structs.replace(
        progress,
        parents=progress.parents[1:] if page.done else progress.parents,
        variations=Place() if page.done else page.next,
    )
    return ProductPage(tuple(found), _cursor(following))


def _pages_of(shop: Shop, path: str) -> Callable[[int], Request]:
    def request_at(offset: int) -> Request:
        fixed = {"orderby": "id", "order": "asc", "per_page": str(page_size(shop))}
        return get(shop, path, **fixed, offset=str(offset))

    return request_at


def _cursor(progress: ProductsCursor) -> Cursor | None:
    return msgspec.to_builtins(progress) if progress.more or progress.parents else None


def _remote(product: _Product, parent: str) -> RemoteProduct | None:
    """A variation's name is its parent's with the chosen options ("Shirt - Blue, L"); 11.0 sends the options alone.
    `manage_stock` "parent" (the product's pool shared by its variations) is not the variation's own stock.
    """
    name = product_name(product.name)
    if parent:
        options = [each.option for each in product.attributes or () if each.option]
        name = product_name(parent, options or [name])
    managed = product.manage_stock is True
    eans = [product.global_unique_id]
    return remote_product(product.id, product.sku, name, managed=managed, quantity=product.stock_quantity, eans=eans)
