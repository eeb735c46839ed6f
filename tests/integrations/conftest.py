"""What tests of integrations share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_rq
import pytest

from integrations.simulator.receiver import Receiver


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real receiver of webhooks on this machine that may be reached; the queue is empty before and after."""
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with Receiver() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        yield running
    queue.connection.flushdb()
