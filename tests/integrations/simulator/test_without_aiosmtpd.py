"""The simulated mail server is of the demo: a site that lacks its package is told so in a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtpd.controller", None)
    monkeypatch.delitem(sys.modules, "integrations.simulator.mailbox", raising=False)
    with pytest.raises(CommandError, match="needs the package aiosmtpd"):
        call_command("simulate_mail", "--port", "2525", "--folder", str(tmp_path / "letters"))
