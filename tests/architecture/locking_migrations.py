"""What a migration may not do to a table that is large, while the site of the release before goes on working.

The rules and the ways out are told in config/deploy/migrations.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection
from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.models import Value

# The first number of each app that is read; older ones have run where it mattered.
FIRST = {"integrations": 44, "orders": 33, "stock": 15}
# Models whose tables grow with orders, customers, products and calls.
LARGE = {
    "integrations": "remoteorder run crossing webhookdelivery deliveryattempt message accessevent shoparticle "
    "shopquantity orderinfile filerowerror exchangedfile bulkfailure bulkportion bulkreport exportpart fix",
    "orders": "order orderline ordereffect orderevent ordernote customer customersummary invoice shipment shipmentline "
    "announcement segmententry segmentmember pointsmovement preparedorder preparedline attachment",
    "stock": "product parentproduct stocklevel stockmovement reservation stockposting levelchange",
}
# A migration that carries data says here why it holds no lock for long: what bounds it, or that it goes in portions.
REASON = "holds_no_lock"
LOCKING_SQL = re.compile(
    r"\b(?:CREATE\s+(?:UNIQUE\s+)?INDEX(?!\s+CONCURRENTLY)|DROP\s+INDEX(?!\s+CONCURRENTLY)|REINDEX(?!.*CONCURRENTLY)"
    r"|LOCK\s+TABLE|CLUSTER|VACUUM\s+FULL|UPDATE|DELETE\s+FROM"
    r"|ALTER\s+TABLE[^;]*\b(?:TYPE|SET\s+NOT\s+NULL)|ALTER\s+TABLE(?![^;]*NOT\s+VALID)[^;]*\bADD\s+CONSTRAINT)\b",
    re.IGNORECASE | re.DOTALL,
)


def faults(migration: Migration, before: ProjectState) -> Iterator[str]:
    """What is wrong, and the way out. `before`: the models as they are when it begins."""
    made: set[str] = set()
    state = before.clone()
    for operation in migration.operations:
        for each in getattr(operation, "database_operations", [operation]):
            yield from _of_operation(migration, each, state, made)
        operation.state_forwards(migration.app_label, state)


def is_large(app: str, model: str) -> bool:
    return model.lower() in LARGE.get(app, "").split()


def _of_operation(migration: Migration, operation: Any, state: ProjectState, made: set[str]) -> Iterator[str]:
    app = migration.app_label
    if isinstance(operation, ops.CreateModel):
        made.add(operation.name.lower())
        return
    if isinstance(operation, AddIndexConcurrently | RemoveIndexConcurrently) and migration.atomic:
        yield "a concurrent index needs atomic = False in a migration of its own"
    if isinstance(operation, ops.RenameField | ops.RenameModel | ops.AlterModelTable):
        yield "renames what the release before still uses: add the new one, write both, drop the old one later"
    if isinstance(operation, ops.RunPython | ops.RunSQL):
        yield from _of_code(migration, operation, made)
    name = str(getattr(operation, "model_name", ""))
    if name and is_large(app, name) and name.lower() not in made:
        yield from _of_large(app, name, operation, state)


def _of_large(app: str, name: str, operation: Any, state: ProjectState) -> Iterator[str]:
    if isinstance(operation, ops.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield f"{name}: an index is built while nobody may write: use AddIndexConcurrently"
    if isinstance(operation, ops.RemoveIndex) and not isinstance(operation, RemoveIndexConcurrently):
        yield f"{name}: an index is dropped while nobody may read: use RemoveIndexConcurrently"
    if isinstance(operation, ops.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        yield f"{name}: its rows are checked while nobody may write: AddConstraintNotValid, then ValidateConstraint"
    if isinstance(operation, ops.AddField):
        yield from _of_column(name, operation.field)
    if isinstance(operation, ops.AlterField):
        old = state.models[app, name.lower()].fields[operation.name]
        yield from _of_change(name, operation.field, old)


def _of_column(name: str, field: Any) -> Iterator[str]:
    default = getattr(field, "db_default", None)
    if not field.null and not field.has_db_default():
        yield f"{name}.{field.name or 'column'}: the release before does not fill it: give it db_default, or null=True"
    if field.has_db_default() and not isinstance(default, Value | str | int | float | bool):
        yield f"{name}: a computed db_default rewrites the table: add it with null=True and fill it in portions"
    if field.unique or (field.db_index and not field.is_relation):
        yield f"{name}: its index is built while nobody may write: add it by itself, concurrently"
    if field.is_relation and getattr(field, "db_constraint", False):
        yield f"{name}: a foreign key is checked under a lock of both tables: db_constraint=False, then NOT VALID"


def _of_change(name: str, new: Any, old: Any) -> Iterator[str]:
    types = [str(field.db_type(connection)) for field in (old, new)]
    if types[0] != types[1] and not _only_longer(*types):
        yield f"{name}: {types[0]} becomes {types[1]}, which rewrites the table: add a column, fill it, switch over"
    if old.null and not new.null:
        yield f"{name}: NOT NULL is checked while nobody may read: add a CHECK that is not valid, and validate it"
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield f"{name}: its index is built while nobody may write: add it by itself, concurrently"


def _only_longer(old: str, new: str) -> bool:
    """varchar(10) to varchar(20), or to text: PostgreSQL changes the catalogue alone."""
    before, after = (re.fullmatch(r"varchar\((\d+)\)", each) for each in (old, new))
    return before is not None and (new == "text" or (after is not None and int(after[1]) >= int(before[1])))


def _of_code(migration: Migration, operation: Any, made: set[str]) -> Iterator[str]:
    if getattr(migration, REASON, ""):
        return
    if isinstance(operation, ops.RunPython):
        yield f"code over rows: go in portions outside of one transaction, and say so in `{REASON}`"
    elif not made and LOCKING_SQL.search(str(operation.sql)):
        yield f"SQL that locks or rewrites: take the concurrent form, or say in `{REASON}` what bounds it"
