"""How often a shop is asked, by all workers together.

Workers are processes of their own, so what they share is in PostgreSQL, one statement a request:

- `Integration.quiet_until`: the shop asked us to wait (429, or its own count of what is left), so nobody asks before;
- `Integration.health`: the shop rejects our keys, so nobody asks at all (Ecwid blocks an address that goes on);
- `ShopPace.free_at`, for a platform with a declared budget: the time up to which requests are spoken for. A request
  takes the next place and waits for it, so any number of workers stay inside the budget without asking twice.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Greatest, Now

from config.kit.sql import execute
from integrations.choices import IntegrationHealth
from integrations.connectors.contract import Budget
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.connectors.http import Response
from integrations.models import Integration
from integrations.runs import control

# Seconds that are waited here; longer waits are the run's.
PATIENCE = 5.0
# Of a budget: how much may be asked without a pause, and how much in the rest of its time. Together less than all of
# it, because requests arrive a little earlier or later than they are sent.
AT_ONCE, STEADY = 0.15, 0.8

QUIET = "coalesce(extract(epoch FROM quiet_until - clock_timestamp()), 0)"
SHOP = "integrations_integration WHERE id = %s"
# Takes the next place in the budget; the clock is the database's.
TAKE = (
    "WITH taken AS (INSERT INTO integrations_shoppace AS pace (integration_id, free_at)"  # noqa: S608 - no input in it
    f" SELECT id, clock_timestamp() + %s FROM {SHOP}"
    " ON CONFLICT (integration_id) DO UPDATE SET free_at = greatest(pace.free_at, clock_timestamp()) + %s"
    " RETURNING free_at)"
    f" SELECT {QUIET}, health, extract(epoch FROM (SELECT free_at FROM taken) - clock_timestamp()) FROM {SHOP}"
)


class Pace:
    """What `client.drive` asks before and tells after every request to a shop."""

    def __init__(self, integration: Integration, *, tested: bool = False) -> None:
        """`tested`: a person tests the connection, which is the way out of rejected keys and of a long wait."""
        self._integration = integration
        self._tested = tested

    def wait(self) -> float:
        """Seconds to wait before the next request, at most PATIENCE. Raises NotNow where nobody may ask."""
        quiet, health, place = _look(self._integration.pk, self._integration.connector.capabilities.budget)
        if self._tested:
            return min(PATIENCE, max(place, 0.0))
        if health == IntegrationHealth.CREDENTIALS:
            raise NotNow(Failure.CREDENTIALS, control.REJECTED.format(self._integration))
        if quiet > PATIENCE:
            raise NotNow(Failure.BUSY, "The shop asked us to wait.", retry_after=quiet)
        if place > PATIENCE:
            raise NotNow(Failure.BUSY, "Other runs ask the shop as often as it allows.", retry_after=place)
        return max(quiet, place, 0.0)

    def heard(self, response: Response) -> None:
        """After an answer: the shop may say that enough has been asked for now."""
        pause_after = self._integration.connector.pause_after
        if pause_after is not None and (pause := pause_after(response)):
            keep_quiet(self._integration, pause)

    def refused(self, seconds: float) -> None:
        """After a refusal that says how long to wait."""
        keep_quiet(self._integration, seconds)


def keep_quiet(integration: Integration, seconds: float) -> None:
    """Let no worker ask this shop for so long; a longer wait that was asked for before stays."""
    Integration.objects.filter(pk=integration.pk).update(
        quiet_until=Greatest("quiet_until", Now() + timedelta(seconds=seconds))
    )


def _look(integration_id: int, budget: Budget | None) -> tuple[float, str, float]:
    """Seconds the shop wants quiet, its health, and seconds until the place taken in the budget; past ones below 0."""
    if budget is None:
        rows = execute(f"SELECT {QUIET}, health, 0 FROM {SHOP}", [integration_id])  # noqa: S608 - no input in it
        ahead = 0.0
    else:
        each = budget.seconds / (budget.requests * STEADY)
        ahead = each * max(1, int(budget.requests * AT_ONCE))
        rows = execute(TAKE, [timedelta(seconds=each), integration_id, timedelta(seconds=each), integration_id])
    if not rows:
        raise ShopError(Failure.REFUSED, "This shop has been removed.")
    quiet, health, place = rows[0]
    return float(quiet), health, float(place) - ahead
