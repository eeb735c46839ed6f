"""Customers with their orders in a line, and the points ledger of each."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.problems import not_found
from config.kit.api.resources import when
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
from integrations.choices import ApiScope
from orders import filters
from orders.api import customer_shapes as shapes
from orders.models import Customer, CustomerSummary, PointsMovement
from orders.segments.summaries import summary_of


class Customers(OfficeResource):
    kind, name, shape = "cust", "customer", shapes.Customer
    scope = ApiScope.CUSTOMERS

    def rows(self) -> QuerySet[Customer]:
        return Customer.objects.filter(project=self.project).select_related("summary")

    def documents(self, rows: Sequence[Customer]) -> list[shapes.Customer]:
        return [self._document(row, summary_of(row)) for row in rows]

    def _document(self, row: Customer, summary: CustomerSummary) -> shapes.Customer:
        last = summary.last_order_amount
        return shapes.Customer(
            id=self.ids.give("cust", row.pk),
            source_id=row.source_id or None,
            email=row.email,
            name=row.name,
            phone=row.phone,
            description=row.description,
            country=summary.country,
            address=row.address,
            metadata=row.metadata,
            points=summary.points,
            summary=shapes.OrdersSummary(
                currency=self.project.currency,
                total_amount=f"{summary.total_amount:f}",
                total_count=summary.total_count,
                average_amount=f"{summary.average_amount:f}",
                last_order_amount=None if last is None else f"{last:f}",
                last_order_at=when(summary.last_order_at),
                other_currency_count=summary.other_currency_count,
            ),
            created_at=when(row.created_at),
        )


class CustomersView(Customers, OfficeList):
    filters = filters.CUSTOMERS


class CustomerView(Customers, OfficeOne): ...


class CustomerPointsView(OfficeList):
    """GET: the points ledger of one customer."""

    kind, name, shape = "pts", "points movement", shapes.Points
    scope = ApiScope.CUSTOMERS
    filters = filters.POINTS

    @classmethod
    def id_says(cls) -> str:
        return Customers.id_says()

    def rows(self) -> QuerySet[PointsMovement]:
        return PointsMovement.objects.filter(customer=self._customer).select_related("rule")

    def get(self, request: Request, public_id: str = "") -> Response:
        pk = self.ids.take("cust", public_id)
        self._customer = Customer.objects.filter(project=self.project, pk=pk).first() if pk is not None else None
        if self._customer is None:
            raise not_found("customer", public_id)
        return super().get(request)

    def documents(self, rows: Sequence[PointsMovement]) -> list[shapes.Points]:
        return [
            shapes.Points(
                id=self.ids.give("pts", row.pk),
                points=row.points,
                reason=row.reason,
                rule=row.rule.name if row.rule else None,
                order_id=None if row.order_id is None else self.ids.give("ord", row.order_id),
                note=row.note,
                at=when(row.at),
            )
            for row in rows
        ]
