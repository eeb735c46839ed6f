"""A web process: `manage.py serve`."""

from __future__ import annotations

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from config.running import listening, memory, same_keys, watch
from config.running.front import make_front

# What a form or the API refuses with its own words is a little less than this.
MOST_BODY = settings.API_BODY_LIMIT + 8 * 1024 * 1024

# Seconds for a new connection to the database (psycopg knows none below 2), and for the queue's answers.
CONNECT_SECONDS, QUEUE_SECONDS = 2, 0.5


class Command(BaseCommand):
    help = "Answer requests. SIGTERM: answer what has arrived and end. `manage.py up` runs several on one port."
    requires_system_checks: list[str] = []  # it must come up while the database is away

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default %(default)s).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on (default %(default)s).")
        parser.add_argument("--fd", type=int, help="A bound socket that was inherited, instead of host and port.")
        parser.add_argument("--threads", type=int, default=8, help="Requests answered at once (default %(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            listener = self._listener(options)
        except (listening.CannotRun, OSError) as error:
            raise CommandError(f"There is nothing to listen on: {error}") from error
        _be_impatient()
        try:
            same_keys.insist()
        except listening.CannotRun as error:
            raise CommandError(str(error)) from error
        memory.share_one_arena()
        application = get_wsgi_application()
        watch.begin()
        _ = get_resolver().url_patterns  # every module now, not while the first person waits
        memory.leave_out_what_is_loaded()
        make_front(application, listener, threads=options["threads"], most_body=MOST_BODY).run()

    def _listener(self, options: dict[str, Any]) -> socket.socket:
        if options["fd"] is not None:
            return socket.socket(fileno=options["fd"])
        return listening.take_port(options["host"], options["port"])


def _be_impatient() -> None:
    """Somebody waits for the page: servers that are away are noticed sooner than a worker would.

    What the address of a server says itself is kept.
    """
    database = connections.settings["default"]["OPTIONS"]
    if database["connect_timeout"] == settings.CONNECT_TIMEOUT:
        database["connect_timeout"] = CONNECT_SECONDS
    queue: dict[str, Any] = settings.RQ_QUEUES["default"]
    if "SENTINELS" in queue:
        queue["CONNECTION_KWARGS"]["socket_connect_timeout"] = queue["SOCKET_TIMEOUT"] = QUEUE_SECONDS
        return
    joint = "&" if "?" in queue["URL"] else "?"
    queue["URL"] += f"{joint}socket_timeout={QUEUE_SECONDS}&socket_connect_timeout={QUEUE_SECONDS}"
