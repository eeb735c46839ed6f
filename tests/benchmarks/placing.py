"""Placing customers into segments as the book grows: `python -m tests.benchmarks.placing [--customers N] [--json]`.

A batch of due customers is placed into five segments with 1,000 customers of three orders each in the book, and again
with N (100,000 by default); and a new segment is filled. What a batch takes must not depend on how many others there
are: the bar is 2 times, medians of seven. The floor is one statement that adds the orders of the same customers up.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

from tests.benchmarks.servers import durable_database

SMALL, BATCH, ROUNDS, BAR = 1_000, 500, 7, 2.0
CUSTOMERS = """
INSERT INTO orders_customer (project_id, email, name, phone, created_at, metadata)
SELECT %(project)s, 'c' || n || '@mail.example', 'Customer ' || n, '', now(), jsonb_build_object('tier', n %% 3)
FROM generate_series(%(first)s, %(last)s) AS n
"""
ORDERS = """
INSERT INTO orders_order (project_id, customer_id, number, status, tab, import_action, remote_status, placed_at,
  paid_at, currency, total, tax_total, shipping_total, shipping_tax, fee_total, fee_tax, discount_total, refunded_total,
  residual, buyer, email, phone, billing, shipping, payment_code, payment_title, shipping_code, shipping_title, note,
  metadata, warnings, search, created_at, updated_at)
SELECT %(project)s, customer.id, customer.id || '-' || k, 'complete', '', 'history', '', now() - k * interval '9 days',
  now(), 'EUR', 10 + customer.id %% 90, 0, 0, 0, 0, 0, 0, 0, 0, '', '', '', '{"country": "CZ"}', '{}', '', '', '', '',
  '', '{}', '[]', '', now(), now()
FROM orders_customer AS customer CROSS JOIN generate_series(1, 3) AS k
WHERE customer.project_id = %(project)s AND NOT EXISTS (SELECT 1 FROM orders_order WHERE customer_id = customer.id)
"""
FLOOR = """
SELECT customer_id, sum(total), count(*), max(placed_at) FROM orders_order WHERE customer_id = ANY(%s) GROUP BY 1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with durable_database():
        result = measure(options.customers)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        sys.stdout.write(
            f"{BATCH} due customers placed into {result['segments']} segments, {ROUNDS} rounds\n"
            f"  of {SMALL:,}      {result['small_ms']:.0f} ms\n"
            f"  of {options.customers:,}    {result['large_ms']:.0f} ms\n"
            f"  floor         {result['floor_ms']:.0f} ms (one statement that adds their orders up)\n"
            f"  ratio         {result['ratio']:.2f} as the book grows (bar {BAR:g})\n"
            f"                {result['to_floor']:.1f} times the floor\n"
            f"  a new segment is filled at {result['filled_per_second']:,.0f} customers a second\n"
        )
    sys.exit(0 if result["ratio"] <= BAR else 1)


def measure(customers: int) -> dict[str, Any]:
    from orders.choices import SegmentKind
    from orders.segments import definitions, filling
    from orders.segments.conditions import Condition
    from tests.factories import ProjectFactory

    project = ProjectFactory.create()
    conditions = {
        "Spenders": Condition("total_amount", "at_least", "100"),
        "Regulars": Condition("total_count", "at_least", 3),
        "Czech": Condition("country", "is", "CZ"),
        "Quiet": Condition("last_order_date", "more_than_days_ago", 14),
        "Gold": Condition("metadata.tier", "is", "2"),
    }
    _fill(project.pk, 1, SMALL)
    for name, condition in conditions.items():
        definitions.create(project.pk, definitions.SegmentWish(name, SegmentKind.AUTOMATIC, conditions=[condition]))
    _settle(project.pk)
    small, _ = _batches(project.pk)
    _fill(project.pk, SMALL + 1, customers)
    _settle(project.pk)
    large, floor = _batches(project.pk)
    definitions.create(
        project.pk, definitions.SegmentWish("New", SegmentKind.AUTOMATIC, conditions=[conditions["Regulars"]])
    )
    begun = time.perf_counter()
    while filling.fill(project.pk):
        pass
    return {
        "segments": len(conditions),
        "customers": customers,
        "small_ms": small,
        "large_ms": large,
        "floor_ms": floor,
        "ratio": large / small,
        "to_floor": large / floor,
        "filled_per_second": customers / (time.perf_counter() - begun),
    }


def _fill(project_id: int, first: int, last: int) -> None:
    """Customers of three orders each, all of them due."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, {"project": project_id, "first": first, "last": last})
        cursor.execute(ORDERS, {"project": project_id})
        cursor.execute(
            "INSERT INTO orders_duecustomer (customer_id, project_id, since) SELECT id, project_id, now()"
            " FROM orders_customer ON CONFLICT DO NOTHING"
        )
        cursor.execute("VACUUM ANALYZE orders_order, orders_customer, orders_duecustomer")


def _settle(project_id: int) -> None:
    from orders.segments import filling, placing

    while placing.place_due(project_id) or filling.fill(project_id):
        pass


def _batches(project_id: int) -> tuple[float, float]:
    """Median milliseconds of placing a batch, and of the floor."""
    from django.utils import timezone

    from config.kit.sql import execute
    from orders.models import Customer
    from orders.segments import due, placing

    everybody = list(Customer.objects.filter(project_id=project_id).order_by("pk").values_list("pk", flat=True))
    ours, floor = [], []
    for turn in range(ROUNDS):
        chosen = [everybody[(turn + step * len(everybody) // BATCH) % len(everybody)] for step in range(BATCH)]
        due.mark(project_id, chosen, timezone.now())
        begun = time.perf_counter()
        placing.place_due(project_id)
        ours.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        execute(FLOOR, [chosen])
        floor.append((time.perf_counter() - begun) * 1000)
    return statistics.median(ours), statistics.median(floor)


if __name__ == "__main__":
    main()
