"""The order update feed: it carries only statuses over to orders that are here."""

from __future__ import annotations

from django.db.models import F

from integrations.following import newer
from integrations.importing.statuses import meaning
from integrations.models import Integration, Run
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from orders.choices import OrderStatus
from orders.models import Order
from orders.work.refresh import overwrite

AT_ONCE = 100
OPEN = (OrderStatus.PROCESSING, OrderStatus.ON_HOLD)


def status_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Carry the statuses that the loads have brought since over to open orders; the shop is not asked.

    Orders that are complete or cancelled here are many and settled: they follow when they are synchronised.
    """
    actions = dict(integration.rules.values_list("status", "action"))
    behind = (
        Order.objects.filter(project_id=integration.project_id, status__in=OPEN)  # has an index
        .filter(integration=integration, remote_order__isnull=False)
        .exclude(remote_order__status=F("remote_status"))
        .exclude(remote_order__status="")
        .filter(pk__gt=(run.cursor or {}).get("after", 0))
        .order_by("pk")
    )
    rows = list(behind.values_list("pk", "remote_order__status")[:AT_ONCE])

    def write(run_id: int) -> Written:
        counts = {"fetched": len(rows), "updated": 0, "unchanged": 0}
        for order_id, status in rows:
            done = overwrite.follow_status(order_id, status, meaning(integration, status, actions.get(status)))
            counts["updated" if done.outcome == overwrite.RefreshOutcome.CHANGED else "unchanged"] += 1
        newer.compare_again(integration, [order_id for order_id, _ in rows])
        return Written(counts)

    return RunPage({"after": rows[-1][0] if rows else 0}, write, done=len(rows) < AT_ONCE, asked=False)
