"""A warehouse with a file server of its own, and what tests do with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import jobs
from integrations.choices import RunKind
from integrations.invariants import INVARIANTS
from integrations.models import ExchangedFile, Feed, FileFeed, Integration, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import in_hand
from tests.factories import IntegrationFactory

PASSWORD = "pw ž%@:/#1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedFileServer]:
    folder = tmp_path / "server"
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True)
    with SimulatedFileServer(folder, password=PASSWORD) as running:
        yield running


@pytest.fixture
def warehouse(db: None, server: SimulatedFileServer, settings: Any) -> Iterator[Integration]:
    settings.ALLOWED_SHOP_ADDRESSES = {server.address}
    settings.FILE_SETTLE_SECONDS = 0
    made = IntegrationFactory.create(
        platform="files",
        title="North dock",
        base_url=f"sftp://{server.address}",
        credentials=Secrets(username="shop", password=PASSWORD, host_key=server.host_key_line),
        live=True,
    )
    set_up(made)
    yield made
    in_hand.drop()
    assert [broken for each in INVARIANTS for broken in each.violations()] == []


def set_feed(warehouse: Integration, kind: RunKind, columns: dict[str, str], **values: Any) -> Feed:
    """Set a feed up: where its files are, and what they look like."""
    feed = Feed.objects.get(integration=warehouse, kind=kind)
    options = values.pop("options", {})
    where = {name: values.pop(name) for name in ("folder", "pattern") if name in values}
    FileFeed.objects.filter(feed=feed).update(layout={"columns": columns, **values}, options=options, **where)
    feed.integration = warehouse
    return feed


def put(server: SimulatedFileServer, name: str, content: bytes | str, at: float | None = None) -> Path:
    path = server.folder / "out" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if at is not None:
        os.utime(path, (at, at))
    return path


def work(warehouse: Integration, kind: RunKind, most: int = 20) -> Run:
    """Run a feed as workers would, through its waits."""
    run = control.request(kind, warehouse)
    for _ in range(most):
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
        jobs.work(run.pk)
        run.refresh_from_db()
        if not run.is_open:
            break
    return run


def files(warehouse: Integration) -> list[tuple[str, str]]:
    """Names and states, in the order in which they were seen."""
    return list(ExchangedFile.objects.filter(project=warehouse.project).order_by("pk").values_list("name", "state"))


def there(server: SimulatedFileServer) -> list[str]:
    """All files on the server."""
    return sorted(str(path.relative_to(server.folder)) for path in server.folder.rglob("*") if path.is_file())


Works = Callable[..., Run]
