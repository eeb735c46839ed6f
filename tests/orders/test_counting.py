"""The number of all orders of a project: exact, and read anew only as far as orders came."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit import locks
from integrations.models import Integration
from orders import counting
from orders.intake.drafts import Intake, Source
from orders.intake.new_orders import Ahead
from orders.intake.plans import VALID
from orders.models import Order
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.orders.intake.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def all_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_AGAIN", 0)


@pytest.fixture
def shop() -> Integration:
    return IntegrationFactory.create()


def add(shop: Integration, orders: int, name: str = "A-17") -> None:
    """`name` sets the goods and the buyer apart, so that nobody waits for anybody's rows."""
    imported(shop, [incoming(line(name), email=f"{name}@mail.example") for _ in range(orders)])


def test_it_is_exact_for_each_project(shop: Integration) -> None:
    other = IntegrationFactory.create()
    assert counting.total(shop.project_id) == 0
    for expected in (3, 6):
        add(shop, 3)
        add(other, 1)
        assert counting.total(shop.project_id) == expected
    assert counting.total(other.project_id) == 2


def test_orders_that_are_known_are_not_counted_again(shop: Integration) -> None:
    add(shop, 3)
    counting.total(shop.project_id)
    newest = Order.objects.latest("pk").pk
    add(shop, 1)
    with CaptureQueriesContext(connection) as queries:
        assert counting.total(shop.project_id) == 4
    asked = [query["sql"] for query in queries if "orders_order" in query["sql"]]
    assert asked and all(f"id > {newest}" in sql for sql in asked)


def test_a_few_that_came_are_counted_each_time(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes one statement."""
    monkeypatch.setattr(counting, "MOST_AGAIN", 3)
    add(shop, 3)
    counting.total(shop.project_id)
    with CaptureQueriesContext(connection) as queries:
        assert counting.total(shop.project_id) == 3
    assert len(queries) == 1
    add(shop, 1)
    assert counting.total(shop.project_id) == 4
    assert counting._counted[shop.project_id][0] == 4


def test_after_ten_minutes_all_are_counted_anew(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    add(shop, 2)
    counting._counted[shop.project_id] = (7, Order.objects.latest("pk").pk, time.monotonic())
    assert counting.total(shop.project_id) == 7
    monkeypatch.setattr(counting, "COUNTED_ANEW", -1.0)
    assert counting.total(shop.project_id) == 2


def while_another_writes(shop: Integration) -> int:
    """The count after one writes and waits with its commit, another writes, all is counted, and the one commits."""
    written, counted = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                add(shop, 1, "FIRST")
                written.set()
                counted.wait(5)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    written.wait(10)

    def other() -> None:
        try:
            add(shop, 1, "SECOND")
        finally:
            connection.close()

    second = threading.Thread(target=other)
    second.start()
    second.join(3)
    counting.total(shop.project_id)
    counted.set()
    thread.join()
    second.join()
    return counting.total(shop.project_id)


def test_an_order_that_is_committed_late_is_not_missed(shop: Integration) -> None:
    assert while_another_writes(shop) == Order.objects.count() == 2


def while_ids_are_taken(shop: Integration) -> int:
    """The count after one has taken the lower id, another writes the higher one, all is counted, and the one ends."""
    source = Source(shop.project_id, shop.pk, None, shop.project.zone, timezone.now())
    with transaction.atomic():
        one = Ahead.write(source, [Intake(incoming(line("FIRST")), VALID, None)])
        assert one is not None

        def other() -> None:
            add(shop, 1, "SECOND")
            counting.total(shop.project_id)

        assert at_once(other) == []
        assert one.settle()
    return counting.total(shop.project_id)


def test_ids_that_are_taken_before_the_lock_are_waited_for(shop: Integration) -> None:
    give_stock(shop.project, FIRST=1, SECOND=1)
    assert while_ids_are_taken(shop) == Order.objects.count() == 2


def test_control_without_waiting_for_them_one_is_missed(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stock(shop.project, FIRST=1, SECOND=1)
    monkeypatch.setattr(locks, "try_lock_project", lambda lock, project_id: True)
    assert while_ids_are_taken(shop) == 1
