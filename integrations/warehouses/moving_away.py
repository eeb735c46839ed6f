"""A file that is worked off goes into the folder `processed`, or with a report beside it into `failed`."""

from __future__ import annotations

import io
from typing import Any

from integrations.choices import FileState
from integrations.connectors.errors import ShopError
from integrations.connectors.files.listings import DONE, ServerFile
from integrations.models import ExchangedFile, FileFeed
from integrations.runs.pages import RunPage, Written
from integrations.warehouses import serving
from integrations.warehouses.row_work import MOST_ERRORS
from integrations.warehouses.serving import FileServer

PROCESSED, FAILED = "processed", "failed"
# What the longest name of a report still leaves for the file's.
LONGEST_STEM = 100


def may_move(feed: FileFeed) -> bool:
    """Nothing is changed on a server before its integration is live: files are read, and stay where they are."""
    return feed.feed.integration.live


def move(feed: FileFeed, file: ExchangedFile, cursor: dict[str, Any]) -> RunPage:
    """Move it, unless somebody has put another one in its place."""
    reached = {**cursor, "file": None, "tried": [*cursor.get("tried", ()), file.pk]}
    if file.moved_to or not may_move(feed):
        return RunPage(reached, lambda _: Written())
    try:
        moved_to, problem = _moved(feed, file), ""
    except ShopError as error:
        if error.passes:
            raise
        moved_to, problem = "", f"It could not be moved away: {error}"[:300]

    def write(_: int) -> Written:
        ExchangedFile.objects.filter(pk=file.pk).update(moved_to=moved_to, problem=problem)
        return Written()

    return RunPage(reached, write)


def _moved(feed: FileFeed, file: ExchangedFile) -> str:
    """Where it lies now; "?" where it was gone already. Raises ShopError."""
    bad = file.state == FileState.REFUSED or file.failed > 0
    into = FAILED if file.state == FileState.REFUSED else PROCESSED
    folder = f"{feed.folder}/{into}" if feed.folder else into
    with serving.opened(feed.feed.integration) as server:
        there = next((each for each in server.files(feed.folder) if each.name == file.name), None)
        if there is None or not _is_it(there, file):
            return "?"  # another one lies there, which is worked off by itself
        server.make_folder(folder)
        name = _free_name(server, folder, file)
        if bad:
            server.write(folder, f"{name}.errors.txt", io.BytesIO(report(file).encode()))
        server.rename(feed.folder, file.name, folder, name)
        if server.size(feed.folder, f"{file.name}{DONE}") is not None:
            server.rename(feed.folder, f"{file.name}{DONE}", folder, f"{name}{DONE}")
    return f"{folder}/{name}"


def _is_it(there: ServerFile, file: ExchangedFile) -> bool:
    return (there.size, there.modified_at) == (file.size, file.modified_at)


def _free_name(server: FileServer, folder: str, file: ExchangedFile) -> str:
    """Its own; where one of this name lies there, with its number before the ending."""
    name = file.name[:LONGEST_STEM] if len(file.name) > LONGEST_STEM else file.name
    if server.size(folder, name) is None:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem or ending}.{file.pk}{dot}{ending if stem else ''}"


def report(file: ExchangedFile) -> str:
    """What was wrong with a file, to lie beside it: row numbers and sentences, no values of the rows."""
    errors = list(file.row_errors.all())
    lines = [file.name, file.reason or f"{file.booked:,} rows booked, {file.failed:,} with errors."]
    lines += [f"Row {each.row}: {each.sentence}" for each in errors]
    if file.failed > len(errors):
        lines.append(f"... and {file.failed - len(errors):,} more (at most {MOST_ERRORS:,} are listed).")
    return "".join(f"{line}\r\n" for line in lines)
