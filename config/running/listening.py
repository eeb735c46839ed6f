"""Ports of this machine: taking one, waiting for one, and what people are told; nothing of Django."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable

from config.kit.refusals import Refused


class CannotRun(Refused):
    """The site cannot be started; the message is a sentence for people."""


def take_port(host: str, port: int, *, patience: float = 3.0) -> socket.socket:
    """A socket bound to this address, for the web processes to listen on; until they do, connections are refused.

    Waits a little for a site that is just ending. Raises CannotRun when the address cannot be listened on.
    """
    deadline = time.monotonic() + patience
    while True:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            return listener
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise CannotRun(_port_sentence(host, port, error)) from error


def _port_sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this account. Choose one from 1024 with --port."
    return f"{host}:{port} cannot be listened on ({error.strerror}). Choose another with --host and --port."


def reached_at(host: str) -> str:
    """Where this machine reaches what listens at `host`, which may mean all of its addresses."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def web_address(host: str, port: int) -> str:
    """What a browser on this machine is told, such as "http://127.0.0.1:8000" or "http://[::1]:8000"."""
    target = reached_at(host)
    return f"http://[{target}]:{port}" if ":" in target else f"http://{target}:{port}"


def wait_for_port(host: str, port: int, *, seconds: float = 60.0, give_up: Callable[[], bool] = lambda: False) -> bool:
    """Wait until something answers there. Whether it did, before the time was over or `give_up` said so."""
    target = reached_at(host)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not give_up():
        try:
            with socket.create_connection((target, port), timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False
