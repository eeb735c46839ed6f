"""The backend, under the name by which Django finds it (`ENGINE`)."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from datetime import UTC
from typing import Any
from weakref import WeakSet

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL

from config.kit import true_time
from config.kit.postgresql.utc_times import reading_utc

POOLER = (
    "DATABASE_URL names a pooler, which refuses STATEMENT_TIMEOUT as an option of a connection. Set"
    " DATABASE_POOL=transaction: the limit becomes a setting of the database's role."
)
# Every connection of this process that may be open.
_connections: WeakSet[psycopg.Connection[Any]] = WeakSet()
# Set while the server hangs: to connect would be to wait once more.
_hangs = threading.Event()


class DatabaseWrapper(PostgreSQL):
    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if self.timezone is UTC:
            params["context"] = reading_utc(params["context"])
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        if _hangs.is_set():
            raise psycopg.OperationalError("the database does not answer")
        try:
            connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            if "unsupported startup parameter" in str(error):
                raise ImproperlyConfigured(POOLER) from error
            raise
        if self.alias == DEFAULT_DB_ALIAS:  # the clock of a replica is another machine's
            autocommit, connection.autocommit = connection.autocommit, True
            true_time.read(connection)
            connection.autocommit = autocommit
        _connections.add(connection)
        return connection


def let_go() -> None:
    """End every wait of this process for an answer of the database: who waits gets an OperationalError at once, and so
    does who wants to connect until `answers_again`.

    For a server that hangs, from another thread. Neither its statement_timeout nor TCP's notices that: a stopped
    server does not look at its clock, and its machine goes on to acknowledge what it does not read.
    """
    _hangs.set()
    for connection in list(_connections):
        if connection.closed:
            continue
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


def answers_again() -> None:
    _hangs.clear()
