"""Products and SKUs as partners export them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from orders.exported.describing import (
    BookReader,
    ComparedAs,
    Criterion,
    Exported,
    ExportField,
    amount,
    free,
    plainly,
    public_id,
)
from stock.goods.found_goods import products_of, skus_of, source_id_of
from stock.models import Product

SORTABLE = {
    "name": "name",
    "id": "pk",
    "source_id": "source_id",
    "created_at": "created_at",
    "updated_at": "changed_at",
}
CRITERIA = {
    "source_id": Criterion("source_id", ComparedAs.TEXT),
    "name": Criterion("name", ComparedAs.TEXT),
    "price": Criterion("price_in_units", ComparedAs.NUMBER),
    "image_url": Criterion("image_url", ComparedAs.TEXT),
    "created_at": Criterion("created_at", ComparedAs.TIME),
    "updated_at": Criterion("updated_at", ComparedAs.TIME),
}


def _computed(digits: int) -> Mapping[str, Any]:
    return {
        "price_in_units": F("price") * Value(Decimal(10) ** digits),
        "changed_at": Coalesce("updated_at", "created_at"),
    }


def _source_id(reader: BookReader, pk: int, code: str) -> str | None:
    return source_id_of(reader.ids, Product(pk=pk, sku=code))


PRODUCTS = Exported(
    name="product",
    rows=products_of,
    computed=_computed,
    fields={
        "id": public_id("prod"),
        "source_id": plainly("source_id"),
        "name": plainly("name"),
        "price": amount("price"),
        "attributes": ExportField(("attributes",), lambda reader, names: ",".join(names)),
        "image_url": plainly("image_url"),
        "metadata": free("metadata"),
        "created_at": plainly("created_at"),
        "updated_at": plainly("updated_at"),
    },
    default=("id", "name", "price", "image_url", "source_id", "attributes", "created_at"),
    sortable=SORTABLE,
    order="-created_at",
    criteria={"id": Criterion("pk", ComparedAs.ID, "prod"), **CRITERIA},
)

SKUS = Exported(
    name="sku",
    rows=skus_of,
    computed=_computed,
    fields={
        "id": public_id("sku"),
        "source_id": ExportField(("pk", "sku"), _source_id),
        "name": plainly("name"),
        "sku": plainly("name"),
        "product_id": public_id("prod", "parent_id"),
        "currency": plainly("currency"),
        "price": amount("price"),
        "attributes": free("attributes"),
        "image_url": plainly("image_url"),
        "metadata": free("metadata"),
        "created_at": plainly("created_at"),
        "updated_at": plainly("updated_at"),
    },
    default=("id", "sku", "product_id", "currency", "price", "image_url", "source_id", "attributes", "created_at"),
    sortable={**SORTABLE, "source_id": "sku", "product_id": "parent_id", "sku": "name"},
    order="-created_at",
    criteria={
        "id": Criterion("pk", ComparedAs.ID, "sku"),
        **CRITERIA,
        "source_id": Criterion("sku", ComparedAs.TEXT),
        "sku": Criterion("name", ComparedAs.TEXT),
        "product_id": Criterion("parent_id", ComparedAs.ID, "prod"),
        "currency": Criterion("currency", ComparedAs.TEXT),
    },
    free=("metadata", "attributes"),
)
