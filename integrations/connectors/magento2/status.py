"""The status of an order: Magento's own code, and what of the goods has left, which no status of Magento tells.

An order stays "processing" until it is both invoiced and shipped. So that nothing is shipped twice, one of which units
have left is `processing/partly_shipped` or `processing/shipped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from integrations.choices import ImportAction
from integrations.connectors.contract import rules
from integrations.connectors.kit.json_answers import objects, part

SENT, PARTLY = "/shipped", "/partly_shipped"

# "pending" is not invoiced: cash on delivery, which is to be sent, as well as a bank transfer, which is not.
DEFAULT_RULES = (
    *rules(ImportAction.SKIP, {"pending_payment": "Pending payment", "pending_paypal": "Pending PayPal"}, retry=True),
    *rules(ImportAction.SKIP, {"payment_review": "Payment review"}, retry=True),
    *rules(ImportAction.VALID, {"processing": "Processing"}),
    *rules(ImportAction.HOLD, {"pending": "Pending", "holded": "On hold", "fraud": "Suspected fraud"}),
    *rules(
        ImportAction.HOLD,
        {f"processing{PARTLY}": "Processing / partly shipped", f"pending{PARTLY}": "Pending / partly shipped"},
    ),
    *rules(
        ImportAction.HISTORY,
        {
            "complete": "Complete",
            f"processing{SENT}": "Processing / shipped",
            f"pending{SENT}": "Pending / shipped",
        },
    ),
    *rules(ImportAction.SKIP, {"canceled": "Canceled", "closed": "Closed (refunded)"}),
    *rules(
        ImportAction.SKIP,
        {"paypal_reversed": "PayPal reversed", "paypal_canceled_reversal": "PayPal canceled reversal"},
    ),
)
LABELS = {rule.status: rule.label for rule in DEFAULT_RULES}
# States of orders that are off as a whole, and of those of which everything is done.
OFF, DONE = {"canceled", "closed"}, {"canceled", "closed", "complete"}


class Brief(Struct):
    """What names an order, and what its status follows from; each part may be anything."""

    entity_id: Any = None
    increment_id: Any = None
    status: Any = None
    state: Any = None
    updated_at: Any = None
    items: Any = None
    extension_attributes: Any = None


def status(brief: Brief) -> str:
    """The code that the rule table knows; the state stands for a status that got lost (magento2#34180). "" for none."""
    code, state = _code(brief.status), _code(brief.state)
    if not code:
        code = state
    return code if not code or {code, state} & DONE else f"{code}{_left(brief.items)}"[:100]


def is_off(brief: Brief) -> bool:
    return bool({_code(brief.status), _code(brief.state)} & OFF)


def _code(value: Any) -> str:
    return value.strip().lower()[:80] if isinstance(value, str) else ""


def _left(items: Any) -> str:
    """Whether units have left. What was sold as a whole may be shipped as a whole or in its parts."""
    rows = objects(items)
    if not any(_count(row, "qty_shipped") for row in rows):
        return ""
    tops = [row for row in rows if not row.get("parent_item_id") and not _count(row, "is_virtual")]
    return SENT if all(_is_sent(top) or all(_parts(top, rows)) for top in tops) else PARTLY


def _parts(top: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[bool]:
    """Of each part that can be sent whether it is; a False where there is none."""
    found = [row for row in rows if row.get("parent_item_id") == top.get("item_id") and not _count(row, "is_virtual")]
    return iter([_is_sent(row) for row in found] or [False])


def _is_sent(row: dict[str, Any]) -> bool:
    gone = _count(row, "qty_shipped") + _count(row, "qty_refunded") + _count(row, "qty_canceled")
    return gone >= _count(row, "qty_ordered")


def _count(row: dict[str, Any], name: str) -> float:
    value = part(row).get(name)
    try:
        return float(value) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0
