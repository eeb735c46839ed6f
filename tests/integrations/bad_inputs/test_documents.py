"""Whole orders that are odd, on every platform: keys twice, endless numbers, deep nests, twins in a page."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from integrations.choices import RunState
from integrations.invariants import broken
from integrations.models import RemoteOrder
from tests.integrations.bad_inputs.playing import Playing, Spoiler, outcome, setting
from tests.integrations.bad_inputs.wires import WIRES, Wire
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db


def total_twice(wire: Wire) -> Spoiler:
    """`{"total": "12.00", "total": "24.00"}`: the last one wins silently, and the sum is off."""
    name = wire.fields["total"][0][-1]

    def spoil(document: str) -> str:
        decoded = setting(wire.fields["total"], '"1.00"')(document)
        return decoded.replace(f'"{name}": "1.00"', f'"{name}": "2.00", "{name}": "1.00"')

    return spoil


def beside(value: str) -> Callable[[Wire], Spoiler]:
    """A value in a field nobody reads."""
    return lambda _: lambda document: document.removesuffix("}") + f', "plugin": {value}}}'


def total(value: str) -> Callable[[Wire], Spoiler]:
    return lambda wire: setting(wire.fields["total"], value)


def many_lines(count: int) -> Callable[[Wire], Spoiler]:
    def make(wire: Wire) -> Spoiler:
        way = wire.fields["lines"][0]

        def spoil(document: str) -> str:
            lines = json.loads(document)
            for key in way:
                lines = lines[key]
            return setting([way], json.dumps([lines[0]] * count))(document)

        return spoil

    return make


ROWS: tuple[tuple[str, Callable[[Wire], Spoiler], dict[str, str], str], ...] = (
    ("P11", total_twice, {"shopify": "imported"}, "duplicate_key"),
    ("P13-total", total("1" * 5000), {}, "wrong_type"),
    ("P13-beside", beside("1" * 5000), {}, "imported"),
    ("P15", beside("[" * 55 + "]" * 55), {}, "imported"),
    ("P39", many_lines(1001), {}, "too_many_lines"),
    ("P58", beside('"' + "x" * 1_000_001 + '"'), {}, "too_large"),
)


@pytest.mark.parametrize("platform", WIRES)
def test_documents(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for number, make, but, becomes in ROWS:
            with every.apart(number):
                playing = Playing(platform, monkeypatch)
                first, spoiled, last = playing.place([str, make(WIRES[platform]), str])
                run = playing.load()
                assert (run.state, run.fetched) == (RunState.SUCCEEDED, 3)
                found = {remote.external_id: outcome(remote) for remote in RemoteOrder.objects.all()}
                assert found == {first: "imported", spoiled: but.get(platform, becomes), last: "imported"}
                assert broken() == {}
