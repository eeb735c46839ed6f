"""Several statements in one trip to the database, for what is done while others wait; or a trip while we compute.

They go as one message, and are done one after the other in the transaction: each sees what was committed before it
begins, and what it has to wait for is waited for by those after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Question(Generic[T]):
    """A statement, and what its rows mean."""

    statement: str
    params: Sequence[Any]
    read: Callable[[Rows], T]


def ask(question: Question[T]) -> T:
    """What it is answered, in a trip of its own."""
    with connection.cursor() as cursor:
        cursor.execute(question.statement, question.params or None)
        return question.read(cursor.fetchall() if cursor.description else [])


def ask_together(*questions: Question[Any]) -> list[Any]:
    """What each is answered, in one trip."""
    with connection.cursor() as cursor:
        _send(cursor, [(each.statement, each.params) for each in questions])
        answers = []
        for question in questions:
            answers.append(question.read(cursor.fetchall() if cursor.description else []))
            cursor.nextset()
        return answers


# What is to be said with the next trip, inside of `together`.
_to_say: ContextVar[list[tuple[str, Sequence[Any]]] | None] = ContextVar("to_say", default=None)


def say(statement: str, params: Sequence[Any] = ()) -> None:
    """Run a statement that answers nothing; inside of `together` in one trip with those that follow it."""
    waiting = _to_say.get()
    if waiting is None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params or None)
    else:
        waiting.append((statement, params))


@contextmanager
def together() -> Iterator[None]:
    """What `say` is told inside goes in one trip, at its end or before any other statement; errors come then.

    Inside of a transaction that an error ends: what has not gone by then, never does.
    """
    if _to_say.get() is not None:
        yield
        return
    token = _to_say.set([])
    try:
        with connection.execute_wrapper(_in_order):
            yield
        say_now()
    finally:
        _to_say.reset(token)


def say_now() -> None:
    """Send what waits: something follows that goes another way than by `execute` of a cursor."""
    waiting = _to_say.get()
    if waiting:
        said, waiting[:] = list(waiting), []
        with connection.cursor() as cursor:
            _send(cursor, said)


@contextmanager
def meanwhile(*statements: tuple[str, Sequence[Any]]) -> Iterator[None]:
    """The database runs these statements, which answer nothing, while the caller computes and asks nothing.

    Errors come at the end; before the caller computes where the database is as quick.
    """
    say_now()
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline(), connection.cursor() as cursor:
        for statement, params in statements:
            cursor.execute(statement, params or None)
        yield


def _in_order(execute: Callable[..., Any], *call: Any) -> Any:
    say_now()
    return execute(*call)


def _send(cursor: Any, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    params = [value for _, values in statements for value in values]
    cursor.execute(";\n".join(statement for statement, _ in statements), params or None)
