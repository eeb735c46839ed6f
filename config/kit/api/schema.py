"""The OpenAPI document: what drf-spectacular finds, and what all operations of ours have in common.

Sources: OpenAPI 3.1.1 (paths, components, security).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from drf_spectacular.drainage import error
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from config.kit.api.queries import QuerySerializer
from config.kit.api.structs import ProblemSerializer, StructSerializer

JSON = "application/json"
NAMED = re.compile(r"{(\w+)}")
RATES = {
    "X-Rate-Limit-Limit": "Calls a minute that this key has.",
    "X-Rate-Limit-Remaining": "Calls that are left in the running minute.",
    "X-Rate-Limit-Retry": "When the next minute begins, in seconds since 1970.",
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {"description": "Names the call when you ask us about it.", "schema": {"type": "string"}},
    "X-Rate-Limit-Type": {"description": "What is counted.", "schema": {"enum": ["api_calls", "bulk_api_calls"]}},
    **{name: {"description": says, "schema": {"type": "integer"}} for name, says in RATES.items()},
    "Retry-After": {"description": "Seconds to wait before the same call again.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to send a key.", "schema": {"type": "string"}},
    "ETag": {
        "description": "Stands for the answer; send it in If-None-Match to be told only of news.",
        "schema": {"type": "string"},
    },
}
COUNTED = ("X-Request-Id", *RATES, "X-Rate-Limit-Type")
SECURITY: dict[str, dict[str, Any]] = {
    "AppId": {"type": "apiKey", "in": "header", "name": "X-App-Id", "description": "The id of an API key."},
    "AppToken": {"type": "apiKey", "in": "header", "name": "X-App-Token", "description": "The token of that key."},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "The token alone, in place of the two headers."},
}
REFUSALS = {
    400: "A parameter or the body is not right; `details` names it and the way out.",
    401: "No key, or one that opens nothing.",
    403: "The key lacks the scope.",
    404: "There is nothing with this id in the project.",
    406: "Answers are JSON; the Accept header allows none.",
    409: "It cannot be done as things stand; `details` says why.",
    413: "The body is larger than is taken.",
    415: "The body is not sent as application/json in UTF-8.",
    422: "The Idempotency-Key was used for another call.",
    429: "More calls than this key has in a minute.",
    500: "A fault of Countinghouse.",
    503: "The database cannot be reached for a moment.",
}
ALWAYS = (400, 401, 403, 406, 429, 500, 503)
EXTRA = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


class Undeclared(Exception):
    """A view answers a method that it says nothing about."""


class ApiSchema(AutoSchema):
    """Beside what drf-spectacular finds: scopes, headers, refusals, and what the ids in the address are."""

    @property
    def of(self) -> Any:
        """The `ApiView`."""
        return self.view

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        for name, part in HEADERS.items():
            keep(registry, "headers", name, part)
        for parameter in operation.setdefault("parameters", []):
            self._tidy(parameter)
        operation["description"] = f"{operation.get('description', '')}\n\n{self._needed()}".strip()
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                response["description"] = response["description"] if "content" in response else ""
                response["description"] = response["description"] or "Done."
                response["headers"] = _headers((*COUNTED, *("ETag",) * self._tagged()))
            else:
                response["headers"] = _headers(_of_refusal(int(status)))
                response["content"] = {JSON: response["content"][JSON]}
        for status, response in self._shared(registry, has_body="requestBody" in operation):
            operation["responses"].setdefault(str(status), response)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
        return operation

    def _tidy(self, parameter: dict[str, Any]) -> None:
        """What an address takes is text, and none without a character where that is refused."""
        schema = parameter["schema"]
        schema.pop("x-spec-enum-id", None)
        parameter["description"] = parameter.get("description", "").strip()
        if "enum" in schema:
            schema["type"] = "string"
            schema.pop("minLength", None)
        elif schema.get("type") == "object":
            parameter |= {"style": "deepObject", "explode": True}
        elif schema.get("type") == "string" and parameter["in"] != "header" and not self.of.skips_empty_parameters:
            schema.setdefault("minLength", 1)

    def get_operation_id(self) -> str:
        part = "office_" if self.path.startswith("/back-office/") else ""
        return part + re.sub(r"\W+", "_", self.get_summary().lower()).strip("_")

    def get_summary(self) -> str:
        """Of lists and single rows by what they are called; the others say it with `extend_schema`."""
        action, name = self.of.asked, self.of.resource_name
        found = {
            "list": f"List {name[:-1]}ies" if name.endswith("y") else f"List {name}s",
            "retrieve": f"Read one {name}",
        }.get(action)
        if found is None:
            raise Undeclared(
                f"{type(self.view).__name__} answers {self.method} {self.path} but does not say what it does: put"
                ' @extend_schema(summary="What it does", ...) above the method.'
            )
        return found

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """What `extend_schema` says alone: docstrings are for who reads the code."""
        return ""

    def get_tags(self) -> list[str]:
        return [_tag(self.path)]

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = [
            OpenApiParameter(name, {"type": "string", "minLength": 1}, "path", description=self.of.id_says)
            for name in NAMED.findall(self.path)
        ]
        found.append(self.of.query_serializer(filters=False))
        if self._tagged():
            says = "The ETag of an answer that is here already."
            found.append(OpenApiParameter("If-None-Match", str, "header", description=says))
        if self._takes_key():
            says = "1 to 255 ASCII characters, new for each call; the same call sent again is answered as before."
            schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"}
            found.append(OpenApiParameter("Idempotency-Key", schema, "header", description=says))
        return [each for each in found if not isinstance(each, QuerySerializer) or each.fields]

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}List"

    def _needed(self) -> str:
        scopes = self.of.get_required_scopes()
        return f"Needs the scope {' and '.join(f'`{scope}`' for scope in scopes)}." if scopes else "Any key opens it."

    def _tagged(self) -> bool:
        return bool(self.of.tagged) and self.method == "GET"

    def _takes_key(self) -> bool:
        """Whether a call can be sent again with an Idempotency-Key, see `integrations.api.repeating`."""
        return bool(getattr(getattr(self.of, self.of.asked or self.method.lower(), None), "idempotent", False))

    def _shared(self, registry: ComponentRegistry, *, has_body: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        """The answers that every operation of this sort can have."""
        if self._tagged():
            yield 304, {"description": "Nothing has changed.", "headers": _headers((*COUNTED, "ETag"))}
        statuses = {*ALWAYS, *((404,) if "{" in self.path else ()), *((409, 422) if self._takes_key() else ())}
        if has_body:
            statuses |= {413, 415}
        for status in statuses:
            name = HTTPStatus(status).phrase.replace(" ", "")
            schema = self.resolve_serializer(ProblemSerializer, "response").ref  # type: ignore[arg-type]
            content = {JSON: {"schema": schema}}
            part = {"description": REFUSALS[status], "headers": _headers(_of_refusal(status)), "content": content}
            keep(registry, "responses", name, part)
            yield status, {"$ref": f"#/components/responses/{name}"}


class StructSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Structs as msgspec describes them; the structs that they are made of become components too."""

    target_class = StructSerializer
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str | None:
        kind = self.target.struct
        return kind.__name__ if isinstance(kind, type) else None

    def get_identity(self, auto_schema: Any, direction: Any) -> Any:
        return self.get_name(auto_schema, direction)

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        kind = self.target.struct
        [schema], components = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
        own = components.pop(self.get_name(auto_schema, direction) or "", schema)
        for name, part in components.items():
            keep(auto_schema.registry, "schemas", name, _tidied(part))
        found: dict[str, Any] = _tidied(own)
        return found


def refusal(says: str) -> OpenApiResponse:
    """For `extend_schema(responses=...)`: an answer of its own that is no success."""
    return OpenApiResponse(ProblemSerializer, says)


def _of_refusal(status: int) -> tuple[str, ...]:
    """Headers: whom a key is not asked of first is not counted; a fault may come before or after."""
    counted = COUNTED if status not in {401, 406, 500, 503} else ("X-Request-Id",)
    return (*counted, *EXTRA.get(status, ()))


def keep(registry: ComponentRegistry, kind: str, name: str, part: dict[str, Any]) -> None:
    component = ResolvedComponent(name=name, type=kind, schema=part, object=name)  # type: ignore[no-untyped-call]
    if component in registry and registry[component].schema not in (part, None):
        error(f"Two types of the API are called {name}: rename one.")
    registry.register_on_missing(component)


def _tag(path: str) -> str:
    """The resource, and of which of the two parts of the API."""
    part, _, resource = path.strip("/").partition("/v1/") if "/v1/" in path[1:] else ("", "", path[4:])
    name = resource.split("/")[0].partition(".")[0].replace("-", " ").replace("openapi", "this document")
    return f"Back office: {name}" if part else name.capitalize()


def _headers(names: Sequence[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _tidied(part: Any) -> Any:
    """Without what says nothing: titles that repeat the name, null as a default, the margin of a docstring."""
    if isinstance(part, list):
        return [_tidied(each) for each in part]
    if not isinstance(part, dict):
        return part
    tidied = {
        name: _tidied(value)
        for name, value in part.items()
        if not (name == "title" and isinstance(value, str)) and not (name == "default" and value is None)
    }
    if isinstance(tidied.get("enum"), list) and len(tidied["enum"]) == 1:
        [tidied["const"]] = tidied.pop("enum")  # which generators of clients make no type of its own of
    if tidied.get("type") == "array":
        tidied.setdefault("items", {})  # anything
    if tidied.get("type") == "object" and "properties" not in tidied:
        tidied.setdefault("additionalProperties", {})  # else generators take it for an empty one
    if isinstance(tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(tidied["description"])
    return tidied
