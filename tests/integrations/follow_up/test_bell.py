"""One bell: what follows from orders is rung for by whoever writes it down, once, whatever the way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from config.kit import valkey_client
from integrations.choices import RemoteState, Role
from integrations.importing.payloads import digest_of
from integrations.models import Integration, RemoteOrder
from integrations.review import decisions
from integrations.runs import queue
from integrations.shops.connection import set_up
from orders import announcements, bell
from orders.models import Announcement, Customer
from orders.segments import due
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, member

pytestmark = pytest.mark.django_db

Heard = Callable[[], list[int]]


@pytest.fixture
def integration() -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    return integration


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Heard:
    """The projects for which a worker would be woken by now."""
    rung: list[int] = []
    monkeypatch.setattr(queue, "_enqueue", lambda function, pk, kind: rung.append(pk) if kind == "follow-up" else None)
    valkey_client.shared().flushdb()
    return lambda: rung


def pending(integration: Integration) -> RemoteOrder:
    payload = payloads()[0]
    return RemoteOrder.objects.create(
        project=integration.project,
        integration=integration,
        external_id="1",
        payload=payload.decode(),
        digest=digest_of(payload),
        state=RemoteState.PENDING,
        reason_code="review",
        reason="Fetched by Import Orders.",
        first_seen_at=timezone.now(),
        changed_at=timezone.now(),
    )


def buyer(integration: Integration, email: str) -> Customer:
    return Customer.objects.create(project_id=integration.project_id, email=email, created_at=timezone.now())


def test_accepting_a_buyer_rings(
    integration: Integration, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    person = member(integration.project.account, Role.ORDER_STAFF)
    row = pending(integration)
    with django_capture_on_commit_callbacks(execute=True):
        [done] = decisions.accept(integration.project_id, [row.pk], actor_id=person.pk, actor="ann")
    assert done.done and done.order_id is not None
    assert Announcement.objects.filter(order_id=done.order_id).exists()
    assert heard() == [integration.project_id]


def test_what_is_marked_or_announced_rings_once_a_transaction(
    integration: Integration, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    project_id = integration.project_id
    customers = [buyer(integration, f"{n}@mail.example") for n in range(3)]
    with django_capture_on_commit_callbacks() as callbacks:
        for customer in customers:
            due.mark(project_id, [customer.pk], timezone.now())
        assert heard() == []
    assert len(callbacks) == 1
    callbacks[0]()
    assert heard() == [project_id]


def test_nothing_marked_rings_nobody(
    integration: Integration, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        due.mark(integration.project_id, [None], timezone.now())
    assert (callbacks, heard()) == ([], [])


def test_a_bell_inside_a_savepoint_that_is_undone_hides_no_other(
    integration: Integration, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    project_id = integration.project_id
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            with transaction.atomic():
                queue.ring_follow_up(project_id)
            queue.ring_follow_up(project_id)
            raise RuntimeError
        queue.ring_follow_up(project_id)
    assert heard() == [project_id]


def test_quiet_work_rings_nobody_and_is_there_for_the_tick(
    integration: Integration, heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    customer = buyer(integration, "jana@mail.example")
    with django_capture_on_commit_callbacks(execute=True), bell.quiet():
        due.mark(integration.project_id, [customer.pk], timezone.now())
    assert (heard(), due.count(integration.project_id)) == ([], 1)


def test_control_with_an_empty_slot_nobody_is_rung_for(
    integration: Integration, heard: Heard, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(bell, "_listener", None)
    person = member(integration.project.account, Role.ORDER_STAFF)
    row = pending(integration)
    with django_capture_on_commit_callbacks(execute=True):
        decisions.accept(integration.project_id, [row.pk], actor_id=person.pk, actor="ann")
    assert heard() == []
    assert announcements.waiting_projects() == [integration.project_id]
