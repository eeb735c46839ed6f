"""Times that are kept as the API writes them: to the millisecond, so that what was read can be asked for again."""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class MillisecondField(models.DateTimeField):  # type: ignore[type-arg]
    """A time of which PostgreSQL keeps milliseconds and no more, whoever writes it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "timestamp(3) with time zone"
