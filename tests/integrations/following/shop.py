"""A shop in memory whose orders can be edited, deleted and half-written, and its orders in the book."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations import jobs
from integrations.choices import RunKind, RunState
from integrations.importing import synchronize
from integrations.importing.load import request_load
from integrations.models import Integration, OrderHint, RemoteOrder, Run
from integrations.runs import control
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.fake_connector import FakeConnector

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:6]}
KEYS = list(BODIES)
A, B, C, D, E, F = KEYS


class EditedShop(FakeConnector):
    def document(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.bodies[key])
        return found

    def edit(self, key: str, *, at: datetime | None = None, unstamped: bool = False, **values: Any) -> None:
        """Change an order in the shop: an hour after its last change on record, `at`, or with the stamp kept."""
        document = self.document(key) | values
        if not unstamped:
            stamp = at or (RemoteOrder.objects.get(external_id=key).stamp or timezone.now()) + timedelta(hours=1)
            document["date_modified_gmt"] = f"{stamp:%Y-%m-%dT%H:%M:%S}"
        self.bodies[key] = json.dumps(document).encode()


def order_of(key: str) -> Order:
    return Order.objects.get(remote_order__external_id=key)


def work(run: Run) -> Run:
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.reason
    return run


def load(integration: Integration) -> Run:
    return work(request_load(integration))


def reread(integration: Integration) -> Run:
    return work(control.request(RunKind.OPEN_ORDERS, integration))


def notify(integration: Integration, *keys: str, told: timedelta = timedelta(0)) -> Run:
    now = timezone.now()
    OrderHint.objects.bulk_create(
        OrderHint(integration=integration, external_id=key, first_at=now - told, last_at=now - told, look_at=now)
        for key in keys
    )
    return work(control.request(RunKind.WEBHOOK_ORDERS, integration))


def sync(integration: Integration, *keys: str) -> Run:
    requested = synchronize.request(integration.project_id, [order_of(key).pk for key in keys])
    [run] = requested.runs
    return work(run)
