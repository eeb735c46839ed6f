"""Every address while PostgreSQL or Valkey is away, over real sockets and with real servers."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from config.site.outage import Outage, is_outage
from tests.config.served import Answer, Served, serving
from tests.waiting import until

# Seconds that no page may take.
LONGEST = 3.0


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-test-"))
    folder.chmod(0o711)
    try:
        with serving(folder) as found:
            yield found
    finally:
        shutil.rmtree(folder)


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Every address there is, with 1 for what varies."""
    for each in resolver.url_patterns:
        pattern = str(each.pattern)
        path = before + re.sub(r"<[^>]+>", "1", pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from addresses(each, path)
        elif isinstance(each, URLPattern) and not re.search(r"[\\(*+?^]", path):
            yield path


ADDRESSES = sorted({path for path in addresses(get_resolver()) if path not in {"/healthz", "/readyz", "/logout/"}})


def is_plain(path: str, answer: Answer) -> bool:
    """Whether it is a 503 with a sentence in the language of who asks."""
    if answer.status != 503 or answer.headers["Retry-After"] != "5":
        return False
    if path.startswith(("/v1/", "/back-office/")):
        return bool(json.loads(answer.body)["key"] == "unavailable")
    if path.startswith("/hooks/"):
        return answer.body == "The database cannot be reached. Try again.\n"
    return "<h1>The database cannot be reached</h1>" in answer.body and "theme.css" in answer.body


def test_there_are_many_addresses() -> None:
    assert len(ADDRESSES) > 150
    assert {"/", "/orders/order/", "/v1/orders", "/hooks/1/"} <= set(ADDRESSES)


@pytest.mark.crash
@pytest.mark.timeout(600)
class TestWithRealServers:
    def walk(self, site: Served) -> dict[str, Answer]:
        found = {path: site.get(path) for path in ADDRESSES}
        late = {path: answer.seconds for path, answer in found.items() if answer.seconds > LONGEST}
        assert late == {}
        faults = [path for path, answer in found.items() if answer.status == 500]
        assert faults == [], site.log.read_text()[-3000:]
        return found

    def test_control_all_is_well_while_both_are_there(self, site: Served) -> None:
        statuses = [answer.status for answer in self.walk(site).values()]
        assert 503 not in statuses
        assert statuses.count(200) > 40

    def test_postgresql_is_stopped(self, site: Served) -> None:
        site.stop_database()
        try:
            odd = {path: answer for path, answer in self.walk(site).items() if not is_plain(path, answer)}
            assert odd == {}
            assert is_plain("/", site.get("/orders/order/1/change/", "POST"))
            ready = site.get("/readyz")
            assert (ready.status, json.loads(ready.body)["postgresql"]) == (503, False)
            assert site.get("/healthz").status == 200
        finally:
            site.start_database()
        assert until(lambda: site.get("/").status == 200)

    def test_postgresql_hangs_in_the_middle_of_everything(self, site: Served) -> None:
        """Twelve people ask, over and over: those who were waiting are told in time, too."""
        found: list[Answer] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                found.append(site.get("/orders/order/"))

        people = [threading.Thread(target=ask) for _ in range(12)]
        for person in people:
            person.start()
        assert until(lambda: len(found) >= len(people))
        site.freeze_database()
        try:
            time.sleep(6)
        finally:
            over.set()
            for person in people:
                person.join()
            healthy = site.get("/healthz")
            site.thaw_database()
        assert healthy.status == 200 and healthy.seconds < 1
        assert {answer.status for answer in found} == {200, 503}
        assert max(answer.seconds for answer in found) < LONGEST
        assert until(lambda: site.get("/").status == 200)

    def test_control_without_the_watch_they_would_wait(self, site: Served) -> None:
        watched = site.port
        site.start("--threads", "1", before="from config.running import watch; watch.begin = lambda: None")
        assert site.get("/").status == 200
        site.freeze_database()
        try:
            with pytest.raises(TimeoutError):
                site.get("/", seconds=2 * LONGEST)
        finally:
            site.thaw_database()
            site.port = watched
        assert until(lambda: site.get("/").status == 200)

    def test_valkey_is_away(self, site: Served) -> None:
        """Bells are lost, and nothing else is."""
        assert site.servers._servers
        valkey = site.servers._servers[1]
        valkey.stop()
        try:
            statuses = [answer.status for answer in self.walk(site).values()]
            assert 503 not in statuses
            assert statuses.count(200) > 40
            ready = json.loads(site.get("/readyz").body)
            assert (ready["postgresql"], ready["redis"]) == (True, False)
        finally:
            valkey.start(site.servers.locations.socket_dir)


def lost(code: str | None) -> OperationalError:
    error = OperationalError("away")
    error.__cause__ = psycopg.errors.lookup(code)("away") if code else psycopg.OperationalError("away")
    return error


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (None, True),
        ("57P01", True),
        ("57P03", True),
        ("53300", True),
        ("08006", True),
        ("40P01", False),
        ("57014", False),
    ],
)
def test_bad_luck_of_a_statement_is_no_outage(code: str | None, told: int) -> None:
    assert is_outage(lost(code)) == bool(told)


def test_a_fault_of_ours_is_none_either() -> None:
    assert not is_outage(ValueError())
    assert not is_outage(None)


@pytest.mark.parametrize(("path", "asked"), [("/orders/order/", False), ("/static/x.css", True), ("/healthz", True)])
def test_nobody_waits_for_a_database_that_is_known_to_be_away(
    path: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def view(request: HttpRequest) -> Any:
        seen.append(request.path)

    monkeypatch.setattr("config.site.outage.database_is_away", lambda: True)
    Outage(view)(RequestFactory().get(path))
    assert bool(seen) is asked
