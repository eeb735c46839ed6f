"""Customers with their orders in a line, and the points ledger of each."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin

from config.kit.api.problems import not_found
from config.kit.api.structs import StructSerializer
from config.kit.times import when
from integrations.api.partner_views import OfficeReadViewSet, OfficeViewSet
from integrations.choices import ApiScope
from orders import filters
from orders.api import customer_shapes as shapes
from orders.models import Customer, CustomerSummary, PointsMovement
from orders.segments.summaries import summary_of

CUSTOMER_ID = "The id of the customer, `cust_…`."


class OfficeCustomerSerializer(StructSerializer):
    struct = shapes.Customer

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
                currency=self.context["view"].project.currency,
                total_amount=f"{summary.total_amount:f}",
                total_count=summary.total_count,
                average_amount=f"{summary.average_amount:f}",
                last_order_amount=None if last is None else f"{last:f}",
                last_order_at=when(summary.last_order_at),
                other_currency_count=summary.other_currency_count,
            ),
            created_at=when(row.created_at),
        )


class OfficeCustomerViewSet(OfficeReadViewSet):
    queryset = Customer.objects.filter(deleted_at=None).select_related("summary")
    serializer_class = OfficeCustomerSerializer
    filterset_class = filters.CUSTOMERS
    listed_by = "created_at"
    required_scopes = (ApiScope.CUSTOMERS,)
    id_prefix, resource_name, id_says = "cust", "customer", CUSTOMER_ID


class PointsSerializer(StructSerializer):
    struct = shapes.Points

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


class PointsViewSet(ListModelMixin, OfficeViewSet):
    """The points ledger of one customer."""

    queryset = PointsMovement.objects.select_related("rule")
    project_field = "customer__project"
    serializer_class = PointsSerializer
    filterset_class = filters.POINTS
    required_scopes = (ApiScope.CUSTOMERS,)
    id_prefix, resource_name, id_says = "pts", "points movement", CUSTOMER_ID

    def get_queryset(self) -> QuerySet[PointsMovement]:
        public_id = str(self.kwargs["public_id"])
        pk = self.ids.take("cust", public_id)
        if pk is None or not Customer.objects.filter(project=self.project, pk=pk, deleted_at=None).exists():
            raise not_found("customer", public_id)
        return super().get_queryset().filter(customer=pk)
