"""A durable throwaway database for a benchmark: fsync on, as in production; gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.running.embedded import Servers


@contextmanager
def durable_database() -> Iterator[None]:
    """Start the embedded servers, point Django at them and migrate. To be entered before any model is imported."""
    from config.running.embedded import Servers

    with tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as folder:
        Path(folder).chmod(0o711)  # as root the servers run as another account, which must pass
        data = Path(folder) / "data"
        with Servers(data) as servers, django_on(servers, data):
            yield


@contextmanager
def django_on(servers: Servers, data: Path) -> Iterator[None]:
    """Point Django at servers and bring their database up to date."""
    os.environ["COUNTINGHOUSE_DATA"] = str(data)
    os.environ["DATABASE_URL"] = servers.locations.database_url
    os.environ["REDIS_URL"] = servers.locations.redis_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    from config.running.bell_worker import load_jobs

    load_jobs()  # as a worker does
    call_command("migrate", verbosity=0)
    try:
        yield
    finally:
        connections.close_all()
