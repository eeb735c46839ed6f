"""Two questions of a load balancer: does the process live, and can it work?"""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_rq import get_connection
from redis.exceptions import RedisError


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else, so a database that is away does not get web processes killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL answers, else 503.

    Redis is told but does not decide: it only rings, and the tick does its work when it is silent.
    """
    postgres = _postgres_answers()
    return JsonResponse({"postgresql": postgres, "redis": _redis_answers()}, status=200 if postgres else 503)


def _postgres_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(get_connection("default").ping())
    except RedisError:
        return False
