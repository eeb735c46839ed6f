"""A check of a large book goes part by part, goes on where it was stopped, and can look at what has changed alone."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config.kit.sql import execute
from integrations import checkup
from integrations.invariants import ALL
from orders.models import Order
from stock.invariants import Invariant, Stretch
from tests.crash.scenario import Scenario
from tests.integrations.test_invariants import DAMAGE, tear_off_the_guards

pytestmark = pytest.mark.django_db
LARGE = [invariant for invariant in ALL if invariant.grows]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(checkup, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(checkup, "ORDERS_AT_ONCE", 2)
    settings.DATA_DIR = tmp_path
    # Ids begin at 1, or a database that other tests have used would have thousands of parts. Undone with the test.
    for (sequence,) in execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'"):
        execute(f"ALTER SEQUENCE {sequence} RESTART")


@pytest.fixture
def worked() -> Scenario:
    scenario = Scenario.create()
    scenario.go_on(scenario.request().pk)
    return scenario


def check(**options: bool) -> tuple[str, str]:
    """(what was printed, the parts that were asked)."""
    out, parts = StringIO(), StringIO()
    try:
        call_command("check_invariants", stdout=out, stderr=parts, verbosity=2, **options)
    except CommandError as refused:
        out.write(str(refused))
    return out.getvalue(), parts.getvalue()


def test_parts_find_what_the_whole_finds(worked: Scenario) -> None:
    tear_off_the_guards()
    execute(DAMAGE["R07"])
    whole = {row for invariant in ALL for row in invariant.violations(limit=1000)}
    out, parts = check()
    assert whole and whole == {line.strip() for line in out.splitlines() if line.startswith(" ")}
    assert parts.count("R07 up to id") == -(-Order.objects.order_by("-pk")[0].pk // 3)


@pytest.mark.parametrize("invariant", LARGE, ids=lambda invariant: invariant.id)
def test_every_part_is_a_statement(worked: Scenario, invariant: Invariant) -> None:
    assert invariant.violations(Stretch(1, 100)) == []
    if invariant.by_order:
        assert invariant.violations(Stretch(orders=[1, 2, 3])) == []


def test_a_check_that_was_stopped_goes_on(worked: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Invariant.violations

    def stops(invariant: Invariant, part: Stretch | None = None, limit: int = 20) -> list[str]:
        if invariant.id == "S04" and part is not None and part.first > 1:
            raise KeyboardInterrupt
        return asked(invariant, part, limit)

    monkeypatch.setattr(Invariant, "violations", stops)
    with pytest.raises(KeyboardInterrupt):
        check()
    monkeypatch.undo()
    monkeypatch.setattr(checkup, "ROWS_AT_ONCE", 3)
    out, parts = check(resume=True)
    assert out == f"All {len(ALL)} invariants hold.\n"
    assert parts.splitlines()[0] == "S04 up to id 6" and "I04" not in parts


def test_nothing_goes_on_where_nothing_was_stopped() -> None:
    assert "No check was stopped" in check(resume=True)[0]
    check()
    assert "No check was stopped" in check(resume=True)[0]


def test_what_has_changed_alone_is_looked_at(worked: Scenario) -> None:
    check()
    execute("UPDATE orders_order SET updated_at = '2020-01-01'")
    first, second = Order.objects.order_by("pk")[:2]
    execute("UPDATE orders_order SET total = total + 1, updated_at = now() WHERE id = %s", [first.pk])
    execute("UPDATE orders_order SET total = total + 1 WHERE id = %s", [second.pk])
    out, _ = check(changed=True)
    assert f"order {first.pk}\n" in out and f"order {second.pk}\n" not in out
    # What was found is looked for again until a check finds nothing.
    assert f"order {second.pk}\n" in check(changed=True)[0]


def test_a_place_that_cannot_be_read_begins_anew(worked: Scenario, tmp_path: Path) -> None:
    (tmp_path / checkup.PLACE).write_text("{")
    assert check(changed=True)[0] == f"All {len(ALL)} invariants hold.\n"
