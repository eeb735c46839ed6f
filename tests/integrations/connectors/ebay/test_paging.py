"""No order that stays in a window is lost, whichever way eBay sorts; ids and numbers bring exactly what was asked."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Request, Response
from integrations.connectors.listings import Window
from tests.integrations.connectors.ebay.orders import NOON, Seller, ebay, ids_of, order, shop
from tests.recorded import DATE, answer, play, serve

WINDOW = Window(NOON - timedelta(days=2))
END = NOON - timedelta(seconds=1)
OLDEST_FIRST, NEWEST_FIRST = 5, 6


def listing(*ids: str, total: int | None = None, status: int = 200) -> Response:
    orders = [order(orderId=identifier) for identifier in ids]
    return answer({"total": len(ids) if total is None else total, "orders": orders}, status)


def refused(number: int, status: int = 400) -> Response:
    return answer({"errors": [{"errorId": number}]}, status)


@pytest.mark.parametrize("seed", [OLDEST_FIRST, NEWEST_FIRST])
@pytest.mark.parametrize(("orders", "per_page"), [(0, 7), (1, 7), (7, 7), (8, 7), (40, 7), (40, 5), (250, 200)])
def test_a_seller_at_rest_is_read_once_each(orders: int, per_page: int, seed: int) -> None:
    seller = Seller(orders, per_page=per_page, seed=seed)
    found, until = seller.sweep(WINDOW)
    assert (sorted(found), until) == (sorted(seller.ids()), END)


@pytest.mark.parametrize("seed", [OLDEST_FIRST, NEWEST_FIRST])
def test_orders_of_one_second_are_all_there(seed: int) -> None:
    seller = Seller(0, seed=seed)
    for _ in range(60):
        seller.shop.place()
    seller.now += timedelta(seconds=1)
    assert sorted(seller.sweep(WINDOW)[0]) == sorted(seller.ids())


@pytest.mark.parametrize("seed", [OLDEST_FIRST, NEWEST_FIRST])
@pytest.mark.parametrize("at_once", [1, 3, 14])
def test_orders_that_leave_take_nobody_with_them(seed: int, at_once: int) -> None:
    """Touched orders leave the window that has ended; they belong to the next one."""
    seller = Seller(60, seed=seed)
    before = list(seller.shop.sales)
    leaving = before if seed == OLDEST_FIRST else before[::-1]
    ids = seller.ids()
    gone: set[str] = set()

    def leave(page: int) -> None:
        for number in leaving[(page - 1) * at_once : page * at_once]:
            seller.shop.change(number)
            gone.add(ids[before.index(number)])

    found, until = seller.sweep(WINDOW, lambda page: leave(page) if page <= 3 else None)
    assert set(found) >= set(ids) - gone
    assert until == END
    seller.now += timedelta(seconds=5)
    assert set(found) | set(seller.sweep(Window(until))[0]) == set(ids)


@pytest.mark.parametrize("seed", [OLDEST_FIRST, NEWEST_FIRST])
def test_the_control_loses(seed: int) -> None:
    """Plain offsets, which the other tests would fail with."""
    seller = Seller(40, seed=seed)
    order_of = list(seller.shop.sales) if seed == OLDEST_FIRST else list(seller.shop.sales)[::-1]
    ids = dict(zip(seller.shop.sales, seller.ids(), strict=True))
    span = f"lastmodifieddate:[2026-10-30T12:00:00.000Z..{NOON:%Y-%m-%dT%H:%M:%S}.000Z]"
    serve(ebay.check(seller.remote), seller.serve)
    token = HeaderAuth("Authorization", f"Bearer {seller.remote.memory['ebay_token']}")
    found: list[str] = []
    for offset in range(0, 40, 10):
        params = (("filter", span), ("limit", "10"), ("offset", str(offset)))
        url = "https://api.ebay.example/sell/fulfillment/v1/order"
        page = json.loads(seller.serve(Request("GET", url, params, auth=token)).body)
        found += [each["orderId"] for each in page["orders"]]
        if offset == 0:
            seller.now += timedelta(seconds=1)
            for number in order_of[:3]:
                seller.shop.change(number)
    assert len(set(ids.values()) - set(found)) == 3


def test_an_order_that_shows_up_late_is_fetched_by_another_pass() -> None:
    seller = Seller(30, seed=NEWEST_FIRST)
    seller.shop.place(hidden=2, age=5)
    found, _ = seller.sweep(WINDOW)
    assert set(found) == set(seller.ids())


@pytest.mark.parametrize("seed", [OLDEST_FIRST, NEWEST_FIRST])
def test_orders_that_come_meanwhile_are_left_to_the_next_window(seed: int) -> None:
    seller = Seller(40, seed=seed)
    before = seller.ids()
    found, until = seller.sweep(WINDOW, lambda page: [seller.shop.place() for _ in range(page % 4)])
    assert sorted(found) == sorted(before)
    seller.now += timedelta(seconds=1)
    assert set(seller.sweep(Window(until))[0]) == set(seller.ids()) - set(before)


def test_the_end_is_ebays_clock_and_stays() -> None:
    first, requests = play(ebay.orders.in_window(shop(), WINDOW, None), [listing("1-1", total=500)])
    assert dict(requests[0].params)["filter"] == "lastmodifieddate:[2026-10-30T12:00:00.000Z..]"
    assert first.until == END
    assert first.next is not None
    _, requests = play(ebay.orders.in_window(shop(), WINDOW, first.next), [listing("1-1", "1-2", total=2)])
    span = "lastmodifieddate:[2026-10-30T12:00:00.000Z..2026-11-01T11:59:59.000Z]"
    assert dict(requests[0].params) == {"filter": span, "limit": "200", "offset": "0"}
    assert DATE.startswith("Sun, 01 Nov 2026 12:00:00")


def test_dates_ebay_refuses_are_cut_and_asked_again() -> None:
    window = Window(NOON - timedelta(days=4000), NOON + timedelta(hours=1))
    page, requests = play(ebay.orders.in_window(shop(), window, None), [refused(30850), listing("1-1")])
    assert (page.until, len(requests)) == (END, 2)
    assert dict(requests[1].params)["filter"] == (
        "lastmodifieddate:[2024-11-01T13:00:00.000Z..2026-11-01T11:59:59.000Z]"
    )
    seller = Seller(3)
    assert len(seller.sweep(window)[0]) == 3


def test_an_expired_token_is_replaced_once() -> None:
    seller = Seller(20)
    seller.sweep(WINDOW)
    old = seller.remote.memory["ebay_token"]
    seller.now += timedelta(hours=3)
    _, requests = serve(ebay.orders.in_window(seller.remote, WINDOW, None), seller.serve)
    assert [request.url.rpartition("/")[2] for request in requests] == ["order", "token", "order"]
    assert seller.remote.memory["ebay_token"] != old
    form = parse_qs((requests[1].body or b"").decode())
    assert form == {"grant_type": ["refresh_token"], "refresh_token": [seller.shop.secret]}
    assert seller.shop.secret not in repr(requests[0]) + repr(seller.remote)


def test_a_token_that_is_refused_again_stops() -> None:
    operation = ebay.orders.in_window(shop(), WINDOW, None)
    answers = [refused(1001, 401), answer({"access_token": "new"}), refused(1001, 401)]
    with pytest.raises(ShopError) as caught:
        play(operation, answers)
    assert caught.value.kind == Failure.CREDENTIALS


@pytest.mark.parametrize(
    ("reply", "kind", "wait"),
    [
        (ShopError(Failure.BUSY, "Wait.", status=429), Failure.BUSY, 900),
        (ShopError(Failure.BUSY, "Wait.", status=429, retry_after=7), Failure.BUSY, 7),
        (ShopError(Failure.UNAVAILABLE, "Down."), Failure.UNAVAILABLE, None),
        (refused(2001, 429), Failure.BUSY, 20 * 3600),  # until midnight Pacific
        (refused(1, 429), Failure.BUSY, 900),
        (refused(30700), Failure.REFUSED, None),
        (answer(b"<html>"), Failure.NONSENSE, None),
        (answer(b"[" * 5000), Failure.NONSENSE, None),
        (answer({"total": 1, "orders": [order()]} | {"orders": "x"}), Failure.NONSENSE, None),
        (answer({}), Failure.NONSENSE, None),
        (answer({"total": 0, "orders": []}, date=""), Failure.NONSENSE, None),
    ],
)
def test_refusals(reply: Response | ShopError, kind: Failure, wait: float | None) -> None:
    with pytest.raises(ShopError) as caught:
        play(ebay.orders.in_window(shop(), WINDOW, None), [reply])
    assert (caught.value.kind, caught.value.retry_after) == (kind, wait)


def test_a_listing_that_repeats_itself_ends() -> None:
    first, _ = play(ebay.orders.in_window(shop(), WINDOW, None), [listing("1-1", "1-2", total=9)])
    with pytest.raises(ShopError, match="every page with the one before"):
        play(ebay.orders.in_window(shop(), WINDOW, first.next), [listing("1-1", "1-2", total=9)])


def test_ids_in_one_request() -> None:
    page, requests = play(ebay.orders.by_ids(shop(), ("1-2", "1-1", "1-2")), [listing("1-1", "1-2", "9-9")])
    assert dict(requests[0].params) == {"orderIds": "1-1,1-2"}
    assert (ids_of(page), page.next) == (["1-1", "1-2"], None)
    with pytest.raises(ValueError, match="At most 50"):
        play(ebay.orders.by_ids(shop(), tuple(map(str, range(51)))), [])


def test_an_unknown_id_does_not_spoil_the_others() -> None:
    known = {"1-1", "1-2", "1-4"}

    def platform(request: Request) -> Response:
        asked = dict(request.params)["orderIds"].split(",")
        return listing(*asked) if set(asked) <= known else refused(32100, 404)

    page, requests = serve(ebay.orders.by_ids(shop(), ("1-1", "1-2", "1-3", "1-4")), platform)
    assert (ids_of(page), len(requests)) == (["1-1", "1-2", "1-4"], 5)


@pytest.mark.parametrize("bad", ["", "abc", "1,2", "-1", "../x", "1-2-3-4", "٣", "9" * 30, "1 OR 1"])
def test_what_is_no_id_is_never_sent(bad: str) -> None:
    assert play(ebay.orders.by_ids(shop(), (bad,)), [])[0].payloads == ()
    assert play(ebay.orders.by_number(shop(), bad), [])[0].payloads == ()


@pytest.mark.parametrize(
    ("number", "found"),
    [("12-34567-89012", 1), (" #12-34567-89012 ", 1), ("110222-55555", 1), ("12-34567-89013", 0)],
)
def test_numbers_are_exact(number: str, found: int) -> None:
    page, _ = play(ebay.orders.by_number(shop(), number), [listing("12-34567-89012")])
    assert len(page.payloads) == found


def test_payloads_are_ebays_own_bytes() -> None:
    body = b'{"total": 1, "orders": [ {"orderId":"1-1",  "x": 1.10} ]}'
    page, _ = play(ebay.orders.by_ids(shop(), ("1-1",)), [answer(body)])
    assert page.payloads == (b'{"orderId":"1-1",  "x": 1.10}',)
