"""Take the pictures of the README from the running demo: `python -m tests.browser.pictures`."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from config.demo.programs import free_port
from config.demo.world import PASSWORD
from tests.browser.browsing import CHROMIUM, FLAGS

HERE = Path(__file__).parent


@contextmanager
def demo() -> Iterator[tuple[str, list[str]]]:
    """The demo with data of its own: the address of the site and those of its shops."""
    port = free_port(0)
    with tempfile.TemporaryDirectory(prefix="countinghouse-pictures-") as folder:
        Path(folder).chmod(0o711)  # as root the servers run as another account, which must pass
        log = Path(folder) / "log"
        with log.open("wb") as out:
            command = [sys.executable, "manage.py", "demo", "--port", str(port), "--orders", "250", "--rate", "1"]
            environment = dict(os.environ) | {"COUNTINGHOUSE_DATA": f"{folder}/data"}
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 300
            while "Ctrl-C stops" not in log.read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the demo did not start:\n{log.read_text()}")
                time.sleep(0.2)
            time.sleep(6)  # the first automatic loads
            yield f"http://127.0.0.1:{port}", re.findall(r"sells at (\S+)", log.read_text())
        finally:
            process.terminate()
            process.wait()


def slow_down(shop: str) -> None:
    """Let the next answers of a shop take their time, so that a load can be seen."""
    fault = json.dumps({"kind": "slow", "seconds": 2, "count": 30}).encode()
    with urllib.request.urlopen(f"{shop}/_sim/faults", fault, timeout=10) as answer:
        answer.read()


def log_in(page: Page, site: str, user: str) -> None:
    page.goto(f"{site}/")
    page.fill("#id_username", user)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_load_state()


def take(page: Page, site: str, shops: list[str]) -> None:
    def picture(name: str) -> None:
        page.screenshot(path=str(HERE / "pictures" / f"{name}.png"))

    log_in(page, site, "admin")
    picture("overview")
    page.goto(f"{site}/integrations/remoteorder/?tab=failed")
    page.click(".cause summary >> nth=0")
    picture("causes")
    page.goto(f"{site}/integrations/remoteorder/?tab=ignored")
    ignored = page.locator("#result_list tbody tr").first
    number, shop = (
        ignored.locator('[data-label="External id"]').inner_text(),
        ignored.locator('[data-label="Shop"]').inner_text(),
    )
    page.goto(f"{site}/integrations/remoteorder/?tab=pending")
    page.select_option("#fetch-store", label=shop)
    page.fill("#fetch-order", number)
    page.click("text=Submit")
    page.wait_for_selector("#result_list", timeout=60_000)
    page.click("a.row-button >> nth=0")
    page.wait_for_load_state()
    picture("review")
    page.goto(f"{site}/orders/order/")
    page.click("[data-open-dialog=load-dialog]")
    page.check("#load-dialog [type=checkbox]")
    picture("load-dialog")
    for shop in shops:
        slow_down(shop)
    page.fill("#load-dialog [type=date]", page.get_attribute("#load-dialog [type=date]", "min") or "")
    page.click("#load-dialog [type=submit]")
    page.wait_for_selector("#loading")
    page.wait_for_timeout(4500)
    picture("orders")
    page.goto(f"{site}/integrations/integration/")
    page.click("#result_list tbody a >> nth=0")
    page.wait_for_load_state()
    picture("shop")
    page.click("a[href$='/goes-out/']")
    page.click("text=Check stock now")
    page.wait_for_selector("#quantities tbody tr", timeout=60_000)
    picture("goes-out")
    page.goto(f"{site}/orders/order/?tab=partial")
    page.click("#result_list tbody a >> nth=0")
    page.wait_for_load_state()
    picture("order")


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    (HERE / "pictures").mkdir(exist_ok=True)
    with demo() as (site, shops), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        take(page, site, shops)
        browser.close()
    sys.stdout.write("".join(f"{path}\n" for path in sorted((HERE / "pictures").glob("*.png"))))


if __name__ == "__main__":
    main()
