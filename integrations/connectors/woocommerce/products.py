"""Products: simple ones and, below each variable one, its variations."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import repaired
from integrations.connectors.kit.paging import Place, next_slice
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.woocommerce.requests import entries, get, page_size


class Progress(msgspec.Struct, frozen=True):
    """The cursor: the place in the list of products, and the variable products still to be opened."""

    place: Place = Place()
    more: bool = True
    parents: tuple[tuple[str, str], ...] = ()
    """(id, name), read before the list goes on."""
    variations: Place = Place()


class _Attribute(msgspec.Struct):
    option: Any = None


class _Product(msgspec.Struct):
    id: Any = None
    type: Any = None
    name: str | None = None
    sku: str | int | None = None
    manage_stock: Any = None
    stock_quantity: Any = None
    attributes: list[_Attribute] | None = None


_PRODUCT = msgspec.json.Decoder(_Product)
GROUPS = {"grouped", "external", "affiliate"}
"""Listings of other products, or of products sold elsewhere: nothing to keep in stock."""


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    progress = Progress() if cursor is None else msgspec.convert(cursor, Progress)
    if progress.parents:
        return (yield from _variations(shop, progress))
    page = yield from next_slice(_pages_of(shop, "products"), entries, progress.place, page_size(shop))
    found, parents = [], []
    for _, document in page.fresh:
        product = _read(document)
        if product is None or product.type in GROUPS:
            continue
        if isinstance(product.type, str) and product.type.startswith("variable"):
            parents.append((str(product.id), _label(product.name)))
        else:
            found.append(_remote(product, ""))
    following = Progress(page.next, not page.done, tuple(parents))
    return ProductPage(tuple(found), _cursor(following), page.total)


def _variations(shop: Shop, progress: Progress) -> Operation[ProductPage]:
    parent, name = progress.parents[0]
    pages = _pages_of(shop, f"products/{parent}/variations")
    page = yield from next_slice(pages, entries, progress.variations, page_size(shop))
    read = [product for _, document in page.fresh if (product := _read(document)) is not None]
    following = msgspec.structs.replace(
        progress,
        parents=progress.parents[1:] if page.done else progress.parents,
        variations=Place() if page.done else page.next,
    )
    return ProductPage(tuple(_remote(product, name) for product in read), _cursor(following))


def _pages_of(shop: Shop, path: str) -> Any:
    def request_at(offset: int) -> Request:
        fixed = {"orderby": "id", "order": "asc", "per_page": str(page_size(shop))}
        return get(shop, path, **fixed, offset=str(offset))

    return request_at


def _cursor(progress: Progress) -> Cursor | None:
    if not progress.more and not progress.parents:
        return None
    cursor: Cursor = msgspec.to_builtins(progress)
    return cursor


def _read(document: bytes) -> _Product | None:
    """None for a product that cannot be read: it is left out, a later import will find it mended."""
    try:
        product = _PRODUCT.decode(repaired(document))
        values.identifier(product.id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, PayloadError):
        return None
    return product


def _label(name: str | None) -> str:
    return values.name(name, 300, "", [])


def _remote(product: _Product, parent: str) -> RemoteProduct:
    """A variation's name is its parent's with the chosen options ("Shirt - Blue, L"); 11.0 sends the options alone.

    `manage_stock` "parent" (the product's pool shared by its variations) is not the variation's own stock.
    """
    name = _label(product.name)
    if parent:
        options = ", ".join(str(attribute.option) for attribute in product.attributes or () if attribute.option)
        name = _label(f"{parent} - {options or name}") if options or name else parent
    managed = product.manage_stock is True
    quantity = product.stock_quantity
    counted = isinstance(quantity, int | float) and not isinstance(quantity, bool)
    return RemoteProduct(
        external_id=values.identifier(product.id),
        sku=str(product.sku or "").strip()[:100],
        name=name,
        stock_managed=managed,
        quantity=int(quantity) if managed and counted else None,
    )
