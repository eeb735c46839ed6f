"""What every address of the API has in common: a key and its scopes, rates, parameters, one shape of answers.

What DRF's settings can say, they say (`config.settings.REST_FRAMEWORK`). How a new address is written: see the package.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ViewSetMixin

from config.kit import replica
from config.kit.api import rates
from config.kit.api.bodies import BodyRequest
from config.kit.api.paginating import Fields
from config.kit.api.problems import ApiError, not_found
from config.kit.api.queries import QuerySerializer
from config.kit.api.rates import Rate
from config.kit.public_ids import PublicIds


class ApiView(GenericAPIView[Any]):
    """An address of the API."""

    rate_type: ClassVar[str] = rates.API_CALLS
    """What its calls are counted as, see `config.kit.api.rates`."""
    required_scopes: ClassVar[Sequence[str]] = ()
    """What a key needs for every action."""
    required_scopes_by_action: ClassVar[Mapping[str, Sequence[str]]] = {}
    """What it needs besides for one of them."""
    query_serializer_classes: ClassVar[Mapping[str, type[QuerySerializer]]] = {}
    """By action, the parameters it takes beside those of pages, order and filters."""
    skips_empty_parameters: ClassVar[bool] = False
    """A parameter without a value counts as not sent, in place of being refused."""
    tagged: ClassVar[bool] = False
    """Answers to GET have an ETag, and the same one in If-None-Match is answered with 304."""
    resource_name: ClassVar[str] = "resource"
    """What a row is called in sentences."""
    id_says: ClassVar[str] = "The id."
    """What the ids in the address are, for people."""
    query: dict[str, Any]
    """The parameters of the call, checked."""

    @property
    def ids(self) -> PublicIds:
        """The public ids that the key may know."""
        raise NotImplementedError

    @property
    def asked(self) -> str:
        """The action; the method, where the view is no viewset or does not take it."""
        method = str(self.request.method).lower()
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    def get_required_scopes(self) -> tuple[str, ...]:
        also = self.required_scopes_by_action.get(self.asked, ())
        return tuple(dict.fromkeys(str(scope) for scope in (*self.required_scopes, *also)))

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.request_id = f"v-{secrets.token_hex(10)}"
        self.rate: Rate | None = None
        return BodyRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever may call is checked first, then what they ask by."""
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods and request.method != "OPTIONS":
            self.query = self.query_serializer().checked(request.query_params, skips_empty=self.skips_empty_parameters)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lists may be read from a replica; who asks is looked up there as well, as they are by now."""
        if request.method == "GET" and getattr(self, "action_map", {}).get("get") == "list":
            return replica.read(lambda: super(ApiView, self).dispatch(request, *args, **kwargs))
        return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """The call counts before anything is decided about it; DRF would count only those that are allowed."""
        super().check_throttles(request)
        super().check_permissions(request)

    def check_throttles(self, request: Request) -> None:
        """Done already."""

    def query_serializer(self, *, filters: bool = True) -> QuerySerializer:
        """What the action takes as parameters; without those of `filterset_class` if so wished."""
        fields: Fields = {}
        if self.asked == "list":
            parts = [*self.filter_backends, *([self.pagination_class] if self.pagination_class else [])]
            for part in parts:
                if filters or not hasattr(part, "filterset_base"):
                    fields |= part.query_fields(self)  # type: ignore[attr-defined]  # each of paginating.py has it
        base = self.query_serializer_classes.get(self.asked, QuerySerializer)
        made: QuerySerializer = type("Query", (base,), fields)()
        return made

    def validated(self, serializer_class: type[BaseSerializer[Any]] | None = None) -> Any:
        """The body as the serializer reads it, that of the view unless another one is given. Raises 400."""
        made = serializer_class or self.get_serializer_class()
        serializer = made(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def count(self, rows: QuerySet[Any]) -> int:
        """How many rows a list has in all."""
        return rows.count()

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are, and nothing else: the document tells the rest."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        finished.headers["X-Request-Id"] = self.request_id
        finished.headers["Cache-Control"] = "no-store"
        if self.rate is not None:
            for name, value in rates.headers(self.rate, self.rate_type).items():
                finished.headers[name] = value
        if (
            self.tagged
            and request.method in {"GET", "HEAD"}
            and isinstance(finished, Response)
            and not finished.exception
        ):
            finished.headers["Cache-Control"] = "private, no-cache"
            finished.add_post_render_callback(_tag(request.headers.get("If-None-Match", "")))
        return finished


def _tag(known: str) -> Any:
    """Puts the tag of its content onto an answer, and makes it 304 when the caller has it already."""

    def finish(response: Response) -> None:
        tag = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
        response.headers["ETag"] = tag
        if tag in {each.strip().removeprefix("W/") for each in known.split(",")}:
            response.status_code, response.content = 304, b""
            del response.headers["Content-Type"]

    return finish


class ApiViewSet(ViewSetMixin, ApiView):
    """The addresses of one kind of row, for a router."""

    id_prefix: ClassVar[str]
    """How its public ids begin."""
    source_id_field: ClassVar[str] = ""
    """The column by which a row is found that no public id names; "": public ids alone."""
    lookup_url_kwarg = "public_id"

    def get_object(self) -> Any:
        """The row that the address names. Raises 404, the same for what there is not and for somebody else's."""
        row = self.find(str(self.kwargs[self.lookup_url_kwarg]))
        self.check_object_permissions(self.request, row)
        return row

    def find(self, key: str) -> Any:
        """A row by its public id, else by its source id. Raises 404."""
        pk = self.ids.take(self.id_prefix, key)
        rows = self.get_queryset()
        row = rows.filter(pk=pk).first() if pk is not None else None
        if row is None and self.source_id_field and key and "\x00" not in key:
            row = rows.filter(**{self.source_id_field: key}).first()
        if row is None:
            raise not_found(self.resource_name, key)
        return row


class Nowhere(ApiView):
    """Every address of the API that there is not."""

    authentication_classes = []
    throttle_classes = []
    permission_classes = []
    schema = None  # it is no part of the document

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise ApiError(404, "not_found", "Resource not found", f"There is nothing at {request.path[:255]}.")
