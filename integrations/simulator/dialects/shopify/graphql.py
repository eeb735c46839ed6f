"""As much of GraphQL as clients of simulated shops use: read a document and pick from Python values what it asks for.

An object is a dict with a `__typename`; a field that takes arguments is a function of them. Scalars are plain values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Value = Any
Json = dict[str, Any]
Resolver = Callable[[Json], Value]

_TOKEN = re.compile(r'[\s,]+|#[^\n]*|(\.\.\.|[!$()\[\]{}:=@|&]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)')


class GraphQLError(Exception):
    """`code` is what Shopify puts into `extensions.code`."""

    def __init__(self, message: str, code: str, **more: Any) -> None:
        super().__init__(message)
        self.written = {"message": message, "extensions": {"code": code, **more}}


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass
class Selection:
    name: str
    """Of the field, or of the type or fragment of a spread ("... on Order", "...OrderFields")."""
    alias: str = ""
    arguments: Json = field(default_factory=dict)
    parts: list[Selection] = field(default_factory=list)
    kind: str = "field"


@dataclass
class Document:
    operation: str
    parts: list[Selection]
    fragments: dict[str, Selection]
    fixed: dict[int, bool] = field(default_factory=dict)
    """Whether parts, by their identity, ask for the same whatever the variables are."""

    def is_fixed(self, parts: list[Selection]) -> bool:
        if id(parts) not in self.fixed:
            self.fixed[id(parts)] = all(
                not any(isinstance(value, Variable | list | dict) for value in part.arguments.values())
                and self.is_fixed(self.fragments[part.name].parts if part.kind == "fragment" else part.parts)
                for part in parts
            )
        return self.fixed[id(parts)]


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise GraphQLError(f"syntax error, unexpected {text[place]!r}", "parseError")
            if found[1]:
                self.tokens.append(found[1])
            place = found.end()
        self.place = 0

    @property
    def word(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        word = self.word
        if not word or (expected and word != expected):
            raise GraphQLError(f"syntax error, unexpected {word or 'end of file'!r}", "parseError")
        self.place += 1
        return word

    def skip_to(self, bracket: str) -> None:
        while self.word != bracket:
            self.take()

    def selections(self) -> list[Selection]:
        self.take("{")
        found = []
        while self.word != "}":
            found.append(self.selection())
        self.take("}")
        return found

    def selection(self) -> Selection:
        if self.word == "...":
            self.take()
            if self.word == "on":
                self.take()
                return Selection(self.take(), parts=self.selections(), kind="type")
            return Selection(self.take(), kind="fragment")
        name = alias = self.take()
        if self.word == ":":
            self.take()
            name = self.take()
        arguments = self.arguments("(", ")") if self.word == "(" else {}
        while self.word == "@":  # a directive is an argument whose name begins with @
            directive = self.take() + self.take()
            arguments[directive] = self.arguments("(", ")") if self.word == "(" else {}
        return Selection(name, alias, arguments, self.selections() if self.word == "{" else [])

    def arguments(self, opening: str, closing: str) -> Json:
        self.take(opening)
        found = {}
        while self.word != closing:
            name = self.take()
            self.take(":")
            found[name] = self.value()
        self.take(closing)
        return found

    def value(self) -> Value:
        word = self.word
        if word == "{":
            return self.arguments("{", "}")
        self.take()
        if word == "$":
            return Variable(self.take())
        if word == "[":
            values = []
            while self.word != "]":
                values.append(self.value())
            self.take("]")
            return values
        if word[0] == '"' or word[0] in "-0123456789" or word in ("true", "false", "null"):
            return json.loads(word)
        return word  # an enum


@lru_cache(maxsize=100)
def read(text: str) -> Document:
    """The one operation of a document and its fragments. Raises GraphQLError."""
    reader = _Reader(text)
    operation, parts, fragments = "query", None, {}
    while reader.word:
        kind = reader.take() if reader.word != "{" else "query"
        if kind == "fragment":
            name = reader.take()
            reader.take("on")
            fragments[name] = Selection(reader.take(), parts=reader.selections(), kind="type")
        else:
            reader.skip_to("{")
            operation, parts = kind, reader.selections()
    if parts is None:
        raise GraphQLError("Document does not contain any operations", "parseError")
    return Document(operation, parts, fragments)


class Kept(dict[str, Value]):
    """An object that is handed out again and again: what was picked from it is remembered by what was asked for."""

    def __init__(self, fields: Json) -> None:
        super().__init__(fields)
        self.picked: dict[int, tuple[list[Selection], Json]] = {}


def pick(document: Document, root: Json, variables: Json) -> Json:
    """The `data` of the answer. Raises GraphQLError for a field that does not exist, as validation does."""

    def filled(value: Value) -> Value:
        if isinstance(value, Variable):
            return variables.get(value.name)
        if isinstance(value, dict):
            return {name: filled(part) for name, part in value.items()}
        return [filled(part) for part in value] if isinstance(value, list) else value

    def of(value: Value, parts: list[Selection]) -> Value:
        if isinstance(value, list):
            return [of(each, parts) for each in value]
        if not isinstance(value, dict) or not parts:
            return value
        if not isinstance(value, Kept):
            return picked(value, parts)
        known = value.picked.get(id(parts))
        if known is None or known[0] is not parts:
            result = picked(value, parts)
            if not document.is_fixed(parts):
                return result
            known = value.picked[id(parts)] = (parts, result)
        return known[1]

    def picked(value: Json, parts: list[Selection]) -> Json:
        result: Json = {}
        for part in parts:
            spread = document.fragments[part.name] if part.kind == "fragment" else part
            if spread.kind == "type":
                if spread.name == value.get("__typename"):
                    result |= of(value, spread.parts)
                continue
            if part.name not in value:
                kind = str(value.get("__typename"))
                message = f"Field '{part.name}' doesn't exist on type '{kind}'"
                raise GraphQLError(message, "undefinedField", typeName=kind, fieldName=part.name)
            found = value[part.name]
            given = {name: filled(each) for name, each in part.arguments.items()}
            result[part.alias] = of(found(given) if callable(found) else found, part.parts)
        return result

    data: Json = of(root, document.parts)
    return data
