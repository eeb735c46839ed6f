"""The embedded Valkey: take over from a killed supervisor, start, stop. Spoken to in its inline protocol."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from config.running.embedded.account import SystemAccount
from config.running.embedded.child import POLL, Child
from config.running.embedded.embedded_error import EmbeddedError
from config.running.embedded.folders import VALKEY_SOCKET

START_SECONDS = 300.0
STOP_SECONDS = 30.0


class Valkey:
    """One server with its files in `<data>/valkey`."""

    name = "Valkey"

    def __init__(self, data_dir: Path, binary: Path, account: SystemAccount, *, durable: bool) -> None:
        self.folder = data_dir / "valkey"
        self.binary = binary
        self.account = account
        self.durable = durable
        self.socket = Path()
        self.child = Child(self.name, data_dir / "valkey.log", account, signal.SIGTERM)

    @property
    def alive(self) -> bool:
        return self.child.running and self.socket.exists()

    def take_over(self, socket_dir: Path) -> None:
        """Shut down a server that a killed supervisor left behind. Raises EmbeddedError when it does not go."""
        path = socket_dir / VALKEY_SOCKET
        deadline = time.monotonic() + STOP_SECONDS
        while _say(path, b"SHUTDOWN") is not None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"A Valkey of an earlier run still answers at {path} and does not stop.")
            time.sleep(POLL)

    def start(self, socket_dir: Path) -> None:
        """Start and wait until it answers. Raises EmbeddedError with the end of its log."""
        self.socket = socket_dir / VALKEY_SOCKET
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not self.account.is_us:
            os.chown(self.folder, self.account.uid, self.account.gid)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": ".",
            "daemonize": "no",
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [str(self.binary)]
        for key, value in options.items():
            command += [f"--{key}", value]
        self.child.start(command, self.folder)
        self.child.wait_until(lambda: (_say(self.socket, b"PING") or b"").startswith(b"+PONG"), START_SECONDS)

    def stop(self) -> None:
        self.child.stop(STOP_SECONDS)


def _say(path: Path, command: bytes) -> bytes | None:
    """The first bytes of the answer, b"" when the server hung up, None when nobody listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except (TimeoutError, ConnectionError):
            return b""
