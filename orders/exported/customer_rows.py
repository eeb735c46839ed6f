"""Customers as partners export them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Lower

from orders.exported.describing import (
    ComparedAs,
    Criterion,
    Exported,
    amount_or_zero,
    constant,
    free,
    plainly,
    public_id,
)
from orders.models import Customer
from orders.models.orders import EMAIL_KEY

ADDRESS = ("city", "state", "line_1", "line_2", "country", "postal_code")
SUMS = ("total_amount", "average_amount", "last_order_amount")
REDEMPTIONS = ("redeemed", "failed", "succeeded", "rolled_back", "rollback_failed", "rollback_succeeded")


def _rows(project_id: int) -> QuerySet[Customer]:
    return Customer.objects.filter(project_id=project_id, deleted_at=None, erased_at=None)


def _computed(digits: int) -> Mapping[str, Any]:
    unit, zero = Value(Decimal(10) ** digits), Value(Decimal(0))
    return {
        "changed_at": Coalesce("updated_at", "created_at"),
        "email_in_lower_case": EMAIL_KEY,
        "city_in_lower_case": Lower(KT("address__city")),
        **{f"address_{part}": KT(f"address__{part}") for part in ADDRESS},
        **{f"{name}_in_units": Coalesce(F(f"summary__{name}"), zero) * unit for name in SUMS},
        "orders_count": Coalesce(F("summary__total_count"), 0),
        "points": Coalesce(F("summary__points"), 0),
    }


CUSTOMERS = Exported(
    name="customer",
    rows=_rows,
    computed=_computed,
    fields={
        "name": plainly("name"),
        "id": public_id("cust"),
        **{name: plainly(name) for name in ("description", "email", "source_id", "created_at", "updated_at")},
        "phone": plainly("phone"),
        "birthday": plainly("birthdate"),
        "birthdate": plainly("birthdate"),
        **{f"address_{part}": plainly(f"address_{part}") for part in ADDRESS},
        **{f"redemptions_total_{name}": constant(0) for name in REDEMPTIONS},
        "orders_total_amount": amount_or_zero("summary__total_amount"),
        "orders_total_count": plainly("orders_count"),
        "orders_average_amount": amount_or_zero("summary__average_amount"),
        "orders_last_order_amount": amount_or_zero("summary__last_order_amount"),
        "orders_last_order_date": plainly("summary__last_order_at"),
        "loyalty_points": plainly("points"),
        "loyalty_referred_customers": constant(0),
        "metadata": free("metadata"),
    },
    default=("name", "source_id"),
    sortable={
        "name": "name",
        "id": "pk",
        "email": "email",
        "source_id": "source_id",
        "created_at": "created_at",
        "updated_at": "changed_at",
    },
    order="-created_at",
    criteria={
        "created_at": Criterion("created_at", ComparedAs.TIME),
        "updated_at": Criterion("updated_at", ComparedAs.TIME),
        "email": Criterion("email_in_lower_case", ComparedAs.ANY_CASE),
        "name": Criterion("name", ComparedAs.TEXT),
        "city": Criterion("city_in_lower_case", ComparedAs.ANY_CASE),
        "phone": Criterion("phone", ComparedAs.TEXT),
        "birthday": Criterion("birthdate", ComparedAs.DAY),
        "birthdate": Criterion("birthdate", ComparedAs.DAY),
        "source_id": Criterion("source_id", ComparedAs.TEXT),
        **{f"address.{part}": Criterion(f"address_{part}", ComparedAs.TEXT) for part in ADDRESS},
        **{f"summary.orders.{name}": Criterion(f"{name}_in_units", ComparedAs.NUMBER) for name in SUMS},
        "summary.orders.total_count": Criterion("orders_count", ComparedAs.NUMBER),
        "summary.orders.last_order_date": Criterion("summary__last_order_at", ComparedAs.TIME),
        "loyalty.points": Criterion("points", ComparedAs.NUMBER),
    },
)
