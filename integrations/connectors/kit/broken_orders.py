"""Orders that make their shop fail: found by asking for the others without them.

One order can break a shop's program, by a plugin as a rule: every answer that holds it is an error, is cut off in the
middle, or grows too large. A platform says in `Orders.past_a_fault` how it gets past such an order. Where it can list
ids without the orders, those are asked for in halves, as here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation

T = TypeVar("T")

# Answers without a good one among them: then it is the shop that is down. Seven lead to one order of a hundred.
MOST_FAILED = 10
# Broken orders in a row; beyond them a shop is taken to be down.
MOST_IN_A_ROW = 3


class Apart(NamedTuple):
    payloads: tuple[bytes, ...]
    # The ids of orders that the shop fails at.
    broken: tuple[str, ...]
    # Whether there was any good answer; without one it may be the shop that fails.
    answered: bool


def in_halves(
    by_ids: Callable[[Shop, tuple[str, ...]], Paging], shop: Shop, ids: Sequence[str], at_once: int
) -> Operation[Apart]:
    """These orders, at most `at_once` a question, asked for in halves where it fails. Raises ShopError."""
    waiting = [tuple(ids[start : start + at_once]) for start in range(0, len(ids), at_once)][::-1]
    payloads: list[bytes] = []
    broken: list[str] = []
    answered = failed = 0
    while waiting:
        part = waiting.pop()
        try:
            page = yield from by_ids(shop, part)
        except ShopError as error:
            failed += 1
            if not error.may_be_one_order or (not answered and failed > MOST_FAILED):
                raise
            half = len(part) // 2
            if half:
                waiting += [part[half:], part[:half]]
            else:
                broken += part
        else:
            answered += 1
            payloads += page.payloads
    return Apart(tuple(payloads), tuple(broken), answered > 0)


def next_readable(alone: Callable[[int], Operation[T]], first: int) -> Operation[tuple[T, int]]:
    """The answer at the next place of a list, from `first` on, that can be read; how many before it cannot.

    `alone` asks for one place. That another place is answered shows that the shop is up; those before it are asked for
    once more, which shows that it was not the moment. Raises ShopError.
    """
    count = 0
    while True:
        try:
            beyond = yield from alone(first + count)
            break
        except ShopError as error:
            if not error.may_be_one_order or count == MOST_IN_A_ROW:
                raise
            count += 1
    for place in range(count):
        try:
            return (yield from alone(first + place)), place
        except ShopError as error:
            if not error.may_be_one_order:
                raise
    return beyond, count


def told(broken: Sequence[str], before: object = "") -> str:
    """The note of a page with broken orders; one without an id is named by the order `before` it."""
    if not broken:
        return ""
    named = ", ".join(each or f"the one after {before or 'none'}" for each in broken)
    return f"The shop fails whenever it is asked for these orders: {named}. They were left out."
