"""PrestaShop's connection test, its refusals and its own lists: each names what is missing and the way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.client import drive
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.listings import Cursor, RemoteProduct, Window
from integrations.connectors.prestashop import checking, zones
from integrations.connectors.prestashop.companions import CONVERSATIONS, SAID
from integrations.connectors.prestashop.requests import code_of
from integrations.simulator.dialects.prestashop.answering import denied
from integrations.simulator.server import SimulatedServer
from tests.integrations.connectors.prestashop.orders import shop
from tests.integrations.connectors.prestashop.street import NOON, WINDOW, Street, prestashop
from tests.payloads import PAYLOADS
from tests.recorded import able, answer, play, serve

XML = (PAYLOADS / "prestashop" / "error_of_a_date.xml").read_bytes()


def test_a_shop_that_works() -> None:
    street = Street(1)
    report, requests = serve(prestashop.check(street.remote), street.serve)
    assert (report.ok, report.summary, report.shop_name) == (True, "Connected to Street.", "Street")
    assert (report.version, report.clock, report.hints) == ("8.2.1", NOON, ())
    assert len(requests) == 3, "an order, the list of what may be read, the settings"


@pytest.mark.parametrize("resource", checking.NEEDED)
def test_each_right_that_a_load_needs_is_named(resource: str) -> None:
    street = Street(40)
    denied(street.shop).add(resource)
    report, _ = serve(prestashop.check(street.remote), street.serve)
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
    assert f"may not read {resource}. " in report.summary and "tick View (GET)" in report.summary
    if resource == "states":
        return  # nobody here lives in one
    with pytest.raises(ShopError) as caught:
        for number in sorted(street.shop.sales):
            serve(prestashop.orders.by_ids(replace(street.remote, memory={}), (str(number),)), street.serve)
    assert caught.value.kind == Failure.CREDENTIALS and f"may not read {resource}." in str(caught.value)


@pytest.mark.parametrize("resource", [CONVERSATIONS, SAID])
def test_a_key_that_may_not_read_conversations_reads_orders_all_the_same(resource: str) -> None:
    street = Street(40)
    denied(street.shop).add(resource)

    def read() -> tuple[set[str], list[str]]:
        ids = tuple(map(str, sorted(street.shop.sales)))
        page, requests = serve(prestashop.orders.by_ids(street.remote, ids), street.serve)
        orders = [prestashop.parse(payload, street.remote) for payload in page.payloads]
        assert len(orders) == 40
        return {each.author for order in orders for each in order.comments}, [each.url for each in requests]

    assert read()[0] == {"Staff, private"}, "what stands in the orders themselves"
    assert not any(url.endswith(resource) for url in read()[1]), "it is not asked for again"
    denied(street.shop).clear()
    serve(prestashop.check(street.remote), street.serve)
    authors, urls = read()
    assert authors == {"Staff, private", "Staff", "Customer"}
    assert sum(url.endswith((CONVERSATIONS, SAID)) for url in urls) == 2, "once for all orders of a page"


def test_all_that_is_missing_is_named_at_once() -> None:
    street = Street(1)
    denied(street.shop).update({"customers", "addresses", "products"})
    report, _ = serve(prestashop.check(street.remote), street.serve)
    assert "may not read customers, addresses. " in report.summary


@pytest.mark.parametrize(("resource", "without"), checking.WISHED.items())
def test_what_is_missed_without_the_other_rights(resource: str, without: str) -> None:
    street = Street(1)
    denied(street.shop).add(resource)
    report, _ = serve(prestashop.check(street.remote), street.serve)
    assert (report.ok, report.hints) == (True, (f"The key may not read {resource}: {without}.",))


def test_a_shop_that_does_not_list_what_may_be_read_is_asked_for_each() -> None:
    street = Street(1)
    denied(street.shop).add("customers")

    def silent(request: Request) -> Response:
        return answer({"api": {}}) if request.url.endswith("/api/") else street.serve(request)

    report, requests = serve(prestashop.check(street.remote), silent)
    assert (report.ok, "may not read customers. " in report.summary) == (False, True)
    assert len(requests) > len(checking.NEEDED)


def load(remote: Shop, answers: Callable[[Request], Response]) -> list[Request]:
    return serve(prestashop.orders.in_window(remote, WINDOW, None), answers)[1]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo", "Africa/Lagos"])
def test_with_another_zone_than_the_shops_nothing_is_looked_for(zone: str) -> None:
    """Its orders bear local times: they would be looked for hours off, and some never found. In Lagos it is the same
    time as in Prague, but not all the year."""
    street = Street(3)
    remote = replace(street.remote, zone=ZoneInfo(zone))
    report, _ = serve(prestashop.check(remote), street.serve)
    assert (report.ok, report.failure) == (False, Failure.ADDRESS)
    assert f"time zone is Europe/Prague, here {zone} is set" in report.summary
    with pytest.raises(ShopError) as caught:
        load(remote, street.serve)
    assert str(caught.value) == report.summary


def test_control_with_another_zone_orders_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "compare", lambda *given: None)
    street = Street(3)
    street.remote = replace(street.remote, zone=ZoneInfo("Asia/Tokyo"))
    assert street.sweep(Window(NOON - timedelta(minutes=10))) == []


@pytest.mark.parametrize("zone", ["Europe/Prague", "Europe/Berlin", "CET"])
def test_a_zone_of_another_name_that_shows_the_same_time_will_do(zone: str) -> None:
    street = Street(3)
    assert len(load(replace(street.remote, zone=ZoneInfo(zone)), street.serve)) > 2


def told_zones(street: Street, reply: Response) -> Callable[[Request], Response]:
    return lambda request: reply if request.url.endswith("/configurations") else street.serve(request)


def zones_of(*names: str) -> Response:
    return answer({"configurations": [{"name": "PS_TIMEZONE", "value": name} for name in names]})


@pytest.mark.parametrize(
    "reply",
    [
        zones_of("", "Asia/Tokyo", "Europe/Prague"),
        zones_of("Mars/Olympus"),
        zones_of("../../etc/passwd"),
        zones_of(),
        answer([]),
        answer({"errors": [{"code": 26}]}, 401),
        answer(b"", 404),
        answer(b"<html>"),
    ],
    ids=[
        "one of several shops",
        "a zone that nobody knows",
        "a path",
        "none",
        "empty",
        "not allowed",
        "gone",
        "a page",
    ],
)
def test_a_shop_that_does_not_tell_its_zone_is_loaded_all_the_same(reply: Response) -> None:
    street = Street(3)
    assert len(load(street.remote, told_zones(street, reply))) > 2


def test_a_shop_that_is_busy_is_waited_for() -> None:
    street = Street(3)
    with pytest.raises(ShopError) as caught:
        load(street.remote, told_zones(street, answer(b"", 429)))
    assert caught.value.kind == Failure.BUSY


@pytest.mark.parametrize(
    ("reply", "failure", "words"),
    [
        (answer(b"401 Unauthorized", 401), "credentials", "drops the Authorization header"),
        (answer({"errors": [{"code": 18, "message": "format"}]}, 401), "credentials", "has 32 characters"),
        (answer({"errors": [{"code": 20}, {"code": 21}]}, 401), "credentials", "does not know this key"),
        (answer({"errors": [{"code": 21}]}, 401), "credentials", "nothing at all"),
        (answer({"errors": [{"code": "26"}]}, 401), "credentials", "may not read orders"),
        (answer(XML.replace(b"32", b"26"), 401), "credentials", "may not read orders"),
        (answer({"errors": [{"code": 25}]}, 405), "credentials", "may not read orders"),
        (answer({"errors": [{"code": 132}]}, 403), "credentials", "another shop of several"),
        (answer(b"<html>blocked", 403), "unavailable", "firewall"),
        (answer(b"", 404), "address", "no PrestaShop webservice"),
        (answer(b"<html>404", 404), "address", "friendly URLs"),
        (answer(XML, 400), "refused", "HTTP 400, 32"),
        (answer(b"<html>Log in"), "nonsense", "not the list that PrestaShop documents"),
        (ShopError(Failure.UNAVAILABLE, "Silent."), "unavailable", "Silent"),
    ],
)
def test_refusals_name_the_way_out(reply: Response | ShopError, failure: str, words: str) -> None:
    report, _ = play(prestashop.check(shop()), [reply])
    assert (report.ok, report.failure) == (False, failure)
    assert words in report.summary
    with pytest.raises(ShopError) as caught:
        play(prestashop.orders.in_window(shop(), WINDOW, None), [reply])
    assert (caught.value.kind, str(caught.value)) == (report.failure, report.summary)


def test_a_webservice_that_is_switched_off_is_a_hint() -> None:
    """It answers 503, as a shop under maintenance does."""
    down = ShopError(Failure.UNAVAILABLE, "The shop has a fault of its own (HTTP 503).", status=503)
    report, _ = play(prestashop.check(shop()), [down])
    assert "whether the webservice is enabled" in report.hints[0]


BOMB = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "' + b"x" * 60 + b'"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (XML, "32"),
        (b"<code>26</code>", "26"),
        (b"<code><![CDATA[ 26 ]]></code>", "26"),
        (b'{"errors":[{"code":26}]}', "26"),
        (b'{"errors":[{"code":"16"}]}', "16"),
        (b'{"errors":[{"code":null}]}', ""),
        (b'{"errors":"?"}', ""),
        (b"<code>&a;</code>", ""),
        (b'<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><code>&a;</code>', ""),
        (BOMB, ""),
        (b"<" * 100_000, ""),
        (b" " * 1_000_000 + b"<code>26</code>", ""),
        (b"[" * 100_000, ""),
        (b"\xff\xfe", ""),
        (b"", ""),
    ],
)
def test_the_code_of_an_error_is_looked_for_and_no_xml_is_read(body: bytes, code: str) -> None:
    assert code_of(answer(body, 400)) == code


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(Street(3).site) as running:
        running.site.writer = None
        yield running


@pytest.mark.parametrize("target", ["https://www.tea.example/", "https://tea.example/api/orders?display=full", "/"])
def test_a_redirect_is_an_error_that_names_the_domain(server: SimulatedServer, target: str) -> None:
    """A shop that is asked at another host, or port, than its own answers with a redirect to its front page."""
    street = Street(1)
    remote = replace(street.remote, base_url=server.url)
    server.site.faults.add({"kind": "redirect", "to": target, "count": 2, "path": ""})
    report = drive(prestashop.check(remote), allowed={server.address})
    assert (report.ok, report.failure) == (False, Failure.ADDRESS)
    assert "only at the domain that is set" in report.summary and "/api" not in report.summary
    with pytest.raises(ShopError) as caught:
        drive(prestashop.orders.in_window(remote, WINDOW, None), allowed={server.address})
    assert str(caught.value) == report.summary


def test_the_address_may_be_that_of_the_webservice() -> None:
    for address in ("https://shop.example", "https://shop.example/api"):
        remote = replace(shop(), base_url=address)
        _, requests = play(prestashop.orders.in_window(remote, WINDOW, None), [answer([]), answer([])])
        assert requests[0].url == "https://shop.example/api/orders"


def test_code_lists_name_the_rules_statuses() -> None:
    street = Street(1)
    lists, _ = serve(prestashop.code_lists(street.remote), street.serve)
    listed = {status.code: status.label for status in lists.statuses}
    assert listed == {rule.status: rule.label for rule in prestashop.default_rules} | {"14": "Zabaleno"}
    assert [(each.code, each.label) for each in lists.shipping_methods] == [
        ("1", "Courier"), ("2", "Pick-up in the shop"), ("3", "Post"),
    ]  # fmt: skip
    assert [(each.code, each.color) for each in lists.statuses][:5] == [
        ("1", "#3498d8"), ("2", "#ff8c00"), ("3", "#01b887"), ("4", ""), ("5", "#e74c3c"),
    ]  # fmt: skip
    assert [(each.code, each.label) for each in lists.taxes] == [("1", "Standard rate")]
    denied(street.shop).add("tax_rule_groups")
    assert serve(prestashop.code_lists(street.remote), street.serve)[0].taxes == ()
    denied(street.shop).clear()
    page, _ = serve(prestashop.orders.in_window(street.remote, WINDOW, None), street.serve)
    order = prestashop.parse(page.payloads[0], street.remote)
    assert (order.shipping_code, order.shipping_title) in {(each.code, each.label) for each in lists.shipping_methods}


def products_of(street: Street) -> dict[str, RemoteProduct]:
    found: dict[str, RemoteProduct] = {}
    cursor: Cursor | None = None
    while True:
        page, _ = serve(able(prestashop.products)(street.remote, cursor), street.serve)
        found |= {product.external_id: product for product in page.products}
        if (cursor := page.next) is None:
            return found
        cursor = json.loads(json.dumps(cursor))


@pytest.mark.parametrize("per_page", [5, 12, 200])
def test_products_with_their_variations(per_page: int) -> None:
    found = products_of(Street(1, per_page=per_page))
    assert len(found) == 23
    assert (found["40-42"].sku, found["40-42"].name, found["40-42"].quantity) == ("SHIRT-M", "Barista shirt - M", 31)
    assert (found["20"].sku, found["20"].stock_managed, found["20"].quantity) == ("", False, None)
    assert found["6"].name == 'Mug "Zwiebelmuster" & saucer' and "40" not in found


def test_lines_name_products_as_the_list_does() -> None:
    street = Street(40)
    found = products_of(street)
    page, _ = serve(prestashop.orders.by_ids(street.remote, tuple(map(str, street.shop.sales))), street.serve)
    for payload in page.payloads:
        for line in prestashop.parse(payload, street.remote).lines:
            assert found[line.product_key].sku == line.sku


def test_a_product_is_listed_where_some_of_its_variations_have_no_reference() -> None:
    """Orders then bear the product's own."""
    product = {"id": 7, "reference": "TEE", "name": "Tee", "is_virtual": "0"}
    variations = [{"id": 1, "id_product": "7", "reference": "TEE-S"}, {"id": 2, "id_product": "7", "reference": ""}]
    stock = [{"id": 1, "id_product": "7", "id_product_attribute": "0", "quantity": "9"}]
    answers = [answer({name: each}) for name, each in (("products", [product]), ("stock_availables", stock))]
    page, _ = play(able(prestashop.products)(shop(), None), [*answers, answer({"combinations": variations})])
    assert [(each.external_id, each.sku, each.quantity) for each in page.products] == [
        ("7-1", "TEE-S", None),
        ("7", "TEE", 9),
    ]


def test_there_are_no_webhooks() -> None:
    assert prestashop.webhooks is None
