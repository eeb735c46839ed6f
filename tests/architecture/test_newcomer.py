"""The ten questions of a newcomer in CONTRIBUTING are answered by paths that are there, and hold what they name."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.reading import CHECKOUT

CONTRIBUTING = CHECKOUT / ".github" / "CONTRIBUTING.md"
ROW = re.compile(r"^\| (?P<question>[^|]+\?) \| `(?P<path>[^`|]+)` \| `(?P<name>[^`|]+)` \|$", re.MULTILINE)


def answers(text: str) -> list[tuple[str, str, str]]:
    """Question, path and name of every row."""
    return [(row["question"], row["path"], row["name"]) for row in ROW.finditer(text)]


def wrong(path: str, name: str) -> str:
    """What is wrong with an answer; "" when it is right."""
    file = CHECKOUT / path
    if not file.is_file():
        return f"{path} is not there"
    tree = ast.parse(file.read_text(encoding="utf-8"), path)
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return "" if name in defined else f"{path} defines no {name}"


def test_there_are_ten_questions_and_answers() -> None:
    found = answers(CONTRIBUTING.read_text(encoding="utf-8"))
    assert len({question for question, _, _ in found}) == len(found) == 10


def test_every_answer_is_there() -> None:
    found = answers(CONTRIBUTING.read_text(encoding="utf-8"))
    assert [sentence for _, path, name in found if (sentence := wrong(path, name))] == []


@pytest.mark.parametrize("path, name", [("stock/gone.py", "write_levels"), ("stock/ledger.py", "write_level")])
def test_control_a_wrong_answer_is_seen(path: str, name: str) -> None:
    [(_, *answer)] = answers(f"| Where is it? | `{path}` | `{name}` |")
    assert wrong(*answer)
