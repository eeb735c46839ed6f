"""Work on an order by hand: the forms of its page, who sees them, what they do, and what a second click does."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.choices import Role
from integrations.invariants import broken
from integrations.models import Integration, Project
from orders.choices import OrderStatus
from orders.intake.allocation import change_stock
from orders.intake.incoming import IncomingAddress
from orders.models import Attachment, Invoice, Order, Shipment
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Warehouse
from tests.admin.conftest import Login, imported
from tests.factories import give_stock, incoming, line


@pytest.fixture
def order(shop: Integration) -> Order:
    give_stock(shop.project, A_17=2, B_2=9)
    [order] = imported(shop, [incoming(line("A-17", 3), line("B-2", 1), shipping_title="DHL")])
    return order


def page(browser: Client, order: Order) -> str:
    return browser.get(f"/orders/order/{order.pk}/change/").content.decode()


def send(browser: Client, order: Order, step: str, values: dict[str, Any], prefix: str = "", seen: object = 0) -> Any:
    named = {f"{prefix or step}-{name}": value for name, value in {"seen": seen, **values}.items()}
    return browser.post(f"/orders/order/{order.pk}/{step}/", named, follow=True)


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def forms_of(shown: str) -> set[str]:
    """The steps the page offers."""
    found = set(re.findall(r'action="/orders/(?:order|invoice|shipment)/\d+/([a-z/]+)/', shown))
    return found - {"synchronize", "preview"}


EVERYBODYS = {"billing", "shipping", "note", "notes", "files"}


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.IMPORT_ADMIN, EVERYBODYS | {"hold", "cancel", "items", "ship", "invoice", "paid"}),
        (Role.ORDER_STAFF, EVERYBODYS | {"hold", "cancel", "items", "ship", "invoice", "paid"}),
        (Role.WAREHOUSE, {"ship"}),
        (Role.READ_ONLY, set()),
    ],
)
def test_each_role_is_offered_what_it_may(
    project: Project, order: Order, login: Login, role: Role, offered: set[str]
) -> None:
    assert forms_of(page(login(project, role), order)) >= offered
    assert forms_of(page(login(project, role), order)) - offered <= {"sync"}


@pytest.mark.parametrize("step", ["hold", "cancel", "items", "billing", "invoice", "notes", "files"])
def test_the_warehouse_ships_and_does_nothing_else(project: Project, order: Order, login: Login, step: str) -> None:
    assert send(login(project, Role.WAREHOUSE), order, step, {}).status_code == 403
    assert send(login(project, Role.READ_ONLY), order, "ship", {}).status_code == 403


def test_hold_release_cancel_and_reopen(admin: Client, order: Order) -> None:
    shown = send(admin, order, "hold", {"reason": "Ask the buyer"}).content.decode()
    assert "The order is on hold." in shown and "Put on hold: Ask the buyer" in shown
    assert {"release", "cancel"} <= forms_of(shown) and not {"hold", "ship"} & forms_of(shown)
    assert "The order is released." in send(admin, order, "release", {}, seen=1).content.decode()
    assert "The order is cancelled" in send(admin, order, "cancel", {}, seen=2).content.decode()
    assert "The order is open again." in send(admin, order, "reopen", {}, seen=3).content.decode()
    assert status(order) == OrderStatus.PROCESSING
    assert broken() == {}


def test_marked_as_paid_and_taken_back(admin: Client, order: Order) -> None:
    shown = send(admin, order, "paid", {"reason": "Bank statement 41"}).content.decode()
    assert "The order is marked as paid." in shown and "Marked as paid: Bank statement 41" in shown
    assert "unpaid" in forms_of(shown) and "paid" not in forms_of(shown)
    assert "The order is marked as not paid." in send(admin, order, "unpaid", {}, seen=1).content.decode()
    order.refresh_from_db()
    assert order.paid_at is None


def test_a_double_click_is_told_that_the_page_was_old(admin: Client, order: Order) -> None:
    send(admin, order, "hold", {})
    shown = send(admin, order, "hold", {}).content.decode()
    assert "The order was changed since you opened this page" in shown
    assert order.events.filter(kind="held").count() == 1


def test_what_is_in_stock_is_shipped_and_its_slip_offered(admin: Client, order: Order) -> None:
    first, second = order.lines.all()
    shown = page(admin, order)
    assert f'name="ship-units_{first.pk}" value="2"' in shown
    values = {f"units_{first.pk}": 2, f"units_{second.pk}": 0, "carrier": "PPL", "tracking_number": "T 1"}
    shown = send(admin, order, "ship", values).content.decode()
    shipment = Shipment.objects.get()
    assert f"Shipment {shipment.code} is made" in shown and f"/orders/shipment/{shipment.pk}/pdf/" in shown
    assert (shipment.carrier, shipment.tracking_number) == ("PPL", "T 1")
    assert status(order) == OrderStatus.PROCESSING
    shown = send(admin, order, "ship", values).content.decode()
    assert Shipment.objects.count() == 1
    assert broken() == {}


def test_more_than_can_leave_is_refused_at_the_field(admin: Client, order: Order) -> None:
    line_id = order.lines.all()[0].pk
    answer = send(admin, order, "ship", {f"units_{line_id}": 3})
    assert answer.status_code == 422
    assert "less than or equal to 2" in answer.content.decode()
    answer = send(admin, order, "ship", {f"units_{line_id}": 0})
    assert "Enter what is shipped" in answer.content.decode()
    assert not Shipment.objects.exists()


def test_a_shipment_is_tracked_and_cancelled_on_its_page(admin: Client, order: Order) -> None:
    send(admin, order, "ship", {f"units_{row.pk}": 1 for row in order.lines.all()})
    shipment = Shipment.objects.get()
    address = f"/orders/shipment/{shipment.pk}"
    tracking = {"tracking-carrier": "GLS", "tracking-tracking_number": "9", "tracking-seen": 1}
    assert "GLS" in admin.post(f"{address}/tracking/", tracking, follow=True).content.decode()
    stale = admin.post(f"{address}/cancel/", {"cancel-seen": 1}, follow=True).content.decode()
    assert "was changed since you opened this page" in stale
    shown = admin.post(f"{address}/cancel/", {"cancel-seen": 2}, follow=True).content.decode()
    assert "The shipment is cancelled" in shown and "Create shipment" not in shown
    assert status(order) == OrderStatus.PROCESSING
    assert broken() == {}


def test_an_invoice_is_issued_and_credited(admin: Client, order: Order) -> None:
    send(admin, order, "invoice", {})
    send(admin, order, "invoice", {})
    invoice = Invoice.objects.get()
    assert "invoice" not in forms_of(page(admin, order))
    address = f"/orders/invoice/{invoice.pk}/credit/"
    values = {"credit-units_0": 1, "credit-seen": 1, "credit-reason": "Broken", "confirmed": "10"}
    shown = admin.post(address, values, follow=True).content.decode()
    note = Invoice.objects.get(document_type="credit_note")
    assert f"Credit note {note.code} of €10.00 is issued." in shown and "Broken" in shown
    assert "was changed since" in admin.post(address, values, follow=True).content.decode()
    for bad, sentence in (
        ({"credit-what": "amount"}, "Enter the amount to credit"),
        ({"credit-what": "amount", "credit-amount": "99"}, "Only €30.00 of invoice"),
        ({"credit-what": "amount", "credit-amount": "1", "credit-return_stock": "on"}, "says nothing about goods"),
        ({"credit-what": "lines", "credit-units_0": 3}, "less than or equal to 2"),
        ({"credit-what": "nonsense"}, "Select a valid choice"),
        ({"credit-what": "all", "credit-units_0": 1}, "and chose “all that is left of the invoice”"),
        ({"credit-what": "amount", "credit-amount": "5", "credit-units_0": 1}, "only one of both can be credited"),
        ({"credit-amount": "5", "credit-units_0": 1}, "Choose “the amount entered below” to credit an amount"),
        ({"credit-what": "all", "credit-amount": "5"}, "Choose “the amount entered below” to credit an amount"),
    ):
        answer = admin.post(address, {"credit-seen": 2, **bad}, follow=True)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    admin.post(address, {"credit-what": "all", "credit-seen": 2, "credit-return_stock": "on", "confirmed": "30"})
    assert status(order) == OrderStatus.PROCESSING
    assert [row.cancelled for row in order.lines.all()] == [2, 1]  # the unit credited first stays with the buyer
    assert Invoice.objects.count() == 3
    assert "Issue a credit note" not in admin.get(f"/orders/invoice/{invoice.pk}/change/").content.decode()
    assert admin.get(f"/orders/invoice/{note.pk}/change/").status_code == 200
    assert broken() == {}


def test_a_credit_note_is_shown_with_its_sum_before_it_is_written(admin: Client, order: Order) -> None:
    """One unit of 5.72 once credited the whole invoice, because a list beside it said so."""
    send(admin, order, "invoice", {})
    invoice = Invoice.objects.get()
    address = f"/orders/invoice/{invoice.pk}/credit/"
    typed = {"credit-units_0": "1", "credit-seen": "1", "credit-reason": "Broken", "credit-what": "lines"}
    asked = admin.post(address, typed).content.decode()
    assert f"Credit {invoice.code}?" in asked and ">Credit €10.00</button>" in asked
    assert "The goods do not come back" in asked and "Broken" in asked
    assert admin.post(f"{address}sum/", typed).json() == {"label": "Credit €10.00"}
    assert admin.post(f"{address}sum/", typed | {"credit-what": "all"}).json() == {"label": ""}
    back = admin.post(address, typed | {"change": "1"}).content.decode()
    assert 'name="credit-units_0" value="1"' in back and 'class="step" open' in back
    assert not Invoice.objects.filter(corrects=invoice).exists()
    other = admin.post(address, typed | {"credit-units_0": "2", "confirmed": "10"}).content.decode()
    assert ">Credit €20.00</button>" in other, "what is confirmed is the sum that stood in the button"
    assert not Invoice.objects.filter(corrects=invoice).exists()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked))
    admin.post(address, fields)
    assert [note.total for note in Invoice.objects.filter(corrects=invoice)] == [Decimal(10)]
    assert broken() == {}


def test_pages_warn_before_and_after_a_document_is_issued(admin: Client, shop: Integration) -> None:
    give_stock(shop.project, A_17=1)
    thai = IncomingAddress(first_name="\u0e2a\u0e21\u0e0a\u0e32\u0e22", city="Brno")
    order, plain = imported(shop, [incoming(line("A-17"), billing=thai, number="T1"), incoming(line("A-17"))])
    warning = "These letters cannot be printed"
    assert "Issue invoice of €10.00" in page(admin, order)
    assert warning in page(admin, order) and warning not in page(admin, plain)
    asked = {"action": "invoice_chosen", "_selected_action": [order.pk, plain.pk]}
    bulk = admin.post("/orders/order/", asked, follow=True).content.decode()
    assert "Together they charge <strong>€20.00</strong>" in bulk
    assert warning in bulk and "T1: Buyer: “\u0e2a\u0e21\u0e0a\u0e32\u0e22” (Thai)" in bulk
    send(admin, order, "invoice", {})
    invoice = Invoice.objects.get()
    assert warning in admin.get(f"/orders/invoice/{invoice.pk}/change/").content.decode()
    typed = {"credit-units_0": 1, "credit-seen": 1}
    assert warning in admin.post(f"/orders/invoice/{invoice.pk}/credit/", typed).content.decode()
    send(admin, order, "ship", {f"units_{order.lines.get().pk}": 1}, seen=1)
    shipment = Shipment.objects.get()
    assert warning in admin.get(f"/orders/shipment/{shipment.pk}/change/").content.decode()


def test_items_are_changed_or_the_reason_stands_at_the_form(admin: Client, order: Order) -> None:
    first, second = order.lines.all()
    answer = send(admin, order, "items", {f"sku_{first.pk}": "NOPE"})
    assert answer.status_code == 422
    assert "There is no product with the SKU “NOPE”" in answer.content.decode()
    shown = send(admin, order, "items", {f"sku_{first.pk}": "B-2", f"cancel_{second.pk}": 1}).content.decode()
    assert "Product changed: A-17 → B-2." in shown and "Cancelled: 1 × B-2." in shown
    assert "What changed" in shown
    assert broken() == {}


def test_addresses_and_the_note_are_edited(admin: Client, order: Order) -> None:
    address = {"first_name": "Žofie", "city": "Plzeň", "country": "cz"}
    shown = send(admin, order, "billing", address).content.decode()
    assert "It is saved." in shown and "Plzeň" in shown
    order.refresh_from_db()
    assert order.billing == {"first_name": "Žofie", "city": "Plzeň", "country": "CZ"}
    assert send(admin, order, "shipping", {"country": "Czechia"}, seen=1).status_code == 422
    assert send(admin, order, "shipping", {"email": "nobody"}, seen=1).status_code == 422
    assert "It is saved." in send(admin, order, "note", {"note": "Ring <b>twice</b>"}, seen=1).content.decode()
    assert "Ring &lt;b&gt;twice&lt;/b&gt;" in page(admin, order)


def test_notes_are_kept_and_a_second_click_keeps_the_text_in_the_box(admin: Client, order: Order) -> None:
    assert "The note is kept." in send(admin, order, "notes", {"text": "Called"}).content.decode()
    again = send(admin, order, "notes", {"text": "Called twice"})
    assert again.status_code == 422
    shown = again.content.decode()
    assert "A note was added since" in shown and "Called twice</textarea>" in shown
    seen = order.notes.get().pk
    assert f'name="notes-seen" value="{seen}"' in shown
    send(admin, order, "notes", {"text": "Called twice"}, seen=seen)
    assert order.notes.count() == 2


def upload(browser: Client, order: Order, name: str, data: bytes) -> Any:
    sent = {"files-file": SimpleUploadedFile(name, data)}
    return browser.post(f"/orders/order/{order.pk}/files/", sent, follow=True)


def test_files_are_kept_handed_out_as_downloads_and_removed(
    project: Project, admin: Client, order: Order, login: Login
) -> None:
    assert "The file is kept." in upload(admin, order, "x.html", b"<script>alert(1)</script>").content.decode()
    assert upload(admin, order, "x.exe", b"MZ\x00").status_code == 422
    kept = Attachment.objects.get()
    address = f"/orders/order/{order.pk}/files/{kept.pk}/"
    reader = login(project, Role.READ_ONLY)
    answer = reader.get(address)
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="x.txt"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert reader.post(f"{address}remove/").status_code == 403
    assert "The file is removed." in admin.post(f"{address}remove/", follow=True).content.decode()
    assert "not there any more" in admin.post(f"{address}remove/", follow=True).content.decode()
    assert reader.get(address).status_code == 404


def test_a_form_larger_than_any_file_may_be_is_not_read(admin: Client, order: Order) -> None:
    assert upload(admin, order, "big.txt", b"x" * (6 * 1024 * 1024)).status_code == 422
    answer = upload(admin, order, "huge.txt", b"x" * (9 * 1024 * 1024))
    assert answer.status_code == 400
    assert not Attachment.objects.exists()


def test_a_file_is_found_at_its_own_order_only(admin: Client, order: Order, shop: Integration) -> None:
    upload(admin, order, "a.txt", b"abc")
    [other] = imported(shop, [incoming(line("B-2"))])
    kept = Attachment.objects.get()
    assert admin.get(f"/orders/order/{other.pk}/files/{kept.pk}/").status_code == 404


def test_the_page_of_a_long_order_takes_few_queries(shop: Integration, admin: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for lines in (2, 60):
        give_stock(shop.project, **{f"L_{number}": 5 for number in range(lines)})
        [order] = imported(shop, [incoming(*(line(f"L-{number}") for number in range(lines)))])
        with CaptureQueriesContext(connection) as captured:
            page(admin, order)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 14


def test_an_order_to_two_addresses_is_shipped_one_at_a_time(admin: Client, shop: Integration) -> None:
    give_stock(shop.project, A_17=2, B_2=9)
    own, other = (IncomingAddress(last_name=name, city=city) for name, city in (("Own", "Brno"), ("Other", "Prague")))
    [order] = imported(shop, [incoming(line("A-17"), line("B-2", shipping=other), shipping=own)])
    first, second = order.lines.all()
    shown = page(admin, order)
    assert "to Other, Prague" in shown, "beside the item"
    assert re.findall(r'scope="rowgroup"[^>]*>([^<]*)<', shown) == ["To Own, Brno", "To Other, Prague"]
    assert f'name="ship-units_{first.pk}" value="1"' in shown
    assert f'name="ship-units_{second.pk}" value="0"' in shown, "only the first address is filled in"
    both = send(admin, order, "ship", {f"units_{first.pk}": 1, f"units_{second.pk}": 1}).content.decode()
    assert "ship one address at a time" in both
    assert not Shipment.objects.exists()
    send(admin, order, "ship", {f"units_{first.pk}": 0, f"units_{second.pk}": 1})
    assert Shipment.objects.get().address["city"] == "Prague"
    order.refresh_from_db()
    assert f'name="ship-units_{first.pk}" value="1"' in page(admin, order)
    [alone] = imported(shop, [incoming(line("A-17"), shipping=own)])
    assert "rowgroup" not in page(admin, alone)


def test_the_page_says_what_is_free_where_the_order_is_served_from(admin: Client, order: Order) -> None:
    def free() -> list[int | None]:
        return [each.available for each in admin.get(f"/orders/order/{order.pk}/change/").context["lines"]]

    assert free() == [0, 8]
    order.lines.filter(sku="B-2").update(product=None)
    assert free() == [0, None]
    change_stock(order.project_id, [Change(order.lines.get(sku="A-17").product_id or 0, 4, MovementReason.RECEIPT, "")])
    assert free() == [3, None]
    elsewhere = Warehouse.objects.create(project_id=order.project_id, name="Elsewhere", is_default=False)
    Order.objects.update(warehouse=elsewhere)
    assert free() == [0, None]
