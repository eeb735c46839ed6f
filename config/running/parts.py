"""What a running site consists of: servers, a prepared database, the web process, workers, the tick."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, connections

from config.kit import locks
from config.kit.locks import Lock
from config.kit.sql import execute
from config.running.listening import CannotRun
from config.running.processes import Program, manage
from integrations.keyring import site_keys

if TYPE_CHECKING:
    from config.running.embedded import Servers

WEB, WORKER, TICK = "web", "worker", "tick"


def keep_private() -> None:
    """From now on files are their owner's alone: those of this process, and of all that it starts."""
    os.umask(0o077)


@contextmanager
def embedded_servers() -> Generator[Servers | None]:
    """The embedded servers, running, where the settings name no others; None where they do.

    Raises CannotRun.
    """
    if not settings.EMBEDDED:
        yield None
        return
    from config.running.embedded import EmbeddedError, Servers

    servers = Servers(settings.DATA_DIR)
    try:
        servers.__enter__()
    except EmbeddedError as error:
        raise CannotRun(str(error)) from error
    try:
        yield servers
    finally:
        servers.__exit__(None, None, None)


def server_failures() -> tuple[type[Exception], ...]:
    """What restarting a server may raise."""
    if not settings.EMBEDDED:
        return ()
    from config.running.embedded import EmbeddedError

    return (EmbeddedError,)


def prepare(say: Callable[[str], object]) -> None:
    """Bring database and static files up to date; connections are closed afterwards. Raises CannotRun."""
    with locks.held_beside(Lock.MIGRATION):  # two sites started at once on one database must not migrate it both
        say("Bringing the database up to date")
        call_command("migrate", interactive=False, verbosity=0)
        limit_statements_of_role()
        try:
            site_keys.check()
        except site_keys.WrongKeys as error:
            raise CannotRun(error.sentence) from error
    connections.close_all()
    collect_static(say)


def limit_statements_of_role() -> None:
    """STATEMENT_TIMEOUT behind a pooler, which takes no such option at the start of a connection and hands what a
    session has set to whoever comes next: as a setting of our role in this database, for every connection from now on.
    """
    if settings.DATABASE_POOL and settings.STATEMENT_TIMEOUT:
        database = connection.ops.quote_name(execute("SELECT current_database()")[0][0])
        execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET statement_timeout = {int(settings.STATEMENT_TIMEOUT)}"
        )


def collect_static(say: Callable[[str], object]) -> None:
    """Collect the static files when they changed since the last time. Raises CannotRun."""
    stamp = Path(settings.STATIC_DIR) / ".stamp"
    state = _static_state()
    if stamp.is_file() and stamp.read_text() == state:
        return
    say("Collecting static files")
    # In a process of its own: the settings choose the storage that writes names with digests only there.
    command = [sys.executable, manage(), "collectstatic", "--noinput", "--verbosity=0"]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603
        raise CannotRun("The static files cannot be collected; what is wrong stands above.")
    stamp.write_text(state)


def _static_state() -> str:
    """A digest of names, sizes and times of all static files."""
    found = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            state = os.stat(storage.path(path))
            found.update(f"{path}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    return found.hexdigest()


def web(number: int, listener: socket.socket) -> Program:
    """A web process on the socket that all of them share; ours, so that it stays when one of them is killed."""
    command = (sys.executable, manage(), "serve", "--fd", str(listener.fileno()))
    return Program(f"{WEB} {number}", command, keeps_open=(listener.fileno(),))


def worker(number: int) -> Program:
    """Stopped warmly: it finishes its job. Killed with us, for a job that nobody watches could run twice."""
    name = f"{WORKER} {number}"
    return Program(name, (sys.executable, manage(), "work"), stop_seconds=30, on_our_death=signal.SIGKILL)


def tick() -> Program:
    return Program(TICK, (sys.executable, manage(), "tick"))


def site_programs(listener: socket.socket, *, webs: int, workers: int) -> list[Program]:
    return [
        *(web(number, listener) for number in range(1, webs + 1)),
        *(worker(number) for number in range(1, workers + 1)),
        tick(),
    ]


def names(programs: Iterable[Program]) -> str:
    return ", ".join(program.name for program in programs)
