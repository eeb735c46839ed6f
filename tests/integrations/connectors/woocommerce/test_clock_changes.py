"""The nights in which clocks are changed, in shops that keep orders as posts and in tables: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.connectors.kit import local_times
from integrations.connectors.listings import Window
from tests.integrations.connectors.woocommerce.test_paging import Street

# Half past the turn, UTC: autumn and spring in Prague, in New York, and on the other half of the world by half an hour.
NIGHTS = [
    ("Europe/Prague", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Europe/Prague", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 4, 4, 14, tzinfo=UTC)),
]
LOADS = [timedelta(minutes=minutes) for minutes in (7, 15, 61, 200)]


def street_at_night(zone: str, turn: datetime, storage: str) -> Street:
    """An order every four minutes, from four hours before the turn to four after."""
    street = Street(0, per_page=9)
    street.shop.zone, street.shop.storage = ZoneInfo(zone), storage
    street.remote = street.remote.__class__(street.remote.base_url, street.remote.credentials, ZoneInfo(zone), {})
    for minutes in range(-240, 240, 4):
        street.now = turn + timedelta(minutes=minutes, seconds=1)
        street.shop.place()
    return street


def loads(street: Street, turn: datetime, every: timedelta, *, is_open: bool) -> Iterator[int]:
    """What loads one after the other bring, as if the book were empty before each."""
    at = turn - timedelta(hours=4)
    while at < turn + timedelta(hours=4):
        street.now = at + every
        found, until = street.sweep(Window(at, None if is_open else at + every))
        yield from found
        at = max(until, at + timedelta(seconds=1))


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("every", LOADS)
@pytest.mark.parametrize("storage", ["posts", "tables"])
@pytest.mark.parametrize(("zone", "turn"), NIGHTS)
def test_nothing_is_lost(zone: str, turn: datetime, storage: str, every: timedelta, is_open: bool) -> None:
    street = street_at_night(zone, turn, storage)
    assert set(loads(street, turn, every, is_open=is_open)) == set(street.ids())


@pytest.mark.parametrize("place", [0, 2, 3, 4])
def test_control_bounds_as_they_are_lose_orders_kept_as_posts(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    zone, turn = NIGHTS[place]
    monkeypatch.setattr(local_times, "moments", lambda since, until, zone: (since, until))
    lost = {}
    for storage in ("posts", "tables"):
        street = street_at_night(zone, turn, storage)
        lost[storage] = set(street.ids()) - set(loads(street, turn, timedelta(minutes=15), is_open=False))
    assert lost["posts"]
    assert not lost["tables"]


def test_only_a_window_around_the_turn_is_longer() -> None:
    zone, turn = ZoneInfo("Europe/Prague"), datetime(2026, 10, 25, 1, tzinfo=UTC)
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert local_times.moments(turn - hour, turn, zone) == (turn - 2 * hour, turn + hour)
    for since, until in [(turn - 9 * hour, turn - hour), (turn, turn + 4 * hour), (turn - 200 * day, turn + 200 * day)]:
        assert local_times.moments(since, until, zone) == (since, until)


@pytest.mark.parametrize(("zone", "turn"), NIGHTS)
def test_the_walls_times_lie_between_the_bounds(zone: str, turn: datetime) -> None:
    place = ZoneInfo(zone)

    def wall(moment: datetime) -> datetime:
        return moment.astimezone(place).replace(tzinfo=None)

    for begins in range(-180, 180, 7):
        for lasts in (1, 10, 60, 200):
            since = turn + timedelta(minutes=begins)
            until = since + timedelta(minutes=lasts)
            low, high = local_times.moments(since, until, place)
            shown = [wall(since + timedelta(minutes=minute)) for minute in range(lasts + 1)]
            assert wall(low) <= min(shown) <= max(shown) <= wall(high)
