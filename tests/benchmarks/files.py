"""A stock file of 200,000 rows against reading it with the csv module: `python -m tests.benchmarks.files`.

Read: every row as the feed's settings say, its width checked, its values typed; that has a bar. A file of quantities
that are so already goes through the whole of it - fetched, looked through, compared under the project's lock - and one
in which every quantity differs books them all, each a movement; these are told beside it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from integrations.models import Integration

ROWS = 200_000
# Of the csv module's time.
BAR = 5.0
# Bytes that reading may take at most, whatever the size of the file.
MOST_MEMORY = 16 * 1024 * 1024
COLUMNS = {"sku": "sku", "quantity": "quantity"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["FILE_SETTLE_SECONDS"] = "0"
    with durable_database():
        found = measure(options.rows, options.rounds)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        _tell(found)
    sys.exit(0 if found["ratio"] <= BAR and found["memory"] <= MOST_MEMORY else 1)


def _tell(found: dict[str, float]) -> None:
    sys.stdout.write(
        f"{found['rows']:,} rows, {found['bytes'] / 1e6:.1f} MB\n"
        f"  csv module  {found['csv']:.2f} s\n"
        f"  read        {found['read']:.2f} s: {found['ratio']:.2f} x (bar {BAR:g}),"
        f" at most {found['memory'] / 1e6:.1f} MB (bar {MOST_MEMORY / 1e6:.1f})\n"
        f"  unchanged   {found['unchanged']:.1f} s: fetched, looked through, and compared\n"
        f"  changed     {found['changed']:.1f} s: and every row booked with a movement\n"
    )


def content(rows: int, units: int) -> bytes:
    lines = (f'{n},,S-{n:06d},{units},"Mug, {n % 97}"\r\n' for n in range(rows))
    return b"product_id,alt,sku,quantity,name\r\n" + "".join(lines).encode()


def measure(rows: int, rounds: int) -> dict[str, float]:
    data = content(rows, 1)
    plain = min(_computed(lambda: _csv(data)) for _ in range(rounds))
    read = min(_computed(lambda: _read(data)) for _ in range(rounds))
    tracemalloc.start()
    _read(data)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "rows": rows,
        "bytes": len(data),
        "csv": plain,
        "read": read,
        "ratio": read / plain,
        "memory": memory,
        **_worked_off(rows),
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _computed(work: Callable[[], object]) -> float:
    """Seconds of computing, whatever else the machine does."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _csv(data: bytes) -> int:
    return sum(1 for _ in csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")))


def _read(data: bytes) -> None:
    from integrations.choices import RunKind
    from integrations.warehouses.file_layout import FileLayout
    from integrations.warehouses.file_rows import rows_of
    from tests.factories import START

    zone: Any = START.tzinfo
    for row in rows_of(io.BytesIO(data), RunKind.STOCK_FILES, FileLayout(columns=COLUMNS), zone):
        if row.fault:
            raise RuntimeError(row.fault)


def _worked_off(rows: int) -> dict[str, float]:
    """Seconds of whole runs, from a file server to the last commit."""
    from django.conf import settings

    from integrations.simulator.file_server import SimulatedFileServer
    from stock import catalogue

    with tempfile.TemporaryDirectory() as folder, SimulatedFileServer(Path(folder), password="pw") as server:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        warehouse = _warehouse(server)
        catalogue.create(warehouse.project_id, {f"S-{n:06d}": f"Mug {n}" for n in range(rows)})
        times = {}
        for name, units in (("changed", 1), ("unchanged", 1)):
            # One byte more makes it another file.
            (server.folder / f"{name}.csv").write_bytes(content(rows, units) + b"\r\n" * (name == "unchanged"))
            times[name] = _timed(lambda: _run(warehouse))
    return times


def _warehouse(server: Any) -> Integration:
    from integrations.choices import RunKind
    from integrations.models import FileFeed
    from integrations.secrets import Secrets
    from integrations.shops.connection import set_up
    from tests.factories import IntegrationFactory

    credentials = Secrets(username="shop", password="pw", host_key=server.host_key_line)
    made: Integration = IntegrationFactory.create(
        platform="files", base_url=f"sftp://{server.address}", credentials=credentials, live=True
    )
    set_up(made)
    files = FileFeed.objects.filter(feed__integration=made, feed__kind=RunKind.STOCK_FILES)
    files.update(folder="", pattern="*.csv", layout={"columns": COLUMNS})
    return made


def _run(warehouse: Integration) -> None:
    from integrations import jobs
    from integrations.choices import RunKind, RunState
    from integrations.models import Run
    from integrations.runs import control

    run = control.request(RunKind.STOCK_FILES, warehouse)
    while run.is_open:
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
        jobs.work(run.pk)
        run.refresh_from_db()
    if run.state != RunState.SUCCEEDED or run.failed:
        raise RuntimeError(run.reason)


if __name__ == "__main__":
    main()
