"""Connections that go where they were checked to go.

A name is resolved once; every address it has must be public (or host:port on the operator's list), and the connection
goes to that very address. So a name that points elsewhere a moment later (DNS rebinding) gains nothing, while TLS still
checks the certificate against the name.
"""

from __future__ import annotations

import socket
from collections.abc import Set
from ipaddress import ip_address
from threading import Timer
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from integrations.client.addresses import address_is_public, not_public
from integrations.client.limits import Limits
from integrations.connectors.errors import Failure, ShopError

MOST_ADDRESSES = 4


def resolve(host: str, port: int, allowed: Set[str]) -> list[str]:
    """The IP addresses of a host, all of them checked. Raises ShopError."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise ShopError(Failure.UNAVAILABLE, f"The name {host} cannot be looked up at the moment.") from None
        raise ShopError(Failure.ADDRESS, f"There is no server by the name of {host}.") from None
    except UnicodeError:
        raise ShopError(Failure.ADDRESS, "The address has no valid host name.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if f"{host}:{port}" not in allowed and not all(address_is_public(ip_address(each)) for each in addresses):
        raise ShopError(Failure.ADDRESS, not_public(host))
    return addresses[:MOST_ADDRESSES]


class Line:
    """The connection of one operation; can be cut from outside when time is up."""

    def __init__(self, allowed: Set[str], limits: Limits) -> None:
        self.allowed = allowed
        self.limits = limits
        self.socket: socket.socket | None = None
        self.cut = False

    def open(self, host: str, port: int) -> socket.socket:
        """Raises OSError as sockets do, ShopError for an address that is not allowed."""
        if ":" in host:
            host = f"[{host}]"
        addresses = resolve(host, port, self.allowed)
        for position, address in enumerate(addresses):
            try:
                return socket.create_connection((address, port), self.limits.connect / len(addresses))
            except OSError:
                if position == len(addresses) - 1:
                    raise
        raise ShopError(Failure.ADDRESS, f"There is no server by the name of {host}.")

    def _cut(self) -> None:
        self.cut = True
        if self.socket is not None:
            try:
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                return  # Closed already: whoever waited on it has stopped waiting.

    def __enter__(self) -> Line:
        """From here on the clock runs."""
        self.cut = False
        self._timer = Timer(self.limits.total, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class _Pinned(HTTPConnection):
    line: Line

    def _new_conn(self) -> socket.socket:
        connection = self.line.open(self.host, self.port or 80)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self.line.limits.connect)
        self.line.socket = connection
        return connection

    def connect(self) -> None:
        super().connect()
        self.line.socket = self.sock
        if self.line.cut:
            raise TimeoutError


class PinnedAdapter(HTTPAdapter):
    """Plugs our connections into `requests`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = type("PlainConnection", (_Pinned,), {"line": self._line})
        secure = type("SecureConnection", (_Pinned, HTTPSConnection), {"line": self._line})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
