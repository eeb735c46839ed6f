"""Times of the database: read as Django's loader reads them, and by ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import register_tzloader

from config.kit.postgresql.utc_times import UtcTimes
from config.kit.sql import execute

TIMES = [
    "2026-11-30 10:00:00+00",
    "2026-11-30 10:00:00.1+00",
    "2026-11-30 10:00:00.123456+00",
    "1999-12-31 23:59:59.999999+00",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59+00",
    "2026-11-30 10:00:00+02",
    "2026-11-30 10:00:00-03:30",
    "1850-01-01 00:00:00+01:39:49",
]
TOO_FAR = ["infinity", "-infinity", "10000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"]


def read_by_django(text: str) -> Any:
    with connection.cursor() as cursor:
        register_tzloader(UTC, cursor.cursor)
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_the_one_that_django_reads(text: str) -> None:
    [(ours,)] = execute("SELECT %s::timestamptz", [text])
    assert ours == read_by_django(text)
    assert ours.tzinfo is UTC


@pytest.mark.django_db
@pytest.mark.parametrize("text", TOO_FAR)
def test_what_python_has_no_time_for_is_the_same_error(text: str) -> None:
    with pytest.raises((DataError, psycopg.DataError)) as djangos:
        read_by_django(text)
    with pytest.raises(type(djangos.value)) as ours:
        execute("SELECT %s::timestamptz", [text])
    assert str(ours.value) == str(djangos.value)


@pytest.mark.django_db
def test_times_and_arrays_of_them_are_read_by_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    load = UtcTimes.load

    def noting(self: UtcTimes, data: Any) -> Any:
        seen.append(bytes(data))
        return load(self, data)

    monkeypatch.setattr(UtcTimes, "load", noting)
    [(at, many)] = execute("SELECT '2026-11-30'::timestamptz, ARRAY['2026-11-29'::timestamptz]")
    assert (at, many) == (datetime(2026, 11, 30, tzinfo=UTC), [datetime(2026, 11, 29, tzinfo=UTC)])
    assert len(seen) == 2


@pytest.mark.django_db
def test_a_connection_in_another_zone_is_read_as_django_reads_it() -> None:
    execute("SET LOCAL TimeZone = 'Asia/Kolkata'")
    [(ours,)] = execute("SELECT '2026-11-30 10:00:00+00'::timestamptz")
    assert ours == read_by_django("2026-11-30 10:00:00+00")
