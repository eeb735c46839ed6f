"""Customers as Voucherify publishes them: one by id or source id, and the segments they are in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.structs import StructSerializer, serializer_of
from config.kit.times import when
from integrations.api.partner_views import PartnerViewSet
from integrations.choices import ApiScope
from orders.api import customer_shapes as shapes
from orders.models import Customer, CustomerSummary
from orders.partners.answers import minor
from orders.segments import membership
from orders.segments.summaries import summary_of

SAYS = "Amounts are integers in the smallest unit of the project's currency; orders in other currencies do not count."


class PublishedCustomerSerializer(StructSerializer):
    struct = shapes.PublishedCustomer

    def documents(self, rows: Sequence[Customer]) -> list[shapes.PublishedCustomer]:
        digits = get_currency_precision(self.context["view"].project.currency)
        return [self._document(row, summary_of(row), digits) for row in rows]

    def _document(self, row: Customer, summary: CustomerSummary, digits: int) -> shapes.PublishedCustomer:
        return shapes.PublishedCustomer(
            id=self.ids.give("cust", row.pk),
            source_id=row.source_id or None,
            name=row.name,
            description=row.description,
            email=row.email,
            phone=row.phone,
            birthday=row.birthdate,
            birthdate=row.birthdate,
            address=row.address or None,
            metadata=row.metadata,
            summary=shapes.PublishedSummary(
                shapes.RedemptionsSummary(),
                shapes.PublishedOrders(
                    total_amount=minor(summary.total_amount, digits),
                    total_count=summary.total_count,
                    average_amount=minor(summary.average_amount, digits),
                    last_order_amount=minor(summary.last_order_amount or Decimal(0), digits),
                    last_order_date=when(summary.last_order_at),
                ),
            ),
            loyalty=shapes.Loyalty(summary.points),
            referrals=shapes.Referrals(),
            system_metadata={},
            created_at=when(row.created_at),
            updated_at=None,
        )


class PublishedCustomerViewSet(PartnerViewSet):
    """Customers by id or source id."""

    queryset = Customer.objects.select_related("summary")
    serializer_class = PublishedCustomerSerializer
    required_scopes = (ApiScope.CUSTOMERS,)
    id_prefix, source_id_field, resource_name = "cust", "source_id", "customer"
    id_says = "The id of the customer, `cust_…`, or their source id."
    lookup_url_kwarg = "customer_id"

    @extend_schema(summary="Read a customer as published", description=SAYS)
    def retrieve(self, request: Request, customer_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="List a customer's segments", responses=serializer_of(shapes.PublishedSegments))
    @action(detail=True)
    def segments(self, request: Request, customer_id: str) -> Response:
        stays = membership.stays(self.get_object().pk)
        listed = [shapes.SimpleSegment(self.ids.give("seg", stay.segment_id), stay.segment.name) for stay in stays]
        return Response(shapes.PublishedSegments(listed, len(listed)))
