"""Documents as PDF: what they say in every European language, over pages, and the same bytes for ever."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import override

from config.kit.sql import execute
from integrations.models import Project
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadWording
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.intake.incoming import IncomingAddress, IncomingOrder
from orders.intake.plans import HISTORY
from orders.models import Invoice, Order, Shipment
from tests.factories import ProjectFactory, incoming, line
from tests.orders.intake.test_new_orders import take
from tests.reading_pdf import pages_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = ProjectFactory.create()
    wording = LetterheadWording(
        "Zahradní domov s.r.o.", "Dlouhá 12\n602 00 Brno", "VAT ID: CZ12345678", "IBAN: CZ65 0800", "Thank you."
    )
    letterheads.change(project.pk, wording, logo=None, seen=None, actor_id=None)
    return project


def documents(project: Project, order: IncomingOrder) -> tuple[bytes, bytes]:
    """Invoice and packing slip of an order."""
    take(project, (order, HISTORY))
    row = Order.objects.get(number=order.number)
    invoice, shipment = Invoice.objects.get(order=row), Shipment.objects.get(order=row)
    return render(contents.of_invoices([invoice.pk])), render(contents.of_shipments([shipment.pk]))


def test_an_invoice_says_all_it_must(project: Project) -> None:
    order = incoming(
        line("A-17", 3, price="10.00", tax=Decimal("6.30"), name="Green tea"),
        shipping_total=Decimal(5),
        shipping_tax=Decimal("1.05"),
        shipping_title="DHL Parcel",
        payment_title="Card",
        total=Decimal("42.35"),
        tax_total=Decimal("7.35"),
        number="1042",
    )
    invoice, slip = documents(project, order)
    [page] = pages_of(invoice)
    row = Invoice.objects.get()
    for text in ["Invoice", row.code, "Zahradní domov s.r.o.", "Dlouhá 12", "VAT ID: CZ12345678", "IBAN: CZ65 0800"]:
        assert text in page
    for text in ["Billed to Jana Nováková Brno Czechia", "Order 1042", "Payment Card", "Thank you.", "Page 1 of 1"]:
        assert text in page
    assert "A-17 Green tea 3 €10.00 €30.00 21 % €6.30" in page
    assert "DHL Parcel 1 €5.00 €5.00 21 % €1.05" in page
    assert "Without tax €35.00 Tax €7.35 Total €42.35" in page
    [page] = pages_of(slip)
    assert "Packing slip" in page and "Carrier DHL Parcel" in page and "A-17 Green tea 3" in page and "Units 3" in page
    assert "€" not in page


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "1200", "¥1,200"), ("KWD", "1.5", "KWD 1.500"), ("CZK", "9.9", "CZK 9.90")],
)
def test_amounts_have_the_digits_of_their_currency(project: Project, currency: str, amount: str, shown: str) -> None:
    invoice, _slip = documents(project, incoming(line(price=amount), currency=currency))
    assert f"Total {shown}" in pages_of(invoice)[0]


@pytest.mark.parametrize(
    "name",
    [
        "Příliš žluťoučký kůň úpěl ďábelské ódy",
        "Zażółć gęślą jaźń, Łódź",
        "Árvíztűrő tükörfúrógép",
        "Șapte ouă și țară",
        "Größe, Straße, façade, œuvre, Ærø, Þór",
        "Ģirts Žņaugs, Ąžuolas, Õun",
        "Ελληνικό τσάι Ώ",
        "Їжак, ґанок, ёлка, Љубав, ќерка",
        "Çay, İstanbul, ağaç",
    ],
)
def test_every_european_alphabet_can_be_read(project: Project, name: str) -> None:
    address = IncomingAddress(first_name=name, city=name)
    invoice, slip = documents(project, incoming(line(name=name), billing=address))
    assert pages_of(invoice)[0].count(name) == 3
    assert pages_of(slip)[0].count(name) == 3


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("שלום", "שלום"),
        ("中文茶", "中文茶"),
        ("日本のおちゃ", "おちゃ"),
        ("한국어", "한국어"),
        ("tea 👩‍🚀🧉", "tea [woman] [rocket] [mate drink]"),
        ("e\u0301clair\u200b\u202e x", "éclair x"),
        ("<b>&amp; <font size=99>", "<b>&amp; <font size=99>"),
        ("\U00020000 a", "[Cjk] a"),
    ],
)
def test_other_letters_are_shown_as_well_as_can_be(project: Project, name: str, read: str) -> None:
    invoice, slip = documents(project, incoming(line(name=name)))
    assert read in pages_of(invoice)[0]
    assert read in pages_of(slip)[0]


def test_a_long_order_goes_over_pages_with_heads_and_loses_no_line(project: Project) -> None:
    lines = [
        line(f"SKU-{number:03}", name="A name that takes more than one line of its column " * 3)
        for number in range(300)
    ]
    invoice, slip = documents(project, incoming(*lines))
    for pages in (pages_of(invoice), pages_of(slip)):
        assert len(pages) > 5
        text = " ".join(pages)
        assert [text.count(f"SKU-{number:03}") for number in range(300)] == [1] * 300
        assert all("SKU Item Quantity" in page for page in pages)
        assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    assert "Total €3,000.00" in pages_of(invoice)[-1]


def test_texts_of_any_length_are_printed(project: Project) -> None:
    long = IncomingAddress(first_name="x" * 5000, line_1="y z" * 2000, city="W" * 900)
    full = LetterheadWording("C" * 200, "\n".join(["a " * 40] * 12), "t" * 300, "\n".join("b" * 100), "f " * 250)
    letterheads.change(project.pk, full, logo=None, seen=project.letterheads.get().pk, actor_id=None)
    invoice, slip = documents(project, incoming(line("S" * 100, name="N" * 300), billing=long, number="8" * 100))
    assert len(pages_of(invoice)) <= 2
    assert len(pages_of(slip)) <= 2


def test_the_longest_address_line_is_printed_to_its_end(project: Project) -> None:
    """Shopify keeps 255 characters; the number of the house may be the last of them."""
    street = f"{'Rue de la Longue Attente ' * 10}1234"
    address = IncomingAddress(first_name="Jana", line_1=street, city="Lyon", country="FR")
    for paper in documents(project, incoming(line("A-17", 1), billing=address, shipping=address)):
        [page] = pages_of(paper)
        assert (page.count("Longue"), page.count("Attente 1234")) == (10, 1)


def test_the_same_document_gives_the_same_bytes_whatever_changes_later(project: Project) -> None:
    order = incoming(line("A-17", 2, name="Green tea"), shipping_title="DHL")
    before = documents(project, order)
    row = Order.objects.get()
    invoice, shipment = row.invoices.get(), row.shipments.get()
    Order.objects.update(number="9", buyer="Nobody", billing={"city": "Elsewhere"}, shipping={}, shipping_title="Other")
    row.lines.update(name="Black tea", sku="B-2", total=1)
    project.customers.update(name="Nobody", email="nobody@mail.example")
    project.products.update(name="Black tea", sku="B-2")
    project.account.name = "Another"
    project.account.save()
    project.time_zone = "Pacific/Kiritimati"
    project.save()
    seen = project.letterheads.get().pk
    assert letterheads.change(project.pk, LetterheadWording("Moved Ltd"), logo=None, seen=seen, actor_id=None)
    with override("de"):
        after = render(contents.of_invoices([invoice.pk])), render(contents.of_shipments([shipment.pk]))
    assert after == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders_letterhead SET company = 'x'",
        "UPDATE orders_letterhead SET slip_keys = 'x'",
        "UPDATE orders_shipment SET remarks = '[]'",
        "UPDATE orders_shipment SET layout = 1",
        "UPDATE orders_invoice SET layout = 1",
        "DELETE FROM orders_letterhead",
        "UPDATE orders_shipment SET address = '{}'",
        "UPDATE orders_shipmentline SET quantity = 9",
        "DELETE FROM orders_shipmentline",
        "UPDATE orders_invoice SET payment_title = 'x'",
    ],
)
def test_what_a_document_prints_cannot_be_changed(project: Project, statement: str) -> None:
    documents(project, incoming(line()))
    with pytest.raises(DatabaseError, match="are kept as they were written"), transaction.atomic():
        execute(statement)


def test_many_documents_make_one_file_with_page_numbers_of_their_own(project: Project) -> None:
    take(project, *[(incoming(line(name=f"Tea {number}")), HISTORY) for number in range(3)])
    ids = list(Invoice.objects.values_list("pk", flat=True))
    pages = pages_of(render(contents.of_invoices(ids)))
    assert [page.count("Page 1 of 1") for page in pages] == [1, 1, 1]
    assert ["Tea 0" in page for page in pages] == [True, False, False]  # by number, which follows the time placed


def test_a_project_without_a_letterhead_prints_its_accounts_name(db: None) -> None:
    project = ProjectFactory.create()
    invoice, _slip = documents(project, incoming(line()))
    assert project.account.name in pages_of(invoice)[0]
    documents(project, incoming(line()))
    assert project.letterheads.count() == 1
