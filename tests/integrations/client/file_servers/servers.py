"""File servers of tests: FTP and FTPS by pyftpdlib, SFTP by the simulator, each over a folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from integrations.client.file_servers import FileAccount
from integrations.simulator.file_server import SimulatedFileServer

# Characters that mean something in addresses, in FTP or in nothing at all; sent literally.
PASSWORD = "pw ž%@:/#1"
logging.getLogger("pyftpdlib").setLevel(logging.ERROR)


@dataclass
class Running:
    account: FileAccount
    folder: Path

    @property
    def address(self) -> str:
        return f"{self.account.host}:{self.account.port}"


@contextmanager
def ftp_server(folder: Path, certificate: Path | None = None, **parts: Any) -> Iterator[Running]:
    """`parts`: attributes of its handler, e.g. a `masquerade_address`."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("shop", PASSWORD, str(folder), perm="elradfmwMT")
    base: Any = TLS_FTPHandler if certificate else FTPHandler
    parts = {"authorizer": authorizer, "banner": "ready", **parts}
    if certificate:
        parts |= {"certfile": str(certificate), "tls_control_required": True, "tls_data_required": True}
    handler = type("Handler", (base,), parts)
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), handler, ioloop=loop)
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            loop.loop(timeout=0.02, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    protocol = "ftps" if certificate else "ftp"
    try:
        yield Running(FileAccount(protocol, "127.0.0.1", server.address[1], "shop", PASSWORD), folder)
    finally:
        stopping.set()
        thread.join()


@contextmanager
def sftp_server(folder: Path) -> Iterator[Running]:
    with SimulatedFileServer(folder, password=PASSWORD) as server:
        yield Running(
            FileAccount("sftp", "127.0.0.1", server.port, "shop", PASSWORD, host_key=server.host_key_line), folder
        )
