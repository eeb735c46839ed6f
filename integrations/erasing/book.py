"""The places of the order book: customers, orders and all that hangs on them. Each erases the rows it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from integrations.erasing.persons import Confirmed, label
from orders.choices import EventKind
from orders.models import (
    Attachment,
    Customer,
    Order,
    OrderEvent,
    OrderLine,
    OrderNote,
    PointsMovement,
    PreparedOrder,
    Shipment,
)
from orders.search import vector_of
from orders.segments import due

# What machines wrote in the history, without anything of a person.
PLAIN_EVENTS = (
    EventKind.IMPORTED,
    EventKind.STOCK_SERVED,
    EventKind.INVOICED,
    EventKind.RENEWED,
    EventKind.WITHDRAWN,
)
GONE = "What stood here was erased with the person."


def country_of(address: dict[str, Any]) -> dict[str, Any]:
    """What stays of an address: figures by country go on to be right."""
    return {"country": address["country"]} if address.get("country") else {}


def erase_orders(ids: Sequence[int], done: Confirmed) -> None:
    """Goods, amounts and dates stay; the version grows, so that no page opened before writes anything back."""
    orders = list(
        Order.objects.select_for_update(of=("self",)).select_related("remote_order").filter(pk__in=ids).order_by("pk")
    )
    lines: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in OrderLine.objects.filter(order__in=ids):
        lines[line.order_id].append(line)
    for order in orders:
        order.buyer, order.email, order.phone, order.note = label(done.at), "", "", ""
        order.billing, order.shipping = country_of(order.billing), country_of(order.shipping)
        order.metadata, order.warnings = {}, []
        order.partner = _without_extras(order.partner)
        order.search = vector_of(order, lines[order.pk])
        order.version += 1
        order.updated_at = order.erased_at = done.at
    fields = ("buyer", "email", "phone", "note", "billing", "shipping", "metadata", "warnings", "partner", "search")
    Order.objects.bulk_update(orders, [*fields, "version", "updated_at", "erased_at"])


def _without_extras(document: Any) -> Any:
    """A partner's document with its amounts, without the metadata of its items and the fingerprint of the whole."""
    if isinstance(document, dict):
        return {name: _without_extras(value) for name, value in document.items() if name not in {"metadata", "digest"}}
    return document


def erase_lines(ids: Sequence[int], done: Confirmed) -> None:
    OrderLine.objects.filter(pk__in=ids).update(metadata={}, shipping={})


def erase_history(ids: Sequence[int], done: Confirmed) -> None:
    """That something happened stays, with its time and who did it."""
    events = OrderEvent.objects.filter(pk__in=ids)
    events.exclude(kind__in=PLAIN_EVENTS).update(message=GONE)
    events.update(changes=[])


def told() -> Q:
    """Entries of the history that say more than an erasure leaves."""
    return ~Q(changes=[]) | (~Q(kind__in=PLAIN_EVENTS) & ~Q(message=GONE))


def erase_notes(ids: Sequence[int], done: Confirmed) -> None:
    OrderNote.objects.filter(pk__in=ids).delete()


def erase_files(ids: Sequence[int], done: Confirmed) -> None:
    Attachment.objects.filter(pk__in=ids).delete()


def erase_shipments(ids: Sequence[int], done: Confirmed) -> None:
    """What left, and when, stays."""
    shipments = list(Shipment.objects.filter(pk__in=ids))
    for shipment in shipments:
        shipment.buyer, shipment.address, shipment.tracking_number = label(done.at), country_of(shipment.address), ""
        shipment.remarks = []
    Shipment.objects.bulk_update(shipments, ["buyer", "address", "remarks", "tracking_number"])


def erase_prepared(ids: Sequence[int], done: Confirmed) -> None:
    """What is picked, and how it goes out, stays."""
    PreparedOrder.objects.filter(pk__in=ids).update(tracking_number="")


def erase_customers(ids: Sequence[int], done: Confirmed) -> None:
    """The row stays, because orders and points stand on it; nothing tells who it was."""
    due_now: dict[int, list[int]] = {}
    for project_id, pk in Customer.objects.filter(pk__in=ids).order_by("project_id").values_list("project_id", "pk"):
        due_now.setdefault(project_id, []).append(pk)
    for project_id, theirs in due_now.items():
        due.mark(project_id, theirs, done.at)  # before they are locked, as by whoever writes customers
    customers = list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    for customer in customers:
        customer.email, customer.phone, customer.description, customer.birthdate = "", "", "", None
        customer.name, customer.source_id = label(done.at), ""
        customer.address, customer.metadata = country_of(customer.address), {}
        customer.updated_at = customer.erased_at = done.at
    fields = ("email", "phone", "description", "birthdate", "name", "source_id", "address", "metadata")
    Customer.objects.bulk_update(customers, [*fields, "updated_at", "erased_at"])


def erase_points(ids: Sequence[int], done: Confirmed) -> None:
    """The points stay; why somebody gave them by hand does not."""
    PointsMovement.objects.filter(pk__in=ids).update(note="")
