"""Exports of orders to files: `python -m tests.benchmarks.export [--orders N]`.

Three columns of N orders (100,000 by default), each with three lines, from the request to DONE, beside a COPY TO of the
same columns in the same order. The bar is 20 s for 100,000 orders; memory must not grow with the rows.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from typing import Any

from tests.benchmarks.servers import durable_database

BAR = 20.0
# Megabytes.
MOST_MEMORY = 8.0
FIELDS = {
    "three columns": ["id", "source_id", "status"],
    "with an amount that needs the lines": ["source_id", "status", "amount"],
}
FILL = """
INSERT INTO orders_order (project_id, number, source_id, status, tab, import_action, remote_status, placed_at,
  currency, total, buyer, email, phone, billing, shipping, payment_code, payment_title, shipping_code, shipping_title,
  note, metadata, warnings, tax_total, shipping_total, shipping_tax, fee_total, fee_tax, discount_total,
  refunded_total, residual, search, created_at, updated_at)
SELECT %(project)s, 'o-' || n, 'o-' || n, 'complete', '', 'valid', 'PAID',
  timestamptz '2026-11-01' - n * interval '1 s', 'EUR', 10 + n %% 500, 'Jana', 'buyer' || n || '@mail.example', '',
  '{}', '{}', '', '', '', '', '', '{"n": 1}', '[]', 0, 0, 0, 0, 0, 0, 0, 0, '', now(), now()
FROM generate_series(%(first)s, %(last)s) AS n
"""
LINES = """
INSERT INTO orders_orderline (order_id, position, key, sku, name, quantity, unit_price, total, tax, discount, metadata,
  reserved, waiting, shipped, cancelled)
SELECT id, n, n::text, 'S' || n, 'Thing', 1, 1, 1, 0, 0.5, '{}', 0, 0, 0, 0
FROM orders_order CROSS JOIN generate_series(1, 3) AS n
WHERE NOT EXISTS (SELECT 1 FROM orders_orderline WHERE order_id = orders_order.id)
"""
FLOOR = """
COPY (SELECT id, source_id, CASE WHEN status = 'cancelled' THEN 'CANCELED' ELSE remote_status END FROM orders_order
  ORDER BY placed_at DESC, id DESC) TO STDOUT WITH (FORMAT csv)
"""
WARM = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders = parser.parse_args().orders
    with durable_database():
        floor, memory, took = measure(orders)
    sys.stdout.write(f"{orders:,} orders of 3 lines\n  floor  {floor:.2f} s (COPY TO of the same columns)\n")
    bar = BAR * orders / 100_000
    for name, seconds in took.items():
        sys.stdout.write(
            f"  {name}: {seconds:.2f} s, {orders / seconds:,.0f} rows a second, {seconds / floor:.1f} x the floor"
            f" (bar {bar:.0f} s){'' if seconds <= bar else '  over the bar'}\n"
        )
    sys.stdout.write(f"  peak memory {memory:.1f} MB above that of {WARM:,} orders (bar {MOST_MEMORY:.0f} MB)\n")
    sys.exit(max(took.values()) > bar or memory > MOST_MEMORY)


def measure(orders: int) -> tuple[float, float, dict[str, float]]:
    """(seconds of the floor, megabytes that the peak grew by, seconds by name of the fields)."""
    from tests.factories import ProjectFactory

    project = ProjectFactory.create()
    _fill(project, 1, WARM)
    for fields in FIELDS.values():
        _export(project, fields)
    before = _peak()
    _fill(project, WARM + 1, orders)
    took = {name: _export(project, fields) for name, fields in FIELDS.items()}
    return _floor(), _peak() - before, took


def _fill(project: Any, first: int, last: int) -> None:
    from config.kit.sql import execute

    execute(FILL, {"project": project.pk, "first": first, "last": last})
    execute(LINES)
    execute("ANALYZE")


def _export(project: Any, fields: list[str]) -> float:
    from integrations import jobs
    from integrations.partner_runs import exports
    from orders.exported.order_rows import ORDERS

    started = time.perf_counter()
    run = exports.request_export(project, ORDERS, {"fields": fields})
    while run.is_open:
        jobs.work(run.pk)
        run.refresh_from_db()
    took = time.perf_counter() - started
    assert (run.state, run.failed, run.fetched) == ("succeeded", 0, run.total)
    return took


def _floor() -> float:
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(FLOOR) as copy:
        for _ in copy:
            pass
    return time.perf_counter() - started


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
