"""The allow / block list: whose orders wait for a person, wherever they come from. Allowed wins over blocked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from config.kit.refusals import Refused
from config.kit.sql import execute
from integrations.choices import BuyerListing
from integrations.models import BuyerEntry

DOMAIN = re.compile(r"(?=.{1,253}$)[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")
MOST_ROWS = 10_000
COLUMNS = ("pattern", "list", "active", "remark")
YES, NO = {"yes", "true", "1", "y", ""}, {"no", "false", "0", "n"}


class PatternRefused(Refused, ValueError):
    """Not an e-mail address or domain; the message says what is expected."""


@dataclass(frozen=True)
class BlockList:
    """The active entries that may concern a page of orders, by pattern."""

    entries: Mapping[str, BuyerListing]

    def blocked(self, email: str) -> str:
        """The pattern that blocks this buyer; "" when nothing does, or when the buyer is allowed."""
        found = {self.entries[pattern]: pattern for pattern in reversed(patterns_of(email)) if pattern in self.entries}
        return "" if BuyerListing.ALLOW in found else found.get(BuyerListing.BLOCK, "")


def patterns_of(email: str) -> list[str]:
    """All patterns that match an address, the most precise first: the address, its domain, the domains above."""
    email = email.strip().lower()
    name, at, domain = email.rpartition("@")
    if not at or not name:
        return []
    labels = domain.rstrip(".").split(".")
    return [email, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def load(project_id: int, emails: Iterable[str]) -> BlockList:
    """The entries that match any of these buyers, in one query; none when there are no buyers."""
    wanted = {pattern for email in set(emails) for pattern in patterns_of(email)}
    if not wanted:
        return BlockList({})
    rows = execute(
        "SELECT pattern, listing FROM integrations_buyerentry WHERE project_id = %s AND active AND pattern = ANY(%s)",
        [project_id, list(wanted)],
    )
    return BlockList({pattern: BuyerListing(listing) for pattern, listing in rows})


def normal(text: str) -> str:
    """A pattern as it is kept: lower case, a domain without its "@". Raises PatternRefused."""
    pattern = text.strip().lower()
    name, at, domain = pattern.rpartition("@")
    if len(pattern) > 254 or not DOMAIN.fullmatch(domain) or (at and name and re.search(r"[\s,;<>\"@\x00]", name)):
        raise PatternRefused(
            f"“{text.strip()[:80]}” is neither an e-mail address (ann@mail.example) nor a domain (mail.example)."
        )
    return pattern if name else domain


@dataclass(frozen=True)
class Read:
    """A row of an uploaded list."""

    pattern: str
    listing: BuyerListing
    active: bool
    remark: str


class ListRefused(Refused, ValueError):
    """The uploaded list holds rows that cannot be read; nothing was taken over. One sentence per row."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_csv(content: bytes) -> list[Read]:
    """The rows of a CSV file (UTF-8, comma or semicolon) with the columns of COLUMNS; raises ListRefused."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListRefused(["The file is not UTF-8 text: save it as “CSV UTF-8” and upload it again."]) from error
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
    try:
        problems, found = _rows(lines)
    except csv.Error:
        # The one thing that it refuses in text without NUL and bare carriage returns.
        longest = f"{csv.field_size_limit():,}"
        raise ListRefused([f"Line {lines.line_num}: a field is longer than {longest} characters."]) from None
    if problems:
        raise ListRefused(problems[:20] + ([f"… and {len(problems) - 20} more."] if len(problems) > 20 else []))
    return list(found.values())


def _rows(lines: Iterable[list[str]]) -> tuple[list[str], dict[str, Read]]:
    """What is wrong, a sentence a row; and the entries, by pattern. Raises ListRefused, csv.Error."""
    rows = iter(lines)
    names = [name.strip().lower() for name in next(rows, [])]
    if "pattern" not in names:
        raise ListRefused([f"The first line must name the columns: {', '.join(COLUMNS)}; “pattern” is missing."])
    problems: list[str] = []
    found: dict[str, Read] = {}
    for number, cells in enumerate(filter(None, rows), start=2):
        if number > MOST_ROWS + 1:
            raise ListRefused([f"At most {MOST_ROWS:,} rows at once."])
        try:
            entry = _row(dict(zip(names, cells, strict=False)))
        except ValueError as error:
            problems.append(f"Line {number}: {error}")
        else:
            found[entry.pattern] = entry
    return problems, found


def _row(row: Mapping[str, str]) -> Read:
    listing = (row.get("list") or BuyerListing.BLOCK).strip().lower()
    if listing not in BuyerListing.values:
        raise ValueError(f"“{listing[:30]}” is not a list: write block or allow.")
    active = (row.get("active") or "").strip().lower()
    if active not in YES | NO:
        raise ValueError(f"active is “{active[:30]}”: write yes or no.")
    return Read(
        normal((row.get("pattern") or "").removeprefix("'")),
        BuyerListing(listing),
        active in YES,
        (row.get("remark") or "").removeprefix("'").strip()[:300],
    )


def save_rows(project_id: int, rows: Iterable[Read]) -> int:
    """Add these entries, or overwrite those with the same pattern; how many."""
    entries = [
        BuyerEntry(
            project_id=project_id, pattern=row.pattern, listing=row.listing, active=row.active, remark=row.remark
        )
        for row in rows
    ]
    with transaction.atomic():
        BuyerEntry.objects.bulk_create(
            entries,
            update_conflicts=True,
            unique_fields=["project", "pattern"],
            update_fields=["listing", "active", "remark"],
        )
    return len(entries)
