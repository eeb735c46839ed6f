"""The webhooks card of a shop's page, for every platform."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.choices import Role
from integrations.connectors import shop_connectors
from integrations.connectors.contract import Connector
from integrations.models import Integration, Project, Webhook
from integrations.shop_webhooks import registration
from tests.admin.conftest import Login
from tests.factories import IntegrationFactory


@pytest.mark.parametrize("connector", shop_connectors(), ids=lambda connector: connector.key)
def test_the_webhooks_card_reads_right_for_every_platform(
    project: Project, admin: Client, login: Login, settings: Settings, connector: Connector
) -> None:
    settings.PUBLIC_URL = "https://office.example"
    made = IntegrationFactory.create(project=project, platform=connector.key, title="Any")
    url = f"/integrations/integration/{made.pk}/change/"

    def card(browser: Client) -> str:
        page = browser.get(url).content.decode()
        return html.unescape(page[page.index('id="webhooks"') : page.index('id="lists"')])

    if connector.webhooks is None:
        assert f"{connector.label} does not sign webhooks" in card(admin)
        assert "Register webhooks" not in card(admin)
        return
    by_hand = connector.webhooks.by_hand
    assert connector.webhooks.note in card(admin)
    assert ("Show the address" if by_hand else "Register webhooks") in card(admin)
    assert ("Registered" in card(admin)) is ("Last checked" in card(admin)) is not by_hand
    webhook = Webhook.objects.create(integration=made, accepted=3)
    assert (webhook.token in card(admin)) is by_hand
    reader = login(project, Role.READ_ONLY)
    assert webhook.token not in card(reader)  # the address is a secret
    assert "Register" not in card(reader).replace("Registered", "")
    if by_hand:
        told = admin.post(f"/integrations/integration/{made.pk}/webhooks/", follow=True).content.decode()
        assert "by hand" in told and f"https://office.example/hooks/{webhook.token}/" in told


def test_webhooks_of_another_address_are_registered_by_somebody_who_is_sure(
    project: Project, admin: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def register(integration: Integration, *, sure: bool) -> registration.Registration:
        asked.append(sure)
        return registration.Registration(True, "Registered.")

    monkeypatch.setattr(registration, "register", register)
    settings.PUBLIC_URL = "https://staging.example"
    shop = IntegrationFactory.create(project=project)
    url = f"/integrations/integration/{shop.pk}/"
    Webhook.objects.create(integration=shop, registered_for="https://orders.example", problem="An old one.")
    page = admin.get(f"{url}change/").content.decode()
    assert "registered for https://orders.example, and this site is https://staging.example" in page
    assert "Register for this address" in page and "An old one." not in page
    assert "its webhooks are registered for another address" in html.unescape(admin.get("/").content.decode())
    admin.post(f"{url}webhooks/")
    admin.post(f"{url}webhooks/", {"sure": "on"})
    assert asked == [False, True]
    settings.PUBLIC_URL = "https://orders.example"
    page = admin.get(f"{url}change/").content.decode()
    assert "Register for this address" not in page and "An old one." in page
    assert "another address" not in admin.get("/").content.decode()
