"""Workers are killed with -9 and the queue is emptied during ten imports: nothing lost, nothing doubled, order kept."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import django_rq
import pytest
from django.db import OperationalError, connection, transaction

from integrations import jobs
from integrations.choices import RunState
from integrations.invariants import broken
from integrations.models import BulkPortion, Project, Run
from integrations.partner_runs import bulk_import
from integrations.runs import claims, pages
from integrations.runs.claims import Claim
from integrations.runs.pages import PageOutcome, RunPage, Write
from integrations.tick import tick
from orders.models import Customer, Order
from tests.api.conftest import Partner
from tests.crash.faults import moments
from tests.crash.processes import workers
from tests.crash.scenario import expire_leases
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

IMPORTS, ROWS = 10, 600


def rows(name: int, count: int = ROWS) -> list[dict[str, Any]]:
    """Orders of an import; each customer and every tenth order comes again in the next import."""
    return [
        {
            "source_id": f"{name + (1 if number % 10 == 0 else 0)}-{number}",
            "items": [{"source_id": f"SKU-{number % 7}", "quantity": 2, "price": 100 + name}],
            "customer": {"source_id": f"c-{number}", "name": f"Customer of {name}"},
            "status": "PAID",
        }
        for number in range(count)
    ]


@pytest.mark.timeout(240)
def test_killed_workers_and_an_emptied_queue_lose_nothing() -> None:
    partner = Partner(ProjectFactory.create())
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    for name in range(IMPORTS):
        assert partner.post("/v1/orders/import", rows(name)).status_code == 200
    finished: list[int] = []
    with workers(3, "") as running:
        deadline = time.monotonic() + 200
        while (open_runs := Run.objects.exclude(state=RunState.SUCCEEDED)).exists() and time.monotonic() < deadline:
            time.sleep(0.4)
            if running.kills < 12:
                running.kill_one()
                queue.empty()  # type: ignore[no-untyped-call]
            expire_leases()
            Run.objects.filter(state=RunState.WAITING).update(created_at="2025-01-01T00:00:00Z")
            tick()
            done = Run.objects.filter(state=RunState.SUCCEEDED).exclude(pk__in=finished).order_by("finished_at")
            finished += list(done.values_list("pk", flat=True))
        assert not open_runs.exists(), list(Run.objects.values_list("pk", "state", "fetched", "reason"))
    assert running.kills >= 8
    check_all(partner.project)


def check_all(project: Project) -> None:
    finished = Run.objects.filter(project=project).order_by("finished_at")
    ended = list(finished.values_list("pk", flat=True))
    assert ended == sorted(ended), "imports overtook each other"
    assert list(finished.values_list("fetched", "failed")) == [(ROWS, 0)] * IMPORTS
    sent = {row["source_id"] for name in range(IMPORTS) for row in rows(name)}
    kept = list(Order.objects.filter(project=project).values_list("source_id", flat=True))
    assert len(kept) == len(set(kept)) == len(sent)
    assert set(kept) == sent
    assert Customer.objects.filter(project=project).count() == ROWS
    assert set(Customer.objects.values_list("name", flat=True)) == {f"Customer of {IMPORTS - 1}"}
    tick()
    assert not BulkPortion.objects.exists()
    assert broken() == {}


def state(project: Project) -> dict[str, Any]:
    """Everything that must be the same however often the import was interrupted."""
    return {
        "orders": sorted(Order.objects.filter(project=project).values_list("source_id", "total", "remote_status")),
        "lines": sorted(
            Order.objects.filter(project=project).values_list("source_id", "lines__sku", "lines__quantity")
        ),
        "events": sorted(Order.objects.filter(project=project).values_list("source_id", "events__message")),
        "customers": sorted(Customer.objects.filter(project=project).values_list("source_id", "name")),
        "run": list(Run.objects.filter(project=project).values_list("state", "fetched", "created", "updated")),
    }


def interrupted(monkeypatch: pytest.MonkeyPatch, drop_at: int = 0) -> tuple[dict[str, Any], int]:
    """An import of two portions, one order of the second an update, cut off at this moment (0: never)."""
    monkeypatch.setattr(bulk_import, "PORTION", 5)
    monkeypatch.setattr(bulk_import, "AT_ONCE", 5)
    partner = Partner(ProjectFactory.create())
    partner.imported(rows(1, 1))
    sent = [{"source_id": "new", "amount": 5, "customer": {"source_id": "c-9"}}, *rows(0, 8)]
    sent += [row | {"metadata": {"changed": 1}} for row in rows(1, 1)]
    sent.pop(1)
    partner.post("/v1/orders/import", sent)
    run = Run.objects.filter(project=partner.project).latest("pk")
    with moments(drop_at) as counted, suppress(OperationalError):
        jobs.work(run.pk)
    connection.close()
    for _ in range(5):
        expire_leases()
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
        jobs.work(run.pk)
    return state(partner.project), counted.passed


def test_every_moment_of_an_import_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, count = interrupted(monkeypatch)
    assert count > 30
    assert expected["run"][0] == ("succeeded", 9, 8, 1)
    wrong = [moment for moment in range(1, count + 1) if interrupted(monkeypatch, moment)[0] != expected]
    assert wrong == []
    assert broken() == {}


def test_control_a_cursor_that_moves_before_its_portion_loses_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comparison with the guard off: the cursor is committed first, the portion afterwards."""
    write = pages._write

    def cursor_first(held: Claim, page: RunPage, how: Write) -> PageOutcome:
        with transaction.atomic():
            claims.advance(held, {}, page.cursor)
        return write(held, page, how)

    expected, count = interrupted(monkeypatch)
    monkeypatch.setattr(pages, "_write", cursor_first)
    wrong = [moment for moment in range(1, count + 1) if interrupted(monkeypatch, moment)[0] != expected]
    assert len(wrong) > 5
