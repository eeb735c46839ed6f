"""From an address and keys to the first loaded orders: tested before it is saved, looked at before it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from config.kit import true_time
from integrations import jobs
from integrations.admin import connect_form
from integrations.choices import FeedKind, ImportAction, IntegrationHealth, Role, RunKind
from integrations.importing import first_look
from integrations.models import Integration, Project, RemoteOrder, Run
from integrations.shops.rule_settings import fingerprint
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.admin.conftest import Login
from tests.factories import ProjectFactory

CONNECT = "/integrations/integration/connect/?platform=woocommerce"


@pytest.fixture
def woo(settings: LazySettings) -> Iterator[SimulatedServer]:
    """A shop with three orders that are paid and one that is not."""
    shop = SimulatedShop("Teahouse", seed=4)
    for status in ("processing", "processing", "processing", "pending"):
        shop.place(status)
    with SimulatedServer(SimulatedSite(shop)) as server:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        yield server


def typed(woo: SimulatedServer, **changed: str) -> dict[str, str]:
    shop = woo.site.shop
    keys = {"credential_consumer_key": shop.key, "credential_consumer_secret": shop.secret}
    return {"base_url": woo.url, "title": "", "time_zone": "", "kept": ""} | keys | changed


def connect(admin: Client, woo: SimulatedServer) -> Integration:
    assert admin.post(CONNECT, typed(woo)).status_code == 302
    return Integration.objects.get()


def at(shop: Integration, step: str) -> str:
    return f"/integrations/integration/{shop.pk}/{step}/"


def grid(shop: Integration, **actions: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    rules = list(shop.rules.all())
    for number, rule in enumerate(rules):
        row = {"rule": rule.pk, "seen": fingerprint(rule), "label": rule.label}
        row["action"] = actions.get(rule.status, rule.action)
        row |= {"retry": "on"} if rule.retry else {}
        data |= {f"rule-{number}-{name}": value for name, value in row.items()}
    return data | {"rows": str(len(rules))}


def test_the_shop_fills_in_its_name_and_zone(project: Project, admin: Client, woo: SimulatedServer) -> None:
    answer = admin.post(CONNECT, typed(woo), follow=True)
    shop = Integration.objects.get(project=project)
    assert (shop.title, shop.time_zone) == ("Teahouse", woo.site.shop.zone.key)
    assert shop.health == IntegrationHealth.OK
    assert answer.redirect_chain[-1][0] == at(shop, "first-look")
    assert "Connected to Teahouse." in answer.content.decode()
    assert "has the same address" not in answer.content.decode()
    due = shop.feeds.get(kind=FeedKind.LOAD).next_at - true_time.now()
    assert due > timedelta(minutes=10), "there is time to look at the rules"


def test_what_a_person_chose_stays(admin: Client, woo: SimulatedServer) -> None:
    admin.post(CONNECT, typed(woo, title="Tea", time_zone="America/New_York"))
    shop = Integration.objects.get()
    assert (shop.title, shop.time_zone) == ("Tea", "America/New_York")


def test_a_second_shop_of_the_same_name_is_told_apart(admin: Client, woo: SimulatedServer) -> None:
    connect(admin, woo)
    twice = admin.post(CONNECT, typed(woo), follow=True).content.decode()
    assert "“Teahouse” has the same address: orders loaded from both would be here twice." in twice
    admin.post(CONNECT, typed(woo))
    assert list(Integration.objects.order_by("pk").values_list("title", flat=True)) == [
        "Teahouse",
        "Teahouse (WooCommerce)",
        "Teahouse 2",
    ]


def test_nothing_is_saved_when_the_test_fails_and_nothing_is_typed_twice(admin: Client, woo: SimulatedServer) -> None:
    secret = woo.site.shop.secret
    answer = admin.post(CONNECT, typed(woo, credential_consumer_key="ck_wrong"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing has been saved." in shown
    assert not Integration.objects.exists()
    assert secret not in shown
    kept = re.search(r'name="kept" value="([^"]+)"', shown)
    assert kept, "the keys wait, encrypted"
    entered = re.search(r'<input[^>]*name="credential_consumer_secret"[^>]*>', shown)
    assert entered
    assert "required" not in entered[0]
    again = typed(woo, credential_consumer_secret="", kept=kept[1])
    assert admin.post(CONNECT, again).status_code == 302
    assert Integration.objects.get().credentials["consumer_secret"] == secret


def test_kept_keys_are_for_their_owner_and_an_hour(
    project: Project, admin: Client, woo: SimulatedServer, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = admin.post(CONNECT, typed(woo, credential_consumer_key="ck_wrong")).content.decode()
    token = re.search(r'name="kept" value="([^"]+)"', shown)
    assert token
    again = typed(woo, credential_consumer_secret="", kept=token[1])
    assert login(project).post(CONNECT, again).status_code == 422, "somebody else's"
    assert admin.post(CONNECT.replace("woocommerce", "shopify"), again).status_code == 422, "of another platform"
    assert admin.post(CONNECT, again | {"kept": "nonsense"}).status_code == 422
    monkeypatch.setattr(connect_form, "KEPT_FOR", timedelta(seconds=-1))
    assert admin.post(CONNECT, again).status_code == 422, "too old"
    monkeypatch.undo()
    assert not Integration.objects.exists()


def test_a_shop_that_is_down_is_not_saved(admin: Client, woo: SimulatedServer) -> None:
    woo.site.faults.add({"kind": "status", "status": 500, "count": 99})
    shown = admin.post(CONNECT, typed(woo)).content.decode()
    assert "Nothing has been saved." in shown
    assert not Integration.objects.exists()


def test_the_first_look_shows_what_the_rules_would_do(admin: Client, woo: SimulatedServer) -> None:
    shop = connect(admin, woo)
    shown = admin.get(at(shop, "first-look")).content.decode()
    assert "4 orders of the last 30 days" in shown
    table = rows_of(shown)
    assert table["Import as valid"] == "3"
    assert table["Do not import"] == "1"
    changed = admin.post(at(shop, "first-look"), grid(shop, processing="hold")).content.decode()
    assert rows_of(changed)["Import and hold"] == "3"
    assert not RemoteOrder.objects.exists()
    assert not Order.objects.exists()
    assert shop.rules.get(status="processing").action == ImportAction.VALID, "a preview saves no rule"


def test_a_look_ends_when_a_person_has_no_patience(
    admin: Client, woo: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond so many orders or seconds it says that there is more."""
    for _ in range(120):
        woo.site.shop.place("processing")
    shop = connect(admin, woo)
    monkeypatch.setattr(first_look, "MOST", 50)
    assert "100 of the 124 orders of the last 30 days" in admin.get(at(shop, "first-look")).content.decode()
    monkeypatch.undo()
    assert "124 orders of the last 30 days" in admin.get(at(shop, "first-look")).content.decode()


def test_a_look_at_a_shop_that_fails_says_so_and_lets_go_on(admin: Client, woo: SimulatedServer) -> None:
    shop = connect(admin, woo)
    woo.site.faults.add({"kind": "status", "status": 500, "count": 99})
    answer = admin.get(at(shop, "first-look"))
    assert answer.status_code == 200
    assert "warning-line" in answer.content.decode()
    assert "Save rules and load" in answer.content.decode()


def test_rules_are_saved_and_orders_loaded(admin: Client, woo: SimulatedServer) -> None:
    shop = connect(admin, woo)
    day = (true_time.now() - timedelta(days=20)).date().isoformat()
    wanted = grid(shop, processing="hold") | {"begin": "date", "since": day}
    answer = admin.post(at(shop, "first-load"), wanted)
    assert answer["Location"] == "/orders/order/"
    run = Run.objects.get(kind=RunKind.LOAD)
    jobs.work(run.pk)
    shop.refresh_from_db()
    assert shop.start_at.astimezone(shop.zone).date().isoformat() == day
    assert set(Order.objects.values_list("status", flat=True)) == {"on_hold"}
    assert shop.complete_until is not None
    past = admin.get(at(shop, "first-look"), follow=True)
    assert "has been loaded before" in past.content.decode()
    assert admin.post(at(shop, "first-load"), wanted).status_code == 302
    assert Run.objects.filter(kind=RunKind.LOAD).count() == 1


@pytest.mark.parametrize(
    ("begin", "since", "said"),
    [
        ("date", "", "Choose the day to load from."),
        ("date", "yesterday", "Enter a day"),
        ("date", "2001-01-01", "at most one year back"),
        ("date", "2999-01-01", "in the future"),
        ("never", "", "Select a valid choice"),
    ],
)
def test_odd_days_are_refused_and_nothing_begins(
    admin: Client, woo: SimulatedServer, begin: str, since: str, said: str
) -> None:
    shop = connect(admin, woo)
    answer = admin.post(at(shop, "first-load"), grid(shop, processing="hold") | {"begin": begin, "since": since})
    assert answer.status_code in {409, 422}
    assert said in answer.content.decode()
    assert not Run.objects.filter(kind=RunKind.LOAD).exists()
    assert shop.rules.get(status="processing").action == ImportAction.VALID


def test_a_trial_has_no_days(admin: Client, woo: SimulatedServer, project: Project) -> None:
    project.account.plan = "trial"
    project.account.save()
    shop = connect(admin, woo)
    assert 'name="since"' not in admin.get(at(shop, "first-look")).content.decode()
    day = (true_time.now() - timedelta(days=20)).date().isoformat()
    answer = admin.post(at(shop, "first-load"), grid(shop) | {"begin": "date", "since": day})
    assert "Loading from a date is part of the standard plan" in answer.content.decode()


def test_it_is_for_those_who_connect_shops_of_this_project(
    admin: Client, woo: SimulatedServer, login: Login, project: Project
) -> None:
    shop = connect(admin, woo)
    for step in ("first-look", "first-load"):
        assert login(project, Role.ORDER_STAFF).post(at(shop, step)).status_code in {403, 422}
        assert login(ProjectFactory.create()).post(at(shop, step)).status_code == 404
    assert login(project, Role.ORDER_STAFF).get(at(shop, "first-look")).status_code == 403


def rows_of(page: str) -> dict[str, str]:
    """Orders by what the rules make of them."""
    table = page[page.index('id="preview"') :]
    found = re.findall(r'<th scope="row">([^<]+)</th><td class="number">([^<]+)</td>', table)
    return dict(found)
