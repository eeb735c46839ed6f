"""Which order book a request works in, and whose role is in force there."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrations.access.tenancy import enter

SESSION_KEY = "project"
# Addresses that are nobody's: they answer while there is no database to read a session from.
NOBODYS = frozenset({"/healthz", "/readyz"})


class OpenProject:
    """Sets `request.project` for people who are logged in, and shows times in that project's zone.

    Requests without a session cookie (health checks, the API) are left alone: no session is read for them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.project = None  # type: ignore[attr-defined]
        if request.path in NOBODYS or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        project = enter(request.user, request.session.get(SESSION_KEY))
        request.project = project  # type: ignore[attr-defined]
        if project is None:
            return self.get_response(request)
        with timezone.override(project.zone):
            return self.get_response(request)
