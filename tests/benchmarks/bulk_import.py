"""Bulk import: 2,000 orders of 5 lines from POST to DONE, against the COPY floor, and parsing against json.loads.

`python -m tests.benchmarks.bulk_import [--json] [--rounds N]`

Ours: the request through Django as a server hands it over, its check and its storing, then the work on every portion to
the last commit. The floor: exactly the rows that run wrote, copied by psycopg into the same tables in transactions of
the same size (fsync on). Rounds are interleaved; medians; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.benchmarks import w2000
from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from tests.benchmarks.floor import Floor

PORTION = 200
BAR, PARSE_BAR = 3.0, 1.5
STATUSES = ("CREATED", "PAID", "FULFILLED", "CANCELED")


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
            f"{result['orders']} orders of {w2000.LINES} lines in one call, {options.rounds} rounds\n"
            f"  ours    {result['ours_ms']:.0f} ms from POST to DONE, answered after {result['answer_ms']:.0f} ms\n"
            f"  floor   {result['floor_ms']:.0f} ms (COPY of the same rows)\n"
            f"  again   {result['again_ms']:.0f} ms (the same import once more, nothing changed)\n"
            f"  ratio   {result['ratio']:.2f} (bar {BAR:g})\n"
            f"  parse and check  {result['parse_ms']:.1f} ms, json.loads {result['loads_ms']:.1f} ms:"
            f" {result['parse_ratio']:.2f} (bar {PARSE_BAR:g})\n"
        )
    sys.exit(0 if result["ratio"] <= BAR and result["parse_ratio"] <= PARSE_BAR else 1)


def body() -> bytes:
    """W2000 as a partner sends it: customer, address and ten metadata keys with each order."""
    chance = random.Random(2000)
    return json.dumps([_order(number, chance) for number in range(w2000.ORDERS)], ensure_ascii=False).encode()


def _order(number: int, chance: random.Random) -> dict[str, Any]:
    items = []
    for sku in chance.sample(w2000.skus(), w2000.LINES):
        quantity, price = chance.randint(1, 3), chance.randint(100, 9_999)
        amount = quantity * price
        items.append(
            {"source_id": sku, "related_object": "sku", "quantity": quantity, "price": price, "amount": amount}
        )
    name = f"{chance.choice(w2000.FIRST_NAMES)} {chance.choice(w2000.LAST_NAMES)}"
    customer = {
        "source_id": f"customer-{number}", "name": name, "email": f"buyer.{number}@mail.example",
        "phone": f"+420 777 {number:06d}",
        "address": {"line_1": f"Long Street {number}", "city": "Brno", "postal_code": "602 00", "country": "CZ"},
    }  # fmt: skip
    return {
        "source_id": f"order-{number}", "status": chance.choice(STATUSES), "items": items, "customer": customer,
        "amount": sum(item["amount"] for item in items),
        "metadata": {f"key_{key}": f"value {key} of {number}" for key in range(10)},
    }  # fmt: skip


def measure(rounds: int) -> dict[str, Any]:
    from django.conf import settings

    from integrations.access import api_keys
    from orders.api import documents
    from tests.benchmarks.floor import Floor
    from tests.factories import ProjectFactory

    settings.ALLOWED_HOSTS = ["testserver"]
    project = ProjectFactory.create()
    made = api_keys.make(project.pk, "Benchmark")
    headers = {"X-App-Id": made.key.app_id, "X-App-Token": made.token}
    sent = body()
    times: dict[str, list[float]] = {name: [] for name in ("ours", "answer", "again", "floor", "parse", "loads")}
    floor: Floor | None = None
    for round_number in range(rounds + 1):  # the first one warms up and is not counted
        _empty()
        answer, ours = _import(sent, headers)
        _, again = _import(sent, headers)
        if floor is None:
            floor = Floor.of_history(project.pk, PORTION)
        _empty()
        copied = _timed(floor.write)
        parse = _timed(lambda: documents.many(sent, w2000.ORDERS))
        loads = _timed(lambda: json.loads(sent))
        if round_number:
            took = {"ours": ours, "answer": answer, "again": again, "floor": copied, "parse": parse, "loads": loads}
            for name, seconds in took.items():
                times[name].append(seconds * 1000)
    medians = {f"{name}_ms": statistics.median(values) for name, values in times.items()}
    return {
        "orders": w2000.ORDERS,
        "bytes": len(sent),
        **medians,
        "ratio": medians["ours_ms"] / medians["floor_ms"],
        "parse_ratio": medians["parse_ms"] / medians["loads_ms"],
        "rows": floor.rows if floor else {},
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _import(sent: bytes, headers: dict[str, str]) -> tuple[float, float]:
    """Seconds until the answer, and until the run was over."""
    from django.test import Client

    from integrations import jobs
    from integrations.choices import RunState
    from integrations.models import Run

    start = time.perf_counter()
    answer = Client().post("/v1/orders/import", sent, content_type="application/json", headers=headers)
    answered = time.perf_counter() - start
    run = Run.objects.latest("pk")
    jobs.work(run.pk)
    took = time.perf_counter() - start
    run.refresh_from_db()
    if answer.status_code != 200 or run.state != RunState.SUCCEEDED or run.failed:
        raise RuntimeError(f"the import of the benchmark ended as {run.state}, {run.failed} failed: {answer.content!r}")
    return answered, took


def _empty() -> None:
    from config.kit.sql import execute

    execute("TRUNCATE orders_order, orders_orderline, orders_orderevent, orders_customer, orders_duecustomer CASCADE")
    execute("TRUNCATE integrations_bulkportion")


if __name__ == "__main__":
    main()
