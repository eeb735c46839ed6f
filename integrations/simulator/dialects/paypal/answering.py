"""PayPal: the token endpoint, Transaction Search (v1.9), trackers and webhooks, as documented.

The client ID is the shop's key, the client secret its secret. Transactions show up after `LATE`; for each order that
was paid there is a payment, and among them refunds and withdrawals, which are no orders. Payments that are pending or
were denied have moved no balance: they are listed only with `balance_affecting_records_only=N`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from datetime import datetime, timedelta

from integrations.simulator.dialects.paypal import trackers, webhooks
from integrations.simulator.dialects.paypal.transactions import (
    EVENTS,
    LETTERS,
    Json,
    Refused,
    began_at,
    stamp,
    transaction_id,
    transactions,
)
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

PATH = "/v1/reporting/transactions"
TOKEN_LIFE = 32_400
LATE = timedelta(minutes=40)
MOST_ITEMS = 10_000
LONGEST = timedelta(days=31)
HISTORY = timedelta(days=3 * 365)
# What has moved the balance: completed, and reversed.
MOVED = {"S", "V"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    try:
        if asked.path == "/v1/oauth2/token":
            return _token(shop, asked)
        if asked.path.startswith(webhooks.CERTIFICATES):
            return webhooks.certificate(asked)
        _let_in(shop, asked)
        if asked.path.startswith(webhooks.ROOT):
            return webhooks.answer(shop, asked)
        if asked.path.startswith(trackers.ROOT):
            return trackers.answer(shop, asked)
        if asked.path != PATH:
            raise Refused(404, "RESOURCE_NOT_FOUND")
        return _transactions(shop, asked)
    except Refused as refused:
        return refused.answer


def too_many(shop: SimulatedShop) -> Answered:
    """PayPal publishes no limit, so there is none here unless a test sets one."""
    return Refused(429, "RATE_LIMIT_REACHED").answer


def keys(shop: SimulatedShop) -> dict[str, str]:
    """The credentials a connector needs."""
    return {"client_id": shop.key, "client_secret": shop.secret}


def external_id(shop: SimulatedShop, sale: Sale) -> str | None:
    """Id, event and beginning of the payment, as the connector joins them."""
    if sale.state(shop.now()).status not in LETTERS or not _is_listed(sale, began_at(sale), shop.now() - LATE):
        return None
    return f"{transaction_id(shop, sale)}.{EVENTS[sale.id % 4]}.{began_at(sale):%Y%m%dT%H%M%SZ}"


def _is_listed(sale: Sale, began: datetime, refreshed: datetime) -> bool:
    """What the shop was slow to show is late here as well: after PayPal has said that its list is complete so far."""
    return max(began, sale.visible_at) <= refreshed


def _token(shop: SimulatedShop, asked: Asked) -> Answered:
    keys = b64encode(f"{shop.key}:{shop.secret}".encode()).decode()
    if asked.headers.get("authorization") != f"Basic {keys}":
        return as_json({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
    if asked.body != b"grant_type=client_credentials":
        return as_json({"error": "unsupported_grant_type", "error_description": "Grant Type is NULL"}, 400)
    ends = int(shop.now().timestamp()) + TOKEN_LIFE
    token = f"A21AA{ends}.{_seal(shop, ends)}"
    return as_json({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE, "app_id": "APP-1"})


def _seal(shop: SimulatedShop, ends: int) -> str:
    return hmac.new(shop.secret.encode(), str(ends).encode(), hashlib.sha256).hexdigest()


def _let_in(shop: SimulatedShop, asked: Asked) -> None:
    ends, _, seal = asked.headers.get("authorization", "").removeprefix("Bearer A21AA").partition(".")
    if not ends.isdigit() or seal != _seal(shop, int(ends)) or int(ends) <= shop.now().timestamp():
        answered = as_json({"error": "invalid_token", "error_description": "Token signature verification failed"}, 401)
        refused = Refused(401, "AUTHENTICATION_FAILURE")
        refused.answer = answered
        raise refused


def _transactions(shop: SimulatedShop, asked: Asked) -> Answered:
    """By when a transaction began, both ends included."""
    refreshed = shop.now() - LATE
    since, until = _moment(asked, "start_date"), _moment(asked, "end_date")
    if until < since or until - since > LONGEST:
        raise Refused(400, "INVALID_REQUEST", "INVALID_DATE_RANGE")
    if since < shop.now() - HISTORY:
        raise Refused(400, "INVALID_REQUEST", "INVALID_START_DATE")
    if since > refreshed:
        raise Refused(400, "INVALID_REQUEST", "DATA_NOT_AVAILABLE")
    size, number = _whole(asked, "page_size", 100, 500), _whole(asked, "page", 1, 2**31)
    found = [
        entry
        for entry in transactions(shop)
        if since <= entry[0] <= until and _is_listed(shop.sales[entry[2]], entry[0], refreshed)
    ]
    if asked.get("balance_affecting_records_only", "Y") != "N":
        found = [entry for entry in found if _info(entry[-1]())["transaction_status"] in MOVED]
    if asked.get("transaction_id"):
        found = [entry for entry in found if entry[1] == asked.get("transaction_id")]
    if code := asked.get("transaction_type"):
        found = [entry for entry in found if _info(entry[-1]())["transaction_event_code"] == code]
    if len(found) > MOST_ITEMS:
        raise Refused(400, "RESULTSET_TOO_LARGE", maximum_items=MOST_ITEMS, total_items=len(found))
    shown = found[(number - 1) * size : number * size]
    page: Json = {
        "transaction_details": [_fields(asked, row()) for *_, row in shown],
        "account_number": f"SIM{shop.seed:010}",
        "start_date": stamp(since),
        "end_date": stamp(min(until, refreshed)),
        "last_refreshed_datetime": stamp(refreshed),
        "page": number,
        "total_items": len(found),
        "total_pages": -(-len(found) // size),
        "links": [],
    }
    return as_json(page, ids=tuple(sale for _, _, sale, _ in shown))


def _info(row: Json) -> Json:
    info: Json = row["transaction_info"]
    return info


def _fields(asked: Asked, row: Json) -> Json:
    """Without `fields` the transaction alone."""
    wanted = asked.get("fields", "transaction_info").split(",")
    return row if "all" in wanted else {name: part for name, part in row.items() if name in wanted}


def _moment(asked: Asked, name: str) -> datetime:
    text = asked.get(name)
    if not MOMENT.fullmatch(text):
        raise Refused(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX" if text else "MISSING_REQUIRED_PARAMETER")
    try:
        return datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise Refused(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX") from None


def _whole(asked: Asked, name: str, default: int, most: int) -> int:
    text = asked.get(name)
    if text and not (text.isdigit() and 1 <= int(text) <= most):
        raise Refused(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
    return int(text) if text else default
