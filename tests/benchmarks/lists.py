"""The orders list as the table grows: `python -m tests.benchmarks.lists [--orders N] [--json]`.

Every page is asked for by a logged-in person and the lists of the API by a key, with 1,000 orders and again with N (a
million by default). Compared is the time spent in the database, median of seven; the bar is 2 times, whatever the size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from django.test import Client

SMALL = 1_000
BAR = 2.0
ROUNDS = 7
PAGES = {
    "all orders": "/orders/order/",
    "tab In stock": "/orders/order/?tab=in_stock",
    "tab Backorder": "/orders/order/?tab=backorder",
    "status cancelled": "/orders/order/?status=cancelled",
    "search a number": "/orders/order/?q=500",
    "search a name": "/orders/order/?q=novakova",
    "search two words": "/orders/order/?q=jana+brno",
    "search an e-mail": "/orders/order/?q=buyer500@mail.example",
    "search without a hit": "/orders/order/?q=zzzz",
    "overview": "/",
    "API: orders": "/v1/orders",
    "API: live orders": "/back-office/v1/orders",
    "API: live orders, words": "/back-office/v1/orders?q=jana+brno",
    "API: live orders, status": "/back-office/v1/orders?status=cancelled",
}
FILL = """
INSERT INTO orders_order (project_id, integration_id, number, status, tab, import_action, remote_status, placed_at,
  currency, total, tax_total, shipping_total, shipping_tax, fee_total, fee_tax, discount_total, refunded_total,
  residual, buyer, email, phone, billing, shipping, payment_code, payment_title, shipping_code, shipping_title, note,
  metadata, warnings, search, created_at, updated_at)
SELECT %(project)s, %(integration)s, n::text, s.status, s.tab, 'valid', s.status,
  timestamptz '2026-11-01' - n * interval '30 seconds', 'EUR', 10 + n %% 500, 0, 0, 0, 0, 0, 0, 0, 0,
  names.first || ' ' || names.last, 'buyer' || n || '@mail.example', '', '{}', '{}', '', '', '', '', '', '{}', '[]',
  array_to_tsvector(ARRAY[n::text, lower(names.first), names.folded, 'brno', 'buyer' || n, 'mail', 'example']),
  now(), now()
FROM generate_series(%(first)s, %(last)s) AS n
CROSS JOIN LATERAL (SELECT
  CASE WHEN n %% 50 < 40 THEN 'complete' WHEN n %% 50 < 42 THEN 'cancelled' ELSE 'processing' END AS status,
  CASE WHEN n %% 50 < 42 THEN '' WHEN n %% 50 < 48 THEN 'in_stock' WHEN n %% 50 = 48 THEN 'partial'
       ELSE 'backorder' END AS tab) AS s
CROSS JOIN LATERAL (SELECT
  (ARRAY['Jana', 'Petr', 'Anna', 'Ivan'])[1 + n %% 4] AS first,
  (ARRAY['Nováková', 'Dvořák', 'Müller', 'Smith', 'Rossi'])[1 + n %% 5] AS last,
  (ARRAY['novakova', 'dvorak', 'muller', 'smith', 'rossi'])[1 + n %% 5] AS folded) AS names
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with durable_database():
        result = measure(options.orders)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return
    sys.stdout.write(f"{'page':<24}{'queries':>8}{'1,000: ms':>12}{f'{options.orders:,}: ms':>16}{'ratio':>8}\n")
    for name, row in result.items():
        sys.stdout.write(
            f"{name:<24}{row['queries']:>8}{row['small']:>12.1f}{row['large']:>16.1f}{row['ratio']:>8.2f}"
            f"{'' if row['ratio'] <= BAR else '  over the bar'}\n"
        )


def measure(orders: int) -> dict[str, dict[str, float]]:
    from tests.factories import IntegrationFactory

    integration = IntegrationFactory.create()
    client = _person(integration.project)
    _fill(integration, 1, SMALL)
    small = {name: _database_time(client, path) for name, path in PAGES.items()}
    _fill(integration, SMALL + 1, orders)
    large = {name: _database_time(client, path) for name, path in PAGES.items()}
    return {
        name: {
            "queries": large[name][1],
            "small": small[name][0],
            "large": large[name][0],
            "ratio": large[name][0] / small[name][0],
        }
        for name in PAGES
    }


def _person(project: Any) -> Client:
    """Somebody logged in, with a key of the API in hand."""
    from django.test import Client

    from integrations.access import api_keys
    from integrations.choices import Role
    from tests.factories import member

    client = Client(headers={"Authorization": f"Bearer {api_keys.make(project.pk, 'Benchmark').token}"})
    client.force_login(member(project.account, Role.ORDER_STAFF))
    return client


def _fill(integration: Any, first: int, last: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for start in range(first, last + 1, 100_000):
            cursor.execute(
                FILL,
                {
                    "project": integration.project_id,
                    "integration": integration.pk,
                    "first": start,
                    "last": min(last, start + 99_999),
                },
            )
        cursor.execute("VACUUM ANALYZE orders_order")


def _database_time(client: Client, path: str) -> tuple[float, int]:
    """Median milliseconds in the database, and how many queries."""
    from django.db import connection

    times: list[float] = []
    queries = 0

    def clock(execute: Any, *args: Any) -> Any:
        nonlocal queries
        queries += 1
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            times[-1] += (time.perf_counter() - begun) * 1000

    for _ in range(ROUNDS):
        times.append(0.0)
        queries = 0
        with connection.execute_wrapper(clock):
            response = client.get(path, headers={"host": "localhost"})
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")
    return statistics.median(times), queries


if __name__ == "__main__":
    main()
