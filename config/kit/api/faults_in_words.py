"""What is wrong with a body, in the words of the API: the property, what it must be, and what may be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

PATH = re.compile(r" - at `(?:key in )?\$(.*)`$")
STEP = re.compile(r"\.(\w+)|\[(?:\d+|\.\.\.)\]")
BOUND = re.compile(r"^Expected `\w+` (of length )?(>=|<=|==) (\d+)$")
KIND = re.compile(r"^Expected `([\w |]+)`, got `(\w+)`$")
FORM = re.compile(r"^Expected `str` matching regex '(.*)'$")
NAMED = re.compile(r"^Object (contains unknown|missing required) field `(.*)`$")
LIMITS = {">=": "lower than", "<=": "higher than", "==": "other than"}
WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
A_TIME = "must be a time with its zone, such as 2026-03-01T10:00:00Z"
SENTENCES = {
    "Invalid RFC3339 encoded datetime": A_TIME,
    "Expected `datetime` with a timezone component": A_TIME,
    "Invalid RFC3339 encoded date": "must be a day, such as 2026-02-28",
    "Number out of range": "is a number that is out of range",
    "Integer value out of range": "is a number that is out of range",
}


def of_value(error: msgspec.ValidationError, kind: Any) -> str:
    """E.g. “Property .items[0].quantity cannot be lower than 1”; `kind`: the type of the body."""
    text = str(error)
    found = PATH.search(text)
    path = found[1] if found else ""
    problem = text[: found.start()] if found else text
    named = NAMED.match(problem)
    if named and named[1] == "missing required":
        return f"Property {path}.{named[2]} is missing"
    if named:
        known = ", ".join(sorted({*_fields(kind, path)}))
        return f"Property {path}.{named[2][:50]} is not known here; these are: {known}"
    return f"{f'Property {path}' if path else 'The body'} {_problem(problem, kind, path)}"


def is_about_the_value(error: msgspec.ValidationError) -> bool:
    """Whether the type is right, and the value cannot be: it is too long, too small, or not of the form."""
    problem = PATH.sub("", str(error))
    return bool(BOUND.match(problem) or FORM.match(problem)) or problem in SENTENCES


def _problem(problem: str, kind: Any, path: str) -> str:
    if problem in SENTENCES:
        return SENTENCES[problem]
    if bound := BOUND.match(problem):
        return f"{'length ' if bound[1] else ''}cannot be {LIMITS[bound[2]]} {bound[3]}"
    if mismatch := KIND.match(problem):
        expected = [WORDS.get(part, part) for part in mismatch[1].split(" | ") if part != "null"]
        got = "a fraction" if mismatch[1].startswith("int") and mismatch[2] == "float" else WORDS.get(mismatch[2])
        return f"must be {' or '.join(expected)}, not {got or mismatch[2]}"
    if form := FORM.match(problem):
        return "must be an e-mail address" if path.endswith("email") else f"must match {form[1]}"
    if problem.startswith("Invalid enum value"):
        return f"must be one of {', '.join(_allowed(kind, path))}"
    if problem.startswith("Invalid value"):
        return f"must be one of {', '.join(_tags(kind, path))}"
    return f"is not right: {problem[:1].lower()}{problem[1:200]}"


def _allowed(kind: Any, path: str) -> Iterator[str]:
    for each in _at(kind, path):
        if isinstance(each, inspect.LiteralType):
            yield from map(str, each.values)
        elif isinstance(each, inspect.EnumType):
            yield from (str(member.value) for member in each.cls)


def _tags(kind: Any, path: str) -> Iterator[str]:
    """What tells one of several objects from the others."""
    for each in _at(kind, path.rpartition(".")[0]):
        if isinstance(each, inspect.StructType) and each.tag is not None:
            yield str(each.tag)


def _fields(kind: Any, path: str) -> Iterator[str]:
    for each in _at(kind, path):
        if isinstance(each, inspect.StructType):
            yield from (field.encode_name for field in each.fields)


def _at(kind: Any, path: str) -> list[inspect.Type]:
    """The types that a body of this type has at the path."""
    found = _one_by_one(inspect.type_info(kind))
    for step in STEP.finditer(path):
        found = [inner for each in found for inner in _inside(each, step[1])]
    return found


def _inside(kind: inspect.Type, name: str | None) -> list[inspect.Type]:
    if isinstance(kind, inspect.StructType) and name:
        return [inner for field in kind.fields if field.encode_name == name for inner in _one_by_one(field.type)]
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return _one_by_one(kind.item_type)
    return _one_by_one(kind.value_type) if isinstance(kind, inspect.DictType) else []


def _one_by_one(kind: inspect.Type) -> list[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        return _one_by_one(kind.type)
    return (
        [inner for each in kind.types for inner in _one_by_one(each)] if isinstance(kind, inspect.UnionType) else [kind]
    )


def of_text(body: bytes, error: msgspec.DecodeError) -> str:
    """Why a body is no JSON."""
    if not body.strip():
        return "The body is empty: send JSON (RFC 8259) in UTF-8."
    why = str(error).rstrip(".")
    if "truncated" in why:
        why = "it ends before its JSON does"
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            pass
        else:  # only Python takes what is no text
            why = "a text holds half of a surrogate pair, such as \\ud83d alone: send the whole character"
    return f"The body cannot be read: {why}. Send JSON (RFC 8259) in UTF-8."
