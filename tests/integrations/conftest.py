"""What tests of integrations share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.authority import Authority


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trusted, in this test, instead of the world's."""
    made = Authority(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(made.path))
    return made
