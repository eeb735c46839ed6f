"""A worker has loaded what its jobs need before it starts a process for one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.running import same_keys
from tests.architecture.reading import CHECKOUT

# In a process of its own, as a worker is: what our jobs load that was not there.
PROGRAM = """
import sys
import django
django.setup()
from config.running import bell_worker
if sys.argv[1] == "loaded":
    bell_worker.load_jobs()
before = set(sys.modules)
from rq.utils import import_attribute
from integrations.connectors import all_connectors
from integrations.runs.queue import ALLOWED
all_connectors()
for job in ALLOWED:
    import_attribute(job)
print(len(set(sys.modules) - before))
"""


def loaded_by_a_job(how: str) -> int:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", PROGRAM, how]
    program = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True)
    return int(program.stdout)


def test_a_job_loads_nothing() -> None:
    assert loaded_by_a_job("loaded") == 0


def test_control_without_it_each_job_loads_modules() -> None:
    assert loaded_by_a_job("not") > 100


@pytest.mark.django_db
def test_the_command_loads_them_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.management.commands import work

    done: list[str] = []

    class Worker:
        def work(self, **_: object) -> None:
            done.append("works")

    monkeypatch.setattr(work, "load_jobs", lambda: done.append("loaded"))
    monkeypatch.setattr(work, "make_worker", lambda name: Worker())
    monkeypatch.setattr(same_keys, "insist", lambda: None)
    work.Command().handle(name=None, burst=True)
    assert done == ["loaded", "works"]
