"""The front: waitress, which takes whole requests before a thread sees them, with limits of time that it lacks.

One thread reads and writes for all connections; the others answer requests that have arrived. So a connection that
drips costs a file handle and no thread. `channel_timeout` of waitress counts silence only, and a byte a second is no
silence: here headers have a deadline, bodies a least rate, and answers must be taken.
"""

from __future__ import annotations

import json
import re
import resource
import secrets
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error

from config.running import memory

# Seconds for all headers of a request, from its first byte.
HEADER_SECONDS = 15.0
# Seconds that every body has, and the bytes a second that it must bring beyond them.
BODY_SECONDS, BODY_RATE = 20.0, 4096
# Seconds a connection may say nothing, before its first request and between two.
IDLE_SECONDS = 60.0
# Seconds in which some of an answer that waits must be taken.
ANSWER_SECONDS = 60.0
# Bytes of first line and headers.
MOST_HEADERS = 64 * 1024
# Bytes of all bodies together that are on their way in; they lie in temporary files.
MOST_ARRIVING = 1024 * 1024 * 1024
# Connections of one process, if the system lets it have so many files.
MOST_CONNECTIONS = 4000
# Seconds in which requests that have arrived are still answered after SIGTERM.
STOP_SECONDS = 15.0

SENTENCES = {
    400: "This request cannot be read: it is no valid HTTP.",
    408: "This request took too long to arrive. Send it again over a faster connection.",
    413: "This request is too large. Send less at once.",
    431: "The headers of this request are too large. Clear the cookies of this site, or send a shorter address.",
    500: "Something went wrong here, and it has been written down. Try again, or tell whoever runs this site.",
    501: "This request is encoded in a way that is not understood here. Send it with Content-Length or chunked.",
    503: "Too much is being sent to this site at once. Try again in a minute.",
}


# By status, how programs are told.
KEYS = {
    400: "invalid_request",
    408: "request_timeout",
    413: "payload_too_large",
    431: "headers_too_large",
    500: "internal_error",
    501: "not_implemented",
    503: "unavailable",
}
# The first bytes of a request that tell where it goes.
BEGIN = 512
PROGRAMS = re.compile(rb"\s*[A-Za-z]+ +(?:https?://[^/ ]*)?/(?:back-office/)?v1(?:[/? ]|$)")


class TooLate(Error):  # type: ignore[misc]
    code, reason = 408, "Request Timeout"


class TooMuchAtOnce(Error):  # type: ignore[misc]
    code, reason = 503, "Service Unavailable"


class ArrivingRequest(HTTPRequestParser):  # type: ignore[misc]
    """A request that knows since when it has been arriving."""

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.since = time.monotonic()
        self._begin = b""

    @property
    def is_for_programs(self) -> bool:
        """Whether it is a call of the API, as far as it has arrived; also one whose headers cannot be read."""
        return PROGRAMS.match(self._begin) is not None

    def received(self, data: bytes) -> int:
        if not self.headers_finished:
            self._begin = (self._begin + data)[:BEGIN]
        in_headers = not self.headers_finished
        consumed: int = super().received(data)
        if in_headers and self.headers_finished:
            self.since = time.monotonic()  # from now on it is the body's time
        return consumed

    def is_late(self, now: float) -> bool:
        if not self.headers_finished:
            return now - self.since > HEADER_SECONDS
        return now - self.since > BODY_SECONDS + float(self.body_bytes_received) / BODY_RATE

    def refuse(self, error: Error) -> None:
        """Let it count as arrived, to be answered with this error."""
        if not self.headers_finished:
            self.parse_header(b"GET / HTTP/1.0\r\n")  # as waitress does: an answer needs a request
        self.error, self.completed = error, True


class Answer(WSGITask):  # type: ignore[misc]
    """Says nothing after the headers of an answer to HEAD; Django leaves that to the server."""

    def service(self) -> None:
        super().service()
        if self.request.body_bytes_received > memory.LARGE:
            memory.give_back()

    def get_environment(self) -> dict[str, Any]:
        environment: dict[str, Any] = super().get_environment()
        if self.request.command == "HEAD":
            environment.pop("wsgi.file_wrapper", None)  # which would send the file
        return environment

    def write(self, data: bytes) -> None:
        super().write(b"" if self.request.command == "HEAD" else data)

    def finish(self) -> None:
        if self.request.command == "HEAD":
            self.write(b"")
            self.chunked_response = False
        super().finish()


class Refusal(ErrorTask):  # type: ignore[misc]
    """A plain sentence, for programs in the shape of the API's errors; the connection ends with it."""

    def execute(self) -> None:
        error = self.request.error
        kind, body = self._told(error)
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", f"{kind}; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
        if error.code == 503:
            self.response_headers.append(("Retry-After", "60"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)

    def _told(self, error: Error) -> tuple[str, bytes]:
        """The media type and the body."""
        sentence = SENTENCES.get(error.code, SENTENCES[500])
        if not self.request.is_for_programs:
            return "text/plain", f"{sentence}\n".encode()
        request_id = f"v-{secrets.token_hex(10)}"
        self.response_headers += [("X-Request-Id", request_id), ("Cache-Control", "no-store")]
        problem = {
            "code": error.code,
            "key": KEYS.get(error.code, KEYS[500]),
            "message": error.reason,
            "request_id": request_id,
            "details": sentence,
        }
        return "application/json", json.dumps(problem).encode()


class Connection(HTTPChannel):  # type: ignore[misc]
    parser_class, task_class, error_task_class = ArrivingRequest, Answer, Refusal
    request: ArrivingRequest | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.opened = time.monotonic()
        # (time of the last progress, when it was first seen) of an answer that waits to be taken.
        self._stuck: tuple[float, float] | None = None

    @property
    def is_idle(self) -> bool:
        """Nothing has arrived whole, and nothing is being answered."""
        return not self.requests and not self.total_outbufs_len

    @property
    def arriving(self) -> int:
        return int(self.request.body_bytes_received) if self.request is not None else 0

    def look(self, now: float) -> None:
        """Refuse what is late, and leave who does not listen. In the thread that reads."""
        if self._is_stuck(now):
            self.will_close = True
        elif self.request is not None and not self.requests and self.request.is_late(now):
            self.refuse(TooLate(""))

    def refuse(self, error: Error) -> None:
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None:
                return
            request.refuse(error)
            self.requests.append(request)
        self.server.add_task(self)

    def _is_stuck(self, now: float) -> bool:
        if not self.total_outbufs_len:
            self._stuck = None
        elif self._stuck is None or self._stuck[0] != self.last_activity:
            self._stuck = (self.last_activity, now)
        return self._stuck is not None and now - self._stuck[1] > ANSWER_SECONDS


class Front(TcpWSGIServer):  # type: ignore[misc]
    """The server of one process, on a socket that it may share with others."""

    channel_class = Connection

    def maintenance(self, now: float) -> None:
        """Once a second. What waitress does for silent connections, and what it does not for slow ones."""
        super().maintenance(now)
        clock = time.monotonic()
        connections: list[Connection] = list(self.active_channels.values())
        for connection in connections:
            connection.look(clock)
        if sum(connection.arriving for connection in connections) > MOST_ARRIVING:
            for connection in connections:
                if connection.arriving and not connection.requests:
                    connection.refuse(TooMuchAtOnce(""))
        if len(self._map) >= self.adj.connection_limit:
            self._make_room([connection for connection in connections if connection.is_idle])

    def _make_room(self, idle: list[Connection]) -> None:
        """At the limit the oldest of those who have not sent a whole request go, so that others get in."""
        for connection in sorted(idle, key=lambda found: found.opened)[: max(1, len(idle) // 4)]:
            connection.will_close = True

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; then take no more, and answer what has arrived."""
        stopping: list[float] = []

        def stop(signum: int, frame: FrameType | None) -> None:
            stopping.append(time.monotonic())
            self.pull_trigger()  # out of the wait for news

        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, stop)
        while not stopping:
            self._turn()
        self.del_channel()
        self.socket.close()  # at once: nobody waits for our answers to listen on the port again
        while any(not found.is_idle for found in list(self.active_channels.values())):
            if len(stopping) > 1 or time.monotonic() > stopping[0] + STOP_SECONDS:
                break
            self._turn(0.05)

    def _turn(self, seconds: float = 1.0) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)


def make_front(application: Callable[..., Any], listener: socket.socket, *, threads: int, most_body: int) -> Front:
    """`most_body`: bytes; what is larger never reaches the application."""
    host = listener.getsockname()[0]
    adjustments = Adjustments(
        sockets=[listener],
        threads=threads,
        connection_limit=_room_for_connections(),
        cleanup_interval=1,
        channel_timeout=IDLE_SECONDS,
        max_request_header_size=MOST_HEADERS,
        max_request_body_size=most_body,
        log_socket_errors=False,
        ident=None,
        server_name=host,
        # Django decides whom to believe (SECURE_PROXY_SSL_HEADER), and believes nobody unless HTTPS is set.
        clear_untrusted_proxy_headers=False,
    )
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(threads)
    address = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Front(
        application, {}, _sock=listener, dispatcher=dispatcher, adj=adjustments, sockinfo=address, bind_socket=False
    )


def _room_for_connections() -> int:
    """As many as the system's limit of open files allows; half of it is left for files and the database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(100, min(MOST_CONNECTIONS, soft // 2))
