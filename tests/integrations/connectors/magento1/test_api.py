"""What the Magento 1 connector asks, and how it reads what a shop answers, in recorded answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xmlrpc.client import dumps, loads

import msgspec
import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.windows import cursor_of
from integrations.connectors.listings import OrderPage, RemoteProduct, Window
from integrations.connectors.magento1 import orders, requests
from integrations.connectors.magento1.rows import without_the_unread
from tests.integrations.connectors.magento1.orders import KEYS, order, read, recorded, shop
from tests.recorded import DATE, able, play

magento = get("magento1")
WINDOW = Window(datetime(2026, 10, 6, 8, tzinfo=UTC))
BOUNDED = Window(WINDOW.since, WINDOW.since + timedelta(hours=12))
HEADS = json.loads(read("orders_of_a_list.xml"))
DENIED = {"isFault": True, "faultCode": "2", "faultMessage": "Access denied."}
NOT_THERE = {"isFault": True, "faultCode": "100", "faultMessage": "Requested order not exists."}


def answer(value: Any, status: int = 200) -> Response:
    body = dumps((value,), methodresponse=True, allow_none=True).encode()
    return Response(status, {"content-type": "text/xml", "date": DATE}, body)


def asked(request: Request) -> tuple[Any, ...]:
    """Method and arguments, without the session."""
    arguments, method = loads(request.body or b"")
    return method, *arguments[1:]


def infos(*numbers: str) -> Response:
    return answer([order(increment_id=number) for number in numbers])


def head(number: str, updated_at: str, order_id: str = "7") -> dict[str, Any]:
    return {**HEADS[0], "increment_id": number, "updated_at": updated_at, "order_id": order_id}


def page(window: Window, *answers: Any, cursor: Any = None, at: Shop | None = None) -> tuple[OrderPage, list[Any]]:
    return play(magento.orders.in_window(at or shop(), window, cursor), answers)


def numbers(found: OrderPage) -> list[str]:
    return [json.loads(payload)["increment_id"] for payload in found.payloads]


# --- sessions ---


def test_a_session_is_opened_once_and_kept() -> None:
    fresh = Shop("https://shop.example", KEYS)
    _, [login, listed] = page(BOUNDED, answer("0123abcd"), answer([]), at=fresh)
    assert loads(login.body) == ((KEYS["user"], KEYS["key"]), "login")
    assert loads(listed.body)[0][0] == "0123abcd" == fresh.memory["session"]
    assert (login.method, login.url) == ("POST", "https://shop.example/index.php/api/xmlrpc/")
    assert KEYS["key"] not in repr(login) + repr(fresh)
    page(BOUNDED, answer([]), at=fresh)


def test_a_session_that_has_ended_is_opened_anew_once() -> None:
    expired = recorded("fault_session_expired.xml")
    known = shop()
    _, found = page(BOUNDED, expired, answer("0123abcd"), answer([]), at=known)
    assert [asked(each)[0] for each in found] == ["call", "login", "call"]
    assert (asked(found[0]), loads(found[2].body)[0][0]) == (asked(found[2]), "0123abcd")
    with pytest.raises(ShopError, match="forgets every session") as refused:
        page(BOUNDED, expired, answer("0123abcd"), expired, at=known)
    assert refused.value.passes


def test_wrong_keys_and_none() -> None:
    for credentials, answers in ((KEYS, [recorded("fault_access_denied.xml")]), ({"user": "x"}, [])):
        with pytest.raises(ShopError) as refused:
            page(BOUNDED, *answers, at=Shop("https://shop.example", credentials))
        assert refused.value.kind == Failure.CREDENTIALS


def test_keys_go_over_https_alone() -> None:
    with pytest.raises(ShopError, match="not sent over http"):
        page(BOUNDED, at=Shop("http://shop.example", KEYS))


def test_the_address_with_and_without_index_php() -> None:
    known = shop()
    _, found = page(BOUNDED, answer("", 404), answer([]), at=known)
    assert [each.url for each in found] == [f"https://shop.example{path}" for path in requests.PATHS]
    _, [again] = page(BOUNDED, answer([]), at=known)
    assert again.url == "https://shop.example/api/xmlrpc/"
    with pytest.raises(ShopError, match="no XML-RPC API of Magento 1"):
        page(BOUNDED, answer("", 404), answer("", 404))


FAULTS = {
    "fault_access_denied.xml": (Failure.CREDENTIALS, "tick Sales > Order > Retrieve orders info"),
    "fault_internal.xml": (Failure.NONSENSE, "var/log/exception.log"),
    "fault_no_such_order.xml": (Failure.REFUSED, "fault 100"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_come_with_http_200(name: str) -> None:
    kind, sentence = FAULTS[name]
    with pytest.raises(ShopError) as refused:
        page(BOUNDED, *[recorded(name)] * (1 + orders.CUTS))
    assert (refused.value.kind, sentence in str(refused.value)) == (kind, True)
    assert "jana@" not in str(refused.value)


# --- windows ---


def test_a_window_is_listed_and_its_orders_are_read_at_once() -> None:
    found, [listed, read_] = page(BOUNDED, answer(HEADS), infos("100000041", "100000042", "100000040"))
    between = {"updated_at": {"from": "2026-10-06 08:00:00", "to": "2026-10-06 20:00:00"}}
    assert asked(listed) == ("call", "sales_order.list", [between])
    wanted = ["100000041", "100000042", "100000040"]
    assert asked(read_) == ("multiCall", [["sales_order.info", [number]] for number in wanted])
    assert (numbers(found), found.next, found.until) == (wanted, None, BOUNDED.until)


def test_the_end_of_an_open_window_is_the_shops_clock() -> None:
    found, [listed] = page(Window(datetime(2026, 11, 1, 11, 30, tzinfo=UTC)), answer([]))
    assert asked(listed)[2] == [{"updated_at": {"from": "2026-11-01 11:30:00", "to": "2026-11-02 11:30:00"}}]
    assert (found.next, found.until) == (None, datetime(2026, 11, 1, 12, tzinfo=UTC))
    far, _ = page(WINDOW, answer([]))
    assert far.next is not None and far.next["since"] == "2026-10-07T08:00:01Z"
    assert far.next["span"] == 2 * orders.FIRST, "few were found"
    _, [listed] = page(WINDOW, answer([]), cursor={**far.next, "since": "2026-11-01T11:00:00Z"})
    assert asked(listed)[2][0]["updated_at"]["to"] == "2026-11-01 12:00:00"


def test_a_full_span_goes_on_behind_the_last_order_read() -> None:
    """Of one second by their ids; what was read of it is listed again and not read again."""
    many = [head(f"1{at:08}", "2026-10-06 09:00:01", str(at)) for at in range(1, 8)]
    small = shop(per_page=5)
    first, _ = page(BOUNDED, answer(many[::-1]), infos(*(each["increment_id"] for each in many[:5])), at=small)
    assert first.next is not None
    assert first.next["after"] == ("2026-10-06 09:00:01", 5)
    second, [listed, read_] = page(
        BOUNDED, answer(many), infos("100000006", "100000007"), cursor=first.next, at=shop(per_page=5)
    )
    assert asked(listed)[2][0]["updated_at"]["from"] == "2026-10-06 09:00:01"
    assert [call[1] for call in asked(read_)[1]] == [["100000006"], ["100000007"]]
    assert numbers(second) == ["100000006", "100000007"]


def test_control_without_its_place_orders_of_a_second_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [head(f"1{at:08}", "2026-10-06 09:00:01", str(at)) for at in range(1, 8)]
    place = orders.Place(WINDOW.since, WINDOW.since + timedelta(hours=12))
    _, found = page(BOUNDED, answer(many), infos(*("100000001",) * 7), cursor=cursor_of(place))
    assert len(asked(found[1])[1]) == 7


def test_a_span_that_is_too_much_is_cut() -> None:
    slow = ShopError(Failure.UNAVAILABLE, "The shop did not finish its answer in 45 seconds.")
    known = shop()
    found, lists = page(WINDOW, slow, answer([]), at=known)
    ends = [asked(each)[2][0]["updated_at"]["to"] for each in lists]
    assert ends == ["2026-10-07 08:00:00", "2026-10-06 11:00:00"]
    assert found.next is not None and found.next["since"] == "2026-10-06T11:00:01Z"
    with pytest.raises(ShopError, match="did not finish"):
        page(WINDOW, slow, slow, slow, at=known)
    _, [listed] = page(WINDOW, answer([]), at=known)
    assert asked(listed)[2][0]["updated_at"]["to"] == "2026-10-06 08:22:30", "the next try begins where this one ended"


def test_a_shop_that_refuses_is_not_asked_for_less() -> None:
    with pytest.raises(ShopError, match="asks us to wait"):
        page(WINDOW, ShopError(Failure.BUSY, "The shop asks us to wait."))


EVERYTHING = [head("100000001", "2024-01-01 00:00:00")]


def test_a_filter_that_is_ignored_is_seen_by_its_stamps() -> None:
    with pytest.raises(ShopError, match="outside of the time") as refused:
        page(BOUNDED, answer(EVERYTHING))
    assert refused.value.kind == Failure.NONSENSE


def test_control_such_orders_would_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_believed", lambda *_: None)
    assert len(page(BOUNDED, answer(EVERYTHING), infos("100000001"))[0].payloads) == 1


def test_heads_that_are_odd_are_not_lost() -> None:
    odd = [head("", "2026-10-06 09:00:00"), head("100000001", "soon")]
    found, [_, read_] = page(BOUNDED, answer(odd), infos("100000001"))
    assert asked(read_)[1] == [["sales_order.info", ["100000001"]]]
    with pytest.raises(PayloadError, match="no id"):
        magento.parse(found.payloads[1], shop())


def test_orders_that_are_gone_by_now_are_left_out() -> None:
    found, _ = page(BOUNDED, answer(HEADS), answer([order(), NOT_THERE, order(increment_id="100000040")]))
    assert numbers(found) == ["100000041", "100000040"]


BROKEN = [([order()], "each of the questions"), ({"a": 1}, "not the list"), ("x", "not the list")]


@pytest.mark.parametrize(("value", "sentence"), BROKEN)
def test_answers_that_are_not_believed(value: Any, sentence: str) -> None:
    with pytest.raises(ShopError, match=sentence) as refused:
        page(BOUNDED, answer(HEADS), answer(value))
    assert refused.value.may_be_one_order


def test_an_order_that_fails_inside_may_be_passed_by() -> None:
    failed = {"isFault": True, "faultCode": "1", "faultMessage": "Internal Error."}
    with pytest.raises(ShopError, match="failed inside") as refused:
        page(BOUNDED, answer(HEADS), answer([order(), failed, order()]))
    assert refused.value.may_be_one_order
    past = able(magento.orders.past_a_fault)(shop(), BOUNDED, None)
    answers = [answer(HEADS), answer([order(), failed, order()]), infos("100000041"), answer([failed, order()]),
               answer([failed]), infos("100000040")]  # fmt: skip
    found, _ = play(past, answers)
    assert (numbers(found), found.broken) == (["100000041", "100000040"], ("100000042",))
    assert "They were left out" in found.note


# --- single orders ---


def test_orders_by_ids() -> None:
    found, [request] = play(magento.orders.by_ids(shop(), ("100000200-1", "a1", "", " ")), [
        answer([order(increment_id="100000200-1"), order(increment_id="A1")]),
    ])  # fmt: skip
    assert asked(request) == ("multiCall", [["sales_order.info", ["100000200-1"]], ["sales_order.info", ["a1"]]])
    assert numbers(found) == ["100000200-1"], "what was not asked for is left out"
    assert play(magento.orders.by_ids(shop(), ("",)), []) == (OrderPage((), None, 0), [])


def test_a_hundred_orders_by_ids_take_five_requests() -> None:
    ids = [f"1{at:08}" for at in range(100)]
    found, asked_ = play(
        magento.orders.by_ids(shop(), tuple(ids)), [infos(*ids[at : at + 20]) for at in range(0, 100, 20)]
    )
    assert (numbers(found), len(asked_)) == (ids, 5)


def test_an_order_by_its_number() -> None:
    found, _ = play(magento.orders.by_number(shop(), " #100000041 "), [infos("100000041")])
    assert numbers(found) == ["100000041"]
    assert play(magento.orders.by_number(shop(), "41"), [answer([NOT_THERE])])[0].payloads == ()
    assert play(magento.orders.by_number(shop(), " # "), []) == (OrderPage((), None, 0), [])


def test_an_order_of_a_thousand_rows_is_kept_without_what_is_not_read() -> None:
    row = order()["items"][2]
    large = order(items=[{**row, "item_id": str(at)} for at in range(1000)])
    found, _ = play(magento.orders.by_ids(shop(), ("100000041",)), [answer([large])])
    [payload] = found.payloads
    assert len(json.dumps(large)) > 1_000_000 > len(payload)
    parsed, [one] = magento.parse(payload, shop()), magento.parse(json.dumps(order(items=[row])).encode(), shop()).lines
    assert len(parsed.lines) == 1000
    assert msgspec.structs.replace(parsed.lines[7], key=one.key) == one
    assert without_the_unread(read("order.xml")) == read("order.xml"), "what can be kept whole is"
    endless = b"[" + b" " * 1_000_001
    assert without_the_unread(endless) == endless


# --- the connection test, lists, products ---


def test_the_connection_test_names_what_the_role_may_not_read() -> None:
    about = {"magento_edition": "Community", "magento_version": "1.9.4.5"}
    report, [request] = play(magento.check(shop()), [answer([[], NOT_THERE, [], [], about])])
    assert (report.ok, report.summary, report.version, report.hints) == (
        True, "Connected to Magento 1.9.4.5.", "1.9.4.5", (),
    )  # fmt: skip
    assert asked(request)[0] == "multiCall"
    report, _ = play(magento.check(shop()), [answer([[], NOT_THERE, DENIED, DENIED, DENIED])])
    assert report.ok and report.summary == "Connected to Magento."
    assert (
        "tick Catalog > Product > Retrieve products data and Catalog Inventory > Retrieve stock data" in report.hints[0]
    )
    for refused in ([DENIED, DENIED, [], [], about], [[], DENIED, [], [], about]):
        report, _ = play(magento.check(shop()), [answer(refused)])
        assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
        assert "tick Sales > Order > Retrieve orders info" in report.summary


def test_code_lists_are_those_in_use() -> None:
    used = [{**HEADS[0], "status": "my_own"}]
    lists, found = play(magento.code_lists(shop()), [answer([[]]), answer(used), infos("100000041")])
    assert asked(found[1])[2] == [{"created_at": {"from": "2026-10-25 12:00:00"}}]
    assert {"my_own", "processing", "processing/shipped"} <= {each.code for each in lists.statuses}
    assert [(each.code, each.label) for each in lists.shipping_methods] == [("flatrate_flatrate", "Flat Rate - Fixed")]
    assert [each.code for each in lists.payments] == ["ccsave"]
    assert [each.code for each in lists.taxes] == ["20%"] and not lists.whole


PRODUCTS = [
    {"product_id": "3", "sku": "12", "name": "Odd", "type": "simple"},
    {"product_id": "1", "sku": "A", "name": "Tea &amp; milk", "type": "simple"},
    {"product_id": "2", "sku": "B", "name": "Shirt", "type": "configurable"},
]


def test_products_and_their_stock() -> None:
    """Stock is asked by SKU: an id is taken for a SKU first, and "12" is another product's."""
    stock = [{"product_id": "1", "sku": "A", "qty": "7.0000"}, {"product_id": "3", "sku": "12", "qty": None}]
    found, [listed, held] = play(able(magento.products)(shop(), None), [answer(PRODUCTS), answer(stock)])
    assert asked(listed)[1:] == ("catalog_product.list", [{"product_id": {"from": "1", "to": "500"}}])
    assert asked(held)[1:] == ("cataloginventory_stock_item.list", [["A", "12"]])
    assert found.products == (
        RemoteProduct("1", "A", "Tea & milk", True, 7),
        RemoteProduct("2", "B", "Shirt", False, None),
        RemoteProduct("3", "12", "Odd", False, None),
    )
    assert found.next == {"first": 501, "width": 500}


def test_gaps_between_products_are_crossed_faster_and_faster() -> None:
    at: Any = None
    for _ in range(7):
        page_, _ = play(able(magento.products)(shop(), at), [answer([])])
        at = page_.next
    assert at is None
    with pytest.raises(ShopError, match="other ids"):
        play(able(magento.products)(shop(), {"first": 501, "width": 500}), [answer(PRODUCTS)])


def test_products_without_the_right_to_stock() -> None:
    denied = recorded("fault_access_denied.xml")
    found, _ = play(able(magento.products)(shop(), None), [answer(PRODUCTS), denied])
    assert [product.quantity for product in found.products] == [None, None, None]
    with pytest.raises(ShopError, match="tick Catalog > Product"):
        play(able(magento.products)(shop(), None), [denied])
    with pytest.raises(ShopError, match="failed inside"):
        play(able(magento.products)(replace(shop()), None), [answer(PRODUCTS), recorded("fault_internal.xml")])
