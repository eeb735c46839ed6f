"""The simulated PrestaShop speaks as a real one was seen to speak (8.2.1), traps included."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from integrations.connectors.contract import Shop
from integrations.simulator.dialects.prestashop import messages, orders
from integrations.simulator.dialects.prestashop.answering import key_of
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.prestashop.orders import PRAGUE, document
from tests.integrations.connectors.prestashop.street import NOON, Street, prestashop
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import from_site, serve

JSON = {"output_format": "JSON"}


def ask(street: Street, path: str, *, method: str = "GET", key: str | None = None, **params: str) -> Answered:
    given = street.remote.credentials["key"] if key is None else key
    headers = {"authorization": f"Basic {b64encode(f'{given}:'.encode()).decode()}"} if given else {}
    pairs = tuple((name.replace("__", "[") + ("]" if "__" in name else ""), value) for name, value in params.items())
    host = "shop.example"
    answered, _ = street.site.answer(Asked(method, f"/api/{path}", pairs, headers, secure=True, host=host))
    return answered


def listed(street: Street, path: str = "orders", **params: str) -> Any:
    return json.loads(ask(street, path, **JSON, **params).body)


def test_lists() -> None:
    street = Street(9)
    one, two, three, *_ = sorted(street.shop.sales)
    assert listed(street) == {"orders": [{"id": number} for number in sorted(street.shop.sales)]}
    assert len(listed(street, display="full")["orders"][0]) > 40
    assert listed(street, display="[id,reference]", limit="1")["orders"][0].keys() == {"id", "reference"}
    assert listed(street, filter__id=f"[{three}|{one}|99999]") == {"orders": [{"id": one}, {"id": three}]}
    assert listed(street, filter__id=f">[{two}]", limit="1") == {"orders": [{"id": three}]}
    assert listed(street, limit="1,2") == {"orders": [{"id": two}, {"id": three}]}
    for empty in ({"limit": "abc"}, {"filter__id": "[1]"}, {"limit": "100,5"}):
        assert listed(street, **empty) == [] == json.loads((PAYLOADS / "prestashop" / "list_empty.json").read_text())


def test_dates_are_filtered_as_the_shops_clock_shows_them_and_only_by_their_switch() -> None:
    street = Street(9)
    refused = ask(street, "orders", filter__date_upd="[2026-11-01 00:00:00,2026-11-02 00:00:00]")
    assert refused.status == 400
    assert refused.body == (PAYLOADS / "prestashop" / "error_of_a_date.xml").read_bytes()
    assert ask(street, "orders", sort="[date_upd_ASC]").status == 400
    newest = max(street.shop.sales)
    shown = f"{street.shop.sales[newest].placed_at.astimezone(PRAGUE):%F %T}"
    asked = {"date": "1", "filter__date_upd": f"[{shown},{shown}]"}
    assert listed(street, **asked) == {"orders": [{"id": newest}]}, "both ends belong to it"
    assert listed(street, date="1", filter__date_upd=f">[{shown}]") == []
    assert len(listed(street, date="1", filter__date_upd=">[yesterday]")["orders"]) == 9, "bad dates ask for all"


def test_errors() -> None:
    street = Street(2)
    assert (ask(street, "orders", key="").status, ask(street, "orders", key="").body) == (401, b"401 Unauthorized")
    assert b"<code><![CDATA[20]]></code>" in ask(street, "orders", key="x" * 32).body
    assert json.loads(ask(street, "orders", key="x" * 32, **JSON).body)["errors"][0]["code"] == 20
    missing = ask(street, "orders/9999", **JSON)
    assert (missing.status, missing.body) == (404, b"")
    assert ask(street, "orders", method="PUT").status == 405
    assert ask(street, "orders", nonsense="1").status == 200
    assert ask(street, "orders", filter__nonsense="[1]").status == 400
    assert ask(street, "order", **JSON).status == 400
    answered, _ = street.site.answer(Asked("GET", "/api/orders", host="www.shop.example"))
    assert (answered.status, answered.headers["Location"]) == (302, "https://shop.example/")


def test_an_answer_of_one_order_leaves_out_what_is_empty() -> None:
    street = Street(2)
    number = min(street.shop.sales)
    single = listed(street, f"orders/{number}")["order"]
    whole = listed(street, display="full", filter__id=f"[{number}]")["orders"][0]
    assert set(single) < set(whole) and "shipping_number" not in single
    assert {name: value for name, value in whole.items() if name in single} == single


@pytest.mark.parametrize(
    ("change", "moves"),
    [({}, True), ({"status": "processing"}, True), ({"status": "completed"}, True), ({"stamped": False}, False)],
    ids=["the same again", "the same state", "another state", "not stamped"],
)
def test_what_moves_modified(change: dict[str, Any], moves: bool) -> None:
    street = Street(1)
    (number,) = street.shop.sales
    before = listed(street, display="full")["orders"][0]["date_upd"]
    street.now += timedelta(minutes=1)
    street.shop.change(number, **change)
    assert (listed(street, display="full")["orders"][0]["date_upd"] != before) == moves


def stocked(**options: Any) -> SimulatedShop:
    sold = SimulatedShop("Tea", seed=3, clock=lambda: NOON, **options)
    sold.stock_history(200)
    return sold


def test_documents_have_the_documented_shape() -> None:
    sold = stocked()
    whole = document()
    slips = ((sale, slip) for sale in sold.visible() for slip in orders.slip_documents(sold, sale))
    first = next(sale for sale, slip in slips if "associations" in slip)
    told: dict[str, Any] = {
        "order": orders.order_document(sold, first),
        "details": orders.detail_documents(sold, first),
        "slips": orders.slip_documents(sold, first),
        "payments": orders.payment_documents(sold, first),
    }
    for name, found in told.items():
        assert differences(shape(found), shape(whole[name])) == [], name
    coupon = next(sale for sale in sold.visible() if orders.voucher_documents(sold, sale))
    noted = next(sale for sale in sold.visible() if messages.message_documents(sold, sale))
    assert differences(shape(orders.voucher_documents(sold, coupon)), shape(whole["vouchers"])) == []
    assert differences(shape(messages.message_documents(sold, noted)), shape(whole["messages"])) == []
    address = {name: part for name, part in whole["addresses"][0].items() if name not in ("country", "state")}
    assert differences(shape(orders.address_documents(sold, first)[0]), shape(address)) == []


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CZK"])
def test_every_order_adds_up_but_for_the_cent_of_one_in_six(currency: str) -> None:
    sold = stocked(currency=currency)
    remote = Shop("https://shop.example", {"key": key_of(sold)}, PRAGUE)
    found = []
    for start in range(0, 200, 100):
        ids = tuple(str(number) for number in sorted(sold.sales)[start : start + 100])
        page, _ = serve(prestashop.orders.by_ids(remote, ids), partial(from_site, SimulatedSite(sold, "prestashop")))
        found += [prestashop.parse(payload, remote) for payload in page.payloads]
    assert len(found) > 150
    off = {order.residual for order in found}
    assert off == ({Decimal(0), Decimal("0.01")} if currency in ("EUR", "CZK") else {Decimal(0)})
    assert {order.currency for order in found} == {currency}
    assert {order.warnings for order in found} == {()}
    assert any(order.refunded_total and any(line.refunded for line in order.lines) for order in found)
    assert any(order.fee_total < 0 for order in found) and any(order.fee_total > 0 for order in found)
    assert any(not order.buyer_key for order in found) and any("vouchers" in order.metadata for order in found)
