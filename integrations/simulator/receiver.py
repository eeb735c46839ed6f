"""A receiver of webhooks on this machine, as a partner might run it: it keeps what it is told and answers as bidden."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0
    """Seconds of thinking."""


class Receiver:
    """Listens on loopback while entered; port 0 takes a free one."""

    def __init__(self, reply: Callable[[Received], Reply] | None = None, port: int = 0) -> None:
        self.received: list[Received] = []
        self.reply = reply or (lambda _: Reply())
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}/hooks"

    @property
    def types(self) -> list[str]:
        return [each.told["type"] for each in self.received]

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = Received(self.path, headers, self.rfile.read(int(self.headers["Content-Length"])))
            receiver.received.append(found)
            reply = receiver.reply(found)
            time.sleep(reply.after)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(reply.body)
            except OSError:
                self.close_connection = True  # nobody waits any more

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
