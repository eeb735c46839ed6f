"""The saved views and columns of lists that a person has in a project, read with the project itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from integrations.models import SavedView

FIELDS = ("id", "person_id", "list_name", "name", "parameters", "columns")


def told(project_id: OuterRef, person_id: int) -> ArraySubquery:
    """The person's own and the project's, by name, as a part of another query, for `read`."""
    rows = seen_by(person_id).filter(project_id=project_id).order_by("name", "pk")
    return ArraySubquery(rows.values(told=JSONObject(**{name: name for name in FIELDS})))


def seen_by(person_id: int) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(person_id=person_id) | Q(person=None))


def read(rows: Sequence[Mapping[str, Any]], list_name: str) -> list[SavedView]:
    """What `told` has answered, of one list."""
    return [SavedView(**row) for row in rows if row["list_name"] == list_name]


def store(row: SavedView) -> bool:
    """Write a new or changed view; False where there is another one of its name."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return False
    return True
