"""Addresses: a router without trailing slashes, and ids that may hold slashes.

The published SDKs encode every character of an id. WSGI decodes the path before anybody can see where an id ends, so
the raw request target is split first (RFC 3986, section 2.2: a reserved character and its encoded form differ), and
each segment keeps its own slashes encoded until the address is known.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import register_converter
from rest_framework.routers import SimpleRouter

API = ("/v1/", "/back-office/v1/")
# What servers call the request target as it was sent: waitress, uWSGI, mod_wsgi; gunicorn.
RAW = ("REQUEST_URI", "RAW_URI")


class PublicId:
    """One segment of an address, with its slashes: `<id:order_id>`."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unquote(value, errors="strict")

    def to_url(self, value: str) -> str:
        return encoded(value)


class Rest(PublicId):
    """Everything to the end of an address, which old clients send with slashes as they are: `<rest:order_id>`."""

    regex = ".+"


register_converter(PublicId, "id")
register_converter(Rest, "rest")


def encoded(segment: str) -> str:
    """A segment in which no slash parts anything."""
    return segment.replace("%", "%25").replace("/", "%2F")


class WholeSegments:
    """Middleware: the path of an API call in segments as they were sent, each as `encoded` writes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(API):
            request.path_info = "/".join(encoded(each) for each in _segments(request))
        return self.get_response(request)


def _segments(request: HttpRequest) -> list[str]:
    """Those of the raw target, where the server tells it and it is the path that Django has; else those of the path."""
    raw = next((str(request.META[name]) for name in RAW if name in request.META), "")
    path = urlsplit(raw).path if "://" in raw.partition("?")[0] else raw.partition("?")[0]
    segments = [unquote(each) for each in path.split("/")]
    return segments if "/".join(segments) == request.path_info else request.path_info.split("/")


class Router(SimpleRouter):
    """Without trailing slashes; a viewset's `lookup_value_converter` says what its ids look like."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)
