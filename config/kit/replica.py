"""Reading from a replica that lags behind, and never reading what is older than the question.

Lists, files and exports may be read from the replica that REPLICA_URL names. Before each of them the primary is asked
how far its log is written, and the replica how far it has applied it: what was committed before the question is in the
answer, whoever wrote it and on whichever host. A replica that is not there within PATIENCE, or is away, is passed over
and the primary read. The log's position is that of the whole cluster: nothing is remembered of who wrote what.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)

REPLICA = "replica"
# Seconds to wait for a replica that is a moment behind, and between two looks.
PATIENCE, LOOK_EVERY = 0.1, 0.005
# Seconds for which a replica is left alone that could not be reached.
LEFT_ALONE = 10.0
Answer = TypeVar("Answer")

# Commits are on disk before they are acknowledged, unless the server is set otherwise.
WRITTEN = """
SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
            ELSE pg_current_wal_flush_lsn() END::text, system_identifier FROM pg_control_system()
"""
# One that was promoted meanwhile is no replica any more.
APPLIED = """
SELECT coalesce(pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn, false), system_identifier
FROM pg_control_system()
"""

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)
_left_alone_until = 0.0


class ReplicaRouter:
    """Reads go to the replica inside of `read`, and everything else to the primary, whatever a row was read from."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str:
        return REPLICA if _reading.get() and not connections[DEFAULT_DB_ALIAS].in_atomic_block else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Any], **hints: Any) -> str:
        _reading.set(False)  # what is written here is read where it is written
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != REPLICA


def fresh() -> str:
    """The database to read from, by its alias: the replica where it has all that is committed by now."""
    if REPLICA not in connections.settings or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    if time.monotonic() < _left_alone_until:
        return DEFAULT_DB_ALIAS
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(WRITTEN)
        written, cluster = cursor.fetchone()
    try:
        return REPLICA if _has_applied(written, cluster) else DEFAULT_DB_ALIAS
    except (OperationalError, InterfaceError) as error:
        leave_alone(error)
        return DEFAULT_DB_ALIAS


def read(ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers with its rows read from the replica, if that is `fresh`; asked again where it goes meanwhile.

    `ask` may write: that goes to the primary.
    """
    with reading() as on_replica:
        try:
            return ask()
        except (OperationalError, InterfaceError) as error:
            if not on_replica:
                raise
            leave_alone(error)
    return ask()


@contextmanager
def reading() -> Iterator[bool]:
    """Inside of it rows are read from the replica, if that is `fresh`: whether it is."""
    on_replica = fresh() == REPLICA
    token = _reading.set(on_replica)
    try:
        yield on_replica
    finally:
        _reading.reset(token)


def leave_alone(error: Exception) -> None:
    """Read from the primary for a while."""
    global _left_alone_until
    _left_alone_until = time.monotonic() + LEFT_ALONE
    connections[REPLICA].close()
    logger.warning("The replica cannot be read, so the primary is: %s", str(error).splitlines()[0])


def _has_applied(written: str, cluster: int) -> bool:
    """Whether the replica is there in time. Raises OperationalError, also for a copy of another database."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(APPLIED, [written])
            applied, of_cluster = cursor.fetchone()
        if of_cluster != cluster:
            raise OperationalError("REPLICA_URL names no replica of DATABASE_URL.")
        if applied or time.monotonic() > deadline:
            return bool(applied)
        time.sleep(LOOK_EVERY)
