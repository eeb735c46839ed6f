"""One server process as our direct child: its own session, its log in a file, gone when we are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from config.running.embedded.account import SystemAccount
from config.running.embedded.embedded_error import EmbeddedError
from config.running.lifeline import dies_with_parent

# Seconds between two looks.
POLL = 0.02
# Bytes of a log that are kept from one start to the next.
LOG_LIMIT = 5_000_000


def environment() -> dict[str, str]:
    """Little of ours: no locale surprises, no PG* variable that would change the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def private(path: str, flags: int) -> int:
    """For `open`: a new file is its owner's alone."""
    return os.open(path, flags, 0o600)


class Child:
    """A server program in the foreground.

    `end` asks it to stop; `last_words` are read from its log for an error message.
    """

    def __init__(self, name: str, log: Path, account: SystemAccount, end: signal.Signals) -> None:
        self.name = name
        self.log = log
        self.account = account
        self.end = end
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, command: list[str], cwd: Path) -> None:
        """Start the program; returns at once. For the main thread only: the kernel ties a child to the thread."""
        keep = self.log.exists() and self.log.stat().st_size < LOG_LIMIT
        with open(self.log, "ab" if keep else "wb", opener=private) as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(  # noqa: S603
                command,
                cwd=cwd,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                preexec_fn=dies_with_parent(self.end),
                **self.account.run_as,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for the first success of `ready`. Raises EmbeddedError when the program ends or stays silent."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                code = self.process.returncode if self.process else None
                raise EmbeddedError(f"{self.name} ended while starting (code {code}).\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} was not ready after {seconds:.0f} seconds.\n{self.last_words()}")
            time.sleep(POLL)

    def stop(self, seconds: float) -> None:
        """Ask it to end, insist after `seconds`."""
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.end)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.process = None

    def last_words(self, lines: int = 15) -> str:
        """The end of this start's part of the log, with the log's place."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                tail = log.read().decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            tail = []
        return "\n".join([*(f"  {line}" for line in tail), f"The whole log is in {self.log}."])
