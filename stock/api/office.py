"""Products with their stock, and stock movements, for the back office."""

from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import ApiError, not_found
from config.kit.api.schema import refusal
from config.kit.api.structs import StructSerializer, serializer_of
from config.kit.public_ids import PublicIds
from config.kit.times import when
from integrations.api.partner_views import OfficeReadViewSet, OfficeViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from integrations.review.waking import wake
from orders.intake.allocation import change_stock
from stock import filters, warehouses
from stock.api import shapes
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import Product, StockLevel, StockMovement, Warehouse
from stock.warehouses import Place


class OfficeProductSerializer(StructSerializer):
    struct = shapes.Product

    def documents(self, rows: Sequence[Product]) -> list[shapes.Product]:
        return products(self.ids, rows)


def products(ids: PublicIds, rows: Sequence[Product]) -> list[shapes.Product]:
    """Products with what is in the warehouses."""
    stock: dict[int, list[StockLevel]] = {row.pk: [] for row in rows}
    for level in StockLevel.objects.filter(product__in=rows).order_by("warehouse__priority", "warehouse_id"):
        stock[level.product_id].append(level)
    return [_product(ids, row, stock[row.pk]) for row in rows]


def _product(ids: PublicIds, row: Product, levels: Sequence[StockLevel]) -> shapes.Product:
    return shapes.Product(
        id=ids.give("prod", row.pk),
        sku=row.sku,
        name=row.name,
        on_hand=sum(level.on_hand for level in levels),
        reserved=sum(level.reserved for level in levels),
        available=sum(level.available for level in levels),
        warehouses=[
            shapes.ProductStock(ids.give("whs", level.warehouse_id), level.on_hand, level.reserved, level.available)
            for level in levels
        ],
        created_at=when(row.created_at),
    )


class OfficeProductViewSet(OfficeReadViewSet):
    queryset = Product.objects.filter(deleted_at=None)
    serializer_class = OfficeProductSerializer
    filterset_class = filters.PRODUCTS
    id_prefix, resource_name, id_says = "prod", "product", "The id of the product, `prod_…`."


class WarehouseSerializer(StructSerializer):
    struct = shapes.Warehouse

    def documents(self, rows: Sequence[Warehouse]) -> list[shapes.Warehouse]:
        give = self.ids.give
        return [
            shapes.Warehouse(give("whs", row.pk), row.name, row.is_default, row.active, row.priority) for row in rows
        ]


class WarehouseViewSet(ListModelMixin, OfficeViewSet):
    queryset = Warehouse.objects.all()
    serializer_class = WarehouseSerializer
    filterset_class = filters.WAREHOUSES
    id_prefix, resource_name = "whs", "warehouse"


class MovementSerializer(StructSerializer):
    struct = shapes.StockMovement

    def documents(self, rows: Sequence[StockMovement]) -> list[shapes.StockMovement]:
        return [
            shapes.StockMovement(
                id=self.ids.give("mov", row.pk),
                product_id=self.ids.give("prod", row.level.product_id),
                warehouse_id=self.ids.give("whs", row.level.warehouse_id),
                sku=row.level.product.sku,
                quantity=row.quantity,
                reason=row.reason,
                note=row.note,
                booked_at=when(row.at),
            )
            for row in rows
        ]


Booking = shapes.Receipt | shapes.Adjustment


class BookingSerializer(StructSerializer):
    struct = Booking


class MovementViewSet(ListModelMixin, OfficeViewSet):
    """What came and went. POST: book units that came, or that were counted otherwise."""

    queryset = StockMovement.objects.select_related("level__product")
    serializer_class = MovementSerializer
    filterset_class = filters.MOVEMENTS
    listed_by = "at"
    required_scopes_by_action = {"create": (ApiScope.LIVE_ORDERS,)}
    id_prefix, resource_name = "mov", "stock movement"

    @extend_schema(
        summary="Book stock",
        description="Orders that wait for the product are served in the same moment, oldest first.",
        request=BookingSerializer,
        responses={
            201: serializer_of(shapes.Booked),
            404: refusal("There is no such product, or no such warehouse."),
            409: refusal("The stock does not allow it; `details` says why."),
        },
    )
    @idempotent
    def create(self, request: Request) -> Response:
        asked: Booking = self.validated(BookingSerializer)
        pk = self.ids.take("prod", asked.product_id)
        product = (
            Product.objects.filter(project=self.project, pk=pk, deleted_at=None).first() if pk is not None else None
        )
        if product is None:
            raise not_found("product", asked.product_id)
        reason = MovementReason.RECEIPT if isinstance(asked, shapes.Receipt) else MovementReason.ADJUSTMENT
        place = self._place(asked.warehouse_id)
        change = Change(product.pk, asked.quantity, reason, asked.note, place=place)
        try:
            served = change_stock(self.project.pk, [change])
        except StockError as refused:
            raise ApiError(409, "stock_refused", "Not booked", str(refused)) from refused
        if asked.quantity > 0:
            wake(self.project.pk, [product.sku], None)
        after = products(self.ids, [product])[0]
        return Response(shapes.Booked(after, served.units, served.orders), status=201)

    def _place(self, asked: str | None) -> Place:
        here = warehouses.of(self.project.pk)
        if asked is None:
            return here.default
        pk = self.ids.take("whs", asked)
        if pk is None or all(row.pk != pk for row in here.rows):
            raise not_found("warehouse", asked)
        return here.place(pk)
