"""Answers held against the OpenAPI document: status, headers, media type, and the JSON to its last field."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.urls import Resolver404, resolve
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from jsonschema_rs import Draft202012Validator

Document = dict[str, Any]


@cache
def document() -> Document:
    """The OpenAPI document of the whole API."""
    return dict(SchemaGenerator().get_schema(public=True))  # type: ignore[no-untyped-call]


@cache
def _closed() -> Document:
    """The document with every object closed: a field that is answered and not described is a fault."""

    def close(part: Any) -> Any:
        if isinstance(part, list):
            return [close(each) for each in part]
        if not isinstance(part, dict):
            return part
        found = {name: close(value) for name, value in part.items()}
        if found.get("type") == "object" and found.get("properties"):
            found["additionalProperties"] = False
        return found

    return dict(close(document()))


def template_of(path: str) -> str | None:
    """The path of the document that an address is an example of."""
    try:
        route = str(resolve(path.partition("?")[0]).route)
    except Resolver404:
        return None
    return str(EndpointEnumerator().get_path_from_regex(route))  # type: ignore[no-untyped-call]


def check(method: str, path: str, answer: Any) -> None:
    """Raises AssertionError when the answer is not as the document says."""
    operation = document()["paths"].get(template_of(path) or "", {}).get(method.lower())
    if operation is None:
        return
    told = operation["responses"].get(str(answer.status_code))
    assert told is not None, f"{method} {path}: {answer.status_code} is not described"
    told = _resolved(told)
    missing = {name for name in told["headers"] if name not in answer.headers}
    assert not missing, f"{method} {path}: {answer.status_code} without {missing}"
    content = told.get("content", {})
    if not content:
        assert not answer.content, f"{method} {path}: {answer.status_code} has a body that is not described"
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in content, f"{method} {path}: {answer.status_code} answers {kind}"
    if kind == "application/json":
        validator = _validator(json.dumps(content[kind]["schema"]))
        problems = [
            f"{error.instance_path}: {error.message[:300]}"
            for error in validator.iter_errors(json.loads(answer.content))
        ]
        assert not problems, f"{method} {path}: {answer.status_code} is not as described: {problems}"


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = json.loads(schema) | {"components": _closed()["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def _resolved(part: Document) -> Document:
    reference = part.get("$ref", "")
    found: Any = document() if reference else part
    for name in reference.split("/")[1:]:
        found = found[name]
    return dict(found)
