"""Two questions of a load balancer: does the process live, and can it work?"""

from __future__ import annotations

from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from config.kit import true_time, valkey_client
from integrations.choices import Process
from integrations.runs import liveness


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else, so a database that is away does not get web processes killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL answers, else 503.

    All else is told but does not decide. Redis only rings, and the tick does its work when it is silent; workers and
    the tick that do not move are a reason to wake somebody, and none to take the pages away.

    `{"postgresql": true, "redis": true, "workers": true, "tick": true, "clocks": true, "problems": []}`; a problem is a
    sentence that names which process, and how long or how much.
    """
    found: dict[str, Any] = {"postgresql": True, "redis": _redis_answers()}
    try:
        beating = liveness.beating()
    except Error:
        return JsonResponse(found | {"postgresql": False}, status=503)
    for kind, name in ((Process.WORKER, "workers"), (Process.TICK, "tick")):
        found[name] = any(each.moves and not each.clock_is_wrong for each in beating if each.kind == kind)
    found["clocks"] = true_time.is_right() and not any(each.clock_is_wrong for each in beating)
    return JsonResponse(found | {"problems": liveness.problems(beating)})


def _redis_answers() -> bool:
    try:
        return bool(valkey_client.shared().ping())
    except RedisError:
        return False
