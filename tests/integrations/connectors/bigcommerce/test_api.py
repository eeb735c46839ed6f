"""BigCommerce's lists, look-ups and refusals, against a simulated store without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from integrations.client.exchange import retry_after
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Request, Response
from integrations.connectors.kit.throttling import reset_seconds
from integrations.connectors.listings import Cursor, OrderPage, RemoteProduct, RemoteStatus, Window
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.bigcommerce.orders import KEYS, SHOP
from tests.recorded import able, answer, play, serve

bc = get("bigcommerce")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(days=2))


class Street:
    """A simulated store whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, per_page: int = 12) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Street", seed=5, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, "bigcommerce")
        for number in range(orders):
            self.shop.place(age=orders * 60 - number * 60)
        self.remote = Shop(SHOP.base_url, {**KEYS, "access_token": self.shop.key}, settings={"per_page": per_page})

    def serve(self, request: Request) -> Response:
        assert isinstance(request.auth, HeaderAuth)
        headers = {request.auth.name.lower(): request.auth.value}
        path = request.url.removeprefix(SHOP.base_url)
        answered, _ = self.site.answer(Asked(request.method, path, request.params, headers, secure=True))
        lowered = {name.lower(): value for name, value in answered.headers.items()}
        return Response(answered.status, lowered, answered.body)

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> list[int]:
        found: list[int] = []
        cursor: Cursor | None = None
        for page in range(1, 100):
            result, _ = serve(bc.orders.in_window(self.remote, window, cursor), self.serve)
            found += ids_of(result)
            assert result.until == (window.until or NOON)
            if result.next is None:
                return found
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")


def ids_of(page: OrderPage) -> list[int]:
    return [json.loads(payload)["order"]["id"] for payload in page.payloads]


@pytest.mark.parametrize(("orders", "per_page"), [(0, 12), (1, 12), (12, 12), (40, 12), (40, 5), (260, 250)])
def test_a_store_at_rest_is_read_once_each(orders: int, per_page: int) -> None:
    street = Street(orders, per_page=per_page)
    assert street.sweep(Window(NOON - timedelta(hours=6))) == sorted(street.shop.sales)


@pytest.mark.parametrize("way", ["trash", "touch", "delete", "place"])
def test_orders_that_move_between_pages_take_nobody_with_them(way: str) -> None:
    street = Street()
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


@pytest.mark.parametrize("way", ["trash", "delete"])
def test_control_page_numbers_lose_orders(way: str) -> None:
    street = Street()
    before, found = sorted(street.shop.sales), []
    for page in range(1, 5):
        params = (("sort", "id:asc"), ("limit", "12"), ("page", str(page)))
        auth = HeaderAuth("X-Auth-Token", street.shop.key)
        response = street.serve(Request("GET", f"{SHOP.base_url}/stores/abc123/v2/orders", params, auth=auth))
        found += [entry["id"] for entry in json.loads(response.body or b"[]")]
        street.shop.change(before[page - 1], "trash") if way == "trash" else street.shop.delete(before[page - 1])
    assert set(before) - set(found)


def test_a_list_whose_pages_are_cut_short_is_read_to_the_end() -> None:
    """Whether `include` lowers the largest page is not documented."""
    street = Street(60, per_page=50)

    def cut(request: Request) -> Response:
        params = tuple((name, "20" if name == "limit" else value) for name, value in request.params)
        return street.serve(Request(request.method, request.url, params, request.headers, auth=request.auth))

    found, cursor = [], None
    while True:
        page, _ = serve(bc.orders.in_window(street.remote, WINDOW, cursor), cut)
        found += ids_of(page)
        if (cursor := page.next) is None:
            break
    assert found == sorted(street.shop.sales)


def test_the_filters_reach_a_second_beyond_the_window() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    page, requests = play(bc.orders.in_window(SHOP, window, None), [answer(status=204)])
    assert page == OrderPage((), None, until=window.until)
    params = dict(requests[0].params)
    assert params["min_date_modified"] == "2026-11-01T11:59:59+00:00"
    assert params["max_date_modified"] == "2026-11-01T13:00:01+00:00"
    assert (params["include"], params["sort"]) == ("consignments.line_items,fees", "id:asc")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer([{"id": 2}, {"id": 1}]), Failure.NONSENSE),
        (answer(b"<html>"), Failure.NONSENSE),
        (answer({"id": 1}), Failure.NONSENSE),
        (answer([], 401), Failure.CREDENTIALS),
        (answer([], 403), Failure.CREDENTIALS),
        (answer([], 429), Failure.BUSY),
        (answer([], 507), Failure.UNAVAILABLE),
        (answer([{"status": 400, "message": "bad"}], 400), Failure.REFUSED),
        (Response(200, {}, b"[]"), Failure.NONSENSE),
    ],
)
def test_answers_that_are_no_list(reply: Response, kind: Failure) -> None:
    with pytest.raises(ShopError) as caught:
        play(bc.orders.in_window(SHOP, WINDOW, None), [reply])
    assert caught.value.kind == kind


def test_the_same_page_again_is_nonsense() -> None:
    page = answer([{"id": number, "status_id": 0} for number in range(1, 21)])
    first, _ = play(bc.orders.in_window(SHOP, WINDOW, None), [page])
    with pytest.raises(ShopError, match="every page with the same"):
        play(bc.orders.in_window(SHOP, WINDOW, first.next), [page])


def test_the_wait_is_the_platforms() -> None:
    with pytest.raises(ShopError) as caught:
        play(bc.orders.by_ids(SHOP, ("5",)), [answer([], 429, x_rate_limit_time_reset_ms="15500")])
    assert (caught.value.kind, caught.value.retry_after) == (Failure.BUSY, 15.5)
    assert reset_seconds({"x-retry-after": "15"}) == 15
    assert reset_seconds({"x-rate-limit-time-reset-ms": "10"}) == 1
    assert reset_seconds({"x-rate-limit-time-reset-ms": "soon"}) is None


def test_the_client_waits_as_long_as_the_platform_says() -> None:
    assert retry_after({"x-rate-limit-time-reset-ms": "15000"}) == 15
    assert retry_after({"retry-after": "3", "x-rate-limit-time-reset-ms": "15000"}) == 3


def test_an_order_with_half_a_character_is_found_and_read() -> None:
    broken = b'{"id":7,"status_id":11,"items_total":0,"customer_message":"a\\ud800b\\u0000"}'
    page, _ = play(bc.orders.by_ids(SHOP, ("7",)), [answer(broken)])
    assert (len(page.payloads), bc.identify(page.payloads[0], SHOP).external_id) == (1, "7")


def test_abandoned_checkouts_and_archived_orders_are_no_orders() -> None:
    listed = [{"id": 1, "status_id": 0}, {"id": 2, "status_id": 11, "is_deleted": True, "items_total": 0}]
    page, _ = play(bc.orders.in_window(SHOP, WINDOW, None), [answer(listed)])
    assert page.payloads == ()


def test_an_order_with_links_is_made_whole() -> None:
    linked = {"id": 7, "status_id": 4, "items_total": 1, "consignments": {"url": "u", "resource": "r"}}
    refunds = {"data": [{"id": 1, "order_id": 7, "total_amount": 2.5}, {"id": 2, "order_id": 8}]}
    answers = [answer([linked]), answer(refunds), answer([{"id": 70, "quantity": 1}]), answer(status=204)]
    page, requests = play(bc.orders.in_window(SHOP, WINDOW, None), answers)
    assert json.loads(page.payloads[0]) == {
        "order": linked,
        "products": [{"id": 70, "quantity": 1}],
        "shipping_addresses": [],
        "refunds": [{"id": 1, "order_id": 7, "total_amount": 2.5}],
    }
    paths = [request.url.partition("/stores/abc123/")[2] for request in requests]
    refunds_path, products_path = "v3/orders/payment_actions/refunds", "v2/orders/7/products"
    assert paths == ["v2/orders", refunds_path, products_path, "v2/orders/7/shipping_addresses"]


def test_an_unchanged_order_has_unchanged_bytes() -> None:
    street = Street(30)
    street.shop.change(sorted(street.shop.sales)[3], refund=0.5)
    first, second = (serve(bc.orders.in_window(street.remote, WINDOW, None), street.serve)[0] for _ in range(2))
    assert first.payloads == second.payloads


def test_near_ids_share_a_request_and_lonely_ones_do_not() -> None:
    street = Street(100)
    ids = sorted(street.shop.sales)
    asked = (*map(str, [*ids[:60:2], ids[-1], 99_999]), "0", "-1", "7x", "007", "٧")
    page, requests = serve(bc.orders.by_ids(street.remote, asked), street.serve)
    assert ids_of(page) == [*ids[:60:2], ids[-1]]
    assert [request.url.rpartition("/")[2] for request in requests] == ["orders", str(ids[-1]), "99999"]
    with pytest.raises(ValueError, match="At most 100"):
        play(bc.orders.by_ids(SHOP, tuple(map(str, range(101)))), [])


@pytest.mark.parametrize(("number", "found"), [("{}", 1), ("#{} ", 1), ("{}0000", 0), ("", 0), ("abc", 0)])
def test_by_number(number: str, found: int) -> None:
    street = Street(3)
    some = sorted(street.shop.sales)[1]
    page, _ = serve(bc.orders.by_number(street.remote, number.format(some)), street.serve)
    assert ids_of(page) == [some] * found


STORE = answer({"name": "Tea &amp; Co", "timezone": {"name": "Europe/Prague"}, "plan_name": "Pro"})
EMPTY = answer({"data": [], "meta": {}})


def test_a_store_that_works() -> None:
    report, requests = play(bc.check(SHOP), [answer([{"id": 1}]), STORE, EMPTY])
    assert (report.ok, report.shop_name, report.version, report.hints) == (True, "Tea & Co", "Pro", ())
    assert report.clock == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert requests[0].auth == HeaderAuth("X-Auth-Token", "token")
    assert "token" not in repr(SHOP) + repr(requests).replace("X-Auth-Token", "")


def test_missing_scopes_are_hints() -> None:
    report, _ = play(bc.check(SHOP), [answer(status=204), answer([], 403), answer({}, 403)])
    assert report.ok
    assert ["Information & settings" in report.hints[0], "Products" in report.hints[1]] == [True, True]


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([answer({"title": "Unauthorized"}, 401)], "credentials", "does not know the access token"),
        ([answer({}, 403)], "credentials", "may not read"),
        ([answer({}, 404)], "credentials", "no store with this store hash"),
        ([answer(b"<html>")], "nonsense", "answered with a web page"),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
    ],
)
def test_refusals_name_the_way_out(answers: list[Response | ShopError], failure: str, words: str) -> None:
    report, _ = play(bc.check(SHOP), answers)
    assert (report.ok, report.failure) == (False, failure)
    assert words in report.summary


@pytest.mark.parametrize(
    ("given", "asked"),
    [("abc123", "abc123"), ("https://api.bigcommerce.com/stores/xyz9/v3/", "xyz9"), ("", None), ("a/b", None)],
)
def test_the_store_hash_may_be_pasted_with_its_path(given: str, asked: str | None) -> None:
    shop = Shop(SHOP.base_url, {**KEYS, "store_hash": given})
    report, requests = play(bc.check(shop), [answer([]), STORE, EMPTY] if asked else [])
    assert report.ok == bool(asked)
    assert [request.url.split("/")[4] for request in requests] == [asked] * len(requests)


def test_code_lists() -> None:
    street = Street(1)
    lists, _ = serve(bc.code_lists(street.remote), street.serve)
    assert RemoteStatus("11", "Awaiting Fulfillment") in lists.statuses
    assert not any(status.code == "0" for status in lists.statuses)
    assert {status.code for status in lists.statuses} == {rule.status for rule in bc.default_rules}
    assert [each.code for each in lists.shipping_methods] == ["Courier", "Pick-up in the shop", "Post"]
    assert "PayPal" in [each.code for each in lists.payments]


def test_products_with_their_variants() -> None:
    street = Street(1, per_page=5)
    found: list[RemoteProduct] = []
    cursor: Cursor | None = None
    while True:
        page, _ = serve(able(bc.products)(street.remote, cursor), street.serve)
        found += page.products
        if (cursor := page.next) is None:
            break
    by_sku = {product.sku: product for product in found}
    assert len(found) == 23
    assert (by_sku["SHIRT-M"].name, by_sku["SHIRT-M"].quantity) == ("Barista shirt - M", 31)
    assert by_sku["MUG-BLUE"].name == 'Mug "Zwiebelmuster" & saucer'
    assert (by_sku[""].stock_managed, by_sku[""].quantity) == (False, None)
    order_line = serve(bc.orders.in_window(street.remote, WINDOW, None), street.serve)[0].payloads[0]
    keys = {line.product_key for line in bc.parse(order_line, street.remote).lines}
    assert keys <= {product.external_id for product in found}
