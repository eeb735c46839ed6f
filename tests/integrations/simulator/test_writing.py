"""Simulated shops are written to: they keep it across a restart, count what they sell, and lose answers on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as Question
from urllib.request import urlopen

import pytest

from integrations.client import drive
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.simulator import writing
from integrations.simulator.catalogue import BUYERS
from integrations.simulator.dialects.prices import priced
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.rendering import once
from integrations.simulator.sales import Given, GivenLine, Sale, basket
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
COPY = Given(
    (GivenLine("MUG-BLUE", "A mug", 2, "20.10", "4.22"), GivenLine("ELSEWHERE", "Not ours", 1, "5.00", "1.05")),
    replace(BUYERS[0], mail="ada@example.org"),
    reference="ebay-12-34567-89012",
    shipping_net="3.00",
    shipping_tax="0.63",
    more={"taxed": True},
)


def make(**options: Any) -> SimulatedShop:
    return SimulatedShop("Teahouse", **{"seed": 3, "clock": lambda: NOON, **options})


def test_what_is_sold_is_off_the_quantities() -> None:
    now = [NOON]
    shop = make(rate=6, clock=lambda: now[0])
    shop.stock_history(50)
    quantities = shop.records.quantities
    assert quantities["MUG-BLUE"] == 48, "what was sold before is off already"
    shop.place(wanted={"MUG-BLUE": 3})
    shop.place("failed", wanted={"MUG-BLUE": 3})
    assert quantities["MUG-BLUE"] == 45
    shop.place(wanted={"MUG-BLUE": 50})
    assert quantities["MUG-BLUE"] == 0
    before = dict(quantities)
    now[0] += timedelta(minutes=30)
    shop.advance()
    assert quantities != before


def test_parts_of_an_order_leave() -> None:
    shop = make()
    sale = shop.place(wanted={"MUG-BLUE": 3, "MUG-WHITE": 1})
    assert writing.left(shop, sale) == {0: 3, 1: 1}
    first = writing.ship(shop, sale, {0: 2}, "dhl", "T1")
    assert (writing.left(shop, sale), sale.state(NOON).status) == ({0: 1, 1: 1}, "processing")
    writing.ship(shop, sale, {0: 1, 1: 1})
    assert (writing.left(shop, sale), sale.state(NOON).status) == ({0: 0, 1: 0}, "completed")
    writing.correct(shop, first, "ppl", "T2")
    assert [each.tracking for each in shop.records.of(sale.id)] == ["T2", ""]
    assert not writing.sent_by_itself(shop, sale)


def test_an_order_may_have_left_by_itself() -> None:
    shop = make()
    sale = shop.place("completed", wanted={"MUG-BLUE": 3})
    assert writing.sent_by_itself(shop, sale)
    assert writing.left(shop, sale) == {0: 0}


def test_every_write_moves_the_order_on() -> None:
    now = [NOON]
    shop = make(clock=lambda: now[0])
    sale = shop.place("on-hold", wanted={"MUG-BLUE": 3})
    now[0] += timedelta(minutes=5)
    writing.pay(shop, sale, "IN1")
    assert (sale.state(now[0]).status, sale.state(now[0]).at) == ("processing", now[0])
    now[0] += timedelta(minutes=5)
    writing.note(shop, sale, "Invoice IN1", stamped=False)
    assert sale.state(now[0]).at == now[0] - timedelta(minutes=5)


def test_a_created_order_is_sold_as_it_was_written() -> None:
    shop = make()
    sale = writing.create(shop, COPY)
    cost = priced(shop, sale)
    assert [(str(line.net), str(line.tax)) for line in cost.lines] == [("20.10", "4.22"), ("5.00", "1.05")]
    assert (str(cost.total), cost.vat) == ("34.00", 21)
    assert [item.product.name for item in basket(shop.seed, sale).items] == ["A mug", "Not ours"]
    assert basket(shop.seed, sale).buyer.email == "ada@example.org"
    assert shop.records.quantities["MUG-BLUE"] == 46
    writing.create(shop, COPY, takes_stock=False)
    assert shop.records.quantities["MUG-BLUE"] == 46


def test_a_restart_keeps_what_was_written(tmp_path: Path) -> None:
    state = tmp_path / "shop.json"
    shop = make(state=state)
    sale = shop.place("on-hold", wanted={"MUG-BLUE": 3})
    writing.ship(shop, sale, {0: 2}, "dhl", "T1", site="a shop")
    writing.pay(shop, sale, "IN1")
    writing.note(shop, sale, "Invoice IN1", to_buyer=True)
    writing.set_quantity(shop, "MUG-WHITE", 7)
    shop.records.quantities["MUG-BLUE"] = None
    created = writing.create(shop, COPY)
    shop.records.writable = False
    shop.save()
    again = make(state=state)
    assert again.records == shop.records
    assert again.sales[created.id].given == COPY
    assert priced(again, again.sales[created.id]) == priced(shop, created)
    again.delete(sale.id)
    assert not [*again.records.of(sale.id), *again.records.payments, *again.records.notes]


def test_a_shop_from_before_anything_was_written_starts(tmp_path: Path) -> None:
    state = tmp_path / "shop.json"
    shop = make(state=state)
    shop.place()
    old = json.loads(state.read_text())
    state.write_text(json.dumps({name: old[name] for name in ("next_id", "sales", "webhooks")}))
    assert make(state=state).records.quantities["POT-IRON-08"] == 12


def test_a_kept_document_is_written_anew_after_a_write() -> None:
    @once
    def tracking(shop: SimulatedShop, sale: Sale) -> list[str]:
        return [each.tracking for each in shop.records.of(sale.id)]

    shop = make()
    sale = shop.place(wanted={"MUG-BLUE": 3})
    before = shop.written()
    writing.ship(shop, sale, {0: 1}, tracking="T1")
    assert tracking(shop, sale) == ["T1"]
    shop.restore(before)
    sale = shop.sales[sale.id]
    assert tracking(shop, sale) == []
    writing.ship(shop, sale, {0: 1}, tracking="T2")
    assert tracking(shop, sale) == ["T2"]


def speaking(shop: SimulatedShop, asked: Asked) -> Answered:
    """Of one order: `GET` reads its notes, `POST` writes one."""
    sale = next(iter(shop.sales.values()))
    if asked.method == "POST":
        writing.note(shop, sale, asked.body.decode())
    return as_json([each.text for each in shop.records.notes])


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=3)
    shop.place(wanted={"MUG-BLUE": 3})
    site = SimulatedSite(shop)
    site._answer = speaking
    with SimulatedServer(site) as running:
        yield running


def direct(server: SimulatedServer, method: str, path: str, **data: Any) -> Any:
    question = Question(f"{server.url}/_sim/{path}", json.dumps(data).encode(), method=method)
    with urlopen(question, timeout=5) as reply:
        return json.load(reply)


def write(server: SimulatedServer, text: str) -> list[str]:
    def once() -> Operation[Response]:
        return (yield Request("POST", f"{server.url}/notes", body=text.encode()))

    answer = drive(once(), allowed={server.address}, sleep=lambda _: None)
    found: list[str] = json.loads(answer.body)
    return found


def notes(server: SimulatedServer) -> list[str]:
    return [each.text for each in server.site.shop.records.notes]


def test_the_log_tells_what_was_written(server: SimulatedServer) -> None:
    write(server, "one")
    with urlopen(f"{server.url}/notes", timeout=5):
        pass
    order = next(iter(server.site.shop.sales))
    wrote = [each["wrote"] for each in direct(server, "GET", "log")]
    assert wrote == [[{"note": 1, "order": order, "to_buyer": False}], []]
    told = direct(server, "GET", "shop")
    assert [each["text"] for each in told["orders"][0]["notes"]] == ["one"]
    assert told["quantities"]["MUG-BLUE"] == 45


def test_the_director_sets_stock_and_rights(server: SimulatedServer) -> None:
    direct(server, "POST", "stock", **{"MUG-BLUE": 3, "MUG-WHITE": None})
    direct(server, "POST", "rights", write=False)
    told = direct(server, "GET", "shop")
    assert (told["quantities"]["MUG-BLUE"], told["quantities"]["MUG-WHITE"], told["writable"]) == (3, None, False)


@pytest.mark.parametrize("how", [{}, {"how": 504}])
def test_a_lost_answer_did_the_work(server: SimulatedServer, how: dict[str, int]) -> None:
    direct(server, "POST", "faults", kind="lose_answer", **how)
    with pytest.raises(ShopError) as failed:
        write(server, "one")
    assert failed.value.kind == Failure.UNAVAILABLE
    assert notes(server) == ["one"]
    assert write(server, "two") == ["one", "two"]


def test_a_refused_write_did_nothing(server: SimulatedServer) -> None:
    direct(server, "POST", "faults", kind="refuse_write")
    with pytest.raises(ShopError) as failed:
        write(server, "one")
    assert (failed.value.kind, failed.value.status, notes(server)) == (Failure.UNAVAILABLE, 500, [])


def test_a_dropped_write_is_answered_and_is_not_there(server: SimulatedServer) -> None:
    direct(server, "POST", "faults", kind="drop")
    assert write(server, "one") == ["one"]
    assert notes(server) == []
    assert [each["fault"] for each in direct(server, "GET", "log")] == ["drop"]


def test_a_share_of_the_writes_is_dropped(server: SimulatedServer) -> None:
    direct(server, "POST", "faults", kind="drop", percent=40, count=1000)
    for number in range(30):
        write(server, str(number))
    assert 5 < len(notes(server)) < 28


def test_reading_is_never_meant(server: SimulatedServer) -> None:
    """Control: the fault of writing waits for the write, however often somebody reads before."""
    direct(server, "POST", "faults", kind="refuse_write")
    for _ in range(3):
        with urlopen(f"{server.url}/notes", timeout=5) as reply:
            assert reply.status == 200
    with pytest.raises(HTTPError, match="500"):
        urlopen(Question(f"{server.url}/notes", b"one", method="POST"), timeout=5)
