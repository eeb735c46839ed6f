"""The OpenAPI document before the linters that others judge it by: no error, no warning that is not explained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients.conftest import HERE, Node

pytestmark = [pytest.mark.long, pytest.mark.timeout(15 * 60)]


def spectral(node: Node, document: Path) -> list[str]:
    """What Spectral finds with its ruleset for OpenAPI."""
    done = node.run(["spectral", "lint", "-r", "spectral.yaml", "-f", "json", "--fail-severity=hint", document])
    found, _end = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("[") :])
    return [f"{each['code']} at {'.'.join(map(str, each['path']))}: {each['message']}" for each in found]


def redocly(node: Node, document: Path) -> list[str]:
    """What Redocly finds with its recommended rules."""
    done = node.run(["redocly", "lint", "--config", "redocly.yaml", "--format", "json", document])
    found, _end = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index('{\n  "totals"') :])
    return [
        f"{each['ruleId']} at {each['location'][0].get('pointer')}: {each['message']}" for each in found["problems"]
    ]


LINTERS = [spectral, redocly]


@pytest.mark.parametrize("lint", LINTERS)
def test_the_document_is_clean(lint: Callable[[Node, Path], list[str]], node: Node, document_file: Path) -> None:
    assert lint(node, document_file) == []


@pytest.mark.parametrize("lint", LINTERS)
def test_control_a_document_with_a_fault_is_not(
    lint: Callable[[Node, Path], list[str]], node: Node, document_file: Path
) -> None:
    document: dict[str, Any] = json.loads(document_file.read_text())
    document["paths"]["/v1/orders"]["get"]["parameters"] += [{"name": "x", "in": "path"}]
    del document["servers"]
    document_file.write_text(json.dumps(document))
    assert len(lint(node, document_file)) >= 2


def test_each_rule_that_is_off_has_its_reason() -> None:
    for name in ("spectral.yaml", "redocly.yaml"):
        lines = (HERE / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if line.strip().endswith(('"off"', ": off")):
                assert lines[number - 1].strip().startswith("#"), f"{name}: say above it why {line.strip()}"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
