"""The demo has published passwords, so it goes nowhere near a database that is somebody's."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config.demo import northgate, outside, programs, seeding
from config.demo.world import OPERATOR, OUTLET, PRAGUE, SHOPS, TOLD
from config.running import listening, parts
from config.running.listening import CannotRun
from integrations.choices import FILE_KINDS, RunKind
from integrations.models import Feed, Integration
from integrations.pushes import going_live

PORTS = {shop: 9000 + number for number, shop in enumerate(SHOPS)}


@pytest.mark.django_db
def test_the_demo_refuses_a_database_that_is_not_the_embedded_one(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    # The command sets the umask of its process, which here is that of all the other tests.
    monkeypatch.setattr(parts, "keep_private", lambda: None)
    monkeypatch.setattr(listening, "take_port", lambda *_: pytest.fail("it went on"))
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


@pytest.mark.django_db
def test_the_outside_is_connected_and_live_from_the_start(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    projects = seeding.seed(PORTS)
    outside.seed(projects, PORTS, 9100)
    live = set(Integration.objects.filter(live=True).values_list("title", flat=True))
    assert live == {*(shop.title for shop in TOLD), northgate.TITLE}
    outlet = Integration.objects.get(title=OUTLET.title)
    assert outlet.into_shop == projects[0].integrations.get(title=PRAGUE.title)
    warehouse = Integration.objects.get(title=northgate.TITLE)
    feeds = Feed.objects.filter(integration=warehouse, kind__in=FILE_KINDS, enabled=True)
    assert set(feeds.values_list("kind", flat=True)) == set(FILE_KINDS) - {RunKind.ORDER_FILES}
    assert warehouse.credentials["host_key"].startswith("ecdsa-sha2-nistp")


@pytest.mark.django_db
def test_another_start_changes_addresses_and_nothing_that_somebody_has_set(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    outside.seed(seeding.seed(PORTS), PORTS, 9100)
    prague, warehouse = (
        Integration.objects.get(title=PRAGUE.title, live=True),
        Integration.objects.get(live=True, platform="files"),
    )
    for integration in (prague, warehouse):
        going_live.stop(integration)
    Integration.objects.filter(title=OUTLET.title).update(into_shop=None)
    moved = {shop: port + 100 for shop, port in PORTS.items()}
    outside.seed(seeding.seed(moved), moved, 9200)
    assert not Integration.objects.filter(pk__in=[prague.pk, warehouse.pk], live=True).exists()
    outlet = Integration.objects.get(title=OUTLET.title)
    assert (outlet.into_shop, outlet.base_url) == (None, OUTLET.at(moved[OUTLET]))
    warehouse.refresh_from_db()
    assert warehouse.base_url == "sftp://127.0.0.1:9200"


def test_a_shop_whose_port_is_taken_ends_the_check_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "wait_for_port", lambda _host, port: port != PORTS[PRAGUE])
    with pytest.raises(CannotRun, match=f"{PRAGUE.title} does not answer at port {PORTS[PRAGUE]}: another program"):
        seeding.register_webhooks({PRAGUE: PORTS[PRAGUE]})


def test_a_free_port_is_none_that_the_system_gives_to_connections() -> None:
    """A connection that took it after it was chosen kept the program from listening there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        wanted = taken.getsockname()[1]
        assert programs.free_port(wanted) in programs.QUIET
    assert programs.free_port(0) in programs.QUIET
