"""EANs of lines, where the release of WooCommerce tells them."""

from __future__ import annotations

from integrations import connectors
from integrations.connectors.contract import Shop
from tests.integrations.connectors.woocommerce.orders import line, payload

SHOP = Shop("https://shop.example", {})


def test_a_line_without_a_sku_takes_part_in_stock_by_its_ean() -> None:
    lines = [
        line(id=1, sku="", global_unique_id="036000291452"),
        line(id=2, sku="", global_unique_id=""),
        line(id=3, sku="A-17"),
    ]
    read = connectors.get("woocommerce").parse(payload(line_items=lines), SHOP).lines
    assert [(each.ean, each.stocked) for each in read] == [("0036000291452", True), ("", False), ("", True)]
