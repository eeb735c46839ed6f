"""What is done on a file server, whatever it speaks."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from integrations.client.file_servers import ftp, sftp
from integrations.client.file_servers.file_accounts import LIMITS, FileAccount
from integrations.client.limits import Limits
from integrations.connectors.files.listings import ServerFile


class FileServer(Protocol):
    """An open connection. Folders are paths as the settings have them, "" for the one we come to.

    Every method raises ShopError. Names are checked by `connectors.files.listings`: others are not shown, and none is
    ever taken from a server unchecked.
    """

    def files(self, folder: str) -> list[ServerFile]: ...

    def folders(self, folder: str) -> list[str]: ...

    def size(self, folder: str, name: str) -> int | None:
        """Bytes of a file; None: it is not there."""
        ...

    def read(self, folder: str, name: str, into: BinaryIO) -> None: ...

    def write(self, folder: str, name: str, content: BinaryIO) -> None:
        """Under this very name, over what was there; `name` is one that nobody reads yet."""
        ...

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None: ...

    def make_folder(self, folder: str) -> None:
        """The folder is there afterwards; the one above it must be."""
        ...

    def close(self) -> None: ...


@contextmanager
def open_server(account: FileAccount, allowed: Set[str], limits: Limits = LIMITS) -> Iterator[FileServer]:
    """Connect and sign in. Raises ShopError. `allowed`: "host:port"s that need not be public."""
    opened: FileServer
    if account.protocol == "sftp":
        opened = sftp.connect(account, allowed, limits)
    else:
        opened = ftp.connect(account, allowed, limits)
    try:
        yield opened
    finally:
        opened.close()
