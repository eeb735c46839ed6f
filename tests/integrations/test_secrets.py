"""Credentials are encrypted at rest, never shown, never asked about, and survive a change of keys."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.core.serializers import serialize
from django.db.models import QuerySet
from pytest_django import Settings

from config.kit.sql import execute
from integrations.choices import IntegrationHealth
from integrations.models import Integration
from integrations.secrets import Secrets
from integrations.shops import connection
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db

CANARY = "cs_canary_8d1f"


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory.create(credentials=Secrets(consumer_key="ck_1", consumer_secret=CANARY))


def stored() -> str:
    return str(execute("SELECT credentials FROM integrations_integration")[0][0])


def test_they_are_encrypted_in_the_database_and_come_back(integration: Integration) -> None:
    assert CANARY not in stored()
    integration.refresh_from_db()
    assert integration.credentials["consumer_secret"] == CANARY
    assert integration.shop().credentials["consumer_secret"] == CANARY


def test_they_are_not_in_any_text_of_the_integration(integration: Integration) -> None:
    integration.refresh_from_db()
    texts = [repr(integration.credentials), str(integration.credentials), repr(integration.shop())]
    texts += [serialize("json", [integration]), f"{integration.credentials}"]
    assert not [text for text in texts if CANARY in text]


@pytest.mark.parametrize("lookup", ["credentials__startswith", "credentials__regex", "credentials", "credentials__in"])
def test_they_cannot_be_asked_about(integration: Integration, lookup: str) -> None:
    asked: QuerySet[Integration] = Integration.objects.all()
    with pytest.raises(FieldError):
        list(asked.filter(**{lookup: "g"}))


def test_a_new_key_in_front_reads_what_the_old_one_wrote(integration: Integration, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    integration.refresh_from_db()
    assert integration.credentials["consumer_secret"] == CANARY


def test_a_lost_key_is_no_crash_and_says_that_credentials_are_unreadable(
    integration: Integration, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    integration.refresh_from_db()
    assert integration.credentials == {}
    assert not integration.credentials.readable
    report = connection.test_connection(integration)
    assert (report.ok, "cannot be read" in report.summary) == (False, True)
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.CREDENTIALS


def test_saving_something_else_keeps_unreadable_credentials(integration: Integration, settings: Settings) -> None:
    kept = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    integration.refresh_from_db()
    integration.title = "Renamed"
    integration.save()
    settings.ENCRYPTION_KEYS = kept
    integration.refresh_from_db()
    assert integration.credentials["consumer_secret"] == CANARY
