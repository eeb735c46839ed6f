"""eBay's three states of an order as one code."""

from __future__ import annotations

from typing import Any

from integrations.choices import ImportAction
from integrations.connectors.contract import rules

PARTLY_REFUNDED = {
    "partially_refunded/not_started": "Partly refunded, not shipped",
    "partially_refunded/in_progress": "Partly refunded, partly shipped",
}
DEFAULT_RULES = (
    *rules(ImportAction.VALID, {"paid/not_started": "Paid, not shipped", "paid/in_progress": "Paid, partly shipped"}),
    *rules(ImportAction.HISTORY, {"paid/fulfilled": "Paid and shipped"}),
    *rules(ImportAction.HOLD, PARTLY_REFUNDED),
    *rules(ImportAction.HISTORY, {"partially_refunded/fulfilled": "Partly refunded and shipped"}),
    *rules(ImportAction.SKIP, {"pending": "Payment pending"}, retry=True),
    *rules(ImportAction.HOLD, {"cancel_requested": "Cancellation requested"}),
    *rules(ImportAction.SKIP, {"failed": "Payment failed", "fully_refunded": "Refunded", "canceled": "Cancelled"}),
)
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
