"""Which account the servers run as: PostgreSQL refuses to run as root, so root lends them another one."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from config.running.embedded.embedded_error import EmbeddedError


class RunAs(TypedDict, total=False):
    """The part of `subprocess` arguments that changes the account; empty when we stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class SystemAccount:
    """The account of the server processes and the owner of their folders."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def run_as(self) -> RunAs:
        return RunAs() if self.is_us else RunAs(user=self.uid, group=self.gid, extra_groups=[])

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def server_account(cluster: Path) -> SystemAccount:
    """Ourselves, or `nobody` when we are root; an existing database folder keeps the account that owns it.

    Raises EmbeddedError when root has nobody to hand the servers to.
    """
    if os.geteuid() != 0:
        return SystemAccount(os.geteuid(), os.getegid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        found = cluster.stat()
        return SystemAccount(found.st_uid, found.st_gid)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError(
            "PostgreSQL does not run as root and this machine has no account `nobody`. "
            "Start Countinghouse as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return SystemAccount(entry.pw_uid, entry.pw_gid)


def can_reach(account: SystemAccount, path: Path) -> bool:
    """Whether the account may run the file or enter the folder; asked of the system, not computed from modes.

    Raises EmbeddedError when we may not switch to that account at all (a container without that right).
    """
    if account.is_us:
        return os.access(path, os.X_OK)
    try:
        # A shell's own `test`: it is everywhere, and it is asked as that account.
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            cwd="/",
            check=False,
            stdin=subprocess.DEVNULL,
            **account.run_as,
        )
    except PermissionError as error:
        raise EmbeddedError(
            f"Root may not switch to the account `{account.name}` here, and PostgreSQL does not run as root. "
            "Start Countinghouse as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return done.returncode == 0
