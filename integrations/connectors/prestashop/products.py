"""Products and their variations ("combinations"), with their stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.prestashop.checking import translated
from integrations.connectors.prestashop.companions import known, listed
from integrations.connectors.prestashop.orders import SURE_LAST
from integrations.connectors.prestashop.requests import ask, entries, page_size

Json = dict[str, Any]
STOCK = "[id,id_product,id_product_attribute,quantity]"


class _Product(msgspec.Struct):
    id: Any = None
    reference: str | int | None = None
    ean13: Any = None
    upc: Any = None
    name: Any = None
    is_virtual: Any = None


_product = lenient(_Product)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """A page by id, cut above the last one read, as orders are."""
    last = int((cursor or {}).get("last_id", 0))
    params = {"display": "[id,reference,ean13,upc,name,is_virtual]", "sort": "[id_ASC]", "limit": str(page_size(shop))}
    response = yield from ask(shop, "products", params | ({"filter[id]": f">[{last}]"} if last else {}))
    found = [_product(document) for document in entries(response, "products")]
    ids = [product.id for product in found if type(product.id) is int and product.id > last]
    pieces = [each.read for each in (yield from listed(shop, "stock_availables", "id_product", ids, STOCK))]
    variations = [each.read for each in (yield from listed(shop, "combinations", "id_product", ids, "full"))]
    values = [value.get("id") for variation in variations for value in _values(variation)]
    options = yield from known(shop, "product_option_values", values, "[id,name]")
    names = {key: translated(option.read.get("name")) for key, option in options.items()}
    remotes: list[RemoteProduct | None] = []
    for product in found:
        if product.id in ids:
            stock = {str(each.get("id_product_attribute")): each.get("quantity") for each in _of(pieces, product)}
            remotes += _remotes(product, _of(variations, product), stock, names)
    done = not ids or len(found) < min(SURE_LAST, page_size(shop))
    return ProductPage(tuple(filter(None, remotes)), None if done else {"last_id": max(ids)})


def _remotes(
    product: _Product, variations: list[Json], stock: Mapping[Any, Any], names: Mapping[str, str]
) -> Iterator[RemoteProduct | None]:
    """The variations with a reference of their own; the product itself where it has none, or some without."""
    name, physical = translated(product.name), product.is_virtual in (None, "", "0", 0)
    sold = [each for each in variations if each.get("reference")]
    for each in sold:
        key, chosen = str(each.get("id")), [names.get(str(value.get("id"))) for value in _values(each)]
        full_name = product_name(name, chosen)
        eans = [each.get("ean13"), each.get("upc")]
        yield _remote(f"{product.id}-{key}", each["reference"], full_name, stock.get(key), physical, eans)
    if len(sold) < max(1, len(variations)):
        eans = [product.ean13, product.upc]
        yield _remote(str(product.id), product.reference, product_name(name), stock.get("0"), physical, eans)


def _remote(key: str, sku: Any, name: str, quantity: Any, physical: bool, eans: Iterable[Any]) -> RemoteProduct | None:
    text = str(quantity)
    counted = int(text) if text.removeprefix("-").isdigit() and len(text) < 12 else None
    return remote_product(key, sku, name, managed=physical and counted is not None, quantity=counted, eans=eans)


def _values(variation: Json) -> list[Json]:
    return objects(part(variation, "associations").get("product_option_values"))


def _of(entries_: Iterable[Json], product: _Product) -> list[Json]:
    return [each for each in entries_ if str(each.get("id_product")) == str(product.id)]
