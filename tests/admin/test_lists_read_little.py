"""Lists that are filtered or searched read little of what grows: among 20,000 rows of each kind."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from config.kit.sql import execute
from integrations.choices import AccessKind, RunKind, RunState
from integrations.models import (
    AccessEvent,
    Crossing,
    Message,
    Project,
    RemoteOrder,
    Run,
    ShopArticle,
    WebhookDelivery,
)
from orders.models import Customer, Invoice, Order, OrderNote, PointsMovement, Shipment
from stock import filters, warehouses
from stock.models import Product, StockLevel, StockMovement
from tests.admin.conftest import Login
from tests.admin.planted import rows_of
from tests.api.conftest import Partner
from tests.benchmarks.lists.page_cost import Plans, Watch
from tests.factories import ProjectFactory
from tests.integrations.finding.test_plans import copy

LONG_AGO = "from=2020-01-01&to=2020-02-01"
# By the index that serves it; without it the page reads more.
PAGES = {
    "order_by_rule": "/orders/order/?rule=hold",
    "order_by_number": "/orders/preparation/?q=N777",
    "customer_by_name": "/orders/customer/?q=nobody",
    "movement_by_reason": "/stock/stockmovement/?reason=adjustment",
    "points_by_reason": "/orders/pointsmovement/?reason=taken_back",
    "delivery_by_event": "/integrations/webhookdelivery/?event=webhook.test",
    "message_not_sent": "/integrations/message/?state=failed",
    "crossing_by_state": "/integrations/crossing/?state=not_needed",
    "run_by_kind": "/integrations/run/?tab=all&kind=products",
    "run_undone": "/integrations/run/?tab=trouble",
    "delivery_by_time": f"/integrations/webhookdelivery/?{LONG_AGO}",
    "message_by_time": f"/integrations/message/?{LONG_AGO}",
    "crossing_by_time": f"/integrations/crossing/?{LONG_AGO}",
    "run_by_time": f"/integrations/run/?tab=all&{LONG_AGO}",
    "points_by_time": f"/orders/pointsmovement/?{LONG_AGO}",
    "access_event_by_name": "/integrations/accessevent/?q=nobody",
    "access_event_by_address": "/integrations/accessevent/?q=10.9.",
    "article_by_sku": "/integrations/shoparticle/",
    "product_by_word": "/stock/product/?q=nobody",
    "customer_by_email_key": "/orders/pointsmovement/?q=person777@mail.example",
}
OTHERS = (
    "/orders/invoice/?q=IN2025", "/orders/shipment/?q=SH2025",
    "/orders/order/", "/orders/order/?p=100", "/orders/order/?q=nobody", "/orders/invoice/?q=nobody",
    "/orders/invoice/?q=N777", "/orders/invoice/?q=CR2026000001", "/orders/customer/?q=jana",
    f"/integrations/accessevent/?{LONG_AGO}",
)  # fmt: skip
CALLS = {
    "order_by_number": "/back-office/v1/orders?number=N777",
    "order_by_rule": "/back-office/v1/orders?rule=hold",
    "remote_order_by_change": "/back-office/v1/remote-orders?changed_before=2020-01-01T00:00:00Z",
    "message_by_time": "/back-office/v1/messages?created_before=2020-01-01T00:00:00Z",
    "delivery_by_time": "/back-office/v1/deliveries?created_before=2020-01-01T00:00:00Z",
    "run_by_time": "/back-office/v1/runs?created_before=2020-01-01T00:00:00Z",
}
OTHER_CALLS = (
    "/back-office/v1/orders", "/back-office/v1/orders?q=nobody", "/back-office/v1/orders?tab=in_stock",
    "/back-office/v1/orders?changed_before=2020-01-01T00:00:00Z", "/back-office/v1/invoices?number=IN2025000001",
    "/back-office/v1/shipments?number=SH2025000001", "/v1/async-actions",
    "/back-office/v1/remote-orders?state=pending",
)  # fmt: skip


@pytest.fixture
def many(db: None) -> Project:
    """A project of many rows of every kind."""
    return _filled()


def _filled() -> Project:
    project: Project = ProjectFactory.create()
    rows = rows_of(project)
    execute("SET LOCAL session_replication_role = replica")  # as `tests.benchmarks.lists` fills
    at, kind = "timestamptz '2026-01-01' + n * interval '1 minute'", RunKind.LOAD
    order = rows[Order]
    copy(order, number="'N' || n", source_id="'s' || n", remote_order_id="NULL", placed_at=at)
    copy(OrderNote.objects.create(order_id=order.pk, text="Rang.", at=timezone.now()), order_id="1000000 + n")
    copy(rows[Customer], email="'person' || n || '@mail.example'", source_id="'c' || n", name="'Name ' || n")
    copy(rows[StockMovement], reason="'shipment'", reference="1000000 + n")
    points = PointsMovement.objects.get(pk=rows[PointsMovement].pk)
    copy(points, reason="'earned'", rule_id="1", order_id="n")
    copy(rows[WebhookDelivery], event_id="'e' || n")
    copy(rows[Message], cause="'c' || n", state="'sent'")
    copy(rows[Crossing], subject="1000000 + n", state="'sent'")
    copy(rows[RemoteOrder], external_id="'r' || n", state="'imported'")
    copy(rows[ShopArticle], sku="'A-' || n")
    copy(rows[Product], sku="'P-' || n", name="'Mug ' || n", parent_id="1000000 + n", deleted_at="NULL")
    copy(AccessEvent.objects.create(account=project.account, kind=AccessKind.LOGIN, name="ann", address="192.0.2.1"))
    ended = Run.objects.create(project=project, kind=kind, state=RunState.SUCCEEDED, finished_at=timezone.now())
    copy(ended)
    copy(rows[Invoice], order_id="1000000 + n", number="1000 + n", code="'IN2026' || 1000 + n")
    copy(rows[Shipment], order_id="1000000 + n", number="1000 + n", code="'SH2026' || 1000 + n")
    execute("SET LOCAL session_replication_role = DEFAULT")
    return project


def read_by(client: Client, address: str) -> list[str]:
    watch = Watch()
    with connection.execute_wrapper(watch):
        assert client.get(address, follow=True).status_code == 200
    return Plans().scans([(sql, params) for _took, sql, params in watch.seen])


def test_pages_and_calls_read_little(many: Project, login: Login) -> None:
    browser, partner = login(many), Partner(many)
    caller = Client(headers=partner.headers)
    found = {address: read_by(browser, address) for address in (*PAGES.values(), *OTHERS)}
    found |= {address: read_by(caller, address) for address in (*CALLS.values(), *OTHER_CALLS)}
    assert {address: scans for address, scans in found.items() if scans} == {}


def test_control_without_their_indexes_they_read_much(many: Project, login: Login) -> None:
    browser, caller = login(many), Client(headers=Partner(many).headers)
    missed = []
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for client, asked in ((browser, PAGES), (caller, CALLS)):
        for index, address in asked.items():
            with transaction.atomic():
                execute(f"DROP INDEX {index}")
                missed += [] if read_by(client, address) else [address]
                transaction.set_rollback(True)
    assert missed == []


def test_movements_of_a_warehouse_that_has_few(many: Project, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, caller = login(many), Client(headers=Partner(many).headers)
    empty = warehouses.add(many.pk, "Brno")
    products = list(Product.objects.filter(project=many).values_list("pk", flat=True)[:1_000])
    for place in (empty.pk, warehouses.first_of(many.pk)):
        rows = [StockLevel(warehouse_id=place, product_id=pk) for pk in products]
        StockLevel.objects.bulk_create(rows, ignore_conflicts=True)
    execute("SET LOCAL session_replication_role = replica")
    execute("UPDATE stock_stockmovement SET level_id = (SELECT max(id) FROM stock_stocklevel) - id % 1000")
    execute("SET LOCAL session_replication_role = DEFAULT")
    execute("ANALYZE stock_stocklevel, stock_stockmovement")
    listed = caller.get("/back-office/v1/warehouses").json()["data"]
    [named] = [row["id"] for row in listed if row["name"] == "Brno"]
    asked = (
        (browser, f"/stock/stockmovement/?warehouse={empty.pk}"),
        (caller, f"/back-office/v1/movements?warehouse={named}"),
    )
    assert [read_by(client, address) for client, address in asked] == [[], []]
    monkeypatch.setattr(filters, "FEW", -1)
    assert read_by(*asked[1])
