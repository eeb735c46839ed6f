"""A file brought here: into memory, or a temporary file where it is larger, hashed on the way."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from integrations.client.file_servers.file_accounts import LIMITS
from integrations.client.file_servers.operations import FileServer
from integrations.connectors.errors import Failure, ShopError

IN_MEMORY = 2 * 1024 * 1024


class TooLarge(ShopError):
    """The file is larger than what is read."""


@dataclass(frozen=True)
class Fetched:
    """A whole file, at its beginning; whoever has it closes it."""

    content: BinaryIO
    size: int
    # SHA-256.
    digest: bytes


class _Hashed:
    """A file that is written to: counts, hashes, and refuses more than there may be."""

    def __init__(self, content: BinaryIO, most: int) -> None:
        self._content = content
        self._most = most
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        if self.size > self._most:
            raise TooLarge(Failure.REFUSED, f"The file has more than {self._most // 1024 // 1024} MB: split it.")
        self.digest.update(data)
        return self._content.write(data)


def fetch(server: FileServer, folder: str, name: str, most: int = LIMITS.size) -> Fetched:
    """Raises ShopError, `TooLarge` for a file of more than `most` bytes."""
    content = cast("BinaryIO", SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115  closed by whoever has it
    with ExitStack() as undo:
        undo.callback(content.close)
        hashed = _Hashed(content, most)
        server.read(folder, name, cast("BinaryIO", hashed))
        undo.pop_all()
    content.seek(0)
    return Fetched(content, hashed.size, hashed.digest.digest())
