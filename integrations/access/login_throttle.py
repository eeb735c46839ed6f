"""Wrong logins are counted and slowed by django-axes; this says what is counted, what is kept, and what is told.

Three limits, each within LOGIN_LOCK_MINUTES since the last wrong login:

- one name from one address (5): guessing. It locks these two together, so nobody locks out a colleague elsewhere.
- one address, whatever the names (50): a spray of one password over many names. Ten people who share an address and
  all forget their passwords stay below it.
- one name, whatever the addresses (100): many machines that guess one password. As an address is stopped at five,
  it takes twenty of them - of IPv6, twenty networks - to lock a name; and even then it stays open at addresses from
  which that person came in within 30 days, so that strangers cannot keep anybody from their desk.

A lock is not prolonged by knocking on. What was typed into a form is not kept, but for the name.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, QueryDict

from config.kit import true_time
from integrations.access import access_log, sessions
from integrations.choices import AccessKind

Credentials = dict[str, Any]


class LoginThrottle(AxesDatabaseHandler):  # type: ignore[misc]
    """The handler of django-axes in PostgreSQL, named in AXES_HANDLER."""

    def get_failures(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        """AXES_FAILURE_LIMIT or more as soon as one of the limits is reached: axes itself knows one number only."""
        limit: int = settings.AXES_FAILURE_LIMIT
        counts = [(_count(rows), most) for rows, most in self._limited(request, credentials)]
        return max(limit if count >= most else min(count, limit - 1) for count, most in counts)

    def locked_until(self, request: HttpRequest, credentials: Credentials | None = None) -> datetime:
        """When the lock that refused this request ends."""
        ends = [
            rows.aggregate(Max("attempt_time"))["attempt_time__max"] + get_cool_off(request)
            for rows, most in self._limited(request, credentials)
            if _count(rows) >= most
        ]
        return max(ends, default=true_time.now())

    def _limited(self, request: HttpRequest, credentials: Credentials | None) -> list[tuple[QuerySet[Any], int]]:
        """The counted attempts that concern a request, each with its limit; in the order of AXES_LOCKOUT_PARAMETERS."""
        pair, address, name = self.get_user_attempts(request, credentials)
        limits = [(pair, settings.AXES_FAILURE_LIMIT), (address, settings.LOGIN_FAILURES_OF_ADDRESS)]
        most = settings.LOGIN_FAILURES_OF_NAME
        typed = get_client_username(request, credentials) or ""
        if _count(name) < most or not access_log.is_known_at(typed, access_log.origin_of(request).address):
            limits.append((name, most))
        return limits

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        """A right login forgives this name at this address; else one's own login would forgive a spray."""
        count, _by_model = self.filter_user_attempts(request, credentials)[0].delete()
        return int(count)

    def user_login_failed(
        self, sender: Any, credentials: Credentials, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a wrong login and write it down. One that was refused because of a lock is neither counted nor written:
        how long the log becomes is bounded by the limits."""
        if request is None:
            return
        refused = getattr(request, "axes_locked_out", False)
        # Axes keeps the fields of the form and some headers beside an attempt. They may hold anything, and nobody needs
        # them; a NUL in one would be an error of the database, and the attempt would not count.
        bare: Any = copy(request)
        bare.GET = bare.POST = QueryDict()
        bare.axes_user_agent = bare.axes_http_accept = bare.axes_path_info = ""
        super().user_login_failed(sender, credentials, bare, **kwargs)
        for name in ("axes_locked_out", "axes_credentials", "axes_failures_since_start"):
            setattr(request, name, getattr(bare, name))
        if not refused:
            typed = get_client_username(request, credentials) or ""
            _note(AccessKind.FAILED, request, typed)
            if bare.axes_locked_out:
                _note(AccessKind.LOCKED, request, typed)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().user_logged_in(sender, request, user, **kwargs)
        origin = access_log.origin_of(request)
        sessions.begin(request.session, origin)
        access_log.note(AccessKind.LOGIN, origin, user_id=user.pk, name=user.username)

    def user_logged_out(self, sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
        if user is not None and user.pk:
            origin = access_log.origin_of(request)
            access_log.note(AccessKind.LOGOUT, origin, user_id=user.pk, name=user.get_username())


def clear_old() -> int:
    """Forget wrong logins that do not count any more; how many."""
    lasts: timedelta = settings.AXES_COOLOFF_TIME
    count, _by_model = AccessAttempt.objects.filter(attempt_time__lt=true_time.now() - lasts).delete()
    return int(count)


def _count(attempts: QuerySet[Any]) -> int:
    return int(attempts.aggregate(Sum("failures_since_start"))["failures_since_start__sum"] or 0)


def _note(kind: AccessKind, request: HttpRequest, typed: str) -> None:
    known = User.objects.filter(username=typed).values_list("pk", flat=True).first()
    access_log.note(kind, access_log.origin_of(request), user_id=known, name=typed)
