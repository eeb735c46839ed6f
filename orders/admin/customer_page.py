"""What the page of a customer shows."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import QuerySet

from config.kit.money import money
from integrations.admin.tones import MESSAGE_TONES
from integrations.models import Message
from orders.admin.tones import STATUS_TONES, TAB_TONES
from orders.models import Customer, CustomerSummary, DueCustomer, PointsMovement
from orders.segments import membership

ORDERS_SHOWN = 50
MOVEMENTS_SHOWN = 20
MESSAGES_SHOWN = 10


def customer_page(customer: Customer, summary: CustomerSummary) -> dict[str, Any]:
    """Orders in a line and one by one, segments, and the newest movements of the points ledger."""
    currency = customer.project.currency
    orders = customer.orders.order_by("-placed_at", "-id")[:ORDERS_SHOWN]
    movements = PointsMovement.objects.filter(customer=customer).select_related("rule", "order", "actor")
    return {
        "address": [value for value in customer.address.values() if value],
        "metadata": sorted(customer.metadata.items()),
        "summary": summary,
        "spent": money(summary.total_amount, currency),
        "average": money(round(summary.average_amount, get_currency_precision(currency)), currency),
        "last_amount": None if summary.last_order_amount is None else money(summary.last_order_amount, currency),
        "currency": currency,
        "being_placed": DueCustomer.objects.filter(customer=customer).exists(),
        "stays": membership.stays(customer.pk),
        "movements": movements.order_by("-pk")[:MOVEMENTS_SHOWN],
        "movements_shown": MOVEMENTS_SHOWN,
        "letters": [(message, MESSAGE_TONES[message.state]) for message in _messages(customer)],
        "orders": [
            (order, money(order.total, order.currency), STATUS_TONES[order.status], TAB_TONES.get(order.tab, ""))
            for order in orders
        ],
    }


def _messages(customer: Customer) -> QuerySet[Message]:
    """The newest messages that distributions wrote to the customer."""
    mine = Message.objects.filter(customer_id=customer.pk, distribution__project=customer.project_id)
    return mine.select_related("distribution").order_by("-pk")[:MESSAGES_SHOWN]
