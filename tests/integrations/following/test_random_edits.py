"""2,000 edits at random, over all platforms: nothing stays stale or gone without a mark, whoever does what meanwhile.

RANDOM_EDIT_SEEDS=20 in the environment plays more courses.
"""

from __future__ import annotations

import os

import pytest

from integrations.connectors import shop_connectors
from integrations.following import gone, newer
from integrations.invariants import broken
from tests.integrations.following.edited_at_random import Play

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.timeout(900)]

SEEDS = int(os.environ.get("RANDOM_EDIT_SEEDS", "1"))
EDITS = 334
FEW = 90


def played(platform: str, seed: int, edits: int, patch: pytest.MonkeyPatch) -> Play:
    play = Play(platform, seed, edits, patch)
    for _ in range(edits):
        play.edit()
        if play.chance.random() < 0.25:
            play.engine()
        if play.chance.random() < 0.15:
            play.staff()
    play.finish()
    return play


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("platform", [connector.key for connector in shop_connectors()])
def test_nothing_stays_stale_or_gone_unmarked(platform: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    play = played(platform, seed, EDITS, monkeypatch)
    assert play.faults() == []
    assert broken() == {}
    assert min(play.counts.values()) > 1 and play.counts["same"] > 8, play.counts


CONTROLS = {
    "the mark": (newer, "_mark", lambda pairs, at: None, "not marked"),
    "following": (newer, "_follow", lambda integration, pairs, at: None, "has not followed"),
    "the gone": (gone, "mark", lambda integration, external_ids: None, "is gone in the shop, and not here"),
}


@pytest.mark.parametrize("what", CONTROLS)
def test_control_without(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    room, name, nothing, sentence = CONTROLS[what]
    monkeypatch.setattr(room, name, nothing)
    assert any(sentence in fault for fault in played("woocommerce", 0, FEW, monkeypatch).faults())
