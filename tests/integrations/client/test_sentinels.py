"""Endpoints have public addresses only: at save, and at each try, however a local one is spelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_rq
import pytest

from integrations.models import DeliveryAttempt, Project, WebhookEndpoint
from integrations.simulator.receiver import Receiver
from integrations.webhooks import endpoints
from integrations.webhooks.endpoints import EndpointRefused
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import sell, work
from tests.rows import EveryRow

HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost",
    "LOCALHOST", "localhost.", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127.0.0.1.", "good.example@127.0.0.1",
    "user:pw@127.0.0.1", "127.0.0.1\\.good.example", "good.example\\@127.0.0.1", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "127.127.127.127",
]  # fmt: skip


@pytest.fixture
def sentinels(settings: Any) -> Iterator[tuple[Receiver, Receiver]]:
    settings.ALLOWED_SHOP_ADDRESSES = frozenset()
    django_rq.get_queue("default").connection.flushdb()
    with Receiver() as one, Receiver() as two:
        yield one, two


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_a_local_address_is_saved_or_reached(sentinels: tuple[Receiver, Receiver], scheme: str) -> None:
    """The second sentinel's address is written into the row behind the form's back."""
    one, two = sentinels
    with EveryRow() as every:
        for host in HOSTS:
            with every.apart(host):
                project: Project = ProjectFactory.create()
                with pytest.raises(EndpointRefused) as refused:
                    endpoints.create(project, f"{scheme}://{host}:{one.port}/hooks", ["customer.order.created"])
                assert refused.value.field == "url"
                endpoint = endpoints.create(project, "https://app.example", ["customer.order.created"]).endpoint
                WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=f"{scheme}://{host}:{two.port}/hooks")
                sell(project)
                work(project)
                assert (one.received, two.received) == ([], [])
                attempt = DeliveryAttempt.objects.get()
                assert (attempt.status, attempt.answer != "") == (None, True)


@pytest.mark.django_db
def test_control_a_listed_sentinel_is_reached(sentinels: tuple[Receiver, Receiver], settings: Any) -> None:
    one, two = sentinels
    settings.ALLOWED_SHOP_ADDRESSES = {one.address}
    project: Project = ProjectFactory.create()
    endpoints.create(project, one.url, ["customer.order.created"])
    sell(project)
    work(project)
    assert (len(one.received), len(two.received)) == (1, 0)
