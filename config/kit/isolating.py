"""One row that cannot be worked on ends no portion: it is found, named, and the others land."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

R = TypeVar("R")
T = TypeVar("T")
# The database is away or has broken the transaction off: no row is to blame, and all of it is done again.
NO_ROWS_FAULT = (OperationalError, InterfaceError)


def place_of(error: Exception) -> str:
    """Where an unexpected error came from; its text may hold personal data, and is no part of it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


def guarded(work: Callable[[], R], failed: Callable[[Exception], R]) -> R:
    """What the work gives, or what `failed` makes of what kept it from being done. Raises what is no row's fault."""
    try:
        return work()
    except NO_ROWS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001  the barrier of all that works on many rows
        return failed(error)


def apart(work: Callable[[], R], failed: Callable[[Exception], R]) -> R:
    """As `guarded`, with the work in a savepoint: what fails leaves nothing behind."""

    def in_savepoint() -> R:
        with transaction.atomic():
            return work()

    return guarded(in_savepoint, failed)


def once_more(work: Callable[[], R], *, tries: int = 3) -> R:
    """Do the work, in a transaction of its own; again where another one wrote the same rows first or both waited."""
    for left in reversed(range(tries)):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, OperationalError) as error:
            met = isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)
            if not (met and left):
                raise
    raise ValueError("at least one try is needed")


def in_halves(
    rows: Sequence[T], write: Callable[[Sequence[T]], object], failed: Callable[[T, Exception], object]
) -> None:
    """Write rows, each part in a savepoint: one that fails is written in halves, down to the row that makes it fail.

    In the caller's transaction and in the order of the rows. Raises what is no row's fault.
    """

    def halve(error: Exception) -> None:
        half = len(rows) // 2
        if half:
            in_halves(rows[:half], write, failed)
            in_halves(rows[half:], write, failed)
        else:
            failed(rows[0], error)

    def whole() -> None:
        write(rows)

    if rows:
        apart(whole, halve)
