"""Settings tried on a real file, before they are saved: what its first rows would be, and what would be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from integrations.choices import FILES_IN
from integrations.connectors.files.listings import is_name
from integrations.models import Feed, FileFeed
from integrations.warehouses import file_rows, looking, serving
from integrations.warehouses.columns import FileColumn
from integrations.warehouses.feed_settings import FeedWish
from integrations.warehouses.file_layout import FileRefused
from integrations.warehouses.incoming_files import WORK

MOST_ROWS = 20
MOST_FILES = 50


@dataclass
class ShownRow:
    number: int
    # In the order of the columns; "" where nothing is, or where it cannot be read.
    values: list[Any]
    fault: str


@dataclass
class Trial:
    """What a file is with these settings."""

    name: str
    headings: list[str] = field(default_factory=list)
    columns: list[FileColumn] = field(default_factory=list)
    rows: list[ShownRow] = field(default_factory=list)
    # Why it is not read any further.
    problem: str = ""


def names_there(feed: Feed, wish: FeedWish) -> list[str]:
    """The newest files that these settings would take. Raises ShopError."""
    with serving.opened(feed.integration) as server:
        listed = server.files(wish.folder)
    matching = looking.matching(listed, wish.pattern if feed.kind in FILES_IN else f"{wish.pattern}*")
    return [file.name for file in reversed(matching)][:MOST_FILES]


def try_on(feed: Feed, wish: FeedWish, name: str) -> Trial:
    """Raises ShopError; a file that cannot be read says so in `problem`."""
    trial = Trial(name)
    if not is_name(name):
        trial.problem = "There is no such file: choose one of the list."
        return trial
    with serving.opened(feed.integration) as server:
        fetched = serving.fetch(server, wish.folder, name)
    try:
        trial.headings = file_rows.headings(fetched.content, wish.layout)
        trial.columns = [column for column, _ in file_rows.mapped(feed.kind, wish.layout)]
        rows = list(
            islice(file_rows.rows_of(fetched.content, feed.kind, wish.layout, feed.integration.zone), MOST_ROWS)
        )
        unsaved = FileFeed(feed=feed, layout=wish.layout.stored(), options=wish.options.stored())
        faults = WORK[feed.kind].faults(unsaved, rows)
        trial.rows = [
            ShownRow(row.number, [row.values.get(c.key, "") for c in trial.columns], faults.get(row.number, ""))
            for row in rows
        ]
    except FileRefused as refusal:
        trial.problem = refusal.sentence
    finally:
        fetched.content.close()
    return trial
