"""Who waits for whom: `python -m tests.benchmarks.contention [--orders N]`.

Staff beside a back import: the p95 of five deeds (accept a buyer, ship, receive goods, edit an address, edit a note)
while another process writes N orders of the same project page by page, against the same deeds alone. Then the same
orders come from two shops of one project at once, and from two shops of different projects, each against one shop
alone: orders a second of both together. Payloads are ready in memory, so that no shop is waited for.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

from tests.benchmarks import w2000
from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from integrations.models import Integration

PAGE = 100
BESIDE_BAR, TOGETHER_BAR = 2.0, 1.6
# Orders that staff work on: each deed is done to this many of them.
DEEDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--orders", type=int, default=20_000)
    options = parser.parse_args()
    with durable_database():
        result = measure(options.orders)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        sys.stdout.write(
            f"{options.orders:,} orders in pages of {PAGE}, {os.cpu_count()} cores for all\n"
            f"  staff alone    p50 {result['alone_p50']:.1f} ms, p95 {result['alone_p95']:.1f} ms\n"
            f"  staff beside   p50 {result['beside_p50']:.1f} ms, p95 {result['beside_p95']:.1f} ms:"
            f" {result['beside_ratio']:.2f} of alone (bar {BESIDE_BAR:g}), {result['beside_deeds']} deeds\n"
            f"  one shop       {result['one']:.0f} orders a second\n"
            f"  two shops      {result['two']:.0f}: {result['two_ratio']:.2f} of one (bar {TOGETHER_BAR:g})\n"
            f"  two projects   {result['apart']:.0f}: {result['apart_ratio']:.2f} of one\n"
        )
    sys.exit(0 if result["beside_ratio"] <= BESIDE_BAR and result["two_ratio"] >= TOGETHER_BAR else 1)


def measure(orders: int) -> dict[str, Any]:
    shops = _shops()
    waiting, booked = _for_staff(shops[0])
    alone = [_timed(deed) for deed in _deeds(shops[0], waiting[:DEEDS], booked[:DEEDS])]
    beside: list[float] = []
    deeds = _deeds(shops[0], waiting[DEEDS:], booked[DEEDS:])
    with _Importing([shops[1]], orders) as importing:
        for deed in deeds:
            if not importing.goes_on():
                break
            beside.append(_timed(deed))
    one = _together(shops[1:2], orders // 4)
    two = _together(shops[:2], orders // 4)
    apart = _together([shops[0], shops[2]], orders // 4)
    alone_p95, beside_p95 = _p95(alone), _p95(beside)
    return {
        "orders": orders,
        "alone_p50": statistics.median(alone), "alone_p95": alone_p95,
        "beside_p50": statistics.median(beside), "beside_p95": beside_p95,
        "beside_deeds": len(beside), "beside_ratio": beside_p95 / alone_p95,
        "one": one, "two": two, "two_ratio": two / one, "apart": apart, "apart_ratio": apart / one,
    }  # fmt: skip


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _shops() -> list[Integration]:
    """Two shops of one project, and one of another."""
    from integrations.shops.connection import set_up
    from tests.factories import IntegrationFactory, give_stock

    first = IntegrationFactory.create()
    shops = [first, IntegrationFactory.create(project=first.project), IntegrationFactory.create()]
    for shop in (first, shops[2]):
        give_stock(shop.project, **{sku.replace("-", "_"): 10_000_000 for sku in w2000.skus()})
    for shop in shops:
        set_up(shop)
    return shops


def _pages(first_id: int, orders: int) -> Iterator[list[bytes]]:
    """Pages of W2000 over and over, each order under an id of its own."""
    documents = [json.loads(payload) for payload in w2000.payloads()]
    page: list[bytes] = []
    for number, document in zip(range(orders), cycle(documents), strict=False):
        own = document | {"id": first_id + number, "number": str(first_id + number)}
        page.append(json.dumps(own, ensure_ascii=False).encode())
        if len(page) == PAGE:
            yield page
            page = []


def _import(shop_id: int, first_id: int, orders: int, ready: Any, start: Any) -> None:
    """In a process of its own: the live path of a load, without the shop."""
    from integrations.models import Integration
    from tests.benchmarks.intake import _load

    pages = list(_pages(first_id, orders))
    ready.release()
    start.wait()
    _load(Integration.objects.select_related("project").get(pk=shop_id), pages)


class _Importing:
    """Shops that load at the same time, each in a process of its own."""

    first_id = 1_000_000

    def __init__(self, shops: Sequence[Integration], orders: int) -> None:
        from django.db import connections

        connections.close_all()
        fork = multiprocessing.get_context("fork")
        ready, self._start = fork.Semaphore(0), fork.Event()
        self._processes = []
        for shop in shops:
            given = (shop.pk, _Importing.first_id, orders, ready, self._start)
            self._processes.append(fork.Process(target=_import, args=given))
            _Importing.first_id += orders
        for process in self._processes:
            process.start()
        for _ in self._processes:
            ready.acquire()

    def __enter__(self) -> _Importing:
        self._start.set()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.join()
            if process.exitcode:
                raise RuntimeError("an import of the benchmark failed")

    def goes_on(self) -> bool:
        return any(process.is_alive() for process in self._processes)


def _together(shops: Sequence[Integration], orders: int) -> float:
    """Orders a second of all shops together."""
    importing = _Importing(shops, orders)
    start = time.perf_counter()
    with importing:
        pass
    return len(shops) * orders / (time.perf_counter() - start)


def _for_staff(shop: Integration) -> tuple[list[int], list[int]]:
    """(remote orders that wait for a person, orders of the book), as many as deeds may come to want."""
    from integrations.choices import RunKind, RunState
    from integrations.importing.orders_page import import_page
    from integrations.importing.payloads import read_page
    from integrations.importing.rules import Mode
    from integrations.models import RemoteOrder
    from integrations.runs import claims, control, pages
    from orders.models import Order

    for mode, first_id in ((Mode.REVIEW, 1), (Mode.SWEEP, 100_001)):
        claim = claims.claim(control.request(RunKind.LOAD, shop).pk)
        if claim is None:
            raise RuntimeError("the run of the benchmark could not be claimed")
        for page in _pages(first_id, 3_000):
            candidates = read_page(shop.connector, shop.shop(), page)
            pages.write(claim, import_page(shop, candidates, None, mode=mode))
        claims.finish(claim, RunState.SUCCEEDED)
    waiting = RemoteOrder.objects.filter(integration=shop, state="pending").order_by("pk")
    return list(waiting.values_list("pk", flat=True)), list(Order.objects.order_by("pk").values_list("pk", flat=True))


def _deeds(shop: Integration, waiting: Sequence[int], booked: Sequence[int]) -> Iterator[Callable[[], object]]:
    """What staff do, one thing after the other, each to orders and products of its own."""
    from django.contrib.auth.models import User

    from integrations.review import decisions
    from orders.choices import Part
    from orders.intake.allocation import change_stock
    from orders.intake.incoming import IncomingAddress
    from orders.work import editing, shipping
    from stock.choices import MovementReason
    from stock.ledger import Change
    from stock.models import Product

    person, _ = User.objects.get_or_create(username="staff")
    products = cycle(Product.objects.filter(project=shop.project).order_by("pk").values_list("pk", flat=True))
    for remote_id, order_id, product_id in zip(waiting, booked, products, strict=False):
        address = IncomingAddress(first_name="Jana", last_name=f"Malá {order_id}", city="Ostrava", country="CZ")
        yield partial(decisions.accept, shop.project_id, [remote_id], actor_id=person.pk, actor="staff")
        yield partial(editing.edit_address, order_id, Part.BILLING, address)
        yield partial(editing.edit_note, order_id, f"Ring twice at {order_id}")
        yield partial(shipping.ship, order_id)
        yield partial(change_stock, shop.project_id, [Change(product_id, 1, MovementReason.RECEIPT, "Delivery")])


if __name__ == "__main__":
    main()
