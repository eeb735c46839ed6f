"""Status codes of WooCommerce, and what orders of them become by default."""

from __future__ import annotations

from typing import Any

from integrations.choices import ImportAction
from integrations.connectors.contract import rules

DEFAULT_RULES = (
    *rules(ImportAction.SKIP, {"pending": "Pending payment"}, retry=True),
    *rules(ImportAction.VALID, {"processing": "Processing"}),
    *rules(ImportAction.HOLD, {"on-hold": "On hold"}),
    *rules(ImportAction.HISTORY, {"completed": "Completed"}),
    *rules(ImportAction.SKIP, {"cancelled": "Cancelled", "refunded": "Refunded", "failed": "Failed"}),
)
LABELS = {rule.status: rule.label for rule in DEFAULT_RULES}

# Carts on their way to becoming orders. `status=any` leaves them out on 11.0 but includes checkout-draft on 6.7.
NOT_ORDERS = {"checkout-draft", "auto-draft", "draft"}


def status(value: Any) -> str:
    """The status code as the rule table knows it: lower case, without the database's `wc-`; "" for none."""
    if not isinstance(value, str):
        return ""
    return value.strip().lower().removeprefix("wc-")[:100]
