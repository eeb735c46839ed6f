"""Synchronize takes the whole of the shop's answer or nothing, whatever has become of the order here."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import EventKind, OrderStatus
from orders.intake.incoming import IncomingLine, IncomingOrder
from orders.intake.plans import COMPLETE, HISTORY, HOLD, INVOICE, VALID
from orders.models import Order
from orders.work import lifecycle, shipping
from orders.work.changing import ChangeRefused
from orders.work.refresh import lines as refreshed_lines
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import RefreshOutcome, ShopAnswer, refresh, revert
from tests.factories import ProjectFactory, give_stock, incoming
from tests.orders.intake.test_new_orders import take
from tests.orders.work.test_refresh import newer, snapshot

pytestmark = pytest.mark.django_db

SKUS = ("A-17", "B-2", "C-3", "D-4")
CENTS = [Decimal(cents) / 100 for cents in (0, 1, 199, 1000, 1333)]


def lines(chance: random.Random) -> tuple[IncomingLine, ...]:
    keys = chance.sample(range(4), k=chance.randint(1, 4))
    return tuple(
        IncomingLine(
            key=str(key), name=f"Product {SKUS[key]}", sku=SKUS[key], quantity=(units := chance.randint(1, 4)),
            total=chance.choice(CENTS) * units, tax=chance.choice(CENTS),
        )
        for key in keys
    )  # fmt: skip


def amounts(chance: random.Random) -> dict[str, Any]:
    names = ("shipping_total", "shipping_tax", "fee_total", "fee_tax", "total", "refunded_total")
    return {name: chance.choice(CENTS) for name in names} | {"total": Decimal(chance.randint(0, 20_000)) / 100}


def work(order: Order, chance: random.Random) -> None:
    """Something that people do; what the order does not allow is left."""
    try:
        match chance.choice(["ship", "ship one", "cancel", "hold", "nothing"]):
            case "ship":
                shipping.ship(order.pk)
            case "ship one":
                shipping.ship(order.pk, {order.lines.all()[0].pk: 1})
            case "cancel":
                lifecycle.cancel(order.pk)
            case "hold":
                lifecycle.hold(order.pk)
    except ChangeRefused:
        pass


def taken(order: Order, answer: IncomingOrder) -> bool:
    """Whether the order's amounts are the shop's, all of them, and every line of the shop is there."""
    order.refresh_from_db()
    here = {line.key: line for line in order.lines.all()}
    return order.total == answer.total and all(
        line.key in here
        and (here[line.key].total, here[line.key].tax) == (line.total, line.tax)
        and here[line.key].quantity == max(line.quantity, here[line.key].shipped)
        for line in answer.lines
    )


def course(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    order = incoming(*lines(chance), **amounts(chance))
    take(project, (order, chance.choice([VALID, VALID, HOLD, INVOICE, HISTORY, COMPLETE])))
    made = Order.objects.filter(number=order.number).first()
    if made is None:
        return  # without stock for it
    for _ in range(3):
        work(made, chance)
        order = newer(order, lines=lines(chance), **amounts(chance))
        before = snapshot(made)
        follow = chance.choice([None, OrderStatus.PROCESSING, OrderStatus.CANCELLED, OrderStatus.COMPLETE])
        done = refresh(made.pk, ShopAnswer(order, follow))
        if done.outcome == RefreshOutcome.REFUSED:
            assert (snapshot(made), bool(done.sentence)) == (before, True), seed
        else:
            assert taken(made, order), seed
            event = made.events.filter(kind=EventKind.SYNCHRONIZED).first()
            if event is not None and chance.random() < 0.3:
                revert(made.pk, event.pk)
    assert broken() == {}, seed


@pytest.fixture
def project() -> Project:
    project = ProjectFactory.create()
    give_stock(project, A_17=40, B_2=40, C_3=10, D_4=3)
    return project


def test_synchronize_is_whole_or_refused(project: Project) -> None:
    for seed in range(60):
        course(project, seed)


def test_control_amounts_without_their_lines(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshed_lines, "overwrite", lambda change, wanted, before, create: ("", []))
    monkeypatch.setattr(overwrite, "imbalance", lambda order, lines: 0)
    with pytest.raises(AssertionError):
        for seed in range(10):
            course(project, seed)
    assert any(name.startswith("R07") for name in broken())
