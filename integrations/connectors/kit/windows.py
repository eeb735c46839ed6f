"""Windows of time that a platform lists: cut to what it allows, their places kept in cursors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.listings import Cursor, Window

SECOND = timedelta(seconds=1)


def begin(
    ask: Callable[[datetime, datetime | None], Operation[Response]], window: Window, oldest: timedelta, who: str
) -> Operation[tuple[datetime, datetime, datetime, Response]]:
    """Where a window begins and ends, the platform's now (a Date header), and the window's first answer.

    A window that begins more than `oldest` ago, or ends in the future by the platform's clock, is cut, and asked for
    again where the platform refused it (400). The end is at most the second before now, because orders may still join
    the running one.
    """
    response = yield from ask(window.since, window.until)
    now = told_clock(response, who)
    since = min(max(window.since, now - oldest), now)
    until = max(since, min(window.until or now, now - SECOND))
    if response.status == 400 and (since != window.since or window.until not in (None, until)):
        response = yield from ask(since, until)
    return since, until, now, response


def cursor_of(progress: msgspec.Struct, **changes: Any) -> Cursor:
    """Where a listing goes on: `progress`, a frozen struct, with changes."""
    cursor: Cursor = msgspec.to_builtins(msgspec.structs.replace(progress, **changes))
    return cursor
