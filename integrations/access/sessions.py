"""Where a person is logged in, and how that ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from config.kit import true_time
from integrations.access import access_log
from integrations.access.access_log import Origin
from integrations.access.devices import device
from integrations.access.session_store import ENTERED
from integrations.choices import AccessKind
from integrations.models import BrowserSession


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it. `handle` names it and opens nothing."""

    handle: str
    device: str
    address: str | None
    started_at: datetime
    seen_at: datetime
    current: bool


def begin(session: SessionBase, origin: Origin) -> None:
    """Somebody has just logged in with this session."""
    session[ENTERED] = {"at": true_time.now().isoformat(), "address": origin.address, "agent": origin.agent}


def of_person(user_id: int, current_key: str | None = None) -> list[OpenSession]:
    """Those that are open, the one used last first."""
    rows = BrowserSession.objects.filter(user=user_id, expire_date__gt=true_time.now()).order_by("-seen_at")
    return [
        OpenSession(
            _handle(row.session_key),
            device(row.agent),
            row.address,
            row.started_at,
            row.seen_at,
            row.session_key == current_key,
        )
        for row in rows.defer("session_data")
    ]


def end(user_id: int, handle: str, origin: Origin) -> bool:
    """End one session of a person. Whether there was one."""
    rows = BrowserSession.objects.filter(user=user_id).defer("session_data")
    row = next((row for row in rows if _handle(row.session_key) == handle), None)
    if row is None:
        return False
    row.delete()
    access_log.note(AccessKind.SESSIONS_ENDED, origin, user_id=user_id, detail=f"1 session, {device(row.agent)}")
    return True


def end_all(user_id: int, origin: Origin, *, but: str | None = None, why: str = "") -> int:
    """End all sessions of a person, but for the one with this key; how many that were. `why` is for the log."""
    rows = BrowserSession.objects.filter(user=user_id).exclude(session_key=but or "")
    count, _by_model = rows.delete()
    if count:
        told = f"{count} sessions" if count > 1 else "1 session"
        access_log.note(AccessKind.SESSIONS_ENDED, origin, user_id=user_id, detail=f"{told}{why and ', '}{why}")
    return count


def clear_old() -> int:
    """Forget sessions that have ended by themselves; how many."""
    count, _by_model = BrowserSession.objects.filter(expire_date__lt=true_time.now()).delete()
    return count


def _handle(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]
