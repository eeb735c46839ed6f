"""A page is written whole or not at all, apart where the database refuses it, and only by who holds the run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from integrations.choices import RunKind
from integrations.models import BuyerEntry, Integration, Run
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim, LostClaim
from integrations.runs.pages import CalledOff, RunPage, Written
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory.create()


@pytest.fixture
def held(integration: Integration) -> Claim:
    claim = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert claim is not None
    return claim


def entry(integration: Integration, pattern: str) -> None:
    BuyerEntry.objects.create(project=integration.project, pattern=pattern, listing="block")


def rows() -> list[str]:
    return sorted(BuyerEntry.objects.values_list("pattern", flat=True))


def twice(integration: Integration) -> RunPage:
    """Two rows of which the second is refused; apart, the first one lands."""

    def write(run_id: int) -> Written:
        entry(integration, "a.example")
        entry(integration, "a.example")
        return Written({"created": 2})

    def write_apart(run_id: int) -> Written:
        counts = {"created": 0, "failed": 0}
        for pattern in ("a.example", "a.example"):
            try:
                with transaction.atomic():
                    entry(integration, pattern)
                counts["created"] += 1
            except IntegrityError:
                counts["failed"] += 1
        return Written(counts)

    return RunPage({"at": 2}, write, write_apart, total=2)


def test_rows_counters_and_cursor_land_together(integration: Integration, held: Claim) -> None:
    def write(run_id: int) -> Written:
        assert (run_id, connection.in_atomic_block) == (held.run_id, True)
        entry(integration, "a.example")
        return Written({"created": 1}, results=[1], note="Done.")

    outcome = pages.write(held, RunPage({"at": 1}, write, done=True, note="else", total=9))
    run = Run.objects.get()
    assert (outcome.done, outcome.cancelled, outcome.note) == (True, False, "Done.")
    assert (rows(), run.cursor, run.created, run.total, run.results) == (["a.example"], {"at": 1}, 1, 9, [1])


def test_a_refused_page_is_written_apart(integration: Integration, held: Claim) -> None:
    pages.write(held, twice(integration))
    run = Run.objects.get()
    assert (rows(), run.created, run.failed, run.cursor) == (["a.example"], 1, 1, {"at": 2})


def test_control_a_refused_page_without_parts_leaves_nothing(integration: Integration, held: Claim) -> None:
    with pytest.raises(IntegrityError):
        pages.write(held, replace(twice(integration), write_apart=None))
    assert (rows(), Run.objects.get().cursor) == ([], None)


def test_who_has_lost_the_run_writes_nothing(integration: Integration, held: Claim) -> None:
    asked: list[str] = []
    page = replace(twice(integration), after=lambda: asked.append("after"))
    with pytest.raises(LostClaim):
        pages.write(Claim(held.run_id, held.token - 1), page)
    assert (rows(), asked) == ([], [])


def test_what_is_called_off_ends_as_cancelled_with_nothing_written(integration: Integration, held: Claim) -> None:
    def write(run_id: int) -> Written:
        entry(integration, "a.example")
        raise CalledOff

    outcome = pages.write(held, RunPage({"at": 1}, write, done=True))
    assert (outcome.done, outcome.cancelled, rows(), Run.objects.get().cursor) == (False, True, [], None)


def test_what_comes_after_a_page_holds_no_lock_of_it(integration: Integration, held: Claim) -> None:
    """Whoever holds what it wants may be waiting for the run: see `integrations.shop_webhooks.hints`."""
    seen: list[object] = []

    def after() -> None:
        seen.append((connection.in_atomic_block, rows()))

    pages.write(held, replace(twice(integration), after=after, on_cancel=lambda: seen.append("cancel")))
    assert seen == [(False, ["a.example"])]
    control.cancel(Run.objects.get())
    pages.write(held, RunPage({"at": 3}, lambda run_id: Written(), on_cancel=lambda: seen.append("cancel")))
    assert seen[1:] == ["cancel"]


def test_a_page_with_nothing_to_write_leaves_the_run_where_it_is(held: Claim) -> None:
    Run.objects.update(cursor={"at": 7})
    outcome = pages.write(held, RunPage(done=True, note="Nothing to do."))
    assert (outcome.done, outcome.note, Run.objects.get().cursor) == (True, "Nothing to do.", {"at": 7})
