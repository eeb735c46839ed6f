"""Orders are found by what people have at hand: a phone however it is written, a paper, a parcel, a town."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from integrations.models import Project
from orders import phones
from orders import search as word_search
from orders.choices import Part
from orders.documents import finding
from orders.intake.incoming import IncomingAddress
from orders.intake.plans import INVOICE
from orders.models import Invoice, Order
from orders.search import search
from orders.work.crediting import credit_all
from orders.work.editing import edit_address
from orders.work.shipping import ship
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.work.desk import order_of

pytestmark = pytest.mark.django_db

STORED = ["+420 777 123 456", "+420777123456", "00420777123456", "777123456", "777 12 34 56", "(777) 123-456"]
TYPED = [
    "+420 777 123 456", "+420777123456", "00420 777 123 456", "777123456", "777 123 456", "777.123.456",
    "(777) 123-456", "777/123456", "0777 123 456", "777 123", "123456", "3456",
]  # fmt: skip


def found(text: str) -> list[str]:
    return sorted(search(Order.objects.all(), text).values_list("number", flat=True))


@pytest.fixture
def book() -> Project:
    return ProjectFactory.create()


@pytest.mark.parametrize("stored", STORED)
def test_a_phone_is_found_however_it_is_written(book: Project, stored: str) -> None:
    order_of(book, line(), number="N-1", phone=stored)
    order_of(book, line(), number="N-2", phone="+420 608 555 000")
    missed = [typed for typed in TYPED if found(typed) != ["N-1"]]
    assert missed == []


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("+1 (555) 123-4567", "555 123"),
        ("+15551234567", "(555) 123-4567"),
        ("555-123-4567", "+1 555 123 4567"),
        ("030 1234567", "+49 30 1234567"),
        ("+49 30 1234567", "030/1234567"),
        ("12 34 56 78", "+45 12345678"),
        ("+45 12345678", "12 34 56 78"),
        ("+44 7911 123456", "07911 123"),
        ("+420 777 123 456 ext. 12", "777123456"),
        ("608 111 222, 777 123 456", "777 123 456"),
        ("٧٧٧١٢٣٤٥٦", "777 123 456"),
    ],
)
def test_phones_of_other_countries(book: Project, stored: str, typed: str) -> None:
    order_of(book, line(), number="N-1", phone=stored)
    assert found(typed) == ["N-1"]


def test_phones_of_addresses_and_words_beside_a_phone(book: Project) -> None:
    address = IncomingAddress(first_name="Ida", city="Kutná Hora", phone="+420 777 123 456")
    order_of(book, line(), number="N-1", shipping=address)
    assert found("777 123 456") == found("ida 777 123 456 hora") == ["N-1"]
    assert found("iva 777 123 456") == []


def test_a_number_of_an_order_is_no_end_of_a_phone(book: Project) -> None:
    order_of(book, line(), number="654321")
    assert found("123456") == []
    assert found("6543") == ["654321"]


BESIDE = ["777 123 456 1001", "+420 777 123 456 1001", "777123456 1001", "1001 +420777123456", "(777) 123-456 1001"]


def test_a_phone_and_a_number_beside_each_other(book: Project) -> None:
    """People copy both from one line; each has to be found, in whatever order and grouping they stand."""
    order_of(book, line(), number="1001", phone="+420 777 123 456")
    order_of(book, line(), number="1002", phone="+420 777 123 456")
    order_of(book, line(), number="1001-B", phone="+420 608 555 000")
    assert [typed for typed in BESIDE if found(typed) != ["1001"]] == []
    # The number may be the country's: what has the phone is found, too.
    assert found("1001 777 123 456") == ["1001", "1002"]
    assert found(f"{BESIDE[0]} brno") == ["1001"]
    assert found("777 123 456 1003") == found("608 555 111 1001") == []
    assert found("1001 1002") == []  # two numbers are no phone and a number


def test_a_phone_and_a_number_are_found_by_the_index(book: Project) -> None:
    order_of(book, line(), number="1001", phone="+420 777 123 456")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_indexonlyscan = off")
    plan = search(Order.objects.order_by(), BESIDE[0]).explain()
    assert "order_search" in plan, plan


def test_control_of_both_beside_each_other(book: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    order_of(book, line(), number="1001", phone="+420 777 123 456")
    monkeypatch.setattr(word_search, "_run", word_search._group)
    assert found(BESIDE[0]) == []


def test_a_town_is_found_and_follows_an_edit(book: Project) -> None:
    order = order_of(book, line(), number="N-1")
    assert found("brno") == ["N-1"]
    address = IncomingAddress(last_name="Nová", city="Český Krumlov", country="CZ", phone="+420 777 123 456")
    edit_address(order.pk, Part.BILLING, address)
    assert (found("brno"), found("krumlov"), found("777123456")) == ([], ["N-1"], ["N-1"])


def test_papers_and_parcels_name_their_order(book: Project) -> None:
    give_stock(book, A_17=5)
    order = order_of(book, line("A-17", 2), number="N-1", plan=INVOICE)
    order_of(book, line("A-17"), number="N-2", plan=INVOICE)
    invoice = Invoice.objects.get(order=order)
    shipment = ship(order.pk, carrier="PPL", tracking_number="JD 0146-0000 1234")
    note = credit_all(invoice.pk, return_stock=False, reason="broken")
    for text in (invoice.code, invoice.code.lower(), f"{invoice.code[:2]} {invoice.code[2:6]}-{invoice.code[6:]}"):
        assert found(text) == ["N-1"], text
    assert found(note.code) == found("JD014600001234") == found("jd 0146 0000") == ["N-1"]
    assert found(shipment.code) == ["N-1"]
    assert found(invoice.code[:-1]) == ["N-1", "N-2"]
    assert found(f"{invoice.code[:-1]}9") == []


def test_papers_of_another_project_are_not_found(book: Project) -> None:
    other = ProjectFactory.create()
    for project in (other, book):
        order_of(project, line(), number=f"N-{project.name}", plan=INVOICE)
    code = Invoice.objects.get(project=book).code
    assert search(Order.objects.filter(project=book), code).get().project_id == book.pk
    assert finding.orders_of_papers(Order.objects.filter(project=other), code) != finding.orders_of_papers(
        Order.objects.filter(project=book), code
    )


def test_parcels_are_found_by_their_index(book: Project) -> None:
    order_of(book, line(), number="N-1")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        # In a table this small every index of the project's costs the same.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orders_shipment DROP CONSTRAINT shipment_number_once")
        cursor.execute("DROP INDEX shipment_by_time")
    plan = finding.parcels(Order.objects.filter(project=book), "JD0146").explain()
    assert "shipment_by_tracking" in plan, plan


def test_orders_of_before_are_indexed_again(book: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        order_of(book, line(), number=f"N-{number}", phone="+420 777 123 456")
    Order.objects.update(search="n")
    step = import_module("orders.migrations.0021_search_by_digits")
    monkeypatch.setattr(step, "BATCH", 2)
    step.index_again(apps, None)
    assert len(found("777123456 brno")) == 5


@pytest.mark.parametrize("guard", ["phones", "papers"])
def test_control(book: Project, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    def nothing(*args: Any) -> list[Any]:
        return []

    if guard == "phones":
        monkeypatch.setattr(phones.Digits, "as_stored", nothing)
    else:
        monkeypatch.setattr(word_search, "orders_of_papers", nothing)
    order = order_of(book, line(), number="N-1", phone="+420777123456", plan=INVOICE)
    asked = "777 123 456" if guard == "phones" else Invoice.objects.get(order=order).code
    assert found(asked) == []
