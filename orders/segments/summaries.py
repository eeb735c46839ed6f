"""Customers' orders added up, a batch at a time, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum

from config.kit.sql import execute
from orders.intake.rows import as_json
from orders.models import Customer, CustomerSummary, Order
from orders.partners.answers import published_status

# The published statuses that are money spent.
COUNTED = ("PAID", "FULFILLED")


def refresh(project_id: int, customer_ids: Sequence[int], at: datetime) -> None:
    """Write the summaries of these customers of the project; a handful of statements however many they are.

    A customer whose published summary is another one has changed; they are locked before their summaries.
    """
    found: dict[int, dict[str, Any]] = {
        pk: {"id": pk, "country": _country(address)}
        for pk, address in Customer.objects.select_for_update(no_key=True)
        .filter(project_id=project_id, pk__in=customer_ids)
        .order_by("pk")
        .values_list("pk", "address")
    }
    for pk, total, count, other in _sums(list(found)):
        average = (total / count).quantize(Decimal("0.0001"), ROUND_HALF_UP) if count else Decimal(0)
        found[pk] |= {"total": total or 0, "count": count, "average": average, "other": other}
    for pk, total, placed_at in _last(list(found)):
        found[pk] |= {"last_amount": total, "last_at": placed_at}
    for pk, country in _billed(pk for pk, row in found.items() if not row["country"]):
        found[pk]["country"] = str(country or "")[:60].strip().upper()
    _write(project_id, [found[pk] for pk in sorted(found)], at)


def summary_of(customer: Customer) -> CustomerSummary:
    """The customer's summary; an empty one where nothing was added up yet."""
    try:
        return customer.summary
    except CustomerSummary.DoesNotExist:
        none = Decimal(0)
        return CustomerSummary(
            customer=customer, project_id=customer.project_id, total_amount=none, average_amount=none, country=""
        )


def _country(address: Any) -> str:
    country = address.get("country") if isinstance(address, dict) else None
    return country.strip().upper()[:60] if isinstance(country, str) else ""


def _sums(customer_ids: Sequence[int]) -> Any:
    """(customer, amount, count in the project's currency, count in others)."""
    ours = Q(currency=F("project__currency"))
    return (
        Order.objects.filter(customer_id__in=customer_ids)
        .alias(published=published_status())
        .filter(published__in=COUNTED)
        .values("customer_id")
        .annotate(amount=Sum("total", filter=ours), ours=Count("pk", filter=ours), others=Count("pk", filter=~ours))
        .values_list("customer_id", "amount", "ours", "others")
    )


def _last(customer_ids: Sequence[int]) -> Any:
    """(customer, amount, time) of the latest order that counts."""
    return (
        Order.objects.filter(customer_id__in=customer_ids, currency=F("project__currency"))
        .alias(published=published_status())
        .filter(published__in=COUNTED)
        .order_by("customer_id", "-placed_at", "-pk")
        .distinct("customer_id")
        .values_list("customer_id", "total", "placed_at")
    )


def _billed(customer_ids: Any) -> Any:
    """(customer, country) of the latest order's billing address, whatever its status."""
    return (
        Order.objects.filter(customer_id__in=list(customer_ids))
        .order_by("customer_id", "-placed_at", "-pk")
        .distinct("customer_id")
        .values_list("customer_id", "billing__country")
    )


def _write(project_id: int, rows: Sequence[dict[str, Any]], at: datetime) -> None:
    # All parts of the statement see the summaries as they were before it.
    execute(
        "WITH new AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row (id bigint, total numeric,"
        " count int, average numeric, last_amount numeric, last_at timestamptz, other int, country text)),"
        " changed AS (UPDATE orders_customer AS customer SET updated_at = %s FROM new"
        " LEFT JOIN orders_customersummary AS old ON old.customer_id = new.id WHERE customer.id = new.id"
        " AND (coalesce(new.total, 0), coalesce(new.count, 0), coalesce(new.average, 0), new.last_amount, new.last_at)"
        " IS DISTINCT FROM (coalesce(old.total_amount, 0), coalesce(old.total_count, 0),"
        " coalesce(old.average_amount, 0), old.last_order_amount, old.last_order_at))"
        " INSERT INTO orders_customersummary AS summary (customer_id, project_id, total_amount, total_count,"
        " average_amount, last_order_amount, last_order_at, other_currency_count, country)"
        " SELECT id, %s, coalesce(total, 0), coalesce(count, 0), coalesce(average, 0), last_amount, last_at,"
        " coalesce(other, 0), country"
        " FROM new"
        " ON CONFLICT (customer_id) DO UPDATE SET total_amount = excluded.total_amount,"
        " total_count = excluded.total_count, average_amount = excluded.average_amount,"
        " last_order_amount = excluded.last_order_amount, last_order_at = excluded.last_order_at,"
        " other_currency_count = excluded.other_currency_count, country = excluded.country",
        [as_json(rows), at, project_id],
    )
