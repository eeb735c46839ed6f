"""A web process on servers of its own, which a test may stop, with a person who is logged in."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.running.embedded import Servers
from tests.config.conftest import CHECKOUT
from tests.waiting import until

SEED = """
import json, django
django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from integrations.access import api_keys
from integrations.access.session_store import SessionStore
from tests.factories import IntegrationFactory, ProjectFactory

project = ProjectFactory.create()
IntegrationFactory.create(project=project)
person = User.objects.create_superuser("root", password="secret")
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[-1]
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session["project"] = project.pk
session.save()
print(json.dumps({"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str
    seconds: float


@dataclass
class Served:
    """`servers`: (PostgreSQL, Valkey)."""

    servers: Servers
    environment: dict[str, str]
    log: Path
    cookie: str = ""
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *options: str, before: str = "") -> None:
        """One more web process, the one that is asked from now on; `before` is code that runs in it first."""
        self.port = free_port()
        code = (
            f"{before}\nimport sys; from django.core.management import execute_from_command_line as run; run(sys.argv)"
        )
        command = [sys.executable, "-c", code, "serve", "--port", str(self.port), *options]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        assert until(lambda: self.is_up() or process.poll() is not None), self.log.read_text()
        assert process.poll() is None, self.log.read_text()

    def get(self, path: str, method: str = "GET", seconds: float = 30) -> Answer:
        begun = time.monotonic()
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        client.request(method, path, headers={"Cookie": self.cookie, "Host": "localhost"})
        answer = client.getresponse()
        body = answer.read().decode(errors="replace")
        client.close()
        return Answer(answer.status, answer.headers, body, time.monotonic() - begun)

    def is_up(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/readyz").status == 200
        return False

    def stop_database(self) -> None:
        assert self.servers._servers
        self.servers._servers[0].stop()

    def start_database(self) -> None:
        assert self.servers._servers
        self.servers._servers[0].start(self.servers.locations.socket_dir)
        assert until(self.is_up), self.log.read_text()

    def freeze_database(self) -> None:
        self._signal_database(signal.SIGSTOP)

    def thaw_database(self) -> None:
        self._signal_database(signal.SIGCONT)

    def _signal_database(self, signum: signal.Signals) -> None:
        """To the server and all its processes; each of them is a group of its own."""
        assert self.servers._servers and self.servers._servers[0].child.process
        main = self.servers._servers[0].child.process.pid
        listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        children = [int(pid) for pid, parent in map(str.split, listing.splitlines()) if int(parent) == main]
        for pid in (main, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, signum)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    with Servers(folder / "data", durable=False) as servers:
        environment = dict(os.environ) | {
            "DATABASE_URL": servers.locations.database_url,
            "REDIS_URL": servers.locations.redis_url,
            "COUNTINGHOUSE_DATA": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
        }
        run = {"cwd": CHECKOUT, "env": environment}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, **run)  # type: ignore[call-overload]
        seeded = subprocess.run([sys.executable, "-c", SEED], check=True, stdout=subprocess.PIPE, **run)  # type: ignore[call-overload]
        found = Served(servers, environment, folder / "log", json.loads(seeded.stdout)["cookie"])
        try:
            found.start()
            yield found
        finally:
            for process in found.processes:
                process.kill()
                process.wait()
