"""The daily tasks of staff, done in the running demo: `python -m tests.browser.daily_tasks`.

Prints a table of clicks, page loads and seconds, and exits 1 where a task takes more clicks or loads than it may.
Typing is not counted; Enter in a search is a click. Seconds say how long the pages of a small book made somebody wait.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.counting_clicks import Hand
from tests.browser.pictures import CHROMIUM, FLAGS, demo, log_in

NO_BAR = 99


@dataclass(frozen=True)
class Task:
    name: str
    do: Callable[[Desk], None]
    clicks: int = NO_BAR
    loads: int = NO_BAR
    """The most it may take."""


@dataclass
class Desk:
    """Where somebody sits: each task begins at the overview."""

    page: Page
    hand: Hand
    site: str

    def search(self, text: str) -> None:
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        self.hand.press("Enter")

    def open(self, path: str) -> None:
        """Where a task begins that is not done from the overview."""
        self.page.goto(f"{self.site}{path}")
        self.page.wait_for_load_state()
        self.hand.begin()

    def cell(self, path: str, column: str, row: int = 0) -> str:
        """What stands in a list, to have something to look for."""
        self.page.goto(f"{self.site}{path}")
        text: str = self.page.locator(f"#result_list tbody tr >> nth={row}").locator(column).first.inner_text()
        self.page.goto(f"{self.site}/")
        self.hand.begin()
        return text.strip()

    def click(self, role: Any, name: str, **more: Any) -> None:
        self.hand.click(self.page.get_by_role(role, name=name, **more).first)

    def choose(self, action: str) -> None:
        """An action on the chosen rows."""
        self.page.select_option("select[name=action]", label=action)
        self.hand.clicks += 1
        self.click("button", "Go", exact=True)

    def said(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=60_000)


def find(desk: Desk) -> None:
    number = desk.cell("/orders/order/?tab=in_stock", ".field-named")
    desk.search(number)
    desk.said(number)


def missing(desk: Desk) -> None:
    number = desk.cell("/integrations/remoteorder/?tab=ignored", "th a, td a")
    desk.search(number)
    desk.said("What can be done")


def load(desk: Desk) -> None:
    desk.click("link", "Orders", exact=True)
    desk.page.get_by_role("button", name="Load new orders").first.wait_for(timeout=60_000)
    desk.click("button", "Load new orders")
    desk.click("button", "Load", exact=True)


def main() -> None:
    tasks = [
        Task("Find an order by its number", find, clicks=1, loads=1),
        Task("See why an order is missing", missing, clicks=1, loads=1),
        Task("Load new orders", load, clicks=3, loads=2),
    ]
    missed = 0
    with demo() as (site, _shops), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        log_in(page, site, "admin")
        desk = Desk(page, Hand(page), site)
        sys.stdout.write("| Task | clicks | may | page loads | may | seconds |\n|---|---|---|---|---|---|\n")
        for task in tasks:
            page.goto(f"{site}/")
            desk.hand.begin()
            began = time.monotonic()
            task.do(desk)
            took = time.monotonic() - began
            hand = desk.hand
            over = hand.clicks > task.clicks or hand.loads > task.loads
            missed += over
            bars = ["–" if bar == NO_BAR else str(bar) for bar in (task.clicks, task.loads)]
            sys.stdout.write(
                f"| {task.name}{' **over**' if over else ''} | {hand.clicks} | {bars[0]} | {hand.loads} | {bars[1]} |"
                f" {took:.1f} |\n"
            )
        browser.close()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
