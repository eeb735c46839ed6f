"""Workers are killed with -9 in the middle of files: no row is booked twice, no order goes out twice, none is lost."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django_rq
import pytest

from integrations.choices import FileState, RunKind, RunState
from integrations.invariants import broken
from integrations.models import ExchangedFile, FileFeed, Integration, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.file_server import SimulatedFileServer
from integrations.tick import tick
from stock.models import StockLevel
from tests.admin.conftest import imported
from tests.crash.processes import workers
from tests.crash.scenario import expire_leases
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.waiting import GENEROUS, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

SKUS, TIMES = 200, 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedFileServer]:
    with SimulatedFileServer(tmp_path, password="pw") as running:
        yield running


@pytest.fixture
def warehouse(server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch) -> Integration:
    monkeypatch.setenv("FILE_SETTLE_SECONDS", "0")
    credentials = Secrets(username="shop", password="pw", host_key=server.host_key_line)
    made = IntegrationFactory.create(
        platform="files", base_url=f"sftp://{server.address}", credentials=credentials, live=True
    )
    set_up(made)
    made.feeds.update(enabled=False)
    return made


@pytest.fixture(autouse=True)
def queue() -> Iterator[Any]:
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    yield queue
    queue.empty()  # type: ignore[no-untyped-call]


def set_feed(warehouse: Integration, kind: RunKind, columns: dict[str, str], **options: Any) -> None:
    feeds = FileFeed.objects.filter(feed__integration=warehouse, feed__kind=kind)
    pattern = "orders" if kind == RunKind.ORDERS_OUT else "*.csv"
    feeds.update(folder="", pattern=pattern, layout={"columns": columns}, options=options)


def finish(run: Run) -> None:
    """What the tick does for a run whose workers die."""
    deadline = time.monotonic() + GENEROUS
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if not run.is_open:
            return
        expire_leases()
        tick()
        time.sleep(0.5)


def position() -> int:
    return ExchangedFile.objects.values_list("position", flat=True).first() or 0


def test_rows_of_a_file_are_booked_once_whatever_is_killed(
    warehouse: Integration, server: SimulatedFileServer, queue: Any
) -> None:
    """Deltas, so that a row that is booked twice, or never, shows in the sum."""
    set_feed(warehouse, RunKind.STOCK_FILES, {"sku": "sku", "quantity": "quantity"}, meaning="delta")
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(SKUS)})
    rows = "".join(f"S-{n},1\n" for _ in range(TIMES) for n in range(SKUS))
    (server.folder / "stock.csv").write_text("sku,quantity\n" + rows)
    run = control.request(RunKind.STOCK_FILES, warehouse)
    with workers(1, server.address) as working:
        for part in range(1, 5):
            until(lambda part=part: position() >= part * SKUS * TIMES // 6, GENEROUS)  # type: ignore[misc]
            working.kill_one()
            queue.empty()
            expire_leases()
            tick()
        finish(run)
    assert (working.kills, run.state, run.updated) == (4, RunState.SUCCEEDED, SKUS * TIMES)
    assert set(StockLevel.objects.values_list("on_hand", flat=True)) == {1 + TIMES}
    assert [path.name for path in (server.folder / "processed").iterdir()] == ["stock.csv"]
    assert broken() == {}


def test_an_order_goes_out_once_whatever_is_killed(
    warehouse: Integration, server: SimulatedFileServer, queue: Any
) -> None:
    """Killed while the server thinks about what it was told: the file is there, and nobody has noted it."""
    set_feed(warehouse, RunKind.ORDERS_OUT, {"order": "order", "sku": "sku", "quantity": "quantity"})
    give_stock(warehouse.project, MUG=50)
    shop = IntegrationFactory.create(project=warehouse.project)
    imported(shop, [incoming(line("MUG", 1), number=str(n)) for n in range(20)])
    server.slow = {"rename": 3.0}  # done at once, answered late
    run = control.request(RunKind.ORDERS_OUT, warehouse)
    with workers(1, server.address) as working:
        until(lambda: any(path.suffix == ".csv" for path in server.folder.iterdir()), GENEROUS)
        assert ExchangedFile.objects.get().state == FileState.RENAMING
        working.kill_one()
        server.slow = {}
        finish(run)
    assert (working.kills, run.state) == (1, RunState.SUCCEEDED)
    sent = [row["order"] for path in server.folder.iterdir() for row in csv.DictReader(io.StringIO(path.read_text()))]
    assert sorted(sent, key=int) == [str(n) for n in range(20)]
    assert ExchangedFile.objects.get().state == FileState.SENT


def test_control_without_the_tick_a_killed_run_stays_where_it_is(
    warehouse: Integration, server: SimulatedFileServer, queue: Any
) -> None:
    set_feed(warehouse, RunKind.STOCK_FILES, {"sku": "sku", "quantity": "quantity"}, meaning="delta")
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(SKUS)})
    rows = "".join(f"S-{n},1\n" for _ in range(TIMES) for n in range(SKUS))
    (server.folder / "stock.csv").write_text("sku,quantity\n" + rows)
    run = control.request(RunKind.STOCK_FILES, warehouse)
    with workers(1, server.address) as working:
        until(lambda: position() > 1_000, GENEROUS)
        working.kill_one()
        queue.empty()
        expire_leases()
        reached = position()
        time.sleep(3)
    run.refresh_from_db()
    assert (run.state, position()) == (RunState.RUNNING, reached)
    assert reached < SKUS * TIMES
