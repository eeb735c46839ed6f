"""What a shop lists: pages of orders and products, and the codes it has for statuses, shipping and payments.

Paging is the engine's: an operation that lists returns one page and the cursor of the next, so that a run can stop and
continue anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Where a listing goes on: JSON values only, made and read by the connector alone.
Cursor = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """Orders created or modified in `since <= stamp <= until`, on the shop's stamps. `until` None: up to its now."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Touched:
    """An order of which a page tells something new without holding it so: it is asked for by its id."""

    # How its id begins.
    beginning: str
    # What its document says where it is known already.
    mention: str


@dataclass(frozen=True)
class OrderPage:
    """One page of orders, in the bytes the shop sent."""

    # One JSON document (UTF-8) an order, exactly as the shop sent it.
    payloads: tuple[bytes, ...]
    # None: the listing is complete.
    next: Cursor | None
    # How many orders the whole listing has, when the shop says so.
    total: int | None = None
    # The window's end on the shop's clock, fixed by the first page; what the next sweep starts from.
    until: datetime | None = None
    # Orders in this page that the shop cannot give, by id.
    broken: tuple[str, ...] = ()
    # What staff should know of the listing: kept with its run until it ends.
    note: str = ""
    # Seconds until the shop may have got the next page ready; 0: it may be asked for at once.
    wait: float = 0
    # With `wait`: a sentence.
    waits_for: str = ""
    # Whether the shop is at work for this listing, which `Orders.abandon` would end.
    in_shop: bool = False
    # Orders that are to be read again.
    touched: tuple[Touched, ...] = ()


@dataclass(frozen=True)
class RemoteProduct:
    """A product or variation as the shop has it; `quantity` is None where the shop keeps no stock of it."""

    external_id: str
    sku: str
    name: str
    stock_managed: bool
    quantity: int | None
    # As `stock.barcodes.canonical` writes it.
    ean: str = ""


@dataclass(frozen=True)
class ProductPage:
    """One page of products; `next` None: the listing is complete."""

    products: tuple[RemoteProduct, ...]
    next: Cursor | None
    total: int | None = None


@dataclass(frozen=True)
class RemoteStatus:
    """A code of the shop and what the shop calls it."""

    code: str
    label: str
    # As #rrggbb; "" where the shop has none for it.
    color: str = ""


@dataclass(frozen=True)
class CodeLists:
    """The shop's own lists ("sequences"); an empty one means that the shop does not tell."""

    statuses: tuple[RemoteStatus, ...] = ()
    shipping_methods: tuple[RemoteStatus, ...] = ()
    payments: tuple[RemoteStatus, ...] = ()
    taxes: tuple[RemoteStatus, ...] = ()
    # False: only what was in use lately, so that other codes may be in the shop, too.
    whole: bool = True
