"""Bulk import: 2,000 orders of 5 lines from POST to DONE, against the COPY floor, and parsing against json.loads.

Then the same orders once more, unchanged and with other items; and live calls beside an import, against calls alone.

`python -m tests.benchmarks.bulk_import [--json] [--rounds N]`

Ours: the request through Django as a server hands it over, its check and its storing, then the work on every portion to
the last commit; unchanged and changed orders are compared by the work alone. The floor: exactly the rows that run
wrote, copied by psycopg into the same tables in transactions of the same size (fsync on). Rounds are interleaved;
medians; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.benchmarks import w2000
from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from django.test import Client

    from tests.benchmarks.floor import Floor

BAR, PARSE_BAR = 2.0, 1.5
CHANGED_BAR, UNCHANGED_BAR, LIVE_BAR = 2.0, 0.1, 3.0
BARS = {
    "ratio": BAR, "parse_ratio": PARSE_BAR, "changed_ratio": CHANGED_BAR, "unchanged_ratio": UNCHANGED_BAR,
    "live_ratio": LIVE_BAR,
}  # fmt: skip
# Live orders, each called again and again.
LIVE = 100
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
            f"  ratio   {result['ratio']:.2f} (bar {BAR:g})\n"
            f"  new        {result['new_ms']:.0f} ms of work\n"
            f"  changed    {result['changed_ms']:.0f} ms: {result['changed_ratio']:.2f} of new (bar {CHANGED_BAR:g})\n"
            f"  unchanged  {result['unchanged_ms']:.0f} ms: {result['unchanged_ratio']:.3f} of new"
            f" (bar {UNCHANGED_BAR:g})\n"
            f"  live calls beside it  p95 {result['beside_ms']:.0f} ms, alone {result['alone_ms']:.0f} ms:"
            f" {result['live_ratio']:.2f} (bar {LIVE_BAR:g})\n"
            f"  parse and check  {result['parse_ms']:.1f} ms, json.loads {result['loads_ms']:.1f} ms:"
            f" {result['parse_ratio']:.2f} (bar {PARSE_BAR:g})\n"
        )
    sys.exit(0 if all(result[name] <= bar for name, bar in BARS.items()) else 1)


def body() -> bytes:
    """W2000 as a partner sends it: customer, address and ten metadata keys with each order."""
    chance = random.Random(2000)
    return json.dumps([_order(number, chance) for number in range(w2000.ORDERS)], ensure_ascii=False).encode()


def changed(sent: bytes) -> bytes:
    """The same orders: another status, other quantities and prices, one item less and one more, other metadata."""
    orders = json.loads(sent)
    for order in orders:
        order["status"] = "PAID" if order["status"] != "PAID" else "FULFILLED"
        for item in order["items"]:
            item |= {"quantity": item["quantity"] + 1, "amount": (item["quantity"] + 1) * item["price"]}
        order["items"] = [*order["items"][1:], {"source_id": "NEW", "quantity": 1, "price": 500, "amount": 500}]
        order |= {"amount": sum(item["amount"] for item in order["items"]), "metadata": order["metadata"] | {"v": 2}}
    return json.dumps(orders, ensure_ascii=False).encode()


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

    from config.running import memory
    from integrations.access import api_keys
    from integrations.partner_runs.bulk_import import AT_ONCE
    from orders.api import documents
    from tests.benchmarks.floor import Floor
    from tests.factories import ProjectFactory

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.API_RATE_LIMIT = 10**9
    project = ProjectFactory.create()
    made = api_keys.make(project.pk, "Benchmark")
    headers = {"X-App-Id": made.key.app_id, "X-App-Token": made.token}
    sent = body()
    others = changed(sent)
    names = ("ours", "answer", "new", "changed", "unchanged", "floor", "parse", "loads", "alone", "beside")
    times: dict[str, list[float]] = {name: [] for name in names}
    floor: Floor | None = None
    for round_number in range(rounds + 1):  # the first one warms up and is not counted
        _empty()
        answer, new = _import(sent, headers)
        if floor is None:
            floor = Floor.of_history(project.pk, AT_ONCE)
        took = {"answer": answer, "new": new, "ours": answer + new}
        took["unchanged"] = _import(sent, headers)[1]
        took["changed"] = _import(others, headers)[1]
        _empty()
        took["floor"] = _timed(floor.write)
        took["parse"] = _timed(lambda: documents.many(sent, w2000.ORDERS))
        took["loads"] = _timed(lambda: json.loads(sent))
        _empty()
        took["alone"], took["beside"] = _live_calls(sent, others, headers)
        if not round_number:
            memory.leave_out_what_is_loaded()  # as web processes and workers do, once they have all that they need
        else:
            for name, seconds in took.items():
                times[name].append(seconds * 1000)
    medians = {f"{name}_ms": statistics.median(values) for name, values in times.items()}
    return {
        "orders": w2000.ORDERS,
        "bytes": len(sent),
        **medians,
        "ratio": medians["ours_ms"] / medians["floor_ms"],
        "parse_ratio": medians["parse_ms"] / medians["loads_ms"],
        "changed_ratio": medians["changed_ms"] / medians["new_ms"],
        "unchanged_ratio": medians["unchanged_ms"] / medians["new_ms"],
        "live_ratio": medians["beside_ms"] / medians["alone_ms"],
        "rows": floor.rows if floor else {},
    }


def _live_calls(sent: bytes, others: bytes, headers: dict[str, str]) -> tuple[float, float]:
    """The p95 of live calls alone, and beside an import of new orders and one of changed ones in another process."""
    from django.db import connections

    for number in range(LIVE):
        _live(number, headers)
    alone = [_timed(lambda number=number: _live(number, headers)) for number in range(LIVE)]  # type: ignore[misc]
    beside: list[float] = []
    for import_of in (sent, others):
        run_id = _ask(import_of, headers)
        connections.close_all()
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(run_id,))
        worker.start()
        number = 0
        while worker.is_alive():
            beside.append(_timed(lambda number=number: _live(number % LIVE, headers)))  # type: ignore[misc]
            number += 1
        worker.join()
    return statistics.quantiles(alone, n=20)[-1], statistics.quantiles(beside, n=20)[-1]


def _live(number: int, headers: dict[str, str]) -> None:
    """One live order that is created, else changed."""
    order = {
        "source_id": f"live-{number}",
        "status": "PAID",
        "items": [{"source_id": w2000.skus()[number], "price": 5}],
        "metadata": {"at": time.perf_counter()},
    }
    answer = _client().post("/v1/orders", json.dumps(order), content_type="application/json", headers=headers)
    if answer.status_code != 200:
        raise RuntimeError(answer.content)


@functools.cache
def _client() -> Client:
    """One for all calls: a server builds its middleware once, and not for each call."""
    from django.test import Client

    return Client()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ask(sent: bytes, headers: dict[str, str]) -> int:
    from integrations.models import Run

    answer = _client().post("/v1/orders/import", sent, content_type="application/json", headers=headers)
    if answer.status_code != 200:
        raise RuntimeError(answer.content)
    return Run.objects.latest("pk").pk


def _work(run_id: int) -> None:
    from integrations import jobs
    from integrations.choices import RunState
    from integrations.models import Run

    jobs.work(run_id)
    run = Run.objects.get(pk=run_id)
    if run.state != RunState.SUCCEEDED or run.failed:
        raise RuntimeError(f"the import of the benchmark ended as {run.state}, {run.failed} failed: {run.reason}")


def _import(sent: bytes, headers: dict[str, str]) -> tuple[float, float]:
    """Seconds until the answer, and of the work until the run was over."""
    start = time.perf_counter()
    run_id = _ask(sent, headers)
    answer = time.perf_counter() - start
    gc.collect()  # what a request leaves behind is in the web process; the work is another's, which begins clean
    return answer, _timed(lambda: _work(run_id))


def _empty() -> None:
    from config.kit.sql import execute

    execute("TRUNCATE orders_order, orders_orderline, orders_orderevent, orders_customer, orders_duecustomer CASCADE")
    execute("TRUNCATE integrations_bulkportion")


if __name__ == "__main__":
    main()
