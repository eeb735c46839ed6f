"""Orders come into a preparation, are packed by scan, and leave once each."""

from __future__ import annotations

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.models import Order, Preparation, PreparedLine, PreparedOrder, Shipment
from orders.preparing import gathering, leaving, packing, parcel_rows, pick_list
from orders.preparing.packing import PackedMeanwhile, PackingRefused
from orders.work import editing, lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from stock import catalogue, warehouses
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.work.desk import order_of, standing, units


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


def prepare(project: Project, *orders: Order) -> Preparation:
    made = gathering.gather(project.pk, [order.pk for order in orders], actor_id=None)
    assert made.preparation is not None and made.left_out == []
    return made.preparation


def row_of(order: Order) -> PreparedOrder:
    return PreparedOrder.objects.get(order=order, shipment=None)


def packed(row: PreparedOrder) -> list[tuple[str, int, int]]:
    """(SKU, packed, units) of each line."""
    lines = PreparedLine.objects.filter(prepared=row).order_by("order_line__position")
    return list(lines.values_list("order_line__sku", "packed", "units"))


def test_what_can_leave_now_is_fixed_and_the_rest_is_left_out_by_name(project: Project) -> None:
    give_stock(project, A_17=3, B_2=9)
    ready, partial = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 4), line("B-2"))
    none, held = order_of(project, line("C-3")), order_of(project, line("B-2"))
    lifecycle.hold(held.pk)
    done = gathering.gather(project.pk, [held.pk, none.pk, partial.pk, ready.pk], actor_id=None)
    assert done.preparation is not None
    rows = list(done.preparation.orders.all())
    assert [(row.order, row.position) for row in rows] == [(ready, 1), (partial, 2)]
    assert packed(rows[1]) == [("A-17", 0, 1), ("B-2", 0, 1)]
    assert [(each.order, each.why) for each in done.left_out] == [(none, "has nothing in stock"), (held, "is on hold")]
    again = gathering.gather(project.pk, [ready.pk], actor_id=None)
    assert again.preparation is None
    assert again.left_out[0].preparation_id == done.preparation.pk


def test_orders_of_another_project_are_not_prepared(project: Project) -> None:
    other = ProjectFactory.create()
    give_stock(other, A_17=3)
    order = order_of(other, line("A-17"))
    assert gathering.gather(project.pk, [order.pk], actor_id=None).preparation is None
    assert not PreparedOrder.objects.exists()


def test_what_was_picked_leaves_though_more_has_come_since(project: Project) -> None:
    give_stock(project, A_17=2)
    order = order_of(project, line("A-17", 5))
    preparation = prepare(project, order)
    give_stock(project, A_17=3)  # reserves the rest for it, without a new version
    shipment = leaving.ship_prepared(row_of(order).pk, seen=order.version, actor_id=None)
    assert shipment.lines.get().quantity == 2
    assert units(order) == [("A-17", 3, 0, 2, 0, 0)]
    preparation.refresh_from_db()
    assert preparation.closed_at is not None
    assert prepare(project, order) != preparation, "the rest can be prepared"
    assert broken() == {}


def test_a_changed_order_is_refused_until_it_is_prepared_anew(project: Project) -> None:
    give_stock(project, A_17=5, B_2=5)
    order = order_of(project, line("A-17", 3), line("B-2"))
    prepare(project, order)
    row = row_of(order)
    packing.scan(row.pk, "3*A-17")
    first = order.lines.get(sku="A-17")
    editing.edit_items(order.pk, cancel={first.pk: 1}, skus={})
    with pytest.raises(ChangedMeanwhile, match="changed since it was prepared"):
        leaving.ship_prepared(row.pk, seen=row.version, actor_id=None)
    with pytest.raises(PackingRefused, match="prepare it anew first"):
        packing.scan(row.pk, "B-2")
    assert gathering.renew(row.pk) == (f"Order {order.number}: A-17: 2 instead of 3, take 1 × A-17 out of the parcel.")
    assert packed(row) == [("A-17", 2, 2), ("B-2", 0, 1)]
    packing.scan(row.pk, "B-2")
    leaving.ship_prepared(row.pk, seen=1, actor_id=None)
    assert standing(order)[0] == "complete"
    assert broken() == {}


def test_an_order_that_cannot_leave_any_more_goes_back(project: Project) -> None:
    give_stock(project, A_17=5)
    order, other = order_of(project, line("A-17")), order_of(project, line("A-17"))
    preparation = prepare(project, order, other)
    lifecycle.hold(order.pk)
    assert gathering.renew(row_of(order).pk) == (
        f"Order {order.number} is on hold: it is taken out of this preparation."
    )
    assert [row.order for row in preparation.orders.all()] == [other]
    assert gathering.take_out(preparation) == 1
    preparation.refresh_from_db()
    assert preparation.closed_at is not None
    assert prepare(project, other).orders.count() == 1


def test_shipped_elsewhere_it_is_not_shipped_twice(project: Project) -> None:
    give_stock(project, A_17=5)
    order = order_of(project, line("A-17", 2))
    prepare(project, order)
    shipping.ship(order.pk)
    with pytest.raises(ChangeRefused):
        leaving.ship_prepared(row_of(order).pk, seen=0, actor_id=None)
    assert Shipment.objects.count() == 1


def test_each_item_counts_once_and_wrong_ones_not_at_all(project: Project) -> None:
    give_stock(project, A_17=5, B_2=5, C_3=1)
    catalogue.add_eans(project.pk, {"B-2": "4006381333931", "C-3": "0000012345670"})
    order = order_of(project, line("A-17", 2), line("B-2"))
    prepare(project, order)
    row = row_of(order)
    assert packing.scan(row.pk, " a-17 ", seen=0).sentence == "A-17: 1 of 2 packed."
    with pytest.raises(PackedMeanwhile):
        packing.scan(row.pk, "A-17", seen=0)
    with pytest.raises(PackingRefused, match=r"Not in this order: C-3 Product C-3\. Put it aside"):
        packing.scan(row.pk, "12345670".zfill(13), seen=1)
    with pytest.raises(PackingRefused, match="Not in this order: “nonsense”"):
        packing.scan(row.pk, "nonsense")
    with pytest.raises(PackingRefused, match="only 1 × A-17 are left to pack, not 2"):
        packing.scan(row.pk, "2*A-17")
    assert not packing.scan(row.pk, "A-17", seen=1).complete
    with pytest.raises(PackingRefused, match=r"all 2 × A-17 are packed\. Put this one back"):
        packing.scan(row.pk, "A-17")
    assert packing.scan(row.pk, "4006381333931", seen=2).complete
    assert packed(row) == [("A-17", 2, 2), ("B-2", 1, 1)]


def test_scans_are_taken_back_one_by_one_or_all(project: Project) -> None:
    give_stock(project, A_17=5)
    order = order_of(project, line("A-17", 3), line("", name="Gift"))
    prepare(project, order)
    row = row_of(order)
    packing.scan(row.pk, "A-17")
    packing.scan(row.pk, "2*A-17")
    assert packing.undo(row.pk, seen=2) == "2 × A-17 is not packed any more."
    assert packed(row)[0] == ("A-17", 1, 3)
    with pytest.raises(ChangeRefused, match="Only 1 of 4 units are packed"):
        leaving.ship_prepared(row.pk, seen=0, actor_id=None)
    gift = row.lines.get(order_line__sku="")
    packing.pack_line(row.pk, gift.pk)
    packing.start_over(row.pk)
    assert [each[1] for each in packed(row)] == [0, 0]
    with pytest.raises(PackingRefused, match="Nothing is scanned yet"):
        packing.undo(row.pk)
    leaving.ship_prepared(row.pk, seen=0, actor_id=None)
    with pytest.raises(PackingRefused, match="shipped already"):
        packing.scan(row.pk, "A-17")


def test_the_pick_list_walks_along_the_shelves(project: Project) -> None:
    ids = give_stock(project, A_17=9, B_2=9, C_3=9)
    first = warehouses.first_of(project.pk)
    catalogue.set_location(ids["A-17"], first, "Z-1")
    catalogue.set_location(ids["C-3"], first, " B-2-1 ")
    one, two = order_of(project, line("A-17", 2), line("B-2")), order_of(project, line("C-3"), line("A-17"))
    preparation = prepare(project, one, two)
    lines, here = pick_list.lines_of(preparation), warehouses.of(project.pk)
    summed = pick_list.by_article(lines, here)
    assert [(row.location, row.sku, row.units, row.positions) for row in summed] == [
        ("B-2-1", "C-3", 1, ["2"]),
        ("Z-1", "A-17", 3, ["1 (2 units)", "2"]),
        ("", "B-2", 1, ["1"]),
    ]
    assert [[(row.sku, row.units) for row in rows] for _, rows in pick_list.by_order(lines, here)] == [
        [("A-17", 2), ("B-2", 1)],
        [("C-3", 1), ("A-17", 1)],
    ]


def test_an_article_in_two_warehouses_is_two_rows_of_the_pick_list(project: Project) -> None:
    ids = give_stock(project, A_17=1)
    second = warehouses.add(project.pk, "Outlet")
    catalogue.set_location(ids["A-17"], second.pk, "O-7")
    one, two = order_of(project, line("A-17")), order_of(project, line("A-17"))
    preparation = prepare(project, one)
    Order.objects.filter(pk=two.pk).update(warehouse=second)
    row = PreparedOrder.objects.create(preparation=preparation, order=two, position=2, version=two.version)
    PreparedLine.objects.create(prepared=row, order_line=two.lines.get(), units=1)
    rows = pick_list.by_article(pick_list.lines_of(preparation), warehouses.of(project.pk))
    assert [(pick.warehouse, pick.location, pick.units) for pick in rows] == [
        ("Main warehouse", "", 1),
        ("Outlet", "O-7", 1),
    ]


def test_tracking_numbers_are_taken_over_and_faulty_rows_are_named(project: Project) -> None:
    give_stock(project, A_17=9)
    orders = [order_of(project, line("A-17"), shipping_title="Post") for _ in range(3)]
    preparation = prepare(project, *orders)
    shipped = row_of(orders[2])
    leaving.ship_prepared(shipped.pk, seen=0, actor_id=None)
    one, two, three = (order.number for order in orders)
    text = (
        f"Order number;Carrier;Tracking\n{one};DHL;T 1\n\n{two}\tPost\tT-2\n{one};DHL;T 9\n"
        f"77;DHL;T 3\n{three};;T 4\n{two};DHL\n#{two};DHL;\n"
    )
    done = parcel_rows.take_over(preparation, text)
    assert done.count == 2
    assert done.errors == [
        "Row 5: the order stands in row 2, too: keep one of them.",
        "Row 6: there is no order “77” in this preparation.",
        f"Row 7: order {three} is shipped already: change the tracking number on its shipment.",
        "Row 8: write three cells: order number; carrier; tracking number. The carrier may be empty.",
        "Row 9: the tracking number is missing.",
    ]
    assert done.left == [f"{one};DHL;T 9", "77;DHL;T 3", f"{three};;T 4", f"{two};DHL", f"#{two};DHL;"]
    assert [(row_of(order).carrier, row_of(order).tracking_number) for order in orders[:2]] == [
        ("DHL", "T 1"),
        ("", "T-2"),
    ]
    shipment = leaving.ship_prepared(row_of(orders[1]).pk, seen=0, actor_id=None)
    assert (shipment.carrier, shipment.tracking_number) == ("Post", "T-2")
