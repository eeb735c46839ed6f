"""Keys that are made once and kept in the data folder, where the environment gives none."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

# The file of the keys of credentials in the data folder, newest first, one a line.
ENCRYPTION_FILE = "encryption_key"
# Files of keys that this process has made.
MADE: list[Path] = []


def kept(path: Path, make: Callable[[], str]) -> str:
    """The key in this file (mode 0600), made now when there is none.

    Two processes at once agree: the key is written aside and linked into place, and a link is never replaced.
    Raises ImproperlyConfigured when the folder cannot be written or the file is empty.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        return _read(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ImproperlyConfigured(
            f"A key should be kept in {path}, but the folder cannot be written ({error.strerror}). Set SECRET_KEY and "
            "ENCRYPTION_KEYS, or name a folder of your own in COUNTINGHOUSE_DATA."
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{make()}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(aside, path)
            MADE.append(path)
    finally:
        aside.unlink()
    return _read(path)


def add(path: Path, key: str) -> None:
    """Put a key in front of those in this file, one a line; whoever reads it meanwhile finds the old file or the new.

    Raises ImproperlyConfigured when the file cannot be read.
    """
    before = _read(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{key}\n{before}\n")
        file.flush()
        os.fsync(file.fileno())
    owner = path.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(aside, owner.st_uid, owner.st_gid)
    aside.replace(path)


def signing_key() -> str:
    return secrets.token_urlsafe(48)


def encryption_key() -> str:
    return Fernet.generate_key().decode()


def checked_encryption_keys(keys: list[str]) -> list[str]:
    """The keys, at least one and each a Fernet key. Raises ImproperlyConfigured, without showing a key."""
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"ENCRYPTION_KEYS: key {place} is not a Fernet key (32 bytes in URL-safe base64). Make one with "
                '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`.'
            ) from error
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is set but holds no key. Unset it, or give at least one.")
    return keys


def _read(path: Path) -> str:
    """Raises FileNotFoundError when there is no key yet."""
    try:
        key = path.read_text(encoding="ascii").strip()
    except PermissionError as error:
        raise ImproperlyConfigured(
            f"The key in {path} cannot be read: it belongs to another account. Use that account, set SECRET_KEY and "
            "ENCRYPTION_KEYS, or name another folder in COUNTINGHOUSE_DATA."
        ) from error
    if not key:
        raise ImproperlyConfigured(
            f"The key file {path} is empty. Restore it from a backup; without it the credentials that it encrypted "
            "must be entered again. Delete it to start with a new key."
        )
    return key
