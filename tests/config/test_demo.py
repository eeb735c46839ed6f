"""The demo has published passwords, so it goes nowhere near a database that is somebody's."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config.demo import seeding
from config.demo.world import OPERATOR, SHOPS
from config.running import parts
from config.running.parts import CannotRun

PORTS = {shop: 9000 + number for number, shop in enumerate(SHOPS)}


@pytest.mark.django_db
def test_the_demo_refuses_a_database_that_is_not_the_embedded_one(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    # The command sets the umask of its process, which here is that of all the other tests.
    monkeypatch.setattr(parts, "keep_private", lambda: None)
    monkeypatch.setattr(parts, "take_port", lambda *_: pytest.fail("it went on"))
    with pytest.raises(CommandError, match="Unset DATABASE_URL and REDIS_URL"):
        call_command("demo")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_demo_makes_nobody_where_others_are_at_home() -> None:
    User.objects.create_user("owner", password="a secret of theirs")
    with pytest.raises(CannotRun, match="There is a site in"):
        seeding.seed(PORTS)
    assert not User.objects.filter(username=OPERATOR).exists()


@pytest.mark.django_db
def test_control_an_empty_database_is_seeded_and_seeded_again() -> None:
    assert [project.pk for project in seeding.seed(PORTS)] == [project.pk for project in seeding.seed(PORTS)]
    assert User.objects.get(username=OPERATOR).is_superuser
