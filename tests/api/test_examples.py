"""The examples of the document are real: each is a call that was made, and its answer.

API_EXAMPLES=write makes them anew where an operation has none, or one that is not as the document says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as site

from config.kit.public_ids import PublicIds
from integrations.choices import RemoteState
from integrations.follow_up import fan_out
from integrations.models import (
    BulkImport,
    Distribution,
    Export,
    Integration,
    Message,
    Project,
    RemoteOrder,
    Run,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.shops.connection import set_up
from integrations.webhooks import endpoints
from orders.choices import SegmentKind
from orders.models import Customer, Invoice, Order, OrderLine, Segment, Shipment
from orders.points import movements
from orders.segments import definitions
from orders.work import invoicing, shipping
from stock.models import Product
from tests.admin.conftest import imported, remote
from tests.api import described
from tests.api.conftest import Partner, work_off
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]

WRITES = os.environ.get("API_EXAMPLES") == "write"
ROWS: dict[str, Callable[[Project], Any]] = {
    "int": lambda project: Integration.objects.filter(project=project).first(),
    "rem": lambda project: RemoteOrder.objects.filter(project=project).first(),
    "run": lambda project: Run.objects.filter(project=project, integration__isnull=False).latest("pk"),
    "ord": lambda project: Order.objects.get(project=project, source_id="W-1002"),
    "live": lambda project: Order.objects.get(project=project, source_id="W-1001"),
    "ordli": lambda project: OrderLine.objects.get(order__project=project, order__source_id="W-1001"),
    "cust": lambda project: Customer.objects.get(project=project, source_id="c-77"),
    "inv": lambda project: Invoice.objects.filter(project=project).first(),
    "shp": lambda project: Shipment.objects.filter(project=project).first(),
    "prod": lambda project: Product.objects.get(project=project, sku="TEA-ASSAM-250"),
    "seg": lambda project: Segment.objects.filter(project=project, deleted_at=None).latest("pk"),
    "dist": lambda project: Distribution.objects.filter(project=project).first(),
    "msg": lambda project: Message.objects.filter(distribution__project=project).first(),
    "wh": lambda project: WebhookEndpoint.objects.filter(project=project, deleted_at=None).first(),
    "del": lambda project: WebhookDelivery.objects.filter(project=project).first(),
    "aa": lambda project: BulkImport.objects.filter(project=project).latest("pk"),
    "exp": lambda project: Export.objects.filter(project=project).latest("pk"),
}


@dataclass(frozen=True)
class Call:
    """A call as an example: `<ord>` in it is the id of such a row."""

    operation: str
    parameters: dict[str, Any]
    body: Any = None
    before: Callable[[Partner], Any] = lambda partner: None
    """What has to happen first."""


def waiting_import(partner: Partner) -> None:
    partner.post("/v1/orders/import", [{"source_id": "H-3", "amount": 900}])


def another_customer(partner: Partner) -> None:
    partner.post("/v1/customers", {"source_id": "c-79", "name": "Cy Alm"})


ORDER = {
    "source_id": "W-1001",
    "status": "PAID",
    "items": [{"source_id": "TEA-ASSAM-250", "related_object": "sku", "quantity": 2, "price": 850}],
    "customer": {"source_id": "c-77", "name": "Ana Lind", "email": "ana@mail.example"},
}
SPENDERS = {"junction": "and", "summary.orders.total_amount": {"conditions": {"$more_than": [50000]}}}
MATCHING = [{"field": "total_count", "operator": "at_least", "value": 2}]
ONE = {"limit": 1}
# In this order.
CALLS = [
    Call("create_or_update_an_order", {}, ORDER),
    Call("list_orders", ONE | {"order": "-created_at"}),
    Call("read_one_order", {"order_id": "W-1001"}),
    Call("change_an_order", {"order_id": "W-1001"}, {"metadata": {"gift": True}}),
    Call("import_orders_as_history", {}, [{"source_id": "H-2", "status": "FULFILLED", "amount": 1700}]),
    Call("list_async_actions", ONE),
    Call("follow_an_async_action", {"action_id": "<aa>"}),
    Call("cancel_an_async_action", {"action_id": "<aa>"}, before=waiting_import),
    Call("export_orders", {}, {"parameters": {"fields": ["source_id", "status", "amount"]}}),
    Call("export", {}, {"exported_object": "order", "parameters": {"order": "-created_at"}}),
    Call("list_exports", ONE),
    Call("follow_an_export_or_fetch_its_file", {"export_id": "<exp>"}),
    Call("delete_an_export", {"export_id": "<exp>"}),
    Call("read_a_customer_as_published", {"customer_id": "c-77"}),
    Call("list_a_customer_s_segments", {"customer_id": "c-77"}),
    Call("create_or_update_a_customer", {}, {"source_id": "c-78", "name": "Bo Ek", "address": {"city": "Lund"}}),
    Call("list_customers_as_published", ONE),
    Call("change_a_customer", {"customer_id": "c-78"}, {"metadata": {"tier": "gold"}}),
    Call("delete_a_customer", {"customer_id": "c-78"}),
    Call("delete_a_customer_for_good", {"customer_id": "c-79"}, before=another_customer),
    Call("update_customers_in_bulk", {}, [{"source_id": "c-77", "phone": "+46 70 000"}]),
    Call("fetch_the_report_of_a_bulk_call", {"action_id": "<aa>", "token": "<token>"}),
    Call("update_metadata_of_customers_in_bulk", {}, {"source_ids": ["c-77"], "metadata": {"tier": "gold"}}),
    Call("create_or_update_a_product", {}, {"source_id": "TEA-MATE", "name": "Mate", "price": 900}),
    Call("list_products_as_published", ONE),
    Call("read_a_product_as_published", {"product_id": "TEA-MATE"}),
    Call("change_a_product", {"product_id": "TEA-MATE"}, {"price": 950}),
    Call("update_products_in_bulk", {}, [{"source_id": "TEA-MATE", "price": 960}]),
    Call("update_metadata_of_products_in_bulk", {}, {"source_ids": ["TEA-MATE"], "metadata": {"bio": True}}),
    Call(
        "create_or_update_a_sku_of_a_product",
        {"product_id": "TEA-MATE"},
        {"source_id": "TEA-MATE-250", "sku": "Mate 250 g", "price": 850},
    ),
    Call("list_the_skus_of_a_product", {"product_id": "TEA-MATE"} | ONE),
    Call("read_one_sku", {"sku_id": "TEA-MATE-250"}),
    Call("change_a_sku", {"product_id": "TEA-MATE", "sku_id": "TEA-MATE-250"}, {"price": 860}),
    Call("delete_a_sku", {"product_id": "TEA-MATE", "sku_id": "TEA-MATE-250"}),
    Call("delete_a_product_with_its_skus", {"product_id": "TEA-MATE"}),
    Call("make_a_segment_as_published", {}, {"name": "Big spenders", "type": "auto-update", "filter": SPENDERS}),
    Call("list_segments_as_published", ONE),
    Call("read_a_segment_as_published", {"segment_id": "<seg>"}),
    Call("delete_a_segment_as_published", {"segment_id": "<seg>"}),
    Call("read_this_document", {}),
    Call("office_list_integrations", ONE),
    Call("office_read_one_integration", {"public_id": "<int>"}),
    Call("office_list_remote_orders", ONE),
    Call("office_read_one_remote_order", {"public_id": "<rem>"}),
    Call("office_start_a_run", {}, {"kind": "load", "integration_id": "<int>"}),
    Call("office_list_runs", ONE),
    Call("office_read_one_run", {"public_id": "<run>"}),
    Call("office_cancel_a_run", {"public_id": "<run>"}),
    Call("office_where_is_my_order", {"q": "W-1001"}),
    Call("office_list_live_orders", ONE),
    Call("office_read_one_live_order", {"public_id": "<ord>"}),
    Call("office_put_an_order_on_hold", {"public_id": "<ord>"}, {"reason": "The buyer called."}),
    Call("office_release_an_order_from_hold", {"public_id": "<ord>"}, {}),
    Call("office_cancel_an_order", {"public_id": "<ord>"}, {"reason": "The buyer changed their mind."}),
    Call("office_ship_an_order", {"public_id": "<live>"}, {"lines": [{"line_id": "<ordli>", "quantity": 1}]}),
    Call("office_list_invoices", ONE),
    Call("office_read_one_invoice", {"public_id": "<inv>"}),
    Call("office_invoice_as_pdf", {"public_id": "<inv>"}),
    Call("office_list_shipments", ONE),
    Call("office_read_one_shipment", {"public_id": "<shp>"}),
    Call("office_packing_slip_as_pdf", {"public_id": "<shp>"}),
    Call("office_list_products", ONE),
    Call("office_read_one_product", {"public_id": "<prod>"}),
    Call("office_list_warehouses", ONE),
    Call("office_book_stock", {}, {"reason": "receipt", "product_id": "<prod>", "quantity": 12, "note": "Delivery 7"}),
    Call("office_list_stock_movements", ONE),
    Call("office_list_customers", ONE),
    Call("office_read_one_customer", {"public_id": "<cust>"}),
    Call("office_list_points_movements", {"public_id": "<cust>"} | ONE),
    Call("office_list_members", {"public_id": "<seg>"} | ONE),
    Call("office_take_a_customer_out_of_a_static_segment", {"public_id": "<seg>", "customer_id": "<cust>"}),
    Call("office_add_customers_to_a_static_segment", {"public_id": "<seg>"}, {"customers": ["c-77"]}),
    Call("office_make_a_segment", {}, {"name": "Regulars", "conditions": MATCHING}),
    Call("office_list_segments", ONE),
    Call("office_read_one_segment", {"public_id": "<seg>"}),
    Call("office_change_a_segment", {"public_id": "<seg>"}, {"name": "Faithful"}),
    Call("office_delete_a_segment", {"public_id": "<seg>"}),
    Call("office_list_distributions", ONE),
    Call("office_read_one_distribution", {"public_id": "<dist>"}),
    Call("office_list_messages", ONE),
    Call("office_read_one_message", {"public_id": "<msg>"}),
    Call("office_make_a_webhook", {}, {"url": "https://app.example/hooks", "events": ["customer.order.created"]}),
    Call("office_list_webhooks", ONE),
    Call("office_read_one_webhook", {"public_id": "<wh>"}),
    Call("office_change_a_webhook", {"public_id": "<wh>"}, {"events": ["customer.order.paid"]}),
    Call("office_list_deliveries", ONE),
    Call("office_read_one_delivery", {"public_id": "<del>"}),
    Call("office_send_a_delivery_again", {"public_id": "<del>"}),
    Call("office_delete_a_webhook", {"public_id": "<wh>"}),
]


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) by operationId."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in described.document()["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture
def partner(db: None) -> Partner:
    """A tea shop with a row of every kind."""
    project = ProjectFactory.create()
    give_stock(project, **{"TEA-ASSAM-250": 40})
    partner = Partner(project)
    shop = IntegrationFactory.create(project=project, title="Tea house")
    set_up(shop)
    [order] = imported(shop, [incoming(line("TEA-ASSAM-250", 2))])
    shipping.ship(order.pk)
    invoicing.issue(order.pk)
    remote(shop, "77", RemoteState.FAILED)
    endpoints.create(project, "https://tea.example/hooks", ["customer.order.created"])
    partner.post("/v1/orders", ORDER | {"source_id": "W-1002"})
    fan_out.pass_on(project.pk)
    person = Customer.objects.get(project=project, source_id="c-77")
    movements.adjust(person.pk, 5, "A kind review", seen=None, actor_id=None)
    letter = Distribution.objects.create(project=project, name="Thank you", trigger="order_paid", channel="email")
    Message.objects.create(
        distribution=letter, cause="order-1", customer_id=person.pk, reason="Not sent yet.",
        created_at=order.created_at, next_attempt_at=order.created_at,
    )  # fmt: skip
    definitions.create(project.pk, definitions.SegmentWish("Testers", SegmentKind.STATIC), [person.pk])
    return partner


def filled(value: Any, project: Project) -> Any:
    """With the ids of rows in place of their kinds."""
    if isinstance(value, dict):
        return {name: filled(part, project) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, project) for part in value]
    kind = re.fullmatch(r"<([a-z]+)>", value) if isinstance(value, str) else None
    if kind is None:
        return value
    if kind[1] == "token":
        return ROWS["aa"](project).token
    return PublicIds(bytes(project.id_key)).give(kind[1].replace("live", "ord"), ROWS[kind[1]](project).pk)


def made(partner: Partner, call: Call) -> dict[str, Any]:
    """The call made, as an example."""
    call.before(partner)
    method, path, operation = operations()[call.operation]
    parameters = filled(call.parameters, partner.project)
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", quote(str(parameters[name]), safe=""))
    query = {
        each["name"]: parameters[each["name"]]
        for each in operation["parameters"]
        if each["in"] == "query" and each["name"] in parameters
    }
    address = path + ("?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items()) if query else "")
    body = filled(call.body, partner.project)
    answer = partner.call(method, address, body)
    assert 200 <= answer.status_code < 300, (call.operation, answer.status_code, answer.content[:500])
    work_off()
    example: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if body is not None:
        example["request"] = body
    if not answer.streaming and answer.content and answer.headers["Content-Type"].startswith("application/json"):
        example["answer"] = (
            json.loads(answer.content) if call.operation != "read_this_document" else {"openapi": "3.1.1"}
        )
    return example


def wrong(example: dict[str, Any], now: dict[str, Any], call: Call) -> str:
    """Why the kept example is not one of what happens now; "" when it is."""
    _method, _path, operation = operations()[call.operation]
    if example.keys() != now.keys() or example.get("parameters", {}).keys() != now.get("parameters", {}).keys():
        return f"it has {sorted(example)}, and the call {sorted(now)}"
    parts = {"request": operation.get("requestBody")} | {
        "answer": next(part for status, part in operation["responses"].items() if status.startswith("2"))
    }
    for name, part in parts.items():
        if name in example and part is not None:
            schema = part["content"]["application/json"]["schema"]
            for error in described._validator(json.dumps(schema)).iter_errors(example[name]):
                return f"{name}{error.instance_path}: {error.message[:200]}"
            if isinstance(now[name], dict) and set(now[name]) != set(example[name]):
                return f"{name} has {sorted(example[name])}, and now {sorted(now[name])}"
    return ""


def test_every_operation_has_an_example_that_is_true(partner: Partner) -> None:
    kept = Path(site.API_EXAMPLES)
    found: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    assert {call.operation for call in CALLS} == set(operations()), "one call of each: add or take out a line of CALLS"
    faults = {}
    for call in CALLS:
        try:
            now = made(partner, call)
        except AssertionError as refused:
            faults[call.operation] = str(refused)
            continue
        fault = wrong(found.get(call.operation, {"no": "example"}), now, call)
        if fault and WRITES:
            found[call.operation] = now
        elif fault:
            faults[call.operation] = fault
    if WRITES:
        kept.write_text(json.dumps({call.operation: found[call.operation] for call in CALLS}, indent=1) + "\n")
    assert not faults, f"{faults}\nMake them anew: API_EXAMPLES=write pytest tests/api/test_examples.py"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda example: example["answer"].pop("id"),
        lambda example: example["answer"].update(status="SOLD"),
        lambda example: example["answer"].update(secret="x"),
        lambda example: example.pop("request"),
        lambda example: example["request"].update(amount="7"),
    ],
)
def test_control_an_example_that_is_not_true_is_found(partner: Partner, spoil: Callable[[Any], Any]) -> None:
    call = CALLS[0]
    now = made(partner, call)
    example = json.loads(json.dumps(now))
    assert wrong(example, now, call) == ""
    spoil(example)
    assert wrong(example, now, call)
