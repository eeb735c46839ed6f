"""Where a file server is and as whom we come to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.client.limits import Limits
from integrations.connectors.errors import Failure, ShopError

# Seconds of one operation: a file of 64 MB may take a while.
LIMITS = Limits(connect=15.0, read=30.0, total=180.0, size=64 * 1024 * 1024)
# Entries of one folder that are looked at.
MOST_LISTED = 20_000


@dataclass(frozen=True)
class FileAccount:
    """`protocol`: "sftp", "ftps" (explicit TLS) or "ftp". Its `repr` shows no secret."""

    protocol: str
    host: str
    port: int
    username: str
    password: str = field(default="", repr=False)
    # An OpenSSH or PEM private key, for SFTP; stands instead of the password.
    private_key: str = field(default="", repr=False)
    # As a person has confirmed it, "ssh-ed25519 AAAA…"; "" until then.
    host_key: str = ""


class HostKeyUnknown(ShopError):
    """The server shows a key that nobody has confirmed; nothing was sent to it, no password either."""

    def __init__(self, message: str, offered: str, fingerprint: str) -> None:
        super().__init__(Failure.ADDRESS, message)
        self.offered = offered
        """The key, as `FileAccount.host_key` holds one."""
        self.fingerprint = fingerprint
        """As OpenSSH shows it, "SHA256:…"."""


def away(what: str = "The file server could not be reached, or broke the connection off.") -> ShopError:
    return ShopError(Failure.UNAVAILABLE, what)


def rejected() -> ShopError:
    return ShopError(Failure.CREDENTIALS, "The file server does not accept the user name, password or key.")


def missing(path: str) -> ShopError:
    return ShopError(Failure.NOT_FOUND, f"The file server has no {path}, or does not let us in.")


def refused(path: str) -> ShopError:
    return ShopError(Failure.REFUSED, f"The file server does not let us do this with {path}: ask for the right there.")
