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


@dataclass
class Moments:
    """How many moments have passed, and at which one the connection is dropped (0: never)."""

    drop_at: int = 0
    passed: int = 0

    def pass_one(self) -> None:
        self.passed += 1
        if self.passed == self.drop_at and connection.connection is not None:
            connection.connection.pgconn.finish()
            raise psycopg.OperationalError("the test dropped the connection")


@contextmanager
def moments(drop_at: int = 0) -> Iterator[Moments]:
    """Count every statement and COPY (before it is sent) and every commit (after it) that goes through psycopg."""
    counted = Moments(drop_at)
    execute, copy, commit = psycopg.Cursor.execute, psycopg.Cursor.copy, psycopg.Connection.commit

    def counting_execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Every new connection asks the time, which is no moment of what is done.
        if args[0] != true_time.ASK:
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
