"""Documents print by the layout they were issued with: the first one as the first release did, the second legibly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override

from config.kit.sql import execute
from integrations.models import Project
from orders.choices import Layout
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadWording
from orders.documents.paper import contents, fonts
from orders.documents.paper.layout import render
from orders.documents.paper.legibility import missing_on
from orders.documents.remarks import remarks_of
from orders.intake.plans import HISTORY
from orders.models import Invoice, Letterhead, Order, Shipment
from orders.work import shipping
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.documents.first_papers import PRINTED, first_credit_note, first_invoice, first_slip, printed
from tests.orders.intake.test_new_orders import take
from tests.orders.work.desk import order_of
from tests.reading_pdf import pages_of

THAI, HINDI, BENGALI, TAMIL = (
    "\u0e2a\u0e21\u0e0a\u0e32\u0e22",
    "\u0930\u093e\u092e",
    "\u09b0\u09be\u09ae",
    "\u0b95\u0ba3\u0bcd",
)


def sheet_of(make: Callable[..., Any], layout: Layout) -> Any:
    with override(settings.LANGUAGE_CODE):
        row = make(layout=layout)
        return contents.slip_sheet(row) if isinstance(row, Shipment) else contents.invoice_sheet(row)


@pytest.mark.parametrize(
    ("name", "make"), [("invoice", first_invoice), ("credit note", first_credit_note), ("slip", first_slip)]
)
def test_the_first_layout_prints_what_the_first_release_printed(name: str, make: Callable[..., Any]) -> None:
    first = render([sheet_of(make, Layout.FIRST)])
    assert printed(first) == PRINTED[name]
    render([sheet_of(make, Layout.SECOND)])  # what is printed between leaves no trace
    assert render([sheet_of(make, Layout.FIRST)]) == first
    assert printed(render([sheet_of(make, Layout.SECOND)])) != PRINTED[name]


def test_both_layouts_stand_in_one_file() -> None:
    sheets = [sheet_of(first_invoice, layout) for layout in (Layout.FIRST, Layout.SECOND)]
    first, second = pages_of(render(sheets))
    assert "\ufffd" in first and "[Thai]" not in first and "CZ" in first
    assert "\ufffd" not in second and "[Thai]" in second and "Czechia" in second


@pytest.mark.parametrize(
    ("text", "printed_as", "missing"),
    [
        (THAI, "[Thai]", "Thai"),
        (HINDI, "[Devanagari]", "Devanagari"),
        (BENGALI, "[Bengali]", "Bengali"),
        (TAMIL, "[Tamil]", "Tamil"),
        ("tea \U0001fad6\U0001f44d\U0001f3fd", "tea [teapot] [thumbs up sign]", "\U0001fad6"),
    ],
)
def test_what_cannot_be_printed_is_named_on_paper_and_beside_it(text: str, printed_as: str, missing: str) -> None:
    assert fonts.markup(text) == printed_as
    invoice = first_invoice(layout=Layout.SECOND, billing={"first_name": text, "city": "Brno"})
    invoice.lines[0]["name"] = "Tea"
    with override(settings.LANGUAGE_CODE):
        [told] = missing_on(contents.invoice_sheet(invoice))
    assert told.startswith("Billed to: ") and text in told and missing in told


@pytest.mark.parametrize("text", ["Příliš žluťoučký", "Ελληνικό", "\u05e9\u05dc\u05d5\u05dd", "\u4e2d\u6587", "<b>"])
def test_what_can_be_printed_is_not_named(text: str) -> None:
    assert fonts.unprintable(text) == ""


def test_a_slip_says_the_note_and_the_metadata_the_letterhead_chose(db: None) -> None:
    project: Project = ProjectFactory.create()
    wording = LetterheadWording("Tea", slip_keys="gift_message\nnothing\nsizes\ngift_message")
    letterheads.change(project.pk, wording, logo=None, seen=None, actor_id=None)
    give_stock(project, A_17=9)
    metadata = {"gift_message": "All the best", "sizes": ["S", "M"], "secret": "margin 40 %"}
    values: dict[str, Any] = {"note": "Ring twice", "metadata": metadata}
    order = incoming(line("A-17"), **values)
    take(project, (order, HISTORY))
    by_hand = shipping.ship(order_of(project, line("A-17"), **values).pk)
    for shipment in (Shipment.objects.get(order__number=order.number), by_hand):
        [page] = pages_of(render(contents.of_shipments([shipment.pk])))
        for text in ("Note of the buyer Ring twice", "gift_message All the best", "sizes S, M", "Czechia"):
            assert text in page
        assert "margin" not in page
    before = render(contents.of_shipments([by_hand.pk]))
    Order.objects.update(note="Other", metadata={})
    changed = LetterheadWording("Tea", slip_keys="secret")
    letterheads.change(project.pk, changed, logo=None, seen=project.letterheads.get().pk, actor_id=None)
    assert render(contents.of_shipments([by_hand.pk])) == before


def test_remarks_are_texts_of_bounded_length() -> None:
    order = incoming(line(), note="n" * 5000, metadata={"a": {"b": [True, None, 1]}, "empty": ""})
    assert remarks_of(order, Letterhead(slip_keys="a\nempty")) == [
        ["Note of the buyer", "n" * 1000],
        ["a", "b: yes, 1"],
    ]


def test_rows_of_an_older_release_are_of_the_first_layout(db: None) -> None:
    """What an older program still writes beside the newer one names no layout."""
    project: Project = ProjectFactory.create()
    take(project, (incoming(line()), HISTORY))
    assert (Invoice.objects.get().layout, Shipment.objects.get().layout) == (Layout.SECOND, Layout.THIRD)
    defaults = execute(
        "SELECT column_default FROM information_schema.columns"
        " WHERE column_name = 'layout' AND table_name LIKE 'orders_%%'",
        [],
    )
    assert defaults == [("1",), ("1",)]
