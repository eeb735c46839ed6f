"""Where the embedded servers keep their data and their sockets.

The data folder holds `postgres/`, `valkey/`, their logs, `.lock` (held by the running supervisor) and `sockets` (a note
of the socket folder it uses). The sockets live outside of it: a unix socket's path may have only about a hundred bytes.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.running.embedded.account import SystemAccount
from config.running.embedded.embedded_error import EmbeddedError

DATABASE = "countinghouse"
# The folder of copies of the servers' programs, where there are any.
PROGRAMS = "binaries"
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# Bytes; Linux allows 107, macOS 103.
LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True)
class Locations:
    """Where the servers of one data folder can be talked to while they run."""

    socket_dir: Path
    database_url: str
    redis_url: str


def locations(data_dir: Path) -> Locations:
    """The addresses of the servers of this data folder. Starts nothing, writes nothing.

    A running supervisor has noted its socket folder; that note wins while the folder is there, because another
    terminal may have another temporary folder in its environment.
    """
    noted = noted_socket_dir(data_dir)
    return at(noted if noted and noted.is_dir() else default_socket_dir(data_dir))


def at(socket_dir: Path) -> Locations:
    folder = quote(str(socket_dir))
    return Locations(
        socket_dir,
        f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(socket_dir), safe='')}",
        f"unix://{folder}/{VALKEY_SOCKET}?db=0",
    )


def default_socket_dir(data_dir: Path) -> Path:
    """A folder of its own for every data folder and user, as short as it can be."""
    name = hashlib.sha256(f"{os.geteuid()}:{data_dir.resolve()}".encode(errors="surrogateescape")).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # Root's own runtime folder is closed to the account that the servers run as.
    parent = Path(runtime) if runtime and os.geteuid() != 0 and os.access(runtime, os.W_OK) else _temporary()
    return parent / f"countinghouse-{name}"


def _temporary() -> Path:
    folder = Path(tempfile.gettempdir())
    return folder if len(os.fsencode(folder)) < LONGEST_SOCKET_PATH - 60 else Path("/tmp")  # noqa: S108


def note(data_dir: Path) -> Path:
    return data_dir / "sockets"


def noted_socket_dir(data_dir: Path) -> Path | None:
    """The socket folder of the supervisor that runs, or last ran and was killed; None when it stopped in order."""
    try:
        text = note(data_dir).read_text(encoding="utf-8", errors="surrogateescape").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise EmbeddedError(
            f"{note(data_dir)} cannot be read: the data folder belongs to another account. Use that account, or name "
            "another folder in COUNTINGHOUSE_DATA."
        ) from error
    return Path(text) if text else None


def make_data_dir(data_dir: Path) -> None:
    """Make the data folder: closed to others, but for root, whose servers run as another account and must pass.

    Raises EmbeddedError with a sentence when it cannot be made.
    """
    try:
        for parent in reversed(data_dir.parents):
            if not parent.exists():
                parent.mkdir()
                parent.chmod(0o755)  # whatever our umask is: the servers' account must pass
        data_dir.mkdir()
    except FileExistsError:
        if not data_dir.is_dir():
            raise EmbeddedError(
                f"The data folder {data_dir} is not a folder. Name another in COUNTINGHOUSE_DATA."
            ) from None
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {data_dir} cannot be made ({error.strerror}). Name another in COUNTINGHOUSE_DATA."
        ) from error
    if data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        _close(data_dir)


def _close(data_dir: Path) -> None:
    """Take from others what an earlier version, or a laxer umask, left open; the programs of servers may be read."""
    for path in data_dir.iterdir():
        found = path.lstat()
        if found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and path.name != PROGRAMS:
            path.chmod(found.st_mode & 0o700)


def make_socket_dir(folder: Path, account: SystemAccount) -> None:
    """Make the socket folder, entered by the servers' account alone, or empty the one of an earlier run.

    Raises EmbeddedError for a symlink or a folder of someone else: both could show us a stranger's server.
    """
    longest = len(os.fsencode(folder / f"{POSTGRES_SOCKET}.lock"))
    if longest > LONGEST_SOCKET_PATH:
        raise EmbeddedError(
            f"The folder {folder} is too long a path for a socket ({longest} bytes). Set TMPDIR to a shorter one."
        )
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
            raise EmbeddedError(
                f"{folder} should be a folder of our own for sockets, but it is a link or belongs to someone else. "
                "Remove it, or set TMPDIR to another folder."
            ) from None
        for leftover in folder.iterdir():
            leftover.unlink()
    except OSError as error:
        raise EmbeddedError(
            f"The folder {folder} for sockets cannot be made ({error.strerror}). Set TMPDIR to another folder."
        ) from error
    folder.chmod(0o700)
    if not account.is_us:
        os.chown(folder, account.uid, account.gid)


def remove_socket_dir(folder: Path) -> None:
    """Remove what the servers left there; a folder that is gone already is fine."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for leftover in folder.iterdir():
        leftover.unlink(missing_ok=True)
    folder.rmdir()
