"""Customers that are due: something that segments ask about has changed, so they are placed again.

A customer is marked in the transaction of the change, and whoever places them takes the mark away first and reads
afterwards. So a change is either seen by the placing that took the mark, or it leaves a mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from config.kit.round_trips import Question, say
from config.kit.sql import execute
from orders import bell
from orders.models import DueCustomer

MARK = (
    # DO NOTHING would leave a mark of before unlocked: it could be taken, and this change be read too early.
    "INSERT INTO orders_duecustomer AS due (customer_id, project_id, since)"
    " SELECT id, %s, %s FROM unnest(%s::bigint[]) AS id"
    " ON CONFLICT (customer_id) DO UPDATE SET since = due.since"
)


def mark(project_id: int, customer_ids: Iterable[int | None], at: datetime) -> None:
    """These customers are due, in one statement. Marks that are there are locked until this transaction ends."""
    ids = sorted({pk for pk in customer_ids if pk is not None})
    if ids:
        say(MARK, [project_id, at, ids])
        bell.something_follows(project_id)


def marked(project_id: int, customer_ids: Iterable[int], at: datetime) -> Question[None]:
    """As `mark`, before something that is asked in the same trip: whoever is deleting them is waited for."""
    bell.something_follows(project_id)
    return Question(MARK, [project_id, at, sorted(customer_ids)], lambda _: None)


def mark_all(project_id: int) -> None:
    """Every customer of the project is due, because what their orders are added up in has changed."""
    execute(
        "INSERT INTO orders_duecustomer AS due (customer_id, project_id, since)"
        " SELECT id, project_id, now() FROM orders_customer WHERE project_id = %s ORDER BY id"
        " ON CONFLICT (customer_id) DO UPDATE SET since = due.since",
        [project_id],
    )
    bell.something_follows(project_id)


def take(project_id: int, limit: int) -> list[int]:
    """Take the marks of some customers, the longest due first; those that somebody else is changing are passed over."""
    rows = execute(
        "WITH taken AS MATERIALIZED (SELECT customer_id FROM orders_duecustomer WHERE project_id = %s"
        " ORDER BY since, customer_id LIMIT %s FOR UPDATE SKIP LOCKED)"
        " DELETE FROM orders_duecustomer AS due USING taken WHERE due.customer_id = taken.customer_id"
        " RETURNING due.customer_id",
        [project_id, limit],
    )
    return [row[0] for row in rows]


def count(project_id: int, most: int = 10_000) -> int:
    """How many are due, counted no further than `most`."""
    return DueCustomer.objects.filter(project_id=project_id)[:most].count()
