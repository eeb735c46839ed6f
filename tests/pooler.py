"""A PgBouncer in transaction mode before a PostgreSQL on a unix socket, for tests; left out where there is none."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from config.running.embedded.account import server_account
from config.running.embedded.folders import POSTGRES_SOCKET
from tests.waiting import until

# The address without the pooler, where the tests go through one.
# Set to `pgbouncer`: the database tests run through one (see `tests.services`).
DIRECT = "COUNTINGHOUSE_TEST_DIRECT_DATABASE"
VARIABLE = "COUNTINGHOUSE_TEST_POOLER"
MISSING = "there is no pgbouncer on this machine (Debian: apt install pgbouncer)"
# Few connections for many clients, so that statements of one client meet those of others on the same connection.
CONFIGURATION = """
[databases]
* = host={server} port=5432 pool_size={size}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 5432
listen_addr =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
max_client_conn = 500
server_check_delay = 0
logfile = {folder}/pooler.log
pidfile = {folder}/pooler.pid
"""


def program() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")


@contextmanager
def pooled(url: str, folder: Path, *, size: int = 10) -> Generator[str]:
    """The address of a pooler before the PostgreSQL at `url`, in a new folder that other accounts may pass.

    `size`: connections to each database. Raises FileNotFoundError where there is no PgBouncer.
    """
    found = program()
    if found is None:
        raise FileNotFoundError(MISSING)
    parts = urlsplit(url)
    server = parse_qs(parts.query)["host"][0]
    folder.mkdir(mode=0o755)
    (folder / "users").write_text(f'"{parts.username}" ""\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(CONFIGURATION.format(server=server, folder=folder, size=size))
    account = server_account(Path(server) / POSTGRES_SOCKET)  # which is who may enter there
    if not account.is_us:
        for path in (folder, folder / "users", configuration):
            os.chown(path, account.uid, account.gid)
    process = subprocess.Popen(
        [found, str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **account.run_as,
    )
    try:
        assert until(lambda: _answers(folder / POSTGRES_SOCKET) or process.poll() is not None)
        assert process.poll() is None, (folder / "pooler.log").read_text()
        yield parts._replace(query=f"host={quote(str(folder), safe='')}").geturl()
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(path))
        return True
    return False
