"""The proof of the sweeps complains of losses, of doubled orders and of controls that lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.simulator.dialects.paypal import answering as paypal
from integrations.simulator.dialects.paypal.transactions import transactions
from integrations.simulator.shop import SimulatedShop
from tests.benchmarks.sweeps import Result, complaints, sweep


def result(**changes: object) -> Result:
    values: dict[str, object] = {"never_fetched": 0, "doubled": 0, "read_again": 3, "controls": {"strict": 2}}
    return Result("ebay", 1, 100, requests=9, **(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([result()], []),
        ([result(controls={"strict": 0}), result()], []),
        ([result(never_fetched=1)], ["1 orders lost"]),
        ([result(doubled=1)], ["1 doubled"]),
        ([result(controls={"strict": 0}), result(controls={"strict": 0})], ["“strict” has lost nothing"]),
    ],
)
def test_complaints(rows: list[Result], words: list[str]) -> None:
    found = list(complaints(rows))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_a_small_sweep_loses_nothing_and_its_controls_do() -> None:
    found = sweep("woocommerce", 1, 60)
    assert (found.never_fetched, found.doubled) == (0, 0)
    assert min(found.controls.values()) > 0


def test_a_payment_begins_when_it_is_made_and_not_when_its_order_was_placed() -> None:
    clock = [datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)]
    shop = SimulatedShop("Late", clock=lambda: clock[0])
    sale = shop.place("pending")
    clock[0] += timedelta(hours=5)
    assert not transactions(shop)
    shop.change(sale.id, "processing")
    began, _, number, row = transactions(shop)[0]
    assert (began, number) == (clock[0], sale.id)
    clock[0] += timedelta(hours=1)
    shop.change(sale.id, "completed")
    named = paypal.external_id(shop, sale)
    assert named is not None and named.endswith(f"{began:%Y%m%dT%H%M%SZ}")
    assert row()["transaction_info"]["transaction_initiation_date"] == f"{began:%Y-%m-%dT%H:%M:%S+0000}"
