"""The pages on which orders are prepared: from the list to parcels that have left."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from integrations.choices import Role
from integrations.invariants import broken
from integrations.models import Integration, Project
from orders.models import Order, Preparation, PreparedLine, PreparedOrder, Shipment
from orders.preparing import gathering
from orders.work import lifecycle
from stock import catalogue
from tests.admin.conftest import Login, imported
from tests.admin.test_bulk_steps import choose
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.work.desk import order_of, standing
from tests.reading_pdf import pages_of

LIST = "/orders/preparation/"


@pytest.fixture
def orders(shop: Integration) -> list[Order]:
    """Two in stock, of which the second has a note, and one that waits; oldest first."""
    give_stock(shop.project, A_17=4, B_2=1)
    found = [incoming(line("A-17", 2), shipping_title="Post"), incoming(line("A-17"), line("B-2"), note="Wrap it")]
    return imported(shop, [*found, incoming(line("C-3"))])


@pytest.fixture
def page(admin: Client, orders: list[Order]) -> Any:
    """The page of their preparation."""
    return choose(admin, "prepare", orders)


def rows(orders: list[Order]) -> list[PreparedOrder]:
    return [PreparedOrder.objects.get(order=order) for order in orders[:2]]


def at(page: Any, step: str = "") -> str:
    return f"{page.request['PATH_INFO'].removesuffix('change/')}{step}"


def typed(page: Any) -> dict[str, Any]:
    """What the form of the page would send."""
    shown = page.content.decode()
    fields = dict(re.findall(r'name="((?:carrier|tracking)-\d+)" value="([^"]*)"', shown))
    return {"row": re.findall(r'name="row" value="([\d:]+)"', shown), **fields}


def test_from_the_list_to_the_page(page: Any, orders: list[Order]) -> None:
    shown = page.content.decode()
    assert "Prepare 2 orders" in shown and "Ship 2 orders" in shown and "4 units leave the stock" in shown
    assert f"1 order is left out: {orders[2].number} has nothing in stock." in shown
    assert 'value="Post"' in shown
    assert typed(page)["row"] == [f"{row.pk}:0" for row in rows(orders)]


def test_the_orders_list_leads_to_the_preparation(admin: Client, page: Any, orders: list[Order]) -> None:
    chip = f'<a class="badge badge-info" href="{at(page, "change/")}">In preparation</a>'
    assert admin.get("/orders/order/?tab=all").content.decode().count(chip) == 2
    assert chip in admin.get(f"/orders/order/{orders[0].pk}/change/").content.decode()
    rows = list(admin.get("/orders/order/?tab=in_stock&prepared=false").context["cl"].result_list)
    assert rows == []
    rows = list(admin.get("/orders/order/?tab=in_stock&prepared=true").context["cl"].result_list)
    assert {row.pk for row in rows} == {order.pk for order in orders[:2]}
    admin.post(at(page, "ship/"), typed(page))
    assert chip not in admin.get("/orders/order/?tab=all").content.decode()
    assert chip not in admin.get(f"/orders/order/{orders[0].pk}/change/").content.decode()


def test_a_file_names_the_preparation(admin: Client, page: Any, orders: list[Order]) -> None:
    answer: Any = admin.get("/orders/order/export/?tab=all")
    told = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    at_work = Preparation.objects.get().pk
    found = {row["number"]: (row["preparation"], row["in preparation"]) for row in told}
    assert found[orders[0].number] == ("In stock", str(at_work))
    assert found[orders[2].number] == ("Backorder", "")


def test_who_was_interrupted_is_led_back(admin: Client, page: Any, orders: list[Order]) -> None:
    again = choose(admin, "prepare", orders[:2])
    assert at(again) == at(page)
    assert "2 orders" in admin.get(LIST).content.decode() and "Open" in admin.get(LIST).content.decode()
    assert orders[1].number in admin.get(f"{LIST}?q={orders[0].number}").content.decode()
    assert "Nothing matches" in admin.get(f"{LIST}?q=77").content.decode()
    shown = choose(admin, "prepare", orders[2:]).content.decode()
    assert "has nothing in stock" in shown and 'id="result_list"' in shown


def test_orders_leave_with_carrier_and_tracking_and_a_second_click_does_nothing(
    admin: Client, page: Any, orders: list[Order]
) -> None:
    first, second = rows(orders)
    sent = typed(page) | {f"tracking-{first.pk}": " T 1 ", f"carrier-{second.pk}": "DHL"}
    shown = admin.post(at(page, "ship/"), sent, follow=True).content.decode()
    assert "2 orders are shipped." in shown
    told = Shipment.objects.order_by("pk").values_list("order_id", "carrier", "tracking_number")
    assert list(told) == [(orders[0].pk, "Post", "T 1"), (orders[1].pk, "DHL", "")]
    assert [standing(order)[0] for order in orders[:2]] == ["complete", "complete"]
    again = admin.post(at(page, "ship/"), sent)
    assert "Nothing is shipped." in again.content.decode()
    assert Shipment.objects.count() == 2
    assert len(pages_of(admin.get(at(page, "slips/")).content)) == 2
    assert "Done" in admin.get(LIST).content.decode()
    assert broken() == {}


def test_a_changed_order_is_refused_by_name_and_the_others_leave(admin: Client, page: Any, orders: list[Order]) -> None:
    lifecycle.hold(orders[0].pk)
    sent = typed(page)
    sent[f"tracking-{rows(orders)[0].pk}"] = "T 7"
    shown = admin.post(at(page, "ship/"), sent).content.decode()
    assert "1 order is shipped. 1 order was refused" in shown
    assert f"{orders[0].number}: The order was changed since it was prepared." in shown
    assert "Prepare anew" in shown and 'value="T 7"' in shown, "what was typed stays"
    anew = admin.post(at(page, f"anew/{rows(orders)[0].pk}/"), follow=True).content.decode()
    assert f"Order {orders[0].number} is on hold: it is taken out of this preparation." in anew
    assert [standing(order)[0] for order in orders[:2]] == ["on_hold", "complete"]


def test_an_order_that_its_shop_has_changed_asks_for_a_look(admin: Client, page: Any, orders: list[Order]) -> None:
    Order.objects.filter(pk=orders[0].pk).update(shop_gone_at=timezone.now())
    shown = admin.get(at(page, "change/"))
    sent = typed(shown)
    assert "1 order is otherwise in its shop by now" in shown.content.decode()
    assert "is gone in the shop" in admin.post(at(page, "ship/"), sent).content.decode()
    tokens = re.findall(r'name="shop_version" value="([^"]*)"', shown.content.decode())
    looked = admin.post(at(page, "ship/"), sent | {"looked": "1", "shop_version": tokens}, follow=True)
    assert standing(orders[0])[0] == "complete"
    assert looked.status_code == 200
    asked = admin.get(at(page, "slips/"))
    assert "I have looked: print" in asked.content.decode()


def test_slips_before_they_leave_have_note_and_barcode(admin: Client, page: Any, orders: list[Order]) -> None:
    first, second = pages_of(admin.get(at(page, "slips/")).content)
    assert "1 of 2" in first and orders[0].number in first and "Post" in first
    assert "Wrap it" in second and "B-2" in second
    assert orders[0].events.filter(kind="printed").count() == 1


def test_the_pick_list_both_ways(admin: Client, page: Any, project: Project) -> None:
    product = project.products.get(sku="A-17")
    admin.post(f"/stock/product/{product.pk}/location/", {"location-location": "Z-1"})
    assert "Z-1" in admin.get("/stock/product/").content.decode()
    shown = admin.get(at(page, "pick/")).content.decode()
    assert "<strong>3</strong> ×" in shown and "1 (2 units), 2" in shown
    assert shown.index("Z-1") < shown.index("B-2")
    by_order = admin.get(at(page, "pick/?by=order")).content.decode()
    assert "Wrap it" in by_order and by_order.count("Z-1") == 2


def test_tracking_numbers_come_from_a_paste_and_a_file(admin: Client, page: Any, orders: list[Order]) -> None:
    numbers = [order.number for order in orders]
    file = SimpleUploadedFile("parcels.csv", f"order number;carrier;tracking\n{numbers[1]};GLS;T 2".encode())
    sent = {"pasted": f"{numbers[0]};DHL;T 1\nx;DHL;T 3", "file": file}
    shown = admin.post(at(page, "tracking/"), sent)
    assert shown.status_code == 422
    assert "Tracking numbers of 2 orders are taken over." in shown.content.decode()
    assert "Row 2: there is no order “x” in this preparation." in shown.content.decode()
    assert [(row.carrier, row.tracking_number) for row in rows(orders)] == [("DHL", "T 1"), ("GLS", "T 2")]
    assert "Paste at least one row" in admin.post(at(page, "tracking/"), {}).content.decode()


def test_taking_out_keeps_what_was_typed_beside_it(admin: Client, page: Any, orders: list[Order]) -> None:
    first, second = rows(orders)
    sent = typed(page) | {f"tracking-{second.pk}": "T 2"}
    shown = admin.post(at(page, f"out/{first.pk}/"), sent, follow=True).content.decode()
    assert "The order is back on the list of orders." in shown
    second.refresh_from_db()
    assert second.tracking_number == "T 2"
    then = admin.post(at(page, "save/"), {**sent, "then": second.pk})
    assert then.headers["Location"].endswith(f"/pack/{second.pk}/")
    closed = admin.post(at(page, "close/"), follow=True).content.decode()
    assert "1 order is back on the list of orders." in closed
    assert not PreparedOrder.objects.exists()


def test_packed_by_scan_and_shipped_one_after_the_other(admin: Client, page: Any, orders: list[Order]) -> None:
    catalogue.add_eans(orders[0].project_id, {"A-17": "4006381333931"})
    first, second = rows(orders)
    here = at(page, f"pack/{first.pk}/")
    assert admin.post(at(page, "find/"), {"number": orders[0].number}).headers["Location"] == here
    assert "no order “77”" in admin.post(at(page, "find/"), {"number": "77"}, follow=True).content.decode()

    def scan(code: str, seen: int) -> Any:
        return admin.post(f"{here}scan/", {"code": code, "seen": seen})

    assert "A-17: 1 of 2 packed." in scan("4006381333931", 0).content.decode()
    wrong = scan("B-2", 1)
    assert wrong.status_code == 422 and "Not in this order: B-2 Product B-2. Put it aside." in wrong.content.decode()
    assert "scan it once more" in scan("A-17", 0).content.decode(), "a form that was sent twice counts once"
    assert "1 / 2" in admin.get(here).content.decode(), "a reload loses nothing"
    assert "is not packed any more" in admin.post(f"{here}undo/", {"seen": 1}).content.decode()
    assert scan(orders[1].number, 0).headers["Location"].endswith(f"/pack/{second.pk}/")
    assert "All packed." in scan("2*A-17", 0).content.decode()
    refused = admin.post(f"{here}ship/", {"version": 0, "carrier": "DHL", "tracking": "A-17"})
    assert "is an item of this order" in refused.content.decode()
    next_one = admin.post(f"{here}ship/", {"version": 0, "carrier": "DHL", "tracking": "T 1"}, follow=True)
    assert at(next_one) == at(page, f"pack/{second.pk}/")
    assert f"Order {orders[0].number} is shipped" in next_one.content.decode()
    by_hand = PreparedLine.objects.filter(prepared=second)
    there = at(page, f"pack/{second.pk}/")
    for number, each in enumerate(by_hand):
        admin.post(f"{there}line/{each.pk}/", {"seen": number})
    done = admin.post(f"{there}ship/", {"version": 0, "carrier": "", "tracking": ""}, follow=True)
    assert "2 orders are shipped" in done.content.decode()
    assert "shipped already" in scan("A-17", 1).content.decode()
    assert (
        "All orders of this preparation are shipped."
        in admin.post(at(page, "find/"), {"number": ""}, follow=True).content.decode()
    )
    assert list(Shipment.objects.order_by("pk").values_list("carrier", "tracking_number")) == [
        ("DHL", "T 1"),
        ("Post" if orders[1].shipping_title else "", ""),
    ]
    assert broken() == {}


def test_nothing_of_another_project_is_reached(admin: Client, page: Any, orders: list[Order]) -> None:
    foreign = ProjectFactory.create()
    give_stock(foreign, A_17=1)
    theirs = order_of(foreign, line("A-17"))
    other = gathering.gather(foreign.pk, [theirs.pk], actor_id=None).preparation
    assert other is not None
    row = other.orders.get()
    for step in ("ship/", "save/", "tracking/", "close/", f"out/{row.pk}/", f"anew/{row.pk}/", f"pack/{row.pk}/scan/"):
        sent = {"row": f"{row.pk}:0", "code": "A-17", "seen": 0}
        assert admin.post(f"{LIST}{other.pk}/{step}", sent).status_code == 404
        if str(row.pk) in step:  # their row below our preparation
            admin.post(at(page, step), sent)
    admin.post(at(page, "ship/"), {"row": [f"{row.pk}:0"]})
    assert admin.get(f"{LIST}{other.pk}/slips/").status_code == 404
    assert admin.get(at(page, f"pack/{row.pk}/")).status_code == 404
    assert (other.orders.count(), row.lines.get().packed, Shipment.objects.count()) == (1, 0, 0)


def test_the_warehouse_does_all_of_it_and_readers_only_look(
    project: Project, orders: list[Order], login: Login
) -> None:
    worker, reader = login(project, Role.WAREHOUSE), login(project, Role.READ_ONLY)
    assert 'value="prepare_chosen"' not in reader.get("/orders/order/").content.decode()
    page = choose(worker, "prepare", orders)
    assert "Ship 2 orders" in page.content.decode()
    assert ">Preparation</a>" in worker.get("/").content.decode()
    looked = reader.get(at(page, "change/")).content.decode()
    assert "Ship 2 orders" not in looked and '<input type="text"' not in looked.split('id="content-main"')[1]
    assert reader.post(at(page, "ship/"), typed(page)).status_code == 403
    assert reader.get(at(page, "pick/")).status_code == 200
    worker.post(at(page, "ship/"), typed(page))
    assert Shipment.objects.count() == 2


def test_the_page_takes_few_queries(admin: Client, shop: Integration, django_assert_max_num_queries: Any) -> None:
    give_stock(shop.project, A_17=60)
    page = choose(admin, "prepare", imported(shop, [incoming(line("A-17")) for _ in range(60)]))
    with django_assert_max_num_queries(16):
        assert "Prepare 60 orders" in admin.get(at(page, "change/")).content.decode()
