"""A web process's watch: whether the database answers, and what time it is there.

Without it every thread would find out for itself, by waiting: a server that hangs says nothing, and eight people who
wait are a whole site that stands. With it pages say within moments that the database is away, and that it is back.
"""

from __future__ import annotations

import logging
import select
import threading
from typing import Any

import psycopg
from django.db import connection

from config.kit import true_time
from config.kit.postgresql.base import answers_again, let_go

logger = logging.getLogger(__name__)

# Seconds between two questions, and for an answer; together less than a page may take.
EVERY, PATIENCE = 0.5, 1.5


class DatabaseWatch:
    """Asks the database for its time twice a second, on a connection of its own, in a thread of its own."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._over = threading.Event()
        self._away = False

    @property
    def away(self) -> bool:
        """Whether the database did not answer the last question."""
        return self._away

    def start(self) -> None:
        threading.Thread(target=self._watch, name="database-watch", daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def look(self) -> None:
        """Ask once; a connection that broke is made anew first."""
        was_away = self._away
        try:
            try:
                self._ask()
            except psycopg.Error:
                self._hang_up()
                self._ask()
        except (psycopg.Error, TimeoutError) as error:
            self._away = True
            self._hang_up()
            if isinstance(error, TimeoutError):
                let_go()
            if not was_away:
                logger.error("The database is away: %s", str(error).splitlines()[0])
            return
        self._away = False
        answers_again()
        true_time.is_right()
        if was_away:
            logger.warning("The database is back.")

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.look()

    def _ask(self) -> None:
        """By libpq itself, because psycopg waits without end. Raises psycopg.Error; TimeoutError for no answer."""
        if self._connection is None:
            self._connection = psycopg.connect(**connection.get_connection_params(), autocommit=True)
        asked, line = true_time.counted(), self._connection.pgconn
        line.send_query(true_time.ASK.encode())
        while line.is_busy():
            patience = PATIENCE - (true_time.counted() - asked)
            if not _readable(line.socket, patience):
                raise TimeoutError("it does not answer.")
            line.consume_input()
        result = line.get_result()
        answer = result and result.get_value(0, 0)
        if not answer:
            raise psycopg.OperationalError("it does not tell the time.")
        while line.get_result() is not None:
            pass
        true_time.note(answer, asked)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _readable(handle: int, seconds: float) -> bool:
    poll = select.poll()  # select() knows no handles beyond 1023, and a web process has thousands
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


_watch: DatabaseWatch | None = None


def begin() -> None:
    """Watch from now on in this process."""
    global _watch
    _watch = DatabaseWatch()
    _watch.look()
    _watch.start()


def database_is_away() -> bool:
    """What the watch of this process knows; without one every request finds out for itself."""
    return _watch is not None and _watch.away
