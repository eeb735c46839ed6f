"""Customers as partners read them: the published object. A key without a value is left out, only `address` is null."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from orders.models import Customer
from orders.partners.answered_items import minor
from orders.segments.summaries import summary_of

# There are no vouchers and no cards here.
REDEMPTIONS = {
    "total_redeemed": 0,
    "total_failed": 0,
    "total_succeeded": 0,
    "total_rolled_back": 0,
    "total_rollback_failed": 0,
    "total_rollback_succeeded": 0,
    "gift": {"redeemed_amount": 0, "amount_to_go": 0},
    "loyalty_card": {"redeemed_points": 0, "points_to_go": 0},
}


def publish(ids: PublicIds, customer: Customer, currency: str) -> dict[str, Any]:
    """The published object; amounts are in the smallest unit of the project's currency."""
    summary, digits = summary_of(customer), get_currency_precision(currency)
    born = customer.birthdate.isoformat() if customer.birthdate else None
    orders: dict[str, Any] = {
        "total_amount": minor(summary.total_amount, digits),
        "total_count": summary.total_count,
        "average_amount": minor(summary.average_amount, digits),
        "last_order_amount": minor(summary.last_order_amount or Decimal(0), digits),
    }
    if summary.last_order_at is not None:
        orders["last_order_date"] = iso(summary.last_order_at)
    where_set = {
        "source_id": customer.source_id,
        "name": customer.name,
        "description": customer.description,
        "email": customer.email,
        "phone": customer.phone,
        "birthday": born,
        "birthdate": born,
        "metadata": customer.metadata,
        "updated_at": customer.updated_at and iso(customer.updated_at),
    }
    return {
        "id": ids.give("cust", customer.pk),
        **{name: value for name, value in where_set.items() if value},
        "address": {name: value for name, value in customer.address.items() if value} or None,
        "summary": {"redemptions": REDEMPTIONS, "orders": orders},
        "loyalty": {"points": summary.points, "referred_customers": 0, "campaigns": {}},
        "referrals": {"total": 0, "campaigns": []},
        "system_metadata": {},
        "created_at": iso(customer.created_at),
        "object": "customer",
    }
