"""A host with other keys than the database's is refused before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from integrations.keyring import site_keys
from integrations.models import KeyFingerprint
from tests.config.conftest import CHECKOUT
from tests.factories import IntegrationFactory

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def first_host(db: None, settings: Any) -> None:
    """A database that is used with these keys."""
    settings.SECRET_KEY, settings.ENCRYPTION_KEYS = "s" * 50, [OLD]
    settings.KEYS_MADE = []
    KeyFingerprint.objects.all().delete()
    site_keys.check()


def test_the_same_keys_are_known(settings: Any) -> None:
    site_keys.check()
    assert KeyFingerprint.objects.count() == 2
    kept = " ".join(KeyFingerprint.objects.values_list("digest", flat=True))
    assert OLD not in kept
    assert settings.SECRET_KEY not in kept


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "t" * 50), ("ENCRYPTION_KEYS", [OTHER])])
def test_other_keys_are_refused_by_name_and_made_ones_go(settings: Any, tmp_path: Path, name: str, value: Any) -> None:
    made = tmp_path / "key"
    made.write_text("made here for nothing")
    settings.KEYS_MADE = [made]
    setattr(settings, name, value)
    with pytest.raises(
        site_keys.WrongKeys, match=f"another {name} than this host has.*Copy {name} from a host"
    ) as said:
        site_keys.check()
    assert said.value.field == name
    assert not made.exists()
    assert KeyFingerprint.objects.count() == 2


def test_a_key_beside_a_known_one_is_known_from_then_on(settings: Any) -> None:
    """As keys are changed: the new one in front, then the old one dropped."""
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    site_keys.check()
    settings.ENCRYPTION_KEYS = [NEW]
    site_keys.check()
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(site_keys.WrongKeys):
        site_keys.check()


def test_a_database_from_before_is_asked_for_its_credentials(settings: Any) -> None:
    IntegrationFactory.create()
    KeyFingerprint.objects.all().delete()
    settings.ENCRYPTION_KEYS = [OTHER]
    with pytest.raises(site_keys.WrongKeys):
        site_keys.check()
    settings.ENCRYPTION_KEYS = [OLD]
    site_keys.check()


def test_keys_that_were_replaced_on_purpose_are_adopted(settings: Any) -> None:
    settings.SECRET_KEY = "t" * 50
    call_command("adopt_keys")
    site_keys.check()
    settings.SECRET_KEY = "s" * 50
    with pytest.raises(site_keys.WrongKeys):
        site_keys.check()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["serve", "work", "tick", "prepare"])
def test_a_second_host_without_keys_does_not_start(tmp_path: Path, command: str) -> None:
    """A process of its own, with a data folder of its own: it leaves no keys there."""
    environment = dict(os.environ) | {
        "COUNTINGHOUSE_DATA": str(tmp_path / "data"),
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/countinghouse?", f"/{connection.settings_dict['NAME']}?"),
    }
    environment.pop("SECRET_KEY", None)
    environment.pop("ENCRYPTION_KEYS", None)
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 1
    assert "Copy SECRET_KEY from a host that works" in done.stderr
    assert list((tmp_path / "data").glob("*key*")) == []
