"""Drop the database connection at a chosen moment: before the n-th statement, or after the n-th commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection

from config.kit import true_time
from config.kit.sql import REFERENCES
from tests.waiting import until

# What every new connection asks, and what a process asks once: whichever test comes first would count one more.
NO_MOMENTS = {true_time.ASK, REFERENCES}


@dataclass
class Moments:
    """How many moments have passed, and at which one the connection is dropped (0: never)."""

    drop_at: int = 0
    passed: int = 0

    def pass_one(self) -> None:
        self.passed += 1
        if self.passed == self.drop_at and connection.connection is not None:
            _drop(connection.connection)
            raise psycopg.OperationalError("the test dropped the connection")


def _drop(dropped: psycopg.Connection[Any]) -> None:
    """Until the server has noticed: its locks stay that long, and rows that are locked are passed over."""
    info = dropped.info
    asked = f"SELECT FROM pg_stat_activity WHERE pid = {info.backend_pid}".encode()
    watching = psycopg.connect(info.dsn, password=info.password, autocommit=True)
    try:
        dropped.pgconn.finish()
        assert until(lambda: watching.pgconn.exec_(asked).ntuples == 0)
    finally:
        watching.close()


@contextmanager
def moments(drop_at: int = 0) -> Iterator[Moments]:
    """Count every statement and COPY (before it is sent) and every commit (after it) that goes through psycopg."""
    counted = Moments(drop_at)
    execute, copy, commit = psycopg.Cursor.execute, psycopg.Cursor.copy, psycopg.Connection.commit

    def counting_execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args[0] not in NO_MOMENTS:
            counted.pass_one()
        return execute(self, *args, **kwargs)

    def counting_copy(self: Any, *args: Any, **kwargs: Any) -> Any:
        counted.pass_one()
        return copy(self, *args, **kwargs)

    def counting_commit(self: Any) -> None:
        commit(self)
        counted.pass_one()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting_execute)
        patch.setattr(psycopg.Cursor, "copy", counting_copy)
        patch.setattr(psycopg.Connection, "commit", counting_commit)
        yield counted
