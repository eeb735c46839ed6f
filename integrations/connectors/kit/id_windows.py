"""Windows of time that are read by rising ids, where a platform filters both: what is above the last id read.

What leaves or joins the list behind the place reached moves nothing, and orders of one second do not matter. An order
that makes its shop fail is passed by ranges of ids, which are halved where they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.listings import Cursor, Window


class IdCursor(msgspec.Struct, frozen=True):
    """The cursor of such a window."""

    since: datetime
    until: datetime
    # Whether the window's end was asked for: then the list ends there, too.
    bounded: bool
    last_id: int = 0

    def holds(self, moment: datetime | None, tolerated: timedelta) -> bool:
        """Whether an order modified then belongs to the window; one that does not tell does."""
        if moment is None:
            return True
        return self.since - tolerated <= moment and (not self.bounded or moment <= self.until + tolerated)

    def told(self, cursor: Cursor | None, response: Response) -> IdCursor:
        """With the window's end, which the first answer tells where none was asked for. ShopError without a clock."""
        if cursor is not None or self.bounded:
            return self
        return msgspec.structs.replace(self, until=max(self.since, told_clock(response)))


def progress_of(window: Window, cursor: Cursor | None) -> IdCursor:
    if cursor is not None:
        return msgspec.convert(cursor, IdCursor)
    return IdCursor(window.since, window.until or window.since, window.until is not None)


# (first, last): the documents with these ids, both included, each with its id. Raises ShopError.
Within = Callable[[int, int], Operation[list[tuple[int, bytes]]]]
# The lowest id from this one on, asked for alone; None where there is none. Raises ShopError.
Lowest = Callable[[int], Operation[int | None]]


class Passed(NamedTuple):
    documents: tuple[bytes, ...]
    # The ids of the orders that the shop fails at.
    broken: tuple[str, ...]
    # The highest id that was looked at; None: nothing lies behind.
    reached: int | None


def past(lowest: Lowest, within: Within, first: int, step: int, behind_all: int) -> Operation[Passed]:
    """The orders from id `first` up to a later one that can be read, without those that the shop fails at.

    That one is looked for at distances that double, from `step` on. Ask first for what lies behind `behind_all`, above
    every id: the answer shows that the shop is up.
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
    documents: list[bytes] = []
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
            documents += [document for number, document in found if low <= number <= high]
    return Passed(tuple(documents), tuple(broken), None if beyond is None else end)
