"""The simulated warehouse confirms what it is asked for, once, and counts when that is known."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.demo.programs import free_port
from config.running.listening import wait_for_port
from integrations.simulator.warehouse import CARRIER, SimulatedWarehouse

ORDERS = "order,sku,quantity,product\n100,MUG-BLUE,2,Mug\n100,CHOC-72,1,Chocolate\n101,MUG-BLUE,1,Mug\n"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def given(tmp_path: Path, ships_after: float = 0) -> SimulatedWarehouse:
    warehouse = SimulatedWarehouse(tmp_path, ships_after)
    (tmp_path / "stock").write_text(json.dumps({"MUG-BLUE": 10, "CHOC-72": 5, "FILTER-100": 7}))
    (warehouse.server / "in" / "orders_1.csv").write_text(ORDERS)
    return warehouse


def test_an_order_file_is_confirmed_once_with_a_number_for_each_order(tmp_path: Path) -> None:
    warehouse = given(tmp_path)
    warehouse.work()
    warehouse.work()
    assert list((warehouse.server / "in").iterdir()) == []
    [file] = (warehouse.server / "out").iterdir()
    found = rows(file)
    asked = [(row["order"], row["sku"], row["quantity"], row["carrier"]) for row in found]
    assert asked == [
        ("100", "MUG-BLUE", "2", CARRIER), ("100", "CHOC-72", "1", CARRIER), ("101", "MUG-BLUE", "1", CARRIER)
    ]  # fmt: skip
    numbers = [row["tracking"] for row in found]
    assert numbers[0] == numbers[1] != numbers[2]


def test_nothing_leaves_before_its_time(tmp_path: Path) -> None:
    warehouse = given(tmp_path, ships_after=60)
    warehouse.work()
    assert list((warehouse.server / "out").iterdir()) == []
    [picked] = (tmp_path / "picked").iterdir()
    os.utime(picked, (time.time() - 61, time.time() - 61))
    warehouse.work()
    assert len(list((warehouse.server / "out").iterdir())) == 1


def test_it_counts_once_its_confirmations_are_taken(tmp_path: Path) -> None:
    warehouse = given(tmp_path)
    warehouse.work()
    [confirmed] = (warehouse.server / "out").iterdir()
    confirmed.unlink()
    warehouse.work()
    warehouse.work()
    [counted] = (warehouse.server / "out").iterdir()
    assert [tuple(row.values()) for row in rows(counted)] == [("CHOC-72", "4"), ("MUG-BLUE", "7")]
    assert warehouse.stock() == {"MUG-BLUE": 7, "CHOC-72": 4, "FILTER-100": 7}


def test_the_program_works_until_it_is_stopped(tmp_path: Path) -> None:
    given(tmp_path)
    port = free_port(0)
    command = [sys.executable, "manage.py", "simulate_warehouse", "--port", str(port), "--folder", str(tmp_path)]
    program = subprocess.Popen([*command, "--password", "pw", "--ships-after", "0", "--verbosity", "0"])
    try:
        assert wait_for_port("127.0.0.1", port)
        deadline = time.monotonic() + 30
        while not (found := list((tmp_path / "server" / "out").glob("shipments_*.csv"))):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert len(rows(found[0])) == 3
    finally:
        program.send_signal(signal.SIGTERM)
    assert program.wait(50) == 0
