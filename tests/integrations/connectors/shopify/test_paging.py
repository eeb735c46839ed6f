"""No order that stays in a window is lost, whatever moves between the pages. The controls, which do lose, show why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.shopify.requests import call
from integrations.simulator.dialects.shopify.answering import state_of
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.shopify.orders import SHOP, keys, line, lines, order
from tests.recorded import able, answer, from_site, play, serve

shopify = get("shopify")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(days=2))


class Street:
    """A simulated shop without a network, whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, per_page: int = 7, apart: int = 60) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Street", seed=5, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, "shopify")
        for number in range(orders):
            self.shop.place(age=(orders - number) * apart)
        self.remote = replace(SHOP, credentials=keys(self.shop), settings={"per_page": per_page}, memory={})
        self.asked: list[Request] = []

    def ids(self) -> list[str]:
        return [str(number) for number in sorted(self.shop.sales)]

    def serve(self, request: Request) -> Response:
        self.asked.append(request)
        return from_site(self.site, request)

    def sweep(
        self, window: Window = WINDOW, between: Callable[[int], object] = lambda page: None
    ) -> tuple[list[str], datetime]:
        """Every id of a window, with something happening after each page; and the window's end."""
        found: list[str] = []
        cursor: Cursor | None = None
        for number in range(1, 500):
            page, _ = serve(shopify.orders.in_window(self.remote, window, cursor), self.serve)
            found += ids_of(page)
            assert page.until is not None
            if page.next is None:
                return found, page.until
            cursor = json.loads(json.dumps(page.next))
            self.now += timedelta(seconds=1)
            between(number)
        raise AssertionError("the listing never ends")


def ids_of(page: OrderPage) -> list[str]:
    return [shopify.identify(payload, SHOP).external_id for payload in page.payloads]


@pytest.mark.parametrize(("orders", "per_page"), [(0, 7), (1, 7), (7, 7), (8, 7), (40, 7), (40, 1), (260, 250)])
def test_a_shop_at_rest_is_read_once_each(orders: int, per_page: int) -> None:
    street = Street(orders, per_page=per_page)
    assert street.sweep() == (street.ids(), NOON)
    assert len(street.asked) == 1 + max(1, -(-orders // per_page)), "the clock, and the pages"


def test_both_ends_are_in_the_window() -> None:
    street = Street(0)
    for age in (7300, 7200, 3600, 0):
        street.shop.place(age=age)
    window = Window(NOON - timedelta(seconds=7200), NOON - timedelta(seconds=3600))
    assert street.sweep(window)[0] == street.ids()[1:3]
    assert all(b"clock" not in (request.body or b"").lower() for request in street.asked), "the end was given"


@pytest.mark.parametrize("seed", range(6))
def test_moving_orders(seed: int) -> None:
    """Orders are placed, touched, trashed and deleted between the pages; those that stay are all there."""
    street, random = Street(60), Random(seed)
    stay = set(street.ids())
    touched: set[str] = set()

    def stir(page: int) -> None:
        for _ in range(3):
            number = random.choice(sorted(street.shop.sales))
            what = random.choice([street.shop.place, street.shop.change, street.shop.delete])
            if what == street.shop.place:
                street.shop.place()
            elif what == street.shop.delete:
                street.shop.delete(number)
                stay.discard(str(number))
            else:
                street.shop.change(number, random.choice(["completed", "trash", None]))
                touched.add(str(number))
                stay.discard(str(number))

    found, until = street.sweep(between=stir)
    assert set(found) >= stay
    later, _ = street.sweep(Window(until))
    alive = {str(sale.id) for sale in street.shop.visible() if sale.state(street.now).status != "trash"}
    assert set(found) | set(later) >= alive, "what moved out of the first window is in the next"


def test_control_going_on_after_the_last_stamp_loses_orders() -> None:
    """Several orders share a second; a keyset of stamps alone skips those that did not fit on the page."""
    street = Street(40, apart=0)
    found: list[str] = []
    after = "2026-10-01T00:00:00Z"
    for _ in range(50):
        question = f"updated_at:>'{after}'"
        query = "query($q: String!) { orders(first: 7, query: $q, sortKey: UPDATED_AT) { nodes { id updatedAt } } }"
        (data, _), _ = serve(call(street.remote, query, {"q": question}), street.serve)
        nodes: list[dict[str, Any]] = json.loads(bytes(data["orders"]))["nodes"]
        if not nodes:
            break
        found += [node["id"].rsplit("/", 1)[1] for node in nodes]
        after = nodes[-1]["updatedAt"]
    assert len(found) < 40
    assert street.sweep()[0] == street.ids()


def test_an_order_that_shows_up_late_is_looked_for() -> None:
    """Shopify counts it before its search finds it: the window is read again."""
    street = Street(10)
    empty: dict[str, Any] = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    count = {"count": 2, "precision": "EXACT"}
    whole = {**empty, "nodes": [order()]}
    first, _ = play(
        shopify.orders.in_window(street.remote, Window(NOON, NOON), None),
        [answer({"data": {"orders": whole, "ordersCount": count}})],
    )
    assert (len(first.payloads), first.total) == (1, 2)
    assert first.next is not None
    second, _ = play(
        shopify.orders.in_window(street.remote, Window(NOON, NOON), first.next),
        [answer({"data": {"orders": whole, "ordersCount": count}})],
    )
    assert second.next is None, "no more than the pass before was missing"


def test_a_question_too_costly_is_made_smaller() -> None:
    street = Street(40, per_page=20)
    state_of(street.shop).most_cost = 100
    assert street.sweep()[0] == street.ids()
    size = street.remote.memory["page_size"]
    assert size < 20
    state_of(street.shop).most_cost = 10
    with pytest.raises(ShopError, match="too large"):
        street.sweep(Window(NOON, NOON))


def test_a_throttled_question_says_how_long_to_wait() -> None:
    street = Street(5)
    street.sweep()
    state = state_of(street.shop)
    state.points, state.restored = 0, 10
    with pytest.raises(ShopError) as caught:
        serve(shopify.orders.in_window(street.remote, Window(NOON, NOON), None), street.serve)
    assert caught.value.kind == Failure.BUSY
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 30
    street.now += timedelta(seconds=caught.value.retry_after)
    assert street.sweep()[0] == street.ids()


def test_an_order_of_many_lines_is_read_whole_and_the_same_each_time() -> None:
    def page(place: int, more: bool) -> dict[str, Any]:
        return lines(line(place), pageInfo={"hasNextPage": more, "endCursor": f"c{place}"})

    whole = {"pageInfo": {"hasNextPage": False}, "nodes": [order(lineItems=page(0, True))]}
    more = order(lineItems=page(1, False))["lineItems"]
    answers = [answer({"data": {"nodes": whole["nodes"]}}), answer({"data": {"order": {"lineItems": more}}})]
    found, asked = play(shopify.orders.by_ids(SHOP, ("450000002001",)), answers)
    assert json.loads(asked[1].body or b"")["variables"] == {"id": "gid://shopify/Order/450000002001", "after": "c0"}
    assert [each.key for each in shopify.parse(found.payloads[0], SHOP).lines] == ["315", "316"]
    answers[0] = answer({"data": {"orders": whole}})
    assert play(shopify.orders.by_number(SHOP, "2001"), answers)[0].payloads == found.payloads


def test_a_page_that_is_throttled_among_its_lines_is_made_smaller() -> None:
    """Asked for again as it was, it might use up the points each time."""
    long = order(lineItems=lines(line(), pageInfo={"hasNextPage": True, "endCursor": "c"}))
    data = {"orders": {"pageInfo": {"hasNextPage": False}, "nodes": [long] * 8}, "ordersCount": {"count": 8}}
    throttled = answer({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]})
    shop = replace(SHOP, memory={})
    with pytest.raises(ShopError) as caught:
        play(shopify.orders.in_window(shop, Window(NOON, NOON), None), [answer({"data": data}), throttled])
    assert (caught.value.kind, shop.memory["page_size"]) == (Failure.BUSY, 4)


def test_orders_by_ids() -> None:
    street = Street(60, per_page=25)
    asked = (*street.ids(), "1", "007", "x", "99999999999999999999")
    page, requests = serve(shopify.orders.by_ids(street.remote, asked), street.serve)
    assert sorted(ids_of(page), key=int) == street.ids()
    assert len(requests) == 3
    swept, _ = serve(shopify.orders.in_window(street.remote, WINDOW, None), street.serve)
    assert set(swept.payloads) <= set(page.payloads), "the same bytes, whichever way"
    with pytest.raises(ValueError, match="At most 100"):
        serve(shopify.orders.by_ids(SHOP, tuple(map(str, range(101)))), street.serve)


def test_what_was_not_asked_for_is_not_taken() -> None:
    nodes = [None, {}, order(id="gid://shopify/Order/5"), order(id="gid://shopify/Product/450000002001")]
    assert play(shopify.orders.by_ids(SHOP, ("450000002001",)), [answer({"data": {"nodes": nodes}})])[0].payloads == ()
    assert play(shopify.orders.by_ids(SHOP, ("abc",)), [])[0].payloads == ()


@pytest.mark.parametrize("typed", ["#{}", "{}", " #{} "])
def test_order_by_number(typed: str) -> None:
    street = Street(12)
    wanted = street.ids()[4]
    page, asked = serve(shopify.orders.by_number(street.remote, typed.format(wanted)), street.serve)
    assert (ids_of(page), len(asked)) == ([wanted], 1)


@pytest.mark.parametrize("typed", ["", "#", "1", '" OR id:>0', "x" * 200])
def test_only_exact_numbers(typed: str) -> None:
    street = Street(12)
    assert serve(shopify.orders.by_number(street.remote, typed), street.serve)[0].payloads == ()


def test_a_search_that_finds_more_is_compared() -> None:
    nodes = [order(name="#2001-A"), order(name="EN2001"), order(id="gid://shopify/Order/5", name="#2001")]
    data = {"orders": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}}
    page, _ = play(shopify.orders.by_number(SHOP, "2001"), [answer({"data": data})])
    assert ids_of(page) == ["5"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"data":null}',
        b'{"data":{"orders":[]}}',
        b'{"data":{"orders":{"nodes":{}}}}',
        b'{"data":{"orders":{"nodes":[],"pageInfo":{"hasNextPage":true}}}}',
        b"[" * 100_000,
        b"\xff\xfe",
        b"",
    ],
)
def test_nonsense(body: bytes) -> None:
    with pytest.raises(ShopError) as caught:
        play(shopify.orders.in_window(SHOP, Window(NOON, NOON), None), [answer(body)])
    assert caught.value.kind == Failure.NONSENSE
    assert str(caught.value).endswith(".")


def test_products_are_variants() -> None:
    street = Street(0)
    page, _ = serve(able(shopify.products)(street.remote, None), street.serve)
    named = {product.sku: product for product in page.products}
    assert named["SHIRT-M"].name == "Barista shirt - M"
    assert named["MUG-BLUE"].name == 'Mug "Zwiebelmuster" & saucer'
    assert (named["MUG-BLUE"].stock_managed, named["MUG-BLUE"].quantity) == (True, 48)
    assert (named[""].stock_managed, named[""].quantity) == (False, None)
    assert page.next is None


def test_products_of_many_pages() -> None:
    def variants(number: int, more: bool) -> Response:
        node = {"legacyResourceId": str(number), "title": "Default Title", "product": {"title": "Tea"}}
        info = {"hasNextPage": more, "endCursor": f"c{number}"}
        return answer({"data": {"productVariants": {"pageInfo": info, "nodes": [node, {"legacyResourceId": None}]}}})

    first, _ = play(able(shopify.products)(SHOP, None), [variants(1, True)])
    second, asked = play(able(shopify.products)(SHOP, first.next), [variants(2, False)])
    assert [each.external_id for each in (*first.products, *second.products)] == ["1", "2"]
    assert json.loads(asked[0].body or b"")["variables"]["after"] == "c1"
    assert second.next is None
