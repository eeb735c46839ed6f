"""What a storm has found is told, and told apart."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import scoreboard, storm

CLEAN: dict[str, Any] = {
    "seed": 3,
    "seconds": 60,
    "kills": {"web": 2, "worker": 5},
    "settled": True,
    "shops": {"orders": 900, "lost": 0, "doubled": 0},
    "live": {"orders": 40, "lost": 0, "doubled": 0},
    "bulk": {"orders": 400, "lost": 0, "doubled": 0},
    "invariants": 35,
    "invariants_broken": {},
}


def test_a_clean_storm_is_clean() -> None:
    assert storm.is_clean(CLEAN)


@pytest.mark.parametrize("part", ["shops", "live", "bulk"])
@pytest.mark.parametrize("fault", ["lost", "doubled"])
def test_one_order_lost_or_doubled_is_not(part: str, fault: str) -> None:
    result = copy.deepcopy(CLEAN)
    result[part][fault] = 1
    assert not storm.is_clean(result)


@pytest.mark.parametrize("change", [{"settled": False}, {"invariants_broken": {"I01": 1}}])
def test_neither_is_one_that_does_not_come_to_rest_or_breaks_an_invariant(change: dict[str, Any]) -> None:
    assert not storm.is_clean(CLEAN | change)


def test_promises_are_compared_by_exact_id() -> None:
    booked = Counter(["a", "b", "b", "never asked"])
    assert storm._promises({"a", "b", "c"}, booked) == {"orders": 3, "lost": 1, "doubled": 1}


def test_the_scoreboard_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"Before\n{scoreboard.BEGIN}\nold\n{scoreboard.END}\nAfter\n")
    scoreboard.write(CLEAN, readme)
    text = readme.read_text()
    assert "old" not in text
    assert "| killed | 7 (2 web, 5 worker), seed 3, 60 s |" in text
    assert text.startswith("Before\n") and text.endswith("\nAfter\n")
