"""Wait until something holds, never for a while: a machine under load is slow, and a test must not mind."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

# Seconds. What has not come after a minute is not slow but missing.
GENEROUS = 60.0


def until(condition: Callable[[], bool], within: float = GENEROUS) -> bool:
    """Whether it became true in time; for an `assert`, whose line then says what did not."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def somebody_waits_for_a_lock() -> bool:
    """Whether another connection to this database is held up by a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees its first answer again
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
