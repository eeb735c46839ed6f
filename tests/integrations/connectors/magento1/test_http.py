"""The Magento 1 connector against the simulated shop, whose documents and habits are the documented ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xmlrpc.client import Fault, dumps, loads

import pytest

from integrations.client import drive
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import OrderPage, Window
from integrations.connectors.magento1 import orders
from integrations.simulator import dialects
from integrations.simulator.dialects.magento1 import answering
from integrations.simulator.dialects.magento1.orders import increment_id, order_document, order_head
from integrations.simulator.messages import Asked
from integrations.simulator.sales import Amended
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.magento1.orders import read
from tests.integrations.simulator.test_shops import differences, shape
from tests.recorded import from_site, serve

magento = get("magento1")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def sold(**options: Any) -> SimulatedShop:
    shop = SimulatedShop("Teahouse", **{"seed": 3, "clock": lambda: NOON, **options})
    shop.stock_history(120)
    return shop


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=3)
    shop.stock_history(300)
    with SimulatedServer(SimulatedSite(shop, "magento1")) as running:
        yield running


def remote(site: SimulatedSite, url: str = "https://shop.example", **settings: Any) -> Shop:
    return Shop(url, dialects.get("magento1").keys(site.shop), settings=settings)


def run(server: SimulatedServer, operation: Operation[Any]) -> Any:
    return drive(operation, allowed={server.address}, sleep=lambda seconds: None)


def swept(site: SimulatedSite, window: Window, per_page: int = 100) -> list[OrderPage]:
    shop = remote(site, per_page=per_page)
    pages: list[OrderPage] = []
    while not pages or pages[-1].next is not None:
        # As it is kept between two pages.
        cursor = json.loads(json.dumps(pages[-1].next)) if pages else None
        page, _ = serve(magento.orders.in_window(shop, window, cursor), lambda request: from_site(site, request))
        pages.append(page)
    return pages


def numbers_of(pages: list[OrderPage]) -> list[str]:
    return [json.loads(payload)["increment_id"] for page in pages for payload in page.payloads]


def listed(shop: SimulatedShop) -> set[str]:
    return {increment_id(sale) for sale in answering.shown(shop)}


def test_300_orders_through_faults(server: SimulatedServer) -> None:
    for fault in ("html", "cut", "notice"):
        server.site.faults.add({"kind": fault, "count": 1, "skip": 3, "path": "/"})
    server.site.faults.add({"kind": "status", "status": 503, "count": 2, "path": "/"})
    shop, cursor, failures = remote(server.site, server.url), None, 0
    found: dict[str, bytes] = {}
    while True:
        try:
            page = run(server, magento.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=40)), cursor))
        except ShopError as error:
            assert error.passes
            failures += 1
            assert failures < 6
            continue
        found |= {json.loads(payload)["increment_id"]: payload for payload in page.payloads}
        if (cursor := page.next) is None:
            break
    assert set(found) == listed(server.site.shop)
    read_ = [magento.parse(payload, shop) for payload in found.values()]
    assert {order.residual for order in read_} == {0}
    assert {order.warnings for order in read_} == {()}
    assert {order.status for order in read_} >= {"processing", "complete", "canceled", "closed"}
    assert any(order.refunded_total for order in read_) and any(order.fee_total for order in read_)
    assert any(line.sku == "SHIRT-M" for order in read_ for line in order.lines)
    assert any(order.comments for order in read_)
    assert {order.metadata["delivery_slot"] for order in read_} == {"morning"}


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CZK"])
def test_other_currencies(currency: str) -> None:
    site = SimulatedSite(sold(currency=currency), "magento1")
    for page in swept(site, Window(NOON - timedelta(days=5))):
        for payload in page.payloads:
            order = magento.parse(payload, remote(site))
            assert order.currency == currency and not order.residual and not order.warnings


# Parts of the samples that the simulated shop leaves out.
HARDLY_READ = (
    "gift_message", "delivery_date", "cc_exp_month", "weee_tax_applied_", "amount_refunded", "base_cost",
    "qty_backordered", "shipping_discount_amount",
)  # fmt: skip


def test_documents_have_the_documented_shape() -> None:
    shop = sold()
    documents = [order_document(shop, sale) for sale in answering.shown(shop)]
    ours = shape(max(documents, key=lambda each: len(each["items"])))
    for name in ("order.xml", "order_of_bundles.xml", "order_in_dinar.xml"):
        found = differences(ours, shape(json.loads(read(name))))
        assert [each for each in found if not any(part in each for part in HARDLY_READ)] == [], name
    head = shape(order_head(shop, answering.shown(shop)[0]))
    found = differences(head, shape(json.loads(read("orders_of_a_list.xml"))[0]))
    assert [each for each in found if not any(part in each for part in HARDLY_READ)] == []
    assert not {"items", "payment", "billing_address"} & set(head)


def test_every_value_is_a_text_or_nothing() -> None:
    shop = sold()
    for sale in answering.shown(shop):
        document = order_document(shop, sale)
        rows = [document, document["billing_address"], *document["items"], *document["status_history"]]
        kinds = {type(value) for row in rows for value in row.values()}
        assert kinds <= {str, type(None), dict, list}


def test_both_addresses_of_the_api(server: SimulatedServer) -> None:
    server.site.shop.webhooks.kept["no path"] = "/index.php/api/xmlrpc"
    assert run(server, magento.check(remote(server.site, server.url))).ok
    assert [each["status"] for each in server.site.log] == [404, 200, 200]


def test_a_shop_that_has_moved_is_named_by_its_address(server: SimulatedServer) -> None:
    moved = {"kind": "redirect", "to": "https://new.example/shop/index.php/api/xmlrpc/", "path": "/"}
    server.site.faults.add(moved)
    report = run(server, magento.check(remote(server.site, server.url)))
    assert report.failure == Failure.ADDRESS
    assert "sends us on to https://new.example/shop. If" in report.summary


# --- how a simulated shop misbehaves, as the real one does ---


def direct(shop: SimulatedShop, method: str, *arguments: Any) -> Any:
    """A call past the connector. Raises Fault."""
    asked = Asked("POST", "/api/xmlrpc/", body=dumps(arguments, method).encode())
    answered = answering.answer(shop, asked)
    assert answered.status == 200, "faults, too"
    return loads(answered.body)[0][0]


def session(shop: SimulatedShop) -> str:
    keys = dialects.get("magento1").keys(shop)
    return str(direct(shop, "login", keys["user"], keys["key"]))


def test_traps_of_the_list() -> None:
    shop = sold()
    opened, everything = session(shop), len(listed(shop))

    def count(**filters: Any) -> int:
        return len(direct(shop, "call", opened, "order.list", [filters]))

    assert count() == everything == count(updated_at={"from": "yesterday"})
    late = count(updated_at={"from": "2026-10-30 12:00:00"})
    assert 0 < late < everything
    before = {"lt": "2026-10-30 12:00:00"}
    both = {"gteq": "2026-10-29 12:00:00", **before}
    assert count(updated_at=both) == count(updated_at=before) == everything - late, "of two conditions one is heard"
    newest = max(direct(shop, "call", opened, "order.list", [{}]), key=lambda head: str(head["updated_at"]))
    stamp = newest["updated_at"]
    assert count(updated_at={"from": stamp, "to": stamp}) >= 1 > count(updated_at={"gt": stamp})
    assert count(updated_at={"zz": stamp}) == 0
    assert count(increment_id={"in": [newest["increment_id"], "nothing"]}) == 1
    with pytest.raises(Fault, match="Unknown column 'nonsense'"):
        count(nonsense="1")


def test_faults() -> None:
    shop = sold()
    opened = session(shop)
    faults: dict[int, tuple[Any, ...]] = {
        5: ("call", "nobody", "order.list"),
        3: ("call", opened, "nonsense.list"),
        2: ("login", "x", "y"),
        6: ("login", "x", ""),
        100: ("call", opened, "order.info", ["x"]),
    }
    for code, (method, *arguments) in faults.items():
        with pytest.raises(Fault) as fault:
            direct(shop, method, *arguments)
        assert fault.value.faultCode == code
    several = direct(shop, "multiCall", opened, [["order.info", ["x"]], ["magento.info"]])
    assert several[0]["isFault"] is True and several[1]["magento_version"] == "1.9.4.5"


def test_a_session_lasts_an_hour_after_its_last_use() -> None:
    clock = [NOON]
    shop = sold(clock=lambda: clock[0])
    site, at = SimulatedSite(shop, "magento1"), remote(SimulatedSite(shop, "magento1"))

    def asked() -> int:
        page = magento.orders.by_number(at, "1")
        return len(serve(page, lambda request: from_site(site, request))[1])

    assert (asked(), asked()) == (2, 1)
    clock[0] += timedelta(minutes=59)
    assert asked() == 1
    clock[0] += timedelta(minutes=61)
    assert asked() == 3, "refused, opened anew, answered"


def test_what_moves_the_stamp() -> None:
    """All but an address; so a load does not see it, but those do who read by the number."""
    clock = [NOON]
    shop = sold(clock=lambda: clock[0])
    sale = shop.place("processing", {"MUG-BLUE": 1})
    before = order_document(shop, sale)
    clock[0] += timedelta(minutes=5)
    shop.change(sale.id, amended=Amended(buyer=3))
    after = order_document(shop, sale)
    assert before["billing_address"] != after["billing_address"]
    assert before["updated_at"] == after["updated_at"] == "2026-11-01 12:00:00"
    clock[0] += timedelta(minutes=5)
    shop.change(sale.id, "completed")
    assert order_document(shop, sale)["updated_at"] == "2026-11-01 12:10:00"


def test_what_the_role_may_not_read(server: SimulatedServer) -> None:
    shop = remote(server.site, server.url)
    server.site.shop.webhooks.kept["denied"] = ["cataloginventory_stock_item", "core_magento"]
    report = run(server, magento.check(shop))
    assert (report.ok, report.summary) == (True, "Connected to Magento.")
    assert "tick Catalog Inventory > Retrieve stock data." in report.hints[0]
    server.site.shop.webhooks.kept["denied"] = ["sales_order"]
    report = run(server, magento.check(shop))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
    with pytest.raises(ShopError, match="tick Sales > Order"):
        run(server, magento.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=2)), None))


# --- windows that move ---


def same_second(shop: SimulatedShop) -> list[int]:
    """Forty orders of one second."""
    return [shop.place("processing", {"MUG-BLUE": 1}, age=600).id for _ in range(40)]


MOVES: tuple[tuple[str, int], ...] = (("touch", 0), ("delete", 1), ("touch", 30), ("place", 0), ("delete", 20))


def test_nothing_is_lost_while_orders_change_leave_and_come() -> None:
    shop = sold()
    same = same_second(shop)
    site = SimulatedSite(shop, "magento1")
    for skip, (kind, place) in enumerate(MOVES, 2):
        site.faults.add({"kind": kind, "order": same[place], "skip": skip, "path": "/"})
    found = numbers_of(swept(site, Window(NOON - timedelta(hours=1)), per_page=7))
    assert set(found) >= listed(shop) & {f"1{each:08}" for each in same}
    assert len(found) - len(set(found)) <= 2, "those that changed may come again"


def test_control_a_page_that_begins_behind_its_second_loses_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    def behind(place: orders.Place, **changes: Any) -> Any:
        return cursor_of(place, **{**changes, "since": changes["since"] + SECOND, "after": ("", 0)})

    monkeypatch.setattr(orders, "cursor_of", behind)
    shop = sold()
    same = same_second(shop)
    found = numbers_of(swept(SimulatedSite(shop, "magento1"), Window(NOON - timedelta(hours=1)), per_page=7))
    assert {f"1{each:08}" for each in same} - set(found)


def test_a_year_comes_once() -> None:
    shop = SimulatedShop("Teahouse", seed=3, clock=lambda: NOON)
    shop.stock_history(400, days=365)
    for bounded in (None, NOON):
        found = numbers_of(swept(SimulatedSite(shop, "magento1"), Window(NOON - timedelta(days=370), bounded)))
        assert len(found) == len(set(found)) and set(found) == listed(shop)


def test_orders_that_fail_inside_magento_are_named() -> None:
    shop = sold()
    site = SimulatedSite(shop, "magento1")
    names = [f"1{shop.place('processing', age=600).id:08}" for _ in range(30)]
    shop.webhooks.kept["fails"] = [int(names[7][1:])]
    window, at = Window(NOON - timedelta(minutes=30)), remote(site)
    with pytest.raises(ShopError, match="fault 1"):
        serve(magento.orders.in_window(at, window, None), lambda request: from_site(site, request))
    assert magento.orders.past_a_fault is not None
    page, _ = serve(magento.orders.past_a_fault(at, window, None), lambda request: from_site(site, request))
    assert (page.broken, page.next) == ((names[7],), None)
    assert set(numbers_of([page])) == {*names} - {names[7]}
