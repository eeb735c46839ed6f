"""A shop whose stamps are its own clock's: in the nights in which that clock is moved, nothing is lost and nothing
seems older than it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.choices import ImportAction, RemoteState
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import local_times
from integrations.connectors.listings import Window
from integrations.importing.rules import Known, Mode, Rule, Verdict, decide
from tests.integrations.connectors.prestashop.street import Street

MINUTE = timedelta(minutes=1)
# Zone, and the moment at which its clock is put back or forward; Lord Howe's by half an hour.
NIGHTS = {
    "back in Prague": ("Europe/Prague", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "back in New York": ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "back on Lord Howe": ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    "forward in Prague": ("Europe/Prague", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    "never in Tokyo": ("Asia/Tokyo", datetime(2026, 10, 25, 1, tzinfo=UTC)),
}
by_night = pytest.mark.parametrize(("zone", "moved"), NIGHTS.values(), ids=NIGHTS)


def plain(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """What everybody would write."""
    return f"{since.astimezone(zone):%F %T}", f"{until.astimezone(zone):%F %T}"


def never_found(zone: str, moved: datetime) -> set[int]:
    """Orders every seven minutes of a night, loaded window by window of 25 minutes, each to the shop's now or to an
    end; what none of them brought."""
    street = Street(0, zone=zone, now=moved - timedelta(hours=4))
    found, since, ends = set[int](), street.now, street.now
    for step in range(70):
        street.now += 7 * MINUTE
        street.shop.place()
        if street.now - since >= 25 * MINUTE:
            ends = street.now
            found |= set(street.sweep(Window(since, ends if step % 2 else None)))
            since = ends
    return {number for number, sale in street.shop.sales.items() if sale.placed_at <= ends} - found


@by_night
def test_no_order_of_that_night_is_lost(zone: str, moved: datetime) -> None:
    assert never_found(zone, moved) == set()


@pytest.mark.parametrize("name", ["back in Prague", "back in New York", "back on Lord Howe"])
def test_control_bounds_as_the_clock_shows_them_lose_orders(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_times, "bounds", plain)
    assert never_found(*NIGHTS[name])


@by_night
def test_what_is_changed_later_never_seems_older(zone: str, moved: datetime) -> None:
    place = ZoneInfo(zone)
    moments = [moved + step * MINUTE for step in range(-240, 240)]
    shown = [moment.astimezone(place).strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    stamps = [local_times.latest(each, place, "date_upd") for each in shown]
    assert stamps == sorted(stamps)
    assert all(stamp >= moment for stamp, moment in zip(stamps, moments, strict=True))
    assert all(local_times.earliest(each, place, "x") <= moment for each, moment in zip(shown, moments, strict=True))
    exact = [stamp == moment for stamp, moment in zip(stamps, moments, strict=True)]
    twice = 2 * len([each for each in set(shown) if shown.count(each) == 2])
    assert exact.count(False) == twice and twice in {0, 60, 120}


def test_an_edit_of_the_second_hour_is_no_older_answer() -> None:
    """It would be stale by its stamp, and never taken."""
    prague, rule = ZoneInfo("Europe/Prague"), Rule("2", ImportAction.VALID, retry=False)
    first, second = "2026-10-25 02:50:00", "2026-10-25 02:10:00"

    def verdict(read: Callable[[str, ZoneInfo, str], datetime]) -> Verdict:
        stamps = [read(each, prague, "date_upd") for each in (first, second)]
        known = Known(1, RemoteState.IMPORTED, stamps[0], b"one", False, 0, "2")
        return decide(rule, stamps[1], b"two", known, Mode.SWEEP).verdict

    assert verdict(local_times.latest) == Verdict.REFRESH
    assert verdict(local_times.earliest) == Verdict.STALE, "control"


def test_a_time_that_was_skipped_moves_forward() -> None:
    prague = ZoneInfo("Europe/Prague")
    for read in (local_times.earliest, local_times.latest):
        assert read("2026-03-29 02:30:00", prague, "x") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-11-01T10:00:00", "bad_date"),
        ("2026-11-01 10:00", "bad_date"),
        ("2026-11-01 24:00:00", "bad_date"),
        ("٢٠٢٦-11-01 10:00:00", "bad_date"),
        (20261101, "bad_date"),
        ("0001-01-01 00:00:00", "date_out_of_range"),
        ("9999-12-31 23:59:59", "date_out_of_range"),
    ],
)
def test_what_is_no_time(text: str, code: str) -> None:
    for read in (local_times.earliest, local_times.latest):
        with pytest.raises(PayloadError) as caught:
            read(text, ZoneInfo("America/New_York"), "date_upd")
        assert (caught.value.code, caught.value.path) == (code, "date_upd")
