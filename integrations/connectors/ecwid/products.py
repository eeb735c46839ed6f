"""Products and their variations ("combinations"), which come with them."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.orders import page_size
from integrations.connectors.ecwid.requests import get, listing
from integrations.connectors.errors import PayloadError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import repaired
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct

OVERLAP = 3
"""Products read again with the next page, for those that are deleted meanwhile; another import finds what is missed."""


class _Option(msgspec.Struct):
    value: Any = None


class _Variation(msgspec.Struct):
    id: Any = None
    sku: str | int | None = None
    unlimited: bool | None = None
    quantity: Any = None
    options: list[_Option] | None = None


class _Product(msgspec.Struct):
    id: Any = None
    name: str | None = None
    sku: str | int | None = None
    unlimited: bool | None = None
    quantity: Any = None
    combinations: list[_Variation] | None = None


_PRODUCT = msgspec.json.Decoder(_Product)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    offset, size = int((cursor or {}).get("offset", 0)), page_size(shop)
    response = yield get(shop, "products", sortBy="ADDED_TIME_ASC", limit=str(size), offset=str(offset))
    documents, total = listing(response)
    found = [remote for document in documents for remote in _remotes(document)]
    more = bool(documents) and offset + len(documents) < total
    following = {"offset": offset + max(1, len(documents) - OVERLAP)} if more else None
    return ProductPage(tuple(found), following, total)


def _remotes(document: bytes) -> list[RemoteProduct]:
    """The product itself and each variation that has its own SKU; none for what cannot be read."""
    try:
        product = _PRODUCT.decode(repaired(document))
        name = values.name(product.name, 300, "", [])
        found = [_remote(product.id, product.sku, name, product.unlimited, product.quantity)]
        for variation in product.combinations or ():
            options = ", ".join(str(option.value) for option in variation.options or () if option.value)
            label = values.name(f"{name} - {options}", 300, "", []) if options else name
            if variation.sku:
                found.append(_remote(variation.id, variation.sku, label, variation.unlimited, variation.quantity))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, PayloadError):
        return []
    return found


def _remote(key: Any, sku: str | int | None, name: str, unlimited: bool | None, quantity: Any) -> RemoteProduct:
    managed = unlimited is False and type(quantity) is int
    return RemoteProduct(
        values.identifier(key), str(sku or "").strip()[:100], name, managed, quantity if managed else None
    )
