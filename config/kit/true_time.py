"""The time of the house: the database's, whatever the clock of this machine says.

What is stored, or compared with what is stored, is `true_time.now()`. Processes on several machines must agree on it,
and their clocks do not always; the database is the one that all of them share. It is asked at each new connection, by
the tick and by the watch of a web process; in between a clock counts on that nobody can set.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

logger = logging.getLogger(__name__)

# Asks a database for its time, in seconds since 1970; transactions do not stop this clock.
ASK = "SELECT extract(epoch FROM clock_timestamp())::text"
# Two clocks that are nearer than this agree, as those of machines that are kept right by NTP do.
AGREES = timedelta(milliseconds=100)
# Seconds beyond which a machine's clock is wrong: its processes say so, and those that work stand back.
WRONG_BEYOND = 5.0
# Goes on while a machine is suspended, where there is such a clock.
_COUNTING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class _Reading:
    at: datetime
    counted: float


_reading: _Reading | None = None
_told_wrong = False


def system_now() -> datetime:
    """What this machine takes for the time."""
    return datetime.now(UTC)


def now() -> datetime:
    """The time in UTC: this machine's where it agrees with the database's, else the database's."""
    here = system_now()
    true = _true()
    return here if true is None or abs(here - true) <= AGREES else true


def now_in_milliseconds() -> datetime:
    """The time cut to the millisecond, as the API tells times: for columns that partners compare with it."""
    at = now()
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)


def skew() -> float:
    """Seconds by which this machine's clock is ahead of the database's; 0 where that is not known or no matter."""
    true = _true()
    ahead = timedelta(0) if true is None else system_now() - true
    return 0.0 if abs(ahead) <= AGREES else ahead.total_seconds()


def is_right() -> bool:
    """Whether this machine's clock may be worked by. Says it in the log when that has changed."""
    global _told_wrong
    ahead = skew()
    wrong = abs(ahead) > WRONG_BEYOND
    if wrong and not _told_wrong:
        logger.error("The clock of this machine is %s. Set it right: %s", said(ahead), "what works here stands back.")
    elif _told_wrong and not wrong:
        logger.warning("The clock of this machine is right again.")
    _told_wrong = wrong
    return not wrong


def said(ahead: float) -> str:
    """`62 minutes ahead of the database's`."""
    seconds = round(abs(ahead))
    number, unit = (seconds, "second") if seconds < 120 else (round(seconds / 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'} {'ahead of' if ahead > 0 else 'behind'} the database's"


def read(connection: Any) -> None:
    """Ask the database at the other end of an open psycopg connection. Raises psycopg.Error."""
    asked = counted()
    with connection.cursor() as cursor:
        cursor.execute(ASK)
        note(cursor.fetchone()[0], asked)


def note(answer: str | bytes, asked: float) -> None:
    """Keep the answer to a question that was asked at `asked`; half of what it took is counted in."""
    global _reading
    answered = counted()
    at = datetime.fromtimestamp(float(answer), UTC)
    _reading = _Reading(at + timedelta(seconds=(answered - asked) / 2), answered)


def counted() -> float:
    """Seconds since some beginning, whatever is done to this machine's clock."""
    return time.clock_gettime(_COUNTING)


def _true() -> datetime | None:
    found = _reading
    return None if found is None else found.at + timedelta(seconds=counted() - found.counted)
