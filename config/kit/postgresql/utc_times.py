"""Times of the database, read in a tenth of the time that Django's loader takes: it was a fifth of an export."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.adapt import AdaptersMap


class UtcTimes(BaseTzLoader):  # type: ignore[misc]  # the stubs leave it out
    """As Django's, of a connection in UTC: that goes by a pattern and counts the offset by hand.

    What Python's own reading does not know is left to it, such as the year 10,000; so are its errors.
    """

    timezone = UTC

    def load(self, data: Any) -> Any:
        try:
            found = datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data)
        return found if found.tzinfo is UTC else super().load(data)


@functools.cache
def reading_utc(adapters: AdaptersMap) -> AdaptersMap:
    """The same adapters, with this loader."""
    own = AdaptersMap(adapters)
    own.register_loader("timestamptz", UtcTimes)
    return own
