"""The Magento 2 connector against the simulated shop, whose documents and habits are the documented ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from requests_oauthlib import OAuth1

from integrations.client import drive
from integrations.client.exchange import Exchange
from integrations.client.limits import Limits
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.listings import OrderPage, Window
from integrations.connectors.magento2.requests import search
from integrations.simulator import dialects
from integrations.simulator.dialects.magento2 import answering
from integrations.simulator.dialects.magento2.orders import order_document
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.sales import Amended
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.magento2.orders import FOLDER, KEYS, SHOP
from tests.integrations.simulator.test_shops import differences, shape
from tests.recorded import from_site, serve

magento = get("magento2")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
# Parts of the samples that the simulated shop leaves out: Adobe Commerce's, and what differs from row to row.
HARDLY_READ = (
    "gift_cards", "gw_", "customer_balance", "total_paid", "total_refunded", "last_trans_id", "customer_taxvat",
    "ext_order_id", "coupon_code", "discount_description", "customer_note is", "middlename", "region", "vat_id",
    "weee_tax", "company is", "cc_last4", "parent_item", "subtotal_incl_tax", "customer_id", "customer_firstname",
    "customer_lastname", "price_incl", "account_status",
)  # fmt: skip


def sold(**options: Any) -> SimulatedShop:
    shop = SimulatedShop("Teahouse", **{"seed": 3, "clock": lambda: NOON, **options})
    shop.stock_history(120)
    return shop


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=3)
    shop.stock_history(300)
    with SimulatedServer(SimulatedSite(shop, "magento2")) as running:
        yield running


def remote(server: SimulatedServer, *names: str) -> Shop:
    """With all keys, or with these alone."""
    keys = dialects.get("magento2").keys(server.site.shop)
    return Shop(server.url, {name: keys[name] for name in names or keys})


def run(server: SimulatedServer, operation: Operation[Any]) -> Any:
    return drive(operation, allowed={server.address}, sleep=lambda seconds: None)


def swept(site: SimulatedSite, window: Window, per_page: int = 100) -> list[OrderPage]:
    shop = Shop("https://shop.example", dialects.get("magento2").keys(site.shop), settings={"per_page": per_page})
    pages: list[OrderPage] = []
    while not pages or pages[-1].next is not None:
        cursor = pages[-1].next if pages else None
        page, _ = serve(magento.orders.in_window(shop, window, cursor), lambda request: from_site(site, request))
        pages.append(page)
    return pages


def ids_of(pages: list[OrderPage]) -> list[int]:
    return [json.loads(payload)["entity_id"] for page in pages for payload in page.payloads]


def listed(shop: SimulatedShop) -> set[int]:
    return {sale.id for sale in shop.visible() if sale.state(shop.now()).status not in answering.UNLISTED}


def test_300_orders_through_faults(server: SimulatedServer) -> None:
    for fault in ("html", "cut", "notice"):
        server.site.faults.add({"kind": fault, "count": 1, "skip": 1})
    server.site.faults.add({"kind": "status", "status": 503, "count": 2})
    shop, cursor, failures = remote(server), None, 0
    found: dict[int, bytes] = {}
    while True:
        try:
            page = run(server, magento.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=40)), cursor))
        except ShopError as error:
            assert error.kind == Failure.NONSENSE
            failures += 1
            assert failures < 6
            continue
        found |= {json.loads(payload)["entity_id"]: payload for payload in page.payloads}
        if (cursor := page.next) is None:
            break
    assert set(found) == listed(server.site.shop)
    orders = [magento.parse(payload, shop) for payload in found.values()]
    assert {order.residual for order in orders} == {0}
    assert {order.warnings for order in orders} == {()}
    assert {order.status for order in orders} >= {"processing", "complete", "canceled", "closed"}
    assert any(order.refunded_total for order in orders) and any(order.fee_total for order in orders)
    assert any(line.sku == "SHIRT-M" for order in orders for line in order.lines)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CZK"])
def test_other_currencies(currency: str) -> None:
    [page] = swept(SimulatedSite(sold(currency=currency), "magento2"), Window(NOON - timedelta(days=5)))
    for payload in page.payloads:
        order = magento.parse(payload, SHOP)
        assert order.currency == currency and not order.residual and not order.warnings


def test_documents_have_the_documented_shape() -> None:
    shop = sold()
    documents = [order_document(shop, sale) for sale in shop.visible()]
    ours = shape(max(documents, key=lambda each: (len(each["items"]) > 2, each["is_virtual"] == 0, len(each))))
    for sample in FOLDER.glob("order*.json"):
        if sample.name == "orders_none.json":
            continue
        found = differences(ours, shape(json.loads(sample.read_text())))
        assert [each for each in found if not any(part in each for part in HARDLY_READ)] == [], sample.name


# --- keys ---


def test_the_four_keys_or_the_token_alone(server: SimulatedServer) -> None:
    assert run(server, magento.check(remote(server))).ok
    assert run(server, magento.check(remote(server, "access_token"))).ok
    server.site.shop.webhooks.kept["bearer"] = False
    report = run(server, magento.check(remote(server, "access_token")))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
    assert run(server, magento.check(remote(server))).ok, "the four keys are let in all the same"


@pytest.mark.parametrize("name", KEYS)
def test_each_key_matters(server: SimulatedServer, name: str) -> None:
    shop = remote(server)
    report = run(server, magento.check(Shop(shop.base_url, {**shop.credentials, name: "wrong"})))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)


def test_sha1_is_refused_with_a_message_that_has_a_place_for_its_value(server: SimulatedServer) -> None:
    key, secret, token, token_secret = dialects.get("magento2").keys(server.site.shop).values()
    url = f"{server.url}/rest/V1/orders?" + urlencode({"searchCriteria[pageSize]": "1"})

    def asked(method: str) -> requests.Response:
        return requests.get(url, auth=OAuth1(key, secret, token, token_secret, signature_method=method), timeout=10)

    assert asked("HMAC-SHA256").status_code == 200
    refused = asked("HMAC-SHA1")
    assert refused.status_code == 400
    assert refused.json() == {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]}


def test_the_cookie_of_every_answer_is_not_sent_back(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies: list[str | None] = []
    answer = server.site._answer

    def watching(shop: SimulatedShop, asked: Asked) -> Answered:
        cookies.append(asked.headers.get("cookie"))
        return answer(shop, asked)

    monkeypatch.setattr(server.site, "_answer", watching)
    exchange = Exchange({server.address}, Limits())
    first = exchange.send(search(remote(server), "orders", [], 1))
    exchange.send(search(remote(server), "orders", [], 1))
    exchange.close()
    assert "PHPSESSID" in first.headers["set-cookie"]
    assert cookies == [None, None]


# --- how a simulated shop misbehaves, as the real one does ---


def direct(shop: SimulatedShop, path: str = "orders", **criteria: Any) -> tuple[int, Any]:
    """A question past the connector; `filters` as (field, condition, value)."""
    params: list[tuple[str, str]] = []
    for place, parts in enumerate(criteria.pop("filters", ())):
        group = f"searchCriteria[filter_groups][{place}][filters][0]"
        params += [
            (f"{group}[{name}]", part) for name, part in zip(("field", "condition_type", "value"), parts, strict=True)
        ]
    params += [
        (name if name == "fields" else f"searchCriteria[{name}]", str(value)) for name, value in criteria.items()
    ]
    headers = {"authorization": f"Bearer {dialects.get('magento2').keys(shop)['access_token']}"}
    answered = answering.answer(shop, Asked("GET", f"/rest/V1/{path}", tuple(params), headers))
    return answered.status, json.loads(answered.body)


def test_traps_of_the_list() -> None:
    shop = sold()
    everything = len(listed(shop))

    def count(condition: str, value: str, field: str = "updated_at") -> int:
        return int(direct(shop, pageSize=1, filters=[(field, condition, value)])[1]["total_count"])

    assert count("gt", "yesterday") == count("zz", "2026-10-31 00:00:00") == everything
    late = count("gteq", "2026-10-30 12:00:00")
    assert late == count("gteq", "2026-10-30T12:00:00Z") == count("gteq", "2026-10-30 12:00:00+01:00") < everything
    [newest] = direct(shop, pageSize=1, **{"sortOrders][0][field": "updated_at"})[1]["items"]
    assert count("gt", newest["updated_at"]) == 0 < count("gteq", newest["updated_at"])
    assert direct(shop)[0] == 400
    assert direct(shop, pageSize=5, filters=[("nonsense", "eq", "1")])[0] == 500
    assert len(direct(shop, pageSize=0)[1]["items"]) == everything
    assert direct(shop, pageSize=5, currentPage=-1)[1] == direct(shop, pageSize=5, currentPage=1)[1]
    _, none = direct(shop, pageSize=5, fields="items[entity_id],total_count", filters=[("entity_id", "gt", "99999")])
    assert none == {"items": None, "total_count": 0}
    assert direct(shop, f"orders/{newest['entity_id']}")[1]["entity_id"] == newest["entity_id"]
    assert (direct(shop, "orders/99999")[0], direct(shop, "orders/abc")[0]) == (404, 400)


def test_an_address_that_is_changed_does_not_move_the_stamp() -> None:
    """So a load does not see it; those who read by id do."""
    clock = [NOON]
    shop = sold(clock=lambda: clock[0])
    sale = shop.place("processing", {"MUG-BLUE": 1})
    before = order_document(shop, sale)
    clock[0] += timedelta(minutes=5)
    shop.change(sale.id, amended=Amended(buyer=3))
    after = order_document(shop, sale)
    assert before["billing_address"] != after["billing_address"]
    assert before["updated_at"] == after["updated_at"] == "2026-11-01 12:00:00"
    for change in ({"status": "completed"}, {"refund": 0.5}, {"amended": Amended(note="Ring")}):
        clock[0] += timedelta(minutes=5)
        shop.change(sale.id, **change)
        assert order_document(shop, sale)["updated_at"] == f"{clock[0]:%F %T}"


def test_beyond_the_end_an_old_shop_repeats_its_last_page_for_ever() -> None:
    old, new = sold(version="6.7.0"), sold()
    assert direct(new, pageSize=50, currentPage=99)[1]["items"] == []
    last = direct(old, pageSize=50, currentPage=3)[1]["items"]
    assert last and direct(old, pageSize=50, currentPage=99)[1]["items"] == last
    site = SimulatedSite(old, "magento2")
    found = ids_of(swept(site, Window(NOON - timedelta(days=31)), per_page=10))
    assert len(found) == len(set(found)) and set(found) == listed(old)


def same_second(shop: SimulatedShop) -> list[int]:
    """Forty orders of one second."""
    return [shop.place("processing", {"MUG-BLUE": 1}, age=600).id for _ in range(40)]


def test_nothing_is_lost_or_doubled_while_orders_change_leave_and_come() -> None:
    shop = sold()
    same = same_second(shop)
    site = SimulatedSite(shop, "magento2")
    moves: list[dict[str, Any]] = [
        {"kind": "touch", "order": same[0]},
        {"kind": "delete", "order": same[1]},
        {"kind": "touch", "order": same[30]},
        {"kind": "place"},
        {"kind": "delete", "order": same[20]},
    ]
    for skip, fault in enumerate(moves, 1):
        site.faults.add({**fault, "skip": skip})
    found = ids_of(swept(site, Window(NOON - timedelta(hours=1)), per_page=7))
    assert len(found) == len(set(found))
    assert set(found) >= listed(shop) & set(same)


def test_control_pages_by_number_lose_orders() -> None:
    shop = sold()
    same = same_second(shop)
    since = [("updated_at", "gteq", "2026-11-01 11:00:00")]
    found: set[int] = set()
    for page in range(1, 9):
        items = direct(shop, pageSize=7, currentPage=page, filters=since)[1]["items"]
        found |= {each["entity_id"] for each in items}
        if page == 1:
            shop.delete(same[1])
    assert set(same) - {same[1]} - found


def test_orders_that_break_the_shop_are_named_whatever_they_are_asked_by() -> None:
    """Without a list of ids: a plugin that fails when an order is loaded fails for its id alone, too."""
    shop = sold()
    site = SimulatedSite(shop, "magento2")
    numbers = sorted(listed(shop))
    site.faults.add({"kind": "breaks", "orders": [numbers[3], numbers[4]]})
    keys = dialects.get("magento2").keys(shop)
    listing = magento.orders
    assert listing.past_a_fault is not None

    def reply(request: Any) -> Any:
        answered = from_site(site, request)
        return answered if answered.status < 500 else ShopError(Failure.UNAVAILABLE, "down", status=answered.status)

    window, since = Window(NOON - timedelta(days=31)), (NOON - timedelta(days=31)).isoformat()
    behind = {"since": since, "until": NOON.isoformat(), "bounded": False, "last_id": numbers[1]}
    slow = Shop("https://shop.example", keys, settings={"per_page": 5})
    with pytest.raises(ShopError):
        serve(listing.in_window(slow, window, behind), reply)
    page, asked = serve(listing.past_a_fault(slow, window, behind), reply)
    assert page.broken == (str(numbers[3]), str(numbers[4]))
    assert "fails whenever it is asked for these orders" in page.note
    assert len(asked) < 20
    rest, _ = serve(listing.in_window(slow, window, page.next), reply)
    seen = ids_of([page, rest])
    assert seen == [number for number in numbers[2:] if number not in numbers[3:5]][: len(seen)]


def test_no_order_or_product_that_breaks_the_shop_fails_the_connection_test() -> None:
    shop = sold()
    site = SimulatedSite(shop, "magento2")
    site.faults.add({"kind": "breaks", "orders": sorted(listed(shop))})
    remote_shop = Shop("https://shop.example", dialects.get("magento2").keys(shop), shop.zone)
    report, asked = serve(magento.check(remote_shop), lambda request: from_site(site, request))
    assert (report.ok, report.hints) == (True, ())
    assert report.summary == "Connected to Magento with 2 store views."
    answers = [json.loads(from_site(site, request).body) for request in asked]
    assert [each["total_count"] for each in answers if isinstance(each, dict)] == [0, 0]


def test_a_shop_that_is_down_is_not_searched_for_broken_orders() -> None:
    listing = magento.orders
    assert listing.past_a_fault is not None
    down = ShopError(Failure.UNAVAILABLE, "down", status=500)
    with pytest.raises(ShopError, match="down"):
        serve(listing.past_a_fault(SHOP, Window(NOON), None), lambda request: down)
