"""An order that was just written is answered as it is read: with the goods that it was written by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Partner
from tests.factories import give_stock

ITEMS: dict[str, Any] = {
    "a SKU": {"source_id": "TEA", "related_object": "sku"},
    "its code alone": {"source_id": "TEA"},
    "nobody's code": {"source_id": "NOBODY-KEEPS"},
    "nobody's product": {"source_id": "NOBODY-KEEPS", "related_object": "product"},
    "a product of two SKUs": {"source_id": "MUG", "related_object": "product"},
    "one that is sold itself": {"source_id": "PLATE"},
    "inner objects": {"sku": {"source_id": "MUG-RED"}, "product": {"source_id": "MUG", "name": "Mug"}},
    "a new product": {"product": {"source_id": "NEW", "name": "New", "override": True}, "sku": {"source_id": "NEW-1"}},
    "nothing that has a key": {"amount": 700},
}


@pytest.mark.parametrize("item", list(ITEMS))
def test_a_saved_order_is_answered_as_it_is_read(partner: Partner, item: str) -> None:
    """What was looked up to write it is not looked up again to answer."""
    give_stock(partner.project, TEA=5)
    for code in ("MUG", "PLATE"):
        assert partner.post("/v1/products", {"source_id": code, "name": code, "price": 900}).status_code == 200
    for code in ("MUG-RED", "MUG-BLUE"):
        assert partner.post("/v1/products/MUG/skus", {"source_id": code, "sku": code}).status_code == 200
    sent = {"source_id": "o-1", "items": [{"quantity": 2, "price": 350} | ITEMS[item], {"source_id": "TEA"}]}
    for body in (sent, sent | {"metadata": {"again": True}}):
        answer = partner.post("/v1/orders", body)
        assert answer.status_code == 200, answer.content
        assert answer.json() == partner.get("/v1/orders/o-1").json()
