"""The OpenAPI document: each operation as its view declares it, types as msgspec reads them.

Sources: OpenAPI 3.1.1 (paths, components, security); `config.kit.api.declaring` holds what is declared.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Protocol, cast

import msgspec
from drf_spectacular.drainage import error
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from config.kit.api.declaring import Operation
from config.kit.api.problems import Problem

JSON = "application/json"
NAMED = re.compile(r"{(\w+)}")
RATES = {
    "X-Rate-Limit-Limit": "Calls a minute that this key has.",
    "X-Rate-Limit-Remaining": "Calls that are left in the running minute.",
    "X-Rate-Limit-Retry": "When the next minute begins, in seconds since 1970.",
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {"description": "Names the call when you ask us about it.", "schema": {"type": "string"}},
    "X-Rate-Limit-Type": {"description": "What is counted.", "schema": {"type": "string", "const": "api_calls"}},
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


class Declaring(Protocol):
    """What a view tells about itself; see `config.kit.api.views.KeyedView`."""

    scope: str | None

    def operation(self, method: str) -> Operation | None: ...

    def id_says(self) -> str: ...


class Described(AutoSchema):
    """Writes the operations of a `KeyedView` from its declarations."""

    @property
    def declaring(self) -> Declaring:
        return cast(Declaring, self.view)

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any]:
        declared: Operation | None = self.declaring.operation(method)
        if declared is None:
            raise Undeclared(
                f"{type(self.view).__name__} answers {method} {path} but does not declare it: add"
                f' operations = {{"{method}": Operation("What it does", TypeOfTheAnswer)}}'
                " (see config/kit/api/declaring.py)."
            )
        for kind, parts in (("headers", HEADERS), ("securitySchemes", SECURITY)):
            for name, part in parts.items():
                self._keep(registry, kind, name, part)
        scopes = [str(scope) for scope in dict.fromkeys((self.declaring.scope, declared.scope)) if scope is not None]
        needed = f"Needs the scope {' and '.join(f'`{scope}`' for scope in scopes)}." if scopes else "Any key opens it."
        described: dict[str, Any] = {
            "operationId": re.sub(r"\W+", "_", declared.summary.lower()).strip("_"),
            "summary": declared.summary,
            "description": f"{declared.says}\n\n{needed}".strip(),
            "tags": [self._tag(path)],
            "parameters": [*self._of_path(path), *_of_query(declared), *self._of_headers(declared, method)],
            "security": [{"AppId": scopes, "AppToken": scopes}, {"Bearer": scopes}],
            "responses": {
                str(status): response for status, response in sorted(self._responses(path, method, declared, registry))
            },
        }
        if declared.body is not None:
            content = {JSON: {"schema": self._schema(declared.body, registry)}}
            described["requestBody"] = {"required": True, "content": content}
        return described

    @staticmethod
    def _tag(path: str) -> str:
        """The resource, and of which of the two parts of the API."""
        part, _, resource = path.strip("/").partition("/v1/") if "/v1/" in path[1:] else ("", "", path[4:])
        name = resource.split("/")[0].partition(".")[0].replace("-", " ").replace("openapi", "this document")
        return f"Back office: {name}" if part else name.capitalize()

    def _of_path(self, path: str) -> Iterator[dict[str, Any]]:
        for name in NAMED.findall(path):
            schema = {"type": "string", "minLength": 1}
            says = self.declaring.id_says()
            yield {"name": name, "in": "path", "required": True, "description": says, "schema": schema}

    def _takes_key(self, method: str) -> bool:
        """Whether a call can be sent again with an Idempotency-Key, see `integrations.api.repeating`."""
        return bool(getattr(getattr(self.view, method.lower()), "idempotent", False))

    def _of_headers(self, declared: Operation, method: str) -> Iterator[dict[str, Any]]:
        if declared.tagged:
            says = "The ETag of an answer that is here already."
            yield {"name": "If-None-Match", "in": "header", "description": says, "schema": {"type": "string"}}
        if self._takes_key(method):
            says = "1 to 255 ASCII characters, new for each call; the same call sent again is answered as before."
            schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"}
            yield {"name": "Idempotency-Key", "in": "header", "description": says, "schema": schema}

    def _responses(
        self, path: str, method: str, declared: Operation, registry: ComponentRegistry
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        good: dict[str, Any] = {"description": "Done.", "headers": _headers((*COUNTED, *("ETag",) * declared.tagged))}
        content: dict[str, Any] = {kind: {"schema": {"type": "string"}} for kind in declared.files}
        if declared.answer is not None:
            content[JSON] = {"schema": self._schema(declared.answer, registry)}
        yield declared.status, good | ({"content": content} if content else {})
        if declared.tagged:
            yield 304, {"description": "Nothing has changed.", "headers": _headers((*COUNTED, "ETag"))}
        refused = dict.fromkeys(ALWAYS, "") | dict.fromkeys((413, 415) if declared.body is not None else (), "")
        refused |= dict.fromkeys((409, 422) if self._takes_key(method) else (), "")
        refused |= dict.fromkeys((404,) if "{" in path else (), "") | dict(declared.refuses)
        for status, says in refused.items():
            refusal = self._refusal(status, says or REFUSALS[status], registry)
            if not says:
                name = HTTPStatus(status).phrase.replace(" ", "")
                self._keep(registry, "responses", name, refusal)
                refusal = {"$ref": f"#/components/responses/{name}"}
            yield status, refusal

    def _refusal(self, status: int, says: str, registry: ComponentRegistry) -> dict[str, Any]:
        # Whom a key is not asked of first is not counted; a fault may come before or after.
        counted = COUNTED if status not in {401, 406, 500, 503} else ("X-Request-Id",)
        headers = _headers((*counted, *EXTRA.get(status, ())))
        return {"description": says, "headers": headers, "content": {JSON: {"schema": self._schema(Problem, registry)}}}

    def _schema(self, kind: Any, registry: ComponentRegistry) -> dict[str, Any]:
        """The JSON Schema of a type; the types it is made of become components."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
        for name, part in components.items():
            self._keep(registry, "schemas", name, _tidied(part))
        found: list[dict[str, Any]] = _tidied(list(schemas))
        return {"anyOf": found} if len(found) > 1 else found[0]

    @staticmethod
    def _keep(registry: ComponentRegistry, kind: str, name: str, part: dict[str, Any]) -> None:
        component = ResolvedComponent(name=name, type=kind, schema=part, object=name)  # type: ignore[no-untyped-call]
        if component in registry and registry[component].schema != part:
            error(f"Two types of the API are called {name}: rename one.")
        registry.register_on_missing(component)


def _of_query(declared: Operation) -> Iterator[dict[str, Any]]:
    for parameter in declared.query:
        yield {
            "name": parameter.name,
            "in": "query",
            **({"required": True} if parameter.required else {}),
            "description": parameter.says,
            "schema": parameter.schema(),
        }


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
    if isinstance(tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(tidied["description"])
    return tidied
