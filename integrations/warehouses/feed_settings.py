"""The settings of feeds that exchange files: made with their integration, checked and saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from config.kit.refusals import Refused
from integrations.choices import FILE_KINDS, RunKind
from integrations.connectors.files.listings import check_folder
from integrations.models import Feed, FileFeed, Integration
from integrations.warehouses.columns import columns_of
from integrations.warehouses.file_layout import (
    DATES,
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    FeedOptions,
    FileFormat,
    FileLayout,
    StockMeaning,
    layout_of,
    options_of,
)

EVERY = timedelta(minutes=15)
PATTERN = re.compile(r"[A-Za-z0-9._*?-]{1,128}")
# How the names of files that go out begin.
BEGINNING = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,59}")
ELEMENT = re.compile(r"[^\s/@<>\"'&=]{1,100}")
LONGEST_NAME = 200
# Where files usually lie, and how they are called.
USUAL = {
    RunKind.ORDERS_OUT: ("in", "orders"),
    RunKind.SHIPMENT_FILES: ("out", "shipments*"),
    RunKind.STOCK_FILES: ("out", "stock*"),
    RunKind.ORDER_FILES: ("out", "orders*"),
}


class FeedRefused(Refused):
    """Settings that cannot work; the message says why, to staff."""


@dataclass(frozen=True)
class FeedWish:
    folder: str
    pattern: str
    layout: FileLayout
    options: FeedOptions = field(default_factory=FeedOptions)


def add_feeds(integration: Integration) -> None:
    """The four feeds of an integration that files are exchanged with, switched off; those that are there stay."""
    Feed.objects.bulk_create(
        [Feed(integration=integration, kind=kind, interval=EVERY, enabled=False) for kind in FILE_KINDS],
        ignore_conflicts=True,
    )
    bare = Feed.objects.filter(integration=integration, kind__in=FILE_KINDS, files=None)
    FileFeed.objects.bulk_create(
        FileFeed(
            feed=feed,
            folder=USUAL[RunKind(feed.kind)][0],
            pattern=USUAL[RunKind(feed.kind)][1],
            layout=FileLayout().stored(),
            options=FeedOptions().stored(),
        )
        for feed in bare
    )


def wish_of(files: FileFeed) -> FeedWish:
    return FeedWish(files.folder, files.pattern, layout_of(files.layout), options_of(files.options))


def checked(kind: str, wish: FeedWish) -> FeedWish:
    """The settings as they are kept. Raises FeedRefused with the field that is wrong."""
    try:
        folder = check_folder(wish.folder)
    except ValueError as error:
        raise FeedRefused(str(error), "folder") from None
    if kind == RunKind.ORDERS_OUT and BEGINNING.fullmatch(wish.pattern) is None:
        text = "Names begin with letters, digits, . _ or -, at most 60: a time and the ending follow by themselves."
        raise FeedRefused(text, "pattern")
    if PATTERN.fullmatch(wish.pattern) is None:
        raise FeedRefused("A pattern has letters, digits, . _ - and, for whatever else, * or ?: stock_*.csv", "pattern")
    _check_layout(wish.layout)
    columns = _checked_columns(kind, wish.layout)
    if wish.options.meaning not in set(StockMeaning):
        raise FeedRefused("Choose what the quantities mean.", "meaning")
    return FeedWish(folder, wish.pattern, columns, wish.options)


def _check_layout(layout: FileLayout) -> None:
    choices: list[tuple[str, str, Mapping[str, str]]] = [
        ("format", layout.format, {each.value: "" for each in FileFormat}),
        ("encoding", layout.encoding, ENCODINGS),
        ("delimiter", layout.delimiter, DELIMITERS),
        ("decimal", layout.decimal, DECIMALS),
        ("dates", layout.dates, DATES),
    ]
    for name, value, known in choices:
        if value not in known:
            raise FeedRefused("Choose one of the list.", name)
    if layout.format == FileFormat.XML:
        if not layout.record:
            raise FeedRefused("Say which element holds one record, e.g. Despatch_note.", "record")
        for name, path in (("record", layout.record), ("rows", layout.rows)):
            if path and not all(map(ELEMENT.fullmatch, path.split("/"))):
                raise FeedRefused("An element is a name without spaces; a way is names with / between.", name)
    elif bool(layout.head) != bool(layout.line):
        raise FeedRefused("Heads and lines go together: say how both begin, or neither.", "line")
    elif layout.head and layout.header:
        raise FeedRefused("A file with heads and lines has no row of column names: untick it.", "header")


def _checked_columns(kind: str, layout: FileLayout) -> FileLayout:
    known = columns_of(kind)
    found = {}
    for key, name in layout.columns.items():
        name = name.strip()
        if key not in known or not name:
            continue
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise FeedRefused(f"{known[key].label}: at most {LONGEST_NAME} visible characters.", f"column_{key}")
        by_place = layout.format == FileFormat.CSV and not layout.header
        if by_place and not (name.removeprefix("/" if layout.head else "").isdecimal()):
            text = f"{known[key].label}: without column names say which place it has, from 1."
            raise FeedRefused(text, f"column_{key}")
        found[key] = name
    values = {**layout.stored(), "columns": found}
    return layout_of(values)


def save(feed: Feed, wish: FeedWish) -> bool:
    """Whether anything changed. Raises FeedRefused."""
    kept = checked(feed.kind, wish)
    files = FileFeed.objects.get(feed=feed)
    if wish_of(files) == kept:
        return False
    files.folder, files.pattern = kept.folder, kept.pattern
    files.layout, files.options = kept.layout.stored(), kept.options.stored()
    files.save()
    return True


def why_not(feed: Feed) -> str:
    """Why a feed of files cannot run yet, a sentence; "" where it can."""
    files = FileFeed.objects.filter(feed=feed).first()
    columns = layout_of(files.layout).columns if files else {}
    missing = [each.label for key, each in columns_of(feed.kind).items() if each.required and not columns.get(key)]
    if missing:
        return f"{feed.get_kind_display()}: say in its settings where these stand: {', '.join(missing)}."
    return ""
