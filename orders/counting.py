"""How many orders there are: in each tab and status, counted no further than anybody reads, and in all."""

from __future__ import annotations

import time

from django.db import transaction

from config.kit import locks
from config.kit.locks import ProjectLock
from config.kit.sql import execute
from orders.choices import InShop, OrderStatus, Tab

# A count stops here: the index is read that far and no further.
MOST = 1_000

TABS = (Tab.IN_STOCK, Tab.PARTIAL, Tab.BACKORDER, Tab.ON_HOLD)
ENDED = (OrderStatus.COMPLETE, OrderStatus.CANCELLED)


def by_tab(project_id: int) -> dict[str, int]:
    """Orders of a project per tab, per status for those that are in no tab, and per mark (`orders.choices.InShop`).

    At most MOST of each, in one statement.
    """
    pieces, params = [], []
    for column, values in (("tab", TABS), ("status", ENDED)):
        for value in values:
            # The second condition is what the partial index of the tabs asks for.
            where = (
                "project_id = %s AND tab = %s AND NOT tab = ''"
                if column == "tab"
                else "project_id = %s AND status = %s"
            )
            pieces.append(f"SELECT %s, count(*) FROM (SELECT 1 FROM orders_order WHERE {where} LIMIT %s) AS counted")  # noqa: S608  constants only
            params += [value.value, project_id, value.value, MOST]
    for mark in InShop:
        where = f"project_id = %s AND shop_{mark.value}_at IS NOT NULL"
        pieces.append(f"SELECT %s, count(*) FROM (SELECT 1 FROM orders_order WHERE {where} LIMIT %s) AS counted")  # noqa: S608  constants only
        params += [mark.value, project_id, MOST]
    return dict(execute(" UNION ALL ".join(pieces), params))


# Orders that are counted once more each time.
MOST_AGAIN = 1_000
# Seconds after which all orders of a project are counted once more.
COUNTED_ANEW = 600.0
# By project: how many orders there were, the highest id of them, and when they were counted; of this process.
_counted: dict[int, tuple[int, int, float]] = {}


def total(project_id: int) -> int:
    """How many orders a project has, exactly: those known to this process, and the ones that came since.

    Orders are never deleted. Those that came are counted each time, until they are MOST_AGAIN: then they are known too.
    """
    known, highest, at = _counted.get(project_id, (0, 0, 0.0))
    now = time.monotonic()
    if now - at > COUNTED_ANEW:
        known, highest, at = 0, 0, now
    came, _ = _came(project_id, highest)
    if came > MOST_AGAIN:
        _know(project_id, known, highest, at)
    return known + came


def _came(project_id: int, highest: int) -> tuple[int, int]:
    """How many orders have a higher id, and the highest there is."""
    sql = "SELECT count(*), coalesce(max(id), %s) FROM orders_order WHERE project_id = %s AND id > %s"
    came, newest = execute(sql, [highest, project_id, highest])[0]
    return came, newest


def _know(project_id: int, known: int, highest: int, at: float) -> None:
    """Count no more what is there. Not while somebody writes: lower ids may yet come.

    Whoever takes ids for new orders shares a lock until they are written (`orders.intake.new_orders`).
    """
    with transaction.atomic():
        if locks.try_lock_project(ProjectLock.ORDER_IDS, project_id):
            came, newest = _came(project_id, highest)
            _counted[project_id] = (known + came, newest, at)
