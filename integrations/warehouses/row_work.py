"""What becomes of the rows of a file: each kind of feed looks at some before anything is written, and books some."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from config.kit.isolating import place_of
from config.kit.refusals import Refused
from integrations.models import ExchangedFile, FileFeed, FileRowError
from integrations.warehouses.typed_rows import TypedRow

logger = logging.getLogger(__name__)

# Errors that are kept of one file.
MOST_ERRORS = 1_000


@dataclass
class Booked:
    """What came of some rows."""

    # Rows, or orders where rows make orders, by the counters of a run.
    counts: Counter[str] = field(default_factory=Counter)
    # Sentences by row number.
    errors: dict[int, str] = field(default_factory=dict)
    # Rows that said what is so already.
    unchanged: int = 0


class RowWork(Protocol):
    """One kind of rows."""

    # The column that holds rows together: a portion ends between two of its values. "": rows stand alone.
    together: str
    # Whether the rows of one must follow each other: else the file is refused.
    in_one_place: bool

    def faults(self, feed: FileFeed, rows: Sequence[TypedRow]) -> dict[int, str]:
        """What keeps rows from being booked as things are now, by row number. Nothing is written."""
        ...

    def book(self, run_id: int, feed: FileFeed, file: ExchangedFile, rows: Sequence[TypedRow]) -> Booked:
        """Book the rows that can be, in the caller's transaction."""
        ...


def why_not(error: Exception) -> str:
    """Why a row could not be booked, a sentence."""
    if isinstance(error, Refused):
        return error.sentence
    logger.error("A row of a file could not be booked: %s", place_of(error))
    return f"A fault of Countinghouse kept it back ({place_of(error)}). Report it."


def keep_errors(file: ExchangedFile, errors: Mapping[int, str], before: int) -> None:
    """`before`: how many the file has already."""
    some = sorted(errors.items())[: max(0, MOST_ERRORS - before)]
    FileRowError.objects.bulk_create(
        [FileRowError(file=file, row=row, sentence=sentence[:300]) for row, sentence in some], ignore_conflicts=True
    )
