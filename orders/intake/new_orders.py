"""Create orders of the book from incoming ones: once, a page at a time, in the caller's transaction.

A page is a handful of statements however many orders it has: products and stock levels are read once, stock is shared
out in memory in the order the orders were placed, and the rows go in by COPY. Numbers are taken last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.kit.sql import next_ids
from orders import announcements, customers
from orders.choices import OrderStatus, Tab
from orders.documents import issue as documents
from orders.intake import rows
from orders.intake.incoming import IncomingLine, IncomingOrder
from orders.intake.plans import Plan
from orders.intake.tabs import tab_of
from orders.models import Order, OrderLine
from orders.segments import due
from stock import catalogue, ledger
from stock.availability import Level, issue, shortages


@dataclass(frozen=True)
class Source:
    """Where a page comes from. `zone` is the project's, `at` the time of writing."""

    project_id: int
    integration_id: int | None
    run_id: int | None
    zone: ZoneInfo
    at: datetime
    create_unknown_products: bool = True


@dataclass(frozen=True)
class FromPartner:
    """What is known of an order of the partner API beside the order itself; the customers are in the book already."""

    source_id: str
    document: Mapping[str, Any]
    """See `orders.partners.published.kept`."""
    customer_id: int | None = None
    referrer_id: int | None = None


@dataclass(frozen=True)
class Intake:
    order: IncomingOrder
    plan: Plan
    remote_order_id: int | None
    partner: FromPartner | None = None


@dataclass(frozen=True)
class Taken:
    """The order is in the book."""

    order_id: int
    tab: Tab


@dataclass(frozen=True)
class Refused:
    """Nothing was written for the order. `code` is stable, `message` for staff, `subject` the first SKU it is about."""

    code: str
    message: str
    subject: str = ""


@dataclass(slots=True)
class DraftLine:
    incoming: IncomingLine
    product_id: int | None
    reserved: int = 0
    waiting: int = 0
    shipped: int = 0
    cancelled: int = 0
    id: int = 0


@dataclass(slots=True)
class Draft:
    """An order on its way in: decided, not yet written."""

    intake: Intake
    lines: list[DraftLine] = field(default_factory=list)
    id: int = 0
    tab: Tab = Tab.NONE


def take_in(source: Source, intakes: Sequence[Intake]) -> list[Taken | Refused]:
    """Create one order per intake; the outcomes stand in the order of `intakes`.

    Raises database errors as they come: the caller isolates the order that causes one.
    """
    if not intakes:
        return []
    ledger.lock_project(source.project_id)
    products = _products(source, intakes)
    levels = ledger.lock_levels(source.project_id, sorted(set(products.values()))) if products else {}
    outcomes: dict[int, Taken | Refused] = {}
    drafts: list[Draft] = []
    oldest_first = sorted(range(len(intakes)), key=lambda index: intakes[index].order.placed_at)
    for index in oldest_first:
        decided = _draft(intakes[index], products, levels)
        if isinstance(decided, Refused):
            outcomes[index] = decided
        else:
            drafts.append(decided)
    _number(drafts)
    _write(source, drafts, levels)
    taken = {id(draft.intake): Taken(draft.id, draft.tab) for draft in drafts}
    return [outcomes.get(index) or taken[id(intake)] for index, intake in enumerate(intakes)]


def _products(source: Source, intakes: Sequence[Intake]) -> dict[str, int]:
    """Product ids by SKU of all lines that need stock; unknown ones are created when the integration says so."""
    names: dict[str, str] = {}
    for intake in intakes:
        for line in intake.order.lines:
            if line.stocked and line.sku:
                names.setdefault(line.sku, line.name)
    known = catalogue.find(source.project_id, list(names))
    if source.create_unknown_products and len(known) < len(names):
        new = {sku: name for sku, name in names.items() if sku not in known}
        known |= catalogue.create(source.project_id, new)
    return known


def _draft(intake: Intake, products: Mapping[str, int], levels: Mapping[int, Level]) -> Draft | Refused:
    """Decide one order: what each line reserves, waits for or ships."""
    draft = Draft(intake)
    for incoming in intake.order.lines:
        product_id = None
        if incoming.stocked and incoming.sku:
            product_id = products.get(incoming.sku)
            if product_id is None:
                return _unknown(incoming.sku)
        draft.lines.append(DraftLine(incoming, product_id))
    plan = intake.plan
    if plan.move_stock:
        refused = _issue_all(draft, levels)
        if refused:
            return refused
    for line in draft.lines:
        _share(line, plan, levels)
    draft.tab = tab_of(plan.status, [(line.reserved, line.waiting) for line in draft.lines if line.product_id])
    return draft


def _unknown(sku: str) -> Refused:
    message = f"SKU {sku} is not among the products: create the product, or map the SKU to one of yours."
    return Refused("unknown_sku", message[:500], sku)


def _issue_all(draft: Draft, levels: Mapping[int, Level]) -> Refused | None:
    wanted: dict[int, int] = {}
    for line in draft.lines:
        if line.product_id is not None:
            wanted[line.product_id] = wanted.get(line.product_id, 0) + line.incoming.quantity
    missing = shortages(levels, wanted)
    if missing:
        skus = {line.product_id: line.incoming.sku for line in draft.lines}
        what = ", ".join(f"{units} × {skus[product_id]}" for product_id, units in sorted(missing.items()))
        message = f"“Import and complete” needs every unit on stock; missing: {what}. Receive them first."
        return Refused("insufficient_stock", message[:500], skus[min(missing)])
    issue(levels, wanted)
    return None


def _share(line: DraftLine, plan: Plan, levels: Mapping[int, Level]) -> None:
    quantity = line.incoming.quantity
    if plan.status == OrderStatus.CANCELLED:
        line.cancelled = quantity
    elif plan.ship:
        line.shipped = quantity
    elif plan.reserve and line.product_id is not None:
        level = levels.get(line.product_id)
        line.reserved = level.take(quantity) if level else 0
        line.waiting = quantity - line.reserved


def _number(drafts: Sequence[Draft]) -> None:
    """Give every order and line its primary key."""
    for draft, order_id in zip(drafts, next_ids(Order, len(drafts)), strict=True):
        draft.id = order_id
    lines = [line for draft in drafts for line in draft.lines]
    for line, line_id in zip(lines, next_ids(OrderLine, len(lines)), strict=True):
        line.id = line_id


def _write(source: Source, drafts: Sequence[Draft], levels: Mapping[int, Level]) -> None:
    if not drafts:
        return
    buyers = [draft.intake.order for draft in drafts if draft.intake.partner is None]
    known = customers.find_or_create(source.project_id, buyers, source.at)
    due.mark(source.project_id, known.values(), source.at)
    rows.write_orders(source, drafts, known)
    ledger.write_levels(levels.values())
    ledger.record_reservations(
        [
            (levels[line.product_id].id, line.id, line.reserved)
            for draft in drafts
            for line in draft.lines
            if line.reserved and line.product_id is not None
        ]
    )
    announcements.announce_new(source, drafts)
    documents.issue_for_intake(source, drafts, levels)
