"""No order that stays in a window is lost, whatever moves between the pages. The controls, which do lose, show why."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, Request, Response
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.woocommerce.requests import entries
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.woocommerce.orders import SHOP, brief
from tests.recorded import DATE, answer, play, serve

woo = get("woocommerce")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SINCE = NOON - timedelta(days=2)
WINDOW = Window(SINCE)


class Street:
    """A simulated shop without a network, whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, version: str = "11.0.1", per_page: int = 7) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Street", seed=5, clock=lambda: self.now, version=version)
        self.site = SimulatedSite(self.shop)
        for number in range(orders):
            self.shop.place(age=orders * 60 - number * 60)
        keys = {"consumer_key": self.shop.key, "consumer_secret": self.shop.secret}
        self.remote = Shop("https://street.example", keys, SHOP.zone, {"per_page": per_page})

    def ids(self) -> list[int]:
        return sorted(self.shop.sales)

    def serve(self, request: Request) -> Response:
        assert request.auth == BasicAuth(self.shop.key, self.shop.secret)
        path = request.url.removeprefix("https://street.example")
        params = (*request.params, ("consumer_key", self.shop.key), ("consumer_secret", self.shop.secret))
        answered, _ = self.site.answer(Asked(request.method, path, params, secure=True))
        return Response(
            answered.status, {name.lower(): value for name, value in answered.headers.items()}, answered.body
        )

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> tuple[list[int], datetime]:
        """Every id of a window, with something happening after each page; and the window's end."""
        found: list[int] = []
        cursor: Cursor | None = None
        for page in range(1, 500):
            result, _ = serve(woo.orders.in_window(self.remote, window, cursor), self.serve)
            found += ids_of(result)
            assert result.until is not None
            if result.next is None:
                return found, result.until
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")


def ids_of(page: OrderPage) -> list[int]:
    return [json.loads(payload)["id"] for payload in page.payloads]


@pytest.mark.parametrize("version", ["11.0.1", "6.7.0"])
@pytest.mark.parametrize(("orders", "per_page"), [(0, 7), (1, 7), (7, 7), (8, 7), (40, 7), (40, 5), (250, 100)])
def test_a_shop_at_rest_is_read_once_each(orders: int, per_page: int, version: str) -> None:
    street = Street(orders, version=version, per_page=per_page)
    assert street.sweep(Window(NOON - timedelta(hours=6))) == (street.ids(), NOON)


def test_orders_that_share_a_second_are_all_there() -> None:
    street = Street(0)
    for _ in range(60):
        street.shop.place()
    assert street.sweep(WINDOW)[0] == street.ids()


@pytest.mark.parametrize("way", ["trash", "touch", "delete"])
def test_orders_that_leave_between_pages_take_nobody_with_them(way: str) -> None:
    street = Street()
    before = street.ids()

    def leave(page: int) -> None:
        gone = before[page - 1]
        street.shop.delete(gone) if way == "delete" else street.shop.change(gone, "trash" if way == "trash" else None)

    found, until = street.sweep(WINDOW, leave)
    assert found == before
    assert until == NOON


def test_many_leave_at_once() -> None:
    street = Street()
    before = street.ids()

    def leave(page: int) -> None:
        for order_id in before[:14]:
            street.shop.change(order_id, "trash")

    found, _ = street.sweep(WINDOW, lambda page: leave(page) if page == 3 else None)
    assert set(found) == set(before)


def test_the_last_order_read_leaves() -> None:
    street = Street()
    before = street.ids()
    found, _ = street.sweep(WINDOW, lambda page: street.shop.change(before[6], "trash") if page == 1 else None)
    assert found == before


def test_all_that_is_left_leaves() -> None:
    street = Street()
    before = street.ids()

    def leave(page: int) -> None:
        for order_id in before[5:]:
            street.shop.change(order_id)

    found, _ = street.sweep(WINDOW, lambda page: leave(page) if page == 2 else None)
    assert set(before[:5]) <= set(found)


def test_orders_that_come_late_below_the_place_reached_are_read_in_another_pass() -> None:
    street = Street()
    hidden = [street.shop.sales[order_id] for order_id in street.ids()[2:6]]
    for sale in hidden:
        sale.visible_at = NOON + timedelta(seconds=2)
    assert set(street.sweep(WINDOW)[0]) == set(street.ids())


def test_a_late_comer_is_not_hidden_by_one_that_left() -> None:
    street = Street()
    ids = street.ids()
    street.shop.sales[ids[2]].visible_at = NOON + timedelta(seconds=3)
    found, _ = street.sweep(WINDOW, lambda page: street.shop.change(ids[0], "trash") if page == 1 else None)
    assert set(found) == set(ids)


def test_new_orders_wait_for_the_next_window() -> None:
    street = Street()
    before = street.ids()
    found, until = street.sweep(WINDOW, lambda page: street.shop.place())
    assert found == before
    street.now += timedelta(seconds=5)
    later, _ = street.sweep(Window(until - timedelta(minutes=10)))
    assert set(street.ids()) == set(found) | set(later)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_moves_what_stays_is_found(seed: int) -> None:
    """And with the windows after it, everything is."""
    random = Random(seed)
    street = Street(random.randint(0, 60), per_page=random.choice([5, 6, 9]))
    seen: set[int] = set()
    touched: set[int] = set()

    def stir(page: int) -> None:
        for _ in range(random.randint(0, 4)):
            ids = street.ids()
            match random.choice(["place", "trash", "touch", "late"]):
                case "place":
                    street.shop.place(hidden=random.choice([0, 0, 30]))
                case "late":
                    street.shop.place(hidden=2, age=5)
                case way if ids:
                    touched.add(order_id := random.choice(ids))
                    street.shop.change(order_id, "trash" if way == "trash" else None)

    window = WINDOW
    for _ in range(4):
        stayed = {sale.id for sale in street.shop.visible() if sale.state(street.now).status != "trash"}
        touched.clear()
        found, until = street.sweep(window, stir)
        assert stayed - touched - seen <= set(found)
        seen |= set(found)
        window = Window(until - timedelta(minutes=10))
        street.now += timedelta(seconds=40)
    found, _ = street.sweep(window)
    alive = {order_id for order_id, sale in street.shop.sales.items() if sale.state(street.now).status != "trash"}
    assert alive <= seen | set(found)


class TestControls:
    """What other ways of paging lose in the same shop."""

    def pages(
        self, street: Street, between: Callable[[int], object], **params: str
    ) -> Generator[Request, Response, list[int]]:
        found: list[int] = []
        for page in range(1, 100):
            asked = {"per_page": "7", "page": str(page), "status": "any", **params}
            url = "https://street.example/wp-json/wc/v3/orders"
            response = yield Request(
                "GET", url, tuple(asked.items()), auth=BasicAuth(street.shop.key, street.shop.secret)
            )
            documents = entries(response)
            found += [json.loads(document)["id"] for document in documents]
            if len(documents) < 7:
                break
            street.now += timedelta(seconds=1)
            between(page)
        return found

    def test_page_numbers_by_modified_lose_orders_of_one_second(self) -> None:
        street = Street(0, version="6.7.0")
        for _ in range(60):
            street.shop.place()
        found, _ = serve(self.pages(street, lambda page: None, orderby="modified", order="asc"), street.serve)
        assert set(street.ids()) - set(found)

    def test_page_numbers_by_modified_lose_an_order_when_another_is_touched(self) -> None:
        street = Street()
        before = street.ids()
        found, _ = serve(
            self.pages(street, lambda page: street.shop.change(before[page]), orderby="modified", order="asc"),
            street.serve,
        )
        assert set(before) - set(found)

    def test_page_numbers_by_id_lose_an_order_when_another_is_trashed(self) -> None:
        street = Street()
        before = street.ids()
        found, _ = serve(
            self.pages(street, lambda page: street.shop.change(before[page], "trash"), orderby="id", order="asc"),
            street.serve,
        )
        assert set(before) - set(found)


def test_the_question_that_is_asked() -> None:
    """Both ends widened by a second, in Z, without dates_are_gmt; the end is the shop's clock at the first answer."""
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    first, requests = play(
        woo.orders.in_window(shop, WINDOW, None), [answer([brief(number) for number in range(1, 6)], x_wp_total="6")]
    )
    assert requests[0].url == "https://shop.example/wp-json/wc/v3/orders"
    asked = {
        "status": "any",
        "orderby": "id",
        "order": "asc",
        "per_page": "5",
        "modified_after": "2026-10-30T11:59:59Z",
    }
    assert dict(requests[0].params) == {**asked, "offset": "0"}
    assert (first.until, first.total) == (NOON, 6)
    assert DATE == "Sun, 01 Nov 2026 12:00:00 GMT"

    second, requests = play(
        woo.orders.in_window(shop, WINDOW, first.next), [answer([brief(5), brief(6)], x_wp_total="6")]
    )
    assert dict(requests[0].params) == {**asked, "offset": "4", "modified_before": "2026-11-01T12:00:01Z"}
    assert (ids_of(second), second.next, second.until) == ([6], None, NOON)


def test_a_page_beyond_the_end_steps_back_and_its_total_of_zero_is_not_believed() -> None:
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    ids = [brief(number) for number in range(1, 10)]
    first, _ = play(woo.orders.in_window(shop, WINDOW, None), [answer(ids[:5], x_wp_total="9")])
    second, requests = play(
        woo.orders.in_window(shop, WINDOW, first.next),
        [answer([], x_wp_total="0"), answer(ids[2:5], x_wp_total="5")],
    )
    assert [dict(request.params)["offset"] for request in requests] == ["4", "2"]
    assert (second.payloads, second.next) == ((), None)


def test_carts_are_left_out_but_counted() -> None:
    drafts = [brief(2, status="checkout-draft"), brief(3, status="auto-draft"), brief(4, status="draft")]
    page, _ = play(woo.orders.in_window(SHOP, WINDOW, None), [answer([brief(1), *drafts, brief(5)], x_wp_total="5")])
    assert (ids_of(page), page.next) == ([1, 5], None)


def test_entries_the_shop_counts_but_never_shows_cost_one_more_pass_only() -> None:
    """A user who may not read every order, or an order whose data are damaged."""
    reply = answer([brief(1), brief(3)], x_wp_total="3")
    first, _ = play(woo.orders.in_window(SHOP, WINDOW, None), [reply])
    assert first.next is not None
    second, _ = play(woo.orders.in_window(SHOP, WINDOW, first.next), [reply])
    assert second.next is None


def test_a_short_page_in_the_middle_is_not_the_end() -> None:
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    first, _ = play(woo.orders.in_window(shop, WINDOW, None), [answer([brief(1), brief(2)], x_wp_total="7")])
    assert first.next is not None
    assert first.next["place"]["offset"] == 4


def test_without_a_total_a_short_page_is_the_end() -> None:
    page, _ = play(woo.orders.in_window(SHOP, WINDOW, None), [answer([brief(1), brief(2)])])
    assert page.next is None


def test_more_orders_than_asked_for_are_taken() -> None:
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    page, _ = play(
        woo.orders.in_window(shop, WINDOW, None), [answer([brief(n) for n in range(1, 201)], x_wp_total="200")]
    )
    assert (len(page.payloads), page.next) == (200, None)


def test_a_bad_order_in_a_page_comes_out_for_its_error_row() -> None:
    page, _ = play(
        woo.orders.in_window(SHOP, WINDOW, None), [answer([brief(1), {"id": None}, brief(3)], x_wp_total="3")]
    )
    assert len(page.payloads) == 3


def test_a_list_of_bad_orders_alone_is_a_list_where_the_shop_counts_it() -> None:
    replies = [answer([{"id": None}, {"id": "x"}], x_wp_total="2")]
    page, _ = play(woo.orders.in_window(SHOP, WINDOW, None), replies)
    assert (len(page.payloads), page.next) == (2, None)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(b"<!DOCTYPE html><html>s3cr3t"), Failure.NONSENSE),
        (answer({"errors": []}), Failure.NONSENSE),
        (answer(b""), Failure.NONSENSE),
        (answer(b"null"), Failure.NONSENSE),
        (answer(b"", 204), Failure.NONSENSE),
        (answer([brief(3), brief(2)]), Failure.NONSENSE),
        (answer([{"no": "id"}]), Failure.NONSENSE),
        (answer([brief(1)], date=""), Failure.NONSENSE),
        (answer({"code": "rest_invalid_param"}, 400), Failure.REFUSED),
        (answer({"code": "woocommerce_rest_cannot_view"}, 401), Failure.CREDENTIALS),
        (answer({"code": "woocommerce_rest_cannot_view"}, 403), Failure.CREDENTIALS),
        (answer({"code": "woocommerce_rest_authentication_error"}, 401), Failure.CREDENTIALS),
        (answer(b"<html>", 403), Failure.UNAVAILABLE),
        (answer(b"<html>", 401), Failure.CREDENTIALS),
        (answer(b"<html>", 404), Failure.ADDRESS),
        (answer({"code": "rest_no_route"}, 404), Failure.ADDRESS),
        (answer(b"<html>", 502), Failure.UNAVAILABLE),
        (answer({"code": "x", "data": 500}, 500), Failure.UNAVAILABLE),
        (answer(b"", 429), Failure.BUSY),
    ],
)
def test_other_answers_move_no_cursor(reply: Response, kind: Failure) -> None:
    with pytest.raises(ShopError) as caught:
        play(woo.orders.in_window(SHOP, WINDOW, None), [reply])
    assert caught.value.kind == kind
    assert "s3cr3t" not in str(caught.value)


def test_a_shop_that_repeats_its_first_page_is_found_out() -> None:
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    page = answer([brief(number) for number in range(1, 6)], x_wp_total="20")
    first, _ = play(woo.orders.in_window(shop, WINDOW, None), [page])
    with pytest.raises(ShopError, match="every page with the first one"):
        play(woo.orders.in_window(shop, WINDOW, first.next), [page, page])


def test_a_clock_set_back_never_ends_a_window_before_its_start() -> None:
    page, _ = play(woo.orders.in_window(SHOP, Window(NOON + timedelta(hours=1)), None), [answer([], x_wp_total="0")])
    assert page.until == NOON + timedelta(hours=1)


def test_as_many_joining_as_were_read_are_not_taken_for_broken_paging() -> None:
    """The second page then begins with the very first order, as it would where every page is the first one."""
    street = Street(40, per_page=5)
    older = street.ids()[:4]

    def touch(page: int) -> None:
        if page == 1:
            for order_id in older:
                street.shop.change(order_id)

    found, _ = street.sweep(Window(NOON - timedelta(minutes=20), NOON + timedelta(hours=1)), touch)
    assert set(found) == {*older, *street.ids()[-20:]}


def test_a_count_beyond_belief_is_no_count() -> None:
    page, _ = play(woo.orders.in_window(SHOP, WINDOW, None), [answer([brief(1)], x_wp_total="9999999999")])
    assert page.total is None
