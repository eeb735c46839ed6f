"""What the operations of the API declare about themselves: the same declaration reads a call and describes it.

A view says per method which parameters it takes, what body, and what it answers (`KeyedView.operations`). Parameters
that are not declared are refused; `config.kit.api.schema` writes the OpenAPI document from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from config.kit.api.bodies import Query
from config.kit.api.problems import bad_query

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Parameter(ABC, Generic[T_co]):
    """A parameter of an address."""

    required: ClassVar[bool] = False
    name: str
    says: str
    """A sentence for people."""

    @abstractmethod
    def read(self, query: Query) -> T_co:
        """Its value. Raises 400 with the way out."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """What it may be, as JSON Schema."""


@dataclass(frozen=True)
class Number(Parameter[int]):
    default: int
    least: int
    most: int

    def read(self, query: Query) -> int:
        return query.number(self.name, self.default, self.least, self.most)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most, "default": self.default}


@dataclass(frozen=True)
class Choice(Parameter[str]):
    allowed: tuple[str, ...]
    """The first is the default."""

    def read(self, query: Query) -> str:
        return query.choice(self.name, self.allowed[0], self.allowed)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.allowed), "default": self.allowed[0]}


@dataclass(frozen=True)
class Time(Parameter[datetime | None]):
    def read(self, query: Query) -> datetime | None:
        return query.time(self.name)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Text(Parameter[str | None]):
    """Any text; `shape` narrows it down in the document."""

    shape: Mapping[str, Any] = field(default_factory=dict)

    def read(self, query: Query) -> str | None:
        text = query.text(self.name)
        if text == "":
            raise bad_query(f"Property .{self.name} is empty: give it a value, or leave it out")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, **self.shape}


@dataclass(frozen=True)
class RequiredText(Parameter[str]):
    required = True

    def read(self, query: Query) -> str:
        text = query.text(self.name)
        if not text:
            raise bad_query(f"Property .{self.name} {'is missing' if text is None else 'is empty'}: give it a value")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Operation:
    """One method of an address."""

    summary: str
    answer: Any = None
    """The type of the answer's JSON, as msgspec knows types, a tuple for one of several; None: an empty answer."""
    status: int = 200
    says: str = ""
    """More about it, in Markdown."""
    query: tuple[Parameter[Any], ...] = ()
    body: Any = None
    """The type of the JSON it takes; None: it takes no body."""
    scope: str | None = None
    """What a key needs for it beside the scope of the view."""
    refuses: Mapping[int, str] = field(default_factory=dict)
    """Answers of its own that are no success, by status, beside those that every operation can have."""
    files: tuple[str, ...] = ()
    """Media types of files that it answers beside JSON - or in its place, when there is no `answer`."""
    tagged: bool = False
    """The answer has an ETag, and 304 answers the same one in If-None-Match."""
