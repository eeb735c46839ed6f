"""The pages for those who must wait before they log in."""

from __future__ import annotations

from math import ceil
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.kit import true_time
from integrations.access import site_letters

# When somebody who found too many others logging in may try again.
BUSY_SECONDS = 5


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """429 for whoever is locked out, the same for names that exist and others; named in AXES_LOCKOUT_CALLABLE."""
    left = AxesProxyHandler.get_implementation().locked_until(request, credentials) - true_time.now()
    minutes = max(1, ceil(left.total_seconds() / 60))
    answer = render(
        request, "admin/login/locked.html", {"minutes": minutes, "letters": site_letters.available()}, status=429
    )
    answer["Retry-After"] = str(minutes * 60)
    answer["Cache-Control"] = "no-store"
    return answer


def busy(request: HttpRequest) -> HttpResponse:
    """503 when more people log in at once than passwords can be hashed for."""
    answer = render(request, "admin/login/busy.html", {"seconds": BUSY_SECONDS}, status=503)
    answer["Retry-After"] = str(BUSY_SECONDS)
    answer["Cache-Control"] = "no-store"
    return answer
