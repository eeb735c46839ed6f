"""Money that went back: transactions of their own, which name the payment they belong to.

PayPal's event codes: T1107 is a refund by the merchant, T1201 a chargeback; both come with `paypal_reference_id` of the
type TXN and a negative amount. What else reverses a payment as a whole is said by the payment's own status (V).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import part
from integrations.connectors.listings import Touched
from integrations.connectors.paypal.identity import identify, parts
from integrations.connectors.paypal.transactions import (
    IDS_ONLY,
    LONGEST_SPAN,
    UNAVAILABLE_YET,
    Page,
    ask,
    is_refused,
    page_size,
    read,
)

CODES = ("T1107", "T1201")
# Nothing that came to naught: D was denied, V reversed itself.
STANDING = frozenset({"S", "P"})
MOST_PAGES = 20


class _Info(msgspec.Struct):
    transaction_id: str | None = None
    transaction_event_code: str | None = None
    transaction_status: str | None = None
    transaction_initiation_date: Any = None
    transaction_amount: Any = None
    paypal_reference_id: str | None = None
    paypal_reference_id_type: str | None = None


class _Brief(msgspec.Struct):
    transaction_info: _Info | None = None


_BRIEF = msgspec.json.Decoder(_Brief)


def refunded(document: bytes) -> _Info | None:
    """The transaction where it is money that went back, of a payment it names."""
    try:
        info = _BRIEF.decode(document).transaction_info
    except (ValueError, RecursionError):
        return None
    if info is None or not (info.transaction_id and info.paypal_reference_id):
        return None
    is_standing = info.transaction_event_code in CODES and info.transaction_status in STANDING
    is_back = str(part(info.transaction_amount).get("value")).startswith("-")
    return info if is_standing and is_back and info.paypal_reference_id_type in (None, "TXN") else None


def touched(page: Page) -> tuple[Touched, ...]:
    """The payments of which a page says that money went back; it holds them, if at all, without that."""
    found = [info for document in page.transaction_details or () if (info := refunded(bytes(document)))]
    return tuple(Touched(f"{info.paypal_reference_id}.", str(info.transaction_id)) for info in found)


def with_refunds(shop: Shop, documents: Iterable[bytes], now: datetime) -> Operation[tuple[bytes, ...]]:
    """These payments with `refunds` added to the document of those that have some, oldest first."""
    payments = {document: parts(identify(document, shop).external_id) for document in documents}
    began = [found[1] for found in payments.values() if found]
    if not began:
        return tuple(payments)
    back = yield from _since(shop, min(began), now)
    return tuple(_with(document, back.get(found[0], ()) if found else ()) for document, found in payments.items())


def _with(document: bytes, refunds: Sequence[_Info]) -> bytes:
    if not refunds:
        return document
    listed = sorted(refunds, key=lambda info: (str(info.transaction_initiation_date), str(info.transaction_id)))
    return document.rstrip()[:-1] + b',"refunds":' + msgspec.json.encode(listed) + b"}"


def _since(shop: Shop, since: datetime, now: datetime) -> Operation[dict[str, list[_Info]]]:
    """What went back, by payment."""
    found: dict[str, dict[str, _Info]] = {}
    while since < now:
        until = min(now, since + LONGEST_SPAN)
        for code in CODES:
            for document in (yield from _listed(shop, since, until, code)):
                if info := refunded(document):
                    found.setdefault(str(info.paypal_reference_id), {})[str(info.transaction_id)] = info
        since = until
    return {payment: list(refunds.values()) for payment, refunds in found.items()}


def _listed(shop: Shop, since: datetime, until: datetime, code: str) -> Operation[list[bytes]]:
    found: list[bytes] = []
    for number in range(1, MOST_PAGES + 1):
        response = yield from ask(shop, since, until, number, page_size(shop), transaction_type=code, **IDS_ONLY)
        if is_refused(response, UNAVAILABLE_YET):
            break  # of the hours that PayPal's list is behind
        page = read(response)
        found += map(bytes, page.transaction_details or ())
        if not page.has_more(number, page_size(shop)):
            break
    return found
