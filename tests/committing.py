"""What follows a commit, in tests that never commit.

A test in a transaction is quicker and leaves nothing to empty; but what the code asks for with `on_commit` would wait
for a commit that never comes. Here it happens as soon as the outermost block of the code under test is over, at once
where there is none, and not at all where the block is rolled back. Races, locks and COPY need real commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection


def _follow() -> None:
    """What Django does after a commit, which it would refuse in the transaction of the test."""
    while connection.run_on_commit and not connection.savepoint_ids:
        connection.run_on_commit.pop(0)[1]()


@contextmanager
def followed() -> Iterator[None]:
    """Within, the end of the outermost block counts as a commit."""
    assert connection.in_atomic_block, "the test commits by itself"
    kept, ask = connection.savepoint_commit, connection.on_commit

    def savepoint_commit(sid: str) -> None:
        kept(sid)
        _follow()

    def on_commit(callback: Callable[[], Any], robust: bool = False) -> None:
        ask(callback, robust)
        _follow()

    with patch.multiple(connection, savepoint_commit=savepoint_commit, on_commit=on_commit):
        yield
