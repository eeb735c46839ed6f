"""The documentation of the API in a real browser, under the policy of every page."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.access import api_keys
from integrations.access.api_keys import NewKey
from integrations.choices import Role
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, assert_fits, log_in
from tests.factories import ProjectFactory, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def key() -> NewKey:
    project = ProjectFactory.create()
    member(project.account, Role.IMPORT_ADMIN, "jana")
    return api_keys.make(project.pk, "Trial")


def test_the_documentation_is_read_and_tried(key: NewKey, live_server: LiveServer, page: Any) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.get_by_role("link", name="Documentation").click()
    page.get_by_role("heading", name="Keys and scopes").wait_for()
    assert page.locator(".opblock-tag").count() >= 9
    assert_fits(page)

    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("auth-bearer-value").fill(key.token)
    page.get_by_role("button", name="Apply credentials").nth(2).click()
    page.get_by_role("button", name="Close").first.click()
    page.locator("#operations-tag-Orders").click()
    listed = page.locator("#operations-Orders-list_orders")
    listed.locator(".opblock-summary-control").click()
    listed.get_by_role("button", name="Try it out").click()
    listed.get_by_role("button", name="Execute").click()
    answer = listed.locator(".live-responses-table")
    answer.wait_for()
    assert '"data_ref": "orders"' in answer.inner_text()
    assert not troubles

    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(page)


def test_strangers_are_asked_to_log_in(live_server: LiveServer, page: Any) -> None:
    for path in ("/api/", "/api/openapi.json"):
        page.goto(live_server.url + path)
        assert "/login/?next=/api/" in page.url
