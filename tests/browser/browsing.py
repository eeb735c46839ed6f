"""A real browser for tests: where it is, how it is started, what it complains about."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium")


class Troubles(list[str]):
    """What the browser complained about, and addresses outside the site it asked for."""

    def __init__(self, page: Any, site: str) -> None:
        super().__init__()
        page.on("console", lambda message: self.extend([message.text] if message.type == "error" else []))
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("request", lambda asked: self.extend([] if asked.url.startswith((site, "data:")) else [asked.url]))


def aside(ask: Any, *arguments: Any) -> Any:
    """Run something that asks the database outside Playwright's thread, on a connection of its own."""
    from django.db import connection

    def asked() -> Any:
        try:
            return ask(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def log_in(page: Any, site: str) -> None:
    page.goto(f"{site}/")
    page.get_by_label("Username").fill("jana")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site}/")


def unfold_menu(page: Any) -> None:
    """On a phone the account is in the menu."""
    if page.get_by_role("button", name="Menu", exact=True).is_visible():
        page.get_by_role("button", name="Menu", exact=True).click()


def asked(page: Any, script: str) -> Any:
    """What a script answers on a page that stands.

    A page of progress goes on to what came out when the work is done, and a browser that is between two pages has
    no document to ask: it is asked again then. A script that fails on a page that stands fails the test.
    """
    from playwright.sync_api import Error

    for _ in range(4):
        page.wait_for_load_state()
        try:
            return page.evaluate(script)
        except Error:
            continue
    return page.evaluate(script)


def tab_to(page: Any, name: str) -> None:
    """Press Tab until what is focused is called `name`: a label, a button's text, a summary's text."""
    for _ in range(150):
        page.keyboard.press("Tab")
        focused = asked(
            page,
            "() => { const at = document.activeElement;"
            " return (at.getAttribute('aria-label') || (at.labels && at.labels.length && at.labels[0].innerText)"
            " || at.innerText || '').trim(); }",
        )
        if focused == name:
            return
    raise AssertionError(f"“{name}” is not reached by the keyboard")


def assert_fits(page: Any) -> None:
    """Nothing on the page makes it scroll sideways."""
    assert asked(page, "document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url
