"""Every page and call with 1,000 orders and with many: `python -m tests.benchmarks.lists --large`.

For N orders there are 3 N lines, N remote orders, 0.9 N invoices and shipments, N movements, 0.3 N customers,
deliveries, messages and things told to shops. Compared is what the database computes for a page. Exits with 1 when a
page costs more than 2 times what it costs with 1,000 orders and more than 3 ms besides, or when a statement reads more
than 12,500 rows of a table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.lists.kept_book import book_folder

SMALL, LARGE, TRIED = 1_000, 1_000_000, 30_000
BAR = 2.0
# What a page may cost more whatever the factor: the noise of two measurements of a few milliseconds.
FLOOR_MS = 3.0
WIDE_MS = 100.0
TOLD = 25


@dataclass(frozen=True)
class Row:
    """One page in both books."""

    name: str
    statements: int
    small: float
    large: float
    status: int
    scans: list[str]

    @property
    def factor(self) -> float:
        return self.large / max(self.small, 0.1)

    @property
    def is_over(self) -> bool:
        return self.factor > BAR and self.large - self.small > FLOOR_MS

    @property
    def missed(self) -> str:
        """Why it does not pass; "" where it does."""
        faults = ["over the bar"] * self.is_over + self.scans[:1]
        return "; ".join([*faults, *([f"answered {self.status}"] if self.status >= 400 else [])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--large", action="store_const", const=LARGE, dest="orders", help="A million orders.")
    size.add_argument("--orders", type=int, default=TRIED, help="So many, to try it.")
    parser.add_argument("--keep", type=Path, help="A folder in which the filled databases stay for the next time.")
    parser.add_argument("--only", default="", help="Only pages whose names have one of these words, parted by |.")
    parser.add_argument("--rounds", type=int, default=3, help="Warm rounds, of which the best counts.")
    parser.add_argument("--all", action="store_true", help=f"Print every page, not only {TOLD} and those that miss.")
    options = parser.parse_args()
    with book_folder(options.keep) as folder:
        small, large = (_visited(folder, number, options) for number in (SMALL, options.orders))
    rows = [
        Row(name, cost["statements"], small[name]["milliseconds"], cost["milliseconds"], cost["status"], cost["scans"])
        for name, cost in large.items()
        if name in small
    ]
    _print(sorted(rows, key=lambda row: -row.factor), options.orders, every=options.all)
    sys.exit(any(row.missed for row in rows))


def _visited(folder: Path, orders: int, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """In a process of its own: what one book has taught it must not help with the other."""
    command = [sys.executable, "-m", "tests.benchmarks.lists.visiting", str(folder / str(orders)), str(orders)]
    command += ["--only", options.only, "--rounds", str(options.rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def _print(rows: list[Row], orders: int, *, every: bool) -> None:
    heads = f"{'statements':>12}{'1,000: ms':>12}{f'{orders:,}: ms':>16}{'factor':>8}"
    sys.stdout.write(f"{'page':<56}{heads}\n")
    for place, row in enumerate(rows):
        if every or place < TOLD or row.missed:
            costs = f"{row.statements:>12}{row.small:>12.1f}{row.large:>16.1f}{row.factor:>8.2f}"
            sys.stdout.write(f"{row.name[:55]:<56}{costs}  {row.missed}".rstrip() + "\n")
    over, scanning = sum(row.is_over for row in rows), sum(bool(row.scans) for row in rows)
    wide = sum(row.large > WIDE_MS for row in rows)
    sys.stdout.write(
        f"{len(rows)} pages: {over} over {BAR:g} times and {FLOOR_MS:g} ms more, {scanning} with a statement that reads"
        f" many rows, {wide} above {WIDE_MS:g} ms\n"
    )


if __name__ == "__main__":
    main()
