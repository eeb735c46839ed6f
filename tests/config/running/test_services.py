"""The throwaway servers of a test run are gone at its end, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.config.conftest import CHECKOUT
from tests.services import STARTED
from tests.waiting import until

pytestmark = pytest.mark.long

BROKEN = "import no_such_module"
SLOW = """
import pathlib, time

def test_slow():
    pathlib.Path(__file__).with_name("runs").touch()
    time.sleep(60)
"""
SEES_SERVERS = """
import os, pathlib

def test_settings_point_to_this_run():
    from django.conf import settings
    assert str(settings.DATA_DIR).startswith(os.environ["TMPDIR"])
    assert settings.DATABASES["default"]["HOST"].startswith(os.environ["TMPDIR"])
    assert pathlib.Path(settings.DATABASES["default"]["HOST"], ".s.PGSQL.5432").is_socket()
"""
OURS = {"DATABASE_URL", "REDIS_URL", "COUNTINGHOUSE_DATA", "XDG_RUNTIME_DIR", STARTED}


@pytest.fixture
def run_pytest(folder: Path) -> Callable[[str], subprocess.Popen[bytes]]:
    """pytest on one file in a process that knows nothing of our servers; its temporary folder is `folder`/t."""
    temporary = folder / "t"
    temporary.mkdir()

    def run(source: str) -> subprocess.Popen[bytes]:
        file = folder / "test_it.py"
        file.write_text(source)
        kept = {key: value for key, value in os.environ.items() if key not in OURS and "XDIST" not in key}
        environment = kept | {"TMPDIR": str(temporary)}
        options = ["-q", "-c", "pyproject.toml", "--rootdir", str(CHECKOUT), "-p", "no:cacheprovider", str(file)]
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *options], cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL
        )

    return run


@pytest.mark.parametrize(("source", "code"), [(SEES_SERVERS, 0), (BROKEN, 2)])
def test_nothing_is_left_after_a_run(
    run_pytest: Callable[[str], subprocess.Popen[bytes]], folder: Path, source: str, code: int
) -> None:
    assert run_pytest(source).wait(100) == code
    assert list((folder / "t").iterdir()) == []


def test_nothing_is_left_after_an_interrupted_run(
    run_pytest: Callable[[str], subprocess.Popen[bytes]], folder: Path
) -> None:
    """SIGTERM is made a Ctrl-C, so this is both."""
    process = run_pytest(SLOW)
    assert until((folder / "runs").exists)
    assert len(list((folder / "t").iterdir())) == 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(50) == 2
    assert list((folder / "t").iterdir()) == []
