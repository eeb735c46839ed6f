"""Products with their stock, and stock movements, as resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.bodies import decode, unstorable
from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError, bad_payload, not_found
from config.kit.api.resources import when
from config.kit.public_ids import PublicIds
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from orders.intake.allocation import change_stock
from stock import filters, warehouses
from stock.api import shapes
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import Product, StockLevel, StockMovement, Warehouse
from stock.warehouses import Place


class Products(OfficeResource):
    kind, name, shape = "prod", "product", shapes.Product

    def rows(self) -> QuerySet[Product]:
        return Product.objects.filter(project=self.project)

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


class ProductsView(Products, OfficeList):
    filters = filters.PRODUCTS


class ProductView(Products, OfficeOne): ...


class WarehousesView(OfficeList):
    """GET: the warehouses of the project, newest first."""

    kind, name, shape = "whs", "warehouse", shapes.Warehouse
    filters = filters.WAREHOUSES

    def rows(self) -> QuerySet[Warehouse]:
        return Warehouse.objects.filter(project=self.project)

    def documents(self, rows: Sequence[Warehouse]) -> list[shapes.Warehouse]:
        return [
            shapes.Warehouse(self.ids.give("whs", row.pk), row.name, row.is_default, row.active, row.priority)
            for row in rows
        ]


Booking = shapes.Receipt | shapes.Adjustment


class MovementsView(OfficeList):
    """GET: what came and went, newest first. POST: book units that came, or that were counted otherwise."""

    kind, name, shape = "mov", "stock movement", shapes.StockMovement
    filters = filters.MOVEMENTS
    decoder: ClassVar[msgspec.json.Decoder[Booking]] = msgspec.json.Decoder(Booking)
    operations = {
        "POST": Operation(
            "Book stock",
            shapes.Booked,
            status=201,
            body=Booking,
            scope=ApiScope.LIVE_ORDERS,
            says="Orders that wait for the product are served in the same moment, oldest first.",
            refuses={
                404: "There is no such product, or no such warehouse.",
                409: "The stock does not allow it; `details` says why.",
            },
        )
    }

    def rows(self) -> QuerySet[StockMovement]:
        return StockMovement.objects.filter(project=self.project).select_related("level__product")

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

    @idempotent
    def post(self, request: Request) -> Response:
        asked = decode(self.body(request), self.decoder)
        problem = next(unstorable(asked.note, ".note"), None)
        if problem is not None:
            raise bad_payload(problem)
        pk = self.ids.take("prod", asked.product_id)
        product = Product.objects.filter(project=self.project, pk=pk).first() if pk is not None else None
        if product is None:
            raise not_found("product", asked.product_id)
        reason = MovementReason.RECEIPT if isinstance(asked, shapes.Receipt) else MovementReason.ADJUSTMENT
        place = self._place(asked.warehouse_id)
        change = Change(product.pk, asked.quantity, reason, asked.note, place=place)
        try:
            served = change_stock(self.project.pk, [change])
        except StockError as refusal:
            raise ApiError(409, "stock_refused", "Not booked", str(refusal)) from refusal
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
