"""The warehouses of a project: where its goods lie, in which order they are asked, which one takes what no rule sends.

Levels belong to warehouses. Whoever keeps a warehouse beside a row of its own (an order) keeps None for the project's
first one: most projects have no other, and what they have written means the same when another one becomes the default.
Here and in `stock.ledger` such a *place* is None or the id of any but the first warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import JSONObject

from config.kit import locks
from config.kit.locks import ProjectLock
from config.kit.refusals import Refused
from config.kit.round_trips import Question, Rows, ask
from config.kit.sql import execute
from stock.models import StockLevel, Warehouse

LONGEST_NAME = 100
MOST_PRIORITY = 10_000
# Every page of orders reads all of them.
MOST = 50

FIELDS = ("id", "project_id", "name", "is_default", "priority", "active")

Place = int | None


class WarehouseRefused(Refused):
    """A change of the warehouses that is not possible; `field` is where, the message for staff."""


@dataclass(frozen=True)
class Warehouses:
    """All warehouses of a project as they are now, in the order in which they are asked."""

    rows: tuple[Warehouse, ...]
    first: int
    """The id of the one that places name by None."""

    @property
    def several(self) -> bool:
        return len(self.rows) > 1

    @property
    def default(self) -> Place:
        """Where orders go that no rule sends elsewhere, and goods unless somebody says another one."""
        return next((self.place(row.pk) for row in self.rows if row.is_default), None)

    @property
    def active(self) -> tuple[Warehouse, ...]:
        """Those that take orders and goods, in the order in which they are asked."""
        return tuple(row for row in self.rows if row.active)

    def place(self, warehouse_id: int | None) -> Place:
        return None if warehouse_id == self.first else warehouse_id

    def at(self, place: Place) -> Warehouse | None:
        wanted = self.first if place is None else place
        return next((row for row in self.rows if row.pk == wanted), None)

    def name(self, place: Place) -> str:
        row = self.at(place)
        return row.name if row else ""


def first_of(project_id: int) -> int:
    """The id of the project's first warehouse, made when there is none. It never changes: none is ever deleted."""
    [(found,)] = execute("SELECT min(id) FROM stock_warehouse WHERE project_id = %s", [project_id])
    return _made(project_id) if found is None else found


def of(project_id: int) -> Warehouses:
    """The warehouses of a project as they are now; none before the first one is made."""
    return ask(all_of(project_id))


def all_of(project_id: int) -> Question[Warehouses]:
    """What `of` asks."""
    # By a statement of ours: every order that comes in asks, and making SQL of a queryset takes longer than this.
    return Question(
        f"SELECT {', '.join(FIELDS)} FROM stock_warehouse WHERE project_id = %s ORDER BY priority, id",  # noqa: S608
        [project_id],
        _all,
    )


def _all(told: Rows) -> Warehouses:
    rows = tuple(Warehouse.from_db(DEFAULT_DB_ALIAS, FIELDS, row) for row in told)
    return Warehouses(rows, min((row.pk for row in rows), default=0))


def told(project_id: OuterRef) -> ArraySubquery:
    """The warehouses of a project as a part of another query, for `read`."""
    rows = Warehouse.objects.filter(project_id=project_id).order_by("priority", "pk")
    return ArraySubquery(rows.values(told=JSONObject(**{name: name for name in FIELDS})))


def read(rows: Sequence[Mapping[str, Any]]) -> Warehouses:
    """What `told` has answered."""
    found = tuple(Warehouse(**row) for row in rows)
    return Warehouses(found, min((row.pk for row in found), default=0))


def _made(project_id: int) -> int:
    new = Warehouse(project_id=project_id, name="Main warehouse", is_default=True)
    Warehouse.objects.bulk_create([new], ignore_conflicts=True)
    return Warehouse.objects.values_list("pk", flat=True).get(project_id=project_id, is_default=True)


@transaction.atomic
def add(project_id: int, name: str) -> Warehouse:
    """A new warehouse, switched on, asked after the others. Raises WarehouseRefused."""
    _lock(project_id)
    first_of(project_id)
    rows = of(project_id).rows
    if len(rows) >= MOST:
        raise WarehouseRefused(f"A project has at most {MOST} warehouses.")
    last = min(rows[-1].priority + 1, MOST_PRIORITY)
    new = Warehouse(project_id=project_id, name=_name(project_id, name), priority=last)
    new.save()
    return new


@transaction.atomic
def change(warehouse: Warehouse, name: str, priority: int) -> Warehouse:
    """Another name or priority; smaller ones are asked first. Raises WarehouseRefused."""
    _lock(warehouse.project_id)
    row = Warehouse.objects.get(pk=warehouse.pk)
    row.name, row.priority = _name(row.project_id, name, but=row.pk), priority
    row.save(update_fields=["name", "priority"])
    return row


@transaction.atomic
def make_default(warehouse: Warehouse) -> Warehouse:
    """From now on it takes the orders that no rule sends elsewhere."""
    _lock(warehouse.project_id)
    row = Warehouse.objects.get(pk=warehouse.pk)
    if not row.active:
        raise WarehouseRefused(f"{row} is switched off: switch it on first.")
    Warehouse.objects.filter(project_id=row.project_id, is_default=True).exclude(pk=row.pk).update(is_default=False)
    row.is_default = True
    row.save(update_fields=["is_default"])
    return row


@transaction.atomic
def switch_on(warehouse: Warehouse) -> Warehouse:
    """It takes orders again."""
    _lock(warehouse.project_id)
    row = Warehouse.objects.get(pk=warehouse.pk)
    row.active = True
    row.save(update_fields=["active"])
    return row


@transaction.atomic
def switch_off(warehouse: Warehouse) -> Warehouse:
    """No order goes there any more. Raises WarehouseRefused while it has units."""
    _lock(warehouse.project_id)
    filled = StockLevel.objects.filter(warehouse=OuterRef("pk"), on_hand__gt=0)
    row = Warehouse.objects.annotate(filled=Exists(filled)).get(pk=warehouse.pk)
    if row.is_default:
        raise WarehouseRefused(f"{row} is the default: make another warehouse the default first.")
    if row.filled:
        raise WarehouseRefused(f"{row} has goods on hand: transfer them to another warehouse first.")
    row.active = False
    row.save(update_fields=["active"])
    return row


def _name(project_id: int, typed: str, but: int | None = None) -> str:
    name = typed.strip()[:LONGEST_NAME]
    if not name:
        raise WarehouseRefused("Enter a name for the warehouse.", "name")
    if Warehouse.objects.filter(project_id=project_id, name=name).exclude(pk=but or 0).exists():
        raise WarehouseRefused("There is a warehouse with this name already: choose another one.", "name")
    return name


def _lock(project_id: int) -> None:
    """As `stock.ledger.lock_project`: pages of orders read the warehouses under it."""
    locks.lock_project(ProjectLock.STOCK, project_id)
