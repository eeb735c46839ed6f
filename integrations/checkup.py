"""Check what must always hold, part by part: a large book is read by many small statements, and a stop loses no work.

1. Each invariant is asked of ROWS_AT_ONCE ids after the other, or, where only what has changed is looked at, of
   ORDERS_AT_ONCE of the orders that were changed since. What does not grow with the orders is asked at once, always.
2. After each part the place is kept in the data folder (PLACE). A check that goes on begins after it.
3. A check that found nothing leaves the moment it began: the next one of what has changed begins there.

What has changed is known of orders, by the moment of their last change. Remote orders that were not imported, messages
and points are looked at whole all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from config.kit import true_time
from config.kit.sql import execute
from integrations.invariants import ALL
from stock.invariants import Invariant, Stretch

ROWS_AT_ONCE = 100_000
ORDERS_AT_ONCE = 5_000
# What the database commits late was changed before it is seen.
OVERLAP = timedelta(minutes=10)
PLACE = "invariants.json"


class Checkup(msgspec.Struct):
    """A check, as far as it has come."""

    began: datetime
    since: datetime | None = None
    """Only orders changed since then; None: all."""
    place: int = 0
    """How many invariants have been asked."""
    after: int = 0
    """The last id that the next one was asked of."""
    found: dict[str, list[str]] = {}
    """Violations by invariant id and sentence."""
    ended: bool = False


def begin(*, only_changed: bool = False) -> Checkup:
    """A new check; of what has changed since the last one that found nothing, where there was one."""
    before = last()
    held = before is not None and before.ended and not before.found
    since = before.began - OVERLAP if before is not None and held and only_changed else None
    return Checkup(true_time.now(), since)


def last() -> Checkup | None:
    """The last check of this data folder, whether it came to its end or not."""
    try:
        return msgspec.json.decode(_file().read_bytes(), type=Checkup)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:  # cut off, or of another version: there is nothing to go on from
        return None


def go_on(check: Checkup, tell: Callable[[Invariant, int], Any] = lambda invariant, after: None) -> None:
    """Ask what is left, keeping the place. `tell` is called after each part, with the last id it went over."""
    changed = None if check.since is None else _changed_since(check.since)
    while check.place < len(ALL):
        invariant = ALL[check.place]
        for part, after in _parts(invariant, changed, check.after):
            _note(check, invariant, part)
            check.after = after
            _keep(check)
            tell(invariant, after)
        check.place, check.after = check.place + 1, 0
        _keep(check)
    check.ended = True
    _keep(check)


def _note(check: Checkup, invariant: Invariant, part: Stretch | None) -> None:
    if rows := invariant.violations(part):
        name = f"{invariant.id} {invariant.sentence}"
        check.found[name] = list(dict.fromkeys([*check.found.get(name, []), *rows]))[:20]


def _parts(invariant: Invariant, changed: Sequence[int] | None, after: int) -> Iterator[tuple[Stretch | None, int]]:
    """What is left of an invariant beyond `after`: each part with its last id."""
    if not invariant.grows:
        yield None, 0
    elif changed is not None and invariant.by_order:
        left = [order_id for order_id in changed if order_id > after]
        for start in range(0, len(left), ORDERS_AT_ONCE):
            portion = left[start : start + ORDERS_AT_ONCE]
            yield Stretch(orders=portion), portion[-1]
    else:
        for first in range(after + 1, invariant.largest_id() + 1, ROWS_AT_ONCE):
            until = first + ROWS_AT_ONCE - 1
            yield Stretch(first, until), until


def _changed_since(since: datetime) -> list[int]:
    return [row[0] for row in execute("SELECT id FROM orders_order WHERE updated_at >= %s ORDER BY id", [since])]


def _keep(check: Checkup) -> None:
    """Whole or not at all: a process that is killed leaves the place before."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(check))
    beside.replace(path)


def _file() -> Path:
    return Path(settings.DATA_DIR) / PLACE
