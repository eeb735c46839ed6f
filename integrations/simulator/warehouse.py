"""A warehouse that works by files: it picks up orders, ships what they ask for a while later, and counts its stock.

Everything lies in one folder: `server` is what its file server shows, with orders in `in` and its answers in `out`;
`picked` and `packed` are the orders it has taken, `stock` says as JSON how many units of each SKU it keeps. Files are
CSV as the preset "Plain CSV" has them. Each is written under another name first, so that it is whole once it is seen.
"""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from zlib import crc32

CARRIER = "Northgate Express"
CONFIRMED = ("order", "sku", "quantity", "carrier", "tracking")


class SimulatedWarehouse:
    """Works while entered. `ships_after`: seconds from picking an order up to its leaving."""

    def __init__(self, folder: Path, ships_after: float) -> None:
        self._ships_after = ships_after
        self.server = folder / "server"
        self._picked, self._packed = folder / "picked", folder / "packed"
        for place in (self.server / "in", self.server / "out", self._picked, self._packed):
            place.mkdir(parents=True, exist_ok=True)
        self._kept = folder / "stock"
        self._uncounted: set[str] = set()
        self._stopping = threading.Event()

    def work(self) -> None:
        """One round through the warehouse."""
        for file in sorted((self.server / "in").glob("*.csv")):
            file.touch()
            file.rename(self._picked / file.name)
        for file in sorted(self._picked.glob("*.csv")):
            if file.stat().st_mtime <= time.time() - self._ships_after:
                self._ship(file)
        self._count()

    def _ship(self, file: Path) -> None:
        """Confirm all that an order file asks for, a parcel for each order."""
        with file.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        for row in rows:
            row["tracking"], row["carrier"] = _tracking(file.name, row["order"]), CARRIER
        _put(
            self.server / "out" / f"shipments_{file.stem}.csv",
            ("order", "sku", "quantity", "carrier", "tracking"),
            rows,
        )
        file.rename(self._packed / file.name)
        kept = self.stock()
        for row in rows:
            kept[row["sku"]] = max(0, kept.get(row["sku"], 0) - int(row["quantity"]))
        self._kept.write_text(json.dumps(kept))
        self._uncounted |= {row["sku"] for row in rows}

    def _count(self) -> None:
        """Say how many units are left of what was shipped, once that is known: else they would be taken off twice."""
        if not self._uncounted or any((self.server / "out").glob("shipments*")):
            return
        kept = self.stock()
        rows = [{"sku": sku, "quantity": kept[sku]} for sku in sorted(self._uncounted)]
        _put(self.server / "out" / f"stock_{time.time_ns()}.csv", ("sku", "quantity"), rows)
        self._uncounted.clear()

    def stock(self) -> dict[str, int]:
        """Units by SKU."""
        found: dict[str, int] = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        return found

    def _keep_working(self) -> None:
        while not self._stopping.wait(0.2):
            self.work()

    def __enter__(self) -> SimulatedWarehouse:
        threading.Thread(target=self._keep_working, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()


def _tracking(file: str, order: str) -> str:
    """The same however often the file is worked off."""
    return f"NG{crc32(f'{file} {order}'.encode()):010}"


def _put(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    aside = path.with_name(f"{path.name}.tmp")
    aside.write_text(text.getvalue())
    aside.rename(path)
