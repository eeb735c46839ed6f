"""Lists of orders that are searched: what a page of them costs does not grow with the book.

Words that many orders have are found among the newest ones, by walking the list; words that few have are found by
their index. Which of the two it is a sample tells, for PostgreSQL's statistics do not: it takes every beginning of a
word for a frequent one. So whatever is typed, some thousand orders are read and no more, but where a word is seldom
among the newest orders and frequent among the older ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from config.kit.postgresql.any_of import AnyOf
from config.kit.sql import execute
from orders.documents.finding import orders_of_papers
from orders.models import Order
from orders.search import question
from orders.word_queries import Tree, looser, written

# So many of the newest orders are looked at. A list that has no more is walked whatever is asked.
SAMPLE = 1_000
# So many are counted of what is walked, see `config.kit.admin.change_lists`: of N orders of which a share s has all of
# it COUNTED / s are read. The index gives s * N, and reads the entries of its words besides, each for half an order.
COUNTED = 200
ENTRY = 0.5
# Words that are so much more frequent than the rarest one are left out of what the index is asked.
MUCH = 4
# Of seldom words so many orders are found at most, the newest.
MOST_FOUND = 10_000
# The first condition alone is looked up. By sums, which no index has: told to go by id, or of which project it is,
# PostgreSQL would read an index from end to end, because it takes every beginning of a word for a frequent one.
LOOKED_UP = """
SELECT id FROM orders_order WHERE search @@ %s::tsquery AND NOT (search @@ (!! %s::tsquery)) AND project_id + 0 = %s
ORDER BY id + 0 DESC LIMIT %s
"""


@dataclass(frozen=True)
class Searched:
    """Orders in which every word begins a word, or one whose paper or parcel is asked for."""

    orders: QuerySet[Order]
    walked: bool
    """They are many: the list is to be walked in its order, and counting them all would read it."""


def searched(orders: QuerySet[Order], text: str) -> Searched:
    """What a list of one project's orders shows when somebody searches it; all of it where nothing is asked."""
    parts = question(text)
    if not parts:
        return Searched(orders if not text.strip() else orders.none(), walked=False)
    whole = written(("&", parts))
    papers = orders_of_papers(orders, text)
    project, size, hits, counts = _sample(orders, parts, whole)
    if size < SAMPLE:
        return Searched(_held(orders, whole, papers), walked=False)
    few = max(MUCH * min(counts), 1)
    asked = [part for part, count in zip(parts, counts, strict=True) if count <= few]
    by_index = _book() * (hits + ENTRY * sum(count for count in counts if count <= few)) / size
    if hits and COUNTED * size / hits < by_index:
        return Searched(_held(orders, whole, papers), walked=True)
    index = written(("&", [looser(part) for part in asked]))
    ids = [pk for (pk,) in execute(LOOKED_UP, [index, whole, project, MOST_FOUND])]
    return Searched(orders.filter(AnyOf("pk", [*ids, *papers])), walked=False)


def _held(orders: QuerySet[Order], whole: str, papers: list[int]) -> QuerySet[Order]:
    """Those of which all of the question holds, and those with these papers.

    Put as a CASE, of which PostgreSQL knows neither an index nor how many there are: it takes the half, and walks.
    """
    if not papers:
        return orders.extra(
            where=["CASE WHEN orders_order.search @@ %s::tsquery THEN true ELSE false END"], params=[whole]
        )
    return orders.extra(
        where=["(CASE WHEN orders_order.search @@ %s::tsquery THEN true ELSE false END OR orders_order.id = ANY(%s))"],
        params=[whole, papers],
    )


def _sample(orders: QuerySet[Order], parts: list[Tree], whole: str) -> tuple[int, int, int, list[int]]:
    """Of the newest orders: whose they are, how many up to `SAMPLE`, in how many all holds, in how many each part."""
    sampled = orders.order_by("-placed_at", "-id").values_list("search", "project_id")[:SAMPLE]
    try:
        newest, params = sampled.query.sql_with_params()
    except EmptyResultSet:  # another filter has left nothing, and Django asks no database
        return 0, 0, 0, []
    asked = [whole, *(written(looser(part)) for part in parts)]
    counted = ", ".join(["count(*) FILTER (WHERE search @@ %s::tsquery)"] * len(asked))
    with connection.cursor() as cursor:
        sql = f"SELECT max(project_id), count(*), {counted} FROM ({newest}) AS newest (search, project_id)"  # noqa: S608
        cursor.execute(sql, [*asked, *params])
        project, size, hits, *counts = cursor.fetchone()
    return project, size, hits, counts


def _book() -> int:
    """About how many orders there are, as PostgreSQL knows from its last look; it has never looked where it says -1."""
    [(rows,)] = execute("SELECT reltuples FROM pg_class WHERE oid = 'orders_order'::regclass")
    return max(int(rows), SAMPLE)
