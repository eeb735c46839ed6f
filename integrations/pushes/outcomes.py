"""What came of telling a shop, written down; and when it is told again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.choices import CrossingState
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import Crossed
from integrations.models import Crossing

# When one that failed is tried again by itself, counted from its last try: 1, 2, 4 ... 64 minutes, then every two
# hours for a day. After that a person looks.
RETRIES = (*(timedelta(minutes=2**turn) for turn in range(7)), *([timedelta(hours=2)] * 12))
# So often one is tried again of which the shop says that it is not there.
VANISHED = 3
NOT_KEPT = "The shop had answered that it has it, and has it no more: it is sent again."
CANNOT = "The shop cannot be told of this by its API."


@dataclass(frozen=True)
class Told:
    """One try."""

    crossing_id: int
    version: int
    """That was told."""
    crossed: Crossed | None = None
    """None: it failed."""
    error: ShopError | None = None
    reason: str = ""
    """Why there was nothing to tell."""


def record(told: Told, at: datetime) -> None:
    """Write down one try. In the caller's transaction."""
    row = Crossing.objects.select_for_update().get(pk=told.crossing_id)
    row.first_try_at = row.first_try_at or at
    if told.reason:
        row.state, row.answer, row.next_try_at = CrossingState.NOT_NEEDED, told.reason[:500], None
    elif told.crossed is not None:
        row.told_version, row.sent_at, row.checked_at = told.version, at, None
        row.remote_id = told.crossed.remote_id[:200] or row.remote_id
        row.state, row.answer, row.next_try_at = CrossingState.SENT, told.crossed.note[:500], None
    else:
        _failed(row, told.error, at)
    if row.version != told.version and row.state != CrossingState.NOT_NEEDED:
        # Something else is wanted meanwhile.
        row.state, row.next_try_at, row.tries = CrossingState.WAITING, at, 0
    row.save()


def _failed(row: Crossing, error: ShopError | None, at: datetime) -> None:
    row.tries += 1
    row.state, row.answer = CrossingState.FAILED, str(error)[:500]
    # What a second step did not find may be what the shop had not kept of the first.
    vanished = error is not None and error.kind == Failure.NOT_FOUND and row.tries <= VANISHED
    again = vanished or (error is not None and error.passes and row.tries <= len(RETRIES))
    row.next_try_at = at + RETRIES[row.tries - 1] if again else None


def checked(crossing_id: int, *, there: bool, at: datetime) -> None:
    """Write down whether the shop showed what it was told. One that had not kept it is told again, with pauses."""
    row = Crossing.objects.select_for_update().get(pk=crossing_id)
    if row.state != CrossingState.SENT:
        return  # something else is wanted meanwhile
    row.checked_at = at
    if not there:
        row.tries += 1
        row.state, row.answer, row.remote_id, row.told_version = CrossingState.FAILED, NOT_KEPT, "", 0
        row.next_try_at = at + RETRIES[row.tries - 1] if row.tries <= len(RETRIES) else None
        row.checked_at = None
    row.save()
