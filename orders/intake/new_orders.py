"""Create orders of the book from incoming ones: once, a page at a time, in the caller's transaction.

A page is a handful of statements however many orders it has: products and stock levels are read once, stock is shared
out in memory in the order the orders were placed, and the rows go in by COPY. Numbers are taken last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.kit.sql import next_ids
from orders import announcements
from orders.customers import from_shops
from orders.documents.issue import issue_for_intake
from orders.intake import routing_rules, rows, sharing
from orders.intake.choosing import Routing, facts_of, units_of
from orders.intake.drafts import Draft, Intake, Obstacle, Source, Taken
from orders.intake.incoming import known_by_ean
from orders.models import Order, OrderLine
from orders.segments import due
from stock import catalogue, ledger
from stock.availability import Shelves


def take_in(source: Source, intakes: Sequence[Intake]) -> list[Taken | Obstacle]:
    """Create one order per intake; the outcomes stand in the order of `intakes`.

    Raises database errors as they come: the caller isolates the order that causes one.
    """
    if not intakes:
        return []
    rules = _rules(source.project_id, intakes)
    products = _products(source, intakes)
    shelves = ledger.lock_levels(source.project_id, dict.fromkeys(rules.places, products.values()), rules.first)
    outcomes: dict[int, Taken | Obstacle] = {}
    drafts: list[Draft] = []
    oldest_first = sorted(range(len(intakes)), key=lambda index: intakes[index].order.placed_at)
    for index in oldest_first:
        decided = draft(source.integration_id, intakes[index], products, rules, shelves)
        if isinstance(decided, Obstacle):
            outcomes[index] = decided
        else:
            drafts.append(decided)
    _number(drafts)
    _write(source, drafts, shelves)
    taken = {id(each.intake): Taken(each.id, each.tab) for each in drafts}
    return [outcomes.get(index) or taken[id(intake)] for index, intake in enumerate(intakes)]


def touches_stock(intake: Intake) -> bool:
    """Whether taking it in reads or writes levels, makes products or takes numbers, all under the project's lock."""
    plan = intake.plan
    return plan.invoice or plan.ship or any(line.stocked and line.sku for line in intake.order.lines)


def _rules(project_id: int, intakes: Sequence[Intake]) -> Routing:
    """One reading for the whole page; from here on under the project's lock, unless no order needs it."""
    if not any(touches_stock(intake) for intake in intakes):
        rules = routing_rules.of(project_id)
        # Open orders without goods come to a warehouse as well, and to none that is being closed.
        if len(rules.active) == 1 or not any(intake.plan.reserve for intake in intakes):
            return rules
    ledger.lock_project(project_id)
    return routing_rules.of(project_id)


def draft(
    integration_id: int | None, intake: Intake, products: Mapping[str, int], rules: Routing, shelves: Shelves
) -> Draft | Obstacle:
    """Decide one order: from which warehouse it is served, and what its lines get there."""
    place = rules.default
    if rules.routes:
        order = intake.order
        place = rules.place(facts_of(order, integration_id), units_of(order, products), shelves)
    return sharing.draft(intake, products, shelves[place], place)


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
        eans = known_by_ean(line for intake in intakes for line in intake.order.lines)
        catalogue.add_eans(source.project_id, {sku: ean for sku, ean in eans.items() if sku in new})
    return known


def _number(drafts: Sequence[Draft]) -> None:
    """Give every order and line its primary key."""
    for draft, order_id in zip(drafts, next_ids(Order, len(drafts)), strict=True):
        draft.id = order_id
    lines = [line for draft in drafts for line in draft.lines]
    for line, line_id in zip(lines, next_ids(OrderLine, len(lines)), strict=True):
        line.id = line_id


def _write(source: Source, drafts: Sequence[Draft], shelves: Shelves) -> None:
    if not drafts:
        return
    buyers = [draft.intake.order for draft in drafts if draft.intake.partner is None]
    known = from_shops.find_or_create(source.project_id, buyers, source.at)
    due.mark(source.project_id, known.values(), source.at)
    rows.write_orders(source, drafts, known)
    ledger.write_levels(shelves)
    ledger.record_reservations(
        [
            (shelves[draft.place][line.product_id].id, line.id, line.reserved)
            for draft in drafts
            for line in draft.lines
            if line.reserved and line.product_id is not None
        ]
    )
    announcements.announce_new(source, drafts)
    issue_for_intake(source, drafts, shelves)
