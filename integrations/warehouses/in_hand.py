"""The file that a worker has in hand, open at the row it has come to: pages follow each other in one process.

Another process, or the same one after anything else, reads the file again from the server and compares its hash.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice

from integrations.warehouses.serving import Fetched
from integrations.warehouses.typed_rows import TypedRow


@dataclass
class OpenFile:
    file_id: int
    fetched: Fetched
    rows: Generator[TypedRow, None, None]
    # Rows that were taken off `rows`.
    position: int = 0
    # Taken, and not used: the first row of the next portion.
    ahead: TypedRow | None = None

    def skip_to(self, position: int) -> None:
        for _ in islice(self.rows, position - self.position):
            self.position += 1

    def portion(self, least: int, together: str) -> list[TypedRow]:
        """The next rows: `least` of them, and those that belong to the last one by the column `together`."""
        found = [self.ahead] if self.ahead is not None else []
        self.ahead = None
        for row in self.rows:
            if len(found) >= least and not (together and _same(found[-1], row, together)):
                self.ahead = row
                break
            found.append(row)
        self.position += len(found)
        return found


def _same(one: TypedRow, other: TypedRow, together: str) -> bool:
    return one.values.get(together) == other.values.get(together)


_in_hand: list[OpenFile] = []


def take(file_id: int, position: int) -> OpenFile | None:
    """The file, if it is the one in hand and stands at this row."""
    mine = next(iter(_in_hand), None)
    return mine if mine is not None and (mine.file_id, mine.position) == (file_id, position) else None


def keep(opened: OpenFile) -> OpenFile:
    """Have this one in hand, and let go of the one before."""
    drop(but=opened)
    _in_hand[:] = [opened]
    return opened


def drop(but: OpenFile | None = None) -> None:
    for before in _in_hand:
        if but is None or before.fetched is not but.fetched:
            before.rows.close()  # while the file is still open
            before.fetched.content.close()
    _in_hand.clear()
