"""Orders as partners export them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from orders.exported.describing import (
    BookReader,
    ComparedAs,
    Criterion,
    Exported,
    ExportField,
    free,
    plainly,
    public_id,
)
from orders.models import Order, OrderLine
from orders.partners.answered_items import minor
from orders.partners.answers import amounts, published_status


def _rows(project_id: int) -> QuerySet[Order]:
    return Order.objects.filter(project_id=project_id)


def _computed(digits: int) -> Mapping[str, Any]:
    unit, zero = Value(Decimal(10) ** digits), Value(Decimal(0), DecimalField(max_digits=19, decimal_places=4))
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    items_discount = Coalesce(Subquery(lines.annotate(sum=Sum("discount")).values("sum")), zero)
    discounts = Greatest(F("discount_total"), items_discount)
    return {
        "published_status": published_status(),
        "items_discount": items_discount,
        "items_discount_in_units": items_discount * unit,
        "total_in_units": F("total") * unit,
        "discounts_in_units": discounts * unit,
        "discount_in_units": (discounts - items_discount) * unit,
        "amount_in_units": (F("total") + discounts) * unit,
    }


def _amount(name: str) -> ExportField:
    """As the order itself is answered."""

    def tell(reader: BookReader, total: Decimal, discounts: Decimal, items: Decimal, currency: str) -> int:
        digits = get_currency_precision(currency)
        return amounts(minor(total, digits), minor(discounts, digits), minor(items, digits))[name]

    return ExportField(("total", "discount_total", "items_discount", "currency"), tell)


ORDERS = Exported(
    name="order",
    rows=_rows,
    computed=_computed,
    fields={
        "id": public_id("ord"),
        "source_id": plainly("source_id"),
        "created_at": plainly("placed_at"),
        "updated_at": plainly("updated_at"),
        "status": plainly("published_status"),
        "amount": _amount("amount"),
        "discount_amount": _amount("discount_amount"),
        "items_discount_amount": _amount("items_discount_amount"),
        "total_discount_amount": _amount("total_discount_amount"),
        # No line is read for it.
        "total_amount": ExportField(
            ("total", "currency"), lambda reader, total, currency: minor(total, get_currency_precision(currency))
        ),
        "customer_id": public_id("cust", "customer_id"),
        "referrer_id": public_id("cust", "referrer_id"),
        "metadata": free("metadata"),
    },
    default=("id", "source_id", "status"),
    sortable={"created_at": "placed_at", "updated_at": "updated_at", "status": "published_status"},
    order="-created_at",
    criteria={
        "id": Criterion("pk", ComparedAs.ID, "ord"),
        "source_id": Criterion("source_id", ComparedAs.TEXT),
        "created_at": Criterion("placed_at", ComparedAs.TIME),
        "updated_at": Criterion("updated_at", ComparedAs.TIME),
        "status": Criterion("published_status", ComparedAs.TEXT),
        "amount": Criterion("amount_in_units", ComparedAs.NUMBER),
        "discount_amount": Criterion("discount_in_units", ComparedAs.NUMBER),
        "items_discount_amount": Criterion("items_discount_in_units", ComparedAs.NUMBER),
        "total_discount_amount": Criterion("discounts_in_units", ComparedAs.NUMBER),
        "total_amount": Criterion("total_in_units", ComparedAs.NUMBER),
        "customer_id": Criterion("customer_id", ComparedAs.ID, "cust"),
        "referrer_id": Criterion("referrer_id", ComparedAs.ID, "cust"),
    },
    named="number",
)
