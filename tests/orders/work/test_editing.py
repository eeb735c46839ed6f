"""Addresses, the note and the items of an order are edited, with old and new in the history."""

from __future__ import annotations

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import OrderStatus, Part, Tab
from orders.intake.incoming import IncomingAddress
from orders.models import Order
from orders.search import search
from orders.work import editing, lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_new_orders import levels
from tests.orders.work.desk import order_of, standing, told, units

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_an_address_is_edited_found_and_protected(project: Project) -> None:
    order = order_of(project, line("A-17"))
    new = IncomingAddress(first_name="Žofie", last_name="Malá", city="Ostrava", country="CZ")
    assert editing.edit_address(order.pk, Part.BILLING, new, seen=0)
    order.refresh_from_db()
    assert order.billing == {"first_name": "Žofie", "last_name": "Malá", "city": "Ostrava", "country": "CZ"}
    assert (order.buyer, order.edited) == ("Žofie Malá", ["billing"])
    changes = order.events.first().changes  # type: ignore[union-attr]
    assert [change["field"] for change in changes] == ["billing", "buyer"]
    assert changes[0]["old"]["last_name"] == "Nováková"
    assert list(search(Order.objects.all(), "zofie")) == [order]
    assert not editing.edit_address(order.pk, Part.BILLING, new)
    with pytest.raises(ChangedMeanwhile):
        editing.edit_address(order.pk, Part.SHIPPING, new, seen=0)


def test_the_note_is_edited(project: Project) -> None:
    order = order_of(project, line("A-17"))
    assert editing.edit_note(order.pk, "Ring twice")
    assert not editing.edit_note(order.pk, "Ring twice")
    assert told(order) == ["Note of the buyer edited."]


def test_another_product_takes_the_place_and_the_units_queue_for_it(project: Project) -> None:
    give_stock(project, A_17=2, B_2=1)
    order, waiting = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 1))
    editing.edit_items(order.pk, cancel={}, skus={order.lines.get().pk: " B-2 "})
    assert units(order) == [("B-2", 1, 1, 0, 0, 0)]
    assert standing(order)[1] == Tab.PARTIAL
    assert standing(waiting)[1] == Tab.IN_STOCK
    assert order.lines.get().name == "Product B-2"
    assert told(order) == ["Product changed: A-17 → B-2."]
    assert levels(project) == {"A-17": (2, 1), "B-2": (1, 1)}
    assert broken() == {}


def test_units_and_lines_are_cancelled_and_the_rest_shipped(project: Project) -> None:
    give_stock(project, A_17=1, B_2=1)
    order = order_of(project, line("A-17", 3), line("B-2", 1))
    goods, other = order.lines.all()
    editing.edit_items(order.pk, cancel={goods.pk: 2}, skus={}, reason="No longer made")
    assert standing(order) == (OrderStatus.PROCESSING, Tab.IN_STOCK)
    shipping.ship(order.pk, {goods.pk: 1})
    assert standing(order)[0] == OrderStatus.PROCESSING
    editing.edit_items(order.pk, cancel={other.pk: 1}, skus={})
    assert standing(order)[0] == OrderStatus.COMPLETE
    assert told(order)[0] == "Cancelled: 2 × A-17: No longer made"
    assert broken() == {}


def test_an_order_whose_every_unit_is_cancelled_is_cancelled(project: Project) -> None:
    order = order_of(project, line("A-17", 2))
    editing.edit_items(order.pk, cancel={order.lines.get().pk: 2}, skus={})
    assert standing(order) == (OrderStatus.CANCELLED, Tab.NONE)
    assert broken() == {}


def test_what_cannot_be_is_refused_as_a_whole(project: Project) -> None:
    give_stock(project, A_17=5, B_2=5)
    order, other = order_of(project, line("A-17", 2)), order_of(project, line("A-17", 2))
    line_id, foreign = order.lines.get().pk, other.lines.get().pk
    stranger = ProjectFactory.create()
    give_stock(stranger, X_9=5)
    for cancel, skus, sentence in (
        ({line_id: 3}, {}, "Only 2 × A-17 can be cancelled"),
        ({line_id: -1}, {}, "Only 2 × A-17 can be cancelled"),
        ({foreign: 1}, {}, "not part of the order"),
        ({}, {foreign: "B-2"}, "not part of the order"),
        ({}, {}, "Nothing is different"),
        ({}, {line_id: "A-17"}, "Nothing is different"),
        ({}, {line_id: "NOPE"}, "no product with the SKU “NOPE”"),
        ({}, {line_id: "X-9"}, "no product with the SKU “X-9”"),
        ({line_id: 3}, {line_id: "B-2"}, "Only 2 ×"),
    ):
        with pytest.raises(ChangeRefused, match=sentence):
            editing.edit_items(order.pk, cancel=cancel, skus=skus)
    assert units(order) == [("A-17", 2, 0, 0, 0, 0)]
    shipping.ship(order.pk, {line_id: 1})
    with pytest.raises(ChangeRefused, match="shipped already: the product stays"):
        editing.edit_items(order.pk, cancel={}, skus={line_id: "B-2"})
    lifecycle.cancel(other.pk)
    with pytest.raises(ChangeRefused, match="The order is cancelled"):
        editing.edit_items(other.pk, cancel={}, skus={foreign: "B-2"})
    assert broken() == {}
