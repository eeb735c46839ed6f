"""Marking orders as changed in the shop against taking them in: `python -m tests.benchmarks.marking [--rounds N]`.

Both from the payloads' bytes to the last commit, in pages of 100. The marked orders are known and changed in two fields
each, one of which a mapping may have touched, so that both their documents are read; the setting lets none follow.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.benchmarks import intake, w2000
from tests.benchmarks.servers import durable_database

BAR = 0.3
ORDERS = 1_000
KINDS: dict[str, dict[str, Any]] = {
    "one field": {"customer_note": "Ring twice"},
    "a field that is mapped": {"payment_method_title": "Cash on delivery"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with durable_database():
        ratios = measure(options.rounds)
    for kind, ratio in ratios.items():
        sys.stdout.write(f"marking {kind:<24} {ratio:.3f} of taking in (bar {BAR:g})\n")
    sys.exit(0 if max(ratios.values()) <= BAR else 1)


def measure(rounds: int) -> dict[str, float]:
    from orders.models import Order

    integration = intake._shop()
    integration.after_import = "nothing"
    integration.save(update_fields=["after_import"])
    documents = w2000.payloads()[:ORDERS]
    taken: list[float] = []
    marked: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind, changes in KINDS.items():
        changed = [_changed(document, changes) for document in documents]
        for number in range(rounds + 1):  # the first one warms up and is not counted
            intake._empty(integration)
            new = intake._timed(partial(intake._load, integration, _pages(documents)))
            known = intake._timed(partial(intake._load, integration, _pages(changed)))
            if Order.objects.filter(shop_changed_at__isnull=False).count() != len(documents):
                raise RuntimeError("not every order was marked")
            if number:
                taken.append(new)
                marked[kind].append(known)
    return {kind: statistics.median(values) / statistics.median(taken) for kind, values in marked.items()}


def _pages(documents: list[bytes]) -> list[list[bytes]]:
    return [documents[start : start + intake.PAGE] for start in range(0, len(documents), intake.PAGE)]


def _changed(document: bytes, changes: dict[str, Any]) -> bytes:
    read = json.loads(document)
    stamp = datetime.fromisoformat(read["date_modified_gmt"]) + timedelta(hours=1)
    return json.dumps(read | changes | {"date_modified_gmt": f"{stamp:%Y-%m-%dT%H:%M:%S}"}).encode()


if __name__ == "__main__":
    main()
