"""SFTP by paramiko. The host key is compared before anything is sent; where none is confirmed, that ends it.

The key is only of the kind that was confirmed: a server that gets a second one shows the first nevertheless.
"""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

import paramiko
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, IncompatiblePeer, SSHException

from integrations.client.file_servers.file_accounts import (
    MOST_LISTED,
    FileAccount,
    HostKeyUnknown,
    away,
    missing,
    refused,
    rejected,
)
from integrations.client.limits import Limits
from integrations.client.transport import Line
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.files.listings import ServerFile, is_name, joined

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it writes paths and user names, and tracebacks at ERROR

KEY_KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
CHANGED = (
    "The server shows another host key ({}) than the one that was confirmed: it was set up anew, or somebody else"
    " answers in its place. Nothing was sent. Ask its owner, then confirm the new key."
)
UNKNOWN = "The server shows the host key {}: compare it with what its owner says, and confirm it. Nothing was sent yet."


def readable_key(text: str) -> paramiko.PKey:
    """A private key. Raises ValueError with a sentence for the form."""
    for kind in KEY_KINDS:
        try:
            return kind.from_private_key(io.StringIO(text))
        except paramiko.PasswordRequiredException:
            raise ValueError("The key is locked with a passphrase: enter one without.") from None
        except (SSHException, ValueError, IndexError, TypeError):
            continue
    raise ValueError("This is no private key that can be read: Ed25519, ECDSA or RSA, in the OpenSSH or PEM format.")


class SftpServer:
    """An open connection, see `operations.FileServer`."""

    def __init__(self, transport: paramiko.Transport, client: paramiko.SFTPClient, line: Line) -> None:
        self._transport = transport
        self._client = client
        self._line = line

    def files(self, folder: str) -> list[ServerFile]:
        found = []
        for entry in self._entries(folder):
            if stat.S_ISREG(entry.st_mode or 0) and is_name(entry.filename):
                at = datetime.fromtimestamp(entry.st_mtime or 0, UTC)
                found.append(ServerFile(entry.filename, entry.st_size or 0, at))
        return found

    def folders(self, folder: str) -> list[str]:
        entries = self._entries(folder)
        return sorted(e.filename for e in entries if stat.S_ISDIR(e.st_mode or 0) and is_name(e.filename))

    def _entries(self, folder: str) -> list[paramiko.SFTPAttributes]:
        with self._told(folder or "."):
            found = self._client.listdir_attr(folder or ".")
        if len(found) > MOST_LISTED:
            text = f"The folder {folder or '.'} holds more than {MOST_LISTED:,} entries: move the old ones away."
            raise ShopError(Failure.REFUSED, text)
        return found

    def size(self, folder: str, name: str) -> int | None:
        path = joined(folder, name)
        try:
            with self._told(path):
                return self._client.stat(path).st_size
        except ShopError as error:
            if error.kind == Failure.NOT_FOUND:
                return None
            raise

    def read(self, folder: str, name: str, into: BinaryIO) -> None:
        path = joined(folder, name)
        with self._told(path):
            self._client.getfo(path, into, max_concurrent_prefetch_requests=64)

    def write(self, folder: str, name: str, content: BinaryIO) -> None:
        path = joined(folder, name)
        with self._told(path):
            self._client.putfo(content, path, confirm=False)

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        path = joined(folder, name)
        with self._told(path):
            self._client.rename(path, joined(to_folder, to_name))

    def make_folder(self, folder: str) -> None:
        with self._told(folder):
            try:
                self._client.mkdir(folder)
            except OSError:
                if not stat.S_ISDIR(self._client.stat(folder).st_mode or 0):
                    raise

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        with faults_told(path), self._line:
            yield

    def close(self) -> None:
        self._transport.close()


@contextmanager
def faults_told(path: str) -> Iterator[None]:
    """Every way SFTP can fail, as a ShopError in our own words."""
    try:
        yield
    except (AuthenticationException, BadAuthenticationType):
        raise rejected() from None
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError:
        raise refused(path) from None
    except UnicodeDecodeError:
        text = f"A name in {path} is not UTF-8, so the server's list cannot be read: rename that file."
        raise ShopError(Failure.NONSENSE, text) from None
    except (EOFError, TimeoutError, ConnectionError):
        raise away() from None
    except paramiko.SFTPError:
        raise ShopError(Failure.NONSENSE, f"The file server's answer about {path} is no SFTP.") from None
    except SSHException:
        raise away() from None
    except OSError as error:
        if error.errno is None:  # SSH_FX_FAILURE: the server says no more
            raise refused(path) from None
        raise away() from None


def connect(account: FileAccount, allowed: Set[str], limits: Limits) -> SftpServer:
    """Raises ShopError, `HostKeyUnknown` where the key is not the confirmed one."""
    line = Line(allowed, limits)
    with faults_told("the server"), line, ExitStack() as undo:
        connection = line.open(account.host, account.port)
        line.socket = connection
        transport = paramiko.Transport(connection)
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = limits.read
        undo.callback(transport.close)
        _expect_host_key(transport, account, limits)
        _sign_in(transport, account)
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise away("The server offers no SFTP.")
        channel = client.get_channel()
        if channel is not None:
            channel.settimeout(limits.read)
        undo.pop_all()
    return SftpServer(transport, client, line)


def _expect_host_key(transport: paramiko.Transport, account: FileAccount, limits: Limits) -> None:
    kind = account.host_key.partition(" ")[0]
    if kind:
        transport.get_security_options().key_types = RSA_SIGNATURES if kind == "ssh-rsa" else (kind,)
    try:
        transport.start_client(event=None, timeout=limits.connect)
    except IncompatiblePeer:
        text = "The server has no host key of the kind that was confirmed, or speaks only ciphers that are out of date."
        raise ShopError(Failure.ADDRESS, f"{text} Test the connection to see its key.") from None
    if not transport.is_active():
        raise TimeoutError
    shown = transport.get_remote_server_key()
    offered = f"{shown.get_name()} {shown.get_base64()}"
    if offered != account.host_key:
        sentence = CHANGED if account.host_key else UNKNOWN
        raise HostKeyUnknown(sentence.format(shown.fingerprint), offered, shown.fingerprint)


def _sign_in(transport: paramiko.Transport, account: FileAccount) -> None:
    if account.private_key:
        try:
            key = readable_key(account.private_key)
        except ValueError as error:
            raise ShopError(Failure.CREDENTIALS, str(error)) from None
        transport.auth_publickey(account.username, key)
    else:
        transport.auth_password(account.username, account.password, fallback=False)
    if not transport.is_authenticated():
        raise rejected()
