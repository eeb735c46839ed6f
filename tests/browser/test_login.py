"""Coming in with a second factor in a real browser: set up, recovery codes, password, code; on a phone, too."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from pathlib import Path
from typing import Any

import pytest
from django_otp.oath import TOTP
from pytest_django.live_server_helper import LiveServer

from integrations.choices import Role
from integrations.models import Account, Authenticator
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in, unfold_menu
from tests.factories import ProjectFactory, member

pytestmark = [pytest.mark.browser, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account(db: None) -> Account:
    """Made before a browser is there: Playwright's loop would not let the database be asked."""
    account: Account = ProjectFactory.create().account
    member(account, Role.IMPORT_ADMIN, "jana")
    return account


@pytest.fixture
def demanding(account: Account) -> Account:
    account.second_factor_required = True
    account.save()
    return account


def code(key: str) -> str:
    clock = TOTP(b32decode(key))
    clock.time = time.time()
    return f"{clock.token():06d}"


def wait_for_next_code() -> None:
    """As if half a minute had gone by: the app shows another code."""
    Authenticator.objects.update(last_t=-1)


def set_up(page: Any) -> str:
    """The key, once it is switched on and the recovery codes are kept."""
    key = str(page.locator(".typed-key").inner_text())
    picture = page.locator(".qr-code")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0"), "the picture is shown"
    page.get_by_label("Code").fill(code(key))
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    return key


@pytest.mark.parametrize("width", [1440, 390])
def test_a_code_is_asked_for_after_the_password(
    account: Account, live_server: LiveServer, page: Any, width: int
) -> None:
    site = live_server.url
    page.set_viewport_size({"width": width, "height": 900})
    troubles = Troubles(page, site)
    log_in(page, site)
    unfold_menu(page)
    page.get_by_role("link", name="Profile").click()
    page.get_by_text("This one").wait_for()
    assert_fits(page)
    page.get_by_role("link", name="Set it up").click()
    assert_fits(page)
    key = set_up(page)
    assert_fits(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    kept = Path(saved.value.path()).read_text()
    assert len(re.findall(r"^(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\r?$", kept, re.MULTILINE)) == 10
    page.get_by_role("link", name="I have kept them").click()
    aside(wait_for_next_code)

    unfold_menu(page)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{site}/orders/order/")
    page.get_by_label("Username").fill("jana")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("One more step").wait_for()
    assert_fits(page)
    assert page.evaluate("document.activeElement.name") == "code"
    page.keyboard.type(code(key))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/orders/order/")
    page.goto(f"{site}/people/")
    page.get_by_role("button", name="Ask everybody for it").click()
    page.get_by_text("Everybody is asked for a second factor now.").wait_for()
    assert_fits(page)
    assert troubles == []


def test_whose_account_asks_for_it_sets_it_up_first(demanding: Account, live_server: LiveServer, page: Any) -> None:
    site = live_server.url
    page.goto(f"{site}/orders/order/")
    page.get_by_label("Username").fill("jana")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Your account asks for a second factor.").wait_for()
    assert page.get_by_role("button", name="Log out").is_visible()
    set_up(page)
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url(f"{site}/")
