"""Questions for words as trees: a term of a `tsquery`, or ("&", parts), or ("|", parts). Pure.

An index of words reads every entry of every word of a question, and for a beginning those of all words that begin so:
"jana" of a million orders is read to find the one "jana novakova330". So an index is asked by few words, and the
whole question is put to the rows found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# str | tuple[str, Sequence[Tree]], which mypy cannot say of itself.
Tree = Any


def written(tree: Tree) -> str:
    """As PostgreSQL reads it."""
    if isinstance(tree, str):
        return tree
    sign, parts = tree
    told = [written(part) for part in parts]
    return told[0] if len(told) == 1 else f"({f' {sign} '.join(told)})"


def looser(tree: Tree) -> Tree:
    """What holds wherever `tree` does, and reads less of an index: of words that are asked together the longest."""
    if isinstance(tree, str):
        return tree
    sign, parts = tree
    return max(map(looser, reversed(parts)), key=_length) if sign == "&" else (sign, [looser(part) for part in parts])


def _length(tree: Tree) -> int:
    """Letters of the shortest way in: the longer a word, the fewer begin so."""
    if isinstance(tree, str):
        return len(tree.removesuffix(":*"))
    sign, parts = tree
    return (max if sign == "&" else min)(map(_length, parts))


def flat(trees: Sequence[Tree]) -> list[Tree]:
    """The parts of a question of which all must hold, each by itself."""
    found: list[Tree] = []
    for tree in trees:
        found += flat(tree[1]) if not isinstance(tree, str) and tree[0] == "&" else [tree]
    return found
