"""Several counts in one statement: a page that shows five of them asks the database once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def counts_of(found: Sequence[QuerySet[Any]], most: int | None = None) -> list[int]:
    """How many rows each of these finds, counted no further than `most`. All are asked of one database."""
    pieces: list[str] = []
    params: list[Any] = []
    for rows in found:
        try:
            statement, values = rows.order_by().values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:  # nothing can be found, and Django knows it
            pieces.append("0")
            continue
        pieces.append(f"(SELECT count(*) FROM ({statement}) AS counted)")  # noqa: S608  Django wrote it
        params += values
    if set(pieces) <= {"0"}:
        return [0] * len(found)
    with connections[found[0].db].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(pieces)}", params)
        return list(cursor.fetchone())
