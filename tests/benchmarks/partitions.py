"""Whether the book would be faster in parts: `python -m tests.benchmarks.partitions [--orders N] [--keep FOLDER]`.

The table of orders is copied three times with all of its indexes: whole, in parts by the month in which an order was
placed, and in eight parts by project. Then pages and calls of the site read each of the copies, and each takes new
orders in, two hundred a statement. Compared is what the database computes, in turns. Uniqueness has to name what parts
a table, so that the copies in parts guard less than the whole one.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.lists.book_world import World
from tests.benchmarks.lists.kept_book import book_folder, opened

LARGE = 1_000_000
# By the names that `tests.benchmarks.lists` gives them; some are told whole, for what they begin with differs.
PAGES = (
    "order list", "order list: last page", "order list: tab In stock", "order list: rule Import and hold",
    "order list: search a number", "order list: search a SKU", "order list: search three frequent words",
    "order page: newest", "order page: an old one", "customer page: an old one", "invoice page: an old one",
    "where is my order: a number", "where is my order: a SKU", "API /v1/orders", "API /v1/orders/{order_id}",
    "API /back-office/v1/orders: changed_before 2025-07-01T00:00:00Z",
)  # fmt: skip
# How the copies are parted, by their schemas; the first one is what the others are compared with.
COPIES = {"in_one": "", "by_month": "RANGE (placed_at)", "by_project": "HASH (project_id)"}
PROJECT_PARTS = 8
ROUNDS, WRITE_ROUNDS = 3, 6
STATEMENTS, ROWS = 50, 200
# New orders get primary keys from here on, and as far apart in each round.
NEW_FROM = 1_000_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=LARGE, help="How many the book has.")
    parser.add_argument("--keep", type=Path, help="A folder in which the filled book stays for the next time.")
    options = parser.parse_args()
    with book_folder(options.keep) as folder, opened(folder / str(options.orders), options.orders) as world:
        _compared(world)


def _compared(world: World) -> None:
    from django.db import connection

    from config.kit.sql import execute

    try:
        for schema, key in COPIES.items():
            _copy(schema, key)
            sys.stderr.write(f"{schema}: copied\n")
        sys.stdout.write(
            f"{'milliseconds, and times those of the first':<62}" + "".join(f"{n:>20}" for n in COPIES)[10:]
        )
        sys.stdout.write("\n")
        _print({"bytes with indexes (MB)": {schema: _size(schema) for schema in COPIES}})
        _print(_read(world))
        _print({f"{STATEMENTS * ROWS:,} orders taken in": _written()})
    finally:
        execute("SET search_path = public")
        for schema in COPIES:
            execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.close()


def _copy(schema: str, key: str) -> None:
    from config.kit.sql import execute

    parted = f" PARTITION BY {key}" if key else ""
    execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    execute(f"CREATE SCHEMA {schema}")
    execute(f"CREATE TABLE {schema}.orders_order (LIKE public.orders_order INCLUDING DEFAULTS){parted}")
    for part, values in _parts(schema):
        execute(f"CREATE TABLE {schema}.{part} PARTITION OF {schema}.orders_order FOR VALUES {values}")
    execute(f"INSERT INTO {schema}.orders_order SELECT * FROM public.orders_order ORDER BY id")
    column = re.sub(r".*\((\w+)\)", r"\1", key)
    for (made,) in execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'orders_order'"
    ):
        execute(_index(made.replace("public.orders_order", f"{schema}.orders_order"), column))
    execute(f"VACUUM ANALYZE {schema}.orders_order")


def _index(made: str, column: str) -> str:
    """The statement for a copy: what is unique in parts is so together with what parts them."""
    if not column or " UNIQUE " not in made:
        return made
    return re.sub(
        r"USING btree \(([^)]*)\)",
        lambda found: found[0] if column in found[1].split(", ") else f"USING btree ({found[1]}, {column})",
        made,
    )


def _parts(schema: str) -> Iterator[tuple[str, str]]:
    """(name, values) of each part."""
    from config.kit.sql import execute

    if schema == "by_project":
        for place in range(PROJECT_PARTS):
            yield f"part_{place}", f"WITH (MODULUS {PROJECT_PARTS}, REMAINDER {place})"
    if schema == "by_month":
        months = execute(
            "SELECT to_char(month, 'YYYY_MM'), month::date::text, (month + interval '1 month')::date::text"
            " FROM (SELECT min(placed_at) AS first, max(placed_at) AS last FROM orders_order) AS book,"
            " generate_series(date_trunc('month', first), last, interval '1 month') AS month"
        )
        for name, first, end in months:
            yield f"part_{name}", f"FROM ('{first}') TO ('{end}')"


def _size(schema: str) -> float:
    from config.kit.sql import execute

    [(size,)] = execute(
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relnamespace = %s::regnamespace"
        " AND c.relkind = 'r'",
        [schema],
    )
    return float(size) / 1e6


def _read(world: World) -> dict[str, dict[str, float]]:
    """Milliseconds of pages by the copy that they read."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import setup_test_environment, teardown_test_environment

    from config.kit.sql import execute
    from tests.benchmarks.lists import every_page
    from tests.benchmarks.lists.page_cost import Backend, cost_of

    settings.API_RATE_LIMIT = 10**9
    browser = Client()
    browser.force_login(User.objects.get(pk=world.person))
    caller = Client(headers={"Authorization": f"Bearer {world.token}"})
    setup_test_environment()  # the contexts of pages are kept, of which the lists of pages are made
    visits = [(browser, each) for each in every_page.of_admin(world, browser)]
    visits += [(caller, each) for each in every_page.of_api(world, caller)]
    teardown_test_environment()
    settings.ALLOWED_HOSTS = ["*"]
    backend, found = Backend(), {}
    for client, visit in visits:
        if visit.name not in PAGES:
            continue
        costs: dict[str, float] = {}
        for schema in COPIES:
            execute(f"SET search_path = {schema}, public")
            cost, _ = cost_of(client, visit.address, backend, ROUNDS)
            if cost.status != 200:
                raise RuntimeError(f"{visit.address}: {cost.status}")
            costs[schema] = cost.milliseconds
        found[visit.name] = costs
    if missing := set(PAGES) - set(found):
        raise RuntimeError(f"no such pages: {sorted(missing)}")
    return found


def _written() -> dict[str, float]:
    """Milliseconds in which a copy takes new orders in, of the book's last moment; the median of some rounds.

    They are left where they are: what is taken back stays in the way of the next.
    """
    from config.kit.sql import execute
    from tests.benchmarks.lists.page_cost import Backend

    columns = execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name = 'orders_order' ORDER BY ordinal_position"
    )
    [(last,)] = execute("SELECT max(placed_at)::text FROM public.orders_order")
    new = {"remote_order_id": "NULL"} | dict.fromkeys(
        ("placed_at", "created_at", "updated_at"), f"timestamptz '{last}'"
    )
    backend, took = Backend(), {schema: list[float]() for schema in COPIES}
    schemas = list(COPIES)
    for number in range(WRITE_ROUNDS):
        key = f"id + {NEW_FROM * (number + 1)}"
        new |= {"id": key, "source_id": f"'new ' || ({key})"}
        chosen = ", ".join(new.get(name, f'"{name}"') for (name,) in columns)
        for schema in schemas[number % len(schemas) :] + schemas[: number % len(schemas)]:  # each is first in its turn
            before = backend.milliseconds()
            for place in range(0, STATEMENTS * ROWS, ROWS):
                execute(
                    f"INSERT INTO {schema}.orders_order SELECT {chosen} FROM public.orders_order"
                    " WHERE id > %s AND id <= %s",
                    [place, place + ROWS],
                )
            took[schema].append(backend.milliseconds() - before)
    return {schema: statistics.median(each) for schema, each in took.items()}


def _print(rows: dict[str, dict[str, Any]]) -> None:
    first, *others = COPIES
    for name, costs in rows.items():
        ratios = "".join(f"{costs[schema]:>12.1f}{costs[schema] / costs[first]:>8.2f} x" for schema in others)
        sys.stdout.write(f"{name[:60]:<62}{costs[first]:>10.1f}{ratios}\n")


if __name__ == "__main__":
    main()
