"""The only writer of stock levels, reservations and movements. Everything here runs in the caller's transaction.

Whoever changes a project's stock first takes `lock_project`: one writer at a time per project, so that no two
transactions can lock rows in different orders. Levels are read FOR UPDATE in id order besides, and the table's CHECK is
the last net.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.kit import locks
from config.kit.locks import ProjectLock
from config.kit.plurals import are, counted
from config.kit.refusals import Refused
from config.kit.round_trips import Question, Rows, ask, say
from config.kit.sql import copy_rows, execute
from stock.availability import Level, Shelves
from stock.choices import MovementReason
from stock.models import Reservation, StockMovement, Warehouse
from stock.warehouses import Place, first_of


class StockError(Refused):
    """A change the stock does not allow; the message is for staff."""


@dataclass(frozen=True)
class Change:
    """Units coming or going for one product, with the reason people see in the movement ledger."""

    product_id: int
    quantity: int
    reason: MovementReason
    note: str = ""
    reference: int | None = None
    place: Place = None
    """In which warehouse; None is the project's first one."""


def lock_project(project_id: int) -> None:
    """Wait until this transaction is the only one that changes the project's stock."""
    ask(the_lock(project_id))


def the_lock(project_id: int) -> Question[None]:
    """As `lock_project`, in one trip with what is asked once it is held."""
    return locks.projects_lock(ProjectLock.STOCK, project_id)


def lock_levels(project_id: int, wanted: Mapping[Place, Iterable[int]], first: int = 0) -> Shelves:
    """The levels of the products (by id) wanted of each place, locked in id order; products without one left out.

    `first`: the project's first warehouse, where the caller knows it.
    """
    return _levels(project_id, wanted, first, lock=True)


def seen_levels(project_id: int, wanted: Mapping[Place, Iterable[int]], first: int = 0) -> Shelves:
    """As `lock_levels`, only to be looked at: nothing is locked, and nothing may be written from it."""
    return _levels(project_id, wanted, first, lock=False)


def _levels(project_id: int, wanted: Mapping[Place, Iterable[int]], first: int, *, lock: bool) -> Shelves:
    asked = {place: set(product_ids) for place, product_ids in wanted.items()}
    if not any(asked.values()):
        return {place: {} for place in asked}
    return ask(levels_of(asked, first or first_of(project_id), lock=lock))


def levels_of(wanted: Mapping[Place, Iterable[int]], first: int, *, lock: bool) -> Question[Shelves]:
    """What `lock_levels` and `seen_levels` ask."""
    asked = {place: set(product_ids) for place, product_ids in wanted.items()}

    def read(rows: Rows) -> Shelves:
        shelves: Shelves = {place: {} for place in asked}
        for warehouse_id, product_id, level_id, on_hand, reserved in rows:
            place = None if warehouse_id == first else warehouse_id
            if product_id in asked[place]:
                shelves[place][product_id] = Level(level_id, on_hand, reserved)
        return shelves

    return Question(
        "SELECT warehouse_id, product_id, id, on_hand, reserved FROM stock_stocklevel"  # noqa: S608  constants only
        f" WHERE warehouse_id = ANY(%s) AND product_id = ANY(%s) ORDER BY id{' FOR UPDATE' if lock else ''}",
        [[place or first for place in asked], sorted(set().union(*asked.values()))],
        read,
    )


def make_and_lock_levels(project_id: int, wanted: Mapping[Place, Iterable[int]]) -> Shelves:
    """As `lock_levels`, with an empty level made where a product has none in a warehouse yet."""
    asked = {place: set(product_ids) for place, product_ids in wanted.items()}
    shelves = lock_levels(project_id, asked)
    new = [(place, product) for place, products in asked.items() for product in sorted(products - {*shelves[place]})]
    if not new:
        return shelves
    first = first_of(project_id)
    execute(
        "INSERT INTO stock_stocklevel (warehouse_id, product_id, on_hand, reserved)"
        " SELECT warehouse_id, product_id, 0, 0"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS new (warehouse_id, product_id)"
        " ON CONFLICT (warehouse_id, product_id) DO NOTHING",
        [[place or first for place, _ in new], [product for _, product in new]],
    )
    return lock_levels(project_id, asked)


def write_levels(shelves: Shelves) -> None:
    """Write what `take` and `issue` counted, in one statement."""
    changed = [level for shelf in shelves.values() for level in shelf.values() if level.taken or level.issued]
    if changed:
        say(
            "UPDATE stock_stocklevel AS level SET reserved = level.reserved + new.taken,"
            " on_hand = level.on_hand - new.issued"
            " FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS new (id, taken, issued) WHERE level.id = new.id",
            [[level.id for level in changed], [level.taken for level in changed], [level.issued for level in changed]],
        )


def record_reservations(rows: Sequence[tuple[int, int, int]]) -> None:
    """New reservations as (level id, reference, quantity)."""
    if rows:
        copy_rows(Reservation, ("level_id", "reference", "quantity"), rows)


def grow_reservations(rows: Sequence[tuple[int, int, int]]) -> None:
    """More units for references that may or may not hold some already: (level id, reference, quantity)."""
    if rows:
        level_ids, references, quantities = zip(*rows, strict=True)
        say(
            "INSERT INTO stock_reservation AS held (level_id, reference, quantity)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])"
            " ON CONFLICT (reference) DO UPDATE SET quantity = held.quantity + excluded.quantity",
            [list(level_ids), list(references), list(quantities)],
        )


def drop_reservations(references: Sequence[int]) -> None:
    """Let go of everything these references hold."""
    if references:
        say("DELETE FROM stock_reservation WHERE reference = ANY(%s)", [list(references)])


def record_movements(
    project_id: int, rows: Iterable[tuple[int, Change]], at: datetime, actor_id: int | None = None
) -> None:
    """Movements as (level id, change)."""
    copy_rows(
        StockMovement,
        ("project_id", "level_id", "quantity", "reason", "reference", "note", "actor_id", "at"),
        [
            (project_id, level_id, change.quantity, str(change.reason), change.reference, change.note, actor_id, at)
            for level_id, change in rows
        ],
    )


def move(project_id: int, changes: Sequence[Change], at: datetime, actor_id: int | None = None) -> Shelves:
    """Book receipts, adjustments and transfers; the levels afterwards. Raises StockError, nothing written."""
    wanted: dict[Place, dict[int, int]] = {}
    for change in changes:
        units = wanted.setdefault(change.place, {})
        units[change.product_id] = units.get(change.product_id, 0) + change.quantity
    _expect_on(project_id, [place for place, units in wanted.items() if any(n > 0 for n in units.values())])
    shelves = make_and_lock_levels(project_id, wanted)
    for place, units in wanted.items():
        _check(shelves[place], units)
        for product_id, quantity in units.items():
            shelves[place][product_id].issued -= quantity
    write_levels(shelves)
    rows = [(shelves[change.place][change.product_id].id, change) for change in changes]
    record_movements(project_id, rows, at, actor_id)
    return as_written(shelves)


def as_written(shelves: Shelves) -> Shelves:
    """The levels as `write_levels` has left them."""
    return {place: {product: level.written for product, level in shelf.items()} for place, shelf in shelves.items()}


def _expect_on(project_id: int, places: Sequence[Place]) -> None:
    """Refuse goods for a warehouse that is switched off."""
    if places:
        first = first_of(project_id)
        off = Warehouse.objects.filter(project_id=project_id, pk__in=[place or first for place in places], active=False)
        if row := off.first():
            raise StockError(f"{row} is switched off: switch it on first, or choose another warehouse.")


def _check(levels: Mapping[int, Level], wanted: Mapping[int, int]) -> None:
    for product_id, quantity in wanted.items():
        level = levels[product_id]
        if quantity == 0:
            raise StockError("A movement of zero units changes nothing: enter another quantity.")
        if level.available + quantity < 0:
            free = f"{counted(level.available, 'unit')} {are(level.available)} free"
            raise StockError(
                f"Only {free} ({level.on_hand} on hand, {level.reserved} reserved): {-quantity} cannot be taken away."
            )
        if level.on_hand + quantity > 1_000_000_000:
            raise StockError("More than a billion units: enter a smaller quantity.")
