"""Connectors of tests: one that is made up, and real ones with a part exchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations import connectors
from integrations.connectors.contract import Connector


def exchange(patch: pytest.MonkeyPatch, key: str, **parts: Any) -> Connector:
    """The platform's connector with some of its parts exchanged, for the time of a test."""
    changed = replace(connectors.get(key), **parts)
    patch.setitem(connectors.found(), key, changed)
    return changed
