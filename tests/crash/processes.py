"""Real worker processes on the test's database and queue, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def worker_environment(shop_address: str) -> dict[str, str]:
    """The environment of a program that is to use the test database and may connect to one simulated shop."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return dict(os.environ) | {
        "DATABASE_URL": database.geturl(),
        "REDIS_URL": str(settings.RQ_QUEUES["default"]["URL"]),
        "ALLOWED_SHOP_ADDRESSES": shop_address,
        "LOG_LEVEL": "ERROR",
    }


class Workers:
    """A number of `manage.py work` processes; a killed one is replaced."""

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        self._environment = environment
        self._processes = [self._start() for _ in range(count)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill_one(self) -> None:
        """SIGKILL to the longest living worker; its forked process dies with it."""
        process = self._processes.pop(0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills += 1
        self._processes.append(self._start())

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


@contextmanager
def workers(count: int, shop_address: str) -> Iterator[Workers]:
    running = Workers(count, worker_environment(shop_address))
    try:
        yield running
    finally:
        running.stop()
