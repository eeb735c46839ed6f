"""eBay's three states of an order as one code."""

from __future__ import annotations

from typing import Any

STATUSES = {
    "paid/not_started": "Paid, not shipped",
    "paid/in_progress": "Paid, partly shipped",
    "paid/fulfilled": "Paid and shipped",
    "partially_refunded/not_started": "Partly refunded, not shipped",
    "partially_refunded/in_progress": "Partly refunded, partly shipped",
    "partially_refunded/fulfilled": "Partly refunded and shipped",
    "pending": "Payment pending",
    "failed": "Payment failed",
    "fully_refunded": "Refunded",
    "cancel_requested": "Cancellation requested",
    "canceled": "Cancelled",
}
NOT_CANCELLED = {"", "NONE_REQUESTED"}
PAID = {"PAID", "PARTIALLY_REFUNDED"}


def status(payment: Any, fulfilment: Any, cancel: Any) -> str:
    """One code of the states, in lower case.

    `canceled`, `cancel_requested` (or another state of a cancellation), the payment's state while it is not paid
    (`pending`, `failed`, `fully_refunded`), and `paid/not_started`, `paid/in_progress`, `paid/fulfilled`,
    `partially_refunded/...` once it is.
    """
    paid, shipped, cancelled = map(_state, (payment, fulfilment, cancel))
    if cancelled in {"CANCELED", "CANCELLED"}:
        code = "canceled"
    elif cancelled not in NOT_CANCELLED:
        code = "cancel_requested" if cancelled == "IN_PROGRESS" else f"cancel_{cancelled}"
    else:
        code = f"{paid}/{shipped}" if paid in PAID and shipped else paid
    return code.lower()[:100]


def _state(value: Any) -> str:
    return value.strip().upper() if isinstance(value, str) else ""
