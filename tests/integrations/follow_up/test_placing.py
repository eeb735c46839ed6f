"""What follows from an import for its customers: placed by the follow-up, which the import and the tick ring for."""

from __future__ import annotations

from typing import Any

import django_rq
import pytest
from django.utils import timezone

from integrations import jobs, tick
from integrations.invariants import broken
from orders.models import CustomerSummary, DueCustomer, SegmentEntry
from orders.segments.placing import waiting_projects
from tests.api.conftest import Partner
from tests.factories import ProjectFactory
from tests.orders.segments.book import automatic, entered, members, settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def partner() -> Partner:
    django_rq.get_queue("default").connection.flushdb()
    return Partner(ProjectFactory.create())


def order(number: int, buyer: int) -> dict[str, Any]:
    customer = {"source_id": f"c-{buyer}", "name": f"Customer {buyer}"}
    return {"source_id": f"o-{number}", "status": "PAID", "amount": 10_000, "customer": customer}


def test_an_import_of_2000_orders_enters_each_customer_once(partner: Partner) -> None:
    project = partner.project
    twice = automatic(project, ("total_count", "at_least", 2), name="Came back")
    every = automatic(project, ("total_amount", "at_least", "100"), name="Everybody")
    settle(project)
    sent = [order(number, number % 1_500) for number in range(2_000)]
    done = partner.imported(sent)
    assert done["result"]["done_count"] == 2_000
    assert DueCustomer.objects.count() == 1_500
    while waiting_projects():
        jobs.follow_up(project.pk)
    partner.imported(sent)  # the same again
    jobs.follow_up(project.pk)
    assert (len(members(twice)), len(members(every))) == (500, 1_500)
    for segment in (twice, every):
        assert sorted(entered(segment)) == sorted(members(segment))
    assert set(CustomerSummary.objects.values_list("total_count", flat=True)) == {1, 2}
    assert broken() == {}


def test_the_import_rings_and_the_tick_rings_again(partner: Partner) -> None:
    queue = django_rq.get_queue("default")

    def rung() -> list[str]:
        bells = [each.rpartition("-")[0] for each in queue.get_job_ids()]
        queue.connection.flushdb()
        return [bell for bell in bells if bell.startswith("follow-up")]

    partner.imported([order(1, 1)])
    bell = f"follow-up-{partner.project.pk}"
    assert rung() == [bell]
    tick.tick()
    assert rung() == [bell]
    jobs.follow_up(partner.project.pk)
    assert not DueCustomer.objects.exists()
    tick.tick()
    assert rung() == []


def test_the_tick_rings_for_segments_to_fill_and_for_customers_whose_moment_has_come(partner: Partner) -> None:
    partner.imported([order(1, 1)])
    settle(partner.project)
    connection = django_rq.get_queue("default").connection
    connection.flushdb()
    segment = automatic(partner.project, ("last_order_date", "within_days", 30))
    tick.tick()
    assert django_rq.get_queue("default").count == 1
    connection.flushdb()
    jobs.follow_up(partner.project.pk)
    assert (len(members(segment)), SegmentEntry.objects.count()) == (1, 0)
    assert waiting_projects() == set()
    CustomerSummary.objects.update(recheck_at=timezone.now())
    tick.tick()
    assert django_rq.get_queue("default").count == 1
