"""Webhooks as a simulated shop keeps them: what is registered, what has changed since, who is given up."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.simulator.sales import Sale

PATIENCE = 10.0
HERE = {"127.0.0.1", "localhost", "::1"}


@dataclass
class Hook:
    """One registered webhook. `failures` in a row; what that means is the dialect's."""

    id: int
    topic: str
    address: str
    secret: str
    active: bool = True
    failures: int = 0


@dataclass(frozen=True)
class Event:
    """What happened to an order: "created", "updated" or "deleted"."""

    kind: str
    sale: Sale


@dataclass(frozen=True)
class Parcel:
    """A delivery as the dialect writes it."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Switchboard:
    """A shop's webhooks and what it last knew of each order."""

    most_failures: int = 5
    hooks: dict[int, Hook] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What the dialect keeps beside the hooks, as JSON: eBay's destinations."""
    _seen: dict[int, tuple[datetime, str]] | None = None

    def add(self, topic: str, address: str, secret: str) -> Hook:
        hook = Hook(max(self.hooks, default=0) + 1, topic, address, secret)
        self.hooks[hook.id] = hook
        return hook

    def written(self) -> dict[str, Any]:
        """All there is to remember, as JSON."""
        return {"hooks": [asdict(hook) for hook in self.hooks.values()], "kept": self.kept}

    def restore(self, written: dict[str, Any]) -> None:
        self.hooks = {hook["id"]: Hook(**hook) for hook in written.get("hooks", [])}
        self.kept = written.get("kept", {})

    def news(self, visible: Sequence[Sale], now: datetime) -> list[Event]:
        """What has changed of the orders one sees since the last look; nothing at the first one."""
        states = {sale.id: (sale.state(now).at, sale.state(now).status) for sale in visible}
        before, self._seen = self._seen, states
        if before is None:
            return []
        events: list[Event] = []
        for sale in visible:
            if sale.id not in before:
                # One new order is told of twice (observed on WooCommerce 11.0.1).
                events += [Event("created", sale), Event("updated", sale)]
            elif before[sale.id] != states[sale.id]:
                events.append(Event("deleted" if states[sale.id][1] == "trash" else "updated", sale))
        return events

    def send(self, hook: Hook, parcel: Parcel) -> bool:
        """Whether the receiver took it (200 to 302). Sent once; too many failures in a row switch the hook off."""
        taken = _post(hook.address, parcel)
        hook.failures = 0 if taken else hook.failures + 1
        if hook.failures > self.most_failures:
            hook.active = False
        return taken


def _post(address: str, parcel: Parcel) -> bool:
    return _open(urllib.request.Request(address, parcel.body, dict(parcel.headers), method="POST")) is not None  # noqa: S310


def ask(address: str) -> bytes | None:
    """The body of a GET; None where nobody answers with 200 to 302."""
    return _open(urllib.request.Request(address))  # noqa: S310


def _open(request: urllib.request.Request) -> bytes | None:
    if urlsplit(request.full_url).hostname not in HERE:
        return None  # a simulated shop talks to nobody but this machine
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return bytes(answer.read()) if 200 <= answer.status <= 302 else None
    except (urllib.error.URLError, OSError):
        return None
