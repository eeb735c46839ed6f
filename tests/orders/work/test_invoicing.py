"""Invoices by hand and credit notes: the shop's amounts, to the last digit, and never more than was charged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from config.kit.sql import execute
from integrations.invariants import broken
from integrations.models import Project
from orders.admin.work import bills
from orders.choices import DocumentType, OrderStatus
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.intake.drafts import Intake, Source
from orders.intake.new_orders import take_in
from orders.intake.plans import CANCEL, INVOICE
from orders.models import Invoice, Order
from orders.work import crediting, editing, invoicing, lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from stock.models import StockMovement
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.intake.test_new_orders import levels
from tests.orders.work.desk import order_of, standing, told, units
from tests.reading_pdf import pages_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def sold(project: Project, **values: object) -> Order:
    """Three of a thing for 10.00 + 2.10 together, shipping 5.00 + 1.05."""
    goods = line("A-17", 3, price="3.33", total=Decimal("10.00"), tax=Decimal("2.10"))
    amounts = {"shipping_total": Decimal(5), "shipping_tax": Decimal("1.05"), "shipping_title": "DHL"}
    fields = amounts | {"total": Decimal("18.15"), "tax_total": Decimal("3.15")} | values
    return order_of(project, goods, **fields)  # type: ignore[arg-type]


def charged(invoice: Invoice) -> list[tuple[object, ...]]:
    amounts = ("unit_price", "total", "tax")
    return [
        (row["sku"], row["name"], row["quantity"], *(Decimal(row[name]) for name in amounts)) for row in invoice.lines
    ]


def test_an_invoice_by_hand_is_the_one_an_import_would_make(project: Project) -> None:
    by_hand, by_import = sold(project), sold(project, plan=INVOICE)
    invoice = invoicing.issue(by_hand.pk)
    other = by_import.invoices.get()
    same = ("currency", "total", "tax_total", "payment_title", "letterhead_id", "buyer", "billing", "document_type")
    assert [getattr(invoice, name) for name in same] == [getattr(other, name) for name in same]
    assert charged(Invoice.objects.get(pk=invoice.pk)) == charged(other)
    assert (invoice.number, other.number) == (2, 1)
    assert told(by_hand) == [f"Invoice {invoice.code} issued."]
    assert broken() == {}


def test_one_invoice_stands_at_a_time(project: Project) -> None:
    order = sold(project)
    first = invoicing.issue(order.pk)
    with pytest.raises(ChangeRefused, match=f"Invoice {first.code} stands already"):
        invoicing.issue(order.pk)
    crediting.credit_all(first.pk, return_stock=False, reason="Wrong name")
    second = invoicing.issue(order.pk)
    assert second.number == first.number + 1
    assert broken() == {}


def test_an_invoice_of_nothing_is_no_obstacle_once_there_is_something(project: Project) -> None:
    order = order_of(project, line("A-17", 3, price="0"), total=Decimal(0), plan=INVOICE)
    nothing = order.invoices.get()
    with pytest.raises(ChangeRefused, match=f"Invoice {nothing.code} stands already"):
        invoicing.issue(order.pk)
    Order.objects.filter(pk=order.pk).update(fee_total=4, total=4)
    assert bills.invoice_form(Order.objects.get(pk=order.pk)) is not None
    assert invoicing.issue(order.pk).total == 4
    assert bills.invoice_form(Order.objects.get(pk=order.pk)) is None
    assert broken() == {}


def test_cancelled_units_are_not_invoiced(project: Project) -> None:
    order = sold(project)
    editing.edit_items(order.pk, cancel={order.lines.get().pk: 2}, skus={})
    invoice = invoicing.issue(order.pk)
    assert (invoice.total, invoice.tax_total) == (Decimal("10.08"), Decimal("1.75"))
    assert [(row["quantity"], row["total"], row["tax"]) for row in invoice.lines] == [
        (1, "3.33", "0.70"),
        (1, "5.0000", "1.0500"),
    ]
    assert broken() == {}


def test_a_cancelled_order_is_not_invoiced(project: Project) -> None:
    order = sold(project, plan=CANCEL)
    with pytest.raises(ChangeRefused, match="The order is cancelled"):
        invoicing.issue(order.pk)


def test_an_invoice_is_issued_once_however_often_is_clicked(project: Project) -> None:
    order = sold(project)
    invoicing.issue(order.pk, seen=0)
    with pytest.raises(ChangedMeanwhile):
        invoicing.issue(order.pk, seen=0)
    assert Invoice.objects.count() == 1


def test_times_follow_numbers_though_a_page_read_the_clock_before_it_waited(project: Project) -> None:
    early = Source(project.pk, None, None, project.zone, timezone.now() - timedelta(seconds=30))
    invoicing.issue(sold(project).pk)
    with transaction.atomic():
        take_in(early, [Intake(incoming(line("B-2")), INVOICE, None)])
    assert Invoice.objects.count() == 2
    assert broken() == {}


def test_parts_of_a_line_add_up_to_the_line(project: Project) -> None:
    invoice = invoicing.issue(sold(project).pk)
    amounts = []
    for _ in range(3):
        note = crediting.credit_lines(invoice.pk, {0: 1}, return_stock=False, reason="")
        amounts.append((note.total, note.tax_total))
    assert amounts == [
        (Decimal("4.03"), Decimal("0.70")),
        (Decimal("4.04"), Decimal("0.70")),
        (Decimal("4.03"), Decimal("0.70")),
    ]
    last = crediting.credit_lines(invoice.pk, {1: 1}, return_stock=False, reason="")
    assert last.total == Decimal("6.05")
    assert invoicing.credited(invoice) == invoice.total
    for refused in ({0: 1}, {1: 1}, {2: 1}, {0: -1}, {}):
        with pytest.raises(ChangeRefused):
            crediting.credit_lines(invoice.pk, refused, return_stock=False, reason="")
    assert broken() == {}


def test_a_credit_by_amount_takes_its_share_of_the_tax_and_the_last_one_the_rest(project: Project) -> None:
    invoice = invoicing.issue(sold(project).pk)
    first = crediting.credit_amount(invoice.pk, Decimal("1.00"), reason="Late delivery")
    assert (first.total, first.tax_total) == (Decimal("1.00"), Decimal("0.17"))
    assert first.lines[0]["name"] == "Late delivery"
    with pytest.raises(ChangeRefused, match=r"Only €17\.15 of invoice IN\d+ is not credited yet"):
        crediting.credit_amount(invoice.pk, Decimal("17.16"), reason="")
    rest = crediting.credit_all(invoice.pk, return_stock=False, reason="")
    assert (rest.total, rest.tax_total) == (Decimal("17.15"), Decimal("2.98"))
    with pytest.raises(ChangeRefused, match=r"Nothing of invoice IN\d+ is left to credit"):
        crediting.credit_all(invoice.pk, return_stock=False, reason="")
    assert broken() == {}


@pytest.mark.parametrize(
    ("currency", "amount", "sentence"),
    [("JPY", "1.5", "JPY has 0 decimal places"), ("EUR", "0", "above zero"), ("EUR", "-5", "above zero")],
)
def test_an_impossible_amount_is_refused(project: Project, currency: str, amount: str, sentence: str) -> None:
    invoice = invoicing.issue(order_of(project, line("A-17", price="100"), currency=currency).pk)
    with pytest.raises(ChangeRefused, match=sentence):
        crediting.credit_amount(invoice.pk, Decimal(amount), reason="")
    assert not Invoice.objects.filter(document_type=DocumentType.CREDIT_NOTE).exists()


def test_with_the_goods_back_shipped_units_are_on_hand_and_open_ones_cancelled(project: Project) -> None:
    give_stock(project, A_17=3)
    order = sold(project)
    shipping.ship(order.pk, {order.lines.get().pk: 2})
    waiting = order_of(project, line("A-17", 2))
    invoice = invoicing.issue(order.pk)
    note = crediting.credit_all(invoice.pk, return_stock=True, reason="Sent back")
    assert units(order) == [("A-17", 0, 0, 2, 1, 2)]
    assert standing(order)[0] == OrderStatus.COMPLETE
    assert units(waiting) == [("A-17", 2, 0, 0, 0, 0)]
    assert levels(project) == {"A-17": (3, 2)}
    back = StockMovement.objects.get(reason="return")
    assert (back.quantity, back.note) == (2, f"Credit note {note.code}, order {order.number}")
    assert broken() == {}


def test_without_the_goods_stock_and_items_stay(project: Project) -> None:
    give_stock(project, A_17=3)
    order = sold(project)
    invoice = invoicing.issue(order.pk)
    crediting.credit_all(invoice.pk, return_stock=False, reason="")
    assert units(order) == [("A-17", 3, 0, 0, 0, 0)]
    assert levels(project) == {"A-17": (3, 3)}


def test_units_come_back_once(project: Project) -> None:
    give_stock(project, A_17=3)
    order = sold(project)
    shipment = shipping.ship(order.pk)
    first = invoicing.issue(order.pk)
    crediting.credit_lines(first.pk, {0: 3}, return_stock=True, reason="")
    with pytest.raises(ChangeRefused, match="came back with a credit note already"):
        shipping.take_shipment_back(shipment.pk)
    assert levels(project) == {"A-17": (3, 0)}
    assert broken() == {}


def test_a_cancelled_orders_invoice_can_be_credited(project: Project) -> None:
    order = sold(project, plan=INVOICE)
    lifecycle.cancel(order.pk)
    crediting.credit_all(order.invoices.get().pk, return_stock=True, reason="Cancelled")
    assert standing(order)[0] == OrderStatus.CANCELLED
    assert broken() == {}


def test_a_credit_note_prints_what_it_takes_back(project: Project) -> None:
    order = sold(project)
    invoice = invoicing.issue(order.pk)
    note = crediting.credit_lines(invoice.pk, {0: 2}, return_stock=False, reason="Broken in transit")
    [page] = pages_of(render(contents.of_invoices([note.pk])))
    for text in ("Credit note", note.code, f"Invoice {invoice.code}", "Credited to", "Total credited €8.07", "Broken"):
        assert text in page
    assert broken() == {}


def test_the_rest_after_an_amount_brings_the_goods_back(project: Project) -> None:
    give_stock(project, A_17=3)
    order = sold(project)
    shipping.ship(order.pk)
    invoice = invoicing.issue(order.pk)
    crediting.credit_amount(invoice.pk, Decimal("1.00"), reason="Late")
    crediting.credit_lines(invoice.pk, {0: 1}, return_stock=True, reason="")
    crediting.credit_all(invoice.pk, return_stock=True, reason="")
    assert invoicing.credited(invoice) == invoice.total
    assert levels(project) == {"A-17": (3, 0)}
    assert broken() == {}


def test_credit_notes_have_a_gapless_series_of_their_own(project: Project) -> None:
    for _ in range(3):
        crediting.credit_all(invoicing.issue(sold(project).pk).pk, return_stock=False, reason="")
    notes = Invoice.objects.filter(document_type=DocumentType.CREDIT_NOTE).order_by("number")
    assert [note.number for note in notes] == [1, 2, 3]
    assert notes[0].code == f"CR{notes[0].year}000001"
    with pytest.raises(ChangeRefused, match="only invoices can be credited"):
        crediting.credit_all(notes[0].pk, return_stock=False, reason="")
    with pytest.raises(DatabaseError), transaction.atomic():
        execute("UPDATE orders_invoice SET reason = 'x' WHERE document_type = 'credit_note'")


@pytest.mark.parametrize(
    ("at", "code", "issued"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), "IN2026000001", date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), "IN2027000001", date(2027, 1, 1)),
    ],
)
def test_the_year_of_a_number_is_the_projects_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, at: datetime, code: str, issued: date
) -> None:
    """Prague is an hour ahead of UTC in winter."""
    give_stock(project, A_17=3)
    order = sold(project)
    monkeypatch.setattr("orders.work.changing.true_time.now", lambda: at)
    invoice, shipment = invoicing.issue(order.pk), shipping.ship(order.pk)
    note = crediting.credit_all(invoice.pk, return_stock=False, reason="")
    assert (invoice.code, invoice.issue_date) == (code, issued)
    assert (shipment.code, note.code) == (code.replace("IN", "SH"), code.replace("IN", "CR"))
    assert broken() == {}
