"""Integrations: connecting one, credentials that never come out, the grid of rules, feeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone

from integrations.choices import ImportAction, IntegrationHealth, Role, RunKind
from integrations.connectors.contract import ConnectionReport
from integrations.importing.feeds import DEFAULT_FEEDS
from integrations.models import Feed, Integration, Project, Run, StatusRule, Webhook
from integrations.shop_webhooks import registration
from integrations.shops import connection
from integrations.shops.rule_settings import fingerprint
from tests.admin.conftest import Login


@pytest.fixture(autouse=True)
def tested(monkeypatch: pytest.MonkeyPatch) -> list[Integration]:
    """Connection tests are noted instead of made."""
    asked: list[Integration] = []

    def answer(shop: Integration) -> ConnectionReport:
        asked.append(shop)
        return ConnectionReport(ok=True, summary="The shop answers.", hints=("Its clock is right.",))

    monkeypatch.setattr(connection, "test_connection", answer)
    monkeypatch.setattr(connection, "try_out", lambda shop, **_: answer(shop))
    return asked


def settings(shop: Integration | None = None, **changed: object) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": shop.title if shop else "New shop",
        "base_url": shop.base_url if shop else "https://shop.example",
        "time_zone": "Europe/Prague",
        "enabled": "on",
        "start_at": "2026-11-01T00:00",
        "unknown_products": "create",
        "overlap": "10",
        "credential_consumer_key": "",
        "credential_consumer_secret": "",
    }
    return values | changed


def grid(shop: Integration, **changed: dict[str, Any]) -> dict[str, Any]:
    """What the page would send: every rule as it is, but for the changed ones (by status, `_` for `-`)."""
    data: dict[str, Any] = {}
    rules = list(shop.rules.all())
    for number, rule in enumerate(rules):
        row = {"rule": rule.pk, "seen": fingerprint(rule), "label": rule.label, "action": rule.action}
        row |= {"retry": "on"} if rule.retry else {}
        row |= changed.pop(rule.status.replace("-", "_"), {})
        data |= {f"rule-{number}-{name}": value for name, value in row.items() if value is not None}
    for number, row in enumerate(changed.values(), start=len(rules)):
        data |= {f"rule-{number}-{name}": value for name, value in row.items()}
    return data | {"rows": str(len(rules) + len(changed))}


def rules_of(shop: Integration) -> dict[str, tuple[str, bool]]:
    return {rule.status: (rule.action, rule.retry) for rule in shop.rules.all()}


def post(browser: Client, shop: Integration, step: str, data: dict[str, Any]) -> Any:
    return browser.post(f"/integrations/integration/{shop.pk}/{step}/", data, follow=True)


def test_one_of_two_ways_in_is_enough(project: Project, admin: Client) -> None:
    """Shopify: an access token, or a client ID and secret; the connection test says what is missing."""
    data = settings(credential_access_token="shpat_1", credential_client_id="", credential_client_secret="")
    admin.post("/integrations/integration/connect/?platform=shopify", data)
    shop = Integration.objects.get(project=project)
    assert {key: value for key, value in shop.credentials.items() if value} == {"access_token": "shpat_1"}
    assert rules_of(shop)["paid"] == (ImportAction.VALID, False)


def test_connecting_sets_up_rules_and_feeds_and_tests(
    project: Project, admin: Client, tested: list[Integration]
) -> None:
    data = settings(credential_consumer_key=" ck_new ", credential_consumer_secret="cs_new")
    shown = admin.post("/integrations/integration/connect/?platform=woocommerce", data, follow=True).content.decode()
    shop = Integration.objects.get(project=project)
    assert dict(shop.credentials) == {"consumer_key": "ck_new", "consumer_secret": "cs_new"}
    assert len(rules_of(shop)) == 7
    assert set(shop.feeds.values_list("kind", flat=True)) == set(DEFAULT_FEEDS)
    assert [tried.base_url for tried in tested] == [shop.base_url]
    assert "The shop answers." in shown
    assert "Its clock is right." in shown
    assert "cs_new" not in shown


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"credential_consumer_key": "", "credential_consumer_secret": "cs"}, "credential_consumer_key"),
        ({"credential_consumer_key": "ck\nx", "credential_consumer_secret": "cs"}, "credential_consumer_key"),
        ({"credential_consumer_key": "c" * 5000, "credential_consumer_secret": "cs"}, "credential_consumer_key"),
        ({"base_url": "http://127.0.0.1/"}, "base_url"),
        ({"base_url": "javascript:alert(1)"}, "base_url"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"title": "t" * 101}, "title"),
    ],
)
def test_odd_settings_are_refused_at_their_field(admin: Client, changed: dict[str, str], field: str) -> None:
    data = settings(credential_consumer_key="ck", credential_consumer_secret="cs_SECRET") | changed
    answer = admin.post("/integrations/integration/connect/?platform=woocommerce", data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "cs_SECRET" not in answer.content.decode()
    assert not Integration.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"base_url": "http://127.0.0.1/"}, "base_url"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"overlap": "-1"}, "overlap"),
        ({"start_at": "0001-01-01T00:00"}, "start_at"),
        ({"start_at": "yesterday"}, "start_at"),
        ({"title": ""}, "title"),
    ],
)
def test_odd_changes_are_refused_at_their_field(
    shop: Integration, admin: Client, changed: dict[str, str], field: str
) -> None:
    answer = admin.post(f"/integrations/integration/{shop.pk}/settings/", settings(shop) | changed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_empty_credentials_stay_and_new_ones_are_tested(
    shop: Integration, admin: Client, tested: list[Integration]
) -> None:
    post(admin, shop, "settings", settings(shop, title="Renamed"))
    shop.refresh_from_db()
    assert (shop.title, shop.credentials["consumer_key"]) == ("Renamed", "ck_1")
    assert tested == []
    Integration.objects.update(health=IntegrationHealth.CREDENTIALS)
    post(admin, shop, "settings", settings(shop, credential_consumer_key="ck_2"))
    shop.refresh_from_db()
    assert dict(shop.credentials) == {"consumer_key": "ck_2", "consumer_secret": "cs_1"}
    assert shop.health == IntegrationHealth.UNKNOWN
    assert tested == [shop]


def test_saving_settings_does_not_turn_back_what_was_loaded(shop: Integration, admin: Client) -> None:
    reached = timezone.now()
    Integration.objects.update(complete_until=reached)
    post(admin, shop, "settings", settings(shop))
    shop.refresh_from_db()
    assert shop.complete_until == reached


def test_a_title_is_taken_once_per_project(project: Project, shop: Integration, admin: Client) -> None:
    data = settings(title=shop.title, credential_consumer_key="ck", credential_consumer_secret="cs")
    shown = admin.post("/integrations/integration/connect/?platform=woocommerce", data).content.decode()
    assert "Another integration of this project has this title" in shown
    assert Integration.objects.count() == 1


def test_secrets_are_on_no_page(shop: Integration, admin: Client) -> None:
    for address in ("", f"{shop.pk}/change/", f"{shop.pk}/history/"):
        page = admin.get(f"/integrations/integration/{address}").content.decode()
        assert "ck_1" not in page
        assert "cs_1" not in page
    page = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert page.count('placeholder="unchanged"') == 2


def test_all_rules_are_saved_at_once_and_written_into_the_history(shop: Integration, admin: Client) -> None:
    data = grid(shop, pending={"action": "valid", "retry": None}, new={"status": "packed", "action": "hold"})
    shown = post(admin, shop, "rules", data).content.decode()
    assert "2 rules are saved." in shown
    assert rules_of(shop)["pending"] == (ImportAction.VALID, False)
    assert rules_of(shop)["packed"] == (ImportAction.HOLD, False)
    history = admin.get(f"/integrations/integration/{shop.pk}/history/").content.decode()
    assert "Status “pending”: Do not import, Retry Yes → Import as valid, Retry No." in history


def test_a_new_status_is_marked_and_confirmed_by_saving(shop: Integration, admin: Client) -> None:
    StatusRule.objects.create(integration=shop, status="wc-packing", discovered=True)
    shown = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert "new status, please decide" in shown
    assert "has a new order status" in shown
    shown = post(admin, shop, "rules", grid(shop)).content.decode()
    assert "new status, please decide" not in shown
    assert "has a new order status" not in shown


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"status": "pending", "action": "skip"}, "There is a row for the status “pending” already."),
        ({"status": "packed", "action": "import"}, "Choose what to do with these orders."),
        ({"status": "packed", "action": "explode"}, "Choose what to do with these orders."),
        ({"status": "", "label": "Packed", "action": "skip"}, "Enter the status code as the shop writes it."),
    ],
)
def test_an_impossible_row_refuses_all_and_says_so_at_the_row(
    shop: Integration, admin: Client, row: dict[str, str], sentence: str
) -> None:
    before = rules_of(shop)
    answer = post(admin, shop, "rules", grid(shop, processing={"action": "hold"}, new=row))
    assert answer.status_code in {409, 422}
    assert sentence in answer.content.decode()
    assert rules_of(shop) == before


def test_two_people_do_not_overwrite_each_other(shop: Integration, login: Login, project: Project) -> None:
    mine = grid(shop, pending={"action": "valid"})
    theirs = grid(shop, pending={"action": "hold"})
    assert post(login(project), shop, "rules", theirs).status_code == 200
    answer = post(login(project), shop, "rules", mine)
    assert answer.status_code == 409
    assert "Changed meanwhile by somebody else to “Import and hold”" in answer.content.decode()
    assert rules_of(shop)["pending"][0] == ImportAction.HOLD


def test_a_row_an_import_added_meanwhile_stays(shop: Integration, admin: Client) -> None:
    data = grid(shop, pending={"action": "valid"})
    StatusRule.objects.create(integration=shop, status="late", discovered=True)
    assert post(admin, shop, "rules", data).status_code == 200
    assert shop.rules.get(status="late").discovered


def test_the_legacy_value_is_offered_only_where_it_stands(shop: Integration, admin: Client) -> None:
    page = f"/integrations/integration/{shop.pk}/change/"
    assert '<option value="import"' not in admin.get(page).content.decode()
    shop.rules.filter(status="failed").update(action=ImportAction.IMPORT)
    assert admin.get(page).content.decode().count('<option value="import"') == 1


def test_a_row_of_another_shop_is_not_there(shop: Integration, admin: Client) -> None:
    other = StatusRule.objects.exclude(integration=shop).first()
    assert other is None
    data = {"rows": "1", "rule-0-rule": "999999", "rule-0-seen": "x", "rule-0-status": "x", "rule-0-action": "skip"}
    assert "is not there any more" in post(admin, shop, "rules", data).content.decode()


def test_feeds_are_set_and_started(shop: Integration, admin: Client) -> None:
    feed = shop.feeds.get(kind=RunKind.LOAD)
    shown = post(admin, shop, f"feeds/{feed.pk}", {"enabled": "on", "minutes": "30"}).content.decode()
    assert "Load new orders: on, every 30 minutes." in shown
    feed.refresh_from_db()
    assert feed.interval == timedelta(minutes=30)
    assert "minutes" in post(admin, shop, f"feeds/{feed.pk}", {"enabled": "on", "minutes": "1"}).content.decode()
    post(admin, shop, f"feeds/{feed.pk}/start", {})
    assert Run.objects.get().kind == RunKind.LOAD
    post(admin, shop, f"feeds/{feed.pk}", {"minutes": "30"})
    assert not Feed.objects.get(pk=feed.pk).enabled


def test_products_and_lists_are_read_on_demand(shop: Integration, admin: Client) -> None:
    post(admin, shop, "read", {"kind": "products"})
    post(admin, shop, "read", {"kind": "code_lists"})
    assert post(admin, shop, "read", {"kind": "load"}).status_code == 404
    assert set(Run.objects.values_list("kind", flat=True)) == {RunKind.PRODUCTS, RunKind.CODE_LISTS}


def test_order_staff_read_the_settings_and_change_none(project: Project, shop: Integration, login: Login) -> None:
    staff = login(project, Role.ORDER_STAFF)
    page = staff.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert "Save rules" not in page
    assert "Import as history" in page
    assert post(staff, shop, "rules", grid(shop)).status_code == 403


def test_webhooks_are_registered_from_the_page(
    shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = registration.Registration(True, "4 webhooks are registered in the shop.")
    monkeypatch.setattr(registration, "register", lambda integration, sure: registered)
    assert "4 webhooks are registered" in post(admin, shop, "webhooks", {}).content.decode()


def test_webhooks_that_do_not_work_are_told_on_every_page(shop: Integration, admin: Client) -> None:
    Webhook.objects.create(integration=shop, problem="The shop has lost our webhooks: register them again.")
    shown = admin.get("/").content.decode()
    assert "its webhooks do not work" in shown
    page = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert "The shop has lost our webhooks" in page
    assert Webhook.objects.get().token not in page


def test_rules_are_tried_before_they_are_saved(shop: Integration, admin: Client) -> None:
    before = rules_of(shop)
    data = grid(shop, pending={"action": "valid"}) | {"days": "90"}
    shown = post(admin, shop, "rules/preview", data).content.decode()
    assert "Preview: nothing has been saved" in shown
    assert "No order of the last 90 days is stored" in shown
    assert '<option value="valid" selected>' in shown  # what was typed is still there
    assert rules_of(shop) == before


def test_rules_are_tried_with_a_lost_key_as_well(shop: Integration, admin: Client, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert not Integration.objects.get(pk=shop.pk).credentials.readable
    shown = post(admin, shop, "rules/preview", grid(shop) | {"days": "30"}).content.decode()
    assert "Preview: nothing has been saved" in shown


def test_a_platform_with_one_address_for_all_fills_it_in(project: Project, admin: Client) -> None:
    shown = admin.get("/integrations/integration/connect/?platform=bigcommerce").content.decode()
    assert 'value="https://api.bigcommerce.com"' in shown
