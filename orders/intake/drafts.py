"""Orders on their way in: where they come from, what is decided about them, what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from orders.choices import Tab
from orders.intake.incoming import IncomingLine, IncomingOrder
from orders.intake.plans import Plan
from stock.warehouses import Place


@dataclass(frozen=True)
class Source:
    """Where a page comes from. `zone` is the project's, `at` the time of writing."""

    project_id: int
    integration_id: int | None
    run_id: int | None
    zone: ZoneInfo
    at: datetime
    create_unknown_products: bool = True


class FromPartner(Struct, frozen=True):
    """What is known of an order of the partner API beside the order itself; the customers are in the book already."""

    source_id: str
    document: Callable[[], Mapping[str, Any]]
    """See `orders.partners.to_book.kept`; made as its row is sent, while the database takes the rows before."""
    customer_id: int | None = None
    referrer_id: int | None = None


class Intake(Struct, frozen=True):
    order: IncomingOrder
    plan: Plan
    remote_order_id: int | None
    partner: FromPartner | None = None


class Taken(Struct, frozen=True):
    """The order is in the book."""

    order_id: int
    tab: Tab


@dataclass(frozen=True)
class Obstacle:
    """Why an order cannot be taken in; nothing is written for it.

    `code` is stable, `message` for staff, `subject` what it is about: a SKU, a payment method, a place in the document.
    """

    code: str
    message: str
    subject: str = ""


class DraftLine(Struct, eq=False):
    incoming: IncomingLine
    product_id: int | None
    reserved: int = 0
    waiting: int = 0
    shipped: int = 0
    cancelled: int = 0
    id: int = 0


class Draft(Struct, eq=False):
    """An order on its way in: decided, not yet written."""

    intake: Intake
    place: Place = None
    """The warehouse it is served from, see `stock.warehouses`."""
    lines: list[DraftLine] = []
    id: int = 0
    tab: Tab = Tab.NONE

    @property
    def share(self) -> tuple[object, ...]:
        """What it gets of the stock, and where."""
        lines = [(line.product_id, line.reserved, line.waiting, line.shipped, line.cancelled) for line in self.lines]
        return id(self.intake), self.place, self.tab, lines
