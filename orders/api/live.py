"""Live orders as a resource, and the steps that the back office takes with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import msgspec
from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.bodies import decode, unstorable
from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError, bad_payload, not_found
from config.kit.api.resources import when
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from orders import filters
from orders.api import live_shapes as shapes
from orders.api.office import shipment
from orders.api.shapes import Shipment as ShipmentShape
from orders.in_shop import newest_status, version_of
from orders.models import Invoice, Order, OrderLine, Shipment
from orders.work import lifecycle, shipping
from orders.work.changing import ChangeRefused
from stock import warehouses

PAPERS = (
    Prefetch("invoices", Invoice.objects.only("order_id").order_by("pk")),
    Prefetch("shipments", Shipment.objects.only("order_id").order_by("pk")),
)
REFUSED = {409: "The order does not allow it as it stands, or was changed meanwhile; `details` says which."}
T = TypeVar("T")


class LiveOrders(OfficeResource):
    kind, name, shape = "ord", "live order", shapes.LiveOrder

    def rows(self) -> QuerySet[Order]:
        orders = Order.objects.filter(project=self.project).defer("search", "partner", "metadata", "warnings")
        return orders.annotate(shop_status=newest_status()).prefetch_related("lines", *PAPERS)

    @cached_property
    def first_warehouse(self) -> int:
        """The one that orders mean which name none; 0 before there is one."""
        return warehouses.of(self.project.pk).first

    def documents(self, rows: Sequence[Order]) -> list[shapes.LiveOrder]:
        return [self._document(row) for row in rows]

    def detailed(self, order: Order) -> shapes.LiveOrder:
        """One order with its history."""
        document = self._document(order)
        document.history = [shapes.OrderEvent(when(each.at), each.kind, each.message) for each in order.events.all()]
        return document

    def _document(self, row: Any) -> shapes.LiveOrder:
        give = self.ids.give
        return shapes.LiveOrder(
            id=give("ord", row.pk),
            number=row.number,
            status=row.status,
            tab=row.tab or None,
            version=row.version,
            integration_id=None if row.integration_id is None else give("int", row.integration_id),
            warehouse_id=give("whs", place) if (place := row.warehouse_id or self.first_warehouse) else None,
            remote_status=row.shop_status,
            changed_in_shop=row.shop_changed_at is not None,
            gone_in_shop=row.shop_gone_at is not None,
            source_id=row.source_id or None,
            customer_id=None if row.customer_id is None else give("cust", row.customer_id),
            buyer=row.buyer,
            email=row.email,
            phone=row.phone,
            billing=row.billing,
            shipping=row.shipping,
            payment=row.payment_title or row.payment_code,
            delivery=row.shipping_title or row.shipping_code,
            note=row.note,
            currency=row.currency,
            total=f"{row.total:f}",
            tax_total=f"{row.tax_total:f}",
            shipping_total=f"{row.shipping_total:f}",
            discount_total=f"{row.discount_total:f}",
            refunded_total=f"{row.refunded_total:f}",
            lines=[self._line(line) for line in row.lines.all()],
            invoice_ids=[give("inv", paper.pk) for paper in row.invoices.all()],
            shipment_ids=[give("shp", paper.pk) for paper in row.shipments.all()],
            placed_at=when(row.placed_at),
            paid_at=when(row.paid_at),
            changed_at=when(row.updated_at),
        )

    def _line(self, line: OrderLine) -> shapes.OrderLine:
        return shapes.OrderLine(
            id=self.ids.give("ordli", line.pk),
            sku=line.sku,
            name=line.name,
            product_id=None if line.product_id is None else self.ids.give("prod", line.product_id),
            quantity=line.quantity,
            reserved=line.reserved,
            waiting=line.waiting,
            shipped=line.shipped,
            cancelled=line.cancelled,
            returned=line.returned,
            unit_price=f"{line.unit_price:f}",
            total=f"{line.total:f}",
            tax=f"{line.tax:f}",
            discount=f"{line.discount:f}",
            shipping=line.shipping or None,
        )


class LiveOrdersView(LiveOrders, OfficeList):
    filters = filters.ORDERS


class LiveOrderView(LiveOrders, OfficeOne):
    """GET: one order with its lines, papers and history."""

    def document(self, row: Order) -> shapes.LiveOrder:
        return self.detailed(row)


class StepView(LiveOrders):
    """POST: one step of an order. The step is given by the address."""

    step: ClassVar[Callable[..., None]]
    decoder: ClassVar[msgspec.json.Decoder[shapes.Step]] = msgspec.json.Decoder(shapes.Step)

    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        order = self.find(public_id)
        asked = storable(decode(self.body(request), self.decoder))
        allowed(lambda: type(self).step(order.pk, seen=asked.version, reason=asked.reason))
        return Response(self.detailed(self.find(public_id)))


def stepping(summary: str) -> dict[str, Operation]:
    return {"POST": Operation(summary, shapes.LiveOrder, body=shapes.Step, scope=ApiScope.LIVE_ORDERS, refuses=REFUSED)}


class HoldView(StepView):
    step = lifecycle.hold
    operations = stepping("Put an order on hold")


class ReleaseView(StepView):
    step = lifecycle.release
    operations = stepping("Release an order from hold")


class CancelView(StepView):
    step = lifecycle.cancel
    operations = stepping("Cancel an order")


class OrderShipmentsView(LiveOrders):
    """POST: ship reserved units of an order, all of them or some."""

    decoder: ClassVar[msgspec.json.Decoder[shapes.NewShipment]] = msgspec.json.Decoder(shapes.NewShipment)
    operations = {
        "POST": Operation(
            "Ship an order",
            ShipmentShape,
            status=201,
            body=shapes.NewShipment,
            scope=ApiScope.LIVE_ORDERS,
            says="Stock leaves with the shipment; the order is complete once everything is shipped.",
            refuses=REFUSED,
        )
    }

    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        order = self.find(public_id)
        asked = storable(decode(self.body(request), self.decoder))
        units = None if asked.lines is None else self._units(order, asked.lines)

        def ship() -> Shipment:
            way, number = asked.carrier, asked.tracking_number
            looked = version_of(order) if asked.looked else ""
            return shipping.ship(
                order.pk, units, carrier=way, tracking_number=number, seen=asked.version, looked=looked
            )

        return Response(shipment(self.ids, allowed(ship)), status=201)

    def _units(self, order: Order, asked: Sequence[shapes.ShippedUnits]) -> dict[int, int]:
        own = {line.pk for line in order.lines.all()}
        units: dict[int, int] = {}
        for each in asked:
            pk = self.ids.take("ordli", each.line_id)
            if pk is None or pk not in own:
                raise not_found("order line", each.line_id)
            units[pk] = units.get(pk, 0) + each.quantity
        return units


def allowed(service: Callable[[], T]) -> T:
    """What the service gives. Raises 409 with its sentence when the order does not allow it."""
    try:
        return service()
    except ChangeRefused as refusal:
        raise ApiError(409, "order_refused", "Not done", str(refusal)) from refusal


def storable(asked: T) -> T:
    """The body, unless a text in it cannot be kept. Raises 400."""
    problem = next(unstorable(msgspec.to_builtins(asked)), None)
    if problem is not None:
        raise bad_payload(problem)
    return asked
