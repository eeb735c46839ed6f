"""The codes a shop lists, and the report of a connection test."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.listings import RemoteStatus


def code_list(labels: Mapping[str, str]) -> tuple[RemoteStatus, ...]:
    """Codes (at most 100 characters) with what the shop calls them; a code without a label is its own, "" is none."""
    return tuple(RemoteStatus(code[:100], label or code) for code, label in labels.items() if code)


def failed(error: ShopError, hints: tuple[str, ...] = ()) -> ConnectionReport:
    """The report of a connection test that ended with `error`."""
    return ConnectionReport(False, str(error), hints=hints, failure=error.kind)


def zone_hints(shop: Shop, zone: str) -> list[str]:
    """What to say where the shop's own time zone (an IANA name, or "" where it does not tell) is another than ours."""
    return (
        [f"The shop's own time zone is {zone}, here {shop.zone.key} is set."] if zone not in ("", shop.zone.key) else []
    )
