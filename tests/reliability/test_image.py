"""Where the image cannot be built, what is missing is named."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.reliability import image


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "buildah" else f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "argv", ["image"])
    with pytest.raises(SystemExit, match=r"apt install buildah\."):
        image.main()
