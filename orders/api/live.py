"""Live orders for the back office, and the steps that the back office takes with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, not_found
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer
from config.kit.times import when
from integrations.api.partner_views import OfficeReadViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from orders import filters
from orders.api import live_shapes as shapes
from orders.api.office import ShipmentSerializer, shipment
from orders.in_shop import newest_status, version_of
from orders.models import Invoice, Order, OrderLine, Shipment
from orders.work import lifecycle, shipping
from orders.work.changing import ChangeRefused
from stock import warehouses

PAPERS = (
    Prefetch("invoices", Invoice.objects.only("order_id").order_by("pk")),
    Prefetch("shipments", Shipment.objects.only("order_id").order_by("pk")),
)
REFUSED = refusal("The order does not allow it as it stands, or was changed meanwhile; `details` says which.")
STEPS = (ApiScope.BACK_OFFICE, ApiScope.LIVE_ORDERS)
T = TypeVar("T")


class LiveOrderSerializer(StructSerializer):
    struct = shapes.LiveOrder

    @cached_property
    def first_warehouse(self) -> int:
        """The one that orders mean which name none; 0 before there is one."""
        return warehouses.of(self.context["view"].project.pk).first

    def documents(self, rows: Sequence[Order]) -> list[shapes.LiveOrder]:
        return [self._document(row) for row in rows]

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


class DetailedOrderSerializer(LiveOrderSerializer):
    """An order with its history."""

    def documents(self, rows: Sequence[Order]) -> list[shapes.LiveOrder]:
        found = super().documents(rows)
        for row, document in zip(rows, found, strict=True):
            document.history = [shapes.OrderEvent(when(each.at), each.kind, each.message) for each in row.events.all()]
        return found


class StepSerializer(StructSerializer):
    struct = shapes.Step


class NewShipmentSerializer(StructSerializer):
    struct = shapes.NewShipment


def stepping(summary: str) -> Callable[[Any], Any]:
    """How a step of an order is described, and who may take it."""
    described = extend_schema(
        summary=summary, request=StepSerializer, responses={200: DetailedOrderSerializer, 409: REFUSED}
    )
    step = action(detail=True, methods=["post"], required_scopes=STEPS)
    return lambda handler: described(step(idempotent(handler)))


class LiveOrderViewSet(OfficeReadViewSet):
    """One order with its lines, papers and history; POST: a step of it, or a shipment of reserved units."""

    queryset = Order.objects.defer("search", "partner", "metadata", "warnings")
    filterset_class = filters.ORDERS
    id_prefix, resource_name, id_says = "ord", "live order", "The id of the live order, `ord_…`."

    def get_queryset(self) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset()
        return orders.annotate(shop_status=newest_status()).prefetch_related("lines", *PAPERS)

    @property
    def listed_by(self) -> str:
        return super().listed_by or "placed_at"

    def get_serializer_class(self) -> type[LiveOrderSerializer]:
        return LiveOrderSerializer if self.action == "list" else DetailedOrderSerializer

    @stepping("Put an order on hold")
    def hold(self, request: Request, public_id: str) -> Response:
        return self._stepped(lifecycle.hold)

    @stepping("Release an order from hold")
    def release(self, request: Request, public_id: str) -> Response:
        return self._stepped(lifecycle.release)

    @stepping("Cancel an order")
    def cancel(self, request: Request, public_id: str) -> Response:
        return self._stepped(lifecycle.cancel)

    def _stepped(self, step: Callable[..., None]) -> Response:
        order = self.get_object()
        asked: shapes.Step = self.validated(StepSerializer)
        allowed(lambda: step(order.pk, seen=asked.version, reason=asked.reason))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Ship an order",
        description="Stock leaves with the shipment; the order is complete once everything is shipped.",
        request=NewShipmentSerializer,
        responses={201: ShipmentSerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], required_scopes=STEPS)
    @idempotent
    def shipments(self, request: Request, public_id: str) -> Response:
        order = self.get_object()
        asked: shapes.NewShipment = self.validated(NewShipmentSerializer)
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
    except ChangeRefused as refused:
        raise ApiError(409, "order_refused", "Not done", str(refused)) from refused
