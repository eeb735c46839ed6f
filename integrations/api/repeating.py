"""The header Idempotency-Key: a call that comes again is answered as before, and nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, bad_payload
from integrations.access import idempotency
from integrations.access.idempotency import BeingAnswered, Call, CallAnswer, OtherCall
from integrations.api.partner_views import ProjectView

LONGEST_KEY = 255
Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """For methods of a view that start or create something."""

    @wraps(handler)
    def once(view: ProjectView, request: Request, **named: Any) -> Response:
        key = key_of(request)
        if not key:
            return handler(view, request, **named)

        def work() -> CallAnswer:
            made = handler(view, request, **named)
            return CallAnswer(made.status_code, msgspec.json.encode(made.data))

        try:
            answer = idempotency.once(_call(view, request, key), work)
        except BeingAnswered as error:
            details = "A call with this Idempotency-Key is being answered: send it again in a moment."
            raise ApiError(409, "multiple_requests", "Conflict", details, retry_after=1) from error
        except OtherCall as error:
            details = "This Idempotency-Key was used for another call: send a new key with a new call."
            raise ApiError(422, "idempotency_key_reused", "Not the same call", details) from error
        response = Response(msgspec.Raw(answer.body), status=answer.status)
        if answer.again:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    once.idempotent = True  # type: ignore[attr-defined]
    return once


def key_of(request: Request) -> str:
    """The header's value, "" when it was not sent. Raises 400."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise bad_payload(f"Header Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters")
    return key


def _call(view: ProjectView, request: Request, key: str) -> Call:
    parts = (str(request.method), request.path, request.META.get("QUERY_STRING", ""))
    read = request.data if isinstance(request.data, bytes) else msgspec.json.encode(request.data)
    return Call(view.project.pk, key, idempotency.fingerprint(*(part.encode() for part in parts), read))
