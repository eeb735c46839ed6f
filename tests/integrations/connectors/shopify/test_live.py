"""The simulated Shopify speaks as documented, and the connector understands it over real HTTP, with faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from integrations.client import Limits, drive
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.shopify.queries import ORDERS
from integrations.management.commands.simulate_shops import wanted_shop
from integrations.simulator.dialects.shopify.answering import access_token, state_of
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.shopify.orders import keys
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import able

shopify = get("shopify")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
API = "/admin/api/2026-07/graphql.json"
T = TypeVar("T")


def make(**options: Any) -> SimulatedShop:
    shop = SimulatedShop("Tea", **{"seed": 3, "clock": lambda: NOON, **options})
    state_of(shop).points = state_of(shop).most_points = 1e9
    return shop


def ask(shop: SimulatedShop, text: str, /, *, token: str = "", path: str = API, **variables: Any) -> tuple[int, Any]:
    body = json.dumps({"query": text, "variables": variables}).encode()
    headers = {"x-shopify-access-token": token or access_token(shop)}
    answered, _ = SimulatedSite(shop, "shopify").answer(Asked("POST", path, (), headers, body, secure=True))
    return answered.status, json.loads(answered.body)


def document(name: str) -> str:
    return (PAYLOADS / "shopify" / "documents" / f"{name}.graphql").read_text()


def fullest(orders: list[dict[str, Any]], sample: dict[str, Any]) -> dict[str, Any]:
    """The order of ours that has a sample's parts where it can."""
    return min(orders, key=lambda each: len(differences(shape(each), shape(sample))))


@pytest.mark.parametrize("seed", [2, 3])
def test_the_documented_questions_get_answers_of_the_documented_shape(seed: int) -> None:
    shop = make(seed=seed)
    shop.stock_history(120)
    status, body = ask(shop, document("orders_page"), first=250, query="status:any")
    assert (status, "errors" in body) == (200, False)
    ours = body["data"]["orders"]["nodes"]
    assert len(ours) > 100
    samples = list((PAYLOADS / "shopify").glob("orders_*.json"))
    assert len(samples) == 9
    for sample in samples:
        theirs = json.loads(sample.read_text())
        assert differences(shape(body["extensions"]), shape(theirs["extensions"])) == [], sample.name
        data = theirs["data"]
        for node in (data.get("orders") or data)["nodes"]:
            node = {key: part for key, part in (node or {}).items() if key != "__typename"}
            assert differences(shape(fullest(ours, node)), shape(node)) == [], sample.name


def test_the_other_documented_questions() -> None:
    shop = make()
    sale = shop.place()
    gid = f"gid://shopify/Order/{sale.id}"
    assert ask(shop, document("orders_count"), query="id:>0")[1]["data"]["ordersCount"] == {
        "count": 1,
        "precision": "EXACT",
    }
    nodes = ask(shop, document("orders_by_ids"), ids=[gid, "gid://shopify/Order/1"])[1]["data"]["nodes"]
    assert [node and node["id"] for node in nodes] == [gid, None]
    found = ask(shop, document("order_by_number"), query=f"name:#{sale.id}")[1]["data"]["orders"]["nodes"]
    assert [node["name"] for node in found] == [f"#{sale.id}"]
    ping = ask(shop, document("shop_ping"))[1]["data"]
    assert (ping["shop"]["ianaTimezone"], len(ping["currentAppInstallation"]["accessScopes"])) == ("Europe/Prague", 3)
    more = ask(shop, document("order_more_lines"), id=gid, after="eyJsYXN0X2lkIjogMSwgImxhc3RfdmFsdWUiOiBbMV19")
    assert more[1]["data"]["order"]["lineItems"]["pageInfo"]["hasNextPage"] is False
    hook = ask(shop, document("webhook_create"), topic="ORDERS_CREATE", sub={"uri": "https://office.example/"})
    assert hook[1]["data"]["webhookSubscriptionCreate"]["userErrors"] == []


def test_the_documented_refusals() -> None:
    shop = make()
    status, body = ask(shop, "{ shop { name } }", token="shpat_wrong")
    assert (status, isinstance(body["errors"], str)) == (401, True), "a text, not a list"
    assert ask(shop, "{ shop { name } }", path="/admin/api/2026-07/orders.json")[0] == 404
    status, body = ask(shop, "{ shop { nome } }")
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "undefinedField")
    assert ask(shop, "{ shop { name }")[1]["errors"][0]["extensions"]["code"] == "parseError"
    assert "errors" in ask(shop, "{ orders(first: 251) { nodes { id } } }")[1]
    assert "errors" in ask(shop, "query($i: [ID!]!) { nodes(ids: $i) { id } }", i=["x"] * 251)[1]
    state_of(shop).points = state_of(shop).most_points = 0
    status, body = ask(shop, "{ shop { name } }")
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "THROTTLED")
    assert "data" not in body
    assert set(body["extensions"]["cost"]) >= {"requestedQueryCost", "throttleStatus"}


def test_old_orders_are_hidden_without_the_scope() -> None:
    shop = make()
    shop.place(age=61 * 86400)
    new = shop.place(age=59 * 86400)
    query = "{ orders(first: 5, sortKey: ID) { nodes { id } } }"
    assert len(ask(shop, query)[1]["data"]["orders"]["nodes"]) == 2
    state_of(shop).scopes.remove("read_all_orders")
    assert ask(shop, query)[1]["data"]["orders"]["nodes"] == [{"id": f"gid://shopify/Order/{new.id}"}]


@pytest.mark.parametrize("currency", ["EUR", "CZK", "JPY", "KWD"])
@pytest.mark.parametrize("seed", [2, 3])
def test_every_kind_of_order_is_sold_and_adds_up(seed: int, currency: str) -> None:
    shop = make(seed=seed, currency=currency)
    shop.stock_history(250)
    remote = Shop("https://tea.myshopify.com", keys(shop))
    nodes = ask(shop, ORDERS, first=250, query="")[1]["data"]["orders"]["nodes"]
    orders = [shopify.parse(json.dumps({"order": node}).encode(), remote) for node in nodes]
    assert {order.residual for order in orders} == {Decimal(0)}
    assert {order.status for order in orders} >= {"paid", "fulfilled", "cancelled", "refunded"}
    assert {order.currency for order in orders} == {currency, "EUR"}
    assert any(order.refunded_total for order in orders if order.status == "fulfilled")
    assert any(line.name == "Tip" and not line.stocked for order in orders for line in order.lines)
    assert all("was taken out" in note for order in orders for note in order.warnings)


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Tea", seed=3, currency="CZK")
    shop.stock_history(300, days=20)
    with SimulatedServer(SimulatedSite(shop, "shopify")) as running:
        yield running


def remote_of(server: SimulatedServer, **options: Any) -> Shop:
    shop = server.site.shop
    return Shop(server.url, {"client_id": shop.key, "client_secret": shop.secret}, shop.zone, **options)


def driven(server: SimulatedServer, operation: Callable[[], Operation[T]]) -> T:
    """As a run does it: a page that fails for now is asked for again."""
    for _ in range(50):
        try:
            return drive(
                operation(),
                allowed={server.address},
                limits=Limits(connect=1, read=2, total=20, tries=3, wait=5),
                sleep=lambda seconds: None,
            )
        except ShopError as error:
            if not error.passes:
                raise
            if error.kind == Failure.BUSY:
                state = state_of(server.site.shop)
                state.points = state.most_points
    raise AssertionError("the shop never came back")


def swept(server: SimulatedServer, remote: Shop, window: Window) -> list[str]:
    found: list[str] = []
    cursor: Cursor | None = None
    while True:
        at = cursor

        def operation(at: Cursor | None = at) -> Operation[OrderPage]:
            return shopify.orders.in_window(remote, window, at)

        page = driven(server, operation)
        found += [shopify.parse(payload, remote).external_id for payload in page.payloads]
        cursor = page.next
        if cursor is None:
            return found


def test_over_http_with_faults(server: SimulatedServer) -> None:
    shop, remote = server.site.shop, remote_of(server, settings={"per_page": 20})
    report = driven(server, lambda: shopify.check(remote))
    assert (report.ok, report.shop_name, report.version) == (True, "Tea", "2026-07")
    for fault in (
        {"kind": "status", "status": 503, "count": 2, "skip": 1},
        {"kind": "status", "status": 429, "retry_after": "1", "skip": 3},
        {"kind": "cut", "skip": 5},
        {"kind": "html", "skip": 7},
        {"kind": "touch", "order": min(shop.sales), "skip": 2, "count": 3},
        {"kind": "place", "skip": 4},
    ):
        server.site.faults.add({"path": "graphql", **fault})
    state = state_of(shop)
    state.points, state.most_points, state.restored = 150, 300, 0.001
    shown = {str(sale.id) for sale in shop.visible() if sale.state(shop.now()).status != "checkout-draft"}
    found = swept(server, remote, Window(datetime.now(UTC) - timedelta(days=30)))
    assert set(found) >= shown - {str(min(shop.sales))}
    assert len(found) == len(set(found))
    statuses = {entry["fault"] for entry in server.site.log}
    assert statuses >= {"status", "cut", "html"}
    state.most_points = state.points = 2000
    some = tuple(sorted(shown)[:60])
    page = driven(server, lambda: shopify.orders.by_ids(remote, (*some, "1")))
    assert {shopify.identify(each, remote).external_id for each in page.payloads} == set(some)
    one = driven(server, lambda: shopify.orders.by_number(remote, f"#{some[0]}"))
    assert [shopify.identify(each, remote).number for each in one.payloads] == [f"#{some[0]}"]
    assert len(driven(server, lambda: able(shopify.products)(remote, None)).products) == 23
    hooks = driven(server, lambda: able(able(shopify.webhooks).register)(remote, "https://office.example/hooks/t/", ""))
    assert {hook.external_id for hook in hooks} == {
        hook.external_id for hook in driven(server, lambda: able(able(shopify.webhooks).registered)(remote))
    }


def test_a_wrong_secret_over_http(server: SimulatedServer) -> None:
    remote = replace(remote_of(server), credentials={"client_id": "x", "client_secret": "y"}, memory={})
    report = driven(server, lambda: shopify.check(remote))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
    elsewhere = replace(remote, base_url=f"{server.url}/blog")
    assert driven(server, lambda: shopify.check(elsewhere)).failure == Failure.ADDRESS


def test_the_command_knows_the_dialect() -> None:
    assert wanted_shop("Tea:0:Europe/Prague:CZK:1:shopify").dialect == "shopify"
    assert wanted_shop("Tea:0:Europe/Prague:CZK:1").dialect == "woocommerce"
