"""Orders that are, or seem to be, the same: twice in a page, under ids that look alike, older or newer than before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.choices import RunState
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run
from orders.models import Order
from tests.integrations.bad_inputs.playing import Playing, Spoiler, setting
from tests.integrations.bad_inputs.wires import WIRES

# Without PayPal, whose payments are listed by when they began.
BY_MODIFIED = [platform for platform, wire in WIRES.items() if "modified" in wire.fields]

pytestmark = pytest.mark.django_db


@pytest.fixture(params=WIRES)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def changed(platform: str, **values: str) -> Spoiler:
    """An order with pieces of JSON in the places of fields."""
    wire = WIRES[platform]
    steps: list[Callable[[str], str]] = [
        setting(wire.fields[name], wire.written(value)) for name, value in values.items()
    ]

    def spoil(document: str) -> str:
        for step in steps:
            document = step(document)
        return document

    return spoil


def load(playing: Playing, *spoilers: Spoiler) -> Run:
    playing.place(spoilers)
    run = playing.load()
    assert run.state == RunState.SUCCEEDED
    assert broken() == {}
    return run


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(('"A1"', '"a1"'), id="P08-case"),
        pytest.param(('"caf\u00e9"', '"cafe\u0301"'), id="P09-accents"),
    ],
)
def test_ids_that_look_alike_are_two(platform: str, ids: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    load(Playing(platform, monkeypatch), *(changed(platform, id=each) for each in ids))
    assert (RemoteOrder.objects.count(), Order.objects.count()) == (2, 2)


def test_p03_spellings_of_one_id_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those whose ids are numbers; PayPal's and eBay's are texts."""
    load(Playing("woocommerce", monkeypatch), *(changed("woocommerce", id=each) for each in ("5", "5.0", '"5"')))
    assert (RemoteOrder.objects.get().external_id, Order.objects.count()) == ("5", 1)


@pytest.mark.parametrize("newest", [0, 1])
@pytest.mark.parametrize("platform", BY_MODIFIED, indirect=True)
def test_p10_of_two_with_one_id_the_newest_stays(platform: str, newest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    day = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    stamps = ["<" + (day - timedelta(minutes=5 * (place != newest))).isoformat()[:19] + ">" for place in (0, 1)]
    texts = ["older", "older"]
    texts[newest] = "newest"
    twins = [
        changed(platform, id="7777", modified=stamp, note=f'"{text}"')
        for stamp, text in zip(stamps, texts, strict=True)
    ]
    load(Playing(platform, monkeypatch), *twins)
    assert RemoteOrder.objects.get().external_id == "7777"
    assert Order.objects.get().note == "newest"


@pytest.mark.parametrize("platform", BY_MODIFIED, indirect=True)
def test_p49_a_stamp_in_the_future_moves_no_mark(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()[:19]
    load(Playing(platform, monkeypatch), changed(platform, modified=f"<{tomorrow}>"))
    assert Order.objects.count() == 1
    reached = Integration.objects.get().complete_until
    assert reached is not None and reached <= timezone.now()


@pytest.mark.parametrize("platform", BY_MODIFIED, indirect=True)
def test_p50_an_older_answer_overwrites_nothing(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = Playing(platform, monkeypatch)
    load(playing, changed(platform, note='"newer"'))
    remote = RemoteOrder.objects.get()
    older = (datetime.now(UTC) - timedelta(hours=12)).isoformat()[:19]
    playing.site.spoilers = {
        number: changed(platform, note='"older"', modified=f"<{older}>") for number in playing.site.spoilers
    }
    run = playing.load()
    assert (run.state, run.fetched, run.unchanged) == (RunState.SUCCEEDED, 1, 1)
    assert Order.objects.get().note == "newer"
    assert RemoteOrder.objects.get().stamp == remote.stamp
