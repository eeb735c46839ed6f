"""The normalised order: what every connector makes of a shop's payload.

Amounts are the shop's own, as `Decimal` in the order's currency; nothing here is recomputed. Times are aware.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from config.kit.amounts import amount

ZERO = Decimal(0)
# Metadata of an order that was edited in a way that cancels it and makes a new one: the numbers of the two.
EDITED_FROM, EDITED_TO = "edited_from_order", "edited_to_order"


class IncomingAddress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A postal address; every part may be empty. `country` is ISO 3166-1 alpha-2 or ""."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    line_1: str = ""
    line_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.company

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, field) for field in self.__struct_fields__)


class IncomingLine(Struct, frozen=True, kw_only=True):
    """One line of goods.

    `stocked` is False where no product can stand behind it: neither SKU nor EAN, a service, one that is deleted.
    """

    key: str
    """The shop's id of the line, unique within the order."""
    name: str
    quantity: int
    sku: str = ""
    ean: str = ""
    """As `stock.barcodes.canonical` writes it; "" where the shop's document has none."""
    product_key: str = ""
    """The shop's id of the product or variant, "" when it is gone."""
    unit_price: Decimal = ZERO
    """Net price of one unit as the shop gives it; may carry more decimals than the currency has."""
    total: Decimal = ZERO
    """Net line amount after discounts."""
    tax: Decimal = ZERO
    tax_code: str = ""
    """What the shop knows the line's tax by, a class or a rate: "reduced-rate", "21%"; at most 100 characters."""
    tax_name: str = ""
    """What that is called here, where it has a name."""
    discount: Decimal = ZERO
    """Net discount already taken off `total`."""
    refunded: int = 0
    """Of the units, those that were paid back: what of them is not shipped yet never will be."""
    shipping: IncomingAddress = IncomingAddress()
    """Where the line goes, in an order to several addresses; empty where that is the order's own."""
    stocked: bool = True
    metadata: dict[str, Any] = {}


def known_by_ean(lines: Iterable[IncomingLine]) -> dict[str, str]:
    """EANs by SKU, of lines that have no other SKU: what is created for them is found by it again."""
    return {line.sku: line.ean for line in lines if line.ean and line.sku == line.ean}


class IncomingComment(Struct, frozen=True, kw_only=True):
    """What was said of the order in the shop, by its staff or its buyer: a line of the status history, a message."""

    key: str
    """The shop's id of the comment, unique within the order; at most 100 characters."""
    at: datetime
    text: str
    """At most 4,000 characters."""
    author: str = ""
    """Who wrote it, as far as the shop says: "Jana Novak", "Customer"."""


class IncomingOrder(Struct, frozen=True, kw_only=True):
    """One order of a shop, whatever the platform.

    `total` is what the buyer owes. It should be lines + shipping + fees, each with its tax; `residual` says by how much
    it is not (rounding, gift cards, fees of the marketplace): a note, never a reason to refuse.
    """

    external_id: str
    number: str
    status: str
    """The shop's own status code, an open set."""
    placed_at: datetime
    modified_at: datetime
    currency: str
    """ISO 4217, upper case."""
    total: Decimal
    lines: tuple[IncomingLine, ...]
    tax_total: Decimal = ZERO
    shipping_total: Decimal = ZERO
    """Net shipping."""
    shipping_tax: Decimal = ZERO
    fee_total: Decimal = ZERO
    """Net fees; negative for a surcharge taken back."""
    fee_title: str = ""
    """What they are for, as far as the shop says: "Gift wrapping + Voucher"."""
    fee_tax: Decimal = ZERO
    discount_total: Decimal = ZERO
    refunded_total: Decimal = ZERO
    """What was paid back, as a positive amount."""
    residual_title: str = ""
    """What the shop calls that which `residual` is: "Gift card + Store credit"; "" where it has no name for it."""
    paid_at: datetime | None = None
    payment_code: str = ""
    payment_title: str = ""
    shipping_code: str = ""
    shipping_title: str = ""
    buyer_key: str = ""
    """The shop's id of the customer, "" for a guest."""
    email: str = ""
    phone: str = ""
    billing: IncomingAddress = IncomingAddress()
    shipping: IncomingAddress = IncomingAddress()
    note: str = ""
    metadata: dict[str, Any] = {}
    comments: tuple[IncomingComment, ...] = ()
    """Taken in with the order, and again when it is synchronised."""
    picked: dict[str, Any] = {}
    """Values of the shop's document by the paths that its mapping asks for."""
    warnings: tuple[str, ...] = ()
    """Sentences about what was odd in the payload and how it was read."""

    @property
    def residual(self) -> Decimal:
        """What `total` holds beyond its parts, each as the database keeps it; zero when it adds up."""
        parts = [self.shipping_total, self.shipping_tax, self.fee_total, self.fee_tax]
        for line in self.lines:
            parts += line.total, line.tax
        return amount(self.total) - sum((amount(part) for part in parts if part), ZERO)

    @property
    def buyer_name(self) -> str:
        return self.billing.name or self.shipping.name or self.email
