"""Our names for a shop's codes. A code may stand for many: `flat_rate:*` for all that begin so, `*` for all others."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

WILDCARD = "*"


class CodeNames(Struct, frozen=True):
    """Names by codes; of codes with a wildcard the one that says most comes first."""

    exact: dict[str, str] = {}
    wild: tuple[tuple[str, str], ...] = ()

    def of(self, code: str) -> str:
        """The name of a code; a code that is named itself has no other. "" for none."""
        if not code:
            return ""
        name = self.exact.get(code, "")
        return name or next((name for pattern, name in self.wild if matches(pattern, code)), "")


def names_of(named: Iterable[tuple[str, str]]) -> CodeNames:
    """Of (code, name)."""
    exact = dict(named)
    wild = sorted((pair for pair in exact.items() if WILDCARD in pair[0]), key=lambda pair: (_vague(pair[0]), pair[0]))
    return CodeNames(exact, tuple(wild))


def _vague(pattern: str) -> tuple[int, int]:
    """Less is more exact."""
    return -len(pattern.replace(WILDCARD, "")), pattern.count(WILDCARD)


def matches(pattern: str, code: str) -> bool:
    """Whether a code is one of those that a pattern stands for; each * is any letters, or none."""
    first, *middle, last = pattern.split(WILDCARD)
    at, end = len(first), len(code) - len(last)
    if at > end or not (code.startswith(first) and code.endswith(last)):
        return False
    for part in middle:
        found = code.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
