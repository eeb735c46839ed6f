"""Folders and helpers for tests that start real servers and real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Generator[Path]:
    """A folder that other accounts may pass, unlike pytest's own `tmp_path`."""
    path = Path(tempfile.mkdtemp(prefix="countinghouse-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie (whose parent may be a container's careless first process)."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


@pytest.fixture
def script(folder: Path) -> Generator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in a process of its own, which is killed at the end of the test if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", code, *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
