"""Advisory locks of PostgreSQL: every key there is, so that no two meanings share one.

PostgreSQL knows two kinds of keys that never meet: one number of 64 bits, and a pair of 32 bits. Locks of projects and
of shops are pairs of a space and the id of the project or the shop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum

from django.db import Error, connection

from config.kit.round_trips import Question, ask
from config.kit.sql import execute


class Lock(IntEnum):
    """Locks there is one of in the whole database."""

    MIGRATION = 0x636F756E  # "coun"; held by whoever brings the database up to date
    TICK = 7_002
    FIRST_RUN = 7_005
    INVITING = 7_006
    KEYS = 7_021


class ProjectLock(IntEnum):
    """Locks every project has one of."""

    STOCK = 7_001
    FOLLOW_UP = 7_003
    SEGMENTS = 7_004
    CATALOGUE = 7_024  # which products and SKUs there are, and what is said of them; who needs both has STOCK first
    ORDER_IDS = 7_022  # shared by whoever has taken ids of orders and not written all of them yet


class ShopLock(IntEnum):
    """Locks every shop has one of."""

    INTAKE = 7_023


def lock_project(lock: ProjectLock, project_id: int, *, shared: bool = False) -> None:
    """Wait for a project's lock and hold it until the transaction ends. `shared`: with others that share it."""
    ask(projects_lock(lock, project_id, shared=shared))


def projects_lock(lock: ProjectLock, project_id: int, *, shared: bool = False) -> Question[None]:
    """As `lock_project`, in one trip with what is asked once it is held."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    return Question(f"SELECT {function}(%s, %s)", [int(lock), project_id], lambda _: None)


def try_lock_project(lock: ProjectLock, project_id: int) -> bool:
    """Hold a project's lock until the transaction ends; False when somebody else holds it."""
    return bool(execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [int(lock), project_id])[0][0])


def lock_shop(lock: ShopLock, integration_id: int) -> None:
    """Wait for a shop's lock and hold it until the transaction ends. It is taken before any lock of the project."""
    execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(lock), integration_id])


def try_lock(key: int) -> bool:
    """Hold the lock of this 64-bit key until the transaction ends; False when somebody else holds it."""
    return bool(execute("SELECT pg_try_advisory_xact_lock(%s)", [int(key)])[0][0])


def hold(lock: Lock) -> None:
    """Wait for a lock and hold it until the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])


@contextmanager
def held_beside(lock: Lock) -> Iterator[None]:
    """Wait for a lock and hold it, whatever transactions end meanwhile.

    It is held by the open transaction of a second connection, which a pooler that lends connections by the transaction
    leaves to us; a lock of a session would stay behind with a connection that somebody else is lent next. Its
    transaction has read nothing, so that it holds up no `CREATE INDEX CONCURRENTLY`.
    """
    beside = connection.copy()
    try:
        beside.set_autocommit(False)
        with beside.cursor() as cursor:
            # It waits and stands idle for as long as it takes.
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])
            yield
    finally:
        with suppress(Error):  # it may have been lost meanwhile, and the lock with it
            beside.rollback()
        beside.close()
