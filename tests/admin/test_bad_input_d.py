"""Bad input from the admin's own pages, numbered as in our list of bad inputs: a clear answer, and nothing done.

What has a file of its own is not repeated: D08 `test_loading`, D10 `test_shops`, D11 `test_booking`,
D13 and D17 `test_bad_addresses`, D14 and D15 `test_shops`, D16 `test_attention`, D18 and D03 `test_tenancy`.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from integrations.choices import RemoteState, Role
from integrations.models import BuyerEntry, Integration, RemoteOrder, Run
from orders.models import Invoice, Order, OrderEvent
from stock.models import StockMovement
from tests.admin.conftest import Login, imported, remote
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.rows import EveryRow

ORDERS, TRANSACTIONS, BUYERS = "/orders/order/", "/integrations/remoteorder/", "/integrations/buyerentry/"
NASTY = "<script>alert(1)</script>\u202e'\"; DROP TABLE x; --"


def choose(action: str, ids: list[int], **more: Any) -> dict[str, Any]:
    return {"action": action, ACTION_CHECKBOX_NAME: ids, **more}


def said(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_d01_nothing_chosen(shop: Integration, admin: Client) -> None:
    imported(shop, [incoming(line("A-17"))])
    page = admin.post(ORDERS, choose("synchronize_chosen", [], index="0"), follow=True).content.decode()
    assert "Items must be selected" in page
    assert not Run.objects.exists()


def test_d01_everything_chosen_across_pages(shop: Integration, admin: Client) -> None:
    orders = imported(shop, [incoming(line("A-17")) for _ in range(101)])
    form = choose("synchronize_chosen", [orders[0].pk], select_across="1")
    with_limit = admin.post(ORDERS, form, follow=True).content.decode()
    assert "These were the first 100 of 101 chosen rows." in with_limit
    assert len(Run.objects.get().scope["orders"]) == 100


def test_d02_more_rows_than_a_page_has(shop: Integration, admin: Client) -> None:
    response = admin.post(ORDERS, choose("synchronize_chosen", list(range(1, 1_101))), follow=True)
    assert "None of the chosen rows is here any more" in response.content.decode()
    assert not Run.objects.exists()


def test_d02_more_fields_than_a_form_may_have(shop: Integration, admin: Client) -> None:
    response = admin.post(ORDERS, choose("synchronize_chosen", list(range(1, 6_500))))
    assert response.status_code == 400
    assert "<h1" in response.content.decode()


def test_d03_an_action_that_is_not_offered(shop: Integration, admin: Client) -> None:
    [order] = imported(shop, [incoming(line("A-17"))])
    before = Order.objects.values().get()
    with EveryRow() as every:
        for action in ("delete_selected", "accept_chosen", "nonsense", "", "__class__"):
            with every.apart(action):
                admin.post(ORDERS, choose(action, [order.pk]), follow=True)
                assert Order.objects.values().get() == before


def test_d03_foreign_rows_among_ones_own(shop: Integration, admin: Client) -> None:
    other = IntegrationFactory.create()
    mine, theirs = remote(shop, "1", RemoteState.PENDING), remote(other, "2", RemoteState.PENDING)
    admin.post(f"{TRANSACTIONS}?tab=pending", choose("dismiss_chosen", [mine.pk, theirs.pk]))
    states = dict(RemoteOrder.objects.values_list("external_id", "state"))
    assert states == {"1": RemoteState.DISMISSED, "2": RemoteState.PENDING}


def test_d04_an_action_by_somebody_who_may_only_look(shop: Integration, login: Login) -> None:
    row = remote(shop, "1", RemoteState.PENDING)
    reader = login(shop.project, Role.READ_ONLY)
    with EveryRow() as every:
        for action in ("accept_chosen", "dismiss_chosen", "retry_chosen", "take_back_chosen"):
            with every.apart(action):
                reader.post(f"{TRANSACTIONS}?tab=pending", choose(action, [row.pk]))
                assert RemoteOrder.objects.get().state == RemoteState.PENDING


def test_d05_a_double_click_says_who_was_first(shop: Integration, admin: Client) -> None:
    row = remote(shop, "1", RemoteState.PENDING)
    for _ in range(2):
        admin.post(f"{TRANSACTIONS}{row.pk}/dismiss/", {"reason": "Spam"})
    page = said(admin, TRANSACTIONS)
    assert "is Dismissed already: Marked as cancel by" in page


CHANGING = (
    *(f"{TRANSACTIONS}{step}/" for step in ("1/accept", "1/dismiss", "1/take-back", "fetch")),
    *(f"{ORDERS}1/synchronize/{step}" for step in ("", "apply/", "1/revert/")),
    *(f"{BUYERS}{step}/" for step in ("add-entry", "upload", "1/save")),
)


def test_d06_what_changes_something_is_never_a_get_and_needs_a_token(shop: Integration, admin: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    with EveryRow() as every:
        for address in CHANGING:
            with every.apart(address):
                assert admin.get(address).status_code == 405
                assert strict.post(address).status_code == 403


def test_d07_hours(shop: Integration, admin: Client) -> None:
    fetch = {"platform": shop.platform, "store": shop.pk, "by": "time"}
    with EveryRow() as every:
        for hours in ("0", "7", "-1", "6h", "1000000000", "1e9", "²"):
            with every.apart(hours):
                admin.post(f"{TRANSACTIONS}fetch/", {**fetch, "hours": hours})
                assert not Run.objects.exists()
                assert "is not one of the available choices" in said(admin, f"{TRANSACTIONS}?tab=pending")


def test_d07_order_ids(shop: Integration, admin: Client) -> None:
    fetch = {"platform": shop.platform, "store": shop.pk, "by": "order"}
    with EveryRow() as every:
        for order in ("", " ", "x" * 300, ",".join(["1"] * 500), "a\tb", "\u202e"):
            with every.apart(repr(order)[:20]):
                admin.post(f"{TRANSACTIONS}fetch/", {**fetch, "order": order})
                assert not Run.objects.exists()
                assert 'class="error"' in said(admin, f"{TRANSACTIONS}?tab=pending")


def test_d07_an_order_id_is_trimmed(shop: Integration, admin: Client) -> None:
    admin.post(
        f"{TRANSACTIONS}fetch/", {"platform": shop.platform, "store": shop.pk, "by": "order", "order": "  #1001 "}
    )
    assert Run.objects.get().scope == {"order": "#1001"}


def test_d09_a_platform_and_the_store_of_another(shop: Integration, admin: Client) -> None:
    foreign = IntegrationFactory.create()
    for store in (shop.pk, foreign.pk, 0, -1, 10**30):
        form = {"platform": "shopify", "store": store, "by": "order", "order": "1"}
        assert admin.post(f"{TRANSACTIONS}fetch/", form).status_code == 302
    assert not Run.objects.exists()


def test_d12_documents_and_history_stay_whoever_writes(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_17=5)
    [order] = imported(shop, [incoming(line("A-17", 2))], "complete")
    tables = (Invoice, OrderEvent, StockMovement)
    for model in tables:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
    for path in ("orders/invoice", "stock/stockmovement", "orders/order"):
        row = {"orders/invoice": order.invoices.first(), "orders/order": order}.get(path, StockMovement.objects.first())
        assert row is not None
        assert admin.post(f"/{path}/{row.pk}/change/", {"total": "1", "status": "x"}).status_code == 405
        assert admin.post(f"/{path}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert [model.objects.count() for model in tables] == [1, 1, 2]


FILES = {"list.csv": b"PK\x03\x04" + b"\x00" * 50, "../../x.csv": b"pattern\n", "x.exe": b"\xff\xd8\xff"}


def test_d20_files_are_read_by_what_they_hold(shop: Integration, admin: Client) -> None:
    with EveryRow() as every:
        for name, content in FILES.items():
            with every.apart(name):
                assert admin.post(f"{BUYERS}upload/", {"file": SimpleUploadedFile(name, content)}).status_code == 302
                assert not BuyerEntry.objects.exists()


def test_d20_a_file_that_is_too_large(shop: Integration, admin: Client) -> None:
    file = SimpleUploadedFile("list.csv", b"pattern\n" + b"spam.example\n" * 200_000)
    admin.post(f"{BUYERS}upload/", {"file": file})
    assert "larger than 2 MB" in said(admin, BUYERS)


def test_d21_a_role_taken_away_between_page_and_click(shop: Integration, login: Login) -> None:
    staff = login(shop.project, Role.ORDER_STAFF)
    row = remote(shop, "1", RemoteState.PENDING)
    shop.project.account.memberships.update(role=Role.READ_ONLY)
    assert staff.post(f"{TRANSACTIONS}{row.pk}/dismiss/").status_code == 403
    shop.project.account.memberships.all().delete()
    assert staff.post(f"{TRANSACTIONS}{row.pk}/dismiss/").status_code == 302  # to the login
    assert RemoteOrder.objects.get().state == RemoteState.PENDING


def test_d22_what_people_type_is_shown_as_text(shop: Integration, admin: Client) -> None:
    row = remote(shop, "1", RemoteState.PENDING, number=NASTY[:100], buyer=NASTY)
    admin.post(f"{TRANSACTIONS}{row.pk}/dismiss/", {"reason": NASTY})
    admin.post(f"{BUYERS}add-entry/", {"pattern": "x.example", "listing": "block", "remark": NASTY})
    for address in (f"{TRANSACTIONS}?tab=dismissed", f"{TRANSACTIONS}{row.pk}/change/", BUYERS):
        page = said(admin, address)
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
