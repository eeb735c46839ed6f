"""Orders by id and by number: only what was asked for comes out, however much the shop answers."""

from __future__ import annotations

import json

import pytest

from integrations.connectors import get
from integrations.connectors.http import Request, Response
from integrations.connectors.listings import OrderPage
from tests.integrations.connectors.woocommerce.orders import SHOP, brief
from tests.recorded import answer, play, serve

woo = get("woocommerce")


def ids_of(page: OrderPage) -> list[int]:
    return [json.loads(payload)["id"] for payload in page.payloads]


def test_ids_are_asked_for_in_one_request() -> None:
    page, requests = play(woo.orders.by_ids(SHOP, ("12", "5", "12")), [answer([brief(5), brief(12)])])
    params = dict(requests[0].params)
    assert (params["include"], params["per_page"], params["orderby"]) == ("5,12", "100", "id")
    assert (ids_of(page), page.next) == ([5, 12], None)


def test_what_was_not_asked_for_does_not_come_out() -> None:
    page, _ = play(woo.orders.by_ids(SHOP, ("5",)), [answer([brief(number) for number in range(1, 11)])])
    assert ids_of(page) == [5]


@pytest.mark.parametrize("bad", ["", "abc", "1,2", "-1", "0x1", "5.0", "٣", "05", "9" * 30, "1 OR 1"])
def test_what_is_no_id_is_never_sent(bad: str) -> None:
    page, requests = play(woo.orders.by_ids(SHOP, (bad,)), [])
    assert (page.payloads, requests) == ((), [])


def test_at_most_a_hundred() -> None:
    with pytest.raises(ValueError, match="At most 100"):
        play(woo.orders.by_ids(SHOP, tuple(map(str, range(1, 102)))), [])


class Numbered:
    """A shop whose plugin numbers orders, and whose search finds nothing by number."""

    def __init__(self, orders: int = 250) -> None:
        self.orders = [brief(number, number=f"2026/{number:05}") for number in range(1, orders + 1)]
        self.orders[9]["number"] = "77"

    def serve(self, request: Request) -> Response:
        params = dict(request.params)
        if "include" in params:
            wanted = params["include"].split(",")
            return answer([each for each in self.orders if str(each["id"]) in wanted])
        if "search" in params:
            return answer([each for each in self.orders if str(each["id"]) == params["search"]])
        size, page = int(params["per_page"]), int(params["page"])
        newest = self.orders[::-1][size * (page - 1) : size * page]
        return answer([{name: each[name] for name in params["_fields"].split(",")} for each in newest])


@pytest.mark.parametrize(
    ("number", "found", "requests"),
    [
        ("2026/00006", [6], 5),
        ("#2026/00250", [250], 3),
        (" 2026/00006 ", [6], 5),
        ("2026/0000", [], 4),
        ("2026/9", [], 4),
        ("77", [10], 6),
        ("60", [60], 5),
        ("99999", [], 5),
        ("", [], 0),
    ],
)
def test_a_number_that_a_plugin_gave(number: str, found: list[int], requests: int) -> None:
    """77 is the number of order 10 and the id of another: the number wins. 60 is nobody's number: the id is taken."""
    page, asked = serve(woo.orders.by_number(SHOP, number), Numbered().serve)
    assert (ids_of(page), len(asked)) == (found, requests)


def test_usually_number_and_id_are_one() -> None:
    page, requests = play(woo.orders.by_number(SHOP, "#727"), [answer([brief(727)])])
    assert (ids_of(page), len(requests)) == ([727], 1)


def test_the_search_may_find_it() -> None:
    other, right = brief(3, number="A-1"), brief(9, number="A-10")
    page, requests = play(woo.orders.by_number(SHOP, "A-10"), [answer([other, right])])
    assert (ids_of(page), dict(requests[0].params)["search"]) == ([9], "A-10")
