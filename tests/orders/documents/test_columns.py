"""Columns of invoices and credit notes add up to what stands below them, whatever totals a shop gives."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from babel.numbers import get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors import get, shop_connectors
from integrations.connectors.contract import Shop
from orders.choices import DocumentType
from orders.documents import issue
from orders.documents.paper import contents
from orders.documents.tax_rates import Taxed, rates_of
from orders.intake.incoming import ZERO, IncomingOrder
from orders.intake.rows import as_plain
from orders.models import Invoice, Letterhead
from orders.work.crediting_plan import plan_amount
from tests.factories import incoming, line
from tests.integrations.connectors.magento1 import orders as magento1
from tests.orders.work.test_crediting_plan import with_notes
from tests.payloads import PAYLOADS

AT = datetime(2026, 11, 1, tzinfo=UTC)
# Payloads that are refused, for a fraction of a piece and for a price beyond reason, and one whose lines come in two.
REFUSED = {"order_fractional_quantity.json", "order_of_a_guest.json", "orders_with_more_lines.json"}
# Platforms whose orders are kept in a document beside what else was asked.
WRAPPED = {"bigcommerce", "ecwid"}
SHOP = Shop("https://shop.example", {}, ZoneInfo("Europe/Prague"), {"currency": "EUR"})


def invoice_of(order: IncomingOrder) -> Invoice:
    """As it is issued at import, without a database."""
    goods = [
        {"sku": each.sku, "name": each.name, "quantity": each.quantity, "unit_price": each.unit_price}
        | {"total": each.total, "tax": each.tax}
        for each in order.lines
    ]
    lines = issue.complete(goods, order, sum((each.tax for each in order.lines), ZERO))
    return Invoice(
        pk=1, document_type=DocumentType.INVOICE, code="IN1", letterhead=Letterhead(company="Us", created_at=AT),
        issued_at=AT, issue_date=date(2026, 11, 1), order_number=order.number, order_date=date(2026, 11, 1),
        buyer="Jana", currency=order.currency, total=order.total,
        tax_total=sum((each["tax"] for each in lines), ZERO), lines=as_plain(lines), reason="",
    )  # fmt: skip


def shown(text: str) -> Decimal:
    """An amount as printed: "-\u20ac1,234.50"."""
    return Decimal(re.sub(r"[^0-9.-]", "", text.replace("\u2212", "-")) or "0")


def check(order: IncomingOrder) -> None:
    """Each printed column gives the total below it, and so do the rates of tax; the API's amounts are the same."""
    invoice = invoice_of(order)
    if order.tax_total:
        assert invoice.tax_total == order.tax_total
    sheet = contents.invoice_sheet(invoice)
    net, tax, gross = (shown(text) for _, text in sheet.totals)
    assert gross == order.total == net + tax
    places = {column.title: place for place, column in enumerate(sheet.columns)}
    for title, total in (("Net", net), ("Tax", tax)):
        assert sum(shown(row[places[title]]) for row in sheet.rows) == total, f"{order.number}: {title}"
    if sheet.rates:
        columns = list(zip(*sheet.rates[1:], strict=True))[1:]
        assert [sum(map(shown, column)) for column in columns] == [net, tax, gross]
    for name, total in (("total", net), ("tax", tax)):
        assert sum(Decimal(each[name]) for each in invoice.lines) == total


@st.composite
def orders(draw: st.DrawFn) -> IncomingOrder:
    currency = draw(st.sampled_from(["JPY", "EUR", "KWD"]))
    digits = get_currency_precision(currency)

    def amount(low: int, high: int) -> Decimal:
        return Decimal(draw(st.integers(low, high))).scaleb(-digits)

    lines = []
    for _ in range(draw(st.integers(1, 4))):
        net, quantity = amount(0, 99999), draw(st.integers(1, 9))
        tax = round(net * draw(st.sampled_from([0, 12, 21])) / 100, digits)
        lines.append(line(quantity=quantity, total=net, tax=tax))
    costs = {"shipping_total": amount(0, 999), "shipping_tax": amount(0, 99), "fee_total": amount(-999, 999)}
    tax = sum((each.tax for each in lines), ZERO) + costs["shipping_tax"]
    total = sum((each.total for each in lines), ZERO) + costs["shipping_total"] + costs["fee_total"] + tax
    off = {"total": total + amount(-1500, 300), "tax_total": max(tax + amount(-3, 3), ZERO)}
    return incoming(*lines, currency=currency, **costs, **off)


@settings(max_examples=300, deadline=None)
@given(orders())
def test_columns_of_any_order_add_up(order: IncomingOrder) -> None:
    check(order)


def payloads() -> list[tuple[str, str, bytes]]:
    """(platform, file, one order) of all that is kept with the tests and can be read as one order."""
    found = []
    for platform in ("bigcommerce", "ebay", "ecwid", "magento2", "prestashop", "woocommerce"):
        for file in sorted((PAYLOADS / platform).glob("order*.json")):
            document = msgspec.json.decode(file.read_bytes())
            if file.name in REFUSED or "orders" in file.name:
                continue
            if platform in WRAPPED and "order" not in document:
                document = {"order": document, "currency": "JPY" if "yen" in file.name else "EUR"}
            found.append((platform, file.name, msgspec.json.encode(document)))
    found += [
        ("magento1", file.name, magento1.read(file.name))
        for file in sorted(magento1.FOLDER.glob("order*.xml"))
        if not file.name.startswith("orders_")
    ]
    for file in sorted((PAYLOADS / "shopify").glob("orders_*.json")):
        data = msgspec.json.decode(file.read_bytes())["data"]
        nodes = () if file.name in REFUSED else (data.get("orders") or data)["nodes"]
        found += [("shopify", file.name, msgspec.json.encode({"order": node})) for node in nodes if node]
    for each in msgspec.json.decode((PAYLOADS / "paypal" / "transactions.json").read_bytes())["transaction_details"]:
        if not each["transaction_info"]["transaction_amount"]["value"].startswith("-"):
            found.append(("paypal", "transactions.json", msgspec.json.encode(each)))
    return found


@pytest.mark.parametrize(("platform", "name", "payload"), payloads(), ids=lambda each: str(each)[:40])
def test_columns_of_every_platform_add_up(platform: str, name: str, payload: bytes) -> None:
    check(get(platform).parse(payload, SHOP))


def test_there_are_payloads_of_every_platform() -> None:
    assert {platform for platform, *_ in payloads()} == {each.key for each in shop_connectors()}


@pytest.mark.parametrize(
    ("total", "tax_total", "row"),
    [
        ("12.10", "2.10", None),
        ("12.11", "2.11", ("Rounding", "0.00", "0.01")),
        ("12.10", "2.11", ("Rounding", "-0.01", "0.01")),
        ("12.09", "2.10", ("Rounding", "-0.01", "0.00")),
        ("7.10", "2.10", ("Rounding and other", "-5.00", "0.00")),
        ("12.10", "0", None),
    ],
)
def test_a_cent_that_is_missing_in_the_tax_goes_into_the_tax(
    total: str, tax_total: str, row: tuple[str, str, str] | None
) -> None:
    order = incoming(line(tax=Decimal("2.10")), total=Decimal(total), tax_total=Decimal(tax_total))
    last = invoice_of(order).lines[-1]
    told = (last["name"], f"{Decimal(last['total']):.2f}", f"{Decimal(last['tax']):.2f}")
    assert told == (row or ("Product A-17", "10.00", "2.10"))


def test_tax_that_only_the_total_tells_is_that_of_shipping() -> None:
    """As Shopify gives shipping with its tax, and without lines of tax."""
    goods = line(total=Decimal(5000), tax=Decimal(500))
    values = {"shipping_total": Decimal(750), "tax_total": Decimal(568), "total": Decimal(6250)}
    order = incoming(goods, currency="JPY", shipping_title="Parcel", **values)
    assert [(each["name"], each["total"], each["tax"], each["rate"]) for each in invoice_of(order).lines] == [
        ("Product A-17", "5000", "500", "10"),
        ("Parcel", "682", "68", "10"),
    ]
    check(order)


def test_a_credit_note_by_amount_has_its_part_of_every_rate() -> None:
    goods = line(total=Decimal("10.00"), tax=Decimal("2.10")), line(total=Decimal("20.00"), tax=Decimal("2.40"))
    invoice = with_notes(invoice_of(incoming(*goods, tax_total=Decimal("4.50"))), [])
    plan = plan_amount(invoice, Decimal("3.45"), "Late")
    note = invoice_of(incoming(*goods))
    note.total, note.tax_total, note.lines = plan.total, plan.tax, as_plain(list(plan.rows))
    sheet = contents.invoice_sheet(note)
    assert sheet.rows == (("", "Late", "1", "€3.00", "€3.00", "–", "€0.45"),)
    assert sheet.rates[1:] == (("21\u00a0%", "€1.00", "€0.21", "€1.21"), ("12\u00a0%", "€2.00", "€0.24", "€2.24"))


def test_without_the_rounding_columns_would_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the shop's cent is left out of the lines."""
    order = incoming(line(tax=Decimal("2.10")), total=Decimal("12.10"), tax_total=Decimal("2.11"))
    check(order)
    whole = issue.complete
    monkeypatch.setattr(issue, "complete", lambda *given: whole(*given)[:-1])
    with pytest.raises(AssertionError):
        check(order)


@pytest.mark.parametrize(
    ("lines", "rates"),
    [
        ([("100", "21")], ["21"]),
        ([("0.33", "0.07"), ("100", "20")], ["20", "20"]),
        ([("0.33", "0.07")], ["21"]),
        ([("49.99", "2.75")], ["5.5"]),
        ([("1000", "99.75")], ["9.975"]),
        ([("10", "0"), ("0", "0"), ("0", "1"), ("10", "-1")], ["0", "", "", ""]),
        ([("-10", "-2.1")], ["21"]),
    ],
)
def test_rates_follow_from_the_amounts(lines: list[tuple[str, str]], rates: list[str]) -> None:
    assert rates_of([Taxed(Decimal(net), Decimal(tax)) for net, tax in lines], 2) == rates


def test_amounts_without_decimals_have_rates_and_no_decimals() -> None:
    read: Any = invoice_of(
        incoming(line(total=Decimal(5500), tax=Decimal(550)), currency="JPY", tax_total=Decimal(550))
    )
    sheet = contents.invoice_sheet(read)
    assert sheet.rows[0][4:] == ("\u00a55,500", "10\u00a0%", "\u00a5550")
