"""What the OpenAPI document has beside its operations: the list of tags, and an example of each call and its answer.

The examples are real: `tests/api/test_examples.py` makes every call and keeps what was answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from config.kit.api.bodies import JSON

Part = dict[str, Any]
OFFICE = "Back office"


def finish(result: Part, **_: Any) -> Part:
    """A postprocessing hook of drf-spectacular."""
    found = examples(Path(settings.API_EXAMPLES))
    tags = set()
    for operation in _operations(result):
        tags.update(operation["tags"])
        _show(operation, found.get(operation["operationId"], {}))
    in_order = sorted(tags, key=lambda tag: (tag.startswith(OFFICE), tag))
    result["tags"] = [{"name": tag, "description": _says(tag)} for tag in in_order]
    return result


def _says(tag: str) -> str:
    return "For programs of the back office." if tag.startswith(OFFICE) else "For partners' programs."


@cache
def examples(path: Path) -> Part:
    """By operationId: `parameters` by name, the body of the `request`, and the `answer`."""
    found: Part = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _operations(document: Part) -> Iterator[Part]:
    for methods in document["paths"].values():
        yield from methods.values()


def _show(operation: Part, example: Part) -> None:
    for parameter in operation["parameters"]:
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
    if "request" in example:
        operation["requestBody"]["content"][JSON]["example"] = example["request"]
    if "answer" in example:
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        kind = JSON if JSON in good.get("content", {}) else next(iter(good["content"]))
        good["content"][kind]["example"] = example["answer"]
