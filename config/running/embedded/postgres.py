"""The embedded PostgreSQL: make its folder once, take over from a killed supervisor, start, stop."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from config.running.embedded.account import SystemAccount
from config.running.embedded.child import POLL, Child, environment
from config.running.embedded.embedded_error import EmbeddedError
from config.running.embedded.folders import DATABASE, POSTGRES_SOCKET

# Recovery after a crash reads the log of up to max_wal_size; better patient than killed half-way again.
START_SECONDS = 900.0
STOP_SECONDS = 120.0
# How long the last processes of a killed server may hold its memory.
STALE_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For tests: a crash may cost the data, which are thrown away anyway.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
# Built in: the same order of text on every operating system, and no index to rebuild after its update.
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
# PostgreSQL 15 and 16 have none built in; the system's changes the case of all letters, too.
LOCALE_BEFORE = ("--locale=C.UTF-8",)


class Postgres:
    """One cluster in `<data>/postgres`."""

    name = "PostgreSQL"

    def __init__(self, data_dir: Path, binaries: Path, account: SystemAccount, *, durable: bool) -> None:
        self.cluster = data_dir / "postgres"
        self.binaries = binaries
        self.account = account
        self.durable = durable
        self.socket_dir = Path()
        self.child = Child(self.name, data_dir / "postgres.log", account, signal.SIGINT)

    @property
    def alive(self) -> bool:
        return self.child.running and (self.socket_dir / POSTGRES_SOCKET).exists()

    def take_over(self) -> None:
        """Stop a server that a killed supervisor left behind. Raises EmbeddedError when it does not stop."""
        pid_file = self.cluster / "postmaster.pid"
        pid = _first_number(pid_file)
        if pid is None:
            return
        if not _is_postgres(pid):
            # The number belongs to nobody, to a zombie or by now to a stranger. PostgreSQL itself would take the
            # stranger for a running server and refuse.
            pid_file.unlink(missing_ok=True)
            return
        done = self._run("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w", "-t", str(int(STOP_SECONDS)))
        if done.returncode != 0 and pid_file.exists() and _is_postgres(pid):
            raise EmbeddedError(
                f"A PostgreSQL of an earlier run (process {pid}) does not stop:\n{done.stdout.decode(errors='replace')}"
            )

    def start(self, socket_dir: Path) -> None:
        """Start and wait until it answers. Raises EmbeddedError with the end of its log."""
        self.socket_dir = socket_dir
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._check_version()
        settings = SETTINGS | ({} if self.durable else NOT_DURABLE)
        command = [str(self.binaries / "postgres"), "-D", str(self.cluster)]
        # A list separated by commas; the quotes keep a comma or a space in the path.
        for key, value in (settings | {"unix_socket_directories": f'"{socket_dir}"'}).items():
            command += ["-c", f"{key}={value}"]
        deadline = time.monotonic() + STALE_SECONDS
        while True:
            self.child.start(command, self.cluster)
            try:
                self.child.wait_until(self._ready, START_SECONDS)
            except EmbeddedError:
                # After kill -9 of the server its own children still hold the memory for a moment.
                if "shared memory block" not in self.child.last_words() or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        self.child.stop(STOP_SECONDS)

    def _ready(self) -> bool:
        """The server writes its state into its own pid file: line 1 the process, line 8 the state."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return False
        ours = self.child.process is not None and lines[:1] == [str(self.child.process.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"

    def _make_cluster(self) -> None:
        """Make the cluster aside and rename it: a killed initdb leaves no half cluster behind."""
        new = self.cluster.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if not self.account.is_us:
            os.chown(new, self.account.uid, self.account.gid)
        options = ["--auth=trust", "--encoding=UTF8", "--no-instructions", f"--username={DATABASE}"]
        options += LOCALE if self._major() >= 17 else LOCALE_BEFORE
        done = self._run("initdb", "-D", str(new), *options, *(() if self.durable else ("--no-sync",)))
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL's folder cannot be made:\n{done.stdout.decode(errors='replace')}")
        single = ["--single", "-D", str(new), "-c", "fsync=" + ("on" if self.durable else "off"), "template1"]
        done = self._run("postgres", *single, text=f"CREATE DATABASE {DATABASE}\n")
        if done.returncode != 0:
            raise EmbeddedError(f"The database cannot be made:\n{done.stdout.decode(errors='replace')}")
        new.rename(self.cluster)

    def _check_version(self) -> None:
        """Raises EmbeddedError where the folder was made by another major version."""
        try:
            made_by = (self.cluster / "PG_VERSION").read_text().strip()
        except PermissionError as error:
            raise EmbeddedError(
                f"{self.cluster} belongs to another account (was it started by root before?). Use that account, or "
                "name another folder in COUNTINGHOUSE_DATA."
            ) from error
        if str(self._major()) != made_by:
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {made_by}, but here is {self._major()}. Use that version, "
                "or move the data with pg_dump."
            )

    def _major(self) -> int:
        """18 of "postgres (PostgreSQL) 18.1 (Debian 18.1-1)"."""
        said = self._run("postgres", "--version").stdout.decode(errors="replace")
        return int(re.findall(r"\) (\d+)", said)[0])

    def _run(self, program: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603
            [str(self.binaries / program), *arguments],
            cwd="/",
            env=environment(),
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,
            **self.account.run_as,
        )


def _first_number(path: Path) -> int | None:
    try:
        first = path.read_text(errors="replace").split("\n", 1)[0].strip()
    except (FileNotFoundError, PermissionError):
        return None
    return int(first) if first.isdigit() else None


def _is_postgres(pid: int) -> bool:
    """Whether this process runs and is a PostgreSQL; a zombie has an empty command line."""
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        listing = ["ps", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(listing, capture_output=True, check=False).stdout  # noqa: S603
    time.sleep(POLL)
    return b"postgres" in command
