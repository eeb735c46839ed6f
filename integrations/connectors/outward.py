"""What goes out to a shop, as plain data; the operations that take it are in `contract.Outward`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Crossed:
    """The shop has it."""

    # What the shop calls it: of a shipment, a payment, a note or an order there.
    remote_id: str = ""
    # A sentence for staff where something of it could not be said there, e.g. "The shop takes no tracking numbers."
    note: str = ""


@dataclass(frozen=True)
class DispatchLine:
    """Units of one line of the shop's order that left."""

    # The shop's own id of the line, as `IncomingLine.key` holds it.
    key: str
    sku: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """A shipment that the shop is to know of."""

    # Our number of the shipment, e.g. SH2026000001.
    reference: str
    # `RemoteOrder.external_id`.
    order_id: str
    lines: tuple[DispatchLine, ...]
    # Whether nothing of the order is left to send.
    completes: bool
    # The platform's own code of the carrier, as it is mapped; "" where it is not.
    carrier: str = ""
    # As it stands on our shipment.
    carrier_title: str = ""
    tracking_number: str = ""
    shipped_at: datetime
    # Whether the shop may write to the buyer.
    tell_buyer: bool = True


class StockOutcome(StrEnum):
    """What became of one quantity."""

    SET = "set"
    UNKNOWN = "unknown"
    """The shop has no article with this SKU."""
    UNMANAGED = "unmanaged"
    """The shop keeps no stock of it."""
    STALE = "stale"
    """The shop's own quantity has changed since: `quantity` says what it is, nothing was written."""
    REFUSED = "refused"


@dataclass(frozen=True)
class StockTarget:
    """A quantity that a shop is to have."""

    # As the shop writes it.
    sku: str
    quantity: int
    # What the shop had when it was last asked; compared where the platform can. None: not compared.
    before: int | None = None
    # What the platform has to know of the article to write (ids), as an earlier answer gave it; {}: not known yet.
    place: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StockAnswer:
    sku: str
    outcome: StockOutcome
    # What the shop has now, by its own words; None: it does not say.
    quantity: int | None = None
    place: Mapping[str, Any] = field(default_factory=dict)
    # For what was refused: a sentence for staff.
    message: str = ""


@dataclass(frozen=True)
class Paid:
    """That an order was paid here."""

    # Our number of the invoice, or of the order where there is none.
    reference: str
    amount: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True)
class Paper:
    """A document that the shop's order is to name."""

    # E.g. IN2026000001.
    code: str
    # "Invoice" or "Credit note".
    title: str
    # Where it can be fetched; "" where only its number is told.
    url: str = ""


@dataclass(frozen=True)
class CopiedLine:
    sku: str
    name: str
    quantity: int
    # Of the whole line.
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, kw_only=True)
class OrderCopy:
    """An order of a marketplace that a shop is to have as its own."""

    # By which it is found again there: at most 50 letters, e.g. "ebay-12-34567-89012".
    reference: str
    # What buyers know it by.
    number: str
    placed_at: datetime
    currency: str
    lines: tuple[CopiedLine, ...]
    shipping_title: str = ""
    # The shop's own code of the shipping method, as mapped; "" where it is not.
    shipping_code: str = ""
    shipping_net: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    payment_title: str = ""
    payment_code: str = ""
    paid: bool = True
    email: str = ""
    phone: str = ""
    # As `orders.intake.incoming.IncomingOrder` has them.
    billing: Mapping[str, str] = field(default_factory=dict)
    shipping: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    # Whether the shop is to take the goods off its stock.
    takes_stock: bool = True
