"""Behind a PgBouncer in transaction mode, with fewer connections than clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from stock.models import ParentProduct
from tests import pooler
from tests.config.conftest import CHECKOUT
from tests.factories import ProjectFactory

pytestmark = [
    pytest.mark.skipif(pooler.program() is None, reason=pooler.MISSING),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def environment(folder: Path) -> Iterator[dict[str, str]]:
    """Of a process whose database is that of the test, by way of a pooler with two connections."""
    direct = os.environ.get(pooler.DIRECT) or os.environ["DATABASE_URL"]
    with pooler.pooled(direct, folder / "pool", size=2) as url:
        name = str(connection.settings_dict["NAME"])
        yield dict(os.environ) | {
            "DATABASE_URL": url.replace("/countinghouse?", f"/{name}?"),
            "DATABASE_POOL": "transaction",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "COUNTINGHOUSE_DATA": os.environ["COUNTINGHOUSE_DATA"]
            if "COUNTINGHOUSE_DATA" in os.environ
            else str(folder),
        }
        connection.close()


def run(code: str, environment: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import django\ndjango.setup()\n{code}"],
        cwd=CHECKOUT,
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def advisory_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


PREPARE = """
from config.running import parts
parts.collect_static = lambda say: None
parts.prepare(print)
"""
SESSION_LOCK = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock(%s)", [4711])
"""


def test_preparing_leaves_no_lock_behind(environment: dict[str, str]) -> None:
    for _ in range(2):  # the second would wait for ever
        done = run(PREPARE, environment)
        assert done.returncode == 0, done.stderr
        assert advisory_locks() == 0


def test_control_a_lock_of_a_session_stays_behind(environment: dict[str, str]) -> None:
    assert run(SESSION_LOCK, environment).returncode == 0
    assert advisory_locks() == 1


MEANWHILE = """
import subprocess, sys
from django.db import connection
from config.kit.locks import Lock, held_beside
def free():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(Lock.MIGRATION)])
        return cursor.fetchone()[0]
with held_beside(Lock.MIGRATION):
    print(free())
    with connection.cursor() as cursor:  # it waits for every transaction that could still see the old state
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("CREATE INDEX CONCURRENTLY made_meanwhile ON stock_parentproduct (id)")
        cursor.execute("DROP INDEX CONCURRENTLY made_meanwhile")
print(free())
"""


def test_the_lock_holds_over_statements_that_are_transactions_of_their_own(environment: dict[str, str]) -> None:
    done = run(MEANWHILE, environment)
    assert done.stdout.split() == ["False", "True"], done.stderr


ASKED = """
from django.db import OperationalError, connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
"""
LIMIT = "from config.running import parts\nparts.limit_statements_of_role()\n"


@pytest.fixture
def role_of_the_test() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} RESET statement_timeout")


def test_a_limit_of_statements_is_a_setting_of_the_role(
    environment: dict[str, str], role_of_the_test: Any, folder: Path
) -> None:
    limited = run(LIMIT, environment, STATEMENT_TIMEOUT="54321")
    assert limited.returncode == 0, limited.stderr
    with pooler.pooled(os.environ.get(pooler.DIRECT) or os.environ["DATABASE_URL"], folder / "anew") as url:
        fresh = url.replace("/countinghouse?", f"/{connection.settings_dict['NAME']}?")
        assert run(ASKED, environment, DATABASE_URL=fresh).stdout.strip() == "54321ms"


def test_a_pooler_that_nobody_told_of_is_a_sentence(environment: dict[str, str]) -> None:
    done = run(ASKED, environment, STATEMENT_TIMEOUT="54321", DATABASE_POOL="")
    assert done.returncode != 0
    assert "Set DATABASE_POOL=transaction" in done.stderr


READ = """
from stock.models import ParentProduct
from django.db import connection
from config.kit.row_portions import in_portions
connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = {disabled}
rows = ParentProduct.objects.order_by("pk")
print(sum(len(some) for some in in_portions(rows, 100)))
beside = connection.copy()
def busy(place):
    if place == 0:  # another client is lent the connection that the first portion came from
        beside.set_autocommit(False)
        beside.cursor().execute("SELECT 1")
    return 1
print(sum(busy(place) for place, _ in enumerate(rows.iterator(chunk_size=100))))
"""


def test_a_list_of_10_000_rows_comes_whole(environment: dict[str, str]) -> None:
    """Control: a cursor of the server is gone at its second portion, as the list of the admin once was."""
    project = ProjectFactory.create()
    ParentProduct.objects.bulk_create([ParentProduct(project=project, name=str(n)) for n in range(10_001)], 5_000)
    done = run(READ.format(disabled=True), environment)
    assert done.stdout.split() == ["10001", "10001"], done.stderr
    broken = run(READ.format(disabled=False), environment)
    assert broken.stdout.split() == ["10001"]
    assert "cursor" in broken.stderr and "does not exist" in broken.stderr
