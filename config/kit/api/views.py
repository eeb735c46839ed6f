"""What every address of the API has in common: keys, scopes, rates, one shape of answers."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.kit import true_time
from config.kit.api import rates
from config.kit.api.bodies import JsonRenderer, Query, read
from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError, answer, unauthorised
from config.kit.api.rates import Rate
from config.kit.api.schema import Described


class JsonOnly(DefaultContentNegotiation):
    """By the Accept header alone; `?format=` chooses nothing here."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        for renderer in renderers:
            if any(
                part.split(";")[0].strip() in {"*/*", "application/*", renderer.media_type}
                for part in request.headers.get("Accept", "*/*").split(",")
            ):
                return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)


class Caller(Protocol):
    """A key that calls: what `authentication_classes` put into `request.auth`."""

    pk: int
    scopes: Collection[str]


class KeyedView(APIView):
    """An address that a key opens, given its scope. Which keys there are, `authentication_classes` say."""

    scope: ClassVar[str | None]
    """What a key needs for every method; None: the view decides."""
    operations: ClassVar[Mapping[str, Operation]] = {}
    """By method, what it takes and answers."""
    id_name: ClassVar[str] = "The id."
    """What the id in its address is, for people."""
    schema = Described()
    permission_classes = []
    throttle_classes = []
    parser_classes = []
    renderer_classes = [JsonRenderer]
    content_negotiation_class = JsonOnly
    request_id: str
    query: Query
    """The parameters of the call, checked against those that are declared."""

    @classmethod
    def operation(cls, method: str) -> Operation | None:
        return cls.operations.get(method)

    @classmethod
    def id_says(cls) -> str:
        return cls.id_name

    def get_exception_handler(self) -> Any:
        return answer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.request_id = f"v-{secrets.token_hex(10)}"
        self.rate: Rate | None = None
        self._body: bytes | None = None
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever may call is checked first, then what they ask by."""
        super().initial(request, *args, **kwargs)
        declared = self._declared(request)
        if declared is not None:
            self.query = Query(request)
            self.query.done(*(parameter.name for parameter in declared.query))

    def _declared(self, request: Request) -> Operation | None:
        return self.operation("GET" if request.method == "HEAD" else str(request.method))

    def check_permissions(self, request: Request) -> None:
        """The call counts before anything is decided about it."""
        self.rate = rates.count(f"key-{self.caller.pk}", settings.API_RATE_LIMIT)
        if self.rate.exceeded:
            wait = max(1, self.rate.ends_at - int(true_time.now().timestamp()))
            details = f"At most {self.rate.limit} calls a minute. Go on in {wait} s."
            raise ApiError(429, "too_many_requests", "Too many requests", details, retry_after=wait)
        self.need(self.scope)
        declared = self._declared(request)
        if declared is not None and declared.scope is not None:
            self.need(declared.scope)

    def need(self, scope: str | None) -> None:
        """Raises 403 when the key lacks a scope."""
        if scope is not None and scope not in self.caller.scopes:
            details = f"This key lacks the scope “{scope}”: ask the owner of the project for it."
            raise ApiError(403, "forbidden", "Forbidden", details)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are, and nothing else: the document tells the rest."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def body(self, request: Request) -> bytes:
        """The body as sent, read once. Raises 411, 413 and 415."""
        if self._body is None:
            self._body = read(request, settings.API_BODY_LIMIT)
        return self._body

    def finalize_response(self, request: HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        finished.headers["X-Request-Id"] = self.request_id
        finished.headers["Cache-Control"] = "no-store"
        if self.rate is not None:
            finished.headers["X-Rate-Limit-Limit"] = str(self.rate.limit)
            finished.headers["X-Rate-Limit-Remaining"] = str(self.rate.remaining)
            finished.headers["X-Rate-Limit-Retry"] = str(self.rate.ends_at)
            finished.headers["X-Rate-Limit-Type"] = "api_calls"
        return finished

    @property
    def caller(self) -> Caller:
        """Who calls. Raises 401."""
        caller: Any = self.request.auth  # whatever authentication_classes gave
        if caller is None:
            raise unauthorised("This address needs a key.")
        known: Caller = caller
        return known


class Nothing(KeyedView):
    """Every address of the API that there is not."""

    authentication_classes = []
    schema = None  # type: ignore[assignment]  # it is no part of the document

    def check_permissions(self, request: Request) -> None:
        raise ApiError(404, "not_found", "Resource not found", f"There is nothing at {request.path[:255]}.")
