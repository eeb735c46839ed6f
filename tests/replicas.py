"""A streaming replica of an embedded PostgreSQL, for tests: copied by pg_basebackup, and stopped at the end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.running.embedded import Servers
from config.running.embedded.folders import DATABASE
from tests.waiting import until


@contextmanager
def replica_of(servers: Servers, folder: Path) -> Generator[str]:
    """Its address. `folder`: a new one, which other accounts may pass."""
    assert servers._servers
    postgres = servers._servers[0]
    account, programs = postgres.account, postgres.binaries
    folder.mkdir(mode=0o755)
    if not account.is_us:
        os.chown(folder, account.uid, account.gid)
    place = str(servers.locations.socket_dir)
    copy = [str(programs / "pg_basebackup"), "-h", place, "-U", DATABASE, "-D", str(folder / "cluster"), "-R"]
    subprocess.run(
        [*copy, "--checkpoint=fast", "--no-sync"], check=True, cwd="/", stdout=subprocess.DEVNULL, **account.run_as
    )
    command = [str(programs / "postgres"), "-D", str(folder / "cluster"), "-c", "listen_addresses="]
    for setting in (f"unix_socket_directories={folder}", "max_connections=100", "shared_buffers=32MB", "fsync=off"):
        command += ["-c", setting]
    process = subprocess.Popen(
        command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **account.run_as
    )
    url = f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(folder), safe='')}"
    try:
        assert until(lambda: _answers(url) or process.poll() is not None)
        assert process.poll() is None
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False
