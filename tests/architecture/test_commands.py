"""Every program that a document names can be started as it says there."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.architecture.reading import CHECKOUT
from tests.architecture.test_house import project_texts

COMMAND = re.compile(r"python -m (tests\.[\w.]+\w)")


def named() -> list[str]:
    return sorted({each for text in project_texts().values() for each in COMMAND.findall(text)})


def started(module: str) -> subprocess.CompletedProcess[str]:
    """Outside of the tests' settings, as somebody in a shell starts it."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", module, "--help"]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("module", named())
def test_a_named_program_says_how_it_is_used(module: str) -> None:
    program = started(module)
    assert program.returncode == 0, program.stderr[-2000:]
    assert "usage:" in program.stdout


def test_control_a_program_that_needs_settings_is_seen() -> None:
    assert "settings are not configured" in started("integrations.models").stderr
