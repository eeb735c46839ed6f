"""A database with a filled book in a folder, filled when it is used first."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from config.running.embedded import Servers
from tests.benchmarks.lists.book_world import World
from tests.benchmarks.servers import django_on


@contextmanager
def book_folder(kept: Path | None) -> Iterator[Path]:
    """Where the books lie: in the folder that keeps them, else in one that is gone afterwards."""
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as made:
        Path(made).chmod(0o711)  # as root the servers run as another account, which must pass
        yield Path(made)


@contextmanager
def opened(folder: Path, size: int) -> Iterator[World]:
    """The book of so many orders. To be entered before any model is imported."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # as root the servers run as another account, which must pass
    data, note = folder / "data", folder / "world.json"
    with Servers(data) as servers, django_on(servers, data):
        if not note.exists():
            note.write_text(json.dumps(asdict(_filled(size))))
        yield _read(note)


def _read(note: Path) -> World:
    told: dict[str, Any] = json.loads(note.read_text())
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return World(**known)


def _filled(size: int) -> World:
    from django.apps import apps

    from tests.benchmarks.lists import book_orders, book_rest, book_world
    from tests.benchmarks.lists.set_filling import in_bulk

    world, began = book_world.make(size), time.monotonic()
    ours = [model for name in ("stock", "orders", "integrations") for model in apps.get_app_config(name).get_models()]
    with in_bulk(*ours):
        book_orders.fill(world)
        book_rest.fill(world)
        sys.stderr.write(f"{size:,} orders: rows after {time.monotonic() - began:.0f} s\n")
    sys.stderr.write(f"{size:,} orders: filled after {time.monotonic() - began:.0f} s\n")
    return world
