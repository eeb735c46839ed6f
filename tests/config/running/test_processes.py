"""The supervisor of programs, with programs that do next to nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.running.processes import Attempts, BackOff, Program, Supervisor
from tests.config.conftest import is_running
from tests.waiting import until

QUICK = BackOff(first=0.05, longest=0.2, forgotten_after=60)
SLEEP = "import time; time.sleep(60)"


def python(name: str, code: str, *arguments: str, stop_seconds: float = 5, stop_group: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", code, *arguments), stop_seconds=stop_seconds, stop_group=stop_group)


def pid_of(supervisor: Supervisor, number: int = 0) -> int:
    process = supervisor.keepers[number].process
    assert process
    return process.pid


def test_a_program_that_ends_is_started_again_until_asked_to_stop(folder: Path) -> None:
    count = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write('x')"
    starts = folder / "starts"
    with Supervisor([python("short", count, str(starts))], back_off=QUICK, look_every=0.01) as supervisor:
        assert until(lambda: not supervisor.run(0.02) and starts.exists() and len(starts.read_text()) >= 3)
    seen = starts.read_text()
    time.sleep(0.3)
    assert starts.read_text() == seen


def test_a_killed_program_comes_back_and_the_others_stay() -> None:
    with Supervisor([python("a", SLEEP), python("b", SLEEP)], back_off=QUICK, look_every=0.01) as supervisor:
        first, second = pid_of(supervisor, 0), pid_of(supervisor, 1)
        os.kill(first, signal.SIGKILL)
        assert until(lambda: not supervisor.run(0.02) and pid_of(supervisor, 0) != first)
        assert pid_of(supervisor, 1) == second
        running = [pid_of(supervisor, 0), second]
    assert not any(is_running(pid) for pid in running)


def test_programs_stop_group_by_group(folder: Path) -> None:
    """The second group hears of the end only once the first is gone."""
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(0.2)\n"
        "    pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2])\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1] + sys.argv[2]).touch()\n"
        "time.sleep(60)\n"
    )
    order = folder / "order"
    programs = [python("late", code, str(order), "2", stop_group=1), python("early", code, str(order), "1")]
    with Supervisor(programs):
        assert until(lambda: all(Path(f"{order}{name}").exists() for name in "12"))
    assert order.read_text() == "12"


def test_a_program_that_will_not_end_is_killed_with_its_children(folder: Path) -> None:
    code = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    note = folder / "child"
    with Supervisor([python("stubborn", code, str(note), stop_seconds=0.2)]) as supervisor:
        assert until(lambda: note.exists() and note.read_text() != "")
        stubborn, child = pid_of(supervisor), int(note.read_text())
    assert not is_running(stubborn)
    assert until(lambda: not is_running(child))


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_run_and_the_handlers_are_given_back(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with Supervisor([python("sleeper", SLEEP)]) as supervisor:
        pid = pid_of(supervisor)
        threading.Timer(0.2, os.kill, (os.getpid(), signum)).start()
        assert supervisor.run(20)
    assert not is_running(pid)
    assert signal.getsignal(signum) is before


def test_a_second_request_does_not_wait() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    with Supervisor([python("stubborn", code, stop_seconds=60)]) as supervisor:
        supervisor.request_stop()
        supervisor.request_stop()
        begun = time.monotonic()
    assert time.monotonic() - begun < 30, "it waited for the minute that the program has"


def test_a_program_that_cannot_be_run_leaves_nothing() -> None:
    supervisor = Supervisor([python("sleeper", SLEEP), Program("missing", ("/no/such/program",))])
    with pytest.raises(FileNotFoundError), supervisor:
        pass
    assert not any(keeper.running for keeper in supervisor.keepers)
    assert supervisor.keepers[0].process is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's signal at a parent's death is Linux's")
def test_programs_do_not_outlive_a_killed_supervisor(script: Callable[..., subprocess.Popen[str]]) -> None:
    process = script(
        "import sys\n"
        "from config.running.processes import Program, Supervisor\n"
        "with Supervisor([Program('sleeper', (sys.executable, '-c', 'import time; time.sleep(60)'))]) as supervisor:\n"
        "    print(supervisor.keepers[0].process.pid)\n"
        "    supervisor.run()\n"
    )
    assert process.stdout
    sleeper = int(process.stdout.readline())
    assert is_running(sleeper)
    process.kill()
    process.wait()
    assert until(lambda: not is_running(sleeper))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's signal at a parent's death is Linux's")
def test_a_forked_process_can_tie_itself_to_its_parent(script: Callable[..., subprocess.Popen[str]]) -> None:
    """What a worker's forked process does, so that no job runs on without its worker."""
    process = script(
        "import os, signal, time\n"
        "from config.running.lifeline import die_with\n"
        "parent = os.getpid()\n"
        "if os.fork() == 0:\n"
        "    die_with(parent, signal.SIGKILL)\n"
        "    print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    assert process.stdout
    forked = int(process.stdout.readline())
    assert is_running(forked)
    process.kill()
    process.wait()
    assert until(lambda: not is_running(forked))


class DeadServers:
    """Servers that come back at the third try."""

    def __init__(self) -> None:
        self.tries = 0

    def restart_dead(self) -> tuple[str, ...]:
        self.tries += 1
        if self.tries < 3:
            raise RuntimeError("disk full")
        return ("PostgreSQL",) if self.tries == 3 else ()


def test_servers_are_tried_again_with_back_off() -> None:
    now = [0.0]
    servers = DeadServers()
    supervisor = Supervisor(
        [], servers=servers, server_failures=(RuntimeError,), back_off=BackOff(first=1), clock=lambda: now[0]
    )
    tries = []
    for now[0] in (0.0, 0.5, 1.1, 2.0, 3.2, 3.3):
        supervisor.look()
        tries.append(servers.tries)
    assert tries == [1, 1, 2, 2, 3, 4]


class TestBackOff:
    def test_it_doubles_up_to_the_longest(self) -> None:
        back_off = BackOff(first=0.5, longest=30)
        assert [back_off.delay(n) for n in (1, 2, 3, 7, 500)] == [0.5, 1.0, 2.0, 30, 30]

    def test_failures_in_a_row_are_forgotten_after_a_long_run(self) -> None:
        now = [0.0]
        attempts = Attempts(BackOff(first=1, forgotten_after=60), lambda: now[0])
        assert attempts.failed() == 1
        assert not attempts.due
        now[0] = 1.0
        assert attempts.due
        attempts.started()
        now[0] = 2.0
        assert attempts.failed() == 2
        now[0] = 4.0
        attempts.started()
        now[0] = 70.0
        assert attempts.failed() == 1

    def test_a_failure_is_counted_once_however_often_it_is_seen(self) -> None:
        now = [0.0]
        attempts = Attempts(BackOff(first=1), lambda: now[0])
        assert attempts.failed() == 1
        now[0] = 0.5
        assert attempts.failed() == 0.5
