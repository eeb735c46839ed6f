"""What holds for every test. Sockets are closed but for this machine's own: see addopts in pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.conf import settings

from integrations.simulator.receiver import Receiver


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hash passwords quickly: the real hasher takes a quarter of a second by design, for every person of every test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real receiver of webhooks on this machine that may be reached; the queue is empty before and after."""
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with Receiver() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        yield running
    queue.connection.flushdb()
