"""One page of a run: fetched outside any transaction, then written in one.

A handler reads a page from a shop, or from the database, and returns a `RunPage`: how to write it, and where the run
goes on. It changes nothing itself. `write` does the same for every kind of run, in one transaction:

1. hold the run: who has lost it stops here, and whether a cancel was asked for is known;
2. write what the page brought;
3. advance: counters and cursor.

When a page cannot be written, whatever the reason, it is written again with its parts apart, so that the culprit is
recorded and the rest lands. A crash anywhere leaves the page either written whole or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, transaction

from config.kit.isolating import guarded, place_of
from integrations.connectors.listings import Cursor
from integrations.models import Integration, Run
from integrations.runs import claims
from integrations.runs.claims import Claim, LostClaim

logger = logging.getLogger(__name__)

# How the database, and the way to it, refuses a value. The last: half of a surrogate pair, which is no text.
NOT_STORABLE = (IntegrityError, DataError, UnicodeEncodeError)


class CalledOff(Exception):
    """What the run is for is not there any more: it ends as cancelled."""


@dataclass(frozen=True)
class Written:
    """What came of writing a page."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """By the names of `claims.COUNTERS`; others are not counted."""
    results: Any = None
    """The run's results, this page's among them; None: it keeps none."""
    note: str = ""
    """What is to be said at the end, where only the writing shows it."""


def kept_back(name: str, error: Exception, row_id: int | None = None) -> dict[str, Any]:
    """A row of a run's results: what could not be worked on and why; `row_id` of an order of the book."""
    logger.error("A run goes on without one row: %s", place_of(error))
    why = f"A fault of Countinghouse kept it back ({place_of(error)}). Report it."
    return {"id": row_id, "number": name, "outcome": "refused", "message": why}


# Given the run's id, in the transaction of the page. Raises CalledOff.
Write = Callable[[int], Written]


@dataclass(frozen=True)
class RunPage:
    """One page of a run, ready to be written."""

    cursor: Cursor | None = None
    """Where the run goes on, made and read by its handler alone: JSON values."""
    write: Write | None = None
    """None: there is nothing to write, and the run stays where it is."""
    write_apart: Write | None = None
    """Writes the same in parts, each in a savepoint, when the whole could not be written."""
    after: Callable[[], None] | None = None
    """Done once the page has landed, in transactions of its own; a crash before it does the page once more."""
    done: bool = False
    """Whether it is the last one."""
    note: str = ""
    """With `done`: what people are told."""
    asked: bool = True
    """Whether the shop has answered; False where there was nothing to ask it for."""
    total: int | None = None
    """How many the run has in all, where that is known now."""
    until: datetime | None = None
    """The end of its window, where that is known now."""
    wait: float = 0
    """Seconds until the next page may be ready at the shop."""
    waits_for: str = ""
    """With `wait`: a sentence."""
    cancelled: bool = False
    """The handler has ended the run, because a cancel was asked for."""
    on_cancel: Callable[[], None] | None = None
    """Called after the page, outside of any transaction, when a cancel was asked for while it was on its way."""


# Fetches the next page of a run with a shop. Raises ShopError.
Handler = Callable[[Claim, Run, Integration], RunPage]
# Prepares the next page of a run without one.
Portioner = Callable[[Run], RunPage]


@dataclass(frozen=True)
class PageOutcome:
    """How the run stands after a page."""

    done: bool
    """Whether the run has done all it was asked for."""
    cancelled: bool
    note: str
    results: Any = None
    """The run's results, where it keeps any."""


def write(held: Claim, page: RunPage) -> PageOutcome:
    """Write a page. Raises LostClaim, and whatever keeps a page from being written that has no parts."""
    if page.write is None or page.cancelled:
        return PageOutcome(page.done, page.cancelled, page.note)
    try:
        outcome = guarded(partial(_write, held, page, page.write), partial(_written_apart, held, page))
    except CalledOff:
        return PageOutcome(False, True, page.note)
    if page.after is not None:
        page.after()
    if outcome.cancelled and page.on_cancel is not None:
        page.on_cancel()
    return outcome


def _written_apart(held: Claim, page: RunPage, error: Exception) -> PageOutcome:
    if page.write_apart is None or isinstance(error, CalledOff | LostClaim):
        raise error
    if not isinstance(error, NOT_STORABLE):
        logger.error("A page of run %s is written in parts: %s", held.run_id, place_of(error))
    return _write(held, page, page.write_apart)


def _write(held: Claim, page: RunPage, how: Write) -> PageOutcome:
    with transaction.atomic():
        cancelled = claims.hold(held)
        written = how(held.run_id)
        claims.advance(held, written.counts, page.cursor, total=page.total, until=page.until, results=written.results)
        return PageOutcome(page.done, cancelled, written.note or page.note, written.results)
