"""Blots an address out of texts of other rows, a window of primary keys at a time."""

from __future__ import annotations

from django.apps import apps
from django.db.models import JSONField, Model, QuerySet

from config.kit.sql import execute
from integrations.erasing.holdings import LOG, MENTIONS
from integrations.erasing.persons import Person, erasing

AT_ONCE = 500
BLOT = "erased"


def window(model: str, person: Person, after: int) -> list[int]:
    """The next rows of a table to be looked through."""
    rows: QuerySet[Model] = apps.get_model(model)._default_manager.filter(pk__gt=after)
    if model in MENTIONS:
        rows = rows.filter(**{f"{MENTIONS[model][0]}__in": person.projects})
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def blot(model: str, person: Person, ids: list[int]) -> int:
    """Blot the person's addresses out of these rows; how many of them named one."""
    if not (ids and person.emails):
        return 0
    found = apps.get_model(model)
    names = (MENTIONS[model][1] if model in MENTIONS else LOG[model]).split()
    columns = [(name, isinstance(found._meta.get_field(name), JSONField)) for name in names]
    changes = ", ".join(
        f"{name} = regexp_replace({name}::text, %s, %s, 'gi'){'::jsonb' if is_json else ''}"
        for name, is_json in columns
    )
    asked = " OR ".join(f"{name}::text ~* %s" for name, _ in columns)
    pattern, blotted = person.pattern, rf"\1{BLOT}"
    with erasing():
        rows = execute(
            f"UPDATE {found._meta.db_table} SET {changes}"  # noqa: S608
            f" WHERE {found._meta.pk.column} = ANY(%s) AND ({asked}) RETURNING 1",
            [value for _ in columns for value in (pattern, blotted)] + [ids] + [pattern for _ in columns],
        )
    return len(rows)
