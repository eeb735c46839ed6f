"""A warehouse's file server: SFTP over a folder, with a user and a host key of its own. For demo and tests."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_FAILURE, SFTP_OK, SFTP_PERMISSION_DENIED

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class _Door(paramiko.ServerInterface):
    def __init__(self, site: SimulatedFileServer) -> None:
        self._site = site

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._site.heard.append(f"password of {username}")
        good = (username, password) == (self._site.username, self._site.password)
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._site.heard.append(f"key of {username}")
        good = username == self._site.username and key == self._site.client_key
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))  # type: ignore[attr-defined]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)


class _Folder(paramiko.SFTPServerInterface):
    """Answers from below one folder; nothing above it can be named."""

    def __init__(self, server: Any, site: SimulatedFileServer) -> None:
        super().__init__(server)
        self._site = site

    def _path(self, path: str) -> Path:
        return self._site.folder / self.canonicalize(path).lstrip("/")

    def _done(self, what: str, path: str) -> int | None:
        """Note what was asked for; the code that the site was told to answer with, if any."""
        self._site.heard.append(f"{what} {path}")
        if what in self._site.refuses:
            return SFTP_PERMISSION_DENIED
        return None

    def list_folder(self, path: str) -> Any:
        if refused := self._done("list", path):
            return refused
        try:
            return [
                paramiko.SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
                for entry in os.scandir(self._path(path))
            ] + self._site.odd
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if refused := self._done("write" if writes else "read", path):
            return refused
        try:
            found = os.open(self._path(path), flags, 0o644)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = _Handle(flags)
        stream = os.fdopen(found, "r+b" if flags & os.O_RDWR else "wb" if writes else "rb")
        handle.readfile = handle.writefile = stream  # type: ignore[attr-defined]
        return handle

    def rename(self, oldpath: str, newpath: str) -> int:
        if refused := self._done("rename", f"{oldpath} {newpath}"):
            return refused
        if self._path(newpath).exists():
            return SFTP_FAILURE
        code = self._changed(lambda: self._path(oldpath).rename(self._path(newpath)))
        time.sleep(self._site.slow.get("rename", 0))
        return code

    def mkdir(self, path: str, attr: Any) -> int:
        if refused := self._done("mkdir", path):
            return refused
        return self._changed(lambda: self._path(path).mkdir())

    def remove(self, path: str) -> int:
        if refused := self._done("remove", path):
            return refused
        return self._changed(lambda: self._path(path).unlink())

    def _changed(self, work: Any) -> int:
        try:
            work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK


class SimulatedFileServer:
    """Listens on 127.0.0.1. `heard`: what was asked of it; `refuses`: "list", "read", "write", "rename", "mkdir"."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        username: str = "shop",
        password: str = "",
        host_key_file: Path | None = None,
    ) -> None:
        self.folder = folder
        self.username, self.password = username, password
        self.client_key: paramiko.PKey | None = None
        self.heard: list[str] = []
        self.refuses: set[str] = set()
        self.slow: dict[str, float] = {}
        """Seconds that pass after "rename" is done and before that is said."""
        self.odd: list[paramiko.SFTPAttributes] = []
        """Entries that every list shows besides."""
        self.host_key = host_key(host_key_file)
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[paramiko.Transport] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def host_key_line(self) -> str:
        return line_of(self.host_key)

    def __enter__(self) -> SimulatedFileServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # closed
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self)
            self._open.append(transport)
            try:
                transport.start_server(event=threading.Event(), server=_Door(self))
            except (paramiko.SSHException, EOFError):
                continue

    def drop(self) -> None:
        """Break every connection off."""
        for transport in self._open:
            transport.close()
        self._open.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # closed before
            self._listening.shutdown(socket.SHUT_RDWR)  # or a thread that waits on it takes one more
        self._listening.close()
        self.drop()


def line_of(key: paramiko.PKey) -> str:
    """A host key as those who connect keep it."""
    return f"{key.get_name()} {key.get_base64()}"


def host_key(file: Path | None) -> paramiko.PKey:
    """The key in this file, made where there is none; of this process alone without a file."""
    if file is None:
        return paramiko.ECDSAKey.generate()
    if not file.exists():
        paramiko.ECDSAKey.generate().write_private_key_file(str(file))
    return paramiko.ECDSAKey.from_private_key_file(str(file))
