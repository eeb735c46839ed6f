"""Products and their variations ("combinations"), which come with them."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.requests import LARGEST_PAGE, get, listing
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.offset_paging import page_size
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct

# Products read again with the next page, for those that are deleted meanwhile; another import finds what is missed.
OVERLAP = 3


class _Option(msgspec.Struct):
    value: Any = None


class _Attribute(msgspec.Struct):
    type: Any = None
    value: Any = None


class _Variation(msgspec.Struct):
    id: Any = None
    sku: str | int | None = None
    unlimited: bool | None = None
    quantity: Any = None
    options: list[_Option] | None = None
    attributes: list[_Attribute] | None = None


class _Product(_Variation):
    name: str | None = None
    combinations: list[_Variation] | None = None


_product = lenient(_Product)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    offset, size = int((cursor or {}).get("offset", 0)), page_size(shop, LARGEST_PAGE)
    response = yield get(shop, "products", sortBy="ADDED_TIME_ASC", limit=str(size), offset=str(offset))
    documents, total = listing(response)
    found = [remote for document in documents for remote in _remotes(_product(document))]
    more = bool(documents) and offset + len(documents) < total
    following = {"offset": offset + max(1, len(documents) - OVERLAP)} if more else None
    return ProductPage(tuple(found), following, total)


def _remotes(product: _Product) -> list[RemoteProduct]:
    """The product itself and each variation that has its own SKU."""
    found = [_remote(product, product_name(product.name))]
    for variation in product.combinations or ():
        if variation.sku:
            options = [option.value for option in variation.options or ()]
            found.append(_remote(variation, product_name(product.name, options)))
    return [remote for remote in found if remote is not None]


def _remote(sold: _Variation, name: str) -> RemoteProduct | None:
    managed = sold.unlimited is False and type(sold.quantity) is int
    eans = [each.value for each in sold.attributes or () if each.type == "UPC"]
    return remote_product(sold.id, sold.sku, name, managed=managed, quantity=sold.quantity, eans=eans)
