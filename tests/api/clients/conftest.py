"""Node's tools, at the versions of package-lock.json; tests that need them are skipped, with the reason, where they
cannot be had."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.access import api_keys
from tests.api import described
from tests.factories import ProjectFactory, give_stock

HERE = Path(__file__).parent
MINUTES = 10 * 60


class Node:
    """Commands of the packages that package.json names."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """A command of a package, such as ["spectral", "lint", ...]; what it says is in `stdout`."""
        program, *rest = command
        path = self.home / "node_modules" / ".bin" / str(program)
        words = [path if path.exists() else program, *rest]
        return subprocess.run(
            words, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MINUTES
        )


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Node:
    """Installed once for each lock file."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    lock = (HERE / "package.json").read_bytes() + (HERE / "package-lock.json").read_bytes()
    assert request.config.cache is not None
    home = Path(request.config.cache.mkdir(f"api-clients-{hashlib.sha256(lock).hexdigest()[:12]}"))
    with (home / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # other processes of the tests want it too
        if not (home / "installed").exists():
            for name in ("package.json", "package-lock.json", "spectral.yaml", "redocly.yaml"):
                shutil.copy(HERE / name, home)
            words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                words, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MINUTES
            )
            if done.returncode:
                pytest.skip(f"the packages cannot be installed: {done.stdout.strip()[-300:]}")
            (home / "installed").touch()
    for name in ("spectral.yaml", "redocly.yaml"):
        shutil.copy(HERE / name, home)
    return Node(home)


@pytest.fixture
def document_file(tmp_path: Path) -> Path:
    """The OpenAPI document of the whole API."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(described.document()))
    return path


@dataclass(frozen=True)
class Running:
    url: str
    app_id: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "URL": self.url, "APP_ID": self.app_id, "TOKEN": self.token}


@pytest.fixture
def running(live_server: LiveServer) -> Running:
    """A server with a project in it, and a key."""
    project = ProjectFactory.create()
    give_stock(project, MUG=10)
    made = api_keys.make(project.pk, "A client")
    return Running(live_server.url, made.key.app_id, made.token)
