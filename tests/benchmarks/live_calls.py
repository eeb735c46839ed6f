"""Live orders by API through the web processes of a site: calls a second from one client and from eight at once.

`python -m tests.benchmarks.live_calls [--json] [--seconds S]`

Four kinds of calls: reading one order (what a call costs that decides nothing), creating orders of goods that are on
stock, of goods that nobody keeps (they touch no stock), and changing orders. Two web processes as `make up` starts
them, a database with fsync on, clients with kept connections in a process of their own. The ratio is that of calls a
second to those of reading, in the same run; bars are for eight clients.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.servers import durable_database

CLIENTS = (1, 8)
# Calls a second by eight clients, as a part of what reading one order comes to.
BARS = {"on_stock": 0.33, "without_stock": 0.4, "changed": 0.33}
GOODS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with durable_database():
        result = measure(options.seconds)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(result)) + "\n")
    sys.exit(0 if all(result[kind]["of_reading"] >= bar for kind, bar in BARS.items()) else 1)


def _lines(result: dict[str, Any]) -> Iterator[str]:
    yield "calls a second        1 client  8 clients  p95 of 8"
    for kind, found in result.items():
        paces = f"{found['by_1']:7.1f}    {found['by_8']:7.1f}  {found['p95_ms']:6.0f} ms"
        line = f"  {kind.replace('_', ' '):<18}  {paces}"
        bar = f"  {found['of_reading']:.2f} of reading (bar {BARS[kind]:g})" if kind in BARS else ""
        yield line + bar


def measure(seconds: float) -> dict[str, Any]:
    from integrations.access import api_keys
    from stock import catalogue
    from stock.choices import MovementReason
    from stock.ledger import Change
    from tests.factories import ProjectFactory

    project = ProjectFactory.create()
    made = api_keys.make(project.pk, "Benchmark")
    known = catalogue.create(project.pk, {f"SKU-{number}": f"Tea {number}" for number in range(GOODS)})
    _receive(project.pk, [Change(pk, 1_000_000, MovementReason.RECEIPT) for pk in known.values()])
    headers = {"X-App-Id": made.key.app_id, "X-App-Token": made.token, "Content-Type": "application/json"}
    result: dict[str, Any] = {}
    with site() as (port, _):
        for kind in KINDS:
            found: dict[str, Any] = {}
            for clients in CLIENTS:
                times = _in_another_process(port, headers, kind, clients, seconds)
                found[f"by_{clients}"] = len(times) / seconds
                found["p95_ms"] = sorted(times)[int(len(times) * 0.95)] * 1000
            found["of_reading"] = found["by_8"] / result.get("read", found)["by_8"]
            result[kind] = found
    return result


def _receive(project_id: int, changes: list[Any]) -> None:
    from orders.intake.allocation import change_stock

    change_stock(project_id, changes)


@contextmanager
def site() -> Iterator[tuple[int, list[int]]]:
    """Two web processes on one socket, as a site has them: their port, and their process ids."""
    from config.running import listening, parts

    listener = listening.take_port("127.0.0.1", 0)
    environment = os.environ | {"API_RATE_LIMIT": "1000000000", "ALLOWED_HOSTS": "127.0.0.1"}
    started = [
        subprocess.Popen(program.command, env=environment, pass_fds=program.keeps_open)
        for program in (parts.web(number, listener) for number in (1, 2))
    ]
    port = int(listener.getsockname()[1])
    try:
        _wait_for(port)
        yield port, [process.pid for process in started]
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(30)
        listener.close()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web processes did not come up")


Call = Callable[[http.client.HTTPConnection, dict[str, str], str], None]


def _post(connection: http.client.HTTPConnection, headers: dict[str, str], order: dict[str, Any]) -> None:
    connection.request("POST", "/v1/orders", json.dumps(order), headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise RuntimeError(told)


def _order(name: str, **more: Any) -> dict[str, Any]:
    return {
        "source_id": name,
        "status": "PAID",
        "customer": {"source_id": f"c-{name}", "name": "Ana Lind", "email": f"{name}@mail.example"},
        "metadata": {"channel": "kiosk"},
        **more,
    }


def _items(name: str, sku: str) -> list[dict[str, Any]]:
    first = hash(name)
    return [
        {"source_id": f"{sku}-{(first + 7 * place) % GOODS}", "related_object": "sku", "quantity": 1, "price": 500}
        for place in range(3)
    ]


def read(connection: http.client.HTTPConnection, headers: dict[str, str], name: str) -> None:
    connection.request("GET", "/v1/orders/first", headers=headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status == 404:
        _post(connection, headers, _order("first", items=_items("first", "SKU")))
    elif answer.status != 200:
        raise RuntimeError(told)


def on_stock(connection: http.client.HTTPConnection, headers: dict[str, str], name: str) -> None:
    _post(connection, headers, _order(name, items=_items(name, "SKU")))


def without_stock(connection: http.client.HTTPConnection, headers: dict[str, str], name: str) -> None:
    _post(connection, headers, _order(name, items=_items(name, "NOBODY-KEEPS")))


def changed(connection: http.client.HTTPConnection, headers: dict[str, str], name: str) -> None:
    order = _order("changed-" + name.rpartition("-")[0], items=_items(name, "SKU"))
    _post(connection, headers, order | {"metadata": {"at": name}})


KINDS: dict[str, Call] = {"read": read, "on_stock": on_stock, "without_stock": without_stock, "changed": changed}


def _in_another_process(port: int, headers: dict[str, str], kind: str, clients: int, seconds: float) -> list[float]:
    here, there = multiprocessing.get_context("spawn").Pipe(duplex=False)
    arguments = (there, port, headers, kind, clients, seconds)
    process = multiprocessing.get_context("spawn").Process(target=_clients, args=arguments)
    process.start()
    times: list[float] = here.recv()
    process.join()
    return times


def _clients(pipe: Any, port: int, headers: dict[str, str], kind: str, clients: int, seconds: float) -> None:
    times: list[float] = []
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        connection, call = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        while (begin := time.monotonic()) < until:
            KINDS[kind](connection, headers, f"{kind}-{clients}-{number}-{call}")
            times.append(time.monotonic() - begin)
            call += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(times)


if __name__ == "__main__":
    main()
