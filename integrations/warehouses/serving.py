"""The file server of an integration: opened, tested, and its key confirmed. The only way from here to the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings

from config.kit.plurals import counted
from config.kit.refusals import Refused
from integrations.client import file_servers
from integrations.client.file_servers import Fetched, FileAccount, FileServer, HostKeyUnknown, TooLarge, fetch
from integrations.client.file_servers.sftp import readable_key
from integrations.connectors.contract import ConnectionReport
from integrations.connectors.errors import Failure, ShopError
from integrations.models import Integration
from integrations.secrets import Secrets

__all__ = [
    "Fetched",
    "FileServer",
    "TooLarge",
    "account_of",
    "check",
    "check_private_key",
    "confirm_key",
    "fetch",
    "offered_key",
    "opened",
]

# In the credentials: the host key a person has confirmed, and the one that was shown last and waits for that.
HOST_KEY, OFFERED, FINGERPRINT = "host_key", "offered_key", "offered_fingerprint"
# Folders that the test tells of.
MOST_TOLD = 20


class HostKeyRefused(Refused):
    """The host key cannot be confirmed; the message says why, to staff."""


def account_of(integration: Integration) -> FileAccount:
    """Raises ShopError when the stored credentials cannot be read."""
    known: Mapping[str, str] = integration.shop().credentials
    address = urlsplit(integration.base_url)
    return FileAccount(
        address.scheme,
        address.hostname or "",
        address.port or 0,
        known.get("username", ""),
        known.get("password", ""),
        known.get("private_key", ""),
        known.get(HOST_KEY, ""),
    )


def check_private_key(text: str) -> None:
    """Raises ValueError with a sentence for what is no private key that can be read."""
    readable_key(text)


@contextmanager
def opened(integration: Integration) -> Iterator[FileServer]:
    """Raises ShopError."""
    with file_servers.open_server(account_of(integration), settings.ALLOWED_SHOP_ADDRESSES) as server:
        yield server


def check(integration: Integration) -> ConnectionReport:
    """Come in and look around; a host key that nobody has confirmed is kept until somebody does. Raises ShopError."""
    try:
        with opened(integration) as server:
            folders, count = server.folders(""), len(server.files(""))
    except HostKeyUnknown as unknown:
        _keep(integration, {OFFERED: unknown.offered, FINGERPRINT: unknown.fingerprint})
        return ConnectionReport(ok=False, summary=str(unknown), failure=Failure.ADDRESS)
    return ConnectionReport(ok=True, summary="The file server lets us in.", hints=(_told(folders, count),))


def _told(folders: list[str], files: int) -> str:
    shown = ", ".join(folders[:MOST_TOLD]) + (" …" if len(folders) > MOST_TOLD else "")
    seen = counted(files, "file")
    return f"Folders there: {shown}; beside them {seen}." if folders else f"There are no folders, and {seen}."


def offered_key(integration: Integration) -> tuple[str, bool]:
    """The fingerprint of the key that waits to be confirmed, "" for none, and whether another was confirmed before."""
    known = integration.credentials
    waiting = known.get(OFFERED, "") != known.get(HOST_KEY, "") and known.get(OFFERED)
    return (known.get(FINGERPRINT, "") if waiting else ""), bool(known.get(HOST_KEY))


def confirm_key(integration: Integration, fingerprint: str) -> None:
    """The server's key is the one with this fingerprint, as a person has seen it. Raises HostKeyRefused."""
    known = integration.credentials
    if not known.get(OFFERED) or known.get(FINGERPRINT) != fingerprint:
        raise HostKeyRefused("The server shows another key by now: test the connection, and compare that one.")
    _keep(integration, {HOST_KEY: known[OFFERED], OFFERED: "", FINGERPRINT: ""})


def forget_key(integration: Integration) -> None:
    """After the address was changed: another server has another key."""
    _keep(integration, {HOST_KEY: "", OFFERED: "", FINGERPRINT: ""})


def _keep(integration: Integration, changed: Mapping[str, str]) -> None:
    values = {**integration.credentials, **changed}
    integration.credentials = Secrets({key: value for key, value in values.items() if value})
    integration.save(update_fields=["credentials"])


def missing_name(error: ShopError) -> bool:
    return error.kind == Failure.NOT_FOUND
