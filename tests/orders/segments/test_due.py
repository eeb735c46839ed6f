"""Every change of a customer's orders or data makes the customer due, in the transaction of the change."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from config.kit.round_trips import say
from integrations.models import Integration, Project
from orders.models import CustomerSummary, DueCustomer, Order
from orders.partners.store import save
from orders.segments import due
from orders.segments.placing import place_due
from orders.work import lifecycle
from tests.admin.conftest import imported
from tests.factories import ProjectFactory, incoming, line
from tests.orders.segments.book import book_of, customer, published, settle, write


def who(project: Project) -> set[str]:
    marks = DueCustomer.objects.filter(project=project)
    return {mark.customer.source_id or mark.customer.email for mark in marks.select_related("customer")}


def order(source_id: str, buyer: str, **values: Any) -> dict[str, Any]:
    return {"source_id": source_id, "amount": 1_000, "status": "PAID", "customer": {"source_id": buyer}} | values


def test_buyers_of_shops_orders(project: Project, shop: Integration) -> None:
    imported(shop, [incoming(line(), email="A@mail.example"), incoming(line(), email="b@mail.example")])
    assert who(project) == {"A@mail.example", "b@mail.example"}
    settle(project)
    assert who(project) == set()
    imported(shop, [incoming(line(), email="a@mail.example"), incoming(line(), email="")])
    assert who(project) == {"A@mail.example"}


def test_customers_of_partners_orders_also_when_only_their_data_changed(project: Project) -> None:
    write(project, order("1", "jana"), order("2", "petr"))
    assert who(project) == {"jana", "petr"}
    settle(project)
    write(project, order("1", "jana"))  # the same again
    assert who(project) == set()
    write(project, order("1", "jana", customer={"source_id": "jana", "metadata": {"tier": "gold"}}))
    assert who(project) == {"jana"}


def test_an_order_that_moves_makes_both_customers_due(project: Project) -> None:
    write(project, order("1", "jana"))
    settle(project)
    write(project, order("1", "petr"))
    assert who(project) == {"jana", "petr"}
    settle(project)
    counts = CustomerSummary.objects.values_list("customer__source_id", "total_count")
    assert dict(counts) == {"jana": 0, "petr": 1}


def test_a_step_of_staff_makes_its_customer_due(project: Project) -> None:
    write(project, order("1", "jana"), live=True)
    settle(project)
    lifecycle.cancel(Order.objects.get().pk)
    assert who(project) == {"jana"}


def test_a_change_that_is_rolled_back_leaves_no_mark(project: Project) -> None:
    write(project, order("1", "jana"))
    settle(project)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(project, order("1", "jana", amount=5))
        raise ZeroDivisionError
    assert who(project) == set()


def test_a_mark_is_one_however_often_it_is_made_and_keeps_its_time(project: Project) -> None:
    write(project, order("1", "jana"))
    first = DueCustomer.objects.get().since
    due.mark(project.pk, [customer(project, "jana").pk, None, customer(project, "jana").pk], timezone.now())
    assert DueCustomer.objects.get().since == first


UPSERT = "ON CONFLICT (customer_id) DO UPDATE SET since = due.since"


def changed_while_placed() -> int:
    """An order changes while its customer, due from before, is placed; the count the summary ends with."""
    project = ProjectFactory.create()
    write(project, order("1", "jana", status="CREATED"))
    written, placed = threading.Event(), threading.Event()

    def change() -> None:
        try:
            with transaction.atomic():
                write(project, {"source_id": "1", "status": "PAID"})  # the customer's own row stays unlocked
                written.set()
                placed.wait(10)
        finally:
            connection.close()

    worker = threading.Thread(target=change)
    worker.start()
    assert written.wait(10)
    place_due(project.pk)
    placed.set()
    worker.join()
    settle(project)
    return CustomerSummary.objects.get(project=project).total_count


@pytest.mark.django_db(transaction=True)
def test_a_change_during_placing_is_seen_by_the_next_placing() -> None:
    assert changed_while_placed() == 1


@pytest.mark.django_db(transaction=True)
def test_control_marks_that_are_not_locked_lose_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(statement: str, params: Any = ()) -> Any:
        return say(statement.replace(UPSERT, "ON CONFLICT (customer_id) DO NOTHING"), params)

    monkeypatch.setattr(due, "say", unlocked)
    assert changed_while_placed() == 0


def test_live_orders_one_by_one(project: Project) -> None:
    save(book_of(project), published(order("1", "jana")))
    assert who(project) == {"jana"}
