"""Finding single payments. PayPal takes no list of ids, but ours say when a payment began."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.lookups import typed_number, wanted
from integrations.connectors.kit.windows import SECOND
from integrations.connectors.listings import OrderPage
from integrations.connectors.paypal.identity import ANY_EVENT, brief, identify, is_id, parts
from integrations.connectors.paypal.refunds import with_refunds
from integrations.connectors.paypal.transactions import (
    BEHIND,
    LONGEST_SPAN,
    TOO_LARGE,
    UNAVAILABLE_YET,
    ask,
    half,
    is_refused,
    now_at,
    page_size,
    read,
)

# When a payment began, its transaction id, our id.
Known = tuple[datetime, str, str]

MOST_IDS = 50
# Payments that began within so much of each other are asked for together.
NEAR = timedelta(days=1)
# Between the time a webhook gives a payment and the one it is listed with.
LOOSELY = timedelta(minutes=5)
MOST_PAGES = 20
SEARCHED_SPANS = 12
SCANNED_PAGES = 5
TRANSACTION_ID = re.compile(r"[0-9A-Z]{17}(?:[0-9A-Z]{2})?")


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """Payments near each other are found in one span, at most 50.

    An id with ANY_EVENT, from a webhook, is found by its transaction id, a little before or after as well.
    """
    asked = wanted(ids, MOST_IDS, is_id)
    known = sorted((found[1], found[0], each) for each in asked if (found := parts(each)))
    payloads: dict[str, bytes] = {}
    for group in (yield from _groups(shop, known)):
        loose = {transaction for _, transaction, identifier in group if f".{ANY_EVENT}." in identifier}
        only, margin = group[0][1] if len(group) == 1 else "", LOOSELY if loose else SECOND
        for document in (yield from _between(shop, group[0][0] - margin, group[-1][0] + margin, only=only)):
            own = identify(document, shop).external_id
            if own in asked or brief(document).transaction_id in loose:
                payloads[own] = document
    paid = yield from _with_refunds(shop, list(payloads.values()))
    return OrderPage(paid, None, len(paid))


def _with_refunds(shop: Shop, documents: list[bytes]) -> Operation[tuple[bytes, ...]]:
    if not documents:
        return ()
    now = yield from now_at(shop)
    return (yield from with_refunds(shop, documents, now))


def _groups(shop: Shop, known: list[Known]) -> Operation[list[list[Known]]]:
    """Payments to ask for together: those of a month where it has fewer pages than they have days, else of a day."""
    groups: list[list[Known]] = []
    for month in _near(known, LONGEST_SPAN - 2 * LOOSELY):
        days = list(_near(month, NEAR))
        if len(days) > 1:
            response = yield from ask(shop, month[0][0], month[-1][0], 1, page_size(shop))
            if not is_refused(response, TOO_LARGE) and (read(response).total_pages or 1) < len(days):
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


def _between(
    shop: Shop, since: datetime, until: datetime, most: int = MOST_PAGES, only: str = ""
) -> Operation[list[bytes]]:
    """Every order of a span, or those of one transaction id; at most `most` pages."""
    found: list[bytes] = []
    more = {"transaction_id": only} if only else {}
    for number in range(1, most + 1):
        response = yield from ask(shop, since, until, number, page_size(shop), **more)
        if is_refused(response, TOO_LARGE):
            middle = half(since, until)
            first = yield from _between(shop, since, middle, most, only)
            second = yield from _between(shop, middle, until, most, only)
            return found + first + second
        if is_refused(response, UNAVAILABLE_YET) and since > told_clock(response, "PayPal") - BEHIND:
            break
        page = read(response)
        found += page.orders
        if not page.has_more(number, page_size(shop)):
            break
    return found


def order_by_number(shop: Shop, number: str) -> Paging:
    """By our id; by transaction id in the last year; by invoice number among the payments of the last month.

    PayPal cannot look for an invoice number, so at most 2,500 payments are looked through.
    """
    number = typed_number(number)
    if is_id(number):
        return (yield from orders_by_ids(shop, (number,)))
    if not 0 < len(number) <= 127:
        return OrderPage((), None, 0)
    now = yield from now_at(shop)
    found = (yield from _by_transaction(shop, number, now)) if TRANSACTION_ID.fullmatch(number) else []
    if not found:
        recent = yield from _between(shop, now - LONGEST_SPAN, now, SCANNED_PAGES)
        found = [document for document in recent if brief(document).invoice_id == number]
    paid = yield from _with_refunds(shop, found[-1:])
    return OrderPage(paid, None, len(paid))


def _by_transaction(shop: Shop, transaction_id: str, until: datetime) -> Operation[list[bytes]]:
    for _ in range(SEARCHED_SPANS):
        documents = yield from _between(shop, until - LONGEST_SPAN, until, 1, only=transaction_id)
        found = [document for document in documents if brief(document).transaction_id == transaction_id]
        if found:
            return found
        until -= LONGEST_SPAN
    return []
