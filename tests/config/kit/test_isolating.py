"""Work that met another's in the database is done once more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError
from psycopg.errors import DeadlockDetected

from config.kit.isolating import once_more

pytestmark = pytest.mark.django_db(transaction=True)


class TestOnceMore:
    def failing(self, *errors: Exception) -> Callable[[], str]:
        left = list(errors)

        def work() -> str:
            if left:
                raise left.pop(0)
            return "done"

        return work

    def deadlock(self) -> OperationalError:
        error = OperationalError("deadlock detected")
        error.__cause__ = DeadlockDetected()
        return error

    def test_who_meets_another_does_it_again(self) -> None:
        assert once_more(self.failing(IntegrityError("twice"), self.deadlock())) == "done"

    def test_not_for_ever(self) -> None:
        with pytest.raises(IntegrityError):
            once_more(self.failing(*[IntegrityError("twice")] * 3))

    @pytest.mark.parametrize("error", [OperationalError("the database is away"), ValueError("a fault")])
    def test_nothing_else_is_done_again(self, error: Exception) -> None:
        with pytest.raises(type(error)):
            once_more(self.failing(error))
