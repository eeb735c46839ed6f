"""What the API answers about products and SKUs as they are published, as JSON types.

Voucherify's ProductsGetResponseBody and SkusGetResponseBody: every key is there, null where it is empty.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from integrations.api.shapes import Count, Time

# SKUs that are shown inside their product; the list below it has all of them.
MOST_INSIDE = 100
Price = Annotated[int | None, Meta(description="In the smallest unit of the currency.")]


class PublishedSku(Struct):
    """A SKU of a product."""

    id: str
    source_id: str | None
    product_id: str
    sku: Annotated[str | None, Meta(description="Its name.")]
    price: Annotated[int | None, Meta(description="In the smallest unit; null: that of its product counts.")]
    currency: Annotated[str | None, Meta(description="Of the price, as sent; null: the project's.")]
    attributes: dict[str, Any]
    image_url: str | None
    metadata: dict[str, Any]
    created_at: Time
    updated_at: Time | None
    object: Literal["sku"] = "sku"


class SkuList(Struct):
    """The SKUs of a product, the oldest first; at most a hundred of them."""

    data: list[PublishedSku]
    total: Count
    object: Literal["list"] = "list"
    data_ref: Literal["data"] = "data"


class PublishedProduct(Struct):
    """A product; its SKUs are what is sold of it."""

    id: str
    source_id: str | None
    name: str | None
    price: Price
    attributes: Annotated[list[str], Meta(description="Names that its SKUs may fill.")]
    metadata: dict[str, Any]
    image_url: str | None
    created_at: Time
    updated_at: Time | None
    object: Literal["product"] = "product"
    skus: SkuList | UnsetType = UNSET
