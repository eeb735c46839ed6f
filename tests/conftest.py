"""What holds for every test. Sockets are closed but for this machine's own: see addopts in pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.db import connection
from django.template import Template
from django.test import TransactionTestCase
from django.test.utils import _TestState
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from integrations.simulator.receiver import Receiver
from tests import committing, emptying, pooler, template
from tests.waiting import until


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hash passwords quickly: the real hasher takes a quarter of a second by design, for every person of every test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the database that was migrated meanwhile. Where that failed migrate here, which shows why.

    pytest-django's fixture of this name is overridden: after it the database of the tests is made.
    """
    if template.NOTE in os.environ:
        note = Path(os.environ[template.NOTE])
        if until(note.exists) and note.read_text() == "made":
            connection.settings_dict["TEST"] |= {"TEMPLATE": template.NAME, "MIGRATE": False}


@pytest.fixture(scope="session", autouse=True)
def databases_go_with_their_server() -> Iterator[None]:
    """Behind a pooler: it keeps connections to a database, which could not be dropped; the server is thrown away."""
    with pytest.MonkeyPatch.context() as patch:
        if pooler.DIRECT in os.environ:
            patch.setattr(connection.creation, "_destroy_test_db", lambda name, verbosity: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """Empty the tables quickly after tests that commit: see `tests.emptying`."""
    with pytest.MonkeyPatch.context() as patch:
        flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.instead_of_flush(flush))
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once() -> Iterator[None]:
    """Look for the static files once in a process: every `Client` loads the middleware anew, which would look again."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def add(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files = found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add)
        yield


@pytest.fixture(scope="session", autouse=True)
def widgets_are_not_noted(django_test_environment: None) -> Iterator[None]:
    """Note no contexts of form widgets: a list of time zones is 600 templates, and no test asks what each was told.

    Of every other template `Client` notes the context, as ever: `answer.context`.
    """
    noted = Template._render  # type: ignore[attr-defined]
    plain = _TestState.saved_data.template_render  # type: ignore[attr-defined]

    def render(template: Template, context: Any) -> Any:
        return (plain if (template.name or "").startswith("django/forms/widgets/") else noted)(template, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture
def commits(db: None) -> Iterator[None]:
    """What the code does after a commit happens, though the test is rolled back: see `tests.committing`."""
    with committing.followed():
        yield


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real receiver of webhooks on this machine that may be reached; the queue is empty before and after."""
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with Receiver() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        yield running
    queue.connection.flushdb()
