"""PrestaShop's lists and look-ups, against a simulated shop without a network: whole, and nothing unasked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, Request, Response
from integrations.connectors.listings import OrderPage, Window
from integrations.connectors.prestashop import orders as listing
from tests.integrations.connectors.prestashop.orders import KEY, shop
from tests.integrations.connectors.prestashop.street import NOON, WINDOW, Street, ids_of, prestashop, without
from tests.recorded import answer, play, serve

EMPTY = answer([])


@pytest.mark.parametrize(
    ("count", "per_page", "apart"),
    [(0, 12, 60), (1, 12, 60), (12, 12, 60), (40, 12, 60), (40, 5, 0), (60, 7, 0), (260, 200, 5)],
)
def test_a_shop_at_rest_is_read_once_each(count: int, per_page: int, apart: int) -> None:
    """Also where all orders share a second."""
    street = Street(count, per_page=per_page, apart=apart)
    assert street.sweep(Window(NOON - timedelta(hours=6))) == sorted(street.shop.sales)


def test_control_pages_sorted_by_modified_lose_orders() -> None:
    """As observed: 286 of 300. Nothing sorts orders that share a second, so that pages differ in it."""
    street = Street(60, apart=0)
    found = set[int]()
    for offset in range(0, 60, 12):
        params = (
            ("display", "full"), ("date", "1"), ("sort", "[date_upd_ASC]"), ("limit", f"{offset},12"),
            ("output_format", "JSON"),
        )  # fmt: skip
        auth = BasicAuth(street.remote.credentials["key"], "")
        response = street.serve(Request("GET", "https://shop.example/api/orders", params, auth=auth))
        found |= {entry["id"] for entry in json.loads(response.body)["orders"]}
    assert set(street.shop.sales) - found


@pytest.mark.parametrize("way", ["trash", "touch", "delete", "place"])
@pytest.mark.parametrize("apart", [60, 0])
def test_orders_that_move_between_pages_take_nobody_with_them(way: str, apart: int) -> None:
    street = Street(apart=apart)
    before = sorted(street.shop.sales)
    moves: dict[str, Callable[[int], object]] = {
        "trash": lambda page: street.shop.change(before[page - 1], "trash"),
        "touch": lambda page: street.shop.change(before[page - 1]),
        "delete": lambda page: street.shop.delete(before[page - 1]),
        "place": lambda page: street.shop.place() if page < 3 else None,
    }
    found = street.sweep(WINDOW, moves[way])
    assert sorted(set(found)) == found
    assert set(found) >= set(before)


def test_control_offsets_by_id_lose_orders() -> None:
    street = Street()
    before, found = sorted(street.shop.sales), set[int]()
    for page in range(4):
        params = (("sort", "[id_ASC]"), ("limit", f"{page * 12},12"), ("output_format", "JSON"))
        auth = BasicAuth(street.remote.credentials["key"], "")
        response = street.serve(Request("GET", "https://shop.example/api/orders", params, auth=auth))
        found |= {entry["id"] for entry in json.loads(response.body)["orders"]}
        street.shop.delete(before[page])
    assert set(before) - found


def test_what_is_asked_for() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    page, requests = play(prestashop.orders.in_window(shop(), window, None), [EMPTY, EMPTY])
    assert page == OrderPage((), None, until=window.until)
    assert (requests[0].url, requests[0].auth) == ("https://shop.example/api/orders", BasicAuth(KEY, ""))
    assert dict(requests[0].params) == {
        "filter[date_upd]": "[2026-11-01 12:59:59,2026-11-01 14:00:01]",
        "date": "1",
        "sort": "[id_ASC]",
        "display": "full",
        "limit": "200",
        "output_format": "JSON",
    }
    page, requests = play(prestashop.orders.in_window(shop(), Window(NOON), None), [EMPTY, EMPTY])
    assert dict(requests[0].params)["filter[date_upd]"] == ">[2026-11-01 12:59:59]"
    assert page.until == NOON, "the shop's own clock"


def test_a_list_whose_pages_are_cut_short_is_read_to_the_end() -> None:
    """PrestaShop has no largest page, but a host may."""
    street = Street(60, per_page=50)

    def cut(request: Request) -> Response:
        params = tuple((name, "20" if name == "limit" else value) for name, value in request.params)
        return street.serve(Request(request.method, request.url, params, auth=request.auth))

    found, cursor = list[int](), None
    while True:
        page, _ = serve(prestashop.orders.in_window(street.remote, WINDOW, cursor), cut)
        found += ids_of(page)
        if (cursor := page.next) is None:
            break
    assert found == sorted(street.shop.sales)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer({"orders": [{"id": 2}, {"id": 1}]}), Failure.NONSENSE),
        (answer({"orders": [{"id": number} for number in range(1, 300)]}), Failure.NONSENSE),
        (answer(b"<html>"), Failure.NONSENSE),
        (answer({"id": 1}), Failure.NONSENSE),
        (answer({"customers": []}), Failure.NONSENSE),
        (answer([{"id": 1}]), Failure.NONSENSE),
        (answer(b"<br />Notice: Undefined index<br />[]"), Failure.NONSENSE),
        (answer(b"null"), Failure.NONSENSE),
        (answer({"errors": [{"code": 32, "message": "This filter does not exist"}]}, 400), Failure.REFUSED),
        (Response(200, {}, b"[]"), Failure.NONSENSE),
    ],
)
def test_answers_that_are_no_list(reply: Response, kind: Failure) -> None:
    with pytest.raises(ShopError) as caught:
        play(prestashop.orders.in_window(shop(), WINDOW, None), [reply])
    assert caught.value.kind == kind


def test_a_shop_that_repeats_its_page_is_told() -> None:
    street = Street()
    first, _ = serve(prestashop.orders.in_window(street.remote, WINDOW, None), street.serve)
    forget = without("filter[id]")
    with pytest.raises(ShopError, match="the same orders"):
        serve(prestashop.orders.in_window(street.remote, WINDOW, first.next), lambda each: street.serve(forget(each)))


def ignoring(street: Street, *names: str) -> Callable[[Request], Response]:
    forget = without(*names)
    return lambda request: street.serve(forget(request))


def test_a_filter_that_is_ignored_brings_nothing_that_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """PrestaShop lists everything for a date that it does not understand."""
    street = Street(8, apart=3600)
    recent = Window(NOON - timedelta(hours=3))
    wanted = sorted(street.shop.sales)[-3:]
    deaf = ignoring(street, "filter[date_upd]", "filter[id]", "filter[reference]")
    assert ids_of(serve(prestashop.orders.in_window(street.remote, recent, None), deaf)[0]) == wanted
    asked = (str(wanted[0]), str(wanted[2]))
    assert ids_of(serve(prestashop.orders.by_ids(street.remote, asked), deaf)[0]) == [wanted[0], wanted[2]]
    known, _ = serve(prestashop.orders.by_ids(street.remote, asked[:1]), street.serve)
    number = prestashop.identify(known.payloads[0], street.remote).number
    assert ids_of(serve(prestashop.orders.by_number(street.remote, number), deaf)[0]) == [wanted[0]]
    monkeypatch.setattr(listing, "_is_older", lambda *given: False)
    assert len(serve(prestashop.orders.in_window(street.remote, recent, None), deaf)[0].payloads) == 8, "control"


def test_look_ups_that_ignore_their_filter_give_each_order_its_own() -> None:
    street = Street(10)
    whole, _ = serve(prestashop.orders.in_window(street.remote, WINDOW, None), street.serve)
    street.remote.memory.clear()
    deaf = ignoring(street, "filter[id_order]", "filter[order_reference]")
    assert serve(prestashop.orders.in_window(street.remote, WINDOW, None), deaf)[0].payloads == whole.payloads


def test_by_ids_in_few_requests_and_only_what_was_asked() -> None:
    street = Street(30)
    ids = sorted(street.shop.sales)
    asked = (*map(str, ids[:20]), "99999999", "NOPE", "", "0", "1|2", "007")
    page, requests = serve(prestashop.orders.by_ids(street.remote, asked), street.serve)
    assert (ids_of(page), page.next) == (ids[:20], None)
    resources = [request.url.rpartition("/")[2] for request in requests]
    assert resources == [
        "orders", "order_details", "order_slip", "order_payments", "order_cart_rules", "messages",
        "customer_threads", "customer_messages", "customers", "addresses", "countries", "currencies", "carriers",
    ]  # fmt: skip
    _, again = serve(prestashop.orders.by_ids(street.remote, asked), street.serve)
    assert len(again) == len(requests) - 3, "countries, currencies and carriers are known by now"
    assert play(prestashop.orders.by_ids(shop(), ("0", "")), [])[0].payloads == ()
    with pytest.raises(ValueError, match="At most 100"):
        play(prestashop.orders.by_ids(shop(), tuple(map(str, range(101)))), [])


def test_by_number_finds_every_order_of_a_split_cart() -> None:
    street = Street(4)
    one, two, *_ = sorted(street.shop.sales)
    street.shop.sales[two].number = street.shop.sales[one].number
    known, _ = serve(prestashop.orders.by_ids(street.remote, (str(one),)), street.serve)
    number = prestashop.identify(known.payloads[0], street.remote).number
    for typed in (number, f" #{number.lower()} "):
        assert ids_of(serve(prestashop.orders.by_number(street.remote, typed), street.serve)[0]) == [one, two]


@pytest.mark.parametrize("typed", ["", " ", "A|B", "[A]", "A,B", "%", "ŽLUŤ"])
def test_numbers_that_would_ask_for_more(typed: str) -> None:
    assert play(prestashop.orders.by_number(shop(), typed), [])[0].payloads == ()


def test_bytes_are_the_shops_and_nothing_is_read_that_is_nobodys_business() -> None:
    written = b'{"orders":[{"id":6, "id_customer":"2","reference":"AB","module":"\\u017e"}]}'
    customer = answer(b'{"customers":[{"id":2, "email":"j@example.com","is_guest":"0"}]}')
    page, requests = play(prestashop.orders.by_ids(shop(), ("6",)), [answer(written), *[EMPTY] * 5, customer])
    assert page.payloads[0].startswith(b'{"order":{"id":6, "id_customer":"2","reference":"AB","module":"\\u017e"},')
    assert b'"customer":{"id":2, "email":"j@example.com","is_guest":"0"}' in page.payloads[0]
    displays = {request.url.rpartition("/")[2]: dict(request.params)["display"] for request in requests}
    assert displays["customers"] == "[id,email,is_guest]", "not the hash of the password"
    assert "card" not in displays["order_payments"]
    street = Street(5)
    page, _ = serve(prestashop.orders.in_window(street.remote, WINDOW, None), street.serve)
    assert b"passwd" not in b"".join(page.payloads)
    assert b"never@read.example" not in b"".join(page.payloads) and b"ip_address" not in b"".join(page.payloads)


def test_the_key_is_not_shown() -> None:
    _, requests = play(prestashop.orders.in_window(shop(), WINDOW, None), [EMPTY, EMPTY])
    assert KEY not in repr(shop())
    assert all(KEY not in str(request.params) + request.url for request in requests)
