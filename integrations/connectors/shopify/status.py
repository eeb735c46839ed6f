"""Shopify has no single status: payment, fulfilment and cancellation are folded into one code for the rule table.

The first that holds, in this order: `test` (paid with the test gateway), `cancelled`, `voided`, `expired`, `refunded`,
`fulfilled`, then while it is not paid the payment (`pending`, `authorized`, `partially_paid`), then what stands in the
way of shipping (`on_hold`, `scheduled`, `in_progress`, `request_declined`, `partially_fulfilled`), else the payment
(`paid`, `partially_refunded`). A value that is not known yet comes out as it is, in lower case.
"""

from __future__ import annotations

from typing import Any

from integrations.choices import ImportAction
from integrations.connectors.contract import rules

OVER = ("voided", "expired", "refunded")
UNPAID = ("pending", "authorized", "partially_paid")
NOT_BEGUN = ("", "unfulfilled", "open", "pending_fulfillment", "restocked")

# An authorized payment waits for a person: some shops capture only what they ship, others lose it.
DEFAULT_RULES = (
    *rules(ImportAction.SKIP, {"pending": "Payment pending", "partially_paid": "Partially paid"}, retry=True),
    *rules(ImportAction.HOLD, {"authorized": "Payment authorized, not captured"}),
    *rules(ImportAction.VALID, {"paid": "Paid", "partially_refunded": "Partially refunded"}),
    *rules(
        ImportAction.HOLD,
        {
            "on_hold": "Fulfillment on hold",
            "scheduled": "Fulfillment scheduled for later",
            "in_progress": "With a fulfillment service",
            "request_declined": "Declined by the fulfillment service",
            "partially_fulfilled": "Partially fulfilled",
        },
    ),
    *rules(ImportAction.HISTORY, {"fulfilled": "Fulfilled"}),
    *rules(
        ImportAction.SKIP,
        {
            "cancelled": "Cancelled",
            "refunded": "Refunded",
            "voided": "Payment voided",
            "expired": "Payment expired",
            "test": "Test order",
        },
    ),
)


def status(payment: Any, fulfilment: Any, cancelled_at: Any, test: Any) -> str:
    paid, shipped = _code(payment), _code(fulfilment)
    if test is True:
        return "test"
    if cancelled_at:
        return "cancelled"
    if paid in OVER:
        return paid
    if shipped == "fulfilled" or paid in UNPAID:
        return "fulfilled" if shipped == "fulfilled" else paid
    return shipped if shipped not in NOT_BEGUN else paid


def _code(value: Any) -> str:
    return value.strip().lower()[:100] if isinstance(value, str) else ""
