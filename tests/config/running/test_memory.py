"""A process that has answered large requests is as small afterwards as before; without giving back it is not."""

from __future__ import annotations

import json
import multiprocessing
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from config.running import memory
from tests.config.running.test_front import exchange, running

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, and trims glibc's memory")

THREADS, MEGABYTE = 8, 1024


def held() -> int:
    """KiB in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def large_request(give_back: bool) -> None:
    """As one does: thousands of objects of a large body, and some that stay behind among them."""
    rows = json.loads(json.dumps([{f"key {number}": "x" * 900} for number in range(12_000)]))
    KEPT.append(rows[::1_000])
    del rows
    if give_back:
        memory.give_back()


KEPT: list[Any] = []


def grown(pipe: Any, careful: bool) -> None:
    if careful:
        memory.share_one_arena()
    before = held()
    threads = [threading.Thread(target=large_request, args=(careful,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(held() - before)


def growth(careful: bool) -> int:
    """KiB by which a new process has grown after eight large requests at once."""
    here, there = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=grown, args=(there, careful))
    process.start()
    found: int = here.recv()
    process.join()
    return found


@pytest.mark.long
def test_what_large_requests_took_is_given_back() -> None:
    assert growth(careful=True) < 30 * MEGABYTE
    assert growth(careful=False) > 60 * MEGABYTE  # the control


@pytest.mark.parametrize(("size", "given_back"), [(3_000, 1), (1_000, 0)])
def test_the_front_gives_back_after_a_large_body_only(
    monkeypatch: pytest.MonkeyPatch, size: int, given_back: int
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "LARGE", 2_000)
    monkeypatch.setattr(memory, "give_back", lambda: calls.append(1))
    with running() as port:
        head = f"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
        assert b"200 OK" in exchange(port, head + b"x" * size)
        exchange(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert len(calls) == given_back


def test_elsewhere_than_on_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_libc", lambda: object())
    memory.share_one_arena()
    memory.give_back()
