"""What tests of integrations share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django_rq
import pytest

from integrations.simulator.receiver import Receiver
from tests.authority import Authority


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trusted, in this test, instead of the world's."""
    made = Authority(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(made.path))
    return made


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real receiver of webhooks on this machine that may be reached; the queue is empty before and after."""
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with Receiver() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        yield running
    queue.connection.flushdb()
