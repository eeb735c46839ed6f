"""FTP (RFC 959) and FTPS with explicit TLS (RFC 4217), by ftplib.

Data connections go to the address the control connection goes to, whatever the answer to PASV says (ftplib's default).
With TLS the certificate is checked against the name, and data travel encrypted as well, in the same session: many
servers insist on that.
"""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO

from requests import adapters

from integrations.client.file_servers.file_accounts import MOST_LISTED, FileAccount, away, missing, refused, rejected
from integrations.client.limits import Limits
from integrations.client.transport import Line
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.files.listings import ServerFile, is_name, joined

CHUNK = 64 * 1024
# The server does not know this command.
UNKNOWN_COMMAND = ("500", "501", "502", "504")
CERTIFICATE = "The file server's certificate is not valid for its name. Mend the certificate or enter the right name."
TLS_FAULT = "The file server and we find no encryption that both know: it must speak TLS 1.2 or newer."


class _Pinned(ftplib.FTP):
    """Opens its connections where they were checked to go."""

    line: Line

    def connect(self, host: str = "", port: int = 0, timeout: float = 0, source_address: object = None) -> str:
        self.host, self.port = host, port
        self.sock = self.line.open(host, port)
        self.sock.settimeout(timeout)
        self.timeout = timeout
        self.line.socket = self.sock
        self.af = self.sock.family
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def putline(self, line: str) -> None:
        """In UTF-8, whatever the names are read in."""
        if "\r" in line or "\n" in line:
            raise ValueError("a line break in a command")
        self.sock.sendall(f"{line}\r\n".encode())  # type: ignore[union-attr]

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        connection, size = super().ntransfercmd(cmd, rest)
        self.line.socket = connection  # what is cut when time is up
        return connection, size


class _PinnedTls(_Pinned, ftplib.FTP_TLS):
    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321  encrypted below
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        secure = self.context.wrap_socket(connection, server_hostname=self.host, session=session)
        self.line.socket = secure
        return secure, size


class FtpServer:
    """An open connection, see `operations.FileServer`."""

    def __init__(self, server: _Pinned, line: Line) -> None:
        self._server = server
        self._line = line

    def files(self, folder: str) -> list[ServerFile]:
        found = []
        for name, facts in self._entries(folder):
            if facts["type"] == "file" and is_name(name):
                found.append(ServerFile(name, int(facts.get("size", 0)), _time(facts.get("modify", ""))))
        return found

    def folders(self, folder: str) -> list[str]:
        return sorted(name for name, facts in self._entries(folder) if facts["type"] == "dir" and is_name(name))

    def _entries(self, folder: str) -> list[tuple[str, dict[str, str]]]:
        with self._told(folder or "."):
            try:
                found = list(self._server.mlsd(folder))
            except ftplib.error_perm as error:
                if not str(error).startswith(UNKNOWN_COMMAND):
                    raise
                found = self._one_by_one(folder)
        if len(found) > MOST_LISTED:
            text = f"The folder {folder or '.'} holds more than {MOST_LISTED:,} entries: move the old ones away."
            raise ShopError(Failure.REFUSED, text)
        return [(name, {"type": "", **facts}) for name, facts in found]

    def _one_by_one(self, folder: str) -> list[tuple[str, dict[str, str]]]:
        """Of a server that knows no MLSD: what has a size is a file."""
        back = self._server.pwd()
        self._server.cwd(folder or ".")  # refused where there is none
        try:
            names = self._server.nlst()
        except ftplib.error_perm as error:
            if not str(error).startswith("550"):  # how some say that a folder is empty
                raise
            names = []
        self._server.cwd(back)
        found = []
        for name in (name.rpartition("/")[2] for name in names[:MOST_LISTED]):
            if is_name(name):
                found.append((name, self._facts(joined(folder, name))))
        return found

    def _facts(self, path: str) -> dict[str, str]:
        try:
            self._server.voidcmd("TYPE I")
            size = self._server.size(path)
            modified = self._server.voidcmd(f"MDTM {path}")[4:].strip()
        except ftplib.error_perm:
            return {"type": "dir"}
        return {"type": "file", "size": str(size or 0), "modify": modified}

    def size(self, folder: str, name: str) -> int | None:
        path = joined(folder, name)
        try:
            with self._told(path):
                self._server.voidcmd("TYPE I")
                return self._server.size(path)
        except ShopError as error:
            if error.kind == Failure.NOT_FOUND:
                return None
            raise

    def read(self, folder: str, name: str, into: BinaryIO) -> None:
        path = joined(folder, name)
        with self._told(path):
            try:
                self._server.retrbinary(f"RETR {path}", into.write, CHUNK)
            except ShopError:  # we wanted no more of it: what the server says to that is no answer to what comes next
                with suppress(ftplib.Error):
                    self._server.voidresp()
                raise

    def write(self, folder: str, name: str, content: BinaryIO) -> None:
        path = joined(folder, name)
        with self._told(path):
            self._server.storbinary(f"STOR {path}", content, CHUNK)

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        path = joined(folder, name)
        with self._told(path):
            self._server.rename(path, joined(to_folder, to_name))

    def make_folder(self, folder: str) -> None:
        above, _, name = folder.rpartition("/")
        if name in self.folders(above or ("/" if folder.startswith("/") else "")):
            return
        with self._told(folder):
            self._server.mkd(folder)

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        with faults_told(path), self._line:
            yield
        self._line.socket = self._server.sock

    def close(self) -> None:
        try:
            with self._line:
                self._server.quit()
        except (ftplib.Error, OSError, EOFError):
            self._server.close()


def _time(text: str) -> datetime:
    """Of "20260902101500.123", UTC (RFC 3659); the beginning of time where there is none."""
    stamp = re.match(r"[0-9]{14}", text)
    try:
        return datetime.strptime(stamp.group(), "%Y%m%d%H%M%S").replace(tzinfo=UTC) if stamp else _NO_TIME
    except ValueError:
        return _NO_TIME


_NO_TIME = datetime.fromtimestamp(0, UTC)


@contextmanager
def faults_told(path: str) -> Iterator[None]:
    """Every way FTP can fail, as a ShopError in our own words."""
    try:
        yield
    except ftplib.error_perm as error:
        code = str(error)[:3]
        if code in {"530", "532"}:
            raise rejected() from None
        if code in {"550", "551"}:
            raise missing(path) from None
        if code in {"534", "535", "536", "537"} or path == "the server":
            text = f"The file server refuses to talk to us like this (code {code}): is it FTPS with explicit TLS?"
            raise ShopError(Failure.ADDRESS, text) from None
        raise refused(path) from None
    except ftplib.error_temp:
        raise away("The file server asks us to come later.") from None
    except ssl.SSLCertVerificationError:  # before ValueError, which it is one of
        raise ShopError(Failure.ADDRESS, CERTIFICATE) from None
    except ssl.SSLEOFError:
        raise away() from None
    except ssl.SSLError:
        raise ShopError(Failure.ADDRESS, TLS_FAULT) from None
    except (ftplib.error_proto, ftplib.error_reply, UnicodeError, ValueError):
        raise ShopError(Failure.NONSENSE, f"The file server's answer about {path} is no FTP.") from None
    except (OSError, EOFError):
        raise away() from None


def connect(account: FileAccount, allowed: Set[str], limits: Limits) -> FtpServer:
    """Raises ShopError."""
    line = Line(allowed, limits)
    parts: dict[str, Any] = {"line": line}
    # Names are read as bytes are: those that are not ASCII are nobody's business here, and must break no list.
    if account.protocol == "ftps":
        context = ssl.create_default_context(cafile=adapters.DEFAULT_CA_BUNDLE_PATH)
        server: _Pinned = type("Secure", (_PinnedTls,), parts)(context=context, encoding="latin-1")
    else:
        server = type("Plain", (_Pinned,), parts)(encoding="latin-1")
    with faults_told("the server"), line, ExitStack() as undo:
        undo.callback(server.close)
        server.connect(account.host, account.port, limits.read)
        server.login(account.username, account.password)
        if isinstance(server, _PinnedTls):
            server.prot_p()
        server.voidcmd("TYPE I")
        undo.pop_all()
    line.socket = server.sock
    return FtpServer(server, line)
