"""Some work in a process of its own, which is killed with -9 at a chosen moment of it.

Moments are those at which the world outside, or the database, has just changed or is about to: after each answer of a
shop, before each commit and after it.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
import pytest
from django.db import connection

from integrations.client.exchange import Exchange


def dies_at(moment: int, work: Callable[[], object]) -> bool:
    """Whether it was killed; False: it was done before the moment came. The moments count from 1."""
    child = os.fork()
    if not child:
        _work(moment, work)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed before it was killed; what it said is above"
    return False


def _work(moment: int, work: Callable[[], object]) -> NoReturn:
    """In the child, which has its parent's connection in its hands and must not touch it."""
    inherited, connection.connection = connection.connection, None
    failed = True
    try:
        with _killed_at(moment):
            work()
        failed = inherited is connection.connection
    finally:  # whatever it is, pytest must not go on in the child
        if failed:
            traceback.print_exc()
        os._exit(int(failed))


@contextmanager
def _killed_at(moment: int) -> Iterator[None]:
    passed = 0
    send, commit = Exchange.send, psycopg.Connection.commit

    def pass_one() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting_send(self: Any, *args: Any) -> Any:
        answer = send(self, *args)
        pass_one()
        return answer

    def counting_commit(self: Any) -> None:
        pass_one()
        commit(self)
        pass_one()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exchange, "send", counting_send)
        patch.setattr(psycopg.Connection, "commit", counting_commit)
        yield
