"""What a page costs the database: statements, milliseconds, and which of them read many rows of a table.

The milliseconds are those that the database's process has computed, so that whatever else the machine does is not in
them; where all of a book is in memory they are what a page waits for on an idle machine.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = 3
# More is read of no table than a count that is capped, with what lies beside it; see `MOST_COUNTED` of the kit.
MOST_READ = 12_500
# A page that takes as long is not asked three times.
SLOW_MS = 1_000.0
# The longest statement is told of pages that take longer.
TOLD_FROM_MS = 3.0
SETTLES_SECONDS = 0.002

Statement = tuple[str, Any]


@dataclass
class Cost:
    statements: int
    milliseconds: float
    status: int
    scans: list[str] = field(default_factory=list)
    """ "Seq Scan of orders_order, 1,000,000 rows" of every part of a plan that reads more than MOST_READ."""
    slowest: str = ""
    """The statement that took most of it, where the page is slow."""


class Watch:
    """Keeps the statements of one visit, with the milliseconds that each took by the clock."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seen.append(((time.perf_counter() - begun) * 1000, sql, params))


class Backend:
    """The database's process behind the connection, and how long it has computed."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET max_parallel_workers_per_gather = 0")  # all of it is done by this one process
            cursor.execute("SELECT pg_backend_pid()")
            self._told = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def milliseconds(self) -> float:
        # What a running process has computed is told when it rests.
        time.sleep(SETTLES_SECONDS)
        return int(self._told.read_text().split()[0]) / 1e6


def cost_of(client: Any, address: str, backend: Backend, rounds: int = ROUNDS) -> tuple[Cost, list[Statement]]:
    """The best of so many warm rounds, and its statements."""
    from django.db import connection

    seen: list[tuple[float, str, Any]] = []
    status, least = 0, float("inf")
    for number in range(rounds + 1):
        watch, before = Watch(), backend.milliseconds()
        with connection.execute_wrapper(watch):
            status = client.get(address).status_code
        took = backend.milliseconds() - before
        if number or took > SLOW_MS:  # the first round warms
            seen, least = watch.seen, min(least, took)
        if took > SLOW_MS:
            break
    longest = max(seen, default=(0.0, "", None), key=lambda each: each[0])
    cost = Cost(len(seen), least, status)
    if least > TOLD_FROM_MS and longest[1]:
        cost.slowest = _whole(longest[1], longest[2])
    return cost, [(sql, params) for _took, sql, params in seen]


def _whole(sql: str, params: Any) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        try:
            return str(cursor.cursor.mogrify(sql, params))[:3000]
        except (AttributeError, TypeError):
            return f"{sql} {params}"[:3000]


class Plans:
    """Explains each statement once."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}

    def scans(self, statements: list[Statement]) -> list[str]:
        return [scan for sql, params in statements for scan in self._of(sql, params)]

    def _of(self, sql: str, params: Any) -> list[str]:
        key = f"{sql} {params}"
        if key not in self._known:
            reads = sql.lstrip("( \n").upper().startswith(("SELECT", "WITH")) and " FOR " not in sql
            self._known[key] = _explained(sql, params) if reads else []
        return self._known[key]


def _explained(sql: str, params: Any) -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        told = cursor.fetchone()[0]
    plan = json.loads(told) if isinstance(told, str) else told
    return list(_reading(plan[0]["Plan"]))


def _reading(node: dict[str, Any]) -> Any:
    if node["Node Type"].endswith("Scan") and "CTE" not in node["Node Type"] and "Subquery" not in node["Node Type"]:
        passed_over = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
        read = (node["Actual Rows"] + passed_over) * node["Actual Loops"]
        if read > MOST_READ:
            yield f"{node['Node Type']} of {node.get('Relation Name') or node.get('Index Name')}, {read:,.0f} rows"
    for part in node.get("Plans", ()):
        yield from _reading(part)
