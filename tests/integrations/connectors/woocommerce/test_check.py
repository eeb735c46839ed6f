"""The connection test says what is wrong and the way out; the shop's lists come with or without help."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.connectors import UnknownPlatform, get, platform_choices, shop_connectors
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, OAuth1Auth, Response
from integrations.connectors.listings import ProductPage, RemoteProduct, RemoteStatus
from tests.integrations.connectors.woocommerce.orders import SHOP
from tests.recorded import able, answer, play

woo = get("woocommerce")
SITE = answer({"name": "Čajovna &amp; Co", "namespaces": ["wc/v3"], "timezone_string": "Europe/Prague"})
ORDERS = answer([{"id": 1, "version": "11.0.1"}], x_wp_total="300")
HTML = answer(b"<!DOCTYPE html><html>")


def test_a_shop_that_works() -> None:
    report, requests = play(woo.check(SHOP), [SITE, ORDERS])
    assert (report.ok, report.shop_name, report.version) == (True, "Čajovna & Co", "11.0.1")
    assert (report.clock, report.hints, report.failure) == (datetime(2026, 11, 1, 12, tzinfo=UTC), (), None)
    assert requests[0].auth is None
    assert requests[1].auth == BasicAuth("ck_key", "cs_secret")


def test_keys_never_travel_in_the_open() -> None:
    shop = Shop("http://shop.example", SHOP.credentials, ZoneInfo("Asia/Tokyo"))
    report, requests = play(woo.check(shop), [SITE, ORDERS])
    assert requests[1].auth == OAuth1Auth("ck_key", "cs_secret")
    assert len(report.hints) == 2
    assert "Europe/Prague, here Asia/Tokyo" in report.hints[0]
    assert "cs_secret" not in repr(shop) + repr(requests)


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([SITE, answer({"code": "woocommerce_rest_authentication_error"}, 401)], "credentials", "consumer secret"),
        ([SITE, answer({"code": "woocommerce_rest_cannot_view"}, 401)], "credentials", "consumer key"),
        ([SITE, answer({"code": "woocommerce_rest_cannot_view"}, 403)], "credentials", "may not read"),
        ([answer(HTML.body, 404), answer({"namespaces": ["wc/v3"]})], "address", "plain permalinks"),
        ([answer(HTML.body, 404), answer(HTML.body, 404)], "address", "no WooCommerce"),
        ([HTML, HTML], "nonsense", "web page"),
        ([answer({"namespaces": ["wp/v2"]})], "address", "not switched on"),
        (
            [answer({"code": "rest_forbidden"}, 401), answer({"code": "woocommerce_rest_cannot_view"}, 401)],
            "credentials",
            "key",
        ),
        ([answer(b"", 401)] * 2, "credentials", "password of its own"),
        ([answer(b"<html>", 403)] * 2, "unavailable", "firewall"),
        ([ShopError(Failure.ADDRESS, "There is no server by the name of x.")], "address", "no server"),
        ([SITE, ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
        ([SITE, HTML], "nonsense", "web page"),
    ],
)
def test_what_can_be_wrong(answers: list[Response | ShopError], failure: str, words: str) -> None:
    report, _ = play(woo.check(SHOP), answers)
    assert (report.ok, report.failure) == (False, Failure(failure))
    assert words in report.summary


def test_swapped_keys_are_noticed() -> None:
    shop = Shop(SHOP.base_url, {"consumer_key": "cs_a", "consumer_secret": "ck_b"})
    report, _ = play(woo.check(shop), [SITE, answer({"code": "woocommerce_rest_cannot_view"}, 401)])
    assert "swapped" in report.hints[0]


def test_lists_of_a_new_shop() -> None:
    lists, requests = play(
        woo.code_lists(SHOP),
        [
            answer(
                [{"slug": "wc-processing", "name": "Zpracov&aacute;v&aacute; se"}, {"slug": "trash", "name": "Bin"}, 7]
            ),
            answer([{"id": "flat_rate", "title": "Courier"}, {"id": 3}]),
            answer([{"id": "cod", "title": "", "method_title": "Cash on delivery"}, {"id": "bacs"}]),
            answer([{"slug": "standard", "name": "Standard rate"}, {"slug": None}]),
        ],
    )
    assert lists.statuses == (RemoteStatus("processing", "Zpracovává se"),)
    assert lists.shipping_methods == (RemoteStatus("flat_rate", "Courier"),)
    assert lists.payments == (RemoteStatus("cod", "Cash on delivery"), RemoteStatus("bacs", "bacs"))
    assert [request.url.rpartition("/v3/")[2] for request in requests] == [
        "orders/statuses",
        "shipping_methods",
        "payment_gateways",
        "taxes/classes",
    ]
    assert lists.taxes == (RemoteStatus("standard", "Standard rate"),)


def test_lists_of_an_old_shop_come_out_of_a_refusal() -> None:
    sentence = "status[0] is not one of any, trash, pending, processing, wc-at-packing, checkout-draft, and failed."
    refusal: dict[str, Any] = {"code": "rest_invalid_param", "data": {"status": 400, "params": {"status": sentence}}}
    gone = answer({"code": "rest_no_route"}, 404)
    lists, _ = play(woo.code_lists(SHOP), [gone, answer(refusal, 400), answer({}, 403), gone, gone])
    codes = [status.code for status in lists.statuses]
    assert codes == ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "at-packing"]
    assert lists.statuses[-1].label == "At packing"
    assert (lists.shipping_methods, lists.payments, lists.taxes) == ((), (), ())


def test_products_and_their_variations() -> None:
    shop = Shop(SHOP.base_url, SHOP.credentials, SHOP.zone, {"per_page": 5})
    simple = [
        {"id": number, "type": "simple", "name": "Tea &amp; milk", "sku": f" T{number} ", "manage_stock": True}
        | {"stock_quantity": number}
        for number in range(1, 5)
    ]
    shirt = {"id": 5, "type": "variable", "name": "Shirt"}
    service = {"id": 9, "type": "simple", "name": "Wrapping", "sku": "", "manage_stock": False, "stock_quantity": None}
    group = {"id": 10, "type": "grouped", "name": "Set", "sku": "SET"}
    variations = [
        {
            "id": 6,
            "name": "M",
            "sku": "S-M",
            "manage_stock": True,
            "stock_quantity": -2,
            "attributes": [{"option": "M"}],
        },
        {"id": 7, "name": "L", "sku": "S-L", "manage_stock": "parent", "stock_quantity": 8, "attributes": []},
    ]
    found: list[RemoteProduct] = []
    cursor, urls = None, []
    answers = iter(
        [
            answer([*simple, shirt], x_wp_total="7"),
            answer(variations, x_wp_total="2"),
            answer([shirt, service, group, {"id": None}], x_wp_total="7"),
        ]
    )
    while True:
        page: ProductPage
        page, requests = play(able(woo.products)(shop, cursor), [next(answers)])
        found += page.products
        urls += [request.url.rpartition("/v3/")[2] for request in requests]
        cursor = page.next
        if cursor is None:
            break
    assert urls == ["products", "products/5/variations", "products"]
    assert found == [
        *(RemoteProduct(str(number), f"T{number}", "Tea & milk", True, number) for number in range(1, 5)),
        RemoteProduct("6", "S-M", "Shirt - M", True, -2),
        RemoteProduct("7", "S-L", "Shirt - L", False, None),
        RemoteProduct("9", "", "Wrapping", False, None),
    ]


def test_the_register() -> None:
    assert get("woocommerce") in shop_connectors()
    assert ("woocommerce", "WooCommerce") in platform_choices()
    with pytest.raises(UnknownPlatform, match="no connector 'magento3'; there are: woocommerce"):
        get("magento3")


@pytest.mark.parametrize("connector", shop_connectors(), ids=lambda connector: connector.key)
def test_every_connector_is_whole(connector: Any) -> None:
    assert connector.key.isidentifier()
    assert any(field.secret for field in connector.credential_fields)
    assert len({rule.status for rule in connector.default_rules}) == len(connector.default_rules)


def test_what_no_database_can_hold_is_replaced_in_names() -> None:
    bad = {"id": 7, "type": "simple", "name": "Tea\x00", "sku": "T\x00-1"}
    page, _ = play(able(woo.products)(SHOP, None), [answer([bad], x_wp_total="1")])
    assert [(product.sku, product.name) for product in page.products] == [("T\ufffd-1", "Tea\ufffd")]
    answers = [
        answer([{"slug": "processing", "name": "Pro\x00"}]),
        answer([]),
        answer([{"id": "c\x00d", "title": "x"}]),
        answer([]),
    ]
    lists, _ = play(woo.code_lists(SHOP), answers)
    assert (lists.statuses[0].label, lists.payments[0].code) == ("Pro\ufffd", "c\ufffdd")
