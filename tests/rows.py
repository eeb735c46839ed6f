"""Many rows of a table in one test: what they share is made once, and every row that fails is told by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import pytest
from django.db import transaction


class EveryRow:
    """Tries every row, whichever fail before it, and then fails with all of them:

    with EveryRow() as every:
        for number, value in TABLE:
            with every.row(number):
                assert ...
    """

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.failed: list[Exception] = []

    def row(self, name: object) -> _Row:
        """What goes wrong in the block is a failure of this row. No two rows have the same name."""
        return _Row(self, str(name))

    @contextmanager
    def apart(self, name: object) -> Iterator[None]:
        """A row whose writes are undone at its end, so that the next one finds what the test has prepared."""
        with self.row(name), transaction.atomic():
            try:
                yield
            finally:
                transaction.set_rollback(True)

    def __enter__(self) -> EveryRow:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None:
            return
        assert self.tried, "There is no row"
        if self.failed:
            names = ", ".join(failure.__notes__[-1] for failure in self.failed)
            raise ExceptionGroup(f"{len(self.failed)} of {len(self.tried)} rows failed: {names}", self.failed)


class _Row:
    def __init__(self, table: EveryRow, name: str) -> None:
        self.table = table
        self.name = name

    def __enter__(self) -> None:
        assert self.name not in self.table.tried, f"Two rows are called {self.name}"
        self.table.tried.append(self.name)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if isinstance(error, pytest.fail.Exception):  # of pytest.raises, and no Exception
            error = AssertionError(str(error)).with_traceback(error.__traceback__)
        if not isinstance(error, Exception):
            return False
        error.add_note(f"row {self.name}")
        self.table.failed.append(error)
        return True
