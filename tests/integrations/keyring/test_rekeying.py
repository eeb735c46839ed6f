"""Keys are changed beside a running site: everything is encrypted anew, and the old key may be dropped."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config import keys
from config.kit.sql import execute
from integrations.keyring import rekeying
from integrations.models import Integration, MailServer, Webhook, WebhookEndpoint
from integrations.secrets import EncryptedField, Secrets
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shops() -> list[Integration]:
    """Secrets in every encrypted column."""
    made = [IntegrationFactory.create(credentials=Secrets(key=f"secret {number}")) for number in range(5)]
    Webhook.objects.create(integration=made[0])
    WebhookEndpoint.objects.create(project=made[0].project, url="https://hooks.example")
    MailServer.objects.create(
        project=made[0].project, host="mail.example", port=25, from_address="a@b.example", secrets=Secrets(password="p")
    )
    return made


@pytest.fixture
def new(shops: list[Integration], settings: Settings) -> str:
    """A newer key, in front."""
    key = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [key, *settings.ENCRYPTION_KEYS]
    return key


def rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def unreadable() -> list[str]:
    """Encrypted columns with a value that no key reads."""
    return [
        f"{model.__name__}.{name}"
        for model, name in rekeying.columns()
        for row in model._default_manager.all()
        if not getattr(row, name).readable or not getattr(row, name)
    ]


def test_after_it_the_old_key_may_be_dropped(new: str, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS_KEPT = False
    with patch.object(rekeying, "PORTION", 2):
        told = rotate()
    assert told.startswith("8 encrypted anew with the newest key; 0 were already.")
    assert "may be dropped from ENCRYPTION_KEYS" in told
    settings.ENCRYPTION_KEYS = [new]
    assert unreadable() == []
    assert sorted(shop.credentials["key"] for shop in Integration.objects.all()) == [f"secret {n}" for n in range(5)]
    assert rotate().startswith("0 encrypted anew with the newest key; 8 were already.")


def test_without_it_nothing_could_be_read(new: str, settings: Settings) -> None:
    """The control: the old key is needed until then."""
    settings.ENCRYPTION_KEYS = [new]
    assert len(unreadable()) == 8


def test_killed_in_the_middle_it_goes_on(new: str, settings: Settings) -> None:
    wrote, count = execute, 0

    def dies(statement: str, params: object = ()) -> object:
        nonlocal count
        count += statement.startswith("UPDATE")
        if count == 4:
            raise KeyboardInterrupt
        return wrote(statement, params)  # type: ignore[arg-type]

    with (
        patch.object(rekeying, "PORTION", 2),
        patch.object(rekeying, "execute", dies),
        pytest.raises(KeyboardInterrupt),
    ):
        rekeying.rotate()
    assert "2 were already" in rotate()  # the portion that was killed is done again
    settings.ENCRYPTION_KEYS = [new]
    assert unreadable() == []


def test_what_somebody_saves_meanwhile_is_left_to_them(new: str, shops: list[Integration]) -> None:
    wrote = execute

    def after_a_save(statement: str, params: object = ()) -> object:
        rows = wrote(statement, params)  # type: ignore[arg-type]
        if statement.startswith("SELECT") and "integration" in statement:
            Integration.objects.filter(pk=shops[0].pk).update(credentials=Secrets(key="newer"))
        return rows

    with patch.object(rekeying, "execute", after_a_save):
        rekeying.rotate()
    assert Integration.objects.get(pk=shops[0].pk).credentials["key"] == "newer"


def test_what_no_key_reads_is_told_and_stays(new: str) -> None:
    lost = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    execute("UPDATE integrations_mailserver SET secrets = %s", [lost])
    with pytest.raises(CommandError, match=r"1 cannot be read .*MailServer\.secrets.*Drop no key"):
        rotate()
    assert execute("SELECT secrets FROM integrations_mailserver") == [(lost,)]


def test_a_program_with_the_keys_of_before_is_noticed(new: str) -> None:
    found = iter([rekeying.Rotation(rotated=3), rekeying.Rotation(rotated=1)])
    with patch.object(rekeying, "rotate", lambda: next(found)), pytest.raises(CommandError, match="Restart it"):
        rotate()


def test_a_new_key_is_made_where_keys_are_kept(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.ENCRYPTION_KEYS_KEPT = tmp_path, True
    old = keys.kept(tmp_path / keys.ENCRYPTION_FILE, keys.encryption_key)
    assert "Restart every program" in rotate("--new")
    first, second = keys.checked_encryption_keys(keys.kept(tmp_path / keys.ENCRYPTION_FILE, str).split())
    assert (second, first != old) == (old, True)
    assert (tmp_path / keys.ENCRYPTION_FILE).stat().st_mode & 0o777 == 0o600
    settings.ENCRYPTION_KEYS_KEPT = False
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS is set"):
        rotate("--new")


def test_every_encrypted_column_is_found() -> None:
    fields = [each for model in apps.get_models() for each in model._meta.fields if isinstance(each, EncryptedField)]
    assert len(list(rekeying.columns())) == len(fields) == 5
