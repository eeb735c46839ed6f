"""The connection test, eBay's lists and its products."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Response
from integrations.connectors.listings import RemoteProduct
from tests.integrations.connectors.ebay.orders import KEYS, ebay, order, shop
from tests.recorded import able, answer, play

TOKEN = answer({"access_token": "new", "expires_in": 7200})
ORDERS = answer({"total": 7, "orders": [order()]})
GOODS = answer({"total": 0, "inventoryItems": []})


def error(number: int, status: int) -> Response:
    return answer({"errors": [{"errorId": number, "message": "secret text"}]}, status)


def test_an_account_that_works() -> None:
    remote = shop(token=None)
    report, requests = play(ebay.check(remote), [TOKEN, ORDERS, GOODS])
    assert (report.ok, report.shop_name, report.clock) == (True, "teehaus", datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert (report.hints, remote.memory["ebay_token"]) == ((), "new")
    assert requests[0].url == "https://api.ebay.example/identity/v1/oauth2/token"
    assert dict(requests[0].headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert "PRD-2" not in repr(requests)


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([answer({"error": "invalid_grant"}, 400)], "credentials", "18 months"),
        ([answer({"error": "invalid_client"}, 401)], "credentials", "App ID"),
        ([answer({"error": "invalid_scope"}, 400)], "credentials", "invalid_scope"),
        ([answer(b"<html>", 404)], "address", "api.ebay.com"),
        ([answer({"access_token": "a b"})], "nonsense", "unreadable"),
        ([answer(b"<html>")], "nonsense", "no access token"),
        ([TOKEN, error(1100, 403)], "credentials", "consent"),
        ([TOKEN, error(1001, 401)], "credentials", "refuses a new access token"),
        ([TOKEN, answer(b"<html>")], "nonsense", "not a list"),
        ([TOKEN, ShopError(Failure.BUSY, "429")], "busy", "midnight Pacific"),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
    ],
)
def test_what_can_be_wrong(answers: list[Response | ShopError], failure: str, words: str) -> None:
    report, _ = play(ebay.check(shop(token=None)), answers)
    assert (report.ok, report.failure) == (False, Failure(failure))
    assert words in report.summary
    assert "secret text" not in report.summary


def test_products_that_may_not_be_read_are_a_hint() -> None:
    report, _ = play(ebay.check(shop()), [ORDERS, error(1100, 403)])
    assert report.ok
    assert "sell.inventory.readonly" in report.hints[0]


@pytest.mark.parametrize(
    ("base", "client", "secret", "words"),
    [
        ("https://api.ebay.com", "PRD-1", "Me-App-PRD-1", "swapped"),
        ("https://api.ebay.com", "Me-App-SBX-1", "SBX-1", "for eBay's sandbox"),
        ("https://api.sandbox.ebay.com", "Me-App-PRD-1", "PRD-1", "the sandbox's"),
    ],
)
def test_keys_of_the_wrong_place(base: str, client: str, secret: str, words: str) -> None:
    remote = Shop(base, {**KEYS, "client_id": client, "client_secret": secret})
    report, _ = play(ebay.check(remote), [answer({"error": "invalid_client"}, 401)])
    assert words in report.hints[0]


def test_lists_are_fixed() -> None:
    lists, requests = play(ebay.code_lists(shop()), [])
    assert {status.code for status in lists.statuses} == {rule.status for rule in ebay.default_rules}
    assert requests == []


def test_products_by_the_number_of_the_page() -> None:
    def item(sku: Any, **more: Any) -> dict[str, Any]:
        stock = {"shipToLocationAvailability": {"quantity": 4}}
        return {"sku": sku, "product": {"title": "Shirt &amp; tie"}, "availability": stock, **more}

    variant = item("S-M", inventoryItemGroupKeys=["S"])
    variant["product"] = {"title": "Shirt", "aspects": {"Size": ["M"], "Brand": ["A", "B"]}}
    following = "/sell/inventory/v1/inventory_item?limit=100&offset=1"
    items = [item("A"), variant, item("B", availability={}), item(None), item(" "), "odd"]
    first = answer({"total": 7, "next": following, "inventoryItems": items})
    page, requests = play(able(ebay.products)(shop(), None), [first])
    assert dict(requests[0].params) == {"limit": "100", "offset": "0"}
    assert page.products == (
        RemoteProduct("A", "A", "Shirt & tie", True, 4),
        RemoteProduct("S-M", "S-M", "Shirt - M", True, 4),
        RemoteProduct("B", "B", "Shirt & tie", False, None),
    )
    page, requests = play(able(ebay.products)(shop(), page.next), [answer({"inventoryItems": [], "next": following})])
    assert (dict(requests[0].params)["offset"], page.next) == ("1", None)
