"""Which transactions are orders, and how one is named so that it can be asked for again.

A transaction is listed only for a span of time, so its external id carries the time it began:
`<transaction id>.<event code>.<YYYYmmddTHHMMSSZ>`. (The transaction id alone is not unique in its reports.)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identified
from integrations.connectors.kit.json_answers import part
from integrations.connectors.kit.json_documents import repaired, utf8

# Payments for goods, by PayPal's event codes. Fees, refunds, transfers, mass pay and donations are no orders.
EVENTS = {
    "T0000": "Payment",
    "T0002": "Subscription payment",
    "T0003": "Pre-approved payment",
    "T0004": "eBay auction payment",
    "T0005": "Direct card payment",
    "T0006": "PayPal Checkout",
    "T0007": "Website payment",
    "T0011": "Mobile payment",
    "T0012": "Virtual terminal",
    "T0018": "Payment at the counter",
}
STATUSES = {"S": "Completed", "P": "Pending", "D": "Denied", "V": "Reversed"}
# Stands for any event code in an id; PayPal has no such code. A webhook does not tell a payment's code.
ANY_EVENT = "T9999"
EXTERNAL_ID = re.compile(r"([0-9A-Z]{1,24})\.(T[0-9]{4})\.([0-9]{8}T[0-9]{6}Z)")


def external_id(transaction_id: Any, event: Any, began: datetime) -> str:
    """Raises PayloadError for what is no transaction id."""
    known = values.identifier(transaction_id, "transaction_id")
    code = event if isinstance(event, str) and re.fullmatch(r"T[0-9]{4}", event) else "T0000"
    return f"{known}.{code}.{began.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def parts(identifier: str) -> tuple[str, datetime] | None:
    """The transaction id and when it began; None for what is not an external id of ours."""
    found = EXTERNAL_ID.fullmatch(identifier)
    if found is None:
        return None
    try:
        began = datetime.strptime(found[3], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found[1], began


def is_id(text: str) -> bool:
    return parts(text) is not None


class _Info(msgspec.Struct):
    transaction_id: Any = None
    transaction_event_code: Any = None
    transaction_initiation_date: Any = None
    transaction_updated_date: Any = None
    transaction_status: Any = None
    transaction_amount: Any = None
    invoice_id: Any = None


class _Brief(msgspec.Struct):
    transaction_info: _Info | None = None


_BRIEF = msgspec.json.Decoder(_Brief)
_FIELD = re.compile(
    rb'"(transaction_id|transaction_event_code|transaction_initiation_date)"\s*:\s*"([0-9A-Za-z:+-]{1,40})"'
)


def brief(document: bytes) -> _Info:
    """Never raises. What cannot be decoded is searched for the parts of its id."""
    try:
        return _BRIEF.decode(repaired(utf8(document))).transaction_info or _Info()
    except (ValueError, RecursionError):
        found = {name.decode(): value.decode() for name, value in reversed(_FIELD.findall(document[:100_000]))}
        return _Info(**found)


def is_order(document: bytes) -> bool:
    """A payment for goods that came in. One that cannot be read is taken for an order, so that somebody sees it."""
    info = brief(document)
    if info.transaction_event_code is None and info.transaction_amount is None:
        return True
    amount = part(info.transaction_amount).get("value")
    return info.transaction_event_code in EVENTS and not str(amount).startswith("-")


def is_same_payment(hinted: str, known: str) -> bool:
    """By the transaction id alone: a webhook tells neither the event code nor the listed time."""
    return hinted.partition(".")[0] == known.partition(".")[0]


def status(value: Any) -> str:
    """PayPal's letter: S completed, P pending, D denied, V reversed; "" for none."""
    return _text(value).upper()[:100]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises."""
    return identified(
        brief(payload),
        external_id=_own_id,
        status=lambda info: status(info.transaction_status),
        modified_at=lambda info: stamps.instant(info.transaction_updated_date, "transaction_updated_date"),
        number=lambda info: _text(info.invoice_id) or info.transaction_id,
    )


def _own_id(info: _Info) -> str:
    began = stamps.instant(info.transaction_initiation_date, "transaction_initiation_date")
    return external_id(info.transaction_id, info.transaction_event_code, began)
