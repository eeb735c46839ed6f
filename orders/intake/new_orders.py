"""Create orders of the book from incoming ones: once, a page at a time, in the caller's transaction.

A page is a handful of statements however many orders it has: products and stock levels are read once, stock is shared
out in memory in the order the orders were placed, and the rows go in by COPY. Numbers are taken last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from config.kit import locks
from config.kit.locks import ProjectLock
from config.kit.round_trips import Question, ask_together, together
from config.kit.sql import next_ids_of
from orders import announcements
from orders.customers import from_shops
from orders.customers.from_shops import Foreseen
from orders.documents.issue import issue_for_intake
from orders.intake import routing_rules, rows, sharing
from orders.intake.choosing import Routing, facts_of, units_of
from orders.intake.drafts import Draft, Intake, Obstacle, Source, Taken
from orders.intake.incoming import IncomingOrder, known_by_ean
from orders.models import Order, OrderLine
from stock import catalogue, ledger, warehouses
from stock.availability import Shelves, on_shelves


def take_in(source: Source, intakes: Sequence[Intake]) -> list[Taken | Obstacle]:
    """Create one order per intake; the outcomes stand in the order of `intakes`.

    Raises database errors as they come: the caller isolates the order that causes one.
    """
    if not intakes:
        return []
    rules = _rules(source.project_id, intakes)
    products = _products(source, intakes)
    shelves = ledger.lock_levels(source.project_id, dict.fromkeys(rules.places, products.values()), rules.first)
    decided = _decide(source, intakes, Seen(products, rules, shelves))
    _number(source, decided.drafts)
    if decided.drafts:
        customers = from_shops.find_or_create(source.project_id, _buyers(decided), source.at)
        rows.write_orders(source, decided.drafts, customers)
        _write_effects(source, decided)
    return decided.outcomes(intakes)


@dataclass(frozen=True)
class Seen:
    """What a page is decided from, as it stands at one moment."""

    products: Mapping[str, int]
    """Ids by SKU."""
    rules: Routing
    shelves: Shelves

    def is_as(self, other: Seen) -> bool:
        """Whether it leads to the same decisions, whatever was counted on the shelves of either."""
        same_goods = self.products == other.products and self.rules == other.rules
        return same_goods and on_shelves(self.shelves) == on_shelves(other.shelves)


@dataclass(frozen=True)
class Decided:
    """What a page gets of the stock: counted on `shelves`, and not written yet."""

    shelves: Shelves
    drafts: list[Draft]
    """Oldest order first."""
    obstacles: dict[int, Obstacle]
    """By place in the page."""

    def outcomes(self, intakes: Sequence[Intake]) -> list[Taken | Obstacle]:
        taken = {id(each.intake): Taken(each.id, each.tab) for each in self.drafts}
        return [self.obstacles.get(index) or taken[id(intake)] for index, intake in enumerate(intakes)]

    def gives_as(self, other: Decided) -> bool:
        """Whether every order gets the same."""
        own, others = ([each.share for each in decided.drafts] for decided in (self, other))
        return self.obstacles == other.obstacles and own == others


class Buyers(Protocol):
    """Whose the orders of a page are, before those who are new are written."""

    @property
    def ids(self) -> Mapping[str, int]:
        """By e-mail in lower case, of those who are known by it."""

    def asked_again(self, project_id: int, at: datetime) -> Sequence[Question[Any]]:
        """With the lock held; the last answer is for `came_true`."""

    def came_true(self, project_id: int, now: Any, at: datetime) -> bool:
        """Write those who are new, with the lock held. Whether all are as they were foreseen."""


class Ahead:
    """A page of new orders that is written before the project's lock is taken, so that others wait less.

    What it gets of the stock is decided from levels that nobody has locked. With the lock held it is decided once more
    (`settle`): where that gives anything else the caller rolls back, and takes the page in under the lock.
    """

    def __init__(self, source: Source, intakes: Sequence[Intake], seen: Seen, buyers: Buyers | None) -> None:
        self.source, self.intakes, self.seen = source, intakes, seen
        self.decided = _decide(source, intakes, seen)
        _number(source, self.decided.drafts)
        self.buyers = buyers or Foreseen.of(source.project_id, _buyers(self.decided))
        if self.decided.drafts:
            with together():
                rows.write_orders(source, self.decided.drafts, self.buyers.ids)

    @classmethod
    def write(
        cls,
        source: Source,
        intakes: Sequence[Intake],
        *,
        products: Mapping[str, int] | None = None,
        buyers: Buyers | None = None,
    ) -> Ahead | None:
        """`products`: ids by SKU, where the caller has just looked them up; `buyers`: where the orders are no shop's.

        None where it cannot be done so: products have to be made first, which needs the lock.
        """
        names = list(_names(intakes))
        if products is None:
            products = catalogue.find(source.project_id, names)
        if source.create_unknown_products and len(products) < len(names):
            return None
        rules = routing_rules.of(source.project_id)
        levels = ledger.seen_levels(source.project_id, dict.fromkeys(rules.places, products.values()), rules.first)
        return cls(source, intakes, Seen(products, rules, levels), buyers)

    @property
    def outcomes(self) -> list[Taken | Obstacle]:
        return self.decided.outcomes(self.intakes)

    def settle(self) -> bool:
        """Take the project's lock, and write what the page does to the stock. False: it would be decided otherwise."""
        project_id, rules = self.source.project_id, self.seen.rules
        wanted = dict.fromkeys(rules.places, self.seen.products.values())
        _, products, here, shelves, *buyers = ask_together(
            ledger.the_lock(project_id),
            catalogue.found(project_id, list(_names(self.intakes))),
            warehouses.all_of(project_id),
            ledger.levels_of(wanted, rules.first, lock=True),
            *self.buyers.asked_again(project_id, self.source.at),
        )
        now = Seen(products, routing_rules.among(project_id, here), shelves)
        settled = self._shelves_as(now)
        with together():
            if settled is None or not self.buyers.came_true(project_id, buyers[-1], self.source.at):
                return False
            if self.decided.drafts:
                _write_effects(self.source, replace(self.decided, shelves=settled))
        return True

    def _shelves_as(self, now: Seen) -> Shelves | None:
        """The levels with what the page takes counted on them; None where that is not the same any more."""
        if now.rules != self.seen.rules:
            return None
        if now.is_as(self.seen):
            return self.decided.shelves
        decided = _decide(self.source, self.intakes, now)
        return decided.shelves if decided.gives_as(self.decided) else None


def _decide(source: Source, intakes: Sequence[Intake], seen: Seen) -> Decided:
    decided = Decided(seen.shelves, [], {})
    for index in sorted(range(len(intakes)), key=lambda index: intakes[index].order.placed_at):
        made = draft(source.integration_id, intakes[index], seen.products, seen.rules, seen.shelves)
        if isinstance(made, Obstacle):
            decided.obstacles[index] = made
        else:
            decided.drafts.append(made)
    return decided


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
    names = _names(intakes)
    known = catalogue.find(source.project_id, list(names))
    if source.create_unknown_products and len(known) < len(names):
        new = {sku: name for sku, name in names.items() if sku not in known}
        known |= catalogue.create(source.project_id, new)
        eans = known_by_ean(line for intake in intakes for line in intake.order.lines)
        catalogue.add_eans(source.project_id, {sku: ean for sku, ean in eans.items() if sku in new})
    return known


def _names(intakes: Sequence[Intake]) -> dict[str, str]:
    """What the lines that need stock call their articles, by SKU."""
    names: dict[str, str] = {}
    for intake in intakes:
        for line in intake.order.lines:
            if line.stocked and line.sku:
                names.setdefault(line.sku, line.name)
    return names


def _number(source: Source, drafts: Sequence[Draft]) -> None:
    """Give every order and line its primary key."""
    if not drafts:
        return
    lines = [line for draft in drafts for line in draft.lines]
    _, (order_ids, line_ids) = ask_together(
        # See `orders.counting.total`: ids that are taken and not written yet are waited for.
        locks.projects_lock(ProjectLock.ORDER_IDS, source.project_id, shared=True),
        next_ids_of((Order, len(drafts)), (OrderLine, len(lines))),
    )
    for draft, order_id in zip(drafts, order_ids, strict=True):
        draft.id = order_id
    for line, line_id in zip(lines, line_ids, strict=True):
        line.id = line_id


def _buyers(decided: Decided) -> list[IncomingOrder]:
    """The orders whose customers are known by their e-mail."""
    return [draft.intake.order for draft in decided.drafts if draft.intake.partner is None]


def _write_effects(source: Source, decided: Decided) -> None:
    """What orders that are written do to stock, partners and papers."""
    drafts, shelves = decided.drafts, decided.shelves
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
