"""What people do to an order, with the connection dropped before every statement and after every commit.

Whoever saw it fail does it again from the page they had open: the order, its stock and its documents are then as if
nothing had happened, however far the first try came.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import QuerySet

from integrations.choices import RemoteState, Role
from integrations.invariants import broken
from integrations.models import Integration, Project, RemoteOrder
from integrations.review import decisions
from integrations.shops.connection import set_up
from orders.intake import receipts
from orders.intake.incoming import IncomingOrder
from orders.models import Invoice, NumberSeries, Order, OrderEvent, OrderLine, Shipment
from orders.work import crediting, editing, invoicing, lifecycle, shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from orders.work.refresh.overwrite import ShopAnswer, refresh
from stock.choices import MovementReason
from stock.models import Reservation, StockLevel, StockMovement
from tests.admin.conftest import imported, remote
from tests.benchmarks.w2000 import payloads
from tests.crash.faults import moments
from tests.factories import IntegrationFactory, give_stock, incoming, line, member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

PAYLOAD = payloads()[0].decode()


@dataclass
class Scene:
    """An order with two of three units reserved and an invoice, one that waits behind it, one yet to be accepted."""

    project: Project
    order: Order
    incoming: IncomingOrder
    invoice: Invoice
    pending: RemoteOrder
    person: int
    booked: int
    """The newest booking of the product, as its page shows it."""

    @classmethod
    def create(cls) -> Scene:
        shop: Integration = IntegrationFactory.create()
        set_up(shop)
        give_stock(shop.project, A_17=2, B_2=5)
        placed = [incoming(line("A-17", 3, key="1"), line("B-2", 1, key="2"), number="first", external_id="1")]
        placed.append(incoming(line("A-17", 1), number="second", external_id="2"))
        first, _second = imported(shop, placed)
        invoice = invoicing.issue(first.pk)
        pending = remote(shop, "77", RemoteState.PENDING, payload=PAYLOAD, status="processing")
        first.refresh_from_db()
        person = member(shop.project.account, Role.ORDER_STAFF).pk
        booked = receipts.last_booking(shop.project.products.get(sku="A-17").pk)
        return cls(shop.project, first, placed[0], invoice, pending, person, booked)

    def state(self) -> dict[str, Any]:
        """Everything that must be the same however often a step was interrupted."""
        of = {"project": self.project}
        lines = OrderLine.objects.filter(order__project=self.project)
        stocked = {"level__product__project": self.project}
        return {
            "orders": sorted(Order.objects.filter(**of).values_list("number", "status", "tab", "version", "total")),
            "lines": sorted(
                lines.values_list(
                    "order__number", "position", "sku", "quantity", "reserved", "waiting", "shipped", "cancelled"
                )
            ),
            "history": sorted(
                OrderEvent.objects.filter(order__project=self.project).values_list("order__number", "kind", "message")
            ),
            "levels": sorted(
                StockLevel.objects.filter(product__project=self.project).values_list(
                    "product__sku", "on_hand", "reserved"
                )
            ),
            "reservations": sorted(Reservation.objects.filter(**stocked).values_list("quantity", flat=True)),
            "movements": sorted(StockMovement.objects.filter(**stocked).values_list("quantity", "reason", "note")),
            "invoices": sorted(
                Invoice.objects.filter(**of).values_list("code", "total", "tax_total", "corrects__code")
            ),
            "shipments": sorted(Shipment.objects.filter(**of).values_list("code", "lines__quantity", "lines__sku")),
            "numbers": sorted(NumberSeries.objects.filter(**of).values_list("document_type", "last")),
            "remote": sorted(RemoteOrder.objects.filter(**of).values_list("external_id", "state", "reason_code")),
        }


def _accept(scene: Scene) -> None:
    decisions.accept(scene.project.pk, [scene.pending.pk], actor_id=scene.person, actor="ann")


def _synchronize(scene: Scene) -> None:
    answer = msgspec.structs.replace(
        scene.incoming,
        lines=(line("A-17", 1, key="1"), line("B-2", 4, key="2")),
        modified_at=scene.incoming.modified_at + timedelta(minutes=5),
    )
    refresh(scene.order.pk, ShopAnswer(answer, None), seen=scene.order.version)


def _edit(scene: Scene) -> None:
    first, second = scene.order.lines.all()
    editing.edit_items(scene.order.pk, cancel={second.pk: 1}, skus={first.pk: "B-2"}, seen=1)


def _receive(scene: Scene) -> None:
    product = scene.project.products.get(sku="A-17")
    receipts.book(product, 5, MovementReason.RECEIPT, "Delivery", seen=scene.booked, actor_id=None)


STEPS: dict[str, Callable[[Scene], object]] = {
    "accept": _accept,
    "hold": lambda scene: lifecycle.hold(scene.order.pk, seen=1),
    "cancel": lambda scene: lifecycle.cancel(scene.order.pk, seen=1),
    "edit": _edit,
    "synchronize": _synchronize,
    "ship": lambda scene: shipping.ship(scene.order.pk, seen=1),
    "credit": lambda scene: crediting.credit_lines(scene.invoice.pk, {0: 2}, return_stock=True, reason="", seen=1),
    "credit an amount": lambda scene: crediting.credit_amount(scene.invoice.pk, Decimal(3), reason="", seen=1),
    "receive": _receive,
}


def again(step: str, scene: Scene) -> None:
    """A person does it once more from the page they had open."""
    with suppress(ChangedMeanwhile, receipts.BookedMeanwhile):
        STEPS[step](scene)


def uncrashed(step: str) -> tuple[dict[str, Any], int]:
    scene = Scene.create()
    with moments() as counted:
        STEPS[step](scene)
    assert scene.state() != Scene.create().state()
    return scene.state(), counted.passed


def crashed_at(step: str, moment: int) -> dict[str, Any]:
    scene = Scene.create()
    with moments(drop_at=moment) as counted, pytest.raises(OperationalError):
        STEPS[step](scene)
    assert counted.passed == moment
    connection.close()
    again(step, scene)
    return scene.state()


@pytest.mark.parametrize("step", STEPS)
def test_every_moment_of_a_step_is_survived(step: str) -> None:
    expected, count = uncrashed(step)
    # What is asked and what is written go in few trips; yet there are a lock, an order, its lines, stock, a commit.
    assert count > 5
    wrong = [moment for moment in range(1, count + 1) if crashed_at(step, moment) != expected]
    assert wrong == []
    assert broken() == {}


def test_an_invoice_by_hand_survives_every_moment() -> None:
    """As above; the first invoice of the scene is credited before."""

    def ready() -> Scene:
        scene = Scene.create()
        crediting.credit_all(scene.invoice.pk, return_stock=False, reason="")
        return scene

    scene = ready()
    with moments() as counted:
        invoicing.issue(scene.order.pk, seen=2)
    expected = scene.state()
    for moment in range(1, counted.passed + 1):
        scene = ready()
        with moments(drop_at=moment), pytest.raises(OperationalError):
            invoicing.issue(scene.order.pk, seen=2)
        connection.close()
        with suppress(ChangedMeanwhile):
            invoicing.issue(scene.order.pk, seen=2)
        assert scene.state() == expected
    assert broken() == {}


def test_control_without_the_transaction_a_shipment_is_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comparison with the guard off: every statement commits by itself."""
    expected, count = uncrashed("ship")
    scenes = [Scene.create() for _ in range(count)]
    torn = 0
    for moment, scene in enumerate(scenes, 1):
        with monkeypatch.context() as off:
            off.setattr(transaction, "atomic", lambda *_args, **_named: nullcontext())
            off.setattr(QuerySet, "select_for_update", lambda rows, **_named: rows.all())
            with moments(drop_at=moment), suppress(OperationalError):
                STEPS["ship"](scene)
        connection.close()
        with suppress(DatabaseError, ChangeRefused):
            again("ship", scene)
        torn += scene.state() != expected
    assert torn > 3
