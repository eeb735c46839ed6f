"""Summaries and memberships worked out the slow way: one customer, one order, one condition at a time, in Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.models import Project
from orders.models import Customer, Order, Segment
from orders.partners.answers import status_of


def summary_of(customer: Customer, currency: str) -> dict[str, Any]:
    orders = [order for order in Order.objects.filter(customer=customer) if status_of(order) in {"PAID", "FULFILLED"}]
    ours = sorted((order for order in orders if order.currency == currency), key=lambda o: (o.placed_at, o.pk))
    total = sum((order.total for order in ours), Decimal(0))
    average = (total / len(ours)).quantize(Decimal("0.0001"), ROUND_HALF_UP) if ours else Decimal(0)
    everything = sorted(Order.objects.filter(customer=customer), key=lambda o: (o.placed_at, o.pk))
    billed = everything[-1].billing.get("country", "") if everything else ""
    return {
        "total_amount": total,
        "total_count": len(ours),
        "average_amount": average,
        "last_order_amount": ours[-1].total if ours else None,
        "last_order_at": ours[-1].placed_at if ours else None,
        "other_currency_count": len(orders) - len(ours),
        "country": (customer.address.get("country") or billed or "").upper(),
    }


def belong(segment: Segment, at: datetime) -> set[str]:
    """Source ids of the customers who meet the segment's conditions now."""
    project = segment.project
    return {
        customer.source_id
        for customer in Customer.objects.filter(project=project)
        if _joined(segment, [_meets(each, customer, project, at) for each in segment.conditions])
    }


def _joined(segment: Segment, answers: Sequence[bool]) -> bool:
    return all(answers) if segment.junction == "all" else any(answers)


def _meets(condition: dict[str, Any], customer: Customer, project: Project, at: datetime) -> bool:
    name, operator, value = condition["field"], condition["operator"], condition.get("value")
    summary = summary_of(customer, project.currency)
    if name in {"total_amount", "total_count", "average_amount", "last_order_amount"}:
        return summary[name] is not None and _compared(summary[name], operator, Decimal(str(value)))
    if name == "last_order_date":
        return summary["last_order_at"] is not None and _dated(summary["last_order_at"], operator, value, project, at)
    if name in {"created_at", "updated_at"}:
        moment = getattr(customer, name)
        return moment is not None and _dated(moment, operator, value, project, at)
    if name == "country":
        return _listed(summary["country"], operator, value)
    if name == "email_domain":
        return _listed(customer.email.rpartition("@")[2] if "@" in customer.email else "", operator, value)
    return _keyed(customer.metadata.get(name.removeprefix("metadata.")), operator, value)


def _compared(ours: Decimal, operator: str, theirs: Decimal) -> bool:
    return {
        "is": ours == theirs,
        "more_than": ours > theirs,
        "less_than": ours < theirs,
        "at_least": ours >= theirs,
        "at_most": ours <= theirs,
    }[operator]


def _dated(last: datetime, operator: str, value: Any, project: Project, at: datetime) -> bool:
    if operator == "within_days":
        return at - last < timedelta(days=value)
    if operator == "more_than_days_ago":
        return at - last >= timedelta(days=value)
    day = date.fromisoformat(value)
    if operator == "before":
        return last < datetime.combine(day, time.min, project.zone)
    return last >= datetime.combine(day + timedelta(days=1), time.min, project.zone)


def _listed(ours: str, operator: str, value: Any) -> bool:
    if operator in {"present", "absent"}:
        return (ours != "") == (operator == "present")
    return ours in (value if isinstance(value, list) else [value])


def _text(found: Any) -> str | None:
    if isinstance(found, bool):
        return "true" if found else "false"
    return None if found is None else str(found)


def _keyed(found: Any, operator: str, value: Any) -> bool:
    if operator in {"present", "absent"}:
        return (found not in (None, "")) == (operator == "present")
    if operator == "contains":
        return value in found if isinstance(found, str | list) else False
    if operator in {"more_than", "less_than"}:
        number = isinstance(found, int | float) and not isinstance(found, bool)
        return number and _compared(Decimal(str(found)), operator, Decimal(value))
    return _text(found) in (value if isinstance(value, list) else [value])
