"""Payloads that cannot be right are refused with a code, a path and a sentence; nothing else is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors import get
from integrations.connectors.errors import PayloadError
from tests.integrations.connectors.shopify.orders import SHOP, line, lines, order, payload

shopify = get("shopify")


def refused(written: bytes) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        shopify.parse(written, SHOP)
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": None, "legacyResourceId": None}, "no_id"),
        ({"id": "gid://shopify/Order/../1", "legacyResourceId": " "}, "no_id"),
        ({"id": None, "legacyResourceId": True}, "no_id"),
        ({"updatedAt": None}, "no_date"),
        ({"updatedAt": "2026-02-30T10:00:00Z"}, "bad_date"),
        ({"updatedAt": "2026-11-01T10:00:00"}, "bad_date"),
        ({"updatedAt": "Sun, 01 Nov 2026 10:00:00 GMT"}, "bad_date"),
        ({"createdAt": "9999-12-31T23:59:59Z"}, "date_out_of_range"),
        ({"createdAt": "0001-01-01T00:00:00+14:00"}, "bad_date"),
        ({"totalPriceSet": None}, "no_total"),
        ({"totalPriceSet": "-5"}, "negative_total"),
        ({"totalPriceSet": "12,50"}, "bad_amount"),
        ({"totalPriceSet": "1e3"}, "bad_amount"),
        ({"totalPriceSet": "１.５"}, "bad_amount"),
        ({"totalPriceSet": "99999999999.0"}, "bad_amount"),
        ({"presentmentCurrencyCode": "EURO"}, "unknown_currency"),
        ({"presentmentCurrencyCode": None, "currencyCode": None}, "unknown_currency"),
        ({"lineItems": lines(line(quantity=1.5))}, "fractional_quantity"),
        ({"lineItems": lines(line(quantity=-1))}, "negative_quantity"),
        ({"lineItems": lines(line(quantity=2**31))}, "bad_quantity"),
        ({"lineItems": lines(line(quantity=None))}, "bad_quantity"),
        ({"lineItems": lines(line(currentQuantity=True))}, "bad_quantity"),
        ({"lineItems": lines(line(sku="x" * 101))}, "bad_sku"),
        ({"lineItems": lines(line(id=None))}, "no_id"),
        ({"lineItems": {"nodes": {"0": {}}}}, "wrong_type"),
        ({"lineItems": []}, "wrong_type"),
        ({"billingAddress": "Praha"}, "wrong_type"),
        ({"lineItems": lines(*[line()] * 1001)}, "too_large"),
    ],
)
def test_refusals(changes: dict[str, Any], code: str) -> None:
    assert refused(payload(**changes)).code == code


def test_too_many_lines() -> None:
    small = {"id": "gid://shopify/LineItem/1", "quantity": 1, "originalUnitPriceSet": "1.0"}
    assert refused(payload(lineItems=lines(*[small] * 1001))).code == "too_many_lines"


def test_a_line_is_named() -> None:
    error = refused(payload(lineItems=lines(line(), line(1, quantity=-1))))
    assert error.message.startswith("Line 2: ")
    assert error.path == "$.order.lineItems.nodes[1].quantity"


@pytest.mark.parametrize(
    "written", [b"", b"null", b"[]", b"{}", b"x", b'{"order":null}', b"\xff\xfe", b'{"order":' * 999]
)
def test_no_order_at_all(written: bytes) -> None:
    assert refused(written).code in {"not_json", "wrong_type", "too_deep"}


def test_halves_of_pairs_are_replaced_with_a_note() -> None:
    written = payload(note="@").replace(b'"@"', b'"a\\ud800b\\u0000"')
    read = shopify.parse(written, SHOP)
    assert read.note == "a\ufffdb\ufffd"
    assert "Unreadable characters" in read.warnings[0]


def test_odd_parts_are_left_out_with_a_note() -> None:
    address = {**order()["billingAddress"], "countryCodeV2": "ZZ", "country": None}
    read = shopify.parse(payload(email="a@b\r\nBcc: x@y", billingAddress=address, note="x" * 20_000), SHOP)
    assert (read.email, read.billing.country, len(read.note)) == ("", "", 10_000)
    assert len(read.warnings) == 3


def test_no_lines_are_no_reason_to_refuse() -> None:
    assert shopify.parse(payload(lineItems=None), SHOP).lines == ()


def test_a_line_of_no_units_is_left_out() -> None:
    read = shopify.parse(payload(lineItems=lines(line(quantity=0, currentQuantity=0), line(1))), SHOP)
    assert [each.key for each in read.lines] == ["316"]
    assert "has the quantity 0" in read.warnings[0]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(order())), ODD)
def test_whatever_stands_in_a_field_is_read_or_refused(name: str, odd: Any) -> None:
    written = json.dumps({"order": {**order(), name: odd}}).encode()
    shopify.identify(written, SHOP)
    try:
        shopify.parse(written, SHOP)
    except PayloadError as error:
        assert error.code


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(order()["lineItems"]["nodes"][0])), ODD)
def test_whatever_stands_in_a_lines_field_is_read_or_refused(name: str, odd: Any) -> None:
    document = order()
    document["lineItems"]["nodes"][0][name] = odd
    try:
        shopify.parse(json.dumps({"order": document}).encode(), SHOP)
    except PayloadError as error:
        assert error.code
