"""Stock files from the server to the ledger: each once, whole or refused, and moved away."""

from __future__ import annotations

import os
from typing import Any

import pytest

from integrations.choices import FileState, RunKind, RunState
from integrations.models import ExchangedFile, FileRowError, Integration, Run, SkuMapping
from integrations.runs import claims, pages
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import in_hand, incoming_files, serving
from orders.models import Order
from stock.choices import MovementReason
from stock.models import StockLevel, StockMovement
from tests.admin.conftest import imported
from tests.factories import give_stock, incoming, line
from tests.integrations.warehouses.conftest import files, put, set_feed, there, work
from tests.payloads import PAYLOADS

COLUMNS = {"sku": "sku", "quantity": "quantity"}
KIND = RunKind.STOCK_FILES


@pytest.fixture(autouse=True)
def feed(warehouse: Integration) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="stock*.csv")


def levels(warehouse: Integration) -> dict[str, tuple[int, int]]:
    found = StockLevel.objects.filter(product__project=warehouse.project)
    return {sku: (on, held) for sku, on, held in found.values_list("product__sku", "on_hand", "reserved")}


def errors() -> list[tuple[int, str]]:
    return list(FileRowError.objects.values_list("row", "sentence"))


def many(count: int, units: int = 1) -> str:
    return "sku,quantity\n" + "".join(f"S-{n},{units}\n" for n in range(count))


def test_what_is_on_hand_becomes_what_the_file_says(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, A_17=3, B_2=5, C_3=4)
    [order] = imported(warehouse, [incoming(line("A-17", 5))])
    put(server, "stock_1.csv", "sku,name,quantity\nA-17,x,8\nB-2,y,5\nC-3,z,0\n")
    run = work(warehouse, KIND)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, "1 file: 2 booked, 1 as they were, 0 with errors.")
    assert levels(warehouse) == {"A-17": (8, 5), "B-2": (5, 0), "C-3": (0, 0)}
    moved = StockMovement.objects.filter(note__startswith="North dock").values_list("quantity", "reason", "note")
    assert list(moved.order_by("quantity")) == [
        (-4, MovementReason.ADJUSTMENT, "North dock: stock_1.csv"),
        (5, MovementReason.ADJUSTMENT, "North dock: stock_1.csv"),
    ]
    assert Order.objects.get(pk=order.pk).tab == "in_stock"  # what waited is served
    assert files(warehouse) == [("stock_1.csv", FileState.DONE)]
    assert there(server) == ["out/processed/stock_1.csv"]
    file = ExchangedFile.objects.get()
    assert (file.rows, file.booked, file.unchanged, file.failed, file.moved_to) == (
        *(3, 2, 1, 0),
        "out/processed/stock_1.csv",
    )


def test_nothing_to_process_is_a_normal_end(warehouse: Integration, server: SimulatedFileServer) -> None:
    put(server, "other.csv", "x")
    run = work(warehouse, KIND)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, "Nothing to process.")
    assert there(server) == ["out/other.csv"]


def test_deltas_are_added(warehouse: Integration, server: SimulatedFileServer) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv", options={"meaning": "delta"})
    give_stock(warehouse.project, A_17=3, B_2=5)
    put(server, "a.csv", "sku,quantity\nA-17,2\nB-2,-4\nA-17,1\nB-2,0\n")
    run = work(warehouse, KIND)
    assert levels(warehouse) == {"A-17": (6, 0), "B-2": (1, 0)}
    assert (run.updated, run.failed) == (4, 0)


def test_of_a_sku_that_stands_there_twice_the_last_row_counts(
    warehouse: Integration, server: SimulatedFileServer
) -> None:
    give_stock(warehouse.project, A_17=3)
    put(server, "stock.csv", "sku,quantity\nA-17,2\nA-17,9\n")
    run = work(warehouse, KIND)
    assert levels(warehouse) == {"A-17": (9, 0)}
    assert (run.updated, run.unchanged) == (1, 1)


def test_bad_rows_are_told_and_the_others_land(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(20)}, RES=5)
    imported(warehouse, [incoming(line("RES", 4))])
    content = many(20, 2) + "RES,1\nNOPE,3\nS-1,two\nS-2,-1\n"
    put(server, "stock.csv", content)
    run = work(warehouse, KIND)
    assert (run.updated, run.failed) == (20, 4)
    assert errors() == [
        (22, "SKU RES: 1 would be on hand, and orders have reserved 4: 3 too few. It stays at 5."),
        (23, "SKU NOPE is unknown: create the product, or map the SKU."),
        (24, "Quantity: it is no number with a decimal point."),
        (25, "SKU S-2: -1 units cannot be on hand. It stays at 1."),
    ]
    assert levels(warehouse)["RES"] == (5, 4)
    assert there(server) == ["out/processed/stock.csv", "out/processed/stock.csv.errors.txt"]
    report = (server.folder / "out/processed/stock.csv.errors.txt").read_text()
    assert report.startswith("stock.csv\n20 rows booked, 4 with errors.\nRow 22: SKU RES: 1 would be")


def test_a_file_with_too_many_bad_rows_is_refused_as_a_whole(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stock(warehouse.project, MUG_1=1)
    content = (PAYLOADS / "warehouse/despatchcloud_inventory.csv").read_bytes()
    put(server, "stock.csv", content)
    run = work(warehouse, KIND)
    assert run.state == RunState.SUCCEEDED
    assert run.reason == (
        "1 file: 0 booked, 0 as they were, 5 with errors. 1 of the files not taken: see why on their pages."
    )
    file = ExchangedFile.objects.get()
    assert (file.state, file.reason) == (
        FileState.REFUSED,
        "5 of 6 rows cannot be booked, more than a fifth: nothing of the file is.",
    )
    assert len(errors()) == 5
    assert levels(warehouse) == {"MUG-1": (1, 0)}
    assert there(server) == ["out/failed/stock.csv", "out/failed/stock.csv.errors.txt"]
    # The control: with the guard off its good row is booked.
    monkeypatch.setattr(incoming_files, "MOST_BAD", 1)
    put(server, "stock.csv", content)
    work(warehouse, KIND)
    assert levels(warehouse) == {"MUG-1": (12, 0)}  # a refused file may come again


def test_a_file_that_is_none_is_refused_with_a_sentence(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, MUG_1=1)
    put(server, "stock_1.csv", 'sku,quantity\nMUG-1,4\n"X,5\n')
    put(server, "stock_2.csv", (PAYLOADS / "warehouse/truncated_upload.csv").read_bytes())
    work(warehouse, KIND)
    reasons = dict(ExchangedFile.objects.values_list("name", "reason"))
    assert reasons["stock_1.csv"] == "Line 3 is no CSV: a quote is opened and never closed."
    assert reasons["stock_2.csv"].startswith("1 of 2 rows cannot be booked")
    assert levels(warehouse) == {"MUG-1": (1, 0)}


def test_c15_a_file_that_is_too_large_is_refused(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = serving.fetch
    monkeypatch.setattr(serving, "fetch", lambda server, folder, name: fetch(server, folder, name, 1024 * 1024))
    put(server, "stock.csv", "sku,quantity\n" + "A,1\n" * 400_000)
    work(warehouse, KIND)
    assert ExchangedFile.objects.get().reason == "The file has more than 1 MB: split it."
    assert there(server) == ["out/failed/stock.csv", "out/failed/stock.csv.errors.txt"]


def test_c12_a_file_is_taken_once_it_stands_still(
    warehouse: Integration, server: SimulatedFileServer, settings: Any
) -> None:
    settings.FILE_SETTLE_SECONDS = 3600
    give_stock(warehouse.project, A_17=1)
    put(server, "stock.csv", "sku,quantity\nA-17,2\n")
    run = work(warehouse, KIND)
    assert run.reason == "Nothing to process; 1 file may still be written."
    ExchangedFile.objects.update(seen_at="2026-01-01T00:00:00Z")  # an hour passes, in which it grows
    put(server, "stock.csv", "sku,quantity\nA-17,2\nA-17,3\n")
    work(warehouse, KIND)
    assert (files(warehouse), levels(warehouse)) == ([("stock.csv", FileState.SEEN)], {"A-17": (1, 0)})
    ExchangedFile.objects.update(seen_at="2026-01-01T00:00:00Z")  # and another, in which it does not
    work(warehouse, KIND)
    assert (files(warehouse), levels(warehouse)) == ([("stock.csv", FileState.DONE)], {"A-17": (3, 0)})


def test_c12_or_once_a_file_beside_it_says_so(
    warehouse: Integration, server: SimulatedFileServer, settings: Any
) -> None:
    settings.FILE_SETTLE_SECONDS = 3600
    give_stock(warehouse.project, A_17=1)
    put(server, "stock.csv", "sku,quantity\nA-17,2\n")
    put(server, "stock.csv.done", "")
    work(warehouse, KIND)
    assert levels(warehouse) == {"A-17": (2, 0)}
    assert there(server) == ["out/processed/stock.csv", "out/processed/stock.csv.done"]


def test_files_that_are_being_written_are_not_touched(warehouse: Integration, server: SimulatedFileServer) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*")
    names = ["stock.csv.tmp", "stock.csv.part", "stock.csv.filepart", "sto ck.csv", "žluť.csv", "-rf"]
    for name in names:
        put(server, name, "sku,quantity\nA-17,2\n")
    work(warehouse, KIND)
    assert files(warehouse) == []
    assert there(server) == sorted(f"out/{name}" for name in names)


def test_c13_each_content_is_worked_off_once(warehouse: Integration, server: SimulatedFileServer) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv", options={"meaning": "delta"})
    give_stock(warehouse.project, A_17=1)
    content = "sku,quantity\nA-17,2\n"
    put(server, "monday.csv", content)
    work(warehouse, KIND)
    put(server, "tuesday.csv", content)  # renamed, or sent again
    put(server, "monday.csv", content + "A-17,4\n")  # the same name with something new
    work(warehouse, KIND)
    assert levels(warehouse) == {"A-17": (9, 0)}
    assert sorted(files(warehouse)) == [
        ("monday.csv", FileState.DONE),
        ("monday.csv", FileState.DONE),
        ("tuesday.csv", FileState.REPEATED),
    ]
    repeated = ExchangedFile.objects.get(state=FileState.REPEATED)
    assert repeated.reason == "Its content was worked off before, as monday.csv: nothing is booked again."
    second = ExchangedFile.objects.filter(name="monday.csv").latest("pk")
    assert there(server) == sorted(
        ["out/processed/monday.csv", f"out/processed/monday.{second.pk}.csv", "out/processed/tuesday.csv"]
    )


def test_c16_a_file_that_cannot_be_moved_is_not_booked_again(
    warehouse: Integration, server: SimulatedFileServer
) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv", options={"meaning": "delta"})
    give_stock(warehouse.project, A_17=1)
    put(server, "stock.csv", "sku,quantity\nA-17,2\n")
    server.refuses.add("rename")
    for _ in range(3):
        assert work(warehouse, KIND).state == RunState.SUCCEEDED
    assert levels(warehouse) == {"A-17": (3, 0)}
    file = ExchangedFile.objects.get()
    assert file.problem.startswith("It could not be moved away: The file server does not let us")
    assert there(server) == ["out/stock.csv"]
    server.refuses.clear()
    run = work(warehouse, KIND)
    assert run.reason == "Nothing to process."
    file.refresh_from_db()
    assert (levels(warehouse), file.problem, file.moved_to) == ({"A-17": (3, 0)}, "", "out/processed/stock.csv")


def test_files_stay_where_they_are_until_the_integration_is_live(
    warehouse: Integration, server: SimulatedFileServer
) -> None:
    Integration.objects.update(live=False)
    give_stock(warehouse.project, A_17=1)
    put(server, "stock.csv", "sku,quantity\nA-17,2\n")
    for _ in range(2):
        work(warehouse, KIND)
    assert (levels(warehouse), there(server)) == ({"A-17": (2, 0)}, ["out/stock.csv"])
    assert not [asked for asked in server.heard if asked.startswith(("write", "rename", "mkdir", "remove"))]
    Integration.objects.update(live=True)
    work(warehouse, KIND)
    assert there(server) == ["out/processed/stock.csv"]


def test_the_warehouses_skus_may_be_mapped(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, A_17=1)
    SkuMapping.objects.create(integration=warehouse, shop_sku="WH-1", sku="A-17")
    put(server, "stock.csv", "sku,quantity\nWH-1,7\n")
    work(warehouse, KIND)
    assert levels(warehouse) == {"A-17": (7, 0)}


class Killed(BaseException):
    """A worker dies."""


@pytest.mark.parametrize("inside", [True, False])
def test_a_run_that_is_killed_goes_on_at_its_row(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    """Inside of the transaction of each portion, and after each; deltas tell on rows that are booked twice."""
    monkeypatch.setattr(incoming_files, "PORTION", 7)
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv", options={"meaning": "delta"})
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(40)})
    put(server, "stock.csv", many(40, 2))
    deaths = _deadly(monkeypatch, inside=inside)
    run = _through_all_deaths(warehouse)
    assert (run.state, run.updated, run.fetched) == (RunState.SUCCEEDED, 40, 40)
    assert set(levels(warehouse).values()) == {(3, 0)}
    assert len(deaths) >= 6
    assert there(server) == ["out/processed/stock.csv"]


def test_control_without_its_row_a_file_is_booked_twice(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard off: how far a file has come is not kept with what was booked."""
    monkeypatch.setattr(incoming_files, "PORTION", 7)
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv", options={"meaning": "delta"})
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(40)})
    put(server, "stock.csv", many(40, 2))
    go_on = incoming_files._go_on

    def from_the_start(held: Any, feed: Any, file: ExchangedFile, cursor: Any) -> Any:
        file.position = 0
        return go_on(held, feed, file, cursor)

    once = iter([True])

    def forgetful(held: Any, feed: Any, file: ExchangedFile, cursor: Any) -> Any:
        if file.position == 14 and next(once, False):
            in_hand.drop()
            return from_the_start(held, feed, file, cursor)
        return go_on(held, feed, file, cursor)

    monkeypatch.setattr(incoming_files, "_go_on", forgetful)
    work(warehouse, KIND)
    assert set(levels(warehouse).values()) != {(3, 0)}


def _deadly(patch: pytest.MonkeyPatch, *, inside: bool) -> list[str]:
    """Let every other page of a run die, in its transaction or after it."""
    deaths: list[str] = []
    pages_seen = iter(range(1_000))
    if inside:
        advance = claims.advance

        def dying(*args: Any, **values: Any) -> None:
            advance(*args, **values)
            if next(pages_seen) % 2 == 0:
                deaths.append("inside")
                raise Killed

        patch.setattr(claims, "advance", dying)
    else:
        write = pages._write

        def written(*args: Any, **values: Any) -> Any:
            done = write(*args, **values)
            if next(pages_seen) % 2 == 0:
                deaths.append("after")
                raise Killed
            return done

        patch.setattr(pages, "_write", written)
    return deaths


def _through_all_deaths(warehouse: Integration) -> Run:
    from integrations import jobs
    from integrations.runs import control
    from tests.crash.scenario import expire_leases

    run = control.request(KIND, warehouse)
    for _ in range(100):
        Run.objects.filter(pk=run.pk).update(next_attempt_at=None, claims_without_progress=0)
        in_hand.drop()  # another process has nothing in hand
        try:
            jobs.work(run.pk)
        except Killed:
            expire_leases()
        run.refresh_from_db()
        if not run.is_open:
            break
    return run


def test_a_file_that_is_replaced_on_the_way_ends_there(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_files, "PORTION", 7)
    give_stock(warehouse.project, **{f"S_{n}": 1 for n in range(40)})
    path = put(server, "stock.csv", many(40, 2))
    go_on = incoming_files._go_on

    def replaced(held: Any, feed: Any, file: ExchangedFile, cursor: Any) -> Any:
        if file.position == 14 and file.pk == ExchangedFile.objects.earliest("pk").pk:
            put(server, "stock.csv", many(40, 5))
            os.utime(path, (1_790_000_000, 1_790_000_000))
            in_hand.drop()
        return go_on(held, feed, file, cursor)

    monkeypatch.setattr(incoming_files, "_go_on", replaced)
    work(warehouse, KIND)
    work(warehouse, KIND)
    first, second = ExchangedFile.objects.order_by("pk")
    assert first.reason.startswith("Worked off up to row 14; then the file was another one.")
    assert (first.state, second.state, second.booked) == (FileState.REFUSED, FileState.DONE, 40)
    assert set(levels(warehouse).values()) == {(5, 0)}
    assert there(server) == ["out/processed/stock.csv"]


def test_a_server_that_is_away_is_waited_for(warehouse: Integration, server: SimulatedFileServer) -> None:
    server.__exit__(None, None, None)
    run = work(warehouse, KIND, most=1)
    assert (run.state, "could not be reached" in run.reason) == (RunState.WAITING, True)


def test_a_wrong_password_stops_the_feed_until_it_is_entered_again(
    warehouse: Integration, server: SimulatedFileServer
) -> None:
    server.password = "another"
    run = work(warehouse, KIND)
    warehouse.refresh_from_db()
    assert (run.state, warehouse.health) == (RunState.FAILED, "credentials")
    assert "pw " not in run.reason
