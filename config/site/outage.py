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
from django.views.defaults import bad_request, server_error

from config.kit.api.problems import Problem
from config.running.watch import database_is_away

SENTENCE = "The database cannot be reached. Try again."
FAULT = "A fault of Countinghouse; nothing was written. Tell us the request_id."
NOT_FOR_US = "This address is not served under the host that was asked for: check Host, or ask who runs this site."
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
        answer = _for_programs(503, "unavailable", "Service unavailable", SENTENCE)
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
    if is_outage(sys.exc_info()[1]):
        return away(request)
    if request.path.startswith(API):
        return _for_programs(500, "internal_error", "Internal error", FAULT)
    return server_error(request)


@requires_csrf_token
def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django calls for a request that it finds suspicious, such as one for a host that is not served here."""
    if request.path.startswith(API):
        return _for_programs(400, "invalid_request", "Bad request", NOT_FOR_US)
    return bad_request(request, exception)


def _for_programs(code: int, key: str, message: str, details: str) -> HttpResponse:
    number = f"v-{secrets.token_hex(10)}"
    problem = Problem(code, key, message, number, details=details)
    answer = HttpResponse(msgspec.json.encode(problem), content_type="application/json", status=code)
    answer["X-Request-Id"] = number
    answer["Content-Length"] = str(len(answer.content))
    return answer
