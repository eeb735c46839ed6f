"""Orders go out once each, whatever dies on the way."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from integrations import jobs
from integrations.choices import FileState, RunKind, RunState
from integrations.importing import feeds
from integrations.models import ExchangedFile, FileFeed, Integration, OrderInFile, Run
from integrations.runs import control, pages
from integrations.runs.control import RunRefused
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import outgoing_files
from orders.choices import EventKind
from orders.models import Order, OrderEvent
from orders.work import lifecycle
from orders.work.worked_on import worked_on
from tests.admin.conftest import imported
from tests.crash.scenario import expire_leases
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.warehouses.conftest import set_feed, there, work

KIND = RunKind.ORDERS_OUT
COLUMNS = {
    "order": "order_id", "placed_at": "order_date", "shipping.name": "name", "shipping.city": "city", "sku": "sku",
    "name": "product", "quantity": "quantity", "price": "price", "phone": "phone",
}  # fmt: skip


@pytest.fixture(autouse=True)
def feed(warehouse: Integration) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="in", pattern="orders")


@pytest.fixture
def shop(warehouse: Integration) -> Integration:
    give_stock(warehouse.project, MUG_1=10, B_2=1)
    return IntegrationFactory.create(project=warehouse.project, time_zone="UTC")


def sent(server: SimulatedFileServer) -> list[Path]:
    return sorted(path for path in (server.folder / "in").iterdir() if path.is_file())


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_orders_in_stock_go_out_once(warehouse: Integration, server: SimulatedFileServer, shop: Integration) -> None:
    full, partial, none = imported(
        shop,
        [
            incoming(line("MUG-1", 2), line("B-2", 1, name="=cmd|' /C calc'!A0"), number="1001", phone="+420600"),
            incoming(line("MUG-1", 1), line("B-2", 5), number="1002"),
            incoming(line("B-2", 5), number="1003"),
        ],
    )
    run = work(warehouse, KIND)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, "1 order sent in 1 file.")
    [path] = sent(server)
    assert path.name.startswith("orders_") and path.suffix == ".csv"
    assert [(row["order_id"], row["sku"], row["quantity"], row["city"]) for row in rows(path)] == [
        ("1001", "MUG-1", "2", "Brno"),
        ("1001", "B-2", "1", "Brno"),
    ]
    assert (rows(path)[1]["product"], rows(path)[0]["phone"]) == ("'=cmd|' /C calc'!A0", "'+420600")
    assert rows(path)[0]["order_date"].endswith("+01:00")  # in the warehouse's zone
    file = ExchangedFile.objects.get()
    assert (file.state, file.size, file.moved_to) == (FileState.SENT, path.stat().st_size, f"in/{path.name}")
    assert list(OrderInFile.objects.values_list("order_id", flat=True)) == [full.pk]
    told = OrderEvent.objects.get(kind=EventKind.HANDED_OVER)
    assert (told.order_id, told.message) == (full.pk, f"Goes to North dock in the file {path.name}.")
    assert worked_on([full.pk, partial.pk, none.pk]) == {full.pk}  # it does not follow its shop any more
    assert work(warehouse, KIND).reason == "Nothing to send."
    set_feed(warehouse, KIND, COLUMNS, options={"partial": True})
    work(warehouse, KIND)
    second = max(sent(server), key=lambda each: each.stat().st_mtime_ns)
    assert [(row["order_id"], row["sku"], row["quantity"]) for row in rows(second)] == [("1002", "MUG-1", "1")]


def test_nothing_goes_out_before_the_integration_is_live(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration
) -> None:
    imported(shop, [incoming(line("MUG-1", 1))])
    Integration.objects.update(live=False)
    feed = warehouse.feeds.select_related("integration__project__account").get(kind=KIND)
    with pytest.raises(RunRefused, match="is told nothing: switch it live"):
        feeds.start(feed)
    assert work(warehouse, KIND).reason == outgoing_files.NOT_LIVE  # one that was asked for before
    assert (there(server), server.heard, OrderInFile.objects.count()) == ([], [], 0)


def test_orders_that_wait_for_a_look_do_not_go(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration
) -> None:
    from django.utils import timezone

    changed, held = imported(shop, [incoming(line("MUG-1", 1)), incoming(line("MUG-1", 1))])
    Order.objects.filter(pk=changed.pk).update(shop_changed_at=timezone.now())
    lifecycle.hold(held.pk)
    assert work(warehouse, KIND).reason == "Nothing to send."


def test_many_orders_go_in_several_files(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing_files, "MOST_ORDERS", 2)
    imported(shop, [incoming(line("MUG-1", 1), number=str(n)) for n in range(5)])
    run = work(warehouse, KIND)
    assert (run.created, len(sent(server))) == (5, 3)
    assert sorted(row["order_id"] for path in sent(server) for row in rows(path)) == ["0", "1", "2", "3", "4"]


def test_heads_and_lines_and_xml(warehouse: Integration, server: SimulatedFileServer, shop: Integration) -> None:
    imported(shop, [incoming(line("MUG-1", 2), number="1001")])
    columns = {"order": "/2", "shipping.name": "/4", "placed_at": "/6", "position": "3", "sku": "4", "quantity": "5"}
    layout = {"header": False, "head": "PH", "line": "PD", "fixed": {"/5": "P", "/7": "", "2": "x"}}
    set_feed(warehouse, KIND, columns, pattern="ord", **layout)
    work(warehouse, KIND)
    [path] = sent(server)
    head, body = path.read_text().splitlines()
    assert head.startswith('"PH","1001","","Jana Nováková","P","2026-')
    assert head.endswith(',""')
    assert body == '"PD","x","1","MUG-1","2"'
    path.unlink()
    imported(shop, [incoming(line("MUG-1", 1), number="1002")])
    columns = {"order": "/order_reference", "shipping.name": "/customer/delivery_name", "sku": "product_code"}
    columns |= {"quantity": "quantity"}
    layout = {"format": "xml", "root": "orders", "record": "order", "rows": "order_lines/line"}
    set_feed(warehouse, KIND, columns, pattern="ord", **layout)
    work(warehouse, KIND)
    root = ElementTree.fromstring(sent(server)[0].read_bytes())
    assert (root.tag, root.findtext("order/order_reference")) == ("orders", "1002")
    assert root.findtext("order/customer/delivery_name") == "Jana Nováková"
    assert root.findtext("order/order_lines/line/product_code") == "MUG-1"


def test_letters_that_the_encoding_lacks_are_told(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration
) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="in", pattern="orders", encoding="iso8859-1", delimiter=";", decimal=",")
    imported(shop, [incoming(line("MUG-1", 1, name="Hrníček ě?", price="1.50"))])
    work(warehouse, KIND)
    text = sent(server)[0].read_text("latin-1")
    assert ";1;Hrní?ek ??;1,50;" in text
    assert ExchangedFile.objects.get().reason.startswith("2 characters not in this encoding")


class Killed(BaseException):
    """A worker dies."""


@pytest.mark.parametrize("step", range(8))
def test_whatever_dies_no_order_goes_out_twice_and_none_is_lost(
    warehouse: Integration,
    server: SimulatedFileServer,
    shop: Integration,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """A worker dies before or after the n-th thing that is done: on the server, or on record."""
    monkeypatch.setattr(outgoing_files, "MOST_ORDERS", 2)
    imported(shop, [incoming(line("MUG-1", 1), number=str(n)) for n in range(3)])
    run = through_a_death(warehouse, monkeypatch, step)
    assert run.state == RunState.SUCCEEDED
    names = [row["order_id"] for path in sent(server) for row in rows(path)]
    assert sorted(names) == ["0", "1", "2"]
    assert OrderInFile.objects.count() == 3
    assert set(ExchangedFile.objects.values_list("state", flat=True)) == {FileState.SENT}


@pytest.mark.parametrize("step", range(8))
def test_a_file_that_the_warehouse_takes_at_once_is_not_sent_again(
    warehouse: Integration,
    server: SimulatedFileServer,
    shop: Integration,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    imported(shop, [incoming(line("MUG-1", 1), number=str(n)) for n in range(2)])
    taken: list[str] = []

    def take() -> None:
        for path in sent(server):
            if path.suffix == ".csv":
                taken.extend(row["order_id"] for row in rows(path))
                path.unlink()

    run = through_a_death(warehouse, monkeypatch, step, take)
    take()
    assert (run.state, sorted(taken)) == (RunState.SUCCEEDED, ["0", "1"])


def test_control_without_asking_the_server_it_is_sent_again(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard off: a file whose handing over is not on record is written and handed over anew."""
    imported(shop, [incoming(line("MUG-1", 1), number="1")])
    hand_over = outgoing_files._hand_over

    def forgetful(feed: FileFeed, file: ExchangedFile) -> Any:
        page = hand_over(feed, file)
        if not monkeypatched:
            monkeypatched.append(True)
            name = f"{file.name[:-10]}again.csv"
            ExchangedFile.objects.filter(pk=file.pk).update(state=FileState.SENDING, name=name)
            raise Killed
        return page

    monkeypatched: list[bool] = []
    monkeypatch.setattr(outgoing_files, "_hand_over", forgetful)
    run = control.request(KIND, warehouse)
    for _ in range(3):
        try:
            jobs.work(run.pk)
        except Killed:
            expire_leases()
    assert [row["order_id"] for path in sent(server) for row in rows(path)] == ["1", "1"]


def through_a_death(warehouse: Integration, patch: pytest.MonkeyPatch, step: int, meanwhile: Any = lambda: None) -> Run:
    """Work a run off; a worker dies around the n-th write on the server or on record."""
    done = iter(range(1_000))

    def dying(real: Any, *, after: bool) -> Any:
        def call(*args: Any, **values: Any) -> Any:
            now = next(done) == step
            if now and not after:
                raise Killed
            answer = real(*args, **values)
            if now:
                meanwhile()
                raise Killed
            return answer

        return call

    from integrations.client.file_servers.sftp import SftpServer

    patch.setattr(SftpServer, "write", dying(SftpServer.write, after=step % 2 == 0))
    patch.setattr(SftpServer, "rename", dying(SftpServer.rename, after=step % 2 == 0))
    patch.setattr(pages, "_write", dying(pages._write, after=step % 2 == 0))
    run = control.request(KIND, warehouse)
    for _ in range(20):
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
        try:
            jobs.work(run.pk)
        except Killed:
            expire_leases()
        run.refresh_from_db()
        if not run.is_open:
            break
    return run


def test_a_file_of_another_size_under_its_name_stops_the_run(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, [incoming(line("MUG-1", 1))])
    run = control.request(KIND, warehouse)
    hand_over = outgoing_files._hand_over

    def disturbed(feed: FileFeed, file: ExchangedFile) -> Any:
        (server.folder / "in" / file.name).write_text("something else")
        return hand_over(feed, file)

    monkeypatch.setattr(outgoing_files, "_hand_over", disturbed)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "see what lies there" in run.reason


def test_orders_that_cannot_go_any_more_are_left_out(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, goes = imported(shop, [incoming(line("MUG-1", 1), number=n) for n in ("1", "2")])
    write_aside = outgoing_files._write_aside

    def cancelled_first(feed: FileFeed, file: ExchangedFile) -> Any:
        lifecycle.cancel(stays.pk)
        return write_aside(feed, file)

    monkeypatch.setattr(outgoing_files, "_write_aside", cancelled_first)
    work(warehouse, KIND)
    assert [row["order_id"] for row in rows(sent(server)[0])] == ["2"]
    assert list(OrderInFile.objects.values_list("order_id", flat=True)) == [goes.pk]
    monkeypatch.setattr(outgoing_files, "_write_aside", write_aside)
    lifecycle.reopen(stays.pk)
    work(warehouse, KIND)
    assert sorted(row["order_id"] for path in sent(server) for row in rows(path)) == ["1", "2"]
