"""Rows that people paste or upload: cells by whichever separator, and nothing that breaks the reader."""

from __future__ import annotations

import pytest

from config.kit.pasted_rows import LONGEST_CELL, rows_of, text_of


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("A-1;3", ["A-1", "3"]),
        ("A-1\t3", ["A-1", "3"]),
        ("A-1,3", ["A-1", "3"]),
        ('"A;1";3', ["A;1", "3"]),
        ("A,1;3", ["A,1", "3"]),
        (" A-1 ", ["A-1"]),
        ('"open', ["open"]),
    ],
)
def test_cells_of_a_line(line: str, cells: list[str]) -> None:
    assert list(rows_of(f"\n{line}\n")) == [(2, cells)]


@pytest.mark.parametrize("separator", [";", ""])
def test_a_line_beyond_all_measure_is_one_short_cell(separator: str) -> None:
    """The csv module itself ends in an error there."""
    [(number, cells)] = rows_of(f"{'x' * 200_000}{separator}1")
    assert (number, [len(cell) for cell in cells]) == (1, [LONGEST_CELL])


def test_files_of_windows_are_read() -> None:
    assert text_of("Čaj;1".encode("utf-8-sig")) == "Čaj;1"
    assert text_of("Café;1".encode("cp1252")) == "Café;1"
