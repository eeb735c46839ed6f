"""Ask a shop: the one way from an integration to the network, at the pace that all workers keep together."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from integrations import client
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.connectors.http import Operation
from integrations.models import Integration
from integrations.runs import claims
from integrations.runs.claims import Claim
from integrations.shops.pace import Pace

T = TypeVar("T")


def ask(integration: Integration, operation: Operation[T], *, held: Claim | None = None, tested: bool = False) -> T:
    """The result of an operation. Raises ShopError, and LostClaim where a run has been taken over.

    `held`: the run that asks; it is kept alive while the shop thinks. `tested`: see `Pace`. One that is not saved yet
    has no pace to keep: it is asked once, by whoever connects it.
    """
    heartbeat = partial(claims.heartbeat, held) if held is not None else None
    if integration.pk is None:
        return client.drive(operation)
    pace = Pace(integration, tested=tested)
    try:
        return client.drive(operation, heartbeat=heartbeat, pace=pace)
    except ShopError as error:
        # Some platforms say only in the body that it was too much, which their connectors read.
        if error.kind == Failure.BUSY and error.retry_after and not isinstance(error, NotNow):
            pace.refused(error.retry_after)
        raise
