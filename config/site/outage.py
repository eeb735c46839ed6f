"""What everybody is told while the database is away: 503 and a sentence, in the language of who asks."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable

import msgspec
import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error

from config.kit.api.problems import Problem
from config.running.watch import database_is_away

SENTENCE = "The database cannot be reached. Try again."
# Seconds after which programs may come again.
RETRY_AFTER = 5
API = ("/v1/", "/back-office/v1/")
HOOKS = "/hooks/"
# Addresses that are about the outage, or know nothing of the database.
UNCONCERNED = ("/healthz", "/readyz", "/static/")
# Of what PostgreSQL says: the connection, its resources, and that it goes down or has not come up.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
AWAY = ("08", "53", "57P")


class Outage:
    """Asks nothing of a database that is known to be away, and translates the errors of one that goes in the middle."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if database_is_away() and not request.path.startswith(UNCONCERNED):
            return away(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Errors of views; those of other middleware come to `failed`."""
        return away(request) if is_outage(error) else None


def is_outage(error: BaseException | None) -> bool:
    """Whether Django's error says that the database is away, not that a statement was wrong or had bad luck."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    code = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return code is None or code.startswith(AWAY)


def away(request: HttpRequest) -> HttpResponse:
    """The answer, made without database and session."""
    if request.path.startswith(API):
        number = f"v-{secrets.token_hex(10)}"
        problem = Problem(503, "unavailable", "Service unavailable", number, details=SENTENCE)
        answer = HttpResponse(msgspec.json.encode(problem), content_type="application/json")
        answer["X-Request-Id"] = number
    elif request.path.startswith(HOOKS):
        answer = HttpResponse(f"{SENTENCE}\n", content_type="text/plain; charset=utf-8")
    else:
        answer = HttpResponse(loader.render_to_string("503.html", {"again": request.method in {"GET", "HEAD"}}))
    answer.status_code = 503
    answer["Retry-After"] = str(RETRY_AFTER)
    answer["Cache-Control"] = "no-store"
    return answer


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    """What Django calls for an error that nobody has handled; 500, unless the database is the reason."""
    return away(request) if is_outage(sys.exc_info()[1]) else server_error(request)
