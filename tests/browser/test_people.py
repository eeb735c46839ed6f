"""The people of an account on a phone: what can be done about each is in sight, and so is the link to hand over."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.choices import Role
from integrations.models import Project
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in
from tests.factories import ProjectFactory, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


def test_somebody_is_invited_on_a_phone(live_server: LiveServer, page: Any) -> None:
    project: Project = aside(ProjectFactory.create)
    aside(member, project.account, Role.IMPORT_ADMIN, "jana")
    troubles = Troubles(page, live_server.url)
    page.set_viewport_size(PHONE)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/people/")
    page.get_by_label("E-mail").fill("tom+shop@long-name-of-a-company.example")
    page.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_text("hand them the link below").wait_for()
    assert_fits(page)
    for what in (
        page.get_by_role("button", name="Invite tom+shop@long-name-of-a-company.example again"),
        page.locator("summary").last,
        page.get_by_label("Link for tom+shop"),
    ):
        box = what.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], what
    page.locator("summary").last.click()
    page.get_by_role("button", name="Take tom+shop@long-name-of-a-company.example out").click()
    page.get_by_text("To undo it, invite them again.").wait_for()
    assert troubles == []
