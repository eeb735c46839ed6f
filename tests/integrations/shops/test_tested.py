"""What the connection test leaves behind: the shop's health, and everything that waited for the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from config.kit import true_time
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.connectors.contract import ConnectionReport
from integrations.connectors.errors import Failure
from integrations.models import Integration, OrderHint, Run
from integrations.shop_webhooks import hints
from integrations.shops import connection
from tests.admin.conftest import Login, login
from tests.factories import IntegrationFactory
from tests.fake_connector import exchange

__all__ = ["login"]
pytestmark = pytest.mark.django_db


def after_check(patch: pytest.MonkeyPatch, integration: Integration, report: ConnectionReport) -> Integration:
    def check(shop: Any) -> Any:
        yield from ()
        return report

    exchange(patch, integration.platform, check=check)
    connection.test_connection(integration)
    return Integration.objects.get(pk=integration.pk)


BUSY = ConnectionReport(ok=False, summary="The shop asks us to wait (HTTP 429).", failure=Failure.BUSY)
GOOD = ConnectionReport(ok=True, summary="Connected.")


def test_a_busy_shop_is_called_busy_everywhere(monkeypatch: pytest.MonkeyPatch, login: Login) -> None:
    shop = IntegrationFactory.create(title="Garden shop")
    assert after_check(monkeypatch, shop, BUSY).health == IntegrationHealth.BUSY
    browser: Client = login(shop.project)
    for address in ("/integrations/integration/", "/", f"/integrations/integration/{shop.pk}/change/"):
        page = browser.get(address).content.decode()
        assert "Busy" in page and "Not reachable" not in page and "could not be reached" not in page, address
    assert "is busy and asks us to wait" in browser.get("/").content.decode()


def test_a_good_test_wakes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = true_time.now()
    shop = IntegrationFactory.create(quiet_until=now + timedelta(hours=1), health=IntegrationHealth.UNREACHABLE)
    waiting = Run.objects.create(
        project=shop.project, integration=shop, kind=RunKind.LOAD, next_attempt_at=now + timedelta(hours=1)
    )
    Run.objects.create(
        project=shop.project, integration=shop, kind=RunKind.WEBHOOK_ORDERS, state=RunState.FAILED, finished_at=now
    )
    OrderHint.objects.create(integration=shop, external_id="7", first_at=now, last_at=now, look_at=now)
    assert hints.start_leftovers() == 0
    shop = after_check(monkeypatch, shop, GOOD)
    waiting.refresh_from_db()
    assert (shop.health, shop.quiet_until, waiting.next_attempt_at) == (IntegrationHealth.OK, None, None)
    assert hints.start_leftovers() == 1


def test_control_a_failed_test_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    later = true_time.now() + timedelta(hours=1)
    shop = IntegrationFactory.create(quiet_until=later)
    waiting = Run.objects.create(project=shop.project, integration=shop, kind=RunKind.LOAD, next_attempt_at=later)
    assert after_check(monkeypatch, shop, BUSY).quiet_until == later
    waiting.refresh_from_db()
    assert waiting.next_attempt_at == later
