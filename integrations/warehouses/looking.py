"""What is to be done with each file that a server lists. No I/O: whoever lists gives what was listed and what is known.

A file may still be written when it is seen. It is taken once it has the same size and time in two looks that lie long
enough apart, or a file `name.done` lies beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from integrations.choices import FileState
from integrations.connectors.files.listings import DONE, UNFINISHED, ServerFile
from integrations.models import ExchangedFile

# Files that one look takes in; the others are seen by the next.
MOST_SEEN = 1_000


@dataclass
class LookPlan:
    """What a look has found."""

    new: list[ServerFile] = field(default_factory=list)
    # Rows whose file has changed since, each with what it is now.
    changed: list[tuple[ExchangedFile, ServerFile]] = field(default_factory=list)
    ready: list[ExchangedFile] = field(default_factory=list)
    # Those that may be ready in a moment.
    young: int = 0
    # Worked off, and still where they were.
    to_move: list[ExchangedFile] = field(default_factory=list)
    # Worked off, and not there any more.
    away: list[ExchangedFile] = field(default_factory=list)


def matching(files: Iterable[ServerFile], pattern: str) -> list[ServerFile]:
    """Those the feed is about, the oldest first."""
    taken = [file for file in files if fnmatchcase(file.name, pattern) and not file.name.endswith((*UNFINISHED, DONE))]
    return sorted(taken, key=lambda file: (file.modified_at, file.name))


def plan(
    listed: Sequence[ServerFile],
    pattern: str,
    known: Mapping[str, ExchangedFile],
    unmoved: Sequence[ExchangedFile],
    now: datetime,
    settle: timedelta,
) -> LookPlan:
    """`known`: rows that wait, by name. `unmoved`: rows that are worked off and were not moved away."""
    found = LookPlan()
    names = {file.name for file in listed}
    left = {(row.name, row.size, row.modified_at): row for row in unmoved}
    for file in matching(listed, pattern)[:MOST_SEEN]:
        row = known.get(file.name)
        worked_off = left.get((file.name, file.size, file.modified_at))
        if worked_off is not None:
            found.to_move.append(worked_off)
        elif row is None:
            found.new.append(file)
            found.young += 1
        elif (row.size, row.modified_at) != (file.size, file.modified_at):
            found.changed.append((row, file))
            found.young += 1
        elif row.seen_at <= now - settle or f"{file.name}{DONE}" in names:
            found.ready.append(row)
        else:
            found.young += 1
    found.away = [row for row in unmoved if row.name not in names]
    return found


def is_open(row: ExchangedFile) -> bool:
    return row.state in {FileState.SEEN, FileState.WORKING}
