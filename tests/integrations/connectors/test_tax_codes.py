"""What the tax of a line is known by, from each platform's own words."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import connectors
from integrations.connectors.contract import Shop
from integrations.connectors.kit import values
from tests.integrations.connectors.woocommerce.orders import line, payload
from tests.payloads import PAYLOADS

SHOP = Shop("https://shop.example", {}, settings={"currency": "EUR"})


@pytest.mark.parametrize(
    ("rates", "code"),
    [
        ([("VAT", 21)], "VAT 21%"),
        ([("VAT", "21.000")], "VAT 21%"),
        ([("GST", 5.0), ("QST", 9.975)], "GST 5% + QST 9.975%"),
        ([("", "0.0000")], "0%"),
        ([("", 20.0000000001)], "20%"),
        ([("Exempt", None)], "Exempt"),
        ([("", None)], ""),
        ([], ""),
        ([(["odd"], {"odd": 1})], ""),
        ([("x" * 200, 1)], "x" * 59 + "… 1%"),
    ],
)
def test_taxes_are_known_by_title_and_rate(rates: list[tuple[Any, Any]], code: str) -> None:
    assert values.tax_code(rates) == code


@pytest.mark.parametrize(
    ("told", "code"), [("", "standard"), ("reduced-rate", "reduced-rate"), (None, ""), ({"odd": 1}, "")]
)
def test_woocommerce_has_classes(told: Any, code: str) -> None:
    read = connectors.get("woocommerce").parse(payload(line_items=[line(tax_class=told)]), SHOP)
    assert read.lines[0].tax_code == code


@pytest.mark.parametrize(
    ("platform", "file", "codes"),
    [
        ("ecwid", "order.json", {"Tax X 7%", ""}),
        ("magento2", "order.json", {"20%"}),
        ("woocommerce", "order.json", {"standard"}),
    ],
)
def test_orders_name_the_taxes_of_their_lines(platform: str, file: str, codes: set[str]) -> None:
    read = connectors.get(platform).parse((PAYLOADS / platform / file).read_bytes(), SHOP)
    assert {line.tax_code for line in read.lines} == codes
