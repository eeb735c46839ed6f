"""What cannot be an order is refused with a code, a path and a sentence; nothing else ever comes out of `parse`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors import get
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit.json_documents import split, too_deep
from tests.integrations.connectors.woocommerce.orders import SHOP, line, order, payload

woo = get("woocommerce")


def refused(body: bytes) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        woo.parse(body, SHOP)
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"id": None}, "no_id", "id"),
        ({"id": " "}, "no_id", "id"),
        ({"id": True}, "no_id", "id"),
        ({"id": 5.5}, "no_id", "id"),
        ({"id": "x" * 256}, "bad_id", "id"),
        ({"id": 10**255}, "bad_id", "id"),
        ({"id": 1e300}, "bad_id", "id"),
        ({"total": None}, "no_total", "$.total"),
        ({"total": "12,50"}, "bad_amount", "total"),
        ({"total": "1.234,56"}, "bad_amount", "total"),
        ({"total": "1 234.56"}, "bad_amount", "total"),
        ({"total": "£12"}, "bad_amount", "total"),
        ({"total": "1_0"}, "bad_amount", "total"),
        ({"total": "１.５"}, "bad_amount", "total"),
        ({"total": "١٢"}, "bad_amount", "total"),
        ({"total": "1e3"}, "bad_amount", "total"),
        ({"total": "NaN"}, "bad_amount", "total"),
        ({"total": " 5"}, "bad_amount", "total"),
        ({"total": "12345678901.00"}, "bad_amount", "total"),
        ({"total": 1e300}, "bad_amount", "total"),
        ({"total": True}, "wrong_type", "$.total"),
        ({"total": "-5.00"}, "negative_total", "$.total"),
        ({"currency": "EURO"}, "unknown_currency", "currency"),
        ({"currency": "XAU"}, "unknown_currency", "currency"),
        ({"currency": None}, "unknown_currency", "$.currency"),
        ({"date_modified_gmt": "0000-00-00 00:00:00", "date_modified": ""}, "no_date", "$.date_modified_gmt"),
        ({"date_modified_gmt": "9999-12-31T23:59:59"}, "date_out_of_range", "date_modified_gmt"),
        ({"date_created_gmt": "0001-01-01T00:00:00"}, "date_out_of_range", "date_created_gmt"),
        ({"date_created_gmt": "2026-02-30T00:00:00"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": "2026-02-03T24:00:00"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": "2026-02-03T10:00:60"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": "1767225600"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": "2026-01-01t00:00:00z"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": "Thu, 01 Jan 2026 00:00:00 GMT"}, "bad_date", "date_created_gmt"),
        ({"date_created_gmt": 1767225600}, "wrong_type", "$.date_created_gmt"),
        ({"line_items": {"1": {}}}, "wrong_type", "$.line_items"),
        ({"line_items": "[]"}, "wrong_type", "$.line_items"),
        ({"line_items": [line(quantity=-1)]}, "negative_quantity", "$.line_items[0].quantity"),
        ({"line_items": [line(), line(quantity=0.5)]}, "fractional_quantity", "$.line_items[1].quantity"),
        ({"line_items": [line(quantity=0), line(quantity=-1)]}, "negative_quantity", "$.line_items[1].quantity"),
        ({"line_items": [line(quantity=2**31)]}, "bad_quantity", "$.line_items[0].quantity"),
        ({"line_items": [line(quantity=None)]}, "bad_quantity", "$.line_items[0].quantity"),
        ({"line_items": [line(quantity=True)]}, "bad_quantity", "$.line_items[0].quantity"),
        ({"line_items": [line(total="x")]}, "bad_amount", "$.line_items[0].total"),
        ({"line_items": [line(sku="x" * 101)]}, "bad_sku", "$.line_items[0].sku"),
        ({"line_items": [line()] * 1001}, "too_many_lines", "$.line_items"),
        ({"customer_note": "x" * 1_000_001}, "too_large", "$"),
    ],
)
def test_refused(changes: dict[str, Any], code: str, path: str) -> None:
    error = refused(payload(**changes))
    assert (error.code, error.path) == (code, path)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"null", "wrong_type"),
        (b'"x"', "wrong_type"),
        (b"[]", "wrong_type"),
        (b'{"id": NaN}', "not_json"),
        (b'{"id": 1e999}', "wrong_type"),
        (b'{"id": ' + b"9" * 5000 + b"}", "wrong_type"),
        (b'{"id": "\xff"}', "not_json"),
        (b'{"meta_data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "wrong_type"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b'cb({"id": 1})', "not_json"),
    ],
)
def test_refused_bodies(body: bytes, code: str) -> None:
    assert refused(body).code == code


def test_an_amount_given_twice_is_refused() -> None:
    assert refused(payload().replace(b'"total": "30.25"', b'"total": "30.25", "total": "3.25"')).code == "duplicate_key"


def test_a_number_without_end_in_a_field_that_is_not_read_harms_nothing() -> None:
    body = payload(total="99.99").removesuffix(b"}") + b', "plugin": ' + b"1" * 5000 + b"}"
    assert str(woo.parse(body, SHOP).total) == "99.99"


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), lambda inner: st.lists(inner)),
    st.data(),
)
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_is_read_or_refused(value: Any, data: st.DataObject) -> None:
    document = order()
    place = data.draw(st.sampled_from(["order", "line", "billing"]))
    target = {"order": document, "line": document["line_items"][0], "billing": document["billing"]}[place]
    target[data.draw(st.sampled_from(sorted(target)))] = value
    try:
        woo.parse(json.dumps(document).encode(), SHOP)
    except PayloadError as error:
        assert error.message


class TestPages:
    def test_orders_are_cut_byte_for_byte(self) -> None:
        assert split(b' [{"a":  1}, {"b":"\\u00e9"} ]', 10) == (b'{"a":  1}', b'{"b":"\\u00e9"}')

    @pytest.mark.parametrize("body", [b'\xef\xbb\xbf[{"a":1}]', '[{"a":1}]'.encode("utf-16")])
    def test_byte_order_marks(self, body: bytes) -> None:
        assert split(body, 10) == (b'{"a":1}',)

    def test_a_lone_surrogate_spoils_its_order_only(self) -> None:
        assert split(rb'[{"a":"\ud800"},{"b":"\ud83d\ude4f"}]', 10) == (rb'{"a":"\ufffd"}', rb'{"b":"\ud83d\ude4f"}')

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (b"", "with nothing"),
            (b"  ", "with nothing"),
            (b"null", "not a JSON list"),
            (b'{"errors": []}', "a single object"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"<br />\n<b>Notice</b>:  Undefined index<br />\n[{}]", "a PHP notice"),
            (b"[{}", "may have been cut off"),
            (b'[{"a": nan}]', "not valid JSON"),
            (b"\xe9[]", "not UTF-8"),
            (b"\xff\xfe[", "damaged UTF-16"),
            (b")]}',\n[]", "not a JSON list"),
            (b"cb([])", "not a JSON list"),
            (b"[" * 100_000, "too deeply"),
            (b"[1,2,3]", "more than 2"),
        ],
    )
    def test_other_answers_are_told_apart(self, body: bytes, sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            split(body, 2)

    def test_depth_is_measured_outside_of_texts(self) -> None:
        assert not too_deep(json.dumps(["[" * 1000, "]" * 5, {"}{": '\\"['}]).encode())
        assert not too_deep(b"[" * 64 + b"]" * 64)
        assert too_deep(b"[" * 65 + b"]" * 65)
        assert too_deep(b'{"a":' * 900 + b"1" + b"}" * 900)
