"""Products and SKUs as partners send them. Pure.

A field that is not sent stays as it is, null empties it; what the schema does not know is passed over. Prices are whole
numbers in the smallest unit of the project's currency. Source: Voucherify's published OpenAPI,
ProductsCreateRequestBody and ProductsCreateSkuRequestBody.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Key = Annotated[str, Meta(max_length=255)]
Name = Annotated[str, Meta(max_length=300)]
Price = Annotated[int, Meta(ge=0, le=10**12, description="In the smallest unit of the currency.")]
ImageUrl = Annotated[str, Meta(max_length=2_000, pattern=r"^(https?://\S+)?$")]
Attributes = Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(max_length=100)]


class ProductFields(Struct, omit_defaults=True):
    """A product: `id` or `source_id` say which."""

    id: Key | UnsetType | None = UNSET
    source_id: Key | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    price: Price | UnsetType | None = UNSET
    attributes: Attributes | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    image_url: ImageUrl | UnsetType | None = UNSET


class SkuFields(Struct, omit_defaults=True):
    """A SKU of a product: `id` or `source_id` say which."""

    id: Key | UnsetType | None = UNSET
    source_id: Annotated[str, Meta(max_length=100)] | UnsetType | None = UNSET
    sku: Name | UnsetType | None = UNSET
    price: Price | UnsetType | None = UNSET
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217.")] | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    image_url: ImageUrl | UnsetType | None = UNSET


def key_of(value: str | UnsetType | None) -> str:
    """An `id` or `source_id`, "" where none was sent."""
    return value.strip() if isinstance(value, str) else ""


def is_empty(fields: ProductFields | SkuFields) -> bool:
    """Whether nothing at all was sent that is known here."""
    return all(getattr(fields, name) is UNSET for name in fields.__struct_fields__)
