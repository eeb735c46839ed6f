"""Keys are made once, agreed on by all processes, and readable by us alone."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import keys
from tests.config.conftest import CHECKOUT


def test_a_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"
    made = keys.kept(path, keys.encryption_key)
    assert keys.kept(path, keys.encryption_key) == made
    assert Fernet(made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_processes_at_once_agree(tmp_path: Path) -> None:
    code = "import sys, pathlib; from config import keys; print(keys.kept(pathlib.Path(sys.argv[1]), keys.signing_key))"
    command = [sys.executable, "-c", code, str(tmp_path / "key")]
    racing = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT, text=True) for _ in range(6)]
    assert len({process.communicate()[0] for process in racing}) == 1
    assert {process.returncode for process in racing} == {0}


def test_the_slower_of_two_takes_the_key_of_the_faster(tmp_path: Path) -> None:
    """The race itself: another process puts its key there while we make ours."""

    def slow() -> str:
        (tmp_path / "key").write_text("theirs\n")
        return "ours"

    assert keys.kept(tmp_path / "key", slow) == "theirs"
    assert (tmp_path / "key").read_text() == "theirs\n"


def test_an_empty_key_file_is_not_replaced_in_silence(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    with pytest.raises(ImproperlyConfigured, match=r"is empty\. Restore it from a backup"):
        keys.kept(tmp_path / "key", keys.signing_key)


def test_a_folder_that_cannot_be_written_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY and ENCRYPTION_KEYS"):
        keys.kept(tmp_path / "file" / "folder" / "key", keys.signing_key)


def test_a_wrong_encryption_key_is_named_by_its_place_and_not_shown() -> None:
    with pytest.raises(ImproperlyConfigured, match="key 2 is not a Fernet key") as caught:
        keys.checked_encryption_keys([Fernet.generate_key().decode(), "hunter2"])
    assert "hunter2" not in str(caught.value)
