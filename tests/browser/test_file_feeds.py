"""A warehouse connected in a real browser: its key confirmed, a feed tried on a real file, and the file looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations import jobs
from integrations.choices import Role
from integrations.models import Project, Run
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import in_hand
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in
from tests.factories import ProjectFactory, give_stock, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
STOCK = "sku;units;shelf\n" + "".join(f"MUG-{n};{n * 3};A{n}\n" for n in range(1, 12)) + "MUG-X;4;B1\nMUG-2;none;B2\n"


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[SimulatedFileServer]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "out" / "inv_20261129.csv").write_text(STOCK)
    with SimulatedFileServer(tmp_path, password="pw") as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        settings.FILE_SETTLE_SECONDS = 0
        yield running
    in_hand.drop()


@pytest.fixture
def project(db: None) -> Project:
    made = ProjectFactory.create()
    give_stock(made, **{f"MUG_{n}": 1 for n in range(1, 12)})
    member(made.account, Role.IMPORT_ADMIN, "jana")
    return made


def work() -> None:
    for run in Run.objects.filter(state="waiting"):
        jobs.work(run.pk)


def test_a_warehouse_is_connected_and_its_stock_comes_in(
    project: Project, server: SimulatedFileServer, live_server: LiveServer, page: Any
) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)

    page.goto(f"{live_server.url}/integrations/integration/connect/?platform=files")
    for label, value in (("Title", "North dock"), ("Server", "127.0.0.1"), ("Port", str(server.port))):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("User name").fill("shop")
    page.get_by_label("Password").fill("pw")
    page.get_by_role("button", name="Connect and test").click()
    page.get_by_text(server.host_key.fingerprint).first.wait_for()
    page.get_by_label("I have compared it").check()
    page.get_by_role("button", name="Confirm the key and test").click()
    page.get_by_text("Folders there: in, out").wait_for()

    page.get_by_role("link", name="Settings of Stock in").click()
    page.get_by_label("Files that are taken").fill("inv_*.csv")
    page.get_by_label("Columns are separated by").select_option(";")
    page.get_by_label("The first row names the columns").check()
    page.get_by_label("SKU *").fill("sku")
    page.get_by_label("Quantity *").fill("quantity")
    page.get_by_role("button", name="Try on a file").click()
    page.get_by_text("The file has no column “quantity”.").wait_for()
    page.get_by_label("Quantity *").fill("units")
    page.get_by_role("button", name="Try on a file").click()
    page.get_by_text("SKU MUG-X is unknown").wait_for()
    page.set_viewport_size(PHONE)
    assert_fits(page)
    page.get_by_role("button", name="Save settings").click()
    page.get_by_text("The settings are saved.").wait_for()
    assert_fits(page)
    page.get_by_role("button", name="Run now: Stock in").click()
    page.get_by_text("has started").wait_for()
    aside(work)
    page.reload()
    page.get_by_role("link", name="inv_20261129.csv").click()
    page.get_by_text("Quantity: it is no number with a decimal point.").wait_for()
    assert_fits(page)
    page.goto(f"{live_server.url}/integrations/exchangedfile/")
    page.get_by_role("link", name="inv_20261129.csv").wait_for()
    assert_fits(page)
    assert troubles == []
