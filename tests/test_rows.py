"""Controls of `tests.rows`: a row that fails is told, whatever fails beside it."""

from __future__ import annotations

import pytest

from integrations.models import Project
from tests.factories import ProjectFactory
from tests.rows import EveryRow


def test_every_row_that_fails_is_told_by_its_name() -> None:
    tried = []
    with pytest.raises(ExceptionGroup) as failed, EveryRow() as every:
        for number in range(1, 5):
            with every.row(f"P0{number}"):
                tried.append(number)
                if number == 4:
                    pytest.fail("a row of its own")
                assert number % 2, f"{number} is even"
    assert tried == [1, 2, 3, 4]
    assert str(failed.value) == "2 of 4 rows failed: row P02, row P04 (2 sub-exceptions)"
    assert [str(each).splitlines()[0] for each in failed.value.exceptions] == ["2 is even", "a row of its own"]


def test_rows_that_hold_are_no_failure() -> None:
    with EveryRow() as every:
        for number in range(3):
            with every.row(number):
                assert number < 3
    assert every.tried == ["0", "1", "2"]


def test_a_table_without_rows_fails() -> None:
    with pytest.raises(AssertionError, match="There is no row"), EveryRow():
        pass


def test_two_rows_of_one_name_fail() -> None:
    with pytest.raises(AssertionError, match="Two rows are called P01"), EveryRow() as every:
        for name in ("P01", "P01"):
            with every.row(name):
                pass


def test_what_is_no_failure_of_a_row_ends_the_test() -> None:
    with pytest.raises(KeyboardInterrupt), EveryRow() as every, every.row("P01"):
        raise KeyboardInterrupt


def test_a_row_apart_leaves_nothing_behind(db: None) -> None:
    with EveryRow() as every:
        for name in ("P01", "P02"):
            with every.apart(name):
                assert not Project.objects.exists()
                ProjectFactory.create()
    assert not Project.objects.exists()


def test_a_row_apart_that_the_database_refuses_leaves_the_next_ones_whole(db: None) -> None:
    with pytest.raises(ExceptionGroup) as failed, EveryRow() as every:
        for name in ("P01", "P02"):
            with every.apart(name):
                ProjectFactory.create(pk=7, name="x" * (300 if name == "P01" else 3))
    assert str(failed.value) == "1 of 2 rows failed: row P01 (1 sub-exception)"
