"""The table is whole: every number has its row on every platform, or its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.connectors import shop_connectors
from tests.integrations.bad_inputs.rows import ROWS
from tests.integrations.bad_inputs.wires import WIRES

HERE = Path(__file__).parent
LAST = {"P": 65, "W": 25}
ELSEWHERE = {
    "P47": "local stamps, and nights that have an hour twice: connectors/prestashop/test_local_times.py",
    "P56": "refunds, test orders and drafts are each platform's own: connectors/shopify/test_orders.py",
    "P59": "a bounded read and a deadline of the client: client/test_client.py",
    "P60": "compressed bombs, at the client: client/test_client.py",
    "W11": "signed nonsense is taken and ignored: shop_webhooks/test_receive.py",
    "W12": "WooCommerce's unsigned greeting: shop_webhooks/test_receive.py",
    "W14": "the shop that is named beside the signature is not believed: connectors/shopify/test_webhooks.py",
    "W15": "deliveries about nobody: shop_webhooks/test_receive.py",
    "W16": "what a delivery says is read again in the shop: shop_webhooks/test_receive.py",
    "W17": "whose certificates are believed: connectors/paypal/test_webhooks.py",
    "W18": "challenges and names of keys: connectors/ebay/test_notifications.py",
    "W21": "requests to be forgotten: shop_webhooks/test_erasures.py",
    "W22": "a wrong signature costs one hash and one counter, not limited further: shop_webhooks/test_receive.py",
    "W23": "slow senders are cut off by the web server, before this program: shop_webhooks/test_receive.py",
    "W24": "secrets are compared in constant time: connectors/shopify/test_webhooks.py",
    "P65": "shops sell in several currencies, so an order keeps its own: connectors/shopify/test_orders.py",
}


def test_every_connector_has_its_wire() -> None:
    assert set(WIRES) == {connector.key for connector in shop_connectors()}


def test_every_field_has_its_place_or_a_reason() -> None:
    fields = {row.field for row in ROWS}
    for wire in WIRES.values():
        assert fields == set(wire.fields) & fields | set(wire.lacks)
        assert all(len(reason) > 20 for reason in wire.lacks.values())


@pytest.mark.parametrize("letter", LAST)
def test_every_number_has_a_row_or_a_reason(letter: str) -> None:
    written = "".join(path.read_text() for path in HERE.glob("*.py") if path.name != Path(__file__).name)
    here = {int(number) for number in re.findall(rf"(?:\b{letter}|test_{letter.lower()})(\d\d)", written)}
    elsewhere = {int(number[1:]) for number in ELSEWHERE if number.startswith(letter)}
    assert here | elsewhere == set(range(1, LAST[letter] + 1))


@pytest.mark.parametrize("reason", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_elsewhere_is_there(reason: str) -> None:
    assert (HERE.parent / reason.rpartition(": ")[2]).exists()
