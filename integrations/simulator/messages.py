"""What a dialect is asked and what it answers, apart from any server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    secure: bool = False
    """Whether it came over https."""
    host: str = "localhost"

    def get(self, name: str, default: str = "") -> str:
        """The last value, as PHP takes it."""
        return dict(self.params).get(name, default)


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    """The orders in it, for the log."""


def as_json(
    data: Any, status: int = 200, ids: tuple[int, ...] = (), headers: Mapping[str, str] | None = None
) -> Answered:
    written = json.dumps(data, separators=(",", ":")).encode()
    return Answered(status, written, {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}, ids)
