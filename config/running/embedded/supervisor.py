"""The supervisor: one per data folder, starts both servers, restarts a dead one, leaves nothing running."""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from config.running.embedded import binaries, folders
from config.running.embedded.account import can_reach, server_account
from config.running.embedded.child import POLL, private
from config.running.embedded.embedded_error import EmbeddedError
from config.running.embedded.folders import Locations
from config.running.embedded.postgres import Postgres
from config.running.embedded.valkey import Valkey

# How long an earlier supervisor that is just being killed may hold the folder.
LOCK_SECONDS = 1.0


class Servers:
    """The embedded PostgreSQL and Valkey of one data folder.

        with Servers(data_dir) as servers:
            ... servers.locations.database_url ...

    As a context manager it also turns SIGTERM into an orderly end. `durable=False` is for tests: faster, and a crash
    of the machine may cost the data. Not thread-safe: start, watch and stop it in the main thread.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self.durable = durable
        self.locations: Locations = folders.locations(self.data_dir)
        self._servers: tuple[Postgres, Valkey] | None = None
        self._lock: int | None = None
        self._old_handler: signal.Handlers | None = None

    def start(self) -> None:
        """Start both servers and wait until they answer; stop what an earlier, killed supervisor left running.

        Raises EmbeddedError: another supervisor runs, binaries are missing, a folder is out of reach, a server died.
        """
        folders.make_data_dir(self.data_dir)
        with ExitStack() as undo:
            self._acquire()
            undo.callback(self.stop)
            atexit.register(self.stop)
            self._start_servers()
            undo.pop_all()

    def stop(self) -> None:
        """Stop both, Valkey first, and let go of the folder. Harmless when nothing runs."""
        if self._lock is None:
            return
        atexit.unregister(self.stop)
        postgres, valkey = self._servers or (None, None)
        if valkey is not None:
            valkey.stop()
        if postgres is not None:
            postgres.stop()
        self._servers = None
        folders.remove_socket_dir(self.locations.socket_dir)
        folders.note(self.data_dir).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def alive(self) -> bool:
        """Whether both servers run and can be reached."""
        return self._servers is not None and all(server.alive for server in self._servers)

    def restart_dead(self) -> tuple[str, ...]:
        """Start again what has died; the names of what had. Raises EmbeddedError when it does not come back."""
        restarted = []
        for server in self._servers or ():
            if not server.alive:
                server.stop()
                server.start(self.locations.socket_dir)
                restarted.append(server.name)
        return tuple(restarted)

    def __enter__(self) -> Self:
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._old_handler = signal.SIG_DFL
            signal.signal(signal.SIGTERM, _exit)
        try:
            self.start()
        finally:
            if self._lock is None:
                self._restore_handler()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._restore_handler()

    def _restore_handler(self) -> None:
        if self._old_handler is not None:
            signal.signal(signal.SIGTERM, self._old_handler)
            self._old_handler = None

    def _acquire(self) -> None:
        """Take the folder for ourselves; the kernel lets go of the lock however we end."""
        path = self.data_dir / ".lock"
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise EmbeddedError(
                f"{path} cannot be opened: the data folder belongs to another account. Use that account, or name "
                "another folder in COUNTINGHOUSE_DATA."
            ) from error
        deadline = time.monotonic() + LOCK_SECONDS
        while not _locked(lock):
            if time.monotonic() > deadline:
                os.close(lock)
                raise EmbeddedError(
                    f"Countinghouse already runs with the data folder {self.data_dir}. Stop it first, or name another "
                    "folder in COUNTINGHOUSE_DATA."
                )
            time.sleep(POLL)
        self._lock = lock

    def _start_servers(self) -> None:
        account = server_account(self.data_dir / "postgres")
        if not can_reach(account, self.data_dir):
            raise EmbeddedError(
                f"As root the servers run as `{account.name}`, who cannot enter {self.data_dir}. Name a folder that "
                "everyone may pass in COUNTINGHOUSE_DATA, or start Countinghouse as an ordinary user."
            )
        found = binaries.reachable(binaries.find(), account, self.data_dir)
        postgres = Postgres(self.data_dir, found.postgres, account, durable=self.durable)
        valkey = Valkey(self.data_dir, found.valkey, account, durable=self.durable)
        postgres.take_over()
        valkey.take_over(self.locations.socket_dir)
        folders.make_socket_dir(self.locations.socket_dir, account)
        with open(folders.note(self.data_dir), "wb", opener=private) as note:
            note.write(os.fsencode(f"{self.locations.socket_dir}\n"))
        self._servers = (postgres, valkey)
        for server in self._servers:
            server.start(self.locations.socket_dir)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exit(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)
