"""Keeping a handful of programs running: start, restart with back-off, stop in order.

Knows nothing of what the programs are; `config.running.parts` does.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from django.conf import settings

from config.running.lifeline import dies_with_parent

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def manage() -> str:
    return str(settings.BASE_DIR / "manage.py")


@dataclass(frozen=True)
class Program:
    """A program to keep running, in the foreground and without a terminal of its own."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to ours."""
    stop_seconds: float = 20.0
    """How long it may take to end after SIGTERM before it is killed; a worker finishes its job in that time."""
    stop_group: int = 0
    """Lower groups are stopped first; programs of one group at once."""
    on_our_death: signal.Signals = signal.SIGTERM
    """What the kernel sends it when this process is killed."""
    keeps_open: tuple[int, ...] = ()
    """File handles of ours that it inherits under the same numbers."""


@dataclass(frozen=True)
class BackOff:
    """Seconds before the n-th restart in a row: doubled each time; forgotten once the program ran long enough."""

    first: float = 0.5
    longest: float = 30.0
    forgotten_after: float = 15.0

    def delay(self, failures: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 20))


class WatchedServers(Protocol):
    """What the programs stand on; the embedded servers are this."""

    def restart_dead(self) -> tuple[str, ...]: ...


class Attempts:
    """Counts failures in a row and says when the next try is due."""

    def __init__(self, back_off: BackOff, clock: Callable[[], float]) -> None:
        self._back_off = back_off
        self._clock = clock
        self._failures = 0
        self._started = clock()
        self._due: float | None = None

    def started(self) -> None:
        self._started = self._clock()
        self._due = None

    def rearm(self) -> None:
        """Ready for another try, without forgetting the failures before."""
        self._due = None

    def failed(self) -> float:
        """Note a failure once; the seconds until the next try."""
        now = self._clock()
        if self._due is None:
            if now - self._started >= self._back_off.forgotten_after:
                self._failures = 0
            self._failures += 1
            self._due = now + self._back_off.delay(self._failures)
        return self._due - now

    @property
    def pending(self) -> bool:
        """Whether a failure was noted and not yet followed by a start."""
        return self._due is not None

    @property
    def due(self) -> bool:
        return self._due is None or self._clock() >= self._due


class Keeper:
    """One program: its process, and when it may be started again."""

    def __init__(self, program: Program, back_off: BackOff, clock: Callable[[], float]) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self._attempts = Attempts(back_off, clock)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Raises OSError when the program cannot be run at all."""
        self.process = subprocess.Popen(  # noqa: S603
            self.program.command,
            env=dict(os.environ) | dict(self.program.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=self.program.keeps_open,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop the others in order
            preexec_fn=dies_with_parent(self.program.on_our_death),
        )
        self._attempts.started()

    def look(self) -> None:
        """Start it again when it is down and the wait is over."""
        if self.running:
            return
        if not self._attempts.pending:
            code = self.process.returncode if self.process else None
            logger.warning(
                "%s ended (code %s); starting it again in %.1f s", self.program.name, code, self._attempts.failed()
            )
        elif self._attempts.due:
            self.start()

    def signal(self, signum: signal.Signals) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(signum)

    def kill(self) -> None:
        """Kill it with everything it started in its session's first process group."""
        if self.process is not None and self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Starts the programs in order, watches them and the servers, and stops all programs at the end.

        with Supervisor(programs, servers=servers) as supervisor:
            supervisor.run()

    While it is entered SIGINT, SIGTERM and SIGHUP ask it to stop; a second one kills the programs at once. The servers
    are not its own: who started them stops them, after it.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        servers: WatchedServers | None = None,
        server_failures: tuple[type[Exception], ...] = (),
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
        look_every: float = 0.25,
    ) -> None:
        """`server_failures`: what `servers.restart_dead` raises when a server does not come back; tried again later."""
        back_off = back_off or BackOff()
        self.keepers = [Keeper(program, back_off, clock) for program in programs]
        self._servers = servers
        self._server_failures = server_failures
        self._server_attempts = Attempts(back_off, clock)
        self._look_every = look_every
        self._stop = threading.Event()
        self._hurry = False
        self._old_handlers: dict[signal.Signals, Any] = {}

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def request_stop(self) -> None:
        """Let `run` return; a second request makes the end a quick one."""
        self._hurry = self._stop.is_set()
        self._stop.set()

    def __enter__(self) -> Self:
        for signum in STOP_SIGNALS:
            self._old_handlers[signum] = signal.signal(signum, self._on_signal)
        started = False
        try:
            for keeper in self.keepers:
                if not self.stopping:
                    keeper.start()
            started = True
        finally:
            if not started:
                self.stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def run(self, seconds: float | None = None) -> bool:
        """Watch until asked to stop, or for so many seconds. Whether it was asked to stop."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._stop.wait(self._look_every):
            self.look()
            if end is not None and time.monotonic() >= end:
                return False
        return True

    def look(self) -> None:
        """One look at everything: servers first, since the programs stand on them."""
        if self._servers is not None and self._server_attempts.due:
            try:
                restarted = self._servers.restart_dead()
            except self._server_failures as error:
                self._server_attempts.rearm()
                logger.error("%s Next try in %.1f s.", error, self._server_attempts.failed())
            else:
                self._server_attempts.rearm()
                for name in restarted:
                    logger.warning("%s had ended; it was started again", name)
        for keeper in self.keepers:
            if not self.stopping:
                keeper.look()

    def stop(self) -> None:
        """Stop the programs group by group and give the signals back. Nothing of them is left running."""
        self._stop.set()
        for group in sorted({keeper.program.stop_group for keeper in self.keepers}):
            self._stop_together([keeper for keeper in self.keepers if keeper.program.stop_group == group])
        for signum, handler in self._old_handlers.items():
            signal.signal(signum, handler)
        self._old_handlers = {}

    def _stop_together(self, keepers: list[Keeper]) -> None:
        for keeper in keepers:
            keeper.signal(signal.SIGTERM)
        begun = time.monotonic()
        while waiting := [keeper for keeper in keepers if keeper.running]:
            for keeper in waiting:
                if self._hurry or time.monotonic() - begun > keeper.program.stop_seconds:
                    logger.warning("%s does not end; killing it", keeper.program.name)
                    keeper.kill()
            time.sleep(0.02)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self.request_stop()
