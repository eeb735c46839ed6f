"""Errors of the partner API, all in the published shape.

`errors` lists rows of a bulk body.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import Http404
from msgspec import UNSET, UnsetType
from rest_framework import exceptions
from rest_framework.response import Response

from config.kit.isolating import place_of

logger = logging.getLogger(__name__)


class RowProblem(msgspec.Struct):
    """What is wrong with one row of a bulk body."""

    index: int
    """Its place, from 0."""
    details: str


class Problem(msgspec.Struct):
    """Every answer that is no success."""

    code: int
    """The status of the answer."""
    key: str
    """Stable, for programs."""
    message: str
    request_id: str
    details: str | UnsetType = UNSET
    """Names the field and the way out."""
    resource_type: str | UnsetType = UNSET
    resource_id: str | UnsetType = UNSET
    errors: list[RowProblem] | UnsetType = UNSET
    """The first hundred rows that are wrong."""
    statusCode: int | UnsetType = UNSET
    """Of a bulk call that is too large, as published."""
    error: str | UnsetType = UNSET
    """Of a bulk call that is too large, as published."""


class ApiError(exceptions.APIException):
    """An answer that is no success. `details` names the field and the way out."""

    def __init__(
        self,
        code: int,
        key: str,
        message: str,
        details: str = "",
        *,
        resource: tuple[str, str] | None = None,
        errors: list[RowProblem] | None = None,
        retry_after: int | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, key)
        self.status_code = code
        self.key = key
        self.message = message
        self.details = details
        self.resource = resource
        """(type, id) of what it is about."""
        self.errors = errors
        self.wait = retry_after
        self.also = also or {}
        """Other fields of `Problem`."""


def unauthorised(details: str) -> ApiError:
    return ApiError(401, "unauthorized", "Unauthorized", details)


def not_found(kind: str, public_id: str) -> ApiError:
    """The same answer for what there is not and for what belongs to somebody else."""
    shown = public_id[:255]
    return ApiError(
        404, "not_found", "Resource not found", f"Cannot find {kind} with id {shown}", resource=(kind, shown)
    )


def bad_payload(details: str, errors: list[RowProblem] | None = None, key: str = "invalid_payload") -> ApiError:
    return ApiError(400, key, "Invalid payload", details, errors=errors)


def bad_query(details: str) -> ApiError:
    return ApiError(400, "invalid_query_params", "Invalid query params", details)


def missing_permission(details: str) -> ApiError:
    return ApiError(403, "missing_required_permission", "Missing permission", details)


def too_many(view: Any, wait: int) -> ApiError:
    """As published, with how many of which calls there may be, and when to go on."""
    calls = view.rate_type.replace("api_", "").replace("_", " ")
    details = f"At most {view.rate.limit:,} {calls} a minute. Go on in {wait} s."
    message = "Too many requests hit the API too quickly."
    return ApiError(429, "too_many_requests", message, details, retry_after=wait)


def unsupported_media_type(details: str) -> ApiError:
    return ApiError(415, "unsupported_media_type", "Unsupported media type", details)


def first_of(detail: Any, path: str = "") -> str:
    """The first fault that a serializer found, e.g. “Property .items[0].name may not be blank”."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        own = isinstance(name, str) and name == "non_field_errors"
        return first_of(inner, path if own else f"{path}.{name}" if isinstance(name, str) else f"{path}[{name}]")
    if isinstance(detail, list) and any(isinstance(each, dict | list) for each in detail):
        index = next(place for place, each in enumerate(detail) if each)
        return first_of(detail[index], f"{path}[{index}]")
    text = str(detail[0] if isinstance(detail, list) else detail).removesuffix(".").removeprefix("This field ")
    return f"Property {path} {text}" if path else text


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """What a view's error becomes; set as the exception handler of every view of the API."""
    request_id = getattr(context.get("view"), "request_id", "")
    told = _translated(error, context)
    body = Problem(told.status_code, told.key, told.message, request_id)
    if told.details:
        body.details = told.details
    if told.resource:
        body.resource_type, body.resource_id = told.resource
    if told.errors:
        body.errors = told.errors
    for name, value in told.also.items():
        setattr(body, name, value)
    headers = {}
    if told.status_code == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Countinghouse"'
    if told.wait is not None:
        headers["Retry-After"] = str(told.wait)
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(body, status=told.status_code, headers=headers)


def _translated(error: Exception, context: dict[str, Any]) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        return ApiError(405, "method_not_allowed", "Method not allowed", f"This address takes {allowed}.")
    if isinstance(error, exceptions.NotAcceptable):
        return ApiError(406, "not_acceptable", "Not acceptable", "Answers are JSON: send Accept: application/json.")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return unsupported_media_type("Send the body as Content-Type: application/json, in UTF-8.")
    if isinstance(error, exceptions.PermissionDenied):
        return missing_permission(str(error.detail))
    if isinstance(error, exceptions.Throttled):
        wait = int(getattr(error, "wait", None) or 1)
        return too_many(context["view"], wait)
    if isinstance(error, exceptions.ValidationError):
        return bad_payload(first_of(error.detail))
    if isinstance(error, Http404):
        return ApiError(404, "not_found", "Resource not found", "There is nothing at this address.")
    if isinstance(error, exceptions.APIException):
        return ApiError(error.status_code, "invalid_request", str(error.detail))
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("The API could not reach the database.")
        return ApiError(
            503, "unavailable", "Service unavailable", "The database cannot be reached. Try again.", retry_after=5
        )
    # The text of an unexpected error may hold personal data: the place is enough to find it.
    logger.error("The API failed: %s", place_of(error))
    details = "A fault of Countinghouse; nothing was written. Tell us the request_id."
    return ApiError(500, "internal_error", "Internal error", details)
