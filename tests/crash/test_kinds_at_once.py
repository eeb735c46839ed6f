"""Load, retry, open orders and webhooks of one shop read the same orders at the same moment, beside a warehouse that
receives: every order is there once, with its effects once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.choices import ImportAction, RunKind, RunState
from integrations.importing import orders_page
from integrations.invariants import broken
from integrations.jobs import HANDLERS
from integrations.models import Feed, Integration, OrderHint, RemoteOrder, Run
from integrations.runs import control, worker
from integrations.shops.connection import set_up
from orders.intake.allocation import change_stock
from orders.models import Order
from stock import ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

BODIES = payloads()[:60]
KEYS = [body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode() for body in BODIES]
KINDS = (RunKind.LOAD, RunKind.RETRY, RunKind.OPEN_ORDERS, RunKind.WEBHOOK_ORDERS)


@pytest.fixture
def integration(monkeypatch: pytest.MonkeyPatch) -> Integration:
    """A shop all of whose orders wait to be retried and were told of by a webhook; the rule imports them by now."""
    integration = IntegrationFactory.create()
    set_up(integration)
    Feed.objects.update(enabled=False)
    integration.rules.update(action=ImportAction.INVOICE)
    now = timezone.now()
    RemoteOrder.objects.bulk_create(
        RemoteOrder(
            project=integration.project, integration=integration, external_id=key, number=key, status="pending",
            payload="{}", digest=b"old", state="ignored", reason_code="rule_retry", reason="Waiting.",
            action=ImportAction.SKIP, retry=True, next_attempt_at=now, first_seen_at=now, changed_at=now,
        )
        for key in KEYS[::2]
    )  # fmt: skip
    OrderHint.objects.bulk_create(
        OrderHint(integration=integration, external_id=key, first_at=now, last_at=now) for key in KEYS
    )
    together = threading.Barrier(3, timeout=5)  # the first pages of load, retry and webhooks

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait()

    shop = FakeConnector(dict(zip(KEYS, BODIES, strict=True)))
    shop.meanwhile, shop.until = meet, now
    shop.install(monkeypatch)
    return integration


def at_once(*jobs: Callable[[], Any]) -> None:
    def run(job: Callable[[], Any]) -> None:
        try:
            job()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def receive(integration: Integration) -> None:
    for product in Product.objects.filter(project=integration.project)[:20]:
        change_stock(integration.project_id, [Change(product.pk, 2, MovementReason.RECEIPT, "Delivery")])


def work_all(integration: Integration) -> list[Run]:
    requested = [control.request(kind, integration, since=timezone.now()) for kind in KINDS]
    jobs = [lambda run=run: worker.work(run.pk, HANDLERS) for run in requested]
    at_once(*jobs, lambda: receive(integration))
    for run in requested:
        run.refresh_from_db()
    return requested


def test_every_order_lands_once_whoever_is_first(integration: Integration) -> None:
    done = work_all(integration)
    assert [(run.state, run.failures) for run in done] == [(RunState.SUCCEEDED, 0)] * 4
    assert sum(run.created for run in done) == Order.objects.count() == RemoteOrder.objects.count() == len(KEYS)
    receive(integration)
    assert broken() == {}


def test_control_without_the_locks_they_are_in_each_others_way(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The constraints still keep every order single, at the price of pages written twice or again later."""
    again: list[int] = []
    alone = orders_page._alone

    def counted(*args: Any) -> Any:
        again.append(1)
        return alone(*args)

    monkeypatch.setattr(orders_page, "_alone", counted)
    monkeypatch.setattr(orders_page, "lock_shop", lambda lock, integration_id: None)
    monkeypatch.setattr(orders_page, "lock_project", lambda project_id: None)
    monkeypatch.setattr(ledger, "lock_project", lambda project_id: None)
    done = work_all(integration)
    assert again or any(run.failures for run in done)
