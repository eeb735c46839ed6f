"""Headers that tell the browser how little a page may do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",  # Django's own stylesheets carry icons as data
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "same-origin",
}


class ContentSecurityPolicy:
    """Sets the policy on every answer, and keeps pages of a logged in person out of caches.

    A view that sets one of the headers itself keeps it. No inline script or style runs, nothing loads from elsewhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # Asked without touching the session: reading it here would add "Vary: Cookie" and a query to every answer.
        person = request.__dict__.get("_cached_user")
        if person is not None and person.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class CompressedPages(GZipMiddleware):
    """Pages go out compressed, a list in a sixth of its bytes; files and answers of the API as they are.

    Django adds random bytes to each, and masks the CSRF token anew, so that lengths tell nothing of secrets (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
