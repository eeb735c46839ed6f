"""Live intake against the COPY floor: `python -m tests.benchmarks.intake [--json] [--rounds N]`.

Ours: from the payloads' bytes to the last commit, parsing included, a transaction per page of 100. Floor: exactly the
rows our run wrote, copied by psycopg into the same tables (same indexes, constraints and triggers, fsync on), with the
stock locked and updated, in transactions of the same size. Rounds are interleaved; medians; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.benchmarks import w2000
from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from integrations.models import Integration
    from tests.benchmarks.floor import Floor

PAGE = 100
BAR = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with durable_database():
        result = measure(options.rounds)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        sys.stdout.write(
            f"{result['orders']} orders of {w2000.LINES} lines, live, pages of {PAGE}, {options.rounds} rounds\n"
            f"  ours   {result['ours_ms_per_order']:.3f} ms an order\n"
            f"  floor  {result['floor_ms_per_order']:.3f} ms an order (COPY of the same rows)\n"
            f"  again  {result['again_ms_per_order']:.3f} ms an order (all known, nothing changed)\n"
            f"  ratio  {result['ratio']:.2f} (bar {BAR:g});  known orders {result['again_ratio']:.3f} of new ones\n"
            f"  statements per page  {result['statements_per_page']}\n"
        )
    sys.exit(0 if result["ratio"] <= BAR else 1)


def measure(rounds: int) -> dict[str, Any]:
    from tests.benchmarks.floor import Floor

    integration = _shop()
    documents = w2000.payloads()
    pages = [documents[start : start + PAGE] for start in range(0, len(documents), PAGE)]
    times: dict[str, list[float]] = {"ours": [], "again": [], "floor": []}
    floor: Floor | None = None
    statements = 0
    for round_number in range(rounds + 1):  # the first one warms up and is not counted
        _empty(integration)
        ours = _timed(lambda: _load(integration, pages))
        again = _timed(lambda: _load(integration, pages))
        if floor is None:
            floor = Floor.of_what_is_there(integration.project_id, PAGE)
            statements = _statements(integration, pages[0])
        _empty(integration)
        copied = _timed(floor.write)
        if round_number:
            times["ours"].append(ours)
            times["again"].append(again)
            times["floor"].append(copied)
    medians = {name: statistics.median(values) * 1000 / len(documents) for name, values in times.items()}
    return {
        "orders": len(documents),
        "ours_ms_per_order": medians["ours"],
        "floor_ms_per_order": medians["floor"],
        "again_ms_per_order": medians["again"],
        "ratio": medians["ours"] / medians["floor"],
        "again_ratio": medians["again"] / medians["ours"],
        "statements_per_page": statements,
        "rows": floor.rows if floor else {},
    }


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _shop() -> Integration:
    from tests.factories import IntegrationFactory, give_stock

    integration = IntegrationFactory.create()
    give_stock(integration.project, **{sku.replace("-", "_"): 1_000_000 for sku in w2000.skus()})
    from integrations.shops.connection import set_up

    set_up(integration)
    return integration


def _load(integration: Integration, listed: list[list[bytes]]) -> None:
    """The live path of a load, without the shop: read, decide, write, page by page."""
    from integrations.choices import RunKind, RunState
    from integrations.importing import remote_orders
    from integrations.importing.orders_page import import_page
    from integrations.importing.payloads import read_page
    from integrations.runs import claims, control, pages

    run = control.request(RunKind.LOAD, integration)
    claim = claims.claim(run.pk)
    if claim is None:
        raise RuntimeError("the run of the benchmark could not be claimed")
    connector, shop = integration.connector, integration.shop()
    on_record = partial(remote_orders.digests, integration.pk)
    for number, page in enumerate(listed):
        candidates = read_page(connector, shop, page, on_record)
        pages.write(claim, replace(import_page(integration, candidates, {"page": number}), total=len(listed) * PAGE))
    claims.finish(claim, RunState.SUCCEEDED)


def _statements(integration: Integration, page: list[bytes]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    _empty(integration)
    with CaptureQueriesContext(connection) as captured:
        _load(integration, [page])
    return len(captured)


def _empty(integration: Integration) -> None:
    """Back to stock without orders."""
    from config.kit.sql import execute

    execute(
        "TRUNCATE orders_order, orders_orderline, orders_ordereffect, orders_orderevent, orders_customer,"
        " orders_duecustomer,"
        " stock_reservation, integrations_remoteorder CASCADE"
    )
    execute("UPDATE stock_stocklevel SET reserved = 0")
    execute("VACUUM ANALYZE stock_stocklevel")


if __name__ == "__main__":
    main()
