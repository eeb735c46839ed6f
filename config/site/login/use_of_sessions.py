"""What every request of somebody who is logged in goes through."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.site.open_project import NOBODYS
from integrations.access.session_store import SessionStore


class SessionsInUse:
    """Notes that a session is used, which puts off its end.

    Requests without a session cookie, such as the API's, are left alone: no session is read for them. Nor for health
    checks, whoever asks: they must be answered while the database is away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in NOBODYS:
            return self.get_response(request)
        session = request.session
        cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
        if cookie and request.user.is_authenticated and isinstance(session, SessionStore):
            session.note_use()
        return self.get_response(request)
