"""The image of `config/deploy/Dockerfile`, built and used without Docker: a site of its containers takes an import in.

`python -m tests.reliability.image`, as root, with Debian's buildah and mmdebstrap. What the image is built from is made
of Debian's own Python, since no registry of images is asked. Its containers are started with the commands of
`config/deploy/compose.yaml`, as the image's own account, and reach PostgreSQL behind PgBouncer and Valkey, which are
this machine's. Each step is told with its seconds; exits with 1 where one does not come about.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from config.running.embedded.binaries import find_valkey
from tests import pooler
from tests.config.served import free_port
from tests.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]
DEPLOY = CHECKOUT / "config" / "deploy"
NEEDED = ("buildah", "mmdebstrap")
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
IMAGE = "localhost/countinghouse"
ACCOUNT = 10001
ORDERS = 2_000
# Seconds in which a site of containers must have started, and taken an import in.
PATIENCE = 120.0
CERTIFICATES = Path("/etc/ssl/certs")
# What a partner's first project needs, made where staff would make it.
MAKE_KEY = """
from integrations.access import api_keys
from integrations.models import Account, Project
project = Project.objects.create(account=Account.objects.create(name="A"), name="P", currency="EUR", time_zone="UTC")
made = api_keys.make(project.pk, "Partner")
print("KEY", made.key.app_id, made.token)
"""


@dataclass
class Builder:
    """buildah with a store of its own. In a chroot: containers have this machine's network and processes."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str | Path) -> str:
        """What it says. Raises CalledProcessError."""
        return self._said(self._command(*words))

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """A new container of the image, with all settings, and its output in a file."""
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(self._in_container(name, command), env=self._environment, stdout=log, stderr=log)

    def once(self, name: str, *command: str) -> str:
        """What a command in a new container says. Raises CalledProcessError."""
        return self._said(self._in_container(name, command))

    def _said(self, command: Sequence[str]) -> str:
        return subprocess.check_output(command, text=True, env=self._environment).strip()

    def _in_container(self, name: str, command: Sequence[str]) -> list[str]:
        self.run("from", "--quiet", "--pull-never", "--name", name, IMAGE)
        settings = [word for key, value in self.settings.items() for word in ("--env", f"{key}={value}")]
        return self._command("run", "--volume", f"{self.folder}:{self.folder}", *settings, name, "--", *command)

    def _command(self, *words: str | Path) -> list[str]:
        own = ("--root", self.folder / "store", "--runroot", self.folder / "run")
        return ["buildah", *map(str, (*own, *words))]

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        wanted = f"apt install {' '.join(missing)}" if missing else "run it as root"
        sys.exit(f"The image cannot be built on this machine: {wanted}.")
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-image-"))
    folder.chmod(0o711)
    try:
        builder = Builder(folder)
        with _site(builder):
            _use(builder, free_port())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _site(builder: Builder) -> Iterator[None]:
    """The image, and servers with its settings."""
    from cryptography.fernet import Fernet

    from config.running.embedded import Servers

    with _told("what it is built from"):
        _make_base(builder)
    with _told("the image"):
        _build(builder)
    folder = builder.folder
    with Servers(folder / "servers") as servers, ExitStack() as undo:
        database = undo.enter_context(pooler.pooled(servers.locations.database_url, folder / "pooler", size=20))
        builder.settings |= {
            "DATABASE_URL": database,
            "DATABASE_POOL": "transaction",
            "REDIS_URL": undo.enter_context(_valkey(folder)),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": "http://localhost",
        }
        yield


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    """One on a port: the socket of the embedded one is ours alone."""
    port = free_port()
    command = [str(find_valkey()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _make_base(builder: Builder) -> None:
    [name] = set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    release, archive = name.rsplit("-", 1)[1], builder.folder / "base.tar"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", release, archive], check=True
    )
    container = builder.run("from", "scratch")
    builder.run("add", "--quiet", container, archive, "/")
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    builder.run("config", "--env", f"PATH={path}", container)
    builder.run("commit", "--quiet", "--rm", container, name)
    archive.unlink()


def _build(builder: Builder) -> None:
    """With the certificates that this machine trusts."""
    trust = builder.folder / "pip.conf"
    trust.write_text(f"[global]\ncert = {CERTIFICATES}/ca-certificates.crt\n")
    mounted = ["--volume", f"{trust}:/etc/pip.conf:ro", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    read = ("--ignorefile", CHECKOUT / ".dockerignore", "--file", DEPLOY / "Dockerfile")
    builder.run("build-using-dockerfile", "--quiet", "--pull-never", *mounted, *read, "--tag", IMAGE, CHECKOUT)


def _use(builder: Builder, port: int) -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    [entry] = re.findall(r"^ENTRYPOINT (.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    program = json.loads(entry)
    with _told("prepare"):
        builder.once("prepare", *program, *services["prepare"]["command"])
    [*shell, line] = services["web"]["entrypoint"]
    words = {"web": [*shell, line.replace("--port 8000", f"--port {port}")]}
    words |= {name: [*program, *services[name]["command"]] for name in ("worker", "tick")}
    with ExitStack() as undo:
        started = {name: builder.start(name, *command) for name, command in words.items()}
        for container in started.values():
            undo.callback(_end, container)
        with _told("ready"):
            _come(builder, lambda: _ask(port, "/readyz"), lambda told: told["problems"] == [])
        _, app_id, token = builder.once("shell", *program, "shell", "-c", MAKE_KEY).split()[-3:]
        key = {"X-App-Id": app_id, "X-App-Token": token}
        with _told(f"an import of {ORDERS:,} orders"):
            rows = [{"source_id": f"o-{number}", "status": "PAID", "amount": 100 + number} for number in range(ORDERS)]
            action = _ask(port, "/v1/orders/import", key, rows)["async_action_id"]
            done = _come(
                builder, lambda: _ask(port, f"/v1/async-actions/{action}", key), lambda told: told["status"] == "DONE"
            )
        if done["result"]["created_count"] != ORDERS:
            sys.exit(f"Not all orders were created: {done['result']}")
        for name, container in started.items():
            with _told(f"{name} ends when it is asked to"):
                for number in _programs(container):
                    os.kill(number, signal.SIGTERM)
                seconds = float(services[name].get("stop_grace_period", "10s").removesuffix("s"))
                container.wait(seconds)


def _come(builder: Builder, ask: Callable[[], Any], there: Callable[[Any], bool]) -> Any:
    """The answer that is waited for. Without it the last one is told, and what the containers said."""
    if not until(lambda: there(ask()), PATIENCE):
        logs = [f"{log.stem}: {log.read_text()[-2_000:]}" for log in sorted(builder.folder.glob("*.log"))]
        sys.exit("\n".join([f"It did not come about in {PATIENCE:g} seconds: {ask()}", *logs]))
    return ask()


def _programs(container: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a container that are the image's account's."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    inside = {container.pid}
    while more := {number for number, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return sorted(number for number in inside if Path(f"/proc/{number}").stat().st_uid == ACCOUNT)


def _end(container: subprocess.Popen[bytes]) -> None:
    if container.poll() is None:
        for number in _programs(container):
            os.kill(number, signal.SIGKILL)
    container.wait()


def _ask(port: int, path: str, headers: dict[str, str] | None = None, body: Any = None) -> Any:
    """A JSON answer; of one that is not ready, too."""
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", sent)
    for name, value in {"Host": "localhost", "Content-Type": "application/json", **(headers or {})}.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except OSError as error:
        return {"problems": [str(error)]}


@contextmanager
def _told(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    sys.stdout.write(f"{what:<36}{time.monotonic() - begun:6.1f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
