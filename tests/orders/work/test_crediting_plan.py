"""Credit notes by plan: whatever is credited in whatever order, the end is the invoice's total, column by column."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.intake.incoming import ZERO
from orders.models import Invoice
from orders.work import crediting_plan
from orders.work.changing import ChangeRefused
from orders.work.crediting_plan import CreditPlan, creditable, plan_all, plan_amount, plan_units

CURRENCIES = ("JPY", "EUR", "KWD")


def charged(name: str, quantity: int, net: str | Decimal, tax: str | Decimal = ZERO) -> dict[str, Any]:
    amounts = {"unit_price": str(net), "total": str(net), "tax": str(tax)}
    return {"sku": name, "name": name, "quantity": quantity, **amounts}


def invoice_of(*lines: dict[str, Any], currency: str = "EUR", tax_total: Decimal | None = None) -> Invoice:
    """An invoice with its credit notes as if they were read already; nothing is in a database."""
    taxes = sum((Decimal(line["tax"]) for line in lines), ZERO)
    total = sum((Decimal(line["total"]) for line in lines), ZERO) + taxes
    invoice = Invoice(pk=1, code="IN1", currency=currency, total=total, lines=list(lines))
    invoice.tax_total = taxes if tax_total is None else tax_total
    return with_notes(invoice, [])


def with_notes(invoice: Invoice, notes: list[Invoice]) -> Invoice:
    rows = Invoice.objects.none()
    rows._result_cache = notes
    vars(invoice)["_prefetched_objects_cache"] = {"credit_notes": rows}
    return invoice


def notes_of(invoice: Invoice) -> list[Invoice]:
    return list(invoice.credit_notes.all())


def credit(invoice: Invoice, plan: CreditPlan, **left_out: str) -> Invoice:
    """Keep the planned note as the database would; rows lose the keys that are named by `left_out`."""
    assert plan.total > 0
    rows = [{name: value for name, value in row.items() if name not in left_out} for row in plan.rows]
    note = Invoice(pk=len(notes_of(invoice)) + 2, currency=invoice.currency, total=plan.total, tax_total=plan.tax)
    note.lines = rows
    with_notes(invoice, [*notes_of(invoice), note])
    return note


def credited(invoice: Invoice) -> tuple[Decimal, Decimal]:
    """Total and tax of the notes' headers; the rows say the same."""
    notes = notes_of(invoice)
    for note in notes:
        assert note.tax_total == sum(Decimal(row["tax"]) for row in note.lines)
        assert note.total - note.tax_total == sum(Decimal(row["total"]) for row in note.lines)
    return sum((note.total for note in notes), ZERO), sum((note.tax_total for note in notes), ZERO)


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    """Goods with and without discount, shipping, fees and residuals of both signs; the tax may be off by some."""
    currency = draw(st.sampled_from(CURRENCIES))
    digits = get_currency_precision(currency)

    def amount(low: int, high: int) -> Decimal:
        return Decimal(draw(st.integers(low, high))).scaleb(-digits)

    def taxed(net: Decimal) -> Decimal:
        return round(net * draw(st.sampled_from([0, 10, 21])) / 100, digits)

    lines = []
    for number in range(draw(st.integers(1, 4))):
        net = amount(0, 9999)
        lines.append(charged(f"A-{number}", draw(st.integers(1, 5)), net, taxed(net)))
    for name, least in (("Shipping", 0), ("Fees", -300), ("Rounding and other", -4000)):
        if draw(st.booleans()):
            net = amount(least, 900)
            lines.append(charged(name, 1, net, taxed(net) if name != "Rounding and other" else ZERO))
    gap = amount(-2, 2)
    invoice = invoice_of(*lines, currency=currency)
    if draw(st.booleans()):
        invoice.tax_total += gap  # as earlier releases issued them
    else:
        invoice.lines.append(charged("Rounding", 1, -gap, gap))
        invoice.tax_total += gap
    return invoice


def steps(draw: Callable[..., Any], invoice: Invoice) -> None:
    """One credit note of units, of an amount or of the rest; what is refused writes nothing."""
    lines = [line for line in creditable(invoice) if line.left]
    left = invoice.total - credited(invoice)[0]
    kind = draw(st.sampled_from(["units", "units", "amount", "rest"] if lines else ["amount", "rest"]))
    if kind == "units":
        line = draw(st.sampled_from(lines))
        try:
            plan = plan_units(invoice, {line.place: draw(st.integers(1, line.left))})
        except ChangeRefused as refusal:
            assert any(words in str(refusal) for words in ("add up to nothing", "more tax than is left"))
            return
    elif kind == "amount":
        unit = Decimal(1).scaleb(-get_currency_precision(invoice.currency))
        plan = plan_amount(invoice, draw(st.integers(1, max(1, int(left / unit)))) * unit, "")
    else:
        plan = plan_all(invoice)
    credit(invoice, plan)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_order_of_credits_ends_exactly_at_the_total_in_each_column(data: st.DataObject) -> None:
    invoice = data.draw(invoices().filter(lambda each: each.total > 0 and each.tax_total >= 0))
    for _ in range(data.draw(st.integers(0, 6))):
        if credited(invoice)[0] == invoice.total:
            break
        steps(data.draw, invoice)
        total, tax = credited(invoice)
        assert total <= invoice.total and tax <= invoice.tax_total
        left = creditable(invoice)
        assert sum(line.gross for line in left) == invoice.total - total
        assert sum(line.tax for line in left) == invoice.tax_total - tax
    if credited(invoice)[0] < invoice.total:
        credit(invoice, plan_all(invoice))
    assert credited(invoice) == (invoice.total, invoice.tax_total)
    assert all(line.net == line.tax == 0 for line in creditable(invoice))
    unit = Decimal(1).scaleb(-get_currency_precision(invoice.currency))
    with pytest.raises(ChangeRefused):
        plan_all(invoice)
    with pytest.raises(ChangeRefused):
        plan_amount(invoice, unit, "")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_units_alone_in_any_order_end_at_the_total(data: st.DataObject) -> None:
    """Nothing but units is typed, one after the other; lines that lower the total go along by themselves."""
    net = [Decimal(data.draw(st.integers(100, 9999))) / 100 for _ in range(3)]
    lines = [charged(f"A-{place}", 2, each, round(each * 21 / 100, 2)) for place, each in enumerate(net)]
    residual = Decimal(data.draw(st.integers(-int(sum(net) * 100) + 1, 500))) / 100
    invoice = invoice_of(*lines, charged("Rounding and other", 1, residual))
    units = [place for place in range(3) for _ in range(2)]
    for place in data.draw(st.permutations(units + ([3] if residual > 0 else []))):
        if credited(invoice)[0] < invoice.total:
            credit(invoice, plan_units(invoice, {place: 1}))
    assert credited(invoice) == (invoice.total, invoice.tax_total)


@pytest.mark.parametrize("residual", ["-5.00", "-0.01", "0.01", "5.00"])
def test_a_unit_is_credited_by_its_own_price_whatever_the_residual(residual: str) -> None:
    invoice = invoice_of(charged("A", 2, "20.00", "4.20"), charged("Rounding and other", 1, residual))
    first = plan_units(invoice, {0: 1})
    assert (first.total, first.tax, first.along) == (Decimal("12.10"), Decimal("2.10"), ())
    credit(invoice, first)
    second = plan_units(invoice, {0: 1})
    lowered = Decimal(residual) < 0
    assert second.along == (("Rounding and other",) if lowered else ())
    assert second.total == Decimal("12.10") + (Decimal(residual) if lowered else 0)


def test_an_amount_is_taken_off_every_line_by_its_share() -> None:
    invoice = invoice_of(charged("A", 2, "20.00", "4.20"), charged("Post", 1, "10.00", "0"))
    plan = plan_amount(invoice, Decimal("3.42"), "Late")
    assert (plan.total, plan.tax) == (Decimal("3.42"), Decimal("0.42"))
    credit(invoice, plan)
    assert [(line.net, line.tax) for line in creditable(invoice)] == [
        (Decimal("18.00"), Decimal("3.78")),
        (Decimal("9.00"), Decimal(0)),
    ]
    credit(invoice, plan_units(invoice, {0: 2}))
    credit(invoice, plan_amount(invoice, Decimal("9.00"), ""))
    assert credited(invoice) == (invoice.total, invoice.tax_total)


def test_a_penny_above_is_refused_with_what_is_left_by_line() -> None:
    invoice = invoice_of(charged("A-17", 3, "10.00", "2.10"), charged("DHL", 1, "5.00", "1.05"))
    credit(invoice, plan_units(invoice, {0: 1}))
    with pytest.raises(ChangeRefused, match=r"Only €14\.12 .* Left by line, with tax: 2 × A-17 €8\.07, DHL €6\.05\."):
        plan_amount(invoice, Decimal("14.13"), "")
    with pytest.raises(ChangeRefused, match=r"Only 2 × A-17 can be credited\. Left by line, with tax: 2 × A-17 €8\.07"):
        plan_units(invoice, {0: 3})
    assert plan_amount(invoice, Decimal("14.12"), "").total == Decimal("14.12")


def test_the_rest_after_an_amount_brings_back_all_units() -> None:
    invoice = invoice_of(charged("A-17", 3, "10.00", "2.10"))
    credit(invoice, plan_amount(invoice, Decimal("1.00"), ""))
    plan = plan_all(invoice)
    assert [(line.place, count) for line, count in plan.units] == [(0, 3)]
    assert plan.total == Decimal("11.10")


def test_notes_of_earlier_releases_count_though_they_do_not_say_of_which_lines() -> None:
    invoice = invoice_of(charged("A", 2, "20.00", "4.20"), charged("Post", 1, "10.00", "2.10"))
    credit(invoice, plan_amount(invoice, Decimal("3.63"), "Late"), shares="")
    assert [line.gross for line in creditable(invoice)] == [Decimal("21.78"), Decimal("10.89")]
    credit(invoice, plan_all(invoice))
    assert credited(invoice) == (invoice.total, invoice.tax_total)


def test_without_lowering_lines_going_along_units_would_be_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the above."""
    invoice = invoice_of(charged("A", 2, "20.00"), charged("Gift card", 1, "-5.00"))
    credit(invoice, plan_units(invoice, {0: 1}))
    monkeypatch.setattr(crediting_plan, "_with", lambda plan, lines: plan)
    plan = plan_units(invoice, {0: 1})
    assert plan.total == Decimal(10) > invoice.total - credited(invoice)[0]
