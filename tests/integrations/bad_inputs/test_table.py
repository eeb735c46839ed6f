"""The table is whole: every number has its row on every platform, or its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.connectors import all_connectors
from tests.integrations.bad_inputs.rows import ROWS
from tests.integrations.bad_inputs.wires import WIRES

HERE = Path(__file__).parent
LAST = 65
ELSEWHERE = {
    "P47": "all six write UTC; WooCommerce's local stamps, where those are missing: test_woocommerce_orders.py",
    "P56": "refunds, test orders and drafts are each platform's own: test_shopify_orders.py",
    "P59": "a bounded read and a deadline of the client: test_client.py",
    "P60": "compressed bombs, at the client: test_client.py",
    "P65": "shops sell in several currencies, so an order keeps its own: test_shopify_orders.py",
}


def test_every_connector_has_its_wire() -> None:
    assert set(WIRES) == {connector.key for connector in all_connectors()}


def test_every_field_has_its_place_or_a_reason() -> None:
    fields = {row.field for row in ROWS}
    for wire in WIRES.values():
        assert fields == set(wire.fields) & fields | set(wire.lacks)
        assert all(len(reason) > 20 for reason in wire.lacks.values())


def test_every_number_has_a_row_or_a_reason() -> None:
    written = "".join(path.read_text() for path in HERE.glob("*.py") if path.name != Path(__file__).name)
    here = {int(number) for number in re.findall(r"(?:\bP|test_p)(\d\d)", written)}
    assert here | {int(number[1:]) for number in ELSEWHERE} == set(range(1, LAST + 1))


@pytest.mark.parametrize("reason", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_elsewhere_is_there(reason: str) -> None:
    assert (HERE.parent / reason.rpartition(": ")[2]).exists()
