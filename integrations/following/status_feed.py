"""The order update feed: it carries only statuses over to orders that are here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F

from config.kit.isolating import in_halves
from integrations.following import newer
from integrations.importing.statuses import meaning
from integrations.models import Integration, Run
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written, kept_back
from orders.choices import ORDER_OPEN
from orders.models import Order
from orders.work.refresh import overwrite

AT_ONCE = 100
COUNTED = {overwrite.RefreshOutcome.CHANGED: "updated", overwrite.RefreshOutcome.REFUSED: "failed"}


def status_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Carry the statuses that the loads have brought since over to open orders; the shop is not asked.

    Orders that are complete or cancelled here are many and settled: they follow when they are synchronised.
    """
    actions = dict(integration.rules.values_list("status", "action"))
    behind = (
        Order.objects.filter(project_id=integration.project_id, status__in=ORDER_OPEN)  # has an index
        .filter(integration=integration, remote_order__isnull=False)
        .exclude(remote_order__status=F("remote_status"))
        .exclude(remote_order__status="")
        .filter(pk__gt=(run.cursor or {}).get("after", 0))
        .order_by("pk")
    )
    rows = list(behind.values_list("pk", "remote_order__status", "number")[:AT_ONCE])

    def write(run_id: int) -> Written:
        counts = {"fetched": len(rows), "updated": 0, "unchanged": 0, "failed": 0}
        back: list[dict[str, Any]] = []

        def follow(some: Sequence[tuple[int, str, str]]) -> None:
            for order_id, status, _ in some:
                done = overwrite.follow_status(order_id, status, meaning(integration, status, actions.get(status)))
                outcomes[order_id] = done.outcome
            newer.compare_again(integration, [order_id for order_id, _, _ in some])

        def failed(row: tuple[int, str, str], error: Exception) -> None:
            outcomes[row[0]] = overwrite.RefreshOutcome.REFUSED
            back.append(kept_back(row[2], error, row[0]))

        outcomes: dict[int, overwrite.RefreshOutcome] = {}
        in_halves(rows, follow, failed)
        for outcome in outcomes.values():
            counts[COUNTED.get(outcome, "unchanged")] += 1
        return Written(counts, [*run.results, *back] if back else None)

    return RunPage({"after": rows[-1][0] if rows else 0}, write, done=len(rows) < AT_ONCE, asked=False)
