"""Listing and finding payments: `GET v1/reporting/transactions`, by spans of at most 31 days of the last three years.

The filter looks at when a transaction began, not when it changed, and a transaction shows up to three hours late. So a
window ends at PayPal's `last_refreshed_datetime`, up to which its list is complete, and begins a day before it was
asked to, which brings the changes of young payments; older ones are read again by id. When a transaction began never
changes, so pages stay where they are; a total that changes in between has the span read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit import stamps
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import repaired, too_deep, utf8
from integrations.connectors.kit.paging import page_size
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.paypal.identity import ANY_EVENT, brief, external_id, is_order, parts
from integrations.connectors.paypal.requests import TOO_LARGE, ask, error_name, refusal

Paging = Operation[OrderPage]

LARGEST_PAGE = 500
LONGEST_SPAN = timedelta(days=31)
"""Inclusive of both ends, so a second less is asked for."""
OLDEST = timedelta(days=3 * 365 - 1)
READ_AGAIN = timedelta(days=1)
SECOND = timedelta(seconds=1)
NEAR = timedelta(days=1)
"""Payments that began within so much of each other are asked for together."""
LOOSELY = timedelta(minutes=5)
"""Between the time a webhook gives a payment and the one it is listed with."""
MOST_IDS = 50
MOST_PASSES = 3
SEARCHED_SPANS = 12
SCANNED_PAGES = 5
UNAVAILABLE_YET = "INVALID_REQUEST"
TRANSACTION_ID = re.compile(r"[0-9A-Z]{17}(?:[0-9A-Z]{2})?")


class Progress(msgspec.Struct, frozen=True):
    """The cursor of a window: the span being read, `at` to `end`, and which page of it comes next."""

    at: datetime
    end: datetime
    until: datetime
    page: int = 1
    total: int | None = None
    passed: int = 0


class _Page(msgspec.Struct):
    transaction_details: list[msgspec.Raw] | None = None
    last_refreshed_datetime: str | None = None
    total_items: int | None = None
    total_pages: int | None = None


_PAGE = msgspec.json.Decoder(_Page)


class _TooLarge(Exception):
    """The span has more than 10,000 transactions."""


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page of the payments that began in the window or the day before. The first call asks how far PayPal is."""
    if cursor is None:
        since, until = yield from _begin(shop, window)
        if until < since:
            return OrderPage((), None, 0, until)
        progress = Progress(since, min(until, since + LONGEST_SPAN - SECOND), until)
    else:
        progress = msgspec.convert(cursor, Progress)
    try:
        page = yield from _span(shop, progress.at, progress.end, progress.page)
    except _TooLarge:
        half = _half(progress.at, progress.end)
        return OrderPage((), _cursor(progress, end=half, page=1, total=None), None, progress.until)
    documents = tuple(bytes(part) for part in page.transaction_details or ())
    payloads = tuple(document for document in documents if is_order(document))
    moved = progress.total is not None and page.total_items != progress.total
    if moved and progress.passed + 1 < MOST_PASSES:
        again = _cursor(progress, page=1, total=None, passed=progress.passed + 1)
        return OrderPage(payloads, again, None, progress.until)
    if _has_more(page, documents, progress.page, page_size(shop, LARGEST_PAGE)):
        following: Cursor | None = _cursor(progress, page=progress.page + 1, total=page.total_items)
    elif progress.end < progress.until:
        end = min(progress.until, progress.end + LONGEST_SPAN - SECOND)
        following = _cursor(progress, at=progress.end, end=end, page=1, total=None, passed=0)
    else:
        following = None
    return OrderPage(payloads, following, None, progress.until)


def _begin(shop: Shop, window: Window) -> Operation[tuple[datetime, datetime]]:
    """Where to read from and to. A window's first second, asked for alone, brings PayPal's clock and how far it is."""
    since = window.since.astimezone(UTC).replace(microsecond=0) - READ_AGAIN
    response = yield from ask(shop, **_params(since, since + SECOND, 1, 1))
    now = told_clock(response, "PayPal")
    if response.status == 400 and since < now - OLDEST:
        since = now - OLDEST
        response = yield from ask(shop, **_params(since, since + SECOND, 1, 1))
    if response.status == 400 and error_name(response) == UNAVAILABLE_YET and since > now - READ_AGAIN - NEAR:
        return since + SECOND, since  # PayPal is more than a day behind: nothing to read, and nothing passed over
    refreshed = _refreshed(_read(response))
    return since, min(now, refreshed, window.until or now)


def _refreshed(page: _Page) -> datetime:
    try:
        return stamps.instant(page.last_refreshed_datetime, "last_refreshed_datetime")
    except PayloadError:
        raise ShopError(
            Failure.NONSENSE, "PayPal does not say how far its list is complete (last_refreshed_datetime).", status=200
        ) from None


def _span(shop: Shop, since: datetime, until: datetime, page: int) -> Operation[_Page]:
    response = yield from ask(shop, **_params(since, until, page, page_size(shop, LARGEST_PAGE)))
    if response.status == 400 and error_name(response) == TOO_LARGE:
        raise _TooLarge
    return _read(response)


def _half(since: datetime, until: datetime) -> datetime:
    if until - since <= SECOND:
        raise ShopError(Failure.REFUSED, "PayPal has more transactions in one second than it can list.")
    return since + timedelta(seconds=(until - since) // SECOND // 2)


def _has_more(page: _Page, documents: tuple[bytes, ...], number: int, size: int) -> bool:
    if not documents:
        return False
    return number < page.total_pages if page.total_pages is not None else len(documents) >= size


def _params(since: datetime, until: datetime, page: int, size: int, **more: str) -> dict[str, str]:
    return {
        "start_date": zulu(since),
        "end_date": zulu(until),
        "fields": "all",
        "page_size": str(size),
        "page": str(page),
        **more,
    }


def now_at(shop: Shop) -> Operation[datetime]:
    """PayPal's time. A question about long ago, whose answer matters for its Date header only."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    response = yield from ask(shop, **_params(long_ago, long_ago + SECOND, 1, 1))
    if response.status not in (200, 400):
        raise refusal(response)
    return told_clock(response, "PayPal")


def _cursor(progress: Progress, **changes: Any) -> Cursor:
    cursor: Cursor = msgspec.to_builtins(msgspec.structs.replace(progress, **changes))
    return cursor


def _read(response: Response) -> _Page:
    if response.status != 200:
        raise refusal(response)
    try:
        body = utf8(response.body)
    except ValueError as error:
        raise ShopError(Failure.NONSENSE, str(error), status=200) from None
    if too_deep(body):
        raise ShopError(Failure.NONSENSE, "PayPal's answer is nested too deeply to be a list.", status=200)
    for attempt in (body, repaired(body)):
        try:
            page = _PAGE.decode(attempt)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if page.transaction_details is None and page.last_refreshed_datetime is None:
            break
        return page
    raise ShopError(
        Failure.NONSENSE, "PayPal's answer is not a list of transactions; it may have been cut off.", status=200
    )


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """PayPal takes no list of ids, but ours say when: payments near each other are found in one span, at most 50.

    An id with ANY_EVENT, from a webhook, is found by its transaction id, a little before or after as well.
    """
    if len(ids) > MOST_IDS:
        raise ValueError(f"At most {MOST_IDS} orders can be asked for at once, not {len(ids)}.")
    known = sorted((found[1], found[0], identifier) for identifier in set(ids) if (found := parts(identifier)))
    payloads: dict[str, bytes] = {}
    for group in (yield from _groups(shop, known)):
        wanted = {identifier for _, _, identifier in group}
        loose = {transaction for _, transaction, identifier in group if f".{ANY_EVENT}." in identifier}
        only, margin = group[0][1] if len(group) == 1 else "", LOOSELY if loose else SECOND
        documents = yield from _between(shop, group[0][0] - margin, group[-1][0] + margin, only=only)
        payloads |= {
            own: document
            for document in documents
            if (own := _id_of(document)) in wanted or brief(document).transaction_id in loose
        }
    return OrderPage(tuple(payloads.values()), None, len(payloads))


Known = tuple[datetime, str, str]
"""When a payment began, its transaction id, our id."""


def _groups(shop: Shop, known: list[Known]) -> Operation[list[list[Known]]]:
    """Payments to ask for together: those of a month where it has fewer pages than they have days, else of a day."""
    groups: list[list[Known]] = []
    for month in _near(known, LONGEST_SPAN - 2 * LOOSELY - SECOND):
        days = list(_near(month, NEAR))
        if len(days) > 1:
            response = yield from ask(shop, **_params(month[0][0], month[-1][0], 1, page_size(shop, LARGEST_PAGE)))
            too_large = response.status == 400 and error_name(response) == TOO_LARGE
            if not too_large and (_read(response).total_pages or 1) < len(days):
                days = [month]
        groups += days
    return groups


def _near(known: list[Known], within: timedelta) -> Iterator[list[Known]]:
    group: list[Known] = []
    for entry in known:
        if group and entry[0] - group[0][0] > within:
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _id_of(document: bytes) -> str:
    info = brief(document)
    try:
        began = stamps.instant(info.transaction_initiation_date, "transaction_initiation_date")
        return external_id(info.transaction_id, info.transaction_event_code, began)
    except PayloadError:
        return ""


def _between(shop: Shop, since: datetime, until: datetime, most: int = 20, only: str = "") -> Operation[list[bytes]]:
    """Every order of a span, or those of one transaction id; at most `most` pages."""
    found: list[bytes] = []
    more = {"transaction_id": only} if only else {}
    for number in range(1, most + 1):
        response = yield from ask(shop, **_params(since, until, number, page_size(shop, LARGEST_PAGE), **more))
        if response.status == 400 and error_name(response) == TOO_LARGE:
            half = _half(since, until)
            first = yield from _between(shop, since, half, most, only)
            second = yield from _between(shop, half, until, most, only)
            return found + first + second
        if (
            response.status == 400
            and error_name(response) == UNAVAILABLE_YET
            and since > told_clock(response, "PayPal") - READ_AGAIN
        ):
            break  # PayPal is not that far yet
        page = _read(response)
        documents = tuple(bytes(part) for part in page.transaction_details or ())
        found += [document for document in documents if is_order(document)]
        if not _has_more(page, documents, number, page_size(shop, LARGEST_PAGE)):
            break
    return found


def order_by_number(shop: Shop, number: str) -> Paging:
    """By our id; by transaction id in the last year; by invoice number among the payments of the last month.

    PayPal cannot look for an invoice number, so at most 2,500 payments are looked through.
    """
    number = number.strip().removeprefix("#").strip()
    if parts(number):
        return (yield from orders_by_ids(shop, (number,)))
    if not 0 < len(number) <= 127:
        return OrderPage((), None, 0)
    now = yield from now_at(shop)
    found: list[bytes] = []
    if TRANSACTION_ID.fullmatch(number):
        for back in range(SEARCHED_SPANS):
            until = now - back * (LONGEST_SPAN - SECOND)
            found = yield from _between(shop, until - LONGEST_SPAN + SECOND, until, 1, only=number)
            found = [document for document in found if brief(document).transaction_id == number]
            if found:
                break
    if not found:
        recent = yield from _between(shop, now - LONGEST_SPAN + SECOND, now, SCANNED_PAGES)
        found = [document for document in recent if brief(document).invoice_id == number]
    return OrderPage(tuple(found[-1:]), None, len(found[-1:]))
