"""Customers as Voucherify publishes them: one by id or source id, and the segments they are in."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Operation
from config.kit.api.problems import not_found
from config.kit.api.resources import when
from integrations.api.partner_views import PartnerView
from integrations.choices import ApiScope
from orders.api import customer_shapes as shapes
from orders.models import Customer
from orders.partners.answers import minor
from orders.segments import membership
from orders.segments.summaries import summary_of

SAYS = "Amounts are integers in the smallest unit of the project's currency; orders in other currencies do not count."


class CustomerPartnerView(PartnerView):
    """What both addresses share: finding the customer."""

    scope = ApiScope.CUSTOMERS
    id_name = "The id of the customer, `cust_…`, or their source id."

    def customer(self, key: str) -> Customer:
        pk = self.ids.take("cust", key)
        ours = Customer.objects.filter(project=self.project).select_related("summary")
        found = ours.filter(pk=pk).first() if pk is not None else None
        if found is None and key and "\x00" not in key:
            found = ours.filter(source_id=key).exclude(source_id="").first()
        if found is None:
            raise not_found("customer", key)
        return found


class PublishedCustomerView(CustomerPartnerView):
    """GET: one customer with what is known of their orders."""

    operations = {"GET": Operation("Read a customer as published", shapes.PublishedCustomer, says=SAYS)}

    def get(self, request: Request, customer_id: str) -> Response:
        row = self.customer(customer_id)
        summary, digits = summary_of(row), get_currency_precision(self.project.currency)
        return Response(
            shapes.PublishedCustomer(
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
        )


class CustomerSegmentsView(CustomerPartnerView):
    """GET: the segments a customer is in."""

    operations = {"GET": Operation("List a customer's segments", shapes.PublishedSegments)}

    def get(self, request: Request, customer_id: str) -> Response:
        row = self.customer(customer_id)
        stays = membership.stays(row.pk)
        listed = [shapes.SimpleSegment(self.ids.give("seg", stay.segment_id), stay.segment.name) for stay in stays]
        return Response(shapes.PublishedSegments(listed, len(listed)))
