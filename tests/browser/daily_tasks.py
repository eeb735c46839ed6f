"""The daily tasks of staff, done in the running demo: `python -m tests.browser.daily_tasks`.

Prints a table of clicks, page loads and seconds, and exits 1 where a task takes more clicks or loads than it may.
Typing is not counted; Enter in a search is a click. Seconds say how long the pages of a small book made somebody wait.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.browsing import CHROMIUM, FLAGS
from tests.browser.counting_clicks import Hand
from tests.browser.pictures import demo, log_in

# Orders in stock before the tasks begin.
ENOUGH = 25


@dataclass(frozen=True)
class Task:
    name: str
    do: Callable[[Desk], None]
    clicks: int
    """The most it may take, and so `loads`."""
    loads: int


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
        return text.split()[0]  # without signs for notes

    def click(self, role: Any, name: str | re.Pattern[str], **more: Any) -> None:
        self.hand.click(self.page.get_by_role(role, name=name, **more).first)

    def choose(self, action: str) -> None:
        """An action on the chosen rows."""
        self.page.select_option("select[name=action]", label=action)
        self.hand.clicks += 1
        self.click("button", "Go", exact=True)

    def said(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=60_000)


def find(desk: Desk) -> None:
    number = desk.cell("/orders/order/?tab=in_stock", "th")
    desk.search(number)
    desk.said(number)


def missing(desk: Desk) -> None:
    """By a number that no other shop has given, too: others lead to a list of what it may mean."""
    desk.page.goto(f"{desk.site}/integrations/remoteorder/?tab=ignored")
    numbers = desk.page.locator("#result_list tbody th").all_inner_texts()
    pages = ((each, desk.page.request.get(f"{desk.site}/where/?q={each}").text()) for each in numbers)
    own = next(number for number, page in pages if "What has happened" in page)
    desk.open("/")
    desk.search(own)
    desk.said("What has happened")


def load(desk: Desk) -> None:
    """Until they are in the list."""
    desk.click("link", "Orders", exact=True)
    desk.page.get_by_role("button", name="Load new orders").first.wait_for(timeout=60_000)
    desk.click("button", "Load new orders")
    desk.click("button", "Load", exact=True)
    desk.page.locator("#loading").wait_for(state="detached", timeout=120_000)  # the page shows itself anew at the end


def repair(desk: Desk) -> None:
    """From the red banner to the units that were missing; the orders that failed for them come in."""
    desk.click("link", "click here to fix them")
    cause = desk.page.locator(".cause").first
    desk.hand.click(cause.locator("summary").first)
    cause.get_by_label("Units received").fill("500")
    cause.get_by_label("Note").fill("Delivery 7")
    desk.hand.click(cause.get_by_role("button", name="Receive"))


def accept(desk: Desk) -> None:
    """Fetch one order that was ignored, look at it, accept it."""
    row = desk.page.locator("#result_list tbody tr", has_text="Brooklyn Coffee").first
    desk.page.goto(f"{desk.site}/integrations/remoteorder/?tab=ignored")
    number, shop = (row.locator(f"[data-label='{label}']").inner_text() for label in ("External id", "Shop"))
    desk.open("/")
    desk.click("link", "Transactions")
    desk.click("link", "Import Orders")
    desk.page.select_option("#fetch-store", label=shop)
    desk.page.fill("#fetch-order", number)
    desk.click("button", "Submit")
    desk.page.wait_for_selector("#result_list", timeout=60_000)
    desk.click("button", "Accept Buyer")
    desk.said("in the book")


def hold(desk: Desk) -> None:
    number = desk.cell("/orders/order/?tab=in_stock", "th")
    desk.search(number)
    desk.click("link", re.compile(f"^(Open the order|{number})$"))
    desk.hand.click(desk.page.locator("summary", has_text="Put on hold"))
    desk.hand.click(desk.page.locator("details[open]").get_by_role("button", name="Put on hold"))


def ship_a_page(desk: Desk) -> None:
    """Prepared, slips printed, shipped."""
    desk.open("/orders/order/?tab=in_stock&rows=25&o=2")
    desk.hand.click(desk.page.locator("#action-toggle"))
    desk.choose("Prepare …")
    slips = desk.page.get_by_role("link", name="Packing slips").get_attribute("href")
    assert desk.page.request.get(f"{desk.site}{slips}").headers["content-type"] == "application/pdf"
    desk.hand.clicks += 1  # it opens beside the page
    desk.hand.click(desk.page.get_by_role("button", name=re.compile("^Ship [0-9]+ orders")))
    desk.page.get_by_role("heading", name=re.compile("orders are shipped")).wait_for()


def receive(desk: Desk) -> None:
    sku = desk.cell("/stock/product/", "th")
    desk.click("link", "Receive goods")
    desk.page.locator("textarea, [name=lines]").first.fill(f"{sku};5")
    desk.click("button", "Preview")
    desk.hand.click(desk.page.locator("form button.button-main").last)


def synchronize(desk: Desk) -> None:
    desk.click("link", "Orders", exact=True)
    desk.click("button", "Synchronize")


def credit(desk: Desk) -> None:
    code = desk.cell("/orders/invoice/", "th")
    desk.search(code)
    desk.hand.click(desk.page.locator("main tbody a").first)
    desk.click("link", code)
    desk.hand.click(desk.page.locator("summary, a, button", has_text="Issue a credit note").first)
    desk.click("button", "Show what will be credited")
    desk.hand.click(desk.page.locator("form button.button-main").last)


def export_invoices(desk: Desk) -> None:
    desk.click("link", "Invoices", exact=True)
    with desk.page.expect_download(timeout=60_000):
        desk.hand.clicks += 1
        desk.page.get_by_role("link", name="Last month as CSV").first.click()


def invite(desk: Desk) -> None:
    desk.click("link", "Who is who")
    desk.page.get_by_label("E-mail").fill("tom@mail.example")
    desk.click("button", "Invite", exact=True)
    desk.said("tom@mail.example")


TASKS = (
    Task("Find an order by its number", find, clicks=1, loads=1),
    Task("See why an order is not here", missing, clicks=1, loads=1),
    Task("Load new orders, until they are here", load, clicks=3, loads=3),
    Task("Receive what orders failed for", repair, clicks=3, loads=3),
    Task("Fetch a missing order and accept its buyer", accept, clicks=4, loads=5),
    Task("Put an order on hold", hold, clicks=4, loads=3),
    Task("Prepare and ship 25 orders, with packing slips", ship_a_page, clicks=6, loads=3),
    Task("Receive goods", receive, clicks=3, loads=3),
    Task("Synchronize an order with its shop", synchronize, clicks=2, loads=2),
    Task("Issue a credit note", credit, clicks=6, loads=5),
    Task("Export last month's invoices", export_invoices, clicks=3, loads=2),
    Task("Invite a colleague", invite, clicks=4, loads=2),
)


def wait_for_orders(page: Page, site: str) -> None:
    """Until the first automatic loads have brought enough to work on."""
    for _ in range(60):
        page.goto(f"{site}/orders/order/?tab=in_stock")
        if page.locator("#result_list tbody tr").count() >= ENOUGH:
            return
        page.wait_for_timeout(2_000)
    raise RuntimeError("the demo has loaded no orders")


def line_of(task: Task, desk: Desk) -> tuple[str, bool]:
    """A row of the table, and whether the task took more than it may."""
    desk.page.goto(f"{desk.site}/")
    desk.hand.begin()
    began = time.monotonic()
    task.do(desk)
    took, hand = time.monotonic() - began, desk.hand
    over = hand.clicks > task.clicks or hand.loads > task.loads
    name = f"{task.name}{' **over**' if over else ''}"
    return f"| {name} | {hand.clicks} | {task.clicks} | {hand.loads} | {task.loads} | {took:.1f} |\n", over


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", help="the address of a demo that runs; by default one is started")
    parser.add_argument("names", nargs="*", help="functions of tasks; by default all of them")
    asked = parser.parse_args()
    tasks = [task for task in TASKS if not asked.names or task.do.__name__ in asked.names]
    running: AbstractContextManager[tuple[str, list[str]]] = nullcontext((asked.site, [])) if asked.site else demo()
    missed = []
    with running as (site, _shops), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        log_in(page, site, "admin")
        wait_for_orders(page, site)
        desk = Desk(page, Hand(page), site)
        sys.stdout.write("| Task | clicks | at most | page loads | at most | seconds |\n|---|--:|--:|--:|--:|--:|\n")
        for task in tasks:
            line, over = line_of(task, desk)
            sys.stdout.write(line)
            sys.stdout.flush()
            missed += [task.name] * over
        browser.close()
    sys.exit(f"More than they may take: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
