"""`MONEY.md` tells the truth: every amount of every platform, what it is read into, and that the rest does no harm."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import shop_connectors
from orders.intake.incoming import IncomingOrder
from tests.integrations.connectors.money.documents import CASES, ROOTS, document, parse
from tests.integrations.connectors.money.table import Row, amounts, moved, place, rows

ROWS = rows()
OF_ORDER = (
    "status", "paid_at", "total", "tax_total", "shipping_total", "shipping_tax", "fee_total", "fee_tax",
    "discount_total", "refunded_total", "residual", "residual_title",
)  # fmt: skip
OF_LINES = ("quantity", "unit_price", "total", "tax", "discount", "refunded")
# What follows from the others.
CONSEQUENCES = {"residual", "residual_title"}
LESS = Decimal("0.1")


def less(value: Any) -> Any:
    """The amount less ten cents, as it was written; a MoneyBag's is the buyer's."""
    if isinstance(value, dict) and "presentmentMoney" in value:
        return {**value, "presentmentMoney": less(value["presentmentMoney"])}
    if isinstance(value, dict):
        name = "amount" if "amount" in value else "value"
        return {**value, name: less(value[name])}
    if isinstance(value, str):
        return str(Decimal(value) - LESS)
    return float(Decimal(str(value)) - LESS)


def facts(order: IncomingOrder) -> dict[str, Any]:
    """The order's money by the names that the table uses."""
    found = {name: getattr(order, name) for name in OF_ORDER}
    found |= {f"lines[].{name}": [getattr(line, name) for line in order.lines] for name in OF_LINES}
    found |= {f"metadata.{name}": value for name, value in order.metadata.items()}
    for line in order.lines:
        found |= {f"lines[].metadata.{name}": value for name, value in line.metadata.items()}
    return found


def differing(before: IncomingOrder, after: IncomingOrder) -> set[str]:
    old, new = facts(before), facts(after)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def check(row: Row, change: Callable[[Any], Any] = less) -> None:
    """That what the row says of its amount is so."""
    whole = document(row.platform, row.when)
    before = parse(row.platform, whole)
    changed = list(moved(whole, row.path, change))
    assert changed, f"{row}: not in money.json"
    for each in changed:
        found = differing(before, parse(row.platform, each))
        if not row.read:
            assert not found, f"{row}: read into {', '.join(sorted(found))}"
            assert row.note, f"{row}: why it is not read"
        elif "residual_title" in row.read:
            assert found - {"residual"} == row.read, f"{row}: read into {', '.join(sorted(found))}"
        else:
            assert found - CONSEQUENCES == row.read, f"{row}: read into {', '.join(sorted(found))}"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("platform", sorted(ROOTS))
def test_every_order_adds_up(platform: str) -> None:
    """What its parts do not tell is what its row names, to the cent: each amount counts once."""
    for when in ("", *CASES[platform]):
        order = parse(platform, document(platform, when))
        assert not order.warnings, when
        assert not order.residual or order.residual_title, f"{when}: {order.residual} are missing"
        assert "other" not in order.residual_title, f"{when}: {order.residual_title} are not {order.residual}"


@pytest.mark.parametrize("platform", sorted(ROOTS))
def test_every_amount_that_is_read_has_a_row(platform: str) -> None:
    known = {each for row in ROWS if row.platform == platform for each in place(row.path, ROOTS[platform])}
    assert amounts(ROOTS[platform]) - known == set()


def test_every_platform_is_in_the_table() -> None:
    platforms = {each.key for each in shop_connectors()}
    assert {row.platform for row in ROWS} == set(ROOTS) == set(CASES) == platforms
    assert {(row.platform, row.when) for row in ROWS if row.when} == {
        (platform, when) for platform, cases in CASES.items() for when in cases
    }
    assert len({str(row) for row in ROWS}) == len(ROWS), "no row twice"


# --- the controls ---


@pytest.mark.parametrize(
    ("read", "note"),
    [("`lines[].total`", ""), ("`tax_total`", ""), ("`discount_total` `shipping_total`", ""), ("–", "No reason.")],
)
def test_a_row_that_says_what_is_not_so(read: str, note: str) -> None:
    [row] = rows(f"## WooCommerce\n| `discount_total` | {read} | {note} |")
    with pytest.raises(AssertionError):
        check(row)


def test_a_row_of_a_field_that_nobody_reads() -> None:
    [row] = rows("## WooCommerce\n| `cart_tax` | `tax_total` | |")
    with pytest.raises(AssertionError, match="read into"):
        check(row)
    [unknown] = rows("## WooCommerce\n| `line_items[].nonsense` | `tax_total` | |")
    with pytest.raises(AssertionError, match="not in money"):
        check(unknown)
    [unexplained] = rows("## WooCommerce\n| `cart_tax` | – |  |")
    with pytest.raises(AssertionError, match="why"):
        check(unexplained)


def test_an_amount_without_a_row_is_missed() -> None:
    fees = [row for row in ROWS if row.platform == "woocommerce" and "fee_lines" not in row.path]
    known = {each for row in fees for each in place(row.path, ROOTS["woocommerce"])}
    assert amounts(ROOTS["woocommerce"]) - known == {("RawFee", "total"), ("RawFee", "total_tax")}
