"""Ecwid's lists, look-ups, refusals and webhooks, against a simulated store without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Request, Response
from integrations.connectors.listings import Cursor, OrderPage, RemoteProduct, Window
from integrations.connectors.notifications import Notification
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.ecwid.orders import KEYS, PROFILE, SHOP
from tests.recorded import able, answer, play, serve

ecwid = get("ecwid")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(days=2))
EMPTY = answer({"total": 0, "count": 0, "offset": 0, "limit": 100, "items": []})
PROFILED = answer(PROFILE)


class Street:
    """A simulated store whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, per_page: int = 7, apart: int = 60) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Street", seed=5, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, "ecwid")
        for number in range(orders):
            self.shop.place(age=(orders - number) * apart)
        self.remote = Shop(SHOP.base_url, {**KEYS, "access_token": self.shop.key}, settings={"per_page": per_page})

    def ids(self) -> set[int]:
        return set(self.shop.sales)

    def serve(self, request: Request) -> Response:
        assert isinstance(request.auth, HeaderAuth)
        headers = {request.auth.name.lower(): request.auth.value}
        path = request.url.removeprefix(SHOP.base_url)
        answered, _ = self.site.answer(Asked(request.method, path, request.params, headers, secure=True))
        lowered = {name.lower(): value for name, value in answered.headers.items()}
        return Response(answered.status, lowered, answered.body)

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> set[int]:
        found: set[int] = set()
        cursor: Cursor | None = None
        for page in range(1, 300):
            result, _ = serve(ecwid.orders.in_window(self.remote, window, cursor), self.serve)
            found |= ids_of(result)
            assert result.until == (window.until or NOON)
            if result.next is None:
                return found
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")

    def sweep_again(self) -> set[int]:
        """The next window, which begins where the last one ended."""
        found: set[int] = set()
        cursor: Cursor | None = None
        while True:
            page, _ = serve(ecwid.orders.in_window(self.remote, Window(NOON), cursor), self.serve)
            found |= ids_of(page)
            if (cursor := page.next) is None:
                return found


def ids_of(page: OrderPage) -> set[int]:
    return {json.loads(payload)["order"]["internalId"] for payload in page.payloads}


@pytest.mark.parametrize(
    ("orders", "per_page", "apart"),
    [(0, 7, 60), (1, 7, 60), (7, 7, 60), (40, 7, 60), (40, 7, 1), (40, 5, 3600), (60, 7, 0), (260, 100, 5)],
)
def test_a_store_at_rest_is_read_whole(orders: int, per_page: int, apart: int) -> None:
    street = Street(orders, per_page=per_page, apart=apart)
    assert street.sweep(WINDOW) == street.ids()


def test_a_quiet_window_costs_two_requests() -> None:
    street = Street(5)
    _, requests = serve(ecwid.orders.in_window(street.remote, WINDOW, None), street.serve)
    assert [request.url.rpartition("/")[2] for request in requests] == ["profile", "orders"]


def test_1000_orders_cost_about_a_request_a_hundred() -> None:
    street = Street(1000, per_page=100)
    assert street.sweep(WINDOW) == street.ids()
    assert len(street.site.log) < 25


@pytest.mark.parametrize("way", ["trash", "touch", "delete", "place"])
@pytest.mark.parametrize("apart", [60, 1, 0])
def test_orders_that_move_between_requests_take_nobody_with_them(way: str, apart: int) -> None:
    street = Street(40, apart=apart)
    before = sorted(street.ids())
    moves: dict[str, Callable[[int], object]] = {
        "trash": lambda page: street.shop.change(before[-page], "trash"),
        "touch": lambda page: street.shop.change(before[-page]),
        "delete": lambda page: street.shop.delete(before[-page]),
        "place": lambda page: street.shop.place(),
    }
    gone: set[int] = set()

    def move(page: int) -> None:
        if page <= 10:
            gone.add(before[-page])
            moves[way](page)

    found = street.sweep(WINDOW, move)
    assert found >= set(before) - (set() if way == "place" else gone)
    if way == "touch":
        assert found | street.sweep_again() >= set(before), "what was touched is in the next window"


@pytest.mark.parametrize("way", ["trash", "touch"])
def test_control_offsets_lose_orders(way: str) -> None:
    street = Street(40)
    before, found = sorted(street.ids()), set[int]()
    auth = HeaderAuth("Authorization", f"Bearer {street.shop.key}")
    until = str(int(NOON.timestamp()))
    for page in range(6):
        params = (("updatedTo", until), ("limit", "7"), ("offset", str(page * 7)))
        response = street.serve(Request("GET", f"{SHOP.base_url}/api/v3/1003/orders", params, auth=auth))
        found |= {entry["internalId"] for entry in json.loads(response.body)["items"]}
        street.now += timedelta(seconds=1)
        street.shop.change(before[-1 - page], "trash" if way == "trash" else None)
    assert set(before) - found


def test_a_second_that_never_holds_still_is_tried_again_later() -> None:
    item = {"id": "A", "internalId": 1, "paymentStatus": "PAID"}
    totals = iter(range(200, 9999))

    def shifting(request: Request) -> Response:
        if request.url.endswith("profile"):
            return PROFILED
        return answer({"total": next(totals), "items": [item] * 100})

    with pytest.raises(ShopError, match="differently each time"):
        serve(ecwid.orders.in_window(SHOP, Window(NOON, NOON), None), shifting)


def test_the_bounds_reach_a_second_beyond_the_window() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    page, requests = play(ecwid.orders.in_window(SHOP, window, None), [PROFILED, EMPTY])
    assert (page.payloads, page.next, page.until, page.total) == ((), None, window.until, 0)
    since = int(NOON.timestamp())
    assert dict(requests[1].params) == {
        "updatedFrom": str(since - 1),
        "updatedTo": str(since + 3601),
        "limit": "100",
        "offset": "0",
    }


def test_abandoned_carts_are_no_orders_and_bytes_are_kept() -> None:
    listed = b'{"total":2,"items":[{"id":"A", "paymentStatus":"PAID"},{"id":"B","paymentStatus":"INCOMPLETE"}]}'
    page, _ = play(ecwid.orders.in_window(SHOP, WINDOW, None), [PROFILED, answer(listed)])
    assert page.payloads == (b'{"order":{"id":"A", "paymentStatus":"PAID"},"currency":"EUR"}',)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(b"<html>"), Failure.NONSENSE),
        (answer([]), Failure.NONSENSE),
        (answer({"items": []}), Failure.NONSENSE),
        (answer({"errorCode": "WRONG_PARAMETER"}, 400), Failure.REFUSED),
        (answer({}, 402), Failure.CREDENTIALS),
        (answer({"errorCode": "INVALID_API_TOKEN"}, 403), Failure.CREDENTIALS),
        (answer({}, 404), Failure.NOT_FOUND),
        (answer({}, 500), Failure.UNAVAILABLE),
        (Response(200, {}, EMPTY.body), Failure.NONSENSE),
    ],
)
def test_answers_that_are_no_list(reply: Response, kind: Failure) -> None:
    with pytest.raises(ShopError) as caught:
        play(ecwid.orders.in_window(SHOP, WINDOW, None), [PROFILED, reply])
    assert caught.value.kind == kind


def test_the_wait_is_the_platforms() -> None:
    with pytest.raises(ShopError) as caught:
        play(
            ecwid.orders.by_ids(SHOP, ("A",)), [PROFILED, answer({"errorCode": "RATE_LIMITED"}, 429, retry_after="30")]
        )
    assert (caught.value.kind, caught.value.retry_after) == (Failure.BUSY, 30)


def test_by_ids_in_one_request_and_only_what_was_asked() -> None:
    street = Street(20)
    ids = sorted(street.ids())
    asked = (*(f"EC{number}-X" for number in ids[:5]), str(ids[7]), "NOPE", "", "A,B", " ")
    page, requests = serve(ecwid.orders.by_ids(street.remote, asked), street.serve)
    assert ids_of(page) == {*ids[:5], ids[7]}
    assert len(requests) == 2
    everything = answer({"total": 2, "items": [{"id": "A"}, {"id": "B"}]})
    page, _ = play(ecwid.orders.by_ids(SHOP, ("B",)), [PROFILED, everything])
    assert len(page.payloads) == 1
    assert play(ecwid.orders.by_ids(SHOP, ("",)), [])[0].payloads == ()
    with pytest.raises(ValueError, match="At most 100"):
        play(ecwid.orders.by_ids(SHOP, tuple(map(str, range(101)))), [])


def test_an_order_with_half_a_character_is_found_and_read() -> None:
    broken = b'{"total":1,"items":[{"id":"A","paymentStatus":"PAID","orderComments":"a\\ud800b\\u0000"}]}'
    page, _ = play(ecwid.orders.by_number(SHOP, "A"), [PROFILED, answer(broken)])
    assert (len(page.payloads), ecwid.identify(page.payloads[0], SHOP).external_id) == (1, "A")


@pytest.mark.parametrize(("number", "found"), [("EC{}-X", 1), ("#EC{}-X ", 1), ("EC{}", 0), ("{}", 0), ("", 0)])
def test_by_number(number: str, found: int) -> None:
    street = Street(3)
    some = sorted(street.ids())[1]
    page, _ = serve(ecwid.orders.by_number(street.remote, number.format(some)), street.serve)
    assert ids_of(page) == ({some} if found else set())


def test_a_store_that_works() -> None:
    report, requests = play(ecwid.check(SHOP), [PROFILED, EMPTY, EMPTY])
    assert (report.ok, report.shop_name, report.hints) == (True, "Tea & Co", ())
    assert report.summary == "Connected to Tea & Co, which sells in EUR."
    assert report.clock == NOON
    assert requests[0].auth == HeaderAuth("Authorization", "Bearer secret_token")
    assert "secret_token" not in repr(SHOP) + repr(requests)


SCOPE = answer({"errorCode": "INSUFFICIENT_APP_SCOPE"}, 403)


def test_a_token_without_the_catalogue_is_a_hint() -> None:
    report, _ = play(ecwid.check(SHOP), [PROFILED, EMPTY, SCOPE])
    assert (report.ok, "read_catalog" in report.hints[0]) == (True, True)


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([answer({"errorCode": "INVALID_API_TOKEN"}, 403)], "credentials", "does not know the token"),
        ([PROFILED, SCOPE], "credentials", "may not read this"),
        ([answer({}, 402)], "credentials", "suspended"),
        ([answer({}, 404)], "not_found", "check the store id"),
        ([answer({"formatsAndUnits": {"currency": "???"}})], "nonsense", "currency we know"),
        ([answer(b"<html>")], "nonsense", "not what it documents"),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
    ],
)
def test_refusals_name_the_way_out(answers: list[Response | ShopError], failure: str, words: str) -> None:
    report, _ = play(ecwid.check(SHOP), answers)
    assert (report.ok, report.failure) == (False, failure)
    assert words in report.summary


def test_keys_that_cannot_be_right() -> None:
    report, requests = play(ecwid.check(Shop(SHOP.base_url, {**KEYS, "store_id": "my-shop"})), [])
    assert (report.ok, "store id is a number" in report.summary, requests) == (False, True, [])
    public = Shop(SHOP.base_url, {**KEYS, "access_token": "public_x"})
    report, _ = play(ecwid.check(public), [answer({"errorCode": "INVALID_API_TOKEN"}, 403)])
    assert "public token" in report.hints[0]


def test_code_lists_name_the_rules_statuses() -> None:
    street = Street(1)
    lists, _ = serve(ecwid.code_lists(street.remote), street.serve)
    listed = {status.code: status.label for status in lists.statuses}
    assert set(listed) == {rule.status for rule in ecwid.default_rules}
    assert listed == {rule.status: rule.label for rule in ecwid.default_rules}
    assert ("local_pickup", "Card") in [(d.code, p.code) for d in lists.shipping_methods for p in lists.payments]


def test_products_with_their_variations() -> None:
    street = Street(1, per_page=5)
    found: dict[str, RemoteProduct] = {}
    cursor: Cursor | None = None
    while True:
        page, _ = serve(able(ecwid.products)(street.remote, cursor), street.serve)
        found |= {product.external_id: product for product in page.products}
        if (cursor := page.next) is None:
            break
    assert len(found) == 24
    assert (found["42"].sku, found["42"].name, found["42"].quantity) == ("SHIRT-M", "Barista shirt - M", 31)
    assert (found["20"].stock_managed, found["20"].quantity) == (False, None)
    assert found["6"].name == 'Mug "Zwiebelmuster" & saucer'


VECTOR = "ekmGPQc/IpCwO6woAiM+L8uvY6chew4n6JVQCiDrEVw="
EVENT: dict[str, Any] = {
    "eventId": "80aece08-40e8-4145-8764-6c2f0d38678",
    "eventCreated": 1234567,
    "storeId": 1003,
    "entityId": 103878161,
    "eventType": "order.updated",
    "data": {"orderId": "EBJFT", "newPaymentStatus": "PAID"},
}
THEN = datetime.fromtimestamp(1234567, UTC)


def delivery(signature: str = VECTOR, **changes: Any) -> Notification:
    return Notification({"x-ecwid-webhook-signature": signature}, json.dumps({**EVENT, **changes}).encode())


def accepts(told: Notification, after: timedelta = timedelta(), shop: Shop = SHOP) -> bool:
    return able(ecwid.webhooks).verify(shop, "ours", told, THEN + after)


def test_the_documented_signature() -> None:
    """The example of Ecwid's documentation: "1234567.80aece08-..." with the secret test_client_secret."""
    assert accepts(delivery())
    assert accepts(delivery(), timedelta(hours=24)), "the last repetition of a failed delivery"
    assert not accepts(delivery(), timedelta(hours=26))
    assert not accepts(delivery(), timedelta(minutes=-6))


@pytest.mark.parametrize(
    "told",
    [
        Notification({}, json.dumps(EVENT).encode()),
        delivery(""),
        delivery("é"),
        delivery("A" * 10_000),
        delivery("7a4986" + VECTOR),
        delivery(eventId="80aece08"),
        delivery(eventCreated=1234568),
        delivery(eventCreated="1234567"),
        delivery(eventCreated=True),
        delivery(eventCreated=10**30),
        delivery(eventId=None),
        delivery(eventId="\ud800"),
        delivery(storeId=1004),
        Notification({"x-ecwid-webhook-signature": VECTOR}, b"[]"),
        Notification({"x-ecwid-webhook-signature": VECTOR}, b"[" * 100_000),
        Notification({"x-ecwid-webhook-signature": VECTOR}, b"\xff"),
    ],
)
def test_forged_deliveries(told: Notification) -> None:
    assert not accepts(told)
    able(ecwid.webhooks).read(told)


def test_without_a_client_secret_nothing_is_signed() -> None:
    assert not accepts(delivery(), shop=Shop(SHOP.base_url, {"store_id": "1003"}))


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, ("EBJFT",)),
        ({"data": None}, ("103878161",)),
        ({"data": {}, "entityId": "EBJFT"}, ("EBJFT",)),
        ({"eventType": "unfinished_order.created"}, ()),
        ({"eventType": "product.updated"}, ()),
        ({"eventType": None}, ()),
        ({"data": {"orderId": "x\n"}}, ()),
    ],
)
def test_what_a_delivery_is_about(changes: dict[str, Any], ids: tuple[str, ...]) -> None:
    assert able(ecwid.webhooks).read(delivery(**changes)).external_ids == ids


def test_webhooks_are_entered_by_hand() -> None:
    webhooks = able(ecwid.webhooks)
    assert webhooks.by_hand and "by hand: enter it " in webhooks.note
    assert webhooks.registered is None
