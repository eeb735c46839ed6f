"""The sessions of Django in rows of our own (SESSION_ENGINE), as its documentation extends database-backed sessions.

Who is logged in, since when and from where is written with the session's data: the list of a person's sessions is the
sessions themselves, and one that is deleted has ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from config.kit import true_time
from integrations.models import BrowserSession

# The key of the session's data under which it says when and from where its person came in.
ENTERED = "entered"
# That somebody is there is written this often at most.
TELL_AGAIN_AFTER = timedelta(minutes=1)


def ends_at(started: datetime, now: datetime) -> datetime:
    """When a session ends that is not used any more: after SESSION_IDLE_HOURS, SESSION_DAYS at the latest."""
    return min(now + timedelta(hours=settings.SESSION_IDLE_HOURS), started + timedelta(days=settings.SESSION_DAYS))


class SessionStore(DatabaseSessions):
    """A session; its row is read once for each request, whatever it is asked."""

    row: BrowserSession | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> BrowserSession | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row: BrowserSession = super().create_model_instance(data)  # type: ignore[assignment]
        now, entered = true_time.now(), data.get(ENTERED, {})
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address, row.agent = entered.get("address"), entered.get("agent", "")
        row.started_at = datetime.fromisoformat(entered["at"]) if entered else now
        row.seen_at, row.expire_date = now, ends_at(row.started_at, now)
        return row

    def note_use(self) -> None:
        """Put the end off. Not by saving the data, which would undo what another request saved meanwhile."""
        now = true_time.now()
        if self.row is not None and self.row.seen_at < now - TELL_AGAIN_AFTER:
            rows = BrowserSession.objects.filter(session_key=self.session_key)
            rows.update(seen_at=now, expire_date=ends_at(self.row.started_at, now))
