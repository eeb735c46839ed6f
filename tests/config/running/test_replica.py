"""Lists from a real streaming replica that is held up, taken away and mistaken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.running.embedded import Servers
from tests.config.conftest import CHECKOUT
from tests.replicas import replica_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(500)]

# What every step begins with: a person, and how many products a list and its file have and where they were read.
BEGIN = """
import django
django.setup()
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from config.kit import replica
from integrations.models import Project
from stock.models import ParentProduct, Product
setup_test_environment()
def make(name):
    parent = ParentProduct.objects.create(project=Project.objects.get(), name=name)
    Product.objects.create(project=Project.objects.get(), sku=name, name=name, parent=parent)
browser = Client()
browser.force_login(User.objects.get(), settings.AUTHENTICATION_BACKENDS[-1])
session = browser.session
session["project"] = Project.objects.get().pk
session.save()
def told():
    with CaptureQueriesContext(connections["replica"]) as there:
        page = browser.get("/stock/product/")
        assert page.status_code == 200, (page.status_code, page.headers)
        shown = page.context["cl"].result_count
        file = b"".join(browser.get("/stock/product/export/").streaming_content).decode().count("\\n") - 1
    read = sum("stock_product" in query["sql"] for query in there.captured_queries)
    return f"{shown} {file} {'replica' if read else 'primary'}"
"""
SEED = """
import django
django.setup()
from django.contrib.auth.models import User
from tests.factories import ProjectFactory
ProjectFactory.create()
User.objects.create_superuser("root", password="secret")
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-test-"))
    folder.chmod(0o711)
    try:
        with Servers(folder / "data", durable=False) as servers:
            names = {
                "DATABASE_URL": servers.locations.database_url,
                "REDIS_URL": servers.locations.redis_url,
                "COUNTINGHOUSE_DATA": str(folder / "data"),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "LOG_LEVEL": "WARNING",
            }
            found = dict(os.environ) | names
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=CHECKOUT, env=found)
            subprocess.run([sys.executable, "-c", SEED], check=True, cwd=CHECKOUT, env=found)
            with replica_of(servers, folder / "replica") as url:
                yield found | {"REPLICA_URL": url}
    finally:
        shutil.rmtree(folder)


def run(code: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


STALE = """
make("A-1")
replica.PATIENCE = 5
print(told())
replica.PATIENCE = 0.1
connections["replica"].cursor().execute("SELECT pg_wal_replay_pause()")
make("A-2")
print(told())
replica.WRITTEN = "SELECT '0/0', system_identifier FROM pg_control_system()"
print(told())
connections["replica"].cursor().execute("SELECT pg_wal_replay_resume()")
"""


def test_a_list_never_lacks_what_was_just_written(environment: dict[str, str]) -> None:
    """The last is the control: with the question after the log's position off, the list is read stale."""
    assert run(STALE, environment) == ["1 1 replica", "2 2 primary", "1 1 replica"]


AWAY = """
replica.PATIENCE = 5
print(replica.fresh())
connections["replica"].close()
connections["replica"].settings_dict["HOST"] += "-away"
print(browser.get("/stock/product/").status_code)
print(replica._left_alone_until > 0)
"""


def test_the_primary_is_read_while_the_replica_is_away(environment: dict[str, str]) -> None:
    assert run(AWAY, environment) == ["replica", "200", "True"]


GONE = """
replica.PATIENCE = 5
from django.db import OperationalError
asked = []
def ask():
    asked.append(ParentProduct.objects.all().db)
    if len(asked) == 1:
        raise OperationalError("canceling statement due to conflict with recovery")
    return "told"
print(replica.read(ask), *asked)
def write_and_read():
    first = ParentProduct.objects.all().db
    make("B-1")
    return f"{first} {ParentProduct.objects.all().db}"
replica._left_alone_until = 0
print(replica.read(write_and_read))
"""


def test_what_breaks_off_there_is_asked_again_here(environment: dict[str, str]) -> None:
    assert run(GONE, environment) == ["told replica default", "replica default"]


def test_a_primary_is_no_replica(environment: dict[str, str]) -> None:
    """One that is not in recovery: as after it was promoted, or named by mistake."""
    other = environment | {"REPLICA_URL": environment["DATABASE_URL"]}
    assert run("print(replica.fresh())", other) == ["default"]
