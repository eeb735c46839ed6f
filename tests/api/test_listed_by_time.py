"""Lists of the back office that go by a time: pages by cursor hold every row once, also where times are equal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.models import RemoteOrder
from orders.choices import DocumentType
from orders.models import Customer, Invoice, Order
from tests.admin.conftest import imported
from tests.api.conftest import Partner, told
from tests.factories import START, IntegrationFactory, ProjectFactory, give_stock, incoming, line

pytestmark = pytest.mark.django_db
# The third is the oldest, the others were placed at one time in pairs.
MINUTES = [5, 5, 1, 9, 9]


@pytest.fixture
def partner() -> Partner:
    partner = Partner(ProjectFactory.create())
    shop = IntegrationFactory.create(project=partner.project)
    give_stock(partner.project, A_17=5)
    for number, minutes in enumerate(MINUTES):
        at = START + timedelta(minutes=minutes)
        imported(shop, [incoming(line(), number=f"N-{number}", placed_at=at, modified_at=at)], "history")
    return partner


def paged(partner: Partner, address: str, field: str) -> list[Any]:
    found, after = [], ""
    while True:
        page = told(partner.get(f"{address}limit=2{after}"))
        assert len(page["data"]) <= 2
        found += [row[field] for row in page["data"]]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def test_orders_come_by_their_time_each_once(partner: Partner) -> None:
    assert paged(partner, "/back-office/v1/orders?", "number") == ["N-4", "N-3", "N-1", "N-0", "N-2"]
    assert paged(partner, "/back-office/v1/orders?status=complete&", "number") == ["N-4", "N-3", "N-1", "N-0", "N-2"]


def test_a_span_of_changes_is_listed_by_them(partner: Partner) -> None:
    for number, order in enumerate(Order.objects.order_by("pk")):
        Order.objects.filter(pk=order.pk).update(updated_at=START + timedelta(days=number))
    first = "/back-office/v1/orders?changed_from=2026-11-02T00:00:00Z&"
    assert paged(partner, first, "number") == ["N-4", "N-3", "N-2", "N-1"]


def test_a_span_of_anything_is_listed_by_its_time(partner: Partner) -> None:
    """Rows of which it is asked for are in the order of their index, the others in that of their keys."""
    for number, row in enumerate(RemoteOrder.objects.order_by("pk")):
        RemoteOrder.objects.filter(pk=row.pk).update(changed_at=START + timedelta(days=(number * 2) % 5))
    address = "/back-office/v1/remote-orders?"
    assert paged(partner, address, "number") == ["N-4", "N-3", "N-2", "N-1", "N-0"]
    first = f"{address}changed_from=2026-11-02T00:00:00Z&"
    assert paged(partner, first, "number") == ["N-2", "N-4", "N-1", "N-3"]
    assert paged(partner, f"{first}changed_before=2026-11-04T12:00:00Z&", "number") == ["N-4", "N-1", "N-3"]


def test_papers_and_customers_too(partner: Partner) -> None:
    codes = Invoice.objects.filter(document_type=DocumentType.INVOICE).order_by("-issued_at", "-id")
    assert paged(partner, "/back-office/v1/invoices?", "number") == list(codes.values_list("code", flat=True))
    assert len(paged(partner, "/back-office/v1/shipments?", "id")) == 5
    assert len(paged(partner, "/back-office/v1/customers?", "id")) == 5


def test_a_list_goes_on_after_a_row_that_is_gone(partner: Partner) -> None:
    page = told(partner.get("/back-office/v1/customers?limit=2"))
    rest = told(partner.get(f"/back-office/v1/customers?limit=50&after={page['next']}"))["data"]
    last = Customer.objects.order_by("-created_at", "-pk")[1]
    Customer.objects.filter(pk=last.pk).update(deleted_at=START)
    assert told(partner.get(f"/back-office/v1/customers?limit=50&after={page['next']}"))["data"] == rest
    assert len(rest) == 3


def test_a_cursor_of_another_list_is_refused(partner: Partner) -> None:
    page = told(partner.get("/back-office/v1/customers?limit=2"))
    assert partner.get(f"/back-office/v1/orders?after={page['next']}").status_code == 400
