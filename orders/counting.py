"""How many orders there are in each tab and status, counted no further than anybody reads."""

from __future__ import annotations

from orders.choices import OrderStatus, Tab
from stock.bulk import execute

MOST = 1_000
"""A count stops here: the index is read that far and no further."""

TABS = (Tab.IN_STOCK, Tab.PARTIAL, Tab.BACKORDER, Tab.ON_HOLD)
ENDED = (OrderStatus.COMPLETE, OrderStatus.CANCELLED)


def by_tab(project_id: int) -> dict[str, int]:
    """Orders of a project per tab, and per status for those that are in no tab; at most MOST of each, one statement."""
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
    return dict(execute(" UNION ALL ".join(pieces), params))
