"""What the Magento 2 connector asks, and how it reads what a shop answers, in recorded answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import HeaderAuth, OAuth1Auth
from integrations.connectors.kit.id_windows import IdCursor
from integrations.connectors.listings import OrderPage, RemoteProduct, Window
from integrations.connectors.magento2 import orders
from integrations.connectors.magento2.copies import without_copies
from integrations.connectors.magento2.requests import auth, message, refusal
from tests.integrations.connectors.magento2.orders import FOLDER, KEYS, SHOP, listed, order
from tests.recorded import able, answer, play

magento = get("magento2")
WINDOW = Window(datetime(2026, 10, 1, 10, tzinfo=UTC))
BOUNDED = Window(WINDOW.since, datetime(2026, 10, 7, tzinfo=UTC))
SMALL = replace(SHOP, settings={"per_page": 5})
REFUSED = json.loads((FOLDER / "refusals.json").read_text())


def numbered(*ids: int) -> list[dict[str, Any]]:
    return [order(entity_id=number, increment_id=f"{number:09}") for number in ids]


def filters(request: Any) -> list[tuple[str, str, str]]:
    """(field, condition, value) of each."""
    params = dict(request.params)
    groups = (f"searchCriteria[filter_groups][{place}][filters][0]" for place in range(5))
    return [
        (params[f"{group}[field]"], params[f"{group}[condition_type]"], params[f"{group}[value]"])
        for group in groups
        if f"{group}[field]" in params
    ]


def page(window: Window, *answers: Any, cursor: Any = None, shop: Shop = SMALL) -> tuple[OrderPage, list[Any]]:
    return play(magento.orders.in_window(shop, window, cursor), answers)


def test_a_window_is_cut_by_ids() -> None:
    first, [asked] = page(WINDOW, answer(listed(*numbered(3, 4, 7, 8, 9), total=7)))
    assert asked.url == "https://shop.example/rest/all/V1/orders"
    assert filters(asked) == [("updated_at", "gteq", "2026-10-01 10:00:00"), ("entity_id", "gt", "0")]
    params = dict(asked.params)
    assert params["searchCriteria[sortOrders][0][field]"] == "entity_id"
    assert params["searchCriteria[sortOrders][0][direction]"] == "ASC"
    assert (params["searchCriteria[pageSize]"], params["searchCriteria[currentPage]"]) == ("5", "1")
    assert (len(first.payloads), first.total, first.until) == (5, 7, datetime(2026, 11, 1, 12, tzinfo=UTC))
    second, [asked] = page(WINDOW, answer(listed(*numbered(10, 11))), cursor=first.next)
    assert filters(asked)[-1] == ("entity_id", "gt", "9")
    assert (len(second.payloads), second.next, second.until) == (2, None, first.until)


def test_both_ends_of_a_window_belong_to_it() -> None:
    _, [asked] = page(BOUNDED, answer(listed()))
    assert filters(asked)[:2] == [
        ("updated_at", "gteq", "2026-10-01 10:00:00"),
        ("updated_at", "lteq", "2026-10-07 00:00:00"),
    ]


def test_a_short_page_is_the_last_only_where_the_count_agrees() -> None:
    more, _ = page(WINDOW, answer(listed(*numbered(3, 4), total=6)))
    assert more.next is not None and more.next["last_id"] == 4
    full, _ = page(WINDOW, answer(listed(*numbered(3, 4, 5, 6, 7), total=5)))
    assert full.next is not None, "a count of the page alone"


def test_nothing_is_nothing() -> None:
    none = json.loads((FOLDER / "orders_none.json").read_text())
    for body in (none, listed()):
        found, _ = page(WINDOW, answer(body))
        assert (found.payloads, found.next) == ((), None)


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "the same page again": (listed(*numbered(3, 4, 5, 6, 7)), "does not keep to the order of ids"),
    "falling ids": (listed(*numbered(12, 11)), "does not keep to the order of ids"),
    "no items": (listed(total=4), "counts entries and lists none"),
    "everything": (listed(*(each | {"updated_at": "2024-01-01 00:00:00"} for each in numbered(11))), "outside of the"),
    "no list": ({"items": {}}, "not the list that Magento documents"),
    "no ids": (listed(*(order(entity_id=None) for _ in range(5)), total=9), "without ids"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_lists_that_are_not_believed(what: str) -> None:
    body, sentence = BROKEN[what]
    cursor = {"since": WINDOW.since.isoformat(), "until": WINDOW.since.isoformat(), "bounded": False, "last_id": 10}
    with pytest.raises(ShopError, match=sentence) as refused:
        page(WINDOW, answer(body), cursor=cursor)
    assert refused.value.kind == Failure.NONSENSE


def test_control_a_filter_that_is_ignored_is_seen_by_its_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IdCursor, "holds", lambda self, moment, tolerated: True)
    found, _ = page(WINDOW, answer(BROKEN["everything"][0]))
    assert len(found.payloads) == 1


def test_orders_by_ids() -> None:
    found, [asked] = play(
        magento.orders.by_ids(SHOP, ("7", "12", "x", "07", "0", "1,2")), [answer(listed(*numbered(5, 7)))]
    )
    assert filters(asked) == [("entity_id", "in", "7,12")]
    assert dict(asked.params)["searchCriteria[pageSize]"] == "100"
    assert [json.loads(each)["entity_id"] for each in found.payloads] == [7], "what was not asked for is left out"
    assert play(magento.orders.by_ids(SHOP, ("x",)), []) == (OrderPage((), None, 0), [])


def by_number(typed: str, *found: dict[str, Any]) -> tuple[list[int], list[Any]]:
    page, asked = play(magento.orders.by_number(SHOP, typed), [answer(listed(*found))])
    return [json.loads(each)["entity_id"] for each in page.payloads], asked


def test_a_number_is_found_without_its_zeros_and_may_be_of_several_stores() -> None:
    several = (*numbered(9), order(entity_id=70, increment_id="000000009"), order(entity_id=8, increment_id="900"))
    for typed in (" #000000009 ", "9"):
        found, [asked] = by_number(typed, *several)
        assert found == [9, 70]
        assert filters(asked) == [("increment_id", "in", f"{typed.strip(' #')},000000009")]
    assert by_number("9", *several, order(entity_id=77, increment_id="9"))[0] == [77], "as it was typed comes first"
    found, [asked] = by_number("EU,9", order(entity_id=9, increment_id="EU,9"), order(entity_id=7, increment_id="eu,9"))
    assert (found, filters(asked)) == ([9], [("increment_id", "eq", "EU,9")])
    assert play(magento.orders.by_number(SHOP, " # "), []) == (OrderPage((), None, 0), [])


def of_many_rows(count: int) -> dict[str, Any]:
    """Half of them configurable, as Magento writes them: with every copy."""
    parent, child, _ = order()["items"]
    rows = []
    for at in range(0, count, 2):
        whole = {**parent, "item_id": at + 1}
        rows += [whole, {**child, "item_id": at + 2, "parent_item_id": at + 1, "parent_item": whole}]
    large = order(items=rows)
    large["extension_attributes"]["shipping_assignments"][0]["items"] = rows
    return large


def test_an_order_of_a_thousand_rows_is_read_though_it_comes_with_copies() -> None:
    large, small = of_many_rows(1000), of_many_rows(10)
    by_id, _ = play(magento.orders.by_ids(SHOP, ("41",)), [answer(listed(large))])
    for found in (by_id, page(WINDOW, answer(listed(large)))[0]):
        [payload] = found.payloads
        assert len(json.dumps(large)) > 2_000_000 > 1_000_000 > len(payload)
        read = magento.parse(payload, SHOP)
        assert (len(read.lines), read.shipping.first_name, read.shipping_code) == (500, "Paul", "flatrate_flatrate")
    [payload] = page(WINDOW, answer(listed(small)))[0].payloads
    assert json.loads(payload) == small, "what can be kept whole is"


def test_control_with_its_copies_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "without_copies", bytes)
    [payload] = page(WINDOW, answer(listed(of_many_rows(1000))))[0].payloads
    with pytest.raises(PayloadError, match="at most 1,000,000"):
        magento.parse(payload, SHOP)


NO_ORDERS = [b"{", b"[]", b'{"items": 5}', b'{"items": [], "extension_attributes": 5}', b"\xff"]


@pytest.mark.parametrize("document", NO_ORDERS)
def test_what_is_no_order_stays_as_it_is(document: bytes) -> None:
    large = document + b" " * 1_000_001
    assert without_copies(large) == large


def test_keys() -> None:
    assert auth(SHOP) == OAuth1Auth(*KEYS.values())
    alone = {"access_token": "at0123456789", "consumer_key": " "}
    assert auth(replace(SHOP, credentials=alone)) == HeaderAuth("Authorization", "Bearer at0123456789")
    for missing in KEYS:
        with pytest.raises(ShopError, match="all four keys"):
            auth(replace(SHOP, credentials={**KEYS, missing: ""}))
    assert not any(value in repr(SHOP) + repr(auth(SHOP)) for value in list(KEYS.values())[1:])


def test_the_store_code_is_in_the_address() -> None:
    _, [asked] = page(WINDOW, answer(listed()), shop=replace(SHOP, credentials={**KEYS, "store_code": "fr_b2b"}))
    assert asked.url == "https://shop.example/rest/fr_b2b/V1/orders"
    with pytest.raises(ShopError, match="store code has letters"):
        page(WINDOW, shop=replace(SHOP, credentials={**KEYS, "store_code": "../x"}))


@pytest.mark.parametrize("each", REFUSED, ids=[each["says"][:30] for each in REFUSED])
def test_messages_get_their_values(each: dict[str, Any]) -> None:
    assert message(answer(each["body"], each["status"])) == each["says"]


SENTENCES = [
    (0, Failure.CREDENTIALS, "may not read this"),
    (1, Failure.REFUSED, "Signature method HMAC-SHA1 is not supported"),
    (2, Failure.REFUSED, '"searchCriteria" is required'),
    (3, Failure.REFUSED, "pageSize is 20"),
    (4, Failure.ADDRESS, "no REST API of Magento 2"),
    (5, Failure.NOT_FOUND, "does not have"),
]


@pytest.mark.parametrize(("place", "kind", "sentence"), SENTENCES)
def test_refusals(place: int, kind: Failure, sentence: str) -> None:
    found = refusal(answer(REFUSED[place]["body"], REFUSED[place]["status"]))
    assert (found.kind, found.status) == (kind, REFUSED[place]["status"])
    assert sentence in str(found)


def test_texts_of_plugins_are_not_repeated() -> None:
    told = {"message": "Jana %1 owes 12", "parameters": ["Nováková <jana@example.com>"]}
    found = refusal(answer(told, 400))
    assert (found.kind, "Jana" in str(found), "jana@" in str(found)) == (Failure.REFUSED, False, False)
    assert message(answer({"message": "%1 of %2", "parameters": ["a"]}, 400)) == "a of %2"
    assert message(answer({"message": 5}, 400)) == message(answer(b"<html>", 400)) == ""


def test_the_connection_test_names_what_is_missing() -> None:
    stranger = answer(REFUSED[0]["body"], 401)
    report, asked = play(magento.check(SHOP), [answer(listed()), stranger, stranger])
    assert report.ok and report.summary == "Connected to Magento."
    assert any("no right to Catalog" in hint for hint in report.hints)
    assert [each.url.rpartition("/V1/")[2] for each in asked] == ["orders", "store/storeConfigs", "products"]
    limited, _ = play(magento.check(SHOP), [answer(REFUSED[3]["body"], 400)])
    assert (limited.ok, limited.failure) == (False, Failure.REFUSED)
    assert "maximum page size to 100" in limited.summary, "as a load would say it"
    alone = replace(SHOP, credentials={"access_token": "at0123456789"})
    refused, _ = play(magento.check(alone), [stranger])
    assert (refused.ok, refused.failure) == (False, Failure.CREDENTIALS)
    assert "the four keys together always work" in refused.hints[0]


def test_code_lists_are_those_in_use() -> None:
    lists, [asked] = play(magento.code_lists(SHOP), [answer(listed(order(), order(status="my_own")))])
    assert {"my_own", "processing", "processing/shipped"} <= {each.code for each in lists.statuses}
    assert [(each.code, each.label) for each in lists.shipping_methods] == [("flatrate_flatrate", "Flat Rate - Fixed")]
    assert [(each.code, each.label) for each in lists.payments] == [("stripe_payments", "Carte bancaire")]
    assert {each.code for each in lists.taxes} == {"20%", "0%"}
    assert "billing" not in dict(asked.params)["fields"] and not lists.whole


PRODUCTS = [
    {"id": 1, "sku": "A", "name": "Tea &amp; milk", "type_id": "simple"},
    {"id": 2, "sku": "B", "name": "Shirt", "type_id": "configurable"},
    {"id": 3, "sku": "C,D", "name": "Odd", "type_id": "simple"},
]


def test_stock_is_what_all_sources_have() -> None:
    sources = [
        {"sku": "A", "source_code": code, "quantity": units, "status": 1} for code, units in (("x", 3), ("y", 4))
    ]
    answers = [answer(listed(*PRODUCTS)), answer(listed(*sources))]
    found, asked = play(able(magento.products)(SHOP, None), answers)
    assert filters(asked[1]) == [("sku", "in", "A")]
    assert found.products == (
        RemoteProduct("1", "A", "Tea & milk", True, 7),
        RemoteProduct("2", "B", "Shirt", False, None),
        RemoteProduct("3", "C,D", "Odd", False, None),
    )
    assert found.next is None


@pytest.mark.parametrize("status", [401, 404])
def test_products_without_sources(status: int) -> None:
    found, _ = play(able(magento.products)(SHOP, None), [answer(listed(*PRODUCTS)), answer({"message": "x"}, status)])
    assert [product.quantity for product in found.products] == [None, None, None]
