"""PayPal's list of transactions: `GET v1/reporting/transactions`, a page of a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit import json_answers, offset_paging
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.kit.windows import SECOND
from integrations.connectors.paypal.identity import is_order
from integrations.connectors.paypal.requests import error_name, refusal, send

TRANSACTIONS = "v1/reporting/transactions"
LARGEST_PAGE = 500
# PayPal takes 31 days with both ends.
LONGEST_SPAN = timedelta(days=31) - SECOND
# How far its list may be behind: spans after that it refuses as UNAVAILABLE_YET.
BEHIND = timedelta(days=1)
TOO_LARGE = "RESULTSET_TOO_LARGE"
UNAVAILABLE_YET = "INVALID_REQUEST"
# What a transaction is and when it began, without its buyer and its goods.
IDS_ONLY = {"fields": "transaction_info"}
# PayPal's default, Y, leaves out what has not moved the balance: an e-check is pending for days.
ALL_RECORDS = {"balance_affecting_records_only": "N"}


class Page(msgspec.Struct):
    transaction_details: list[msgspec.Raw] | None = None
    last_refreshed_datetime: str | None = None
    total_items: int | None = None
    total_pages: int | None = None

    @property
    def orders(self) -> tuple[bytes, ...]:
        """The transactions that are orders, byte for byte."""
        documents = (bytes(part) for part in self.transaction_details or ())
        return tuple(document for document in documents if is_order(document))

    def has_more(self, number: int, size: int) -> bool:
        """Whether pages follow this one, the `number`th of `size` transactions."""
        if not self.transaction_details:
            return False
        return number < self.total_pages if self.total_pages is not None else len(self.transaction_details) >= size


_PAGE = msgspec.json.Decoder(Page)


def page_size(shop: Shop) -> int:
    return offset_paging.page_size(shop, LARGEST_PAGE)


def ask(shop: Shop, since: datetime, until: datetime, page: int, size: int, **more: str) -> Operation[Response]:
    """A page of the transactions that began in a span, or PayPal's refusal. `more`: parameters, such as `IDS_ONLY`."""
    span = {"start_date": zulu(since), "end_date": zulu(until)}
    params = {**span, "fields": "all", "page_size": str(size), "page": str(page), **ALL_RECORDS, **more}
    return (yield from send(shop, Request("GET", f"{shop.base_url}/{TRANSACTIONS}", tuple(params.items()))))


def first_second(shop: Shop, since: datetime) -> Operation[Response]:
    """The least that can be asked for: one transaction of one second."""
    return (yield from ask(shop, since, since + SECOND, 1, 1))


def read(response: Response) -> Page:
    otherwise = "PayPal's answer is not a list of transactions; it may have been cut off."
    return json_answers.listed(response, _PAGE, refusal, otherwise)


def is_refused(response: Response, name: str) -> bool:
    return response.status == 400 and error_name(response) == name


def half(since: datetime, until: datetime) -> datetime:
    """Where to cut a span that PayPal finds too large: more than 10,000 transactions."""
    if until - since <= SECOND:
        raise ShopError(Failure.REFUSED, "PayPal has more transactions in one second than it can list.")
    return since + timedelta(seconds=(until - since) // SECOND // 2)


def now_at(shop: Shop) -> Operation[datetime]:
    """PayPal's time. A question about long ago, whose answer matters for its Date header only."""
    response = yield from first_second(shop, datetime(2000, 1, 1, tzinfo=UTC))
    if response.status not in (200, 400):
        raise refusal(response)
    return told_clock(response, "PayPal")
