"""Goods received and stock counted, several products at once: a preview, one booking, whatever is clicked twice."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.choices import RemoteState, Role, RunKind
from integrations.invariants import broken
from integrations.models import Integration, Project, RemoteOrder, Run
from orders.intake import postings
from orders.models import Order
from stock import catalogue, warehouses
from stock.choices import PostingKind
from stock.models import Product, StockLevel, StockMovement, StockPosting
from tests.admin.conftest import Login, imported, remote
from tests.factories import ProjectFactory, give_stock, incoming, line

RECEIVE, COUNT = "/stock/stockposting/receive/", "/stock/stockposting/count/"
EAN = "4006381333931"


@pytest.fixture
def stocked(project: Project) -> Project:
    """A-17 with 5 on hand, B-2 with an EAN and none."""
    give_stock(project, A_17=5, B_2=0)
    catalogue.add_eans(project.pk, {"B-2": EAN})
    return project


def on_hand(project: Project) -> dict[str, int]:
    return dict(StockLevel.objects.filter(product__project=project).values_list("product__sku", "on_hand"))


def booked(page: Any) -> dict[str, Any]:
    """What the button of the preview would send."""
    form = page.content.decode().split('id="preview"')[1].split("</form>")[0]
    sent: dict[str, Any] = {"post": "1", "seen": re.findall(r'name="seen" value="([^"]*)"', form)}
    for name in ("token", "rows", "note", "warehouse"):
        if found := re.search(rf'name="{name}" value="([^"]*)"', form):
            sent[name] = found[1]
    return sent


def test_scanned_and_typed_rows_are_shown_then_booked_once(admin: Client, stocked: Project) -> None:
    preview = admin.post(RECEIVE, {"rows": f"SKU;quantity\nA-17;10\n{EAN}\n{EAN}\nA-17\t2\n", "note": "DN 7"})
    shown = preview.content.decode()
    assert preview.status_code == 200
    assert "14 units, 2 products" in shown and "<strong>+12</strong>" in shown and "Receive 14 units" in shown
    assert on_hand(stocked) == {"A-17": 5, "B-2": 0}, "a preview books nothing"
    sent = booked(preview)
    done = admin.post(RECEIVE, sent, follow=True)
    assert on_hand(stocked) == {"A-17": 17, "B-2": 2}
    again = admin.post(RECEIVE, sent, follow=True)
    assert "nothing is booked twice" in again.content.decode()
    assert again.request["PATH_INFO"] == done.request["PATH_INFO"]
    assert on_hand(stocked) == {"A-17": 17, "B-2": 2}
    posting = StockPosting.objects.get()
    notes = StockMovement.objects.filter(reference=posting.pk).values_list("reason", "note")
    assert set(notes) == {("receipt", f"Goods received {posting.pk}: DN 7")}
    assert "DN 7" in admin.get("/stock/stockposting/").content.decode()
    assert broken() == {}


def test_control_another_page_books_the_same_goods_again(admin: Client, stocked: Project) -> None:
    sent = booked(admin.post(RECEIVE, {"rows": "A-17"}))
    admin.post(RECEIVE, sent)
    admin.post(RECEIVE, sent | {"token": str(uuid4())})
    assert on_hand(stocked)["A-17"] == 7


def test_waiting_orders_are_served_oldest_first_and_named(admin: Client, stocked: Project, shop: Integration) -> None:
    orders = imported(shop, [incoming(line("B-2", 2)), incoming(line("B-2", 2)), incoming(line("B-2"))])
    done = admin.post(RECEIVE, booked(admin.post(RECEIVE, {"rows": "B-2;3"})), follow=True)
    shown = done.content.decode()
    assert "2 waiting orders served with 3 units; moved: 1 to In stock, 1 to Partial." in shown
    served = shown.split('id="served"')[1]
    assert orders[0].number in served and orders[1].number in served and orders[2].number not in served
    assert [Order.objects.get(pk=order.pk).tab for order in orders] == ["in_stock", "partial", "backorder"]
    assert broken() == {}


def test_orders_that_failed_for_lack_of_these_goods_are_tried_again(
    admin: Client, stocked: Project, shop: Integration
) -> None:
    wanted = remote(shop, "1", RemoteState.FAILED, reason_code="insufficient_stock", subject="B-2")
    other = remote(shop, "2", RemoteState.FAILED, reason_code="insufficient_stock", subject="C-3")
    done = admin.post(RECEIVE, booked(admin.post(RECEIVE, {"rows": "B-2;3"})), follow=True)
    assert "1 order that failed for lack of stock is tried again." in done.content.decode()
    assert RemoteOrder.objects.get(pk=wanted.pk).next_attempt_at is not None
    assert RemoteOrder.objects.get(pk=other.pk).next_attempt_at is None
    assert Run.objects.filter(kind=RunKind.RETRY, integration=shop).count() == 1


def test_each_faulty_row_is_named_and_nothing_is_booked(admin: Client, stocked: Project) -> None:
    give_stock(stocked, C_3=0, D_4=0)
    catalogue.add_eans(stocked.pk, {"C-3": "12345670", "D-4": "12345670"})
    rows = "A-17;1\nnone;2\n12345670\nB-2;x\nB-2;0\n;4\nA-17;1;2\nB-2;99999999999"
    preview = admin.post(RECEIVE, {"rows": rows})
    assert preview.status_code == 422
    shown = preview.content.decode().replace("&quot;", '"')
    for sentence in (
        "Row 2: no product has the SKU or EAN “none”",
        "Row 3: several products have the EAN “12345670”: write the SKU instead (C-3, D-4).",
        "Row 4: “x” is no quantity: write a whole number.",
        "Row 5: no unit was received",
        "Row 6: the SKU or EAN is missing.",
        "Row 7: write two cells: SKU or EAN; quantity.",
        "Row 8: more than 10,000,000 units",
    ):
        assert sentence in shown
    assert 'name="post"' not in shown
    admin.post(RECEIVE, {"rows": rows, "post": "1", "token": str(uuid4())})
    assert not StockPosting.objects.exists()
    assert "Enter at least one row" in admin.post(RECEIVE, {"rows": " \n"}).content.decode()


def test_a_file_stands_among_the_rows(admin: Client, stocked: Project) -> None:
    file = SimpleUploadedFile("goods.csv", "\ufeffSKU,quantity\nA-17,2".encode())
    preview = admin.post(RECEIVE, {"rows": "", "file": file})
    admin.post(RECEIVE, booked(preview))
    assert on_hand(stocked)["A-17"] == 7


def test_a_count_shows_differences_and_books_them(admin: Client, stocked: Project) -> None:
    preview = admin.post(COUNT, {"rows": f"A-17;3\n{EAN}\n{EAN}"})
    shown = preview.content.decode()
    assert "2 differences, 2 products" in shown and ">-2<" in shown and ">+2<" in shown
    assert "<strong>0</strong>" in shown, "the sum"
    done = admin.post(COUNT, booked(preview), follow=True).content.decode()
    assert on_hand(stocked) == {"A-17": 3, "B-2": 2}
    assert "Counted" in done and StockMovement.objects.filter(reason="adjustment").count() == 2
    same = admin.post(COUNT, {"rows": "A-17;3"})
    assert "Keep this count" in same.content.decode()
    admin.post(COUNT, booked(same))
    assert StockPosting.objects.count() == 2
    assert StockMovement.objects.filter(reason="adjustment").count() == 2
    assert broken() == {}


def test_a_count_is_refused_where_goods_left_since(admin: Client, stocked: Project) -> None:
    sent = booked(admin.post(COUNT, {"rows": "A-17;4"}))
    give_stock(stocked, A_17=1)
    late = admin.post(COUNT, sent)
    assert late.status_code == 422 and "A-17 has 6 on hand by now" in late.content.decode()
    assert on_hand(stocked)["A-17"] == 6
    admin.post(COUNT, booked(late))  # the page has compared once more
    assert on_hand(stocked)["A-17"] == 4


def test_what_orders_have_reserved_cannot_be_counted_away(admin: Client, stocked: Project, shop: Integration) -> None:
    imported(shop, [incoming(line("A-17", 4))])
    shown = admin.post(COUNT, {"rows": "A-17;3"}).content.decode()
    assert "Row 1: orders have reserved 4 × A-17, more than the 3 that were counted" in shown


def test_goods_come_to_the_warehouse_that_was_chosen(admin: Client, stocked: Project) -> None:
    outlet = warehouses.add(stocked.pk, "Outlet")
    preview = admin.post(RECEIVE, {"rows": "A-17;2", "warehouse": outlet.pk})
    admin.post(RECEIVE, booked(preview))
    assert StockLevel.objects.get(warehouse=outlet).on_hand == 2
    assert StockPosting.objects.get().warehouse == outlet


def test_nothing_of_another_project_is_reached(admin: Client, stocked: Project) -> None:
    other = ProjectFactory.create()
    give_stock(other, X_1=1)
    assert "no product has the SKU or EAN “X-1”" in admin.post(RECEIVE, {"rows": "X-1"}).content.decode()
    theirs = postings.post(
        other.pk,
        PostingKind.RECEIPT,
        [postings.PostingRow(Product.objects.get(project=other), 1, [1])],
        token=uuid4(),
        place=None,
        note="secret",
        seen={},
        actor_id=None,
    ).posting
    page = admin.get(f"/stock/stockposting/{theirs.pk}/change/", follow=True).content.decode()
    assert "secret" not in page and "no stock posting" in page
    same_token = booked(admin.post(RECEIVE, {"rows": "A-17"})) | {"token": str(theirs.token)}
    admin.post(RECEIVE, same_token)
    assert on_hand(stocked)["A-17"] == 6, "tokens are a project's own"


def test_the_warehouse_receives_and_counts_and_others_do_not(stocked: Project, login: Login) -> None:
    worker = login(stocked, Role.WAREHOUSE)
    assert ">Receive goods</a>" in worker.get("/").content.decode()
    assert ">Stock count</a>" in worker.get("/").content.decode()
    worker.post(RECEIVE, booked(worker.post(RECEIVE, {"rows": "A-17"})))
    assert on_hand(stocked)["A-17"] == 6
    for role in (Role.READ_ONLY, Role.ORDER_STAFF):
        browser = login(stocked, role)
        assert browser.get(RECEIVE).status_code == browser.post(COUNT, {"rows": "A-17"}).status_code == 403
        assert ">Receive goods</a>" not in browser.get("/").content.decode()
        assert browser.get("/stock/stockposting/").status_code == 200
