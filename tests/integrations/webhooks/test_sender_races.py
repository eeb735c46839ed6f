"""Many workers at once send each delivery once, in order; without the guard they do not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.db import connection

from integrations.follow_up import fan_out
from integrations.models import Project, WebhookDelivery, WebhookEndpoint
from integrations.simulator.receiver import Receiver, Reply
from integrations.webhooks import sender
from integrations.webhooks.sender import Held
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import endpoint_at, sell, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(settings: Any) -> Iterator[tuple[Project, Receiver]]:
    django_rq.get_queue("default").connection.flushdb()
    with Receiver(lambda _: Reply(after=0.02)) as receiver:
        settings.ALLOWED_SHOP_ADDRESSES = {receiver.address}
        project = ProjectFactory.create()
        endpoint_at(project, receiver.url)
        sell(project, 12)
        fan_out.pass_on(project.pk)
        yield project, receiver


def four_at_once(project: Project) -> None:
    gate = threading.Barrier(4)

    def run() -> None:
        try:
            gate.wait()
            work(project)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def copies(receiver: Receiver) -> Counter[str]:
    return Counter(found.told["id"] for found in receiver.received)


def test_each_delivery_is_sent_once_and_in_order(project: tuple[Project, Receiver]) -> None:
    four_at_once(project[0])
    assert set(copies(project[1]).values()) == {1}
    heard = [found.told["event"]["entity_id"] for found in project[1].received]
    assert heard == list(WebhookDelivery.objects.order_by("id").values_list("subject", flat=True))
    assert set(WebhookDelivery.objects.values_list("state", "attempts_made")) == {("delivered", 1)}


def test_control_without_the_lease_copies_are_sent(project: tuple[Project, Receiver], monkeypatch: Any) -> None:
    def everybody(project_id: int) -> Held | None:
        if not WebhookDelivery.objects.filter(state="waiting").exists():
            return None
        endpoint = WebhookEndpoint.objects.get(project=project_id)
        return Held(endpoint.pk, endpoint.token)

    monkeypatch.setattr(sender, "claim", everybody)
    four_at_once(project[0])
    assert max(copies(project[1]).values()) > 1
