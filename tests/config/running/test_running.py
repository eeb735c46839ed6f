"""The parts of a running site: its port, its worker, and all of it with `manage.py up`."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path

import django_rq
import pytest

from config.running import listening
from config.running.bell_worker import make_worker
from config.running.embedded import Servers, folders, locations
from tests.config.conftest import CHECKOUT, is_running
from tests.config.served import free_port
from tests.waiting import until


def healed_in() -> float:
    """Seconds in which a site answers again whose web processes were killed; on a machine that does nothing else, 5.

    By what else the machine has done in the minute that ends now: at the beginning of all tests it was idle.
    """
    return 5.0 + 2 * os.getloadavg()[0]


@pytest.fixture
def taken() -> Generator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_a_sentence(taken: int) -> None:
    with pytest.raises(listening.CannotRun, match=f"Port {taken} on 127.0.0.1 is taken by another program"):
        listening.take_port("127.0.0.1", taken, patience=0)


def test_a_port_that_is_taken_is_not_yet_listened_on() -> None:
    port = free_port()
    with listening.take_port("127.0.0.1", port):
        assert not listening.wait_for_port("127.0.0.1", port, seconds=0.2)


def test_a_port_that_answers_is_seen(taken: int) -> None:
    assert listening.wait_for_port("127.0.0.1", taken, seconds=5)


def test_waiting_for_a_port_can_be_given_up() -> None:
    assert not listening.wait_for_port("127.0.0.1", free_port(), seconds=60, give_up=lambda: True)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("office.example", "http://office.example:8000"),
    ],
)
def test_what_is_printed_opens_in_a_browser(host: str, address: str) -> None:
    assert listening.web_address(host, 8000) == address


class TestWorker:
    @pytest.fixture(autouse=True)
    def empty_queue(self) -> None:
        django_rq.get_queue("default").empty()  # type: ignore[no-untyped-call]

    def test_both_ends_speak_json_and_know_one_job_class(self) -> None:
        queue, worker = django_rq.get_queue("default"), make_worker("test-ends")
        assert worker.queue_names() == ["default"]
        assert worker.serializer is queue.serializer
        assert queue.serializer.dumps([1]) == json.dumps([1]).encode()
        assert worker.job_class is queue.job_class
        assert f"{worker.job_class.__module__}.{worker.job_class.__qualname__}" == "integrations.runs.queue.RunJob"

    def test_a_foreign_job_is_not_run(self, tmp_path: Path) -> None:
        """Whoever can write to the queue must not be able to make a worker run something."""
        queue = django_rq.get_queue("default")
        mark = tmp_path / "mark"
        job = queue.enqueue_call("os.mkdir", args=(str(mark),))
        done = subprocess.run(
            [sys.executable, "manage.py", "work", "--burst"], cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert queue.count == 0
        assert not mark.exists()
        assert job.get_status(refresh=True) == "failed"


@pytest.fixture
def site(folder: Path) -> Generator[tuple[subprocess.Popen[bytes], int, Path]]:
    """`manage.py up` on its own embedded servers: process, port, data folder."""
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
    environment["COUNTINGHOUSE_DATA"] = str(folder / "data")
    port = free_port()
    command = [sys.executable, "-u", "manage.py", "up", "--port", str(port), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
    yield process, port, folder / "data"
    if process.poll() is None:
        process.kill()
    process.wait()
    folders.remove_socket_dir(locations(folder / "data").socket_dir)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [(int(line.split()[0]), int(line.split()[1])) for line in listing.splitlines()]
    found = [pid]
    for member in found:
        found.extend(child for child, parent in parents if parent == member)
    return found


def webs(pid: int) -> list[int]:
    """The web processes of a supervisor."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and " serve " in row[2]]


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            found = json.load(answer)
            return bool(found.pop("problems") == [] and all(found.values()))
    except OSError:
        return False


def open_to_others(data_dir: Path) -> list[str]:
    """What in a data folder is not its owner's alone, or of the wrong owner."""
    ours = os.geteuid()
    servers = pwd.getpwnam("nobody").pw_uid if ours == 0 else ours
    found = [] if stat.S_IMODE(data_dir.stat().st_mode) == (0o711 if ours == 0 else 0o700) else [f"{data_dir} itself"]
    sockets = locations(data_dir).socket_dir
    for path in (*data_dir.rglob("*"), sockets, *sockets.iterdir()):
        try:
            state = path.lstat()
        except FileNotFoundError:
            continue  # PostgreSQL goes on working
        place = path.relative_to(data_dir).parts[0] if data_dir in path.parents else "sockets of servers"
        owner = servers if place in {"postgres", "valkey", "sockets of servers"} else ours
        if place != "binaries" and not path.is_symlink() and (state.st_mode & 0o077 or state.st_uid != owner):
            found.append(f"{path} {stat.filemode(state.st_mode)} of {state.st_uid}")
    return found


def test_control_an_open_file_is_seen(folder: Path) -> None:
    servers = Servers(folder / "data", durable=False)
    servers.start()
    try:
        assert open_to_others(folder / "data") == []
        (folder / "data" / "letters").mkdir(mode=0o755)
        assert len(open_to_others(folder / "data")) == 1
    finally:
        servers.stop()
    folders.make_data_dir(folder / "data")  # as the next start does
    assert stat.S_IMODE((folder / "data" / "letters").stat().st_mode) == 0o700


@pytest.mark.timeout(300)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's signal at a parent's death is Linux's")
@pytest.mark.parametrize("signum", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.long)])
def test_the_whole_site_comes_up_and_leaves_nothing(
    site: tuple[subprocess.Popen[bytes], int, Path], signum: signal.Signals
) -> None:
    process, port, data_dir = site
    log = data_dir.parent / "log"
    assert until(lambda: answers(port) or process.poll() is not None, 180), log.read_text()
    assert process.poll() is None, log.read_text()
    members = family(process.pid)
    assert len(members) > 10
    assert open_to_others(data_dir) == []
    web = webs(process.pid)
    assert len(web) == 2
    for pid in web:
        os.kill(pid, signal.SIGKILL)
    healed = time.monotonic()
    assert until(lambda: answers(port) and not set(web) & set(webs(process.pid)), 30), log.read_text()
    assert time.monotonic() - healed < healed_in()
    process.send_signal(signum)
    process.wait(60)
    if signum == signal.SIGKILL:
        listening.take_port("127.0.0.1", port, patience=1).close()
    assert until(lambda: not any(is_running(pid) for pid in members)), log.read_text()
    if signum == signal.SIGTERM:
        assert process.returncode == 0
        assert log.read_text().endswith("Stopped; the data are kept.\n")
        assert not (data_dir / "sockets").exists()
