"""The simulated shop speaks as real ones were seen to speak, and stays the same shop across a restart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import Request as Question
from urllib.request import urlopen

import pytest

from integrations.client import drive
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.http import OAuth1Auth, Operation, Request, Response
from integrations.connectors.listings import Window
from integrations.simulator.catalogue import PRODUCTS
from integrations.simulator.dialects.woocommerce.orders import order_document, product_documents
from integrations.simulator.messages import Asked
from integrations.simulator.sales import basket
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.woocommerce.orders import RECORDED
from tests.payloads import PAYLOADS

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
API = "/wp-json/wc/v3/"
woo = get("woocommerce")
SAMPLES = sorted(path.name for path in (PAYLOADS / "woocommerce").glob("order_*.json"))


def make(**options: Any) -> SimulatedShop:
    return SimulatedShop("Teahouse", **{"seed": 3, "clock": lambda: NOON, **options})


def ask(
    shop: SimulatedShop, path: str, *, keys: bool = True, secure: bool = True, **params: str
) -> tuple[int, Any, Any]:
    signed = {"consumer_key": shop.key, "consumer_secret": shop.secret} if keys else {}
    asked = Asked("GET", API + path, tuple({**params, **signed}.items()), secure=secure)
    answered, _ = SimulatedSite(shop).answer(asked)
    body = json.loads(answered.body) if answered.headers["Content-Type"].startswith("application/json") else None
    return answered.status, body, answered.headers


@pytest.fixture(params=["11.0.1", "6.7.0"])
def stocked(request: pytest.FixtureRequest) -> SimulatedShop:
    shop = make(version=request.param)
    shop.stock_history(300)
    return shop


def test_every_kind_of_order_is_sold_and_can_be_read(stocked: SimulatedShop) -> None:
    remote = Shop("https://tea.example", {})
    documents = [order_document(stocked, sale) for sale in stocked.visible()]
    orders = [woo.parse(json.dumps(document).encode(), remote) for document in documents]
    assert {order.residual for order in orders} == {0}
    assert {order.warnings for order in orders} == {()}
    statuses = {"processing", "completed", "pending", "on-hold", "cancelled", "failed", "refunded", "checkout-draft"}
    assert {order.status for order in orders} >= statuses - {"pending"}
    assert any(order.refunded_total for order in orders)
    assert any(order.fee_total for order in orders)
    assert any("coupon_codes" in order.metadata for order in orders)
    assert any(not order.buyer_key for order in orders)
    lines = [line for order in orders for line in order.lines]
    assert any(not line.stocked and line.product_key == "" for line in lines), "a deleted product"
    assert any(line.name == "Gift wrapping" and not line.stocked for line in lines)
    assert any(line.sku == "SHIRT-M" for line in lines)


@pytest.mark.parametrize(("currency", "example"), [("JPY", ".00"), ("KWD", "."), ("CZK", ".")])
def test_other_currencies(currency: str, example: str) -> None:
    shop = make(currency=currency)
    shop.stock_history(40)
    for sale in shop.visible():
        document = order_document(shop, sale)
        order = woo.parse(json.dumps(document).encode(), Shop("https://tea.example", {}))
        assert (order.currency, order.residual) == (currency, Decimal(0))
        assert not order.warnings
        assert example in document["total"]


def shape(value: Any) -> Any:
    """Names and kinds of a document's parts; a list by its first entry."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def differences(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Fields of theirs that ours lacks or has as another kind; empty lists and nulls prove nothing."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [
            each
            for name, part in theirs.items()
            for each in (
                differences(ours[name], part, f"{path}.{name}") if name in ours else [f"{path}.{name} is missing"]
            )
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        return differences(ours[0], theirs[0], f"{path}[]") if ours and theirs else []
    return [] if ours == theirs or "NoneType" in (ours, theirs) else [f"{path}: {ours}, not {theirs}"]


def fullest(shop: SimulatedShop) -> dict[str, Any]:
    """An order that has as much of everything as there is."""
    documents = [order_document(shop, sale) for sale in shop.visible()]
    return max(documents, key=lambda each: sum(bool(value) for value in each.values()))


def test_documents_have_the_recorded_shape(stocked: SimulatedShop) -> None:
    assert differences(shape(fullest(stocked)), shape(json.loads(RECORDED.read_text()))) == []


def test_documents_have_the_documented_shape(stocked: SimulatedShop) -> None:
    ours = shape(fullest(stocked))
    samples = (PAYLOADS / "woocommerce").glob("order_*.json")
    found = {sample.name: differences(ours, shape(json.loads(sample.read_text()))) for sample in samples}
    assert found == {name: [] for name in SAMPLES}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_read(name: str) -> None:
    sample, remote = (PAYLOADS / "woocommerce" / name).read_bytes(), Shop("https://tea.example", {})
    if name == "order_fractional_quantity.json":
        with pytest.raises(PayloadError, match="not a whole number of pieces"):
            woo.parse(sample, remote)
    else:
        assert woo.parse(sample, remote).residual == 0


def test_two_shops_of_a_seller_share_their_skus() -> None:
    one, two = (product_documents(make(seed=seed)) for seed in (1, 2))
    assert [each["sku"] for each in one] == [each["sku"] for each in two]
    assert {each["id"] for each in one if each["sku"]} != {each["id"] for each in two if each["sku"]}


def test_authentication(stocked: SimulatedShop) -> None:
    assert ask(stocked, "orders")[0] == 200
    status, body, _ = ask(stocked, "orders", keys=False)
    assert (status, body["code"]) == (401, "woocommerce_rest_cannot_view")
    status, body, _ = ask(stocked, "orders", keys=False, consumer_key=stocked.key, consumer_secret="cs")
    assert (status, body["code"]) == (401, "woocommerce_rest_authentication_error")
    assert ask(stocked, "orders", secure=False)[0] == 401, "the query string is for https alone"


@pytest.mark.parametrize(
    "params",
    [
        {"per_page": "0"},
        {"per_page": "101"},
        {"per_page": "abc"},
        {"page": "0"},
        {"status": "wc-processing"},
        {"after": "2026-11-01"},
        {"after": "1767225600"},
        {"modified_after": "yesterday"},
        {"orderby": "total"},
    ],
)
def test_bad_parameters(stocked: SimulatedShop, params: dict[str, Any]) -> None:
    status, body, _ = ask(stocked, "orders", **params)
    assert (status, body["code"]) == (400, "rest_invalid_param")


def test_unknown_parameters_are_ignored(stocked: SimulatedShop) -> None:
    everything = ask(stocked, "orders")[2]["X-WP-Total"]
    assert ask(stocked, "orders", number="1", nonsense="1")[2]["X-WP-Total"] == everything
    assert ask(stocked, "orders", include="")[2]["X-WP-Total"] == everything
    assert ask(stocked, "orders", include="1,abc")[1] == []


def test_totals_beyond_the_end_differ(stocked: SimulatedShop) -> None:
    total = ask(stocked, "orders")[2]["X-WP-Total"]
    assert ask(stocked, "orders", page="99")[2]["X-WP-Total"] == ("0" if stocked.version == "11.0.1" else total)


def test_carts_show_on_6_7_only(stocked: SimulatedShop) -> None:
    shown = {order["status"] for page in "123" for order in ask(stocked, "orders", per_page="100", page=page)[1]}
    assert ("checkout-draft" in shown) == (stocked.version == "6.7.0")
    assert ask(stocked, "orders/statuses")[0] == (200 if stocked.version == "11.0.1" else 404)


@pytest.mark.parametrize(
    ("stamp", "gmt", "found"),
    [
        ("2026-11-01T09:59:59Z", False, True),
        ("2026-11-01T10:00:00Z", False, False),
        ("2026-11-01T10:59:59", False, True),
        ("2026-11-01T11:00:00", False, False),
        ("2026-11-01T10:59:59+01:00", False, True),
        ("2026-11-01T09:59:59", True, True),
        ("2026-11-01T10:00:00", True, False),
        ("2026-11-01T09:30:00Z", True, False),
    ],
)
def test_dates_are_strict_and_local_unless_they_say_otherwise(stamp: str, gmt: bool, found: bool) -> None:
    """An order of 10:00 UTC in Prague. The last: Z together with dates_are_gmt shifts by the shop's offset."""
    shop = make()
    shop.place(age=2 * 3600)
    options: dict[str, Any] = {"dates_are_gmt": "true"} if gmt else {}
    assert bool(ask(shop, "orders", modified_after=stamp, **options)[1]) == found


def test_trash_and_deletion() -> None:
    shop = make()
    sale = shop.place()
    shop.change(sale.id, "trash")
    assert ask(shop, "orders")[1] == []
    assert ask(shop, f"orders/{sale.id}")[1]["status"] == "trash"
    shop.delete(sale.id)
    status, body, _ = ask(shop, f"orders/{sale.id}")
    assert (status, body["code"]) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_too_many_ids_break_the_web_server() -> None:
    assert ask(make(), "orders", include=",".join(map(str, range(1, 201))))[0] == 502


def test_a_shop_sells_with_time_and_orders_move_on() -> None:
    now = [NOON]
    shop = make(rate=6, clock=lambda: now[0])
    site = SimulatedSite(shop)
    for _ in range(10):
        now[0] += timedelta(minutes=2)
        site.answer(Asked("GET", API + "orders"))
    sold = {sale.id: sale.state(now[0]).status for sale in shop.visible()}
    assert 60 < len(sold) < 200
    now[0] += timedelta(days=5)
    assert {sale.state(now[0]).status for sale in shop.sales.values()} >= {"completed", "cancelled"}


def test_the_same_seed_sells_the_same() -> None:
    one, two = make(), make()
    for shop in (one, two):
        shop.stock_history(30)
    assert [order_document(one, sale) for sale in one.visible()] == [
        order_document(two, sale) for sale in two.visible()
    ]


def test_a_restart_keeps_every_order(tmp_path: Path) -> None:
    state = tmp_path / "shop.json"
    shop = make(state=state)
    shop.stock_history(20)
    shop.place("on-hold", {"MUG-BLUE": 3})
    shop.change(shop.place().id, "trash")
    before = {sale.id: order_document(shop, sale) for sale in shop.visible()}
    again = make(state=state)
    again.stock_history(20)
    assert {sale.id: order_document(again, sale) for sale in again.visible()} == before
    assert again.place().id > max(before)


def test_wanted_goods_are_what_is_sold() -> None:
    shop = make()
    sale = shop.place(wanted={"MUG-BLUE": 3, "SHIRT-M": 1})
    assert [(item.product.sku, item.quantity) for item in basket(shop.seed, sale).items] == [
        ("MUG-BLUE", 3),
        ("SHIRT-M", 1),
    ]
    with pytest.raises(ValueError, match="No product has the SKU NOPE"):
        shop.place(wanted={"NOPE": 1})


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(SimulatedSite(SimulatedShop("Teahouse", seed=3))) as running:
        yield running


def direct(server: SimulatedServer, method: str, path: str, **data: Any) -> Any:
    question = Question(f"{server.url}/_sim/{path}", json.dumps(data).encode(), method=method)
    with urlopen(question, timeout=5) as reply:
        return json.load(reply)


def test_the_directors_door(server: SimulatedServer) -> None:
    placed = direct(server, "POST", "orders", status="on-hold", skus={"MUG-WHITE": 2})
    assert direct(server, "POST", f"orders/{placed['id']}", status="processing")["status"] == "processing"
    hidden = direct(server, "POST", "orders", hidden=60)
    description = direct(server, "GET", "shop")
    assert [(order["id"], order["status"]) for order in description["orders"]] == [(placed["id"], "processing")]
    direct(server, "POST", "faults", kind="status", status=503, retry_after="0")

    def once() -> Operation[Response]:
        keys = OAuth1Auth(description["consumer_key"], description["consumer_secret"])
        return (yield Request("GET", f"{server.url}{API}orders", auth=keys))

    drive(once(), allowed={server.address}, sleep=lambda seconds: None)
    log = direct(server, "GET", "log")
    assert [(each["status"], each["ids"]) for each in log] == [(503, []), (200, [placed["id"]])]
    direct(server, "DELETE", f"orders/{hidden['id']}")
    direct(server, "DELETE", "log")
    direct(server, "DELETE", "faults")
    assert direct(server, "GET", "log") == []


def test_orders_move_while_somebody_pages(server: SimulatedServer) -> None:
    shop = server.site.shop
    placed = [shop.place().id for _ in range(12)]
    direct(server, "POST", "faults", kind="trash", order=placed[0], skip=1)
    direct(server, "POST", "faults", kind="place", skip=1)
    keys = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    remote = Shop(server.url, keys, settings={"per_page": 5})
    found, cursor = [], None
    while True:
        window = Window(datetime.now(UTC) - timedelta(hours=1))
        page = drive(woo.orders.in_window(remote, window, cursor), allowed={server.address})
        found += [json.loads(payload)["id"] for payload in page.payloads]
        cursor = page.next
        if cursor is None:
            break
    assert set(found) >= set(placed)
    served = {order_id for entry in direct(server, "GET", "log") for order_id in entry["ids"]}
    assert served >= set(found)


def test_every_product_is_in_the_catalogue_once() -> None:
    skus = [product.sku for product in PRODUCTS if product.sku]
    assert len(skus) == len(set(skus))


def test_the_command_runs_shops(tmp_path: Path) -> None:
    arguments = ["--shop", "Tea:0:Europe/Prague:CZK:1", "--shop", "Coffee:0:Europe/Berlin:EUR:2", "--orders", "5"]
    command = [sys.executable, "manage.py", "simulate_shops", *arguments, "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=RECORDED.parents[3]) as running:
        assert running.stdout is not None
        try:
            line = running.stdout.readline()
            url = line.split()[1]
            with urlopen(f"{url}/_sim/shop", timeout=60) as reply:
                description = json.load(reply)
        finally:
            running.terminate()
            assert running.wait(60) == 0
    assert (description["name"], description["currency"]) == ("Tea", "CZK")
    assert {path.name for path in tmp_path.iterdir()} == {"shop-1.json", "shop-2.json"}
