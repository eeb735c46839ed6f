"""A page of a run changes the run's row in place: no index of the row is written anew."""

from __future__ import annotations

import pytest

from config.kit.sql import execute
from integrations.choices import RunKind
from integrations.runs import claims, control
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


def pages_in_place() -> tuple[int, int]:
    """How many updates ten pages of a run make, and how many of them in place."""
    claim = claims.claim(control.request(RunKind.LOAD, IntegrationFactory.create()).pk)
    assert claim is not None
    before = _updates()
    for page in range(10):
        claims.hold(claim)
        claims.advance(claim, {"fetched": 100}, {"page": page})
    after = _updates()
    return after[0] - before[0], after[1] - before[1]


def _updates() -> tuple[int, int]:
    """Of this transaction: all, and those in place (HOT)."""
    return execute(
        "SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)"
        " FROM pg_class WHERE oid = 'integrations_run'::regclass"
    )[0]


def test_pages_change_a_run_in_place() -> None:
    updates, in_place = pages_in_place()
    assert updates == 20
    assert in_place >= 18  # the row moves once when its block is full


def test_control_with_the_lease_in_an_index_none_is_in_place() -> None:
    execute("CREATE INDEX run_by_lease ON integrations_run (lease_until)")
    assert pages_in_place() == (20, 0)
