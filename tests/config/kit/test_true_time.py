"""The time of the house, with a machine whose clock is set to and fro."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from config.kit import true_time

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Machine:
    """`clock`: what it takes for the time; `counted`: seconds that have really passed."""

    clock, seconds = NOON, 1000.0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine()
    monkeypatch.setattr(true_time, "system_now", lambda: made.clock)
    monkeypatch.setattr(true_time, "counted", lambda: made.seconds)
    monkeypatch.setattr(true_time, "_reading", None)
    monkeypatch.setattr(true_time, "_told_wrong", False)
    yield made


def told(at: datetime, took: float = 0) -> None:
    true_time.note(str(at.timestamp()), true_time.counted() - took)


def test_without_an_answer_it_is_the_machines(machine: Machine) -> None:
    assert (true_time.now(), true_time.skew(), true_time.is_right()) == (NOON, 0, True)


def test_clocks_that_agree_are_left_alone(machine: Machine) -> None:
    told(NOON - timedelta(milliseconds=60))
    assert (true_time.now(), true_time.skew()) == (NOON, 0)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_is_put_right(machine: Machine, hours: int) -> None:
    machine.clock += timedelta(hours=hours)
    told(NOON)
    machine.clock += timedelta(seconds=30)
    machine.seconds += 30
    assert true_time.now() == NOON + timedelta(seconds=30)
    assert true_time.skew() == 3600 * hours
    assert not true_time.is_right()


def test_a_clock_that_is_set_afterwards_moves_nothing(machine: Machine) -> None:
    """Nobody has to ask again to notice."""
    told(NOON)
    machine.clock += timedelta(days=1)
    assert true_time.now() == NOON
    assert not true_time.is_right()


def test_half_of_the_way_is_counted_in(machine: Machine) -> None:
    machine.clock += timedelta(hours=1)
    told(NOON, took=2)
    assert true_time.now() == NOON + timedelta(seconds=1)


def test_seconds_are_put_right_but_no_reason_to_stop(machine: Machine) -> None:
    machine.clock += timedelta(seconds=4)
    told(NOON)
    assert true_time.now() == NOON
    assert true_time.is_right()


def test_it_is_said_once_when_it_goes_wrong_and_once_when_it_is_right(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    told(NOON)
    machine.clock += timedelta(minutes=62)
    with caplog.at_level(logging.WARNING):
        assert [true_time.is_right() for _ in range(3)] == [False] * 3
        machine.clock = NOON
        assert [true_time.is_right() for _ in range(2)] == [True] * 2
    assert [record.message for record in caplog.records] == [
        "The clock of this machine is 62 minutes ahead of the database's. Set it right: what works here stands back.",
        "The clock of this machine is right again.",
    ]


@pytest.mark.parametrize(
    ("ahead", "words"), [(-61.0, "61 seconds behind"), (3700.0, "62 minutes ahead of"), (-1.2, "1 second behind")]
)
def test_how_much_is_said_in_words(ahead: float, words: str) -> None:
    assert true_time.said(ahead) == f"{words} the database's"


@pytest.mark.django_db
def test_every_new_connection_looks_at_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(true_time, "_reading", None)
    monkeypatch.setattr(true_time, "system_now", lambda: NOON)
    another = connection.copy()
    another.connect()
    another.close()
    assert abs(true_time.now() - datetime.now(UTC)) < timedelta(seconds=5)
