"""The connection is dropped before every statement and after every commit of claim, pages and finish: the rerun
equals the run that was never interrupted, for all seven Import values at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from integrations.invariants import broken
from integrations.runs import claims, pages
from integrations.runs.claims import Claim
from integrations.runs.pages import PageOutcome, RunPage, Write
from tests.crash.faults import moments
from tests.crash.scenario import Scenario, expire_leases

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]


def uncrashed() -> tuple[dict[str, Any], int]:
    """The state after an uninterrupted run, and how many moments it has."""
    scenario = Scenario.create()
    run = scenario.request()
    with moments() as counted:
        scenario.go_on(run.pk)
    return scenario.state(), counted.passed


def crashed_at(moment: int) -> dict[str, Any]:
    """The state after a run that lost its connection at this moment and was taken up again."""
    scenario = Scenario.create()
    run = scenario.request()
    with moments(drop_at=moment) as counted, pytest.raises(OperationalError):
        scenario.go_on(run.pk)
    assert counted.passed == moment
    connection.close()
    expire_leases()
    scenario.go_on(run.pk)
    return scenario.state()


def test_every_moment_is_survived() -> None:
    expected, count = uncrashed()
    assert count > 60
    assert [row[0] for row in expected["runs"]] == ["succeeded"]
    assert len(expected["orders"]) == 11  # of 14: two ignored by rule, one lacks stock to be complete
    wrong = [moment for moment in range(1, count + 1) if crashed_at(moment) != expected]
    assert wrong == []
    assert broken() == {}


def test_control_a_cursor_that_moves_before_its_page_loses_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comparison with the guard off: the cursor is committed first, the page afterwards."""
    write, advance = pages._write, claims.advance

    def cursor_first(claim: Claim, page: RunPage, how: Write) -> PageOutcome:
        with transaction.atomic():
            advance(claim, {}, page.cursor, total=page.total)
        return write(claim, page, how)

    monkeypatch.setattr(pages, "_write", cursor_first)
    expected, count = uncrashed()
    wrong = [moment for moment in range(1, count + 1) if crashed_at(moment) != expected]
    assert len(wrong) > 10
