"""Products by rising ids, and what is on hand of them: the sum of all sources of Magento's inventory (since 2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.remote_lists import product_name, remote_product
from integrations.connectors.listings import Cursor, ProductPage
from integrations.connectors.magento2.requests import LARGEST_PAGE, listing, page_size, search

FIELDS = "id,sku,name,type_id"
# Of what all sources have of a page of products.
MOST_PAGES = 50
# Made of other products, whose stock counts.
COMPOSITES = {"configurable", "bundle", "grouped"}


class _Product(msgspec.Struct):
    id: Any = None
    sku: str | int | None = None
    name: str | None = None
    type_id: str | None = None


class _Held(msgspec.Struct):
    """What one source has of a product."""

    sku: str | int | None = None
    source_code: str | None = None
    quantity: float | None = None


product, held = lenient(_Product), lenient(_Held)


def products(shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
    """The products after the cursor's id; the filter cuts the pages, so none is lost to the others."""
    last_id, size = int((cursor or {}).get("last_id", 0)), page_size(shop)
    response = yield search(shop, "products", [("entity_id", "gt", str(last_id))], size, fields=FIELDS)
    found, total = listing(response)
    listed = [product(document) for document in found]
    ids = [each.id for each in listed if type(each.id) is int]
    if ids != sorted(set(ids)) or (ids and ids[0] <= last_id):
        raise ShopError(Failure.NONSENSE, "The shop does not keep to the order of ids that was asked for.")
    stock = yield from _stock(shop, [str(each.sku) for each in listed if each.type_id not in COMPOSITES])
    remotes = [
        remote_product(
            each.id,
            each.sku,
            product_name(each.name),
            managed=str(each.sku) in stock,
            quantity=stock.get(str(each.sku)),
        )
        for each in listed
    ]
    done = total <= len(found) < size or not ids
    return ProductPage(
        tuple(remote for remote in remotes if remote is not None),
        None if done else {"last_id": ids[-1]},
        total if cursor is None else None,
    )


def _stock(shop: Shop, skus: Iterable[str]) -> Operation[dict[str, float]]:
    """By SKU, of all sources or of the one that is set with the integration; none where the shop has no such inventory,
    or keeps it from us. A comma would ask for two SKUs."""
    asked, chosen = sorted({sku for sku in skus if sku and "," not in sku}), shop.credentials.get("source_code", "")
    rows: dict[tuple[str, str | None], float] = {}
    for page in range(1, MOST_PAGES + 1 if asked else 1):
        filters = [("sku", "in", ",".join(asked))]
        response = yield search(shop, "inventory/source-items", filters, LARGEST_PAGE, by="sku", page=page)
        if response.status in (400, 401, 403, 404):
            return {}
        found, total = listing(response)
        rows |= {(str(entry.sku), entry.source_code): entry.quantity or 0 for entry in map(held, found)}
        if page * LARGEST_PAGE >= total:
            break
    meant = {key: quantity for key, quantity in rows.items() if chosen.strip() in ("", key[1])}
    return {sku: sum(meant[key] for key in meant if key[0] == sku) for sku, _ in meant}
