"""Early pytest plugin (`-p tests.services`): throwaway PostgreSQL and Valkey for the whole run.

A conftest would be too late: pytest-django imports the settings before it. Where DATABASE_URL and REDIS_URL are set,
those servers are used and nothing is started. Workers of pytest-xdist inherit the addresses from the environment.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import pooler, template

# Set in the environment when the servers are ours, for the workers of pytest-xdist.
STARTED = "COUNTINGHOUSE_TEST_SERVERS"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper, so that it runs before pytest-django's own hook that imports the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        # Undone at every end: passed, failed, settings that cannot be imported, failed collection, Ctrl-C.
        early_config.add_cleanup(_start().close)
    elif STARTED in os.environ:
        database = 1 + int(worker.removeprefix("gw")) % 15
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={database}")
    return (yield)


def _start() -> ExitStack:
    """Servers and a data folder of this run alone, named in the environment; closing the stack removes them."""
    with ExitStack() as undo:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            # pytest ends in order at Ctrl-C, so let SIGTERM be one.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        folder = Path(tempfile.mkdtemp(prefix="countinghouse-tests-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # as root the servers run as another account, which must pass
        data_dir = folder / "data"
        _setenv(undo, "COUNTINGHOUSE_DATA", str(data_dir))
        if not (os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL")):
            from config.running.embedded import EmbeddedError, Servers

            servers = Servers(data_dir, durable=False)
            try:
                servers.start()
            except EmbeddedError as error:
                raise pytest.UsageError(str(error)) from error
            undo.callback(servers.stop)
            _setenv(undo, "DATABASE_URL", servers.locations.database_url)
            _setenv(undo, "REDIS_URL", servers.locations.redis_url)
            _setenv(undo, STARTED, "1")
            _setenv(undo, template.NOTE, str(folder / "template"))
            undo.callback(_end, _make_template(folder))  # without a pooler, which would keep connections to it
            _go_through_pooler(undo, folder)
        return undo.pop_all()


def _go_through_pooler(undo: ExitStack, folder: Path) -> None:
    """Where COUNTINGHOUSE_TEST_POOLER says so: the tests' database by way of PgBouncer in transaction mode."""
    wanted = os.environ.get(pooler.VARIABLE, "")
    if not wanted:
        return
    if wanted != "pgbouncer" or pooler.program() is None:
        raise pytest.UsageError(f"{pooler.VARIABLE} is {wanted!r}: only pgbouncer is known, or {pooler.MISSING}.")
    direct = os.environ["DATABASE_URL"]
    url = undo.enter_context(pooler.pooled(direct, folder / "pooler"))
    _setenv(undo, pooler.DIRECT, direct)
    _setenv(undo, "DATABASE_URL", url)
    _setenv(undo, "DATABASE_POOL", "transaction")


def _make_template(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "template.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.template"],
            cwd=Path(__file__).parents[1],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours alone
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _setenv(undo: ExitStack, name: str, value: str) -> None:
    old = os.environ.get(name)
    os.environ[name] = value
    if old is None:
        undo.callback(os.environ.pop, name, None)
    else:
        undo.callback(os.environ.__setitem__, name, old)
