"""Orders that make their shop fail, of a list that can be asked for by ranges of ids: ranges are halved where it fails.

The first answer that is needed is one behind all orders, which shows that the shop is up; the caller asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation

# (first, last): the documents with these ids, both included, each with its id. Raises ShopError.
Within = Callable[[int, int], Operation[tuple[tuple[int, bytes], ...]]]
# The lowest id from this one on, asked for alone; None where there is none. Raises ShopError.
Lowest = Callable[[int], Operation[int | None]]


class Passed(NamedTuple):
    payloads: tuple[bytes, ...]
    # The ids of the orders that the shop fails at.
    broken: tuple[str, ...]
    # The highest id that was looked at; None: nothing lies behind.
    reached: int | None


def past(lowest: Lowest, within: Within, first: int, step: int, behind_all: int) -> Operation[Passed]:
    """The orders from id `first` up to one that can be read, at least `step` ids on, without those the shop fails at.

    That one is looked for at distances that double, at most `behind_all`.
    """
    while True:
        try:
            beyond = yield from lowest(first + step)
            break
        except ShopError as error:
            if not error.may_be_one_order or first + step > behind_all:
                raise
            step *= 2
    end = first + step if beyond is None else beyond - 1
    waiting = [(first, end)]
    payloads: list[bytes] = []
    broken: list[str] = []
    while waiting:
        low, high = waiting.pop()
        try:
            found = yield from within(low, high)
        except ShopError as error:
            if not error.may_be_one_order:
                raise
            middle = (low + high) // 2
            if low == high:
                broken.append(str(low))
            else:
                waiting += [(middle + 1, high), (low, middle)]
        else:
            payloads += [document for number, document in found if low <= number <= high]
    return Passed(tuple(payloads), tuple(broken), None if beyond is None else end)
