"""The shop's own time, as its answers tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Response


def clock(response: Response) -> datetime | None:
    """The Date header, UTC; None where there is none or it cannot be read."""
    try:
        moment = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def told_clock(response: Response, who: str = "The shop") -> datetime:
    """The Date header; ShopError where the shop, which sentences call `who`, does not tell its time."""
    moment = clock(response)
    if moment is None:
        raise ShopError(Failure.NONSENSE, f"{who} does not tell its time (no Date header): a load has no end.")
    return moment
